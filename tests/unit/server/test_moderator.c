/* Acts of the relay itself and the codes that make admins, against a hub on a log in memory. */
#include "relay/server/moderator.h"

#include <check.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE (INT64_C(60) * 1000000)

static const uint8_t place[PLACE_SIZE] = {1}, seed[32] = {2}, ann[KEY_SIZE] = {3},
                     bob[KEY_SIZE] = {4}, general[PLACE_SIZE];
static Identity *identity;
static Log *held;
static Hub *hub;
static Moderator *moderator;
static int64_t now_us = 1000000;

static bool sends(void *link, GBytes *frame, void *user)
{
    return true;
}

static size_t queued(void *link, void *user)
{
    return 0;
}

static void closes(void *link, void *user)
{
}

static int64_t wall_ms(void *user)
{
    return TIME_FIRST_MS + now_us / 1000;
}

static void set_up(void)
{
    static const HubOutput output = {
        .send = sends, .queued = queued, .close = closes, .wall_ms = wall_ms};
    g_autoptr(GError) error = NULL;
    identity = identity_from_seed(seed);
    held = log_open(NULL, place, &error);
    ck_assert_ptr_nonnull(held);
    const HubConfig config = {.place_name = "Home",
                              .self = identity_key(identity),
                              .relay_program = true,
                              .software = "test"};
    hub = hub_new(&config, held, &output, NULL, now_us);
    moderator = moderator_new(identity, held);
}

static void tear_down(void)
{
    moderator_free(moderator);
    hub_free(hub);
    log_close(held);
    identity_free(identity);
}

static void act(ModerationAct what, const uint8_t *member, const char *text)
{
    g_auto(ModerationContent) content = {.act = what, .text = g_strdup(text)};
    g_autoptr(GError) error = NULL;
    if (member != NULL)
        memcpy(content.member, member, KEY_SIZE);
    ck_assert_msg(moderator_act(moderator, hub, &content, now_us, &error), "%s",
                  error != NULL ? error->message : "");
}

static Role role_of(const uint8_t *key)
{
    hub_flush(hub, now_us);
    return moderation_role(hub_moderation(hub), key);
}

static void claim(const uint8_t *key, const char *code, const char *answer)
{
    g_autofree char *said = moderator_claim(moderator, hub, key, code, now_us);
    ck_assert_msg(strstr(said, answer) != NULL, "%s", said);
}

START_TEST(what_it_does_is_on_the_disk_and_counts)
{
    act(ACT_BAN, ann, "spam");
    act(ACT_MOTD, NULL, "be nice");
    ck_assert_uint_eq(log_head(held), 2);
    ck_assert(moderation_banned(hub_moderation(hub), ann, hub_room_time_ms(hub), NULL));
    ck_assert_str_eq(moderation_motd(hub_moderation(hub)), "be nice");
    g_autoptr(GError) error = NULL;
    ck_assert(moderator_set_topic(moderator, hub, general, "gardens", now_us, &error));
    ck_assert_str_eq(moderation_topic(hub_moderation(hub), general), "gardens");
}
END_TEST

START_TEST(its_feed_goes_on_and_begins_anew_with_each_process)
{
    act(ACT_MOTD, NULL, "one");
    act(ACT_MOTD, NULL, "two");
    moderator_free(moderator);
    moderator = moderator_new(identity, held);
    act(ACT_MOTD, NULL, "three");
    g_autoptr(GArray) heads = log_heads(held, identity_key(identity));
    ck_assert_uint_eq(heads->len, 2);
    uint64_t first = g_array_index(heads, LogHead, 0).seq;
    uint64_t second = g_array_index(heads, LogHead, 1).seq;
    ck_assert_uint_eq(first + second, 3);
}
END_TEST

START_TEST(what_may_not_be_done_is_a_sentence)
{
    g_auto(ModerationContent) what = {.act = ACT_BAN};
    g_autoptr(GError) error = NULL;
    memcpy(what.member, identity_key(identity), KEY_SIZE);
    ck_assert(!moderator_act(moderator, hub, &what, now_us, &error));
    ck_assert_ptr_nonnull(error);
    g_clear_error(&error);
    what.act = ACT_ANNOUNCE;
    ck_assert(!moderator_act(moderator, hub, &what, now_us, &error));
    ck_assert_ptr_nonnull(error);
    act(ACT_MOTD, NULL, "and it goes on");
}
END_TEST

START_TEST(a_full_disk_is_said_and_recovered_from)
{
    g_autofree char *text = g_strnfill(REASON_MAX, 'x');
    g_auto(ModerationContent) what = {.act = ACT_ANNOUNCE, .text = g_strdup(text)};
    g_autoptr(GError) error = NULL;
    act(ACT_MOTD, NULL, "before");
    log_set_size_limit(held, 1);
    for (int i = 0; i < 1000 && error == NULL; i++)
        moderator_act(moderator, hub, &what, now_us, &error);
    ck_assert_ptr_nonnull(error);
    log_set_size_limit(held, UINT64_C(1) << 30);
    act(ACT_MOTD, NULL, "after");
    ck_assert_str_eq(moderation_motd(hub_moderation(hub)), "after");
}
END_TEST

START_TEST(codes_are_easy_to_type)
{
    for (int i = 0; i < 200; i++) {
        g_autofree char *code = moderator_new_code(moderator, now_us);
        ck_assert_uint_eq(strlen(code), 9);
        ck_assert_int_eq(code[4], '-');
        for (const char *at = code; *at != '\0'; at++)
            ck_assert(*at == '-' || (isalnum((unsigned char)*at) && !strchr("01OILUV", *at)));
    }
}
END_TEST

START_TEST(a_code_makes_one_admin_once)
{
    claim(ann, "", "not the code");
    g_autofree char *code = moderator_new_code(moderator, now_us);
    g_autofree char *typed = g_ascii_strdown(code, -1);
    claim(ann, typed, "You are an admin of this place now");
    ck_assert_int_eq(role_of(ann), ROLE_ADMIN);
    claim(bob, code, "not the code");
    ck_assert_int_eq(role_of(bob), ROLE_MEMBER);
    claim(ann, code, "already");
}
END_TEST

START_TEST(a_code_is_good_for_an_hour)
{
    g_autofree char *code = moderator_new_code(moderator, now_us);
    now_us += CLAIM_LASTS_US;
    claim(ann, code, "not the code");
    g_autofree char *next = moderator_new_code(moderator, now_us);
    now_us += CLAIM_LASTS_US - 1;
    claim(ann, code, "not the code");
    claim(ann, next, "now");
    ck_assert_int_eq(role_of(ann), ROLE_ADMIN);
}
END_TEST

START_TEST(longer_and_shorter_ones_are_wrong)
{
    g_autofree char *code = moderator_new_code(moderator, now_us);
    g_autofree char *longer = g_strconcat(code, "2", NULL);
    g_autofree char *shorter = g_strndup(code, strlen(code) - 1);
    g_autofree char *bare = g_strdup_printf(" %.4s%s ", code, code + 5);
    claim(ann, longer, "not the code");
    claim(ann, shorter, "not the code");
    claim(ann, bare, "now");
}
END_TEST

START_TEST(there_are_five_tries_a_minute)
{
    g_autofree char *code = moderator_new_code(moderator, now_us);
    for (int i = 0; i < CLAIM_TRIES_A_MINUTE; i++)
        claim(ann, "2222-2222", "not the code");
    claim(bob, code, "too many");
    now_us += MINUTE / CLAIM_TRIES_A_MINUTE;
    claim(bob, code, "now");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("moderator");
    TCase *tcase = tcase_create("moderator");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, what_it_does_is_on_the_disk_and_counts);
    tcase_add_test(tcase, its_feed_goes_on_and_begins_anew_with_each_process);
    tcase_add_test(tcase, what_may_not_be_done_is_a_sentence);
    tcase_add_test(tcase, a_full_disk_is_said_and_recovered_from);
    tcase_add_test(tcase, codes_are_easy_to_type);
    tcase_add_test(tcase, a_code_makes_one_admin_once);
    tcase_add_test(tcase, a_code_is_good_for_an_hour);
    tcase_add_test(tcase, longer_and_shorter_ones_are_wrong);
    tcase_add_test(tcase, there_are_five_tries_a_minute);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
