/* Who is meant by what was typed, and the addresses of those who are banned. */
#include "relay/content.h"
#include "relay/server/banned_addresses.h"
#include "relay/server/people.h"

#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t place[PLACE_SIZE] = {1}, token[TOKEN_SIZE] = {2}, general[PLACE_SIZE];
static Roster *roster;

/* The member's key. */
static const uint8_t *add(uint8_t number, const char *name, RosterPresence presence)
{
    uint8_t seed[32] = {number}, sealing[SEALING_KEY_SIZE] = {9};
    g_autoptr(Identity) identity = identity_from_seed(seed);
    RosterMember *member = roster_add(roster, identity_key(identity));
    if (name != NULL) {
        g_autoptr(GBytes) content = content_profile(name, sealing);
        const EventDraft draft = {.incarnation = 1,
                                  .seq = 1,
                                  .place = place,
                                  .time_ms = TIME_FIRST_MS,
                                  .token = token,
                                  .kind = EVENT_PROFILE,
                                  .room = general,
                                  .content = content};
        g_autoptr(Event) event = event_sign(identity, &draft);
        ck_assert_ptr_nonnull(event);
        roster_set_profile(roster, member, event);
    }
    roster_set_presence(roster, member, presence, 5);
    return member->key;
}

static void set_up(void)
{
    roster = roster_new();
}

static void tear_down(void)
{
    roster_free(roster);
}

static void finds(const People *people, const char *words, const uint8_t *expected)
{
    uint8_t key[KEY_SIZE];
    const char *code = NULL;
    g_autofree char *sorry = NULL;
    ck_assert_msg(people_find(people, words, key, &code, &sorry), "%s: %s", words, sorry);
    ck_assert_msg(memcmp(key, expected, KEY_SIZE) == 0, "%s", words);
}

static void fails(const People *people, const char *words, const char *expected, const char *part)
{
    uint8_t key[KEY_SIZE];
    const char *code = NULL;
    g_autofree char *sorry = NULL;
    ck_assert(!people_find(people, words, key, &code, &sorry));
    ck_assert_str_eq(code, expected);
    ck_assert_msg(strstr(sorry, part) != NULL, "%s", sorry);
}

static char *hex(const uint8_t *key, size_t digits)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < digits / 2; i++)
        g_string_append_printf(text, "%02x", key[i]);
    return g_string_free(text, FALSE);
}

START_TEST(names_are_found_whatever_their_case)
{
    const uint8_t *ann = add(1, "Ann", ROSTER_ONLINE), *zoe = add(2, "Zoë Öz", ROSTER_OFFLINE);
    g_autoptr(People) people = people_new(roster, NULL);
    finds(people, "Ann", ann);
    finds(people, "aNN", ann);
    finds(people, "zOË öZ", zoe);
    fails(people, "An", "no-such-member", "An");
    fails(people, "", "no-such-member", "");
}
END_TEST

START_TEST(keys_are_found_by_their_beginning)
{
    const uint8_t *ann = add(1, "Ann", ROSTER_ONLINE), *mute = add(2, NULL, ROSTER_ONLINE);
    g_autoptr(People) people = people_new(roster, NULL);
    g_autofree char *eight = hex(ann, 8), *all = hex(mute, 64), *seven = g_strndup(eight, 7);
    g_autofree char *upper = g_ascii_strup(eight, -1);
    finds(people, eight, ann);
    finds(people, upper, ann);
    finds(people, all, mute);
    fails(people, seven, "no-such-member", seven);
}
END_TEST

START_TEST(a_whole_key_need_not_be_known)
{
    uint8_t stranger[KEY_SIZE];
    memset(stranger, 0xAB, sizeof stranger);
    g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autofree char *all = hex(stranger, 64), *eight = hex(stranger, 8);
    g_autoptr(People) people = people_new(roster, NULL);
    finds(people, all, stranger);
    fails(people, eight, "no-such-member", eight);
    g_ptr_array_add(others, g_bytes_new(stranger, sizeof stranger));
    g_autoptr(People) more = people_new(roster, others);
    finds(more, eight, stranger);
    g_autofree char *called = people_call(more, stranger, NULL);
    ck_assert_str_eq(called, eight);
    g_autofree char *self = people_call(more, stranger, stranger);
    ck_assert_str_eq(self, "the relay");
}
END_TEST

START_TEST(several_of_one_name_are_told_apart)
{
    const uint8_t *one = add(1, "Sam", ROSTER_ONLINE);
    add(2, "Sam", ROSTER_OFFLINE);
    const uint8_t *other = add(3, "Ѕam", ROSTER_OFFLINE); /* with a Cyrillic letter */
    g_autoptr(People) people = people_new(roster, NULL);
    g_autofree char *start = hex(one, 16), *four = hex(one, 4);
    g_autofree char *shown = g_strdup_printf("sam (%s)", four);
    fails(people, "Sam", "several-members", start);
    finds(people, shown, one);
    finds(people, start, one);
    finds(people, "Ѕam", other);
}
END_TEST

START_TEST(those_who_are_here_come_first)
{
    add(1, "Zed", ROSTER_ONLINE);
    add(2, "Ann", ROSTER_OFFLINE);
    add(3, "Bob", ROSTER_AWAY);
    add(4, "Carl", ROSTER_ONLINE);
    static const char *const order[] = {"Carl", "Zed", "Bob", "Ann"};
    g_autoptr(People) people = people_new(roster, NULL);
    ck_assert_uint_eq(people_count(people), G_N_ELEMENTS(order));
    for (guint i = 0; i < people_count(people); i++)
        ck_assert_str_eq(people_at(people, i)->shown, order[i]);
}
END_TEST

/* --- banned addresses --- */

static const uint8_t keeper[KEY_SIZE] = {7}, ann_key[KEY_SIZE] = {8};

static Moderation *with_ann_banned(void)
{
    uint8_t seed[32] = {7};
    g_autoptr(Identity) identity = identity_from_seed(seed);
    g_autoptr(GBytes) content = moderation_content(ACT_BAN, ann_key, ROLE_MEMBER, 0, NULL);
    const EventDraft draft = {.incarnation = 1,
                              .seq = 1,
                              .place = place,
                              .time_ms = TIME_FIRST_MS,
                              .token = token,
                              .kind = EVENT_MODERATION,
                              .room = general,
                              .content = content};
    g_autoptr(Event) event = event_sign(identity, &draft);
    Moderation *moderation = moderation_new();
    moderation_set_keeper(moderation, identity_key(identity));
    ck_assert(moderation_add(moderation, event));
    return moderation;
}

START_TEST(addresses_hold_as_long_as_the_ban_does)
{
    g_autofree char *directory = g_dir_make_tmp("backfence-banned-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "banned-addresses", NULL);
    g_autoptr(Moderation) moderation = with_ann_banned();
    g_autoptr(Moderation) nothing = moderation_new();
    const int64_t now = TIME_FIRST_MS + 1000, later = TIME_FIRST_MS + 9000;
    g_autoptr(GError) error = NULL;
    {
        g_autoptr(BannedAddresses) banned = banned_addresses_new(directory);
        ck_assert(banned_addresses_add(banned, "192.0.2.7", ann_key, 0, &error));
        ck_assert(banned_addresses_add(banned, "fe80::0:1%eth0", ann_key, later, &error));
        ck_assert(banned_addresses_add(banned, "192.0.2.8", keeper, 0, &error));
        ck_assert(!banned_addresses_add(banned, "a b", ann_key, 0, &error));
    }
    GStatBuf found;
    ck_assert_int_eq(g_stat(path, &found), 0);
    ck_assert_uint_eq(found.st_mode & 0777, 0600);
    g_autoptr(BannedAddresses) banned = banned_addresses_new(directory);
    ck_assert(banned_addresses_has(banned, "192.0.2.7", moderation, now));
    ck_assert(banned_addresses_has(banned, "fe80::1", moderation, now));
    ck_assert(!banned_addresses_has(banned, "fe80::1", moderation, later));
    ck_assert(!banned_addresses_has(banned, "192.0.2.8", moderation, now));
    ck_assert(!banned_addresses_has(banned, "192.0.2.7", nothing, now));
    g_autofree char *text = banned_addresses_of(banned, ann_key);
    ck_assert_str_eq(text, "192.0.2.7 fe80::1");
    g_clear_error(&error);
    ck_assert(banned_addresses_remove(banned, ann_key, &error));
    ck_assert(!banned_addresses_has(banned, "192.0.2.7", moderation, now));
    g_unlink(path);
    g_rmdir(directory);
}
END_TEST

START_TEST(a_file_that_makes_no_sense_is_read_as_far_as_it_does)
{
    g_autofree char *directory = g_dir_make_tmp("backfence-banned-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "banned-addresses", NULL);
    g_autofree char *key = hex(ann_key, 64);
    g_autofree char *text =
        g_strdup_printf("\n# note\n192.0.2.1 %s\nx %s 0\n192.0.2.2 %s -1\n192.0.2.3 00 0\n"
                        "192.0.2.4 %s 0\n192.0.2.5 %s 0 0\n",
                        key, key, key, key, key);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    g_autoptr(BannedAddresses) banned = banned_addresses_new(directory);
    g_autofree char *kept = banned_addresses_of(banned, ann_key);
    ck_assert_str_eq(kept, "192.0.2.4");
    for (int i = 0; i < 5; i++) {
        g_autofree char *address = g_strdup_printf("198.51.100.%d", i);
        ck_assert(banned_addresses_add(banned, address, ann_key, 0, NULL));
    }
    g_unlink(path);
    g_rmdir(directory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("people");
    TCase *tcase = tcase_create("people");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, names_are_found_whatever_their_case);
    tcase_add_test(tcase, keys_are_found_by_their_beginning);
    tcase_add_test(tcase, a_whole_key_need_not_be_known);
    tcase_add_test(tcase, several_of_one_name_are_told_apart);
    tcase_add_test(tcase, those_who_are_here_come_first);
    tcase_add_test(tcase, addresses_hold_as_long_as_the_ban_does);
    tcase_add_test(tcase, a_file_that_makes_no_sense_is_read_as_far_as_it_does);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
