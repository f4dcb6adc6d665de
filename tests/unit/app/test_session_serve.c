/* Nodes that carry a place among themselves. */
/* lint: file-length each story of a party is short; together they are what serving promises */
#include "tests/unit/app/party.h"

#include <check.h>

static Party *party;

static void set_up(void)
{
    party = party_new();
}

static void tear_down(void)
{
    party_free(party);
}

#define ALL_FOLLOW(all, relay)                                                                     \
    do {                                                                                           \
        for (const char *who = (all); *who; who++)                                                 \
            ck_assert_msg(party_relay_of(party, *who) == (relay), "%c follows %c, not %c", *who,   \
                          party_relay_of(party, *who), (relay));                                   \
    } while (0)

/* `all` start one after the other, so that the first of them serves. */
static void gather(const char *all)
{
    for (const char *who = all; *who; who++) {
        party_start(party, *who);
        party_pass(party, 700);
    }
    party_pass(party, 3000);
    ALL_FOLLOW(all, all[0]);
}

START_TEST(serves_when_alone)
{
    party_start(party, 'b');
    party_pass(party, 500);
    ck_assert(party_serves(party, 'b'));
    ALL_FOLLOW("b", 'b');
    party_say(party, 'b', "hello");
    party_pass(party, 100);
    ck_assert_uint_eq(party_sent(party, 'b', "hello"), 1);
    party_pass(party, 5000);
    ck_assert_uint_eq(party_told(party, 'b', "moved: This computer carries the room now."), 0);
    ck_assert_uint_eq(party_told(party, 'b', "state lost"), 0);
}
END_TEST

START_TEST(two_that_start_together_merge)
{
    party_set_deaf(party, true);
    party_start(party, 'a');
    party_start(party, 'b');
    party_pass(party, 1000);
    ck_assert(party_serves(party, 'a') && party_serves(party, 'b'));
    party_say(party, 'a', "from a");
    party_say(party, 'b', "from b");
    party_pass(party, 100);
    party_set_deaf(party, false);
    party_pass(party, 1000);
    ALL_FOLLOW("ab", 'a');
    ck_assert(!party_serves(party, 'b'));
    ck_assert_uint_eq(party_heard(party, 'a', "from b"), 1);
    ck_assert_uint_eq(party_told(party, 'b', "state lost"), 0);
}
END_TEST

START_TEST(the_next_in_line_serves_when_the_first_is_killed)
{
    gather("cabd");
    party_say(party, 'd', "before");
    party_pass(party, 100);
    party_kill(party, 'c');
    party_say(party, 'd', "after");
    party_pass(party, 500);
    ALL_FOLLOW("abd", 'a');
    ck_assert_uint_eq(party_heard(party, 'b', "before"), 1);
    ck_assert_uint_eq(party_heard(party, 'a', "before"), 1);
    ck_assert_uint_eq(party_heard(party, 'b', "after"), 1);
    ck_assert_uint_eq(party_heard(party, 'a', "after"), 1);
    ck_assert_uint_eq(party_sent(party, 'd', "after"), 1);
    party_pass(party, 12000);
    ck_assert_uint_eq(party_told(party, 'b', "moved: The room moved to a's computer."), 1);
    ck_assert_uint_eq(party_told(party, 'b', "state lost"), 0);
    ck_assert_uint_eq(party_told(party, 'b', "d left"), 0);
    ck_assert_uint_eq(party_told(party, 'b', "c left"), 1);
    ck_assert_uint_eq(party_served(party, 'b') + party_served(party, 'd'), 0);
}
END_TEST

START_TEST(hands_over_when_it_quits)
{
    gather("bac");
    party_quit(party, 'b');
    party_pass(party, 200);
    ALL_FOLLOW("ac", 'a');
    party_pass(party, 12000);
    ck_assert_uint_eq(party_served(party, 'c'), 0);
}
END_TEST

START_TEST(notices_silence)
{
    gather("bac");
    party_pull(party, 'b', true);
    party_pass(party, 11000);
    ALL_FOLLOW("ac", 'a');
    party_say(party, 'c', "still here");
    party_pass(party, 100);
    ck_assert_uint_eq(party_heard(party, 'a', "still here"), 1);
    party_pull(party, 'b', false);
    party_pass(party, 5000);
    ALL_FOLLOW("abc", 'a');
    ck_assert_uint_eq(party_heard(party, 'b', "still here"), 1);
}
END_TEST

START_TEST(passes_over_a_successor_that_is_dead)
{
    gather("cabd");
    party_pull(party, 'a', true);
    party_kill(party, 'c');
    party_pass(party, 2500);
    ALL_FOLLOW("bd", 'b');
    party_pull(party, 'a', false);
    party_pass(party, 12000);
    ALL_FOLLOW("abd", 'a');
}
END_TEST

START_TEST(gives_over_to_a_relay_program)
{
    gather("bac");
    party_say(party, 'c', "before");
    party_pass(party, 100);
    party_start_relay(party, 'h');
    party_pass(party, 1000);
    ALL_FOLLOW("abc", 'h');
    party_say(party, 'c', "after");
    party_pass(party, 2500);
    ck_assert_uint_eq(party_heard(party, 'a', "after"), 1);
    ck_assert_uint_eq(party_heard(party, 'a', "before"), 1);
    ck_assert_uint_eq(party_told(party, 'a', "moved: The room moved to the relay."), 1);
    ck_assert_uint_eq(party_told(party, 'a', "state lost"), 0);
}
END_TEST

START_TEST(returns_to_a_relay_program_that_was_away)
{
    party_start_relay(party, 'h');
    party_start(party, 'b');
    party_start(party, 'a');
    party_pass(party, 1000);
    ALL_FOLLOW("ab", 'h');
    party_kill(party, 'h');
    party_set_deaf(party, true);
    party_pass(party, 1500);
    ALL_FOLLOW("ab", 'a');
    party_start_relay(party, 'h');
    party_pass(party, 3000);
    ALL_FOLLOW("ab", 'h');
}
END_TEST

START_TEST(a_liar_does_not_keep_the_place_moving)
{
    gather("bcd");
    party_start_liar(party, 'a');
    party_pass(party, 60000);
    unsigned served =
        party_served(party, 'b') + party_served(party, 'c') + party_served(party, 'd');
    ck_assert_uint_le(served, 7);
    party_say(party, 'd', "undisturbed");
    party_pass(party, 5000);
    ck_assert_uint_eq(party_heard(party, 'c', "undisturbed"), 1);
    ck_assert_uint_eq(party_heard(party, 'b', "undisturbed"), 1);
    party_pass(party, 300000);
    served = party_served(party, 'b') + party_served(party, 'c') + party_served(party, 'd');
    ck_assert_uint_le(served, 16);
}
END_TEST

/* One that makes itself a new key for each lie. */
START_TEST(many_liars_do_not_keep_the_place_moving)
{
    gather("gh");
    unsigned before = party_served(party, 'g') + party_served(party, 'h');
    for (char who = 'f'; who >= 'a'; who--) {
        party_start_liar(party, who);
        party_pass(party, 20000);
    }
    unsigned served = party_served(party, 'g') + party_served(party, 'h') - before;
    ck_assert_uint_le(served, 6);
    party_pass(party, 5000);
    party_say(party, 'h', "undisturbed");
    party_pass(party, 200);
    ck_assert_uint_eq(party_heard(party, 'g', "undisturbed"), 1);
    party_pass(party, 300000);
    served = party_served(party, 'g') + party_served(party, 'h') - before;
    ck_assert_uint_le(served, 8);
}
END_TEST

START_TEST(another_network_is_another_place)
{
    gather("ab");
    party_carry_to(party, 'a', 2);
    party_pass(party, 3000);
    ck_assert(party_serves(party, 'a'));
    party_pass(party, 8000); /* nobody could tell b */
    ck_assert(party_serves(party, 'b'));
    ck_assert_int_eq(session_place(party_session(party, 'a'))[0], 2);
    ck_assert_int_eq(session_place(party_session(party, 'b'))[0], 1);
    party_carry_to(party, 'a', 1);
    party_pass(party, 4000);
    ALL_FOLLOW("ab", 'b');
    ck_assert_int_eq(session_place(party_session(party, 'a'))[0], 1);
}
END_TEST

START_TEST(stays_through_a_bounce_of_the_interface)
{
    gather("ab");
    party_carry_to(party, 'a', 0);
    party_pass(party, 1000);
    party_carry_to(party, 'a', 1);
    party_pass(party, 5000);
    ALL_FOLLOW("ab", 'a');
    ck_assert_uint_eq(party_served(party, 'a'), 1);
    ck_assert_uint_eq(party_served(party, 'b'), 0);
}
END_TEST

START_TEST(serves_nothing_without_a_network)
{
    gather("a");
    party_carry_to(party, 'a', 0);
    party_pass(party, 15000);
    ck_assert(!party_serves(party, 'a'));
    ck_assert_int_eq(session_state(party_session(party, 'a')), SESSION_SEARCHING);
    party_say(party, 'a', "waits");
    party_pass(party, 5000);
    ck_assert_uint_eq(party_sent(party, 'a', "waits"), 0);
    party_carry_to(party, 'a', 1);
    party_pass(party, 3000);
    ck_assert(party_serves(party, 'a'));
    ck_assert_uint_eq(party_sent(party, 'a', "waits"), 1);
}
END_TEST

START_TEST(a_network_that_comes_back_is_tried_at_once)
{
    gather("ab");
    party_set_deaf(party, true);
    party_remember(party, 'c', 'a');
    party_start(party, 'c');
    party_pass(party, 3000);
    ALL_FOLLOW("abc", 'a');
    party_carry_to(party, 'c', 0);
    party_pass(party, 60000);
    party_carry_to(party, 'c', 1);
    party_pass(party, 500);
    ALL_FOLLOW("abc", 'a');
}
END_TEST

START_TEST(a_member_that_slept_is_back_soon)
{
    gather("abc");
    party_sleep(party, 'c', true);
    party_say(party, 'b', "good night");
    party_pass(party, 60000);
    party_sleep(party, 'c', false);
    party_pass(party, 3000);
    ALL_FOLLOW("abc", 'a');
    ck_assert_uint_eq(party_heard(party, 'c', "good night"), 1);
    ck_assert_uint_eq(party_served(party, 'c'), 0);
}
END_TEST

START_TEST(one_that_slept_while_it_served_merges)
{
    gather("bac");
    party_sleep(party, 'b', true);
    party_pass(party, 60000);
    ALL_FOLLOW("ac", 'a');
    party_say(party, 'a', "good night");
    party_sleep(party, 'b', false);
    party_pass(party, 4000);
    ALL_FOLLOW("abc", 'a');
    ck_assert_uint_eq(party_heard(party, 'b', "good night"), 1);
}
END_TEST

START_TEST(offers_to_connect_when_it_cannot_serve)
{
    party_set_unable(party, 'a', true);
    party_start(party, 'a');
    party_pass(party, 3500);
    ck_assert_uint_eq(party_told(party, 'a', "wants connect"), 1);
    party_set_unable(party, 'a', false);
    party_pass(party, 6000);
    ALL_FOLLOW("a", 'a');
}
END_TEST

START_TEST(tells_a_loss_only_when_it_lasts)
{
    party_start_relay(party, 'h');
    party_set_unable(party, 'a', true);
    party_start(party, 'a');
    party_pass(party, 1000);
    party_kill(party, 'h');
    party_pass(party, 1900);
    ck_assert_uint_eq(party_told(party, 'a', "state lost"), 0);
    party_pass(party, 200);
    ck_assert_uint_eq(party_told(party, 'a', "state lost"), 1);
    party_start_relay(party, 'h');
    party_pass(party, 2000);
    ALL_FOLLOW("a", 'h');
}
END_TEST

START_TEST(two_halves_go_on_and_merge)
{
    gather("badce");
    party_split(party, "ce", 1);
    party_pass(party, 16000);
    ALL_FOLLOW("abd", 'b');
    ALL_FOLLOW("ce", 'c');
    party_say(party, 'a', "this half");
    party_say(party, 'e', "that half");
    party_pass(party, 200);
    ck_assert_uint_eq(party_heard(party, 'd', "this half"), 1);
    ck_assert_uint_eq(party_heard(party, 'c', "that half"), 1);
    party_split(party, "ce", 0);
    party_pass(party, 5000);
    ALL_FOLLOW("abcde", 'b');
}
END_TEST

/* The hub's log has it, and the machine is gone before the session could read it there. */
START_TEST(files_what_its_hub_stored_before_a_crash)
{
    gather("ab");
    uint64_t head = log_head(session_log(party_session(party, 'a')));
    party_whisper(party, 'b', 'a', "barely");
    while (log_head(session_log(party_session(party, 'a'))) == head)
        party_pass(party, 1);
    ck_assert_uint_eq(party_kept_with(party, 'a', 'b', "barely"), 0);
    party_kill(party, 'a');
    party_kill(party, 'b');
    party_start(party, 'a');
    party_pass(party, 2000);
    ck_assert_uint_eq(party_kept_with(party, 'a', 'b', "barely"), 1);
}
END_TEST

START_TEST(keeps_history_in_order_when_it_serves_and_follows)
{
    gather("bac");
    party_say(party, 'a', "one");
    party_pass(party, 100);
    party_kill(party, 'b');
    party_say(party, 'c', "two");
    party_pass(party, 3000);
    ALL_FOLLOW("ac", 'a');
    party_start_relay(party, 'h');
    party_pass(party, 1000);
    party_say(party, 'c', "three");
    party_pass(party, 100);
    ALL_FOLLOW("ac", 'h');
    for (const char *who = "ac"; *who; who++) {
        ck_assert_uint_eq(party_kept(party, *who, "one"), 1);
        ck_assert_uint_eq(party_kept(party, *who, "two"), 1);
        ck_assert_uint_eq(party_kept(party, *who, "three"), 1);
    }
}
END_TEST

START_TEST(does_not_wait_for_all_that_it_remembers)
{
    for (char who = 'c'; who <= 'f'; who++) {
        party_start_liar(party, who);
        party_remember(party, 'a', who);
        party_pull(party, who, true);
    }
    party_start(party, 'a');
    party_pass(party, 2300);
    ALL_FOLLOW("a", 'a');
}
END_TEST

START_TEST(a_full_disk_is_not_the_fault_of_the_relay)
{
    party_start_relay(party, 'h');
    party_start(party, 'a');
    party_start(party, 'b');
    party_pass(party, 1000);
    log_set_size_limit(session_log(party_session(party, 'a')), 1);
    g_autofree char *text = g_strnfill(12000, 'x');
    for (unsigned i = 0; i < 60; i++) {
        party_say(party, 'b', text);
        party_pass(party, 1000);
    }
    ck_assert_uint_ge(party_told(party, 'a', "notice disk-full"), 2);
    ck_assert_uint_eq(party_served(party, 'a'), 0);
    log_set_size_limit(session_log(party_session(party, 'a')), 1024 * 1024 * 1024);
    party_pass(party, 7000);
    ALL_FOLLOW("ab", 'h');
    ck_assert_uint_eq(party_kept(party, 'a', text), 60);
}
END_TEST

/* The hub stored it, and then there is no room to file what it says. */
START_TEST(what_a_full_disk_did_not_file_is_filed_later)
{
    gather("ab");
    g_autofree char *text = g_strnfill(12000, 'x');
    party_whisper(party, 'a', 'b', text);
    party_pass(party, 2);
    log_set_size_limit(session_log(party_session(party, 'a')), 1);
    party_pass(party, 60000);
    ck_assert_uint_ge(party_told(party, 'a', "notice disk-full"), 2);
    ck_assert_uint_eq(party_sent(party, 'a', text), 0);
    log_set_size_limit(session_log(party_session(party, 'a')), 1024 * 1024 * 1024);
    party_pass(party, 60000);
    ck_assert_uint_eq(party_sent(party, 'a', text), 1);
    ck_assert_uint_eq(party_kept_with(party, 'a', 'b', text), 1);
    ck_assert_uint_eq(party_kept_with(party, 'b', 'a', text), 1);
}
END_TEST

START_TEST(goes_where_the_person_typed_while_it_serves)
{
    gather("ab");
    party_start_relay(party, 'g');
    party_set_deaf(party, true);
    party_type(party, 'a', 'g');
    party_pass(party, 1000);
    ALL_FOLLOW("a", 'g');
    ck_assert(!party_serves(party, 'a'));
}
END_TEST

START_TEST(sends_once_across_three_moves)
{
    gather("dabc");
    for (unsigned i = 0; i < 3; i++) {
        static const char *const texts[] = {"one", "two", "three"};
        party_say(party, 'c', texts[i]);
        party_kill(party, "dab"[i]);
        party_pass(party, 1500);
    }
    for (unsigned i = 0; i < 3; i++)
        ck_assert_uint_eq(party_sent(party, 'c', ((const char *[]){"one", "two", "three"})[i]), 1);
    ck_assert_uint_eq(party_heard(party, 'a', "one"), 1);
    ck_assert_uint_eq(party_heard(party, 'b', "two"), 1);
    ALL_FOLLOW("c", 'c');
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {serves_when_alone,
                                  two_that_start_together_merge,
                                  the_next_in_line_serves_when_the_first_is_killed,
                                  hands_over_when_it_quits,
                                  notices_silence,
                                  passes_over_a_successor_that_is_dead,
                                  gives_over_to_a_relay_program,
                                  returns_to_a_relay_program_that_was_away,
                                  a_liar_does_not_keep_the_place_moving,
                                  many_liars_do_not_keep_the_place_moving,
                                  another_network_is_another_place,
                                  stays_through_a_bounce_of_the_interface,
                                  serves_nothing_without_a_network,
                                  a_network_that_comes_back_is_tried_at_once,
                                  a_member_that_slept_is_back_soon,
                                  one_that_slept_while_it_served_merges,
                                  offers_to_connect_when_it_cannot_serve,
                                  tells_a_loss_only_when_it_lasts,
                                  a_full_disk_is_not_the_fault_of_the_relay,
                                  what_a_full_disk_did_not_file_is_filed_later,
                                  does_not_wait_for_all_that_it_remembers,
                                  two_halves_go_on_and_merge,
                                  files_what_its_hub_stored_before_a_crash,
                                  keeps_history_in_order_when_it_serves_and_follows,
                                  goes_where_the_person_typed_while_it_serves,
                                  sends_once_across_three_moves};
    Suite *suite = suite_create("serving");
    TCase *tcase = tcase_create("places");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
