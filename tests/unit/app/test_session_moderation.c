/* Admins and those whom they concern, among apps and relay programs. h is a relay program, the
 * others are apps, and a is made an admin by it. */
#include "tests/unit/app/party.h"

#include <check.h>

#define NOBODY '-'
#define MINUTE_MS (60 * INT64_C(1000))

static Party *party;

static void set_up(void)
{
    party = party_new();
    party_start_relay(party, 'h');
    party_start(party, 'a');
    party_start(party, 'b');
    party_start(party, 'c');
    party_pass(party, 2000);
    ck_assert(party_follow(party, "abc", 'h'));
    party_act(party, 'h', ACT_GRANT, 'a', ROLE_ADMIN, 0, NULL);
    party_pass(party, 100);
}

static void tear_down(void)
{
    party_free(party);
}

static const Moderation *rules_of(char who)
{
    return session_moderation(party_session(party, who));
}

static int64_t room_ms(char who)
{
    return session_room_time_ms(party_session(party, who), party_now_us(party));
}

static bool is_muted(char who, char whom)
{
    return moderation_muted(rules_of(who), party_key(party, whom), room_ms(who), NULL);
}

static bool is_banned(char who, char whom)
{
    return moderation_banned(rules_of(who), party_key(party, whom), room_ms(who), NULL);
}

#define MODERATE(...)                                                                              \
    do {                                                                                           \
        ck_assert_msg(party_moderate(party, __VA_ARGS__), "%s", party_why(party));                 \
        party_pass(party, 100);                                                                    \
    } while (0)

START_TEST(all_learn_who_is_an_admin)
{
    for (const char *who = "abc"; *who; who++) {
        ck_assert_mem_eq(moderation_keeper(rules_of(*who)), party_key(party, 'h'), KEY_SIZE);
        ck_assert_int_eq(moderation_role(rules_of(*who), party_key(party, 'a')), ROLE_ADMIN);
        ck_assert_int_eq(moderation_role(rules_of(*who), party_key(party, 'b')), ROLE_MEMBER);
    }
    ck_assert_uint_eq(party_heard(party, 'a', "The relay made you an admin"), 1);
    ck_assert_uint_eq(party_heard(party, 'b', "The relay made a an admin"), 1);
    /* The relay is nobody whom one could write to. */
    ck_assert_ptr_null(session_member(party_session(party, 'b'), party_key(party, 'h')));
}
END_TEST

START_TEST(the_code_makes_an_admin)
{
    party_claim(party, 'b');
    ck_assert(session_claims(party_session(party, 'b')));
    party_pass(party, 100);
    ck_assert(!session_claims(party_session(party, 'b')));
    ck_assert_uint_eq(party_told(party, 'b', "notice claim"), 1);
    ck_assert_int_eq(moderation_role(rules_of('b'), party_key(party, 'b')), ROLE_ADMIN);
    MODERATE('b', ACT_MUTE, 'c', MINUTE_MS, NULL);
    ck_assert(is_muted('c', 'c'));
}
END_TEST

START_TEST(others_are_told_at_once_that_they_may_not)
{
    ck_assert(!party_moderate(party, 'b', ACT_KICK, 'c', 0, NULL));
    ck_assert_str_eq(party_why(party), "Only admins may do this.");
    ck_assert(!party_moderate(party, 'b', ACT_ANNOUNCE, NOBODY, 0, "I am"));
    ck_assert(!party_moderate(party, 'a', ACT_KICK, 'h', 0, NULL)); /* a keeper */
    party_pass(party, 100);
    ck_assert(party_follow(party, "abc", 'h'));
}
END_TEST

START_TEST(muted_until_it_ends)
{
    MODERATE('a', ACT_MUTE, 'b', 10 * MINUTE_MS, "too loud");
    ck_assert_uint_eq(party_sent(party, 'a', "You muted b for 10 minutes: too loud"), 1);
    ck_assert_uint_eq(party_heard(party, 'b', "a muted you for 10 minutes: too loud"), 1);
    ck_assert_uint_eq(party_heard(party, 'c', "a muted b for 10 minutes: too loud"), 1);
    ck_assert(!party_may_say(party, 'b', "but"));
    ck_assert(g_str_has_prefix(party_why(party), "You are muted until "));
    ck_assert(g_str_has_suffix(party_why(party), ": too loud."));
    ck_assert_uint_eq(session_unsent(party_session(party, 'b')), 0);
    party_whisper(party, 'b', 'a', "please"); /* privately it may */
    party_pass(party, 100);
    ck_assert_uint_eq(party_heard(party, 'a', "please"), 1);
    unsigned told = party_told(party, 'b', "rules");
    party_pass(party, 10 * MINUTE_MS);
    ck_assert_uint_eq(party_told(party, 'b', "rules"), told + 1);
    ck_assert(party_may_say(party, 'b', "at last"));
    party_pass(party, 100);
    ck_assert_uint_eq(party_heard(party, 'a', "at last"), 1);
}
END_TEST

START_TEST(muted_until_taken_back)
{
    MODERATE('a', ACT_MUTE, 'b', 0, NULL);
    ck_assert(!party_may_say(party, 'b', "but"));
    ck_assert_str_eq(party_why(party), "You are muted until an admin takes that back.");
    MODERATE('a', ACT_UNMUTE, 'b', 0, NULL);
    ck_assert(party_may_say(party, 'b', "thanks"));
}
END_TEST

START_TEST(banned_until_it_ends)
{
    MODERATE('a', ACT_BAN, 'b', 30 * MINUTE_MS, "spam");
    Session *session = party_session(party, 'b');
    ck_assert_int_eq(party_relay_of(party, 'b'), NOBODY);
    ck_assert_uint_eq(party_told(party, 'b', "barred banned"), 1);
    ck_assert(strstr(session_barred(session), "spam") != NULL);
    ck_assert_int_eq(session_state(session), SESSION_SEARCHING);
    ck_assert(!party_may_say(party, 'b', "let me in"));
    party_pass(party, 20 * MINUTE_MS);
    ck_assert(!party_serves(party, 'b'));
    session_try_now(session, party_now_us(party)); /* the same answer */
    party_pass(party, 1000);
    ck_assert_uint_eq(party_told(party, 'b', "barred banned"), 2);
    party_pass(party, 10 * MINUTE_MS);
    ck_assert(party_follow(party, "abc", 'h'));
    ck_assert_str_eq(session_barred(session), "");
    ck_assert(party_may_say(party, 'b', "I am back"));
}
END_TEST

START_TEST(banned_until_taken_back)
{
    MODERATE('a', ACT_BAN, 'b', 0, NULL);
    party_pass(party, 10 * MINUTE_MS);
    ck_assert_int_eq(party_relay_of(party, 'b'), NOBODY);
    MODERATE('a', ACT_UNBAN, 'b', 0, NULL);
    session_try_now(party_session(party, 'b'), party_now_us(party));
    party_pass(party, 1000);
    ck_assert(party_follow(party, "abc", 'h'));
}
END_TEST

START_TEST(kicked_for_a_minute)
{
    MODERATE('a', ACT_KICK, 'b', 0, "calm down");
    Session *session = party_session(party, 'b');
    ck_assert_uint_eq(party_told(party, 'b', "barred kicked"), 1);
    ck_assert(strstr(session_barred(session), "calm down") != NULL);
    party_pass(party, 30000);
    session_try_now(session, party_now_us(party)); /* too early */
    party_pass(party, 40000);
    ck_assert_int_eq(party_relay_of(party, 'b'), NOBODY);
    session_try_now(session, party_now_us(party));
    party_pass(party, 1000);
    ck_assert(party_follow(party, "abc", 'h'));
}
END_TEST

START_TEST(one_that_was_kicked_and_comes_too_early_waits)
{
    MODERATE('a', ACT_KICK, 'b', 0, NULL);
    party_kill(party, 'b'); /* the program is started anew */
    party_start(party, 'b');
    party_pass(party, 30000);
    ck_assert_uint_eq(party_told(party, 'b', "barred kicked"), 2);
    ck_assert_int_eq(party_relay_of(party, 'b'), NOBODY);
    party_pass(party, 40000);
    ck_assert(party_follow(party, "abc", 'h'));
    ck_assert_uint_eq(party_told(party, 'b', "barred over"), 1);
}
END_TEST

START_TEST(holds_wherever_the_place_is_served)
{
    MODERATE('a', ACT_BAN, 'b', 0, "spam");
    MODERATE('a', ACT_MUTE, 'c', 0, "loud");
    MODERATE('a', ACT_RENAME, NOBODY, 0, "Harbour");
    party_kill(party, 'h');
    party_pass(party, 5000);
    ck_assert(party_follow(party, "ac", 'a') || party_follow(party, "ac", 'c'));
    ck_assert(!party_may_say(party, 'c', "but"));
    ck_assert_str_eq(session_place_name(party_session(party, 'c')), "Harbour");
    session_try_now(party_session(party, 'b'), party_now_us(party));
    party_pass(party, 2000);
    ck_assert_int_eq(party_relay_of(party, 'b'), NOBODY);
    ck_assert_uint_eq(party_told(party, 'b', "barred banned"), 2);
    MODERATE('a', ACT_UNMUTE, 'c', 0, NULL); /* an admin is one here too */
    ck_assert(!is_muted('c', 'c'));

    party_start_relay(party, 'h'); /* with an empty log */
    party_pass(party, 15000);
    ck_assert(party_follow(party, "ac", 'h'));
    ck_assert(is_banned('c', 'b') && !is_muted('c', 'c'));
    session_try_now(party_session(party, 'b'), party_now_us(party));
    party_pass(party, 2000);
    ck_assert_int_eq(party_relay_of(party, 'b'), NOBODY);
    ck_assert_uint_eq(party_told(party, 'b', "barred banned"), 3);
}
END_TEST

START_TEST(one_that_serves_and_is_banned_serves_no_more)
{
    party_kill(party, 'h');
    party_pass(party, 5000);
    char server = party_relay_of(party, 'a');
    if (server == 'a') { /* somebody else is to have it */
        party_kill(party, 'a');
        party_pass(party, 5000);
        server = party_relay_of(party, 'b');
        party_start(party, 'a');
        party_pass(party, 3000);
    }
    ck_assert(party_serves(party, server));
    ck_assert_msg(party_follow(party, "abc", server), "%c", server);
    MODERATE('a', ACT_BAN, server, 0, NULL);
    party_pass(party, 20000);
    ck_assert(!party_serves(party, server));
    ck_assert_int_eq(party_relay_of(party, server), NOBODY);
    char other = server == 'b' ? 'c' : 'b';
    ck_assert_int_ne(party_relay_of(party, 'a'), NOBODY);
    ck_assert_int_eq(party_relay_of(party, 'a'), party_relay_of(party, other));
}
END_TEST

START_TEST(one_that_serves_and_is_kicked_gives_it_over)
{
    party_set_unable(party, 'a', true);
    party_set_unable(party, 'c', true);
    party_kill(party, 'h');
    party_pass(party, 15000);
    ck_assert(party_follow(party, "abc", 'b'));
    party_set_unable(party, 'c', false);
    MODERATE('a', ACT_KICK, 'b', 0, NULL);
    party_pass(party, 15000);
    ck_assert_uint_eq(party_told(party, 'b', "barred kicked"), 1);
    ck_assert(party_follow(party, "ac", 'c'));
    party_pass(party, 50000);
    session_try_now(party_session(party, 'b'), party_now_us(party));
    party_pass(party, 5000);
    ck_assert_int_ne(party_relay_of(party, 'b'), NOBODY);
    ck_assert(party_follow(party, "ac", party_relay_of(party, 'b')));
}
END_TEST

START_TEST(waits_in_the_outbox)
{
    party_pull(party, 'a', true);
    party_pass(party, 10000);
    MODERATE('a', ACT_ANNOUNCE, NOBODY, 0, "Tea!");
    ck_assert_uint_eq(party_heard(party, 'c', "Tea!"), 0);
    party_act(party, 'h', ACT_MUTE, 'c', 0, 0, NULL);
    party_pull(party, 'a', false);
    party_pass(party, 20000);
    ck_assert(party_follow(party, "abc", 'h'));
    ck_assert_uint_eq(party_heard(party, 'c', "Tea!"), 1);
    ck_assert_uint_eq(party_sent(party, 'a', "Tea!"), 1);
}
END_TEST

START_TEST(refused_when_it_is_no_admin_any_more)
{
    party_set_unable(party, 'a', true); /* to serve, and so to decide by itself */
    party_pull(party, 'a', true);
    party_pass(party, 10000);
    MODERATE('a', ACT_KICK, 'c', 0, NULL);
    party_act(party, 'h', ACT_GRANT, 'a', ROLE_MEMBER, 0, NULL);
    party_pull(party, 'a', false);
    party_pass(party, 20000);
    ck_assert(party_follow(party, "abc", 'h'));
    ck_assert_uint_eq(party_told(party, 'a', "refused Only admins may do this."), 1);
}
END_TEST

START_TEST(motd_topic_and_name)
{
    static const uint8_t general[PLACE_SIZE];
    MODERATE('a', ACT_MOTD, NOBODY, 0, "Be kind");
    MODERATE('a', ACT_RENAME, NOBODY, 0, "Harbour");
    ck_assert(session_set_topic(party_session(party, 'a'), &(ConversationId){0},
                                " Boats\nand fish ", party_now_us(party), NULL));
    party_pass(party, 100);
    ck_assert_str_eq(moderation_motd(rules_of('c')), "Be kind");
    ck_assert_str_eq(moderation_topic(rules_of('c'), general), "Boats and fish");
    ck_assert_str_eq(session_place_name(party_session(party, 'c')), "Harbour");
    ck_assert_uint_eq(party_heard(party, 'c', "a changed the topic: Boats and fish"), 1);
    g_autoptr(GError) error = NULL;
    ck_assert(!session_set_topic(party_session(party, 'b'), &(ConversationId){0}, "x",
                                 party_now_us(party), &error));
    ck_assert_str_eq(error->message, "Only admins may do this.");
    party_start(party, 'd'); /* and who comes later knows */
    party_pass(party, 2000);
    ck_assert_str_eq(session_place_name(party_session(party, 'd')), "Harbour");
    ck_assert_str_eq(moderation_motd(rules_of('d')), "Be kind");
    ck_assert_uint_eq(party_kept(party, 'd', "a changed the topic: Boats and fish"), 1);
}
END_TEST

static void find_before(const SessionMessage *message, void *user)
{
    *(bool *)user |= g_str_equal(message->text, "before");
}

START_TEST(what_a_banned_one_wrote_elsewhere_is_not_shown)
{
    party_split(party, "bc", 1);
    party_pass(party, 10000); /* these two go on without the relay */
    ck_assert_int_ne(party_relay_of(party, 'b'), NOBODY);
    MODERATE('a', ACT_BAN, 'b', 0, NULL);
    party_say(party, 'c', "before");
    party_pass(party, 1000);
    for (unsigned i = 0; i < 100; i++) { /* more than is read at a time */
        party_say(party, 'b', "buy this");
        party_pass(party, 1000);
    }
    ck_assert_uint_eq(party_heard(party, 'c', "buy this"), 100);
    party_split(party, "bc", 0);
    party_pass(party, 30000);
    ck_assert(party_follow(party, "ac", 'h'));
    ck_assert_uint_eq(party_heard(party, 'a', "buy this"), 0);
    ck_assert_uint_eq(party_kept(party, 'a', "buy this"), 0);
    ck_assert_uint_eq(party_kept(party, 'c', "buy this"), 0);
    bool found = false;
    ck_assert_uint_eq(session_history(party_session(party, 'a'), &(ConversationId){0}, NULL, 2,
                                      find_before, &found),
                      2);
    ck_assert(found);
}
END_TEST

START_TEST(an_admin_vouches_for_another_relay)
{
    party_kill(party, 'h');
    party_start_relay(party, 'g');
    party_pass(party, 20000);
    ck_assert(party_follow(party, "abc", 'g'));
    ck_assert_int_eq(moderation_role(rules_of('c'), party_key(party, 'g')), ROLE_MEMBER);
    party_claim(party, 'a');
    party_pass(party, 1000);
    ck_assert_int_eq(moderation_role(rules_of('a'), party_key(party, 'g')), ROLE_KEEPER);
    ck_assert_int_eq(moderation_role(rules_of('c'), party_key(party, 'g')), ROLE_KEEPER);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("session_moderation");
    TCase *test_case = tcase_create("session_moderation");
    tcase_set_timeout(test_case, 60);
    tcase_add_checked_fixture(test_case, set_up, tear_down);
    tcase_add_test(test_case, all_learn_who_is_an_admin);
    tcase_add_test(test_case, the_code_makes_an_admin);
    tcase_add_test(test_case, others_are_told_at_once_that_they_may_not);
    tcase_add_test(test_case, muted_until_it_ends);
    tcase_add_test(test_case, muted_until_taken_back);
    tcase_add_test(test_case, banned_until_it_ends);
    tcase_add_test(test_case, banned_until_taken_back);
    tcase_add_test(test_case, kicked_for_a_minute);
    tcase_add_test(test_case, one_that_was_kicked_and_comes_too_early_waits);
    tcase_add_test(test_case, holds_wherever_the_place_is_served);
    tcase_add_test(test_case, one_that_serves_and_is_banned_serves_no_more);
    tcase_add_test(test_case, one_that_serves_and_is_kicked_gives_it_over);
    tcase_add_test(test_case, waits_in_the_outbox);
    tcase_add_test(test_case, refused_when_it_is_no_admin_any_more);
    tcase_add_test(test_case, motd_topic_and_name);
    tcase_add_test(test_case, what_a_banned_one_wrote_elsewhere_is_not_shown);
    tcase_add_test(test_case, an_admin_vouches_for_another_relay);
    suite_add_tcase(suite, test_case);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
