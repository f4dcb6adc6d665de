/* lint: file-length one language for all that moderation does to who is here */
/* What the hub makes of roles and moderation. */
#include "tests/unit/relay/hub_stage.h"

#include <check.h>
#include <string.h>

static Stage *stage;
static const uint8_t general[PLACE_SIZE];

static void setup(void)
{
    stage = stage_new();
    stage_tell_more(stage);
}

static void teardown(void)
{
    g_clear_pointer(&stage, stage_free);
}

static void expect(char who, const char *line)
{
    ck_assert_str_eq(stage_next(stage, who), line);
}

/* Reads on until nothing is left. */
static void read_all(char who)
{
    while (*stage_next(stage, who) != '\0')
        ;
}

/* Is there, and has read what came with it. */
static void join(char who)
{
    stage_hello(stage, who, 0);
    stage_flush(stage);
    read_all(who);
}

/* What is dated the same has no order but that of chance. */
static void make_admin(char who)
{
    stage_pass(stage, 1);
    ck_assert_str_eq(stage_post(stage, ACT_GRANT, who, ROLE_ADMIN, NULL), "");
    stage_pass(stage, 1);
    read_all(who);
}

static void act(char who, ModerationAct what, char whom, int64_t lasts_ms, const char *text)
{
    stage_pass(stage, 1);
    int64_t until_ms = lasts_ms > 0 ? hub_room_time_ms(stage_hub(stage)) + lasts_ms : 0;
    stage_act(stage, who, what, whom, ROLE_MEMBER, until_ms, text);
    stage_flush(stage);
}

static Role role_of(char who)
{
    return moderation_role(hub_moderation(stage_hub(stage)), stage_key(stage, who));
}

/* Its links are told so, whoever they are. */
static void says_welcome(char who)
{
    stage_hello(stage, who, 0);
    ck_assert(g_str_has_prefix(stage_next(stage, who), "welcome "));
    stage_flush(stage);
    read_all(who);
}

START_TEST(a_relay_program_is_the_keeper)
{
    ck_assert_mem_eq(log_keeper(stage_log(stage)), stage_key(stage, 'R'), KEY_SIZE);
    ck_assert_int_eq(role_of('R'), ROLE_KEEPER);
    stage_flush(stage);
    ck_assert(!log_changed(stage_log(stage)));
    stage_hello(stage, 'a', 0);
    expect('a', "welcome head=0 members=1 own=0 Stage keeper=R days=0");
    ck_assert_int_eq(log_set_keeper(stage_log(stage), stage_key(stage, 'b'), NULL), TRUE);
    stage_restart(stage);
    ck_assert_mem_eq(log_keeper(stage_log(stage)), stage_key(stage, 'b'), KEY_SIZE);
    ck_assert_int_eq(role_of('R'), ROLE_MEMBER);
    ck_assert_int_eq(role_of('b'), ROLE_KEEPER);
}
END_TEST

START_TEST(an_app_is_not)
{
    Stage *carried = stage_new_carried('a');
    ck_assert_ptr_null(log_keeper(stage_log(carried)));
    ck_assert_ptr_null(moderation_keeper(hub_moderation(stage_hub(carried))));
    stage_tell_more(carried);
    stage_hello(carried, 'b', 0);
    ck_assert_str_eq(stage_next(carried, 'b'),
                     "welcome head=0 members=1 own=0 Stage keeper=- days=0");
    /* Its session learns who is. */
    log_set_keeper(stage_log(carried), stage_key(carried, 'c'), NULL);
    stage_flush(carried);
    ck_assert_mem_eq(moderation_keeper(hub_moderation(stage_hub(carried))), stage_key(carried, 'c'),
                     KEY_SIZE);
    stage_free(carried);
}
END_TEST

START_TEST(the_relay_itself_acts)
{
    join('a');
    ck_assert_str_eq(stage_post(stage, ACT_GRANT, 'a', ROLE_ADMIN, NULL), "");
    expect('a', "");
    stage_flush(stage);
    expect('a', "deliver (0,1] 1:R:*");
    ck_assert_int_eq(role_of('a'), ROLE_ADMIN);
    ck_assert_str_eq(stage_post_last(stage, 'R'), ""); /* is known */
    stage_say(stage, 'a', '\0', "Hello", 0);
    ck_assert_str_eq(stage_post_last(stage, 'a'), "This is another member's event.");
    ck_assert_str_eq(stage_post(stage, ACT_BAN, 'R', ROLE_MEMBER, NULL),
                     "All roles of this place come from there: nobody can do this.");
    ck_assert_str_eq(stage_post(stage, ACT_MOTD, 'a', ROLE_MEMBER, "Hi"),
                     "Earlier events of this feed are missing.");
    hub_shut_down(stage_hub(stage), NULL, 0);
    ck_assert_str_eq(stage_post(stage, ACT_MOTD, 'a', ROLE_MEMBER, "Hi"), "The relay is ending.");
}
END_TEST

/* What does not count stands in the log, and nothing comes of it. */
START_TEST(only_admins_moderate)
{
    join('a');
    join('b');
    make_admin('a');
    read_all('b');
    act('b', ACT_MOTD, 'b', 0, "Mine");
    expect('b', "receipt 2");
    stage_topic(stage, 'a', "All");
    stage_topic(stage, 'b', "Mine");
    stage_flush(stage);
    const Moderation *moderation = hub_moderation(stage_hub(stage));
    ck_assert_str_eq(moderation_topic(moderation, general), "All");
    ck_assert_str_eq(moderation_motd(moderation), "");
    act('a', ACT_BAN, 'R', 0, NULL);
    read_all('a');
    stage_say_raw(stage, 'a', EVENT_MODERATION, "\x08\x63", 2);
    stage_flush(stage);
    expect('a', "receipt 6");
    g_autoptr(GPtrArray) listed = moderation_listed(moderation, hub_room_time_ms(stage_hub(stage)));
    ck_assert_uint_eq(listed->len, 2); /* the relay, and a */
}
END_TEST

START_TEST(acts_count_when_it_is_known_why)
{
    join('a');
    join('b');
    make_admin('a');
    stage_pass(stage, 5000);
    act('b', ACT_MOTD, 'b', 0, "Mine");
    const Moderation *moderation = hub_moderation(stage_hub(stage));
    ck_assert_str_eq(moderation_motd(moderation), "");
    stage_set_ahead(stage, -2000);
    ck_assert(stage_gather_act(stage, 'a', ACT_GRANT, 'b', ROLE_ADMIN, NULL));
    log_commit(stage_log(stage), NULL);
    stage_flush(stage);
    ck_assert_str_eq(moderation_motd(moderation), "Mine");
}
END_TEST

START_TEST(acts_that_do_not_count_are_few)
{
    join('b');
    for (unsigned i = 0; i < 20; i++) {
        act('b', ACT_MOTD, 'b', 0, "Mine");
        ck_assert(g_str_has_prefix(stage_next(stage, 'b'), "receipt "));
        read_all('b');
    }
    act('b', ACT_MOTD, 'b', 0, "Mine");
    expect('b', "receipt RATE later \"Only admins may do this.\"");
    for (unsigned i = 0; i < 2; i++) {
        stage_pass(stage, 5000);
        stage_typing(stage, 'b', '\0');
    }
    stage_again(stage, 'b');
    stage_flush(stage);
    expect('b', "receipt 21");
}
END_TEST

START_TEST(the_muted_read_and_do_not_write)
{
    join('a');
    join('b');
    make_admin('a');
    read_all('b');
    stage_say(stage, 'b', '\0', "one", 0);
    stage_flush(stage);
    act('a', ACT_MUTE, 'b', 3000, "too loud");
    read_all('a');
    read_all('b');
    stage_again(stage, 'b'); /* is in the log already */
    stage_flush(stage);
    expect('b', "receipt 2");
    stage_typing(stage, 'b', '\0');
    expect('a', "");
    stage_typing(stage, 'b', 'a');
    expect('a', "status b");
    stage_say(stage, 'b', 'a', "privately", 0);
    stage_flush(stage);
    expect('b', "receipt 4");
    read_all('b');
    stage_profile(stage, 'b', "Ben");
    stage_flush(stage);
    expect('b', "receipt 5");
    read_all('b');
    stage_say_raw(stage, 'b', 99, "x", 1);
    expect('b', "receipt NOT_ALLOWED \"You are muted for another 3 seconds: too loud.\"");
    stage_unsay(stage, 'b');
    stage_say(stage, 'b', '\0', "two", 0);
    expect('b', "receipt NOT_ALLOWED \"You are muted for another 3 seconds: too loud.\"");
    stage_pass(stage, 3000);
    stage_again(stage, 'b');
    stage_flush(stage);
    expect('b', "receipt 6");
    read_all('b');
    act('a', ACT_MUTE, 'b', 0, NULL);
    read_all('b');
    stage_say(stage, 'b', '\0', "three", 0);
    expect('b', "receipt NOT_ALLOWED \"You are muted until an admin takes it back.\"");
    act('a', ACT_UNMUTE, 'b', 0, NULL);
    read_all('b');
    stage_again(stage, 'b');
    stage_flush(stage);
    expect('b', "receipt 9");
}
END_TEST

START_TEST(the_banned_are_sent_away)
{
    join('a');
    join('b');
    join('c');
    make_admin('a');
    read_all('b');
    act('a', ACT_BAN, 'b', 7200000, "spam.");
    expect('b', "deliver (1,2] 2:a:*");
    expect('b', "goodbye 12 until +7200000 "
                "\"You are banned from this place for another 2 hours: spam.\"");
    expect('b', "closed");
    read_all('c');
    stage_say(stage, 'c', '\0', "still here", 0);
    stage_flush(stage);
    expect('c', "receipt 3");
    stage_hello(stage, 'b', 0);
    expect('b', "goodbye 12 until +7200000 "
                "\"You are banned from this place for another 2 hours: spam.\"");
    expect('b', "closed");
    stage_restart(stage); /* it is in the log */
    stage_hello(stage, 'b', 0);
    ck_assert(g_str_has_prefix(stage_next(stage, 'b'), "goodbye 12"));
    join('a');
    act('a', ACT_UNBAN, 'b', 0, NULL);
    read_all('b');
    says_welcome('b');
    act('a', ACT_BAN, 'b', 5000, NULL);
    read_all('b');
    stage_hello(stage, 'b', 0);
    expect('b', "goodbye 12 until +5000 "
                "\"You are banned from this place for another 5 seconds.\"");
    stage_pass(stage, 5000);
    read_all('b');
    says_welcome('b');
}
END_TEST

/* A ban that others brought holds as one that was said here. */
START_TEST(gathered_bans_hold)
{
    join('a');
    join('b');
    make_admin('a');
    ck_assert(stage_gather_act(stage, 'a', ACT_BAN, 'b', ROLE_MEMBER, NULL));
    ck_assert(stage_gather_act(stage, 'c', ACT_BAN, 'a', ROLE_MEMBER, NULL)); /* no admin */
    log_commit(stage_log(stage), NULL);
    stage_flush(stage);
    expect('b', "deliver (0,1] 1:R:*");
    expect('b', "deliver (1,3] 2:a:* 3:c:*");
    expect('b', "goodbye 12 \"You are banned from this place until an admin takes it back.\"");
    expect('b', "closed");
    expect('a', "deliver (1,3] 2:a:* 3:c:*");
    stage_pass(stage, 1);
    expect('a', "roster b=offline");
    expect('a', "");
}
END_TEST

START_TEST(who_serves_is_at_home)
{
    make_admin('b');
    stage_serve(stage, 'a', 0);
    join('a');
    join('b');
    act('b', ACT_BAN, 'a', 0, NULL);
    ck_assert(hub_is_joined(stage_hub(stage), stage_key(stage, 'a')));
    read_all('a');
    stage_say(stage, 'a', 'b', "Still", 0);
    expect('a', "receipt NOT_ALLOWED "
                "\"You are banned from this place until an admin takes it back.\"");
    HubAdmission nobody = {.door = HUB_LISTED};
    hub_set_admission(stage_hub(stage), &nobody, 0);
    ck_assert(hub_is_joined(stage_hub(stage), stage_key(stage, 'a')));
    ck_assert(!hub_is_joined(stage_hub(stage), stage_key(stage, 'b')));
}
END_TEST

START_TEST(the_kicked_come_back_in_a_minute)
{
    join('a');
    join('b');
    make_admin('a');
    read_all('b');
    act('a', ACT_KICK, 'b', 0, "Calm down");
    expect('b', "deliver (1,2] 2:a:*");
    expect('b', "goodbye 11 in 60000 "
                "\"You were sent away: Calm down. You may come back in a minute.\"");
    expect('b', "closed");
    stage_pass(stage, 18000);
    stage_hello(stage, 'b', 0);
    expect('b', "goodbye 11 in 42000 \"You were sent away, and may come back in 42 seconds.\"");
    expect('b', "closed");
    stage_pass(stage, 42000);
    says_welcome('b');
    /* One that came late is over. */
    stage_set_ahead(stage, -60000);
    ck_assert(stage_gather_act(stage, 'a', ACT_KICK, 'b', ROLE_MEMBER, NULL));
    stage_flush(stage);
    log_commit(stage_log(stage), NULL);
    stage_flush(stage);
    ck_assert(hub_is_joined(stage_hub(stage), stage_key(stage, 'b')));
    stage_set_ahead(stage, -30000);
    ck_assert(stage_gather_act(stage, 'a', ACT_KICK, 'b', ROLE_MEMBER, NULL));
    log_commit(stage_log(stage), NULL);
    stage_flush(stage);
    ck_assert(!hub_is_joined(stage_hub(stage), stage_key(stage, 'b')));
    /* Who has no say kicks nobody, nor who had none yet. */
    ck_assert(stage_gather_act(stage, 'c', ACT_KICK, 'a', ROLE_MEMBER, NULL));
    log_commit(stage_log(stage), NULL);
    join('a');
    stage_flush(stage);
    ck_assert(hub_is_joined(stage_hub(stage), stage_key(stage, 'a')));
    stage_set_ahead(stage, 0);
    make_admin('c');
    stage_set_ahead(stage, -10000);
    ck_assert(stage_gather_act(stage, 'c', ACT_KICK, 'a', ROLE_MEMBER, NULL));
    log_commit(stage_log(stage), NULL);
    stage_flush(stage);
    ck_assert(hub_is_joined(stage_hub(stage), stage_key(stage, 'a')));
}
END_TEST

START_TEST(places_are_renamed)
{
    join('a');
    make_admin('a');
    ck_assert_str_eq(hub_place_name(stage_hub(stage)), "Stage");
    act('a', ACT_RENAME, 'a', 0, "Stage");
    ck_assert_uint_eq(stage_renamed(stage), 0);
    act('a', ACT_RENAME, 'a', 0, "Harbour");
    ck_assert_uint_eq(stage_renamed(stage), 1);
    ck_assert_str_eq(hub_place_name(stage_hub(stage)), "Harbour");
    stage_restart(stage);
    ck_assert_str_eq(hub_place_name(stage_hub(stage)), "Harbour");
    stage_hello(stage, 'b', 0);
    expect('b', "welcome head=3 members=1 own=0 Harbour keeper=R days=0");
    ck_assert_uint_eq(stage_renamed(stage), 1);
}
END_TEST

static bool only_a(const uint8_t *key, void *user)
{
    return memcmp(key, stage_key(stage, 'a'), KEY_SIZE) == 0;
}

static bool is_bad(const char *address, void *user)
{
    return strcmp(address, "192.0.2.66") == 0;
}

START_TEST(lists_admit)
{
    HubAdmission listed = {.door = HUB_LISTED, .listed = only_a};
    join('a');
    join('b');
    read_all('a');
    hub_set_admission(stage_hub(stage), &listed, 0);
    expect('b', "goodbye 13 \"Only people on the list of this place are let in.\"");
    expect('b', "closed");
    expect('a', "");
    stage_hello(stage, 'b', 0);
    expect('b', "goodbye 13 \"Only people on the list of this place are let in.\"");
    expect('b', "closed");
    hub_set_admission(stage_hub(stage), NULL, 0);
    says_welcome('b');
    hub_set_history_days(stage_hub(stage), 30);
    stage_hello(stage, 'c', 0);
    expect('c', "welcome head=0 members=3 own=0 Stage keeper=R days=30");
}
END_TEST

START_TEST(addresses_are_banned)
{
    HubAdmission guarded = {.door = HUB_LISTED, .listed = only_a, .address_banned = is_bad};
    stage_set_address(stage, 'a', "192.0.2.66");
    stage_set_address(stage, 'b', "192.0.2.67");
    join('a');
    hub_set_admission(stage_hub(stage), &guarded, 0);
    expect('a', "goodbye 12 \"Nobody is let in from your address.\"");
    expect('a', "closed");
    stage_hello(stage, 'a', 0);
    expect('a', "goodbye 12 \"Nobody is let in from your address.\"");
    stage_hello(stage, 'b', 0);
    ck_assert(g_str_has_prefix(stage_next(stage, 'b'), "goodbye 13"));
    guarded.door = HUB_OPEN;
    hub_set_admission(stage_hub(stage), &guarded, 0);
    read_all('b');
    says_welcome('b');
    stage_hello(stage, 'c', 0); /* from nowhere that is known */
    ck_assert(g_str_has_prefix(stage_next(stage, 'c'), "welcome"));
}
END_TEST

START_TEST(codes_are_passed_on)
{
    join('a');
    for (unsigned i = 0; i < 5; i++) {
        stage_claim(stage, 'a', "K7QM");
        expect('a', "advice claim \"a said K7QM.\"");
    }
    stage_claim(stage, 'a', "K7QM");
    expect('a', "advice claim \"Too many tries. Wait a minute, then try again.\"");
    stage_serve(stage, 'b', 0);
    join('a');
    stage_claim(stage, 'a', "K7QM");
    expect('a', "advice claim \"No codes are given here: a relay program gives them.\"");
}
END_TEST

static void tell_linked(const HubLinked *linked, void *user)
{
    g_string_append_printf(user, "%s %d%s; ", linked->address ? linked->address : "-",
                           (int)linked->queued, linked->relay_program ? " relay" : "");
}

START_TEST(the_machine_looks_and_sends_away)
{
    g_autoptr(GString) told = g_string_new(NULL);
    stage_set_address(stage, 'a', "192.0.2.66");
    stage_set_queued(stage, 'a', 12);
    stage_open(stage, 'b');
    join('a');
    hub_each_linked(stage_hub(stage), tell_linked, told);
    ck_assert_str_eq(told->str, "192.0.2.66 12; ");
    ck_assert(!hub_send_away(stage_hub(stage), stage_key(stage, 'b'), "Out.", 0));
    ck_assert(hub_send_away(stage_hub(stage), stage_key(stage, 'a'), "Out.", 0));
    expect('a', "goodbye 11 in 60000 \"Out.\"");
    expect('a', "closed");
    stage_hello(stage, 'a', 0);
    ck_assert(g_str_has_prefix(stage_next(stage, 'a'), "goodbye 11"));
}
END_TEST

START_TEST(long_reasons_are_cut)
{
    g_autofree char *longest = g_strnfill(REASON_MAX, 'x');
    join('a');
    join('b');
    make_admin('a');
    read_all('b');
    act('a', ACT_BAN, 'b', 0, longest);
    stage_next(stage, 'b');
    const char *line = stage_next(stage, 'b');
    ck_assert(g_str_has_prefix(line, "goodbye 12") && g_str_has_suffix(line, "x…\""));
}
END_TEST

/* What a lost transaction held is not learnt. */
START_TEST(what_was_lost_does_not_count)
{
    join('a');
    make_admin('a');
    log_set_size_limit(stage_log(stage), 200000);
    g_autofree char *filler = g_strnfill(1000, 'x');
    g_autofree char *told = NULL;
    bool refused = false;
    for (unsigned i = 0; i < 400 && !refused; i++) {
        g_free(told);
        told = g_strdup(moderation_motd(hub_moderation(stage_hub(stage))));
        g_autofree char *text = g_strdup_printf("%u%s", i, filler);
        act('a', ACT_MOTD, 'a', 0, text);
        for (const char *line = stage_next(stage, 'a'); *line; line = stage_next(stage, 'a'))
            refused |= g_str_has_prefix(line, "receipt DISK later");
        ck_assert_int_eq(strcmp(told, moderation_motd(hub_moderation(stage_hub(stage)))) == 0,
                         refused);
    }
    ck_assert(refused);
    log_set_size_limit(stage_log(stage), 1 << 30);
    stage_restart(stage);
    ck_assert_str_eq(moderation_motd(hub_moderation(stage_hub(stage))), told);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hub moderation");
    TCase *tests = tcase_create("hub moderation");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_relay_program_is_the_keeper);
    tcase_add_test(tests, an_app_is_not);
    tcase_add_test(tests, the_relay_itself_acts);
    tcase_add_test(tests, only_admins_moderate);
    tcase_add_test(tests, acts_count_when_it_is_known_why);
    tcase_add_test(tests, acts_that_do_not_count_are_few);
    tcase_add_test(tests, the_muted_read_and_do_not_write);
    tcase_add_test(tests, the_banned_are_sent_away);
    tcase_add_test(tests, gathered_bans_hold);
    tcase_add_test(tests, who_serves_is_at_home);
    tcase_add_test(tests, the_kicked_come_back_in_a_minute);
    tcase_add_test(tests, places_are_renamed);
    tcase_add_test(tests, lists_admit);
    tcase_add_test(tests, addresses_are_banned);
    tcase_add_test(tests, codes_are_passed_on);
    tcase_add_test(tests, the_machine_looks_and_sends_away);
    tcase_add_test(tests, long_reasons_are_cut);
    tcase_add_test(tests, what_was_lost_does_not_count);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
