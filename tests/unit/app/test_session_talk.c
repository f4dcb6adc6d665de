/* Reading, people and saying, as tables. */
#include "tests/unit/app/session_play.h"

#define SAY_1(text)                                                                                \
    {SAY, text},                                                                                   \
    {                                                                                              \
        READS, "queued " text                                                                      \
    }
#define SAY_4(text) SAY_1(text), SAY_1(text), SAY_1(text), SAY_1(text)
#define SUBMITS_1(seq, text)                                                                       \
    {                                                                                              \
        READS, "> submit " #seq " " text                                                           \
    }
#define SUBMITS_4(s1, s2, s3, s4, text)                                                            \
    SUBMITS_1(s1, text), SUBMITS_1(s2, text), SUBMITS_1(s3, text), SUBMITS_1(s4, text)

/* --- reading --- */

START_TEST(shows_history_and_news)
{
    PLAY(JOINING, {EVENT, "long ago", .who = 'b'}, {ROSTER, "b named Ben"}, {PAGE, NULL, 1},
         {READS, "state joining"}, {READS, "dial 1"}, {READS, "> hello place one, holds 0"},
         {READS, "place"}, {READS, "Ben known"}, {READS, "old Ben: long ago"},
         {READS, "state joined"}, {READS, "joined"}, {READS, "> submit 1 name Me"},
         {EVENT, "now", .who = 'b'}, {DELIVER, NULL, 102}, {READS, "message Ben: now"}, {QUIET});
}
END_TEST

START_TEST(shows_what_came_twice_once)
{
    PLAY(JOIN, {EVENT, "now", .who = 'b'}, {DELIVER, NULL, 102}, {READS, "message Ben: now"},
         {PASS, NULL, 1000}, {CUT}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 2"}, {WELCOME, "log2"}, {ROSTER, "b"},
         {EVENT, "later", .who = 'b'}, {PAGE, NULL, 3}, {READS, "message Ben: later"},
         {READS, "joined"}, {READS, "> heads 2 of 3"}, {QUIET});
}
END_TEST

START_TEST(fetches_what_is_missing_newest_first)
{
    PLAY(JOINING, {ROSTER, "b named Ben"}, {AT, NULL, 40}, {EVENT, "newest", .who = 'b'},
         {PAGE, NULL, 3940}, {READS, "state joining"}, {READS, "dial 1"},
         {READS, "> hello place one, holds 0"}, {READS, "place"}, {READS, "Ben known"},
         {READS, "old Ben: newest"}, {READS, "state joined"}, {READS, "joined"},
         {READS, "> submit 1 name Me"}, {READS, "> fetch 0..40"}, {OLDER}, {QUIET}, {AT, NULL, 20},
         {EVENT, "older", .who = 'b'}, {ANSWER, NULL, 1939}, {READS, "> fetch 0..20"},
         {READS, "old Ben: older"}, {READS, "history"}, {ANSWER, NULL, 19}, {QUIET}, {OLDER},
         {READS, "history"});
}
END_TEST

START_TEST(does_not_ask_again_what_is_not_answered)
{
    PLAY(JOINING, {ROSTER, "b named Ben"}, {AT, NULL, 40}, {EVENT, "newest", .who = 'b'},
         {PAGE, NULL, 3940}, {READS, "state joining"}, {READS, "dial 1"},
         {READS, "> hello place one, holds 0"}, {READS, "place"}, {READS, "Ben known"},
         {READS, "old Ben: newest"}, {READS, "state joined"}, {READS, "joined"},
         {READS, "> submit 1 name Me"}, {READS, "> fetch 0..40"}, {ANSWER, NULL, 1010}, {QUIET});
}
END_TEST

START_TEST(fetches_what_a_delivery_left_out)
{
    PLAY(JOIN, {AT, NULL, 5}, {EVENT, "far", .who = 'b'}, {DELIVER, NULL, 405},
         {READS, "> fetch 1..5"}, {READS, "message Ben: far"}, {AT, NULL, 3},
         {EVENT, "near", .who = 'b'}, {ANSWER, NULL, 104}, {READS, "message Ben: near"}, {QUIET});
}
END_TEST

START_TEST(leaves_out_what_is_forged)
{
    PLAY(JOIN, {EVENT, "forged", .who = 'b'}, {DAMAGE}, {EVENT, "true", .who = 'c'},
         {DELIVER, NULL, 103}, {READS, "notice bad-event"}, {READS, "message dadbd184: true"},
         {QUIET});
}
END_TEST

START_TEST(opens_directs)
{
    PLAY(JOIN, {EVENT, "psst", .who = 'b', .to = 'a'}, {DELIVER, NULL, 102},
         {READS, "message to me by Ben: psst"}, {QUIET});
}
END_TEST

/* --- people --- */

START_TEST(tells_who_comes_and_goes)
{
    PLAY(JOIN, {ROSTER, "c named Cleo"}, {READS, "Cleo joined"}, {ROSTER, "c away"},
         {READS, "Cleo away"}, {ROSTER, "c"}, {READS, "Cleo back"}, {ROSTER, "c gone"},
         {READS, "Cleo left"}, {ROSTER, "b named Benedict"}, {READS, "Benedict renamed"}, {QUIET});
}
END_TEST

START_TEST(tells_names_apart_that_look_alike)
{
    PLAY(JOIN, {ROSTER, "c named ben"}, {READS, "Ben (6b79) known"}, {READS, "ben (dadb) joined"},
         {QUIET});
}
END_TEST

START_TEST(gives_others_time_to_return_to_a_relay)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {CUT}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 1"}, {WELCOME}, {ROSTER, "b gone"}, {PAGE, NULL, 101},
         {READS, "joined"}, {ROSTER, "b"}, {PASS, NULL, 1900}, {QUIET});
}
END_TEST

START_TEST(tells_who_did_not_return_to_a_relay)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {CUT}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 1"}, {WELCOME}, {ROSTER, "b gone"}, {PAGE, NULL, 101},
         {READS, "joined"}, {PASS, NULL, 5000}, {READS, "> ping 1"}, {READS, "> ping 1"}, {PONG},
         {PASS, NULL, 3500}, {READS, "> ping 1"}, {READS, "Ben left"});
}
END_TEST

START_TEST(tells_who_types)
{
    PLAY(JOIN, {TYPES, .who = 'b'}, {READS, "Ben types"}, {TYPES, .who = 'b'}, {QUIET},
         {EVENT, "done", .who = 'b'}, {DELIVER, NULL, 102}, {READS, "Ben ceases to type"},
         {READS, "message Ben: done"}, {TYPE}, {READS, "> typing"}, {TYPE}, {QUIET});
}
END_TEST

START_TEST(tells_that_it_is_away)
{
    PLAY(JOIN, {AWAY, NULL, 1}, {READS, "> away"}, {READS, "Me away"}, {PASS, NULL, 600}, {CUT},
         {PASS, NULL, 100}, {READS, "dial 1"}, {UP}, {READS, "> hello place one, holds 1"},
         {WELCOME}, {ROSTER, "b"}, {PAGE, NULL, 101}, {READS, "> away"}, {READS, "joined"},
         {AWAY, NULL, 0}, {READS, "> back"}, {READS, "Me back"});
}
END_TEST

/* --- saying --- */

START_TEST(says)
{
    PLAY(JOIN, {SAY, "hello"}, {READS, "queued hello"}, {READS, "> submit 2 hello"}, {QUIET},
         {TAKEN}, {READS, "sent hello"}, {QUIET});
}
END_TEST

START_TEST(says_later_what_is_said_too_early)
{
    PLAY({SAY, "early"}, {READS, "queued early"}, JOINING, {ROSTER, "b named Ben"}, {PAGE},
         {READS, "state joining"}, {READS, "dial 1"}, {READS, "> hello place one, holds 0"},
         {READS, "place"}, {READS, "Ben known"}, {READS, "state joined"}, {READS, "joined"},
         {READS, "> submit 1 name Me"}, {READS, "> submit 2 early"}, {TAKEN}, {TAKEN},
         {READS, "sent early"}, {QUIET});
}
END_TEST

START_TEST(keeps_the_order_said_while_it_catches_up)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {CUT}, SAY_4("a"), SAY_4("b"), SAY_4("c"), SAY_4("d"),
         {SAY, "e"}, {READS, "queued e"}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 1"}, {WELCOME}, {ROSTER, "b"}, {PAGE, NULL, 101},
         {SAY, "f"}, {READS, "joined"}, SUBMITS_4(2, 3, 4, 5, "a"), SUBMITS_4(6, 7, 8, 9, "b"),
         SUBMITS_4(10, 11, 12, 13, "c"), SUBMITS_4(14, 15, 16, 17, "d"), {READS, "queued f"},
         {TAKEN}, {READS, "sent a"}, {READS, "> submit 18 e"}, {TAKEN}, {READS, "sent a"},
         {READS, "> submit 19 f"});
}
END_TEST

START_TEST(takes_a_delivery_for_a_receipt)
{
    PLAY(JOIN, {SAY, "hello"}, {READS, "queued hello"}, {READS, "> submit 2 hello"}, {ECHO},
         {READS, "sent hello"}, {QUIET});
}
END_TEST

START_TEST(sends_the_same_again_after_a_loss)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {SAY, "hello"}, {READS, "queued hello"},
         {READS, "> submit 2 hello"}, {CUT}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 1"}, {WELCOME}, {ROSTER, "b"}, {PAGE, NULL, 101},
         {READS, "joined"}, {READS, "> submit 2 hello"}, {TAKEN}, {READS, "sent hello"}, {QUIET});
}
END_TEST

START_TEST(waits_when_it_is_too_fast)
{
    PLAY(JOIN, {SAY, "one"}, {SAY, "two"}, {READS, "queued one"}, {READS, "> submit 2 one"},
         {READS, "queued two"}, {READS, "> submit 3 two"}, {REFUSE, NULL, 300}, {REFUSE, NULL, 101},
         {PASS, NULL, 1900}, {QUIET}, {PASS, NULL, 200}, {READS, "> ping 1"},
         {READS, "> submit 2 one"}, {READS, "> submit 3 two"}, {TAKEN}, {READS, "sent one"},
         {TAKEN}, {READS, "sent two"}, {QUIET});
}
END_TEST

START_TEST(waits_when_the_relays_disk_is_full)
{
    PLAY(JOIN, {SAY, "one"}, {READS, "queued one"}, {READS, "> submit 2 one"}, {REFUSE, NULL, 800},
         {READS, "notice relay-disk"}, {PASS, NULL, 1900}, {QUIET}, {PASS, NULL, 200},
         {READS, "> ping 1"}, {READS, "> submit 2 one"}, {TAKEN}, {READS, "sent one"}, {QUIET});
}
END_TEST

START_TEST(tells_what_is_refused)
{
    PLAY(JOIN, {SAY, "one"}, {SAY, "two"}, {READS, "queued one"}, {READS, "> submit 2 one"},
         {READS, "queued two"}, {READS, "> submit 3 two"}, {REFUSE, NULL, 700},
         {READS, "refused one: no"}, {REFUSE, NULL, 101}, {READS, "> submit 2 two"}, {TAKEN},
         {READS, "sent two"}, {QUIET}, {RETRY}, {READS, "queued one"}, {READS, "> submit 3 one"},
         {TAKEN}, {READS, "sent one"}, {QUIET});
}
END_TEST

START_TEST(repairs_what_the_relay_lacks)
{
    PLAY(JOIN, {SAY, "one"}, {READS, "queued one"}, {READS, "> submit 2 one"}, {REFUSE, NULL, 100},
         {READS, "> submit 1 name Me"}, {READS, "> submit 2 one"}, {TAKEN}, {TAKEN},
         {READS, "sent one"}, {QUIET});
}
END_TEST

/* What is in flight behind the repair is nothing that the relay said no to: its bytes stay, for
 * another relay may have them. */
START_TEST(waits_with_a_repair_when_the_relays_disk_is_full)
{
    PLAY(JOIN, {SAY, "one"}, {READS, "queued one"}, {READS, "> submit 2 one"}, {REFUSE, NULL, 100},
         {READS, "> submit 1 name Me"}, {READS, "> submit 2 one"}, {REFUSE, NULL, 800},
         {READS, "notice relay-disk"}, {REFUSE, NULL, 100}, {PASS, NULL, 1900}, {QUIET},
         {PASS, NULL, 200}, {READS, "> ping 1"}, {READS, "> submit 1 name Me"},
         {READS, "> submit 2 one"}, {TAKEN}, {TAKEN}, {READS, "sent one"}, {QUIET});
}
END_TEST

START_TEST(repairs_a_relay_that_lost_its_log)
{
    PLAY(JOIN, {SAY, "one"}, {READS, "queued one"}, {READS, "> submit 2 one"}, {TAKEN},
         {READS, "sent one"}, {PASS, NULL, 1000}, {CUT}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 1"}, {WELCOME, "log2 forgot"}, {ROSTER, "b"}, {PAGE},
         {READS, "joined"}, {READS, "> heads 1 of 2"}, {READS, "> submit 1 name Me"},
         {READS, "> submit 2 one"}, {TAKEN}, {TAKEN}, {QUIET});
}
END_TEST

START_TEST(begins_anew_after_a_fork)
{
    PLAY(JOIN, {SAY, "one"}, {READS, "queued one"}, {READS, "> submit 2 one"}, {REFUSE, NULL, 202},
         {READS, "> submit 1 one"}, {TAKEN}, {READS, "sent one"}, {QUIET});
}
END_TEST

START_TEST(begins_anew_when_the_relay_knows_more)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {CUT}, {SAY, "one"}, {READS, "queued one"}, {PASS, NULL, 100},
         {READS, "dial 1"}, {UP}, {READS, "> hello place one, holds 1"}, {WELCOME, "ahead"},
         {ROSTER, "b"}, {PAGE, NULL, 101}, {READS, "joined"}, {READS, "> submit 1 one"});
}
END_TEST

START_TEST(measures_the_time_again)
{
    PLAY(JOIN, {SAY, "one"}, {READS, "queued one"}, {READS, "> submit 2 one"}, {REFUSE, NULL, 500},
         {READS, "> ping 1"}, {PONG}, {PASS, NULL, 400}, {READS, "> submit 2 one"}, {TAKEN},
         {READS, "sent one"});
}
END_TEST

/* Else it would be shown before what was said in the half that was ahead. */
START_TEST(waits_for_a_relay_that_lags_behind_what_is_held)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {CUT}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 1"}, {WELCOME, "log2 early forgot"},
         {READS, "notice clock"}, {ROSTER, "b"}, {PAGE}, {READS, "joined"},
         {READS, "> heads 1 of 1"}, {READS, "> submit 1 name Me"}, {TAKEN}, {SAY, "after"},
         {READS, "queued after"}, {READS, "> ping 0"}, {QUIET}, {PONG},
         {READS, "> submit 2 after"});
}
END_TEST

START_TEST(does_not_wait_for_a_relays_time_for_long)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {CUT}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 1"}, {WELCOME, "log2 early"}, {READS, "notice clock"},
         {ROSTER, "b"}, {PAGE}, {READS, "joined"}, {READS, "> heads 1 of 1"}, {SAY, "after"},
         {READS, "queued after"}, {READS, "> ping 0"}, {PASS, NULL, 190}, {QUIET}, {PASS, NULL, 20},
         {READS, "> ping 0"});
}
END_TEST

static GBytes *signed_bytes(void)
{
    g_autoptr(GArray) rows = store_outbox_list(play_store(), NULL, NULL);
    ck_assert_uint_eq(rows->len, 1);
    GBytes *body = g_array_index(rows, OutboxRow, 0).body;
    ck_assert_ptr_nonnull(body);
    return g_bytes_ref(body);
}

/* Else both have it, and it is said twice when they meet. */
START_TEST(keeps_what_another_relay_may_have_while_this_one_lags)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {SAY, "hello"}, {READS, "queued hello"},
         {READS, "> submit 2 hello"}, {CUT}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 1"}, {WELCOME, "log2 early forgot"},
         {READS, "notice clock"}, {ROSTER, "b"}, {PAGE}, {READS, "joined"},
         {READS, "> heads 1 of 1"}, {READS, "> submit 1 name Me"}, {READS, "> submit 2 hello"},
         {TAKEN});
    g_autoptr(GBytes) before = signed_bytes();
    PLAY({REFUSE, NULL, 500}, {READS, "> ping 0"}, {PASS, NULL, 400});
    g_autoptr(GBytes) after = signed_bytes();
    ck_assert(g_bytes_equal(before, after));
}
END_TEST

START_TEST(tells_of_a_clock_that_is_far_off)
{
    PLAY({FIND, "relay here", 1}, {UP}, {WELCOME, "late"}, {READS, "state joining"},
         {READS, "dial 1"}, {READS, "> hello place one, holds 0"}, {READS, "place"},
         {READS, "notice clock"});
}
END_TEST

START_TEST(says_in_private)
{
    PLAY(JOIN, {SAY, "psst", .to = 'b'}, {READS, "queued psst"}, {READS, "> submit 1 private"},
         {TAKEN}, {READS, "sent psst"}, {SAY, "psst", .to = 'a'},
         {READS, "cannot: That is yourself."}, {SAY, "psst", .to = 'd'},
         {READS, "cannot: Nobody in this place has that key."}, {SAY, " "},
         {READS, "cannot: There is nothing to send."});
}
END_TEST

START_TEST(publishes_a_new_name)
{
    PLAY(JOIN, {RENAME, "Myself"}, {READS, "Myself renamed"}, {READS, "> submit 2 name Myself"},
         {TAKEN}, {QUIET});
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {shows_history_and_news,
                                  shows_what_came_twice_once,
                                  fetches_what_is_missing_newest_first,
                                  does_not_ask_again_what_is_not_answered,
                                  fetches_what_a_delivery_left_out,
                                  leaves_out_what_is_forged,
                                  opens_directs,
                                  tells_who_comes_and_goes,
                                  tells_names_apart_that_look_alike,
                                  gives_others_time_to_return_to_a_relay,
                                  tells_who_did_not_return_to_a_relay,
                                  tells_who_types,
                                  tells_that_it_is_away,
                                  says,
                                  says_later_what_is_said_too_early,
                                  keeps_the_order_said_while_it_catches_up,
                                  takes_a_delivery_for_a_receipt,
                                  sends_the_same_again_after_a_loss,
                                  waits_when_it_is_too_fast,
                                  waits_when_the_relays_disk_is_full,
                                  tells_what_is_refused,
                                  repairs_what_the_relay_lacks,
                                  waits_with_a_repair_when_the_relays_disk_is_full,
                                  repairs_a_relay_that_lost_its_log,
                                  begins_anew_after_a_fork,
                                  begins_anew_when_the_relay_knows_more,
                                  measures_the_time_again,
                                  waits_for_a_relay_that_lags_behind_what_is_held,
                                  does_not_wait_for_a_relays_time_for_long,
                                  keeps_what_another_relay_may_have_while_this_one_lags,
                                  tells_of_a_clock_that_is_far_off,
                                  says_in_private,
                                  publishes_a_new_name};
    return play_suite("session talk", tests, G_N_ELEMENTS(tests));
}
