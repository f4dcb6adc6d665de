/* Choosing, joining and losing, as tables. */
#include "tests/unit/app/session_play.h"

/* --- choosing --- */

START_TEST(waits_a_moment_for_better_ones)
{
    PLAY({FIND, "app", 1}, {READS, "state joining"}, {QUIET}, {FIND, "relay", 2}, {PASS, NULL, 200},
         {QUIET}, {PASS, NULL, 100}, {READS, "dial 2"}, {QUIET});
}
END_TEST

START_TEST(dials_at_once_when_the_network_has_answered)
{
    PLAY({FIND, "app", 1}, {FIND, "relay", 2}, {SETTLE}, {READS, "state joining"},
         {READS, "dial 2"});
}
END_TEST

START_TEST(dials_at_once_what_it_knows)
{
    PLAY({FIND, "relay here", 1}, {READS, "state joining"}, {READS, "dial 1"});
}
END_TEST

START_TEST(prefers_what_was_typed)
{
    PLAY({SETTLE}, {FIND, "relay here", 1}, {READS, "state joining"}, {READS, "dial 1"},
         {FIND, "typed", 2}, {READS, "hang up"}, {READS, "dial 2"}, {FAIL},
         {READS, "state joining"}, {PASS, NULL, 100}, {QUIET}, {PASS, NULL, 400},
         {READS, "dial 2"});
}
END_TEST

START_TEST(tries_others_before_trying_again)
{
    PLAY({SETTLE}, {FIND, "relay here", 1}, {FIND, "relay place2", 2}, {READS, "state joining"},
         {READS, "dial 1"}, {FAIL}, {READS, "state joining"}, {READS, "dial 2"}, {FAIL}, {QUIET},
         {PASS, NULL, 400}, {READS, "dial 1"});
}
END_TEST

/* However the rule would have it, and also when the other one was found first. */
START_TEST(a_place_chosen_earlier_comes_first)
{
    PLAY({FIND, "relay", 1}, {FIND, "place2 chosen", 2}, {READS, "state joining"},
         {READS, "dial 2"}, {SETTLE}, {QUIET}, {FAIL}, {READS, "state joining"}, {READS, "dial 1"});
}
END_TEST

START_TEST(a_place_chosen_earlier_is_dialled_instead)
{
    PLAY({FIND, "relay here", 1}, {READS, "state joining"}, {READS, "dial 1"},
         {FIND, "place2 chosen", 2}, {READS, "hang up"}, {READS, "dial 2"});
}
END_TEST

START_TEST(gives_up_a_dial_that_hangs_when_there_are_others)
{
    PLAY({SETTLE}, {FIND, "relay here", 1}, {FIND, "relay", 2}, {PASS, NULL, 1400},
         {READS, "state joining"}, {READS, "dial 1"}, {QUIET}, {PASS, NULL, 200},
         {READS, "hang up"}, {READS, "dial 2"});
}
END_TEST

START_TEST(backs_off_and_comes_at_once_when_it_is_seen_again)
{
    PLAY({SETTLE}, {FIND, "relay remembered", 1}, {READS, "state joining"}, {READS, "dial 1"},
         {FAIL}, {READS, "state joining"}, {PASS, NULL, 400}, {READS, "dial 1"}, {FAIL},
         {PASS, NULL, 200}, {QUIET}, {FIND, "relay", 1}, {READS, "dial 1"});
}
END_TEST

START_TEST(dials_again_when_a_fresh_address_comes)
{
    PLAY({FIND, "relay remembered here", 1}, {READS, "state joining"}, {READS, "dial 1"},
         {PASS, NULL, 300}, {QUIET}, {FIND, "relay here", 1}, {READS, "hang up"}, {READS, "dial 1"},
         {QUIET});
}
END_TEST

START_TEST(gives_up_a_dial_that_nobody_answers)
{
    PLAY({FIND, "relay here", 1}, {READS, "state joining"}, {READS, "dial 1"}, {PASS, NULL, 14900},
         {QUIET}, {PASS, NULL, 200}, {READS, "hang up"}, {READS, "state joining"},
         {PASS, NULL, 500}, {READS, "dial 1"});
}
END_TEST

START_TEST(offers_to_connect_when_nothing_is_found)
{
    PLAY({SETTLE}, {PASS, NULL, 2900}, {QUIET}, {PASS, NULL, 200}, {READS, "wants connect"},
         {PASS, NULL, 10000}, {QUIET}, {FIND, "relay", 1}, {READS, "state joining"},
         {READS, "dial 1"});
}
END_TEST

START_TEST(refuses_another_key)
{
    PLAY({SETTLE}, {FIND, "relay key", 1}, {UP, .who = 'c'}, {READS, "state joining"},
         {READS, "dial 1"}, {READS, "hang up"}, {READS, "state joining"});
}
END_TEST

START_TEST(refuses_itself)
{
    PLAY({SETTLE}, {FIND, "relay", 1}, {UP, .who = 'a'}, {READS, "state joining"},
         {READS, "dial 1"}, {READS, "hang up"}, {READS, "state joining"}, {PASS, NULL, 10000},
         {QUIET});
}
END_TEST

START_TEST(refuses_another_place_than_was_announced)
{
    PLAY({FIND, "relay here", 1}, {UP}, {WELCOME, "place2"}, {READS, "state joining"},
         {READS, "dial 1"}, {READS, "> hello place one, holds 0"}, {READS, "hang up"});
}
END_TEST

START_TEST(leaves_for_what_the_person_chooses)
{
    PLAY(JOIN, {FIND, "typed", 2}, {QUIET}, {CHOOSE, NULL, 2}, {READS, "> goodbye"},
         {READS, "hang up"}, {READS, "state joining"}, {READS, "dial 2"}, {UP},
         {READS, "> hello any, holds 1"}, {WELCOME, "place2"}, {READS, "place"});
}
END_TEST

/* --- joining and losing --- */

START_TEST(joins)
{
    PLAY(JOIN, {QUIET});
}
END_TEST

START_TEST(does_not_wait_forever_for_a_welcome)
{
    PLAY({FIND, "relay here", 1}, {UP}, {READS, "state joining"}, {READS, "dial 1"},
         {READS, "> hello place one, holds 0"}, {PASS, NULL, 6100}, {READS, "hang up"});
}
END_TEST

START_TEST(returns_quickly_to_a_relay_that_was_restarted)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {CUT}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 1"}, {WELCOME}, {ROSTER, "b named Ben"},
         {PAGE, NULL, 101}, {READS, "joined"}, {QUIET});
}
END_TEST

/* What is known of the log of r says nothing of that of c, whatever id c claims for it. */
START_TEST(believes_nobody_about_anothers_log)
{
    PLAY(JOIN, {FIND, "relay here", 2}, {CHOOSE, NULL, 2}, {READS, "> goodbye"}, {READS, "hang up"},
         {READS, "state joining"}, {READS, "dial 2"}, {UP, .who = 'c'},
         {READS, "> hello place one, holds 0"}, {WELCOME}, {ROSTER, "b named Ben"}, {PAGE, NULL, 9},
         {READS, "state joined"});
}
END_TEST

START_TEST(backs_off_from_one_that_throws_it_out)
{
    PLAY(JOIN, {CUT}, {PASS, NULL, 100}, {QUIET}, {PASS, NULL, 300}, {READS, "dial 1"});
}
END_TEST

START_TEST(does_not_go_elsewhere_when_its_place_restarts)
{
    PLAY(JOIN, {SETTLE}, {FIND, "relay place2", 2}, {PASS, NULL, 1000}, {CUT}, {GONE, NULL, 1},
         {PASS, NULL, 1900}, {READS, "dial 1"}, {READS, "hang up"}, {QUIET},
         {FIND, "relay here", 1}, {READS, "dial 1"});
}
END_TEST

START_TEST(goes_elsewhere_when_its_place_is_gone)
{
    PLAY(JOIN, {SETTLE}, {FIND, "relay place2", 2}, {PASS, NULL, 1000}, {CUT}, {GONE, NULL, 1},
         {PASS, NULL, 16000}, {READS, "dial 1"}, {READS, "hang up"}, {READS, "state lost"},
         {READS, "dial 2"});
}
END_TEST

START_TEST(notices_a_dead_relay)
{
    PLAY(JOIN, {PASS, NULL, 2000}, {READS, "> ping 1"}, {PASS, NULL, 2000}, {READS, "> ping 1"},
         {PONG}, {PASS, NULL, 5900}, {READS, "> ping 1"}, {READS, "> ping 1"}, {QUIET},
         {PASS, NULL, 200}, {READS, "hang up"}, {READS, "dial 1"});
}
END_TEST

START_TEST(obeys_a_goodbye)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {PART, NULL, WIRE__PARTING__REPLACED},
         {READS, "notice replaced"}, {READS, "hang up"}, {READS, "state lost"}, {PASS, NULL, 14000},
         {QUIET}, {PASS, NULL, 2000}, {READS, "dial 1"});
}
END_TEST

START_TEST(hangs_up_on_junk)
{
    PLAY(JOIN, {JUNK}, {READS, "hang up"}, {QUIET}, );
}
END_TEST

START_TEST(says_goodbye)
{
    PLAY(JOIN, {LEAVE}, {READS, "> goodbye"}, {READS, "hang up"}, {READS, "state searching"},
         {PASS, NULL, 20000}, {QUIET});
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {waits_a_moment_for_better_ones,
                                  dials_at_once_when_the_network_has_answered,
                                  dials_at_once_what_it_knows,
                                  prefers_what_was_typed,
                                  tries_others_before_trying_again,
                                  a_place_chosen_earlier_comes_first,
                                  a_place_chosen_earlier_is_dialled_instead,
                                  gives_up_a_dial_that_hangs_when_there_are_others,
                                  backs_off_and_comes_at_once_when_it_is_seen_again,
                                  dials_again_when_a_fresh_address_comes,
                                  gives_up_a_dial_that_nobody_answers,
                                  offers_to_connect_when_nothing_is_found,
                                  refuses_another_key,
                                  refuses_itself,
                                  refuses_another_place_than_was_announced,
                                  leaves_for_what_the_person_chooses,
                                  joins,
                                  does_not_wait_forever_for_a_welcome,
                                  returns_quickly_to_a_relay_that_was_restarted,
                                  believes_nobody_about_anothers_log,
                                  backs_off_from_one_that_throws_it_out,
                                  does_not_go_elsewhere_when_its_place_restarts,
                                  goes_elsewhere_when_its_place_is_gone,
                                  notices_a_dead_relay,
                                  obeys_a_goodbye,
                                  hangs_up_on_junk,
                                  says_goodbye};
    return play_suite("session", tests, G_N_ELEMENTS(tests));
}
