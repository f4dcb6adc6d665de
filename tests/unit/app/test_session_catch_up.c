/* A session and relays that do not hold the same: offering, comparing, filling holes. */
#include "tests/unit/app/session_play.h"

/* The link breaks, and another relay, whose log was never met, is found. */
#define ELSEWHERE                                                                                  \
    {PASS, NULL, 1000}, {CUT}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},                         \
        {READS, "> hello place one, holds 2"},                                                     \
    {                                                                                              \
        WELCOME, "log2"                                                                            \
    }

START_TEST(offers_a_relay_what_it_was_not_told)
{
    PLAY(JOIN, {EVENT, "now", .who = 'b'}, {DELIVER, NULL, 102}, {READS, "message Ben: now"},
         ELSEWHERE, {ROSTER, "b"}, {AT, NULL, 1}, {PAGE}, {READS, "joined"},
         {READS, "> heads 2 of 2"}, {WANT, NULL, 202, .who = 'b'}, {READS, "> give 1"},
         {WANT, NULL, 309, .who = 'b'}, {READS, "> give 0"}, {SETTLED, NULL, 2}, {QUIET},
         {PASS, NULL, 1000}, {CUT}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 0"}, {WELCOME, "log2"}, {ROSTER, "b"}, {PAGE},
         {READS, "joined"}, {QUIET});
}
END_TEST

START_TEST(offers_only_what_came_since)
{
    PLAY(JOIN, {EVENT, "now", .who = 'b'}, {DELIVER, NULL, 102}, {READS, "message Ben: now"},
         {PASS, NULL, 1000}, {CUT}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 2"}, {WELCOME}, {ROSTER, "b"},
         {EVENT, "missed", .who = 'b'}, {PAGE, NULL, 203}, {READS, "message Ben: missed"},
         {READS, "joined"}, {QUIET});
}
END_TEST

/* What was settled was not there any more when the relay was put back. */
START_TEST(forgets_what_a_relay_held_that_was_put_back)
{
    PLAY(JOIN, {EVENT, "now", .who = 'b'}, {DELIVER, NULL, 102}, {READS, "message Ben: now"},
         {PASS, NULL, 1000}, {CUT}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 2"}, {WELCOME, "restored"}, {ROSTER, "b"}, {AT, NULL, 1},
         {PAGE}, {READS, "joined"}, {READS, "> heads 2 of 2"}, {SETTLED, NULL, 2}, {QUIET});
}
END_TEST

/* The relay may be put back and go on; what it then has at a position that held a direct, of this
 * member or of others, must not be taken for that. */
START_TEST(counts_on_no_more_than_what_it_read)
{
    PLAY(JOIN, {EVENT, "now", .who = 'b'}, {DELIVER, NULL, 102}, {READS, "message Ben: now"},
         {EVENT, "psst", .who = 'b', .to = 'a'}, {DELIVER, NULL, 203},
         {READS, "message to me by Ben: psst"}, {DELIVER, NULL, 304}, {PASS, NULL, 1000}, {CUT},
         {PASS, NULL, 100}, {READS, "dial 1"}, {UP}, {READS, "> hello place one, holds 3"});
}
END_TEST

START_TEST(old_deliveries_are_history)
{
    PLAY(JOIN, {EVENT, "now", .who = 'b'}, {DELIVER, NULL, 102}, {READS, "message Ben: now"},
         {AGE, NULL, 299000}, {EVENT, "soon", .who = 'b'}, {DELIVER, NULL, 203},
         {READS, "message Ben: soon"}, {AGE, NULL, 301000}, {EVENT, "old", .who = 'b'},
         {DELIVER, NULL, 304}, {READS, "old Ben: old"});
}
END_TEST

/* --- large holes --- */

/* Cleo said much at this relay. */
static void read_much(void)
{
    PLAY(JOIN, {AT, NULL, 2}, {NAME, "Cleo", .who = 'c'});
    for (unsigned i = 0; i < 700; i++)
        PLAY({EVENT, "much", .who = 'c'});
    PLAY({DELIVER, NULL, -10702});
    play_skip();
}

/* Then another, which has 1300 positions, shows its newest page. */
static void find_much(void)
{
    read_much();
    PLAY({PASS, NULL, 1000}, {CUT}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 702"}, {WELCOME, "log2"}, {ROSTER, "b"},
         {AT, NULL, 1300}, {EVENT, "newest", .who = 'c'}, {PAGE, NULL, -12991300},
         {READS, "message Cleo: newest"}, {READS, "joined"}, {READS, "> heads 2 of 703"},
         {READS, "> ask"}, {QUIET});
}

START_TEST(reads_only_what_is_private_when_it_holds_the_rest)
{
    find_much();
    PLAY({HEADS, NULL, 1300, .who = 'c'}, {READS, "> settled 1300"},
         {READS, "> fetch 0..1300 private"}, {ANSWER, NULL, -1299}, {READS, "> heads 2 of 703"},
         {QUIET});
}
END_TEST

START_TEST(wants_what_is_missing_by_feeds)
{
    find_much();
    PLAY({EVENT, "x", .who = 'c'}, {EVENT, "y", .who = 'c'}, {HEADS, NULL, 1300, .who = 'c'},
         {READS, "> want 703..704"}, {GIVE}, {READS, "message Cleo: y"}, {READS, "message Cleo: x"},
         {READS, "> settled 1300"}, {READS, "> fetch 0..1300 private"}, {ANSWER, NULL, -1299},
         {READS, "> heads 2 of 705"}, {QUIET});
}
END_TEST

START_TEST(fetches_as_it_is_when_most_is_missing)
{
    find_much();
    PLAY({HEADS, NULL, 9001300, .who = 'c'}, {READS, "> fetch 0..1300"}, {QUIET});
}
END_TEST

START_TEST(fetches_as_it_is_when_it_is_told_nothing)
{
    find_much();
    for (unsigned i = 0; i < 7; i++) {
        PLAY({PASS, NULL, 2100}, {PONG});
        play_skip();
    }
    PLAY({PASS, NULL, 400}, {READS, "> fetch 0..1300"});
}
END_TEST

START_TEST(waits_while_more_is_gathered)
{
    read_much();
    PLAY({DELIVER, NULL, -13001300}, {QUIET}, {PASS, NULL, 400}, {DELIVER, NULL, -14001400},
         {QUIET}, {PASS, NULL, 499}, {QUIET}, {AT, NULL, 1401}, {EVENT, "now", .who = 'b'},
         {DELIVER, NULL, -14001401}, {READS, "message Ben: now"}, {QUIET}, {PASS, NULL, 2},
         {READS, "> ask"}, {HEADS, NULL, 1401, .who = 'c'}, {READS, "> settled 1401"},
         {READS, "> fetch 702..1401 private"}, {ANSWER, NULL, -7021400}, {QUIET});
}
END_TEST

START_TEST(looks_for_what_it_was_told_of)
{
    read_much();
    PLAY({DELIVER, NULL, -8000800}, {PASS, NULL, 501}, {READS, "> fetch 702..801"},
         {ANSWER, NULL, -7020800}, {QUIET});
}
END_TEST

START_TEST(leaves_a_relay_that_gives_what_was_not_asked_for)
{
    PLAY(JOIN, {EVENT, "x", .who = 'b'}, {GIVE}, {READS, "hang up"});
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {offers_a_relay_what_it_was_not_told,
                                  offers_only_what_came_since,
                                  counts_on_no_more_than_what_it_read,
                                  forgets_what_a_relay_held_that_was_put_back,
                                  old_deliveries_are_history,
                                  reads_only_what_is_private_when_it_holds_the_rest,
                                  wants_what_is_missing_by_feeds,
                                  fetches_as_it_is_when_most_is_missing,
                                  fetches_as_it_is_when_it_is_told_nothing,
                                  looks_for_what_it_was_told_of,
                                  waits_while_more_is_gathered,
                                  leaves_a_relay_that_gives_what_was_not_asked_for};
    return play_suite("session catch up", tests, G_N_ELEMENTS(tests));
}
