/* Two logs meet. */
#include "tests/unit/relay/exchange_stage.h"

#include <string.h>

#define AUTHORS 3

/* How many events of each author are where. */
static const struct {
    const char *name;
    unsigned common, left, right; /* of the left's authors, the right's, and both's */
} meetings[] = {
    {"two that are empty", 0, 0, 0},
    {"one event", 0, 1, 0},
    {"the other way round", 0, 0, 1},
    {"strangers with one each", 0, 1, 1},
    {"strangers", 0, 500, 500},
    {"strangers who have much in common", 400, 10, 10},
    {"nothing new", 500, 0, 0},
    {"one is behind", 300, 200, 0},
    {"exactly a Give", 0, WANT_EVENTS, WANT_EVENTS},
    {"one more than a Give", 0, WANT_EVENTS + 1, WANT_EVENTS + 1},
};

static void say(Author *author, unsigned count, Log *one, Log *two)
{
    for (unsigned i = 0; i < count; i++) {
        g_autoptr(Event) event = author_says(author, "hello");
        if (one)
            put(one, event);
        if (two)
            put(two, event);
    }
}

START_TEST(logs_end_equal)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    Log *left = pair->sides[0].log, *right = pair->sides[1].log;
    for (unsigned i = 0; i < AUTHORS; i++) {
        g_autoptr(Author) both = author_new((uint8_t)(10 + i));
        g_autoptr(Author) lefty = author_new((uint8_t)(20 + i));
        g_autoptr(Author) righty = author_new((uint8_t)(30 + i));
        say(both, meetings[_i].common, left, right);
        say(lefty, meetings[_i].left, left, NULL);
        say(righty, meetings[_i].right, right, NULL);
    }
    pair_commit(pair);
    pair_offer(pair, 0, 0);
    exchange_ask(pair->sides[0].exchange, pair->now_us);
    ck_assert(pair_run(pair));
    ck_assert(pair_agrees(pair));
    ck_assert_uint_eq(pair->sides[0].given, AUTHORS * meetings[_i].right);
    ck_assert_uint_eq(pair->sides[1].given, AUTHORS * meetings[_i].left);
    ck_assert(!pair->sides[0].refused && !pair->sides[1].refused);
    ck_assert_uint_eq(pair->sides[0].settled, AUTHORS * (meetings[_i].common + meetings[_i].left));
    ck_assert_uint_eq(pair->sides[0].completed,
                      AUTHORS * (meetings[_i].common + meetings[_i].right));
    ck_assert(!exchange_busy(pair->sides[0].exchange) && !exchange_busy(pair->sides[1].exchange));
}
END_TEST

/* The same feed on both sides; which of its twelve events is where. '.' nowhere, 'l', 'r', 'b'oth.
 */
static const struct {
    const char *events;
    unsigned to_left, to_right;
} feeds[] = {
    {"llllllllllll", 0, 12}, {"rrrrrrrrrrrr", 12, 0}, {"bbbbbbbbbbbb", 0, 0},
    {"bbbbbbllllll", 0, 6},  {"bbblllbbbbbb", 0, 3},  {"lllbbbrrrbbb", 3, 3},
    {"lrlrlrlrlrlr", 6, 6},  {"..b..l..r..b", 1, 1},  {"....rrrrllll", 4, 4},
    {"llllrrrr....", 4, 4},  {"l..........r", 1, 1},  {"b...bbbb...b", 0, 0},
};

static void put_feed(Pair *pair, Author *author, const char *events)
{
    for (unsigned i = 0; events[i] != '\0'; i++) {
        g_autoptr(Event) event = author_says(author, "hello");
        if (events[i] == 'l' || events[i] == 'b')
            ck_assert_int_eq(try_put(pair->sides[0].log, event, true, NULL), LOG_APPENDED);
        if (events[i] == 'r' || events[i] == 'b')
            ck_assert_int_eq(try_put(pair->sides[1].log, event, true, NULL), LOG_APPENDED);
    }
    pair_commit(pair);
}

static void both_compare(Pair *pair)
{
    pair_offer(pair, 0, 0);
    exchange_ask(pair->sides[0].exchange, pair->now_us);
    ck_assert(pair_run(pair));
}

START_TEST(gaps_are_filled_from_both_sides)
{
    g_autoptr(Author) author = author_new(1);
    g_autoptr(Pair) pair = pair_new(NULL);
    put_feed(pair, author, feeds[_i].events);
    both_compare(pair);
    ck_assert_msg(pair_agrees(pair), "%s", feeds[_i].events);
    ck_assert_uint_eq(pair->sides[0].taken, feeds[_i].to_left);
    ck_assert_uint_eq(pair->sides[1].taken, feeds[_i].to_right);
    ck_assert(!pair->sides[0].refused && !pair->sides[1].refused);
}
END_TEST

/* A home directory was copied, and both copies are written on. */
static const struct {
    unsigned common, left, right;
} copies[] = {{0, 1, 1}, {3, 3, 3}, {3, 5, 2}, {3, 2, 5}, {100, 80, 70}, {70, 1, 100}};

START_TEST(forks_are_joined)
{
    g_autoptr(Author) author = author_new(1);
    g_autoptr(Pair) pair = pair_new(NULL);
    Log *left = pair->sides[0].log, *right = pair->sides[1].log;
    say(author, copies[_i].common, left, right);
    Author twin = *author;
    twin.time_ms++;
    say(author, copies[_i].left, left, NULL);
    say(&twin, copies[_i].right, NULL, right);
    pair_commit(pair);
    both_compare(pair);
    ck_assert(pair_agrees(pair));
    uint64_t all = copies[_i].common + copies[_i].left + copies[_i].right;
    ck_assert_uint_eq(
        log_feed_head(left, author_key(author), author->incarnation, LANE_PUBLIC).held, all);
    ck_assert_uint_eq(pair->sides[1].settled, all - copies[_i].left);
    both_compare(pair); /* and nothing is sent twice */
    ck_assert_uint_eq(pair->sides[0].given, copies[_i].right);
    ck_assert_uint_eq(pair->sides[1].given, copies[_i].left);
}
END_TEST

/* Where the other has gaps, a fork cannot be seen yet: it is not settled, so it will be offered
 * again. */
START_TEST(what_cannot_be_compared_is_not_settled)
{
    g_autoptr(Author) author = author_new(1);
    g_autoptr(Pair) pair = pair_new(NULL);
    put_feed(pair, author, "rrrrrrbbbbbb");
    pair_offer(pair, 0, 0);
    ck_assert(pair_run(pair));
    ck_assert_uint_eq(pair->sides[0].settled, UINT64_MAX);
    ck_assert_uint_eq(pair->sides[1].given, 0);
    exchange_ask(pair->sides[0].exchange, pair->now_us);
    ck_assert(pair_run(pair));
    pair_offer(pair, 0, 0);
    ck_assert(pair_run(pair));
    ck_assert_uint_eq(pair->sides[0].settled, 12);
}
END_TEST

START_TEST(only_what_is_new_is_offered)
{
    g_autoptr(Author) author = author_new(1);
    g_autoptr(Author) other = author_new(2);
    g_autoptr(Pair) pair = pair_new(NULL);
    say(author, 10, pair->sides[0].log, NULL);
    pair_commit(pair);
    say(other, 5, pair->sides[0].log, NULL);
    pair_commit(pair);
    pair_offer(pair, 0, 10);
    ck_assert(pair_run(pair));
    ck_assert_uint_eq(pair->sides[1].taken, 5);
    ck_assert_uint_eq(pair->sides[0].settled, 15);
    pair_offer(pair, 0, 15);
    ck_assert(pair_run(pair));
    ck_assert_uint_eq(pair->sides[1].given, 5);
}
END_TEST

/* --- lanes --- */

static void seal(Author *author, const Author *to, unsigned count, Log *log)
{
    for (unsigned i = 0; i < count; i++) {
        g_autoptr(Event) event = author_seals(author, &to, 1);
        put(log, event);
    }
}

static uint64_t held(const Side *side, const Author *author)
{
    return log_feed_head(side->log, author_key(author), author->incarnation, LANE_PRIVATE).held;
}

START_TEST(private_events_go_to_the_relay_only)
{
    g_autoptr(Author) owner = author_new(1);
    g_autoptr(Author) friend = author_new(2);
    g_autoptr(Author) stranger = author_new(3);
    g_autoptr(Pair) pair = pair_new(owner);
    seal(owner, friend, 3, pair->sides[0].log);
    seal(friend, owner, 4, pair->sides[0].log); /* in custody, or read */
    seal(stranger, friend, 5, pair->sides[1].log);
    pair_commit(pair);
    both_compare(pair);
    ck_assert_uint_eq(held(&pair->sides[1], owner), 3);
    ck_assert_uint_eq(held(&pair->sides[1], friend), 4);
    ck_assert_uint_eq(held(&pair->sides[0], stranger), 0);
    ck_assert_uint_eq(pair->sides[0].given, 0);
}
END_TEST

/* It would know to ask for them without having been told. */
START_TEST(private_events_of_others_are_not_given)
{
    g_autoptr(Author) owner = author_new(1);
    g_autoptr(Author) friend = author_new(2);
    g_autoptr(Author) stranger = author_new(3);
    g_autoptr(Pair) pair = pair_new(owner);
    seal(stranger, friend, 3, pair->sides[1].log);
    seal(stranger, owner, 1, pair->sides[1].log);
    pair_commit(pair);
    Wire__Want want = WIRE__WANT__INIT;
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_WANT,
                         .want = &want};
    want.request = 1;
    want.author = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)author_key(stranger)};
    want.incarnation = stranger->incarnation;
    want.lane = LANE_PRIVATE;
    want.first = 1;
    want.last = 10;
    ck_assert(pair_put(pair, 1, &frame));
    const Wire__Frame *answer = pair_next(pair, 0);
    ck_assert_int_eq(answer->body_case, WIRE__FRAME__BODY_GIVE);
    ck_assert_uint_eq(answer->give->n_events, 1);
}
END_TEST

START_TEST(custody_is_handed_over)
{
    g_autoptr(Author) owner = author_new(1);
    g_autoptr(Author) friend = author_new(2);
    g_autoptr(Author) stranger = author_new(3);
    g_autoptr(Pair) pair = pair_new(owner);
    ck_assert(!exchange_offer_custody(pair->sides[0].exchange, pair->now_us));
    seal(stranger, friend, 3, pair->sides[0].log);
    say(stranger, 3, pair->sides[0].log, NULL);
    pair_commit(pair);
    ck_assert(exchange_offer_custody(pair->sides[0].exchange, pair->now_us));
    ck_assert(pair_run(pair));
    ck_assert_uint_eq(held(&pair->sides[1], stranger), 3);
    ck_assert_uint_eq(pair->sides[1].taken, 3);
    ck_assert_uint_eq(pair->sides[0].settled, 6);
}
END_TEST

/* --- when things go wrong --- */

START_TEST(what_was_lost_is_asked_for_again)
{
    g_autoptr(Author) author = author_new(1);
    g_autoptr(Pair) pair = pair_new(NULL);
    g_autofree char *text = g_strnfill(10000, 'x');
    for (unsigned i = 0; i < 60; i++) {
        g_autoptr(Event) event = author_says(author, text);
        put(pair->sides[0].log, event);
    }
    pair_commit(pair);
    pair_offer(pair, 0, 0);
    for (unsigned i = 0; i < 100 && pair->sides[1].taken < 20; i++)
        pair_round(pair);
    pair->sides[1].disk_full = true;
    for (unsigned i = 0; i < 100 && pair->sides[1].lost == 0; i++)
        pair_round(pair);
    pair->sides[1].disk_full = false;
    ck_assert(pair_run(pair));
    ck_assert(pair_agrees(pair));
    ck_assert_uint_eq(pair->sides[0].settled, 60);
}
END_TEST

START_TEST(a_full_disk_waits)
{
    g_autoptr(Author) author = author_new(1);
    g_autoptr(Pair) pair = pair_new(NULL);
    say(author, 10, pair->sides[0].log, NULL);
    pair_commit(pair);
    pair->sides[1].paused = true;
    pair_round(pair);
    pair_offer(pair, 0, 0);
    ck_assert(pair_run(pair));
    ck_assert_uint_eq(pair->sides[1].wanted, 0);
    ck_assert(exchange_busy(pair->sides[1].exchange));
    ck_assert_uint_eq(exchange_missing(pair->sides[1].exchange), 10);
    pair->sides[1].paused = false;
    ck_assert(pair_run(pair));
    ck_assert(pair_agrees(pair));
    ck_assert_uint_eq(exchange_missing(pair->sides[1].exchange), 0);
}
END_TEST

START_TEST(one_that_does_not_answer_is_left_alone)
{
    g_autoptr(Author) author = author_new(1);
    g_autoptr(Pair) pair = pair_new(NULL);
    say(author, 10, pair->sides[0].log, NULL);
    pair_commit(pair);
    pair_offer(pair, 0, 0);
    pair->sides[0].no_room = true; /* it hears, and says nothing */
    for (unsigned i = 0; i < 3; i++) {
        pair_round(pair);
        pair->now_us += WANT_PATIENCE_US;
    }
    pair_round(pair);
    ck_assert_uint_eq(pair->sides[1].wanted, 2);
    ck_assert(!exchange_busy(pair->sides[1].exchange));
    ck_assert_uint_eq(pair->sides[0].settled, UINT64_MAX);
    pair->sides[0].no_room = false; /* what comes too late is no offence */
    ck_assert(pair_run(pair));
    ck_assert(!pair->sides[1].refused);
}
END_TEST

START_TEST(nobody_is_asked_for_what_another_is_asked_for)
{
    g_autoptr(Author) author = author_new(1);
    g_autoptr(Author) other = author_new(2);
    g_autoptr(Pair) pair = pair_new(NULL);
    say(author, 10, pair->sides[0].log, NULL);
    say(other, 10, pair->sides[0].log, NULL);
    pair_commit(pair);
    pair->sides[1].elsewhere = author_key(author);
    pair_offer(pair, 0, 0);
    while (pair_round(pair))
        continue;
    ck_assert_uint_eq(pair->sides[1].taken, 10);
    ck_assert_uint_eq(pair->sides[0].settled, UINT64_MAX);
    ck_assert_int_ne(exchange_deadline(pair->sides[1].exchange), INT64_MAX);
    pair->sides[1].elsewhere = NULL;
    ck_assert(pair_run(pair));
    ck_assert_uint_eq(pair->sides[1].taken, 20);
    ck_assert_uint_eq(pair->sides[0].settled, 20);
}
END_TEST

static Suite *exchange_suite(void)
{
    Suite *suite = suite_create("exchange");
    TCase *test = tcase_create("meetings");
    tcase_set_timeout(test, 60);
    tcase_add_loop_test(test, logs_end_equal, 0, G_N_ELEMENTS(meetings));
    tcase_add_loop_test(test, gaps_are_filled_from_both_sides, 0, G_N_ELEMENTS(feeds));
    tcase_add_loop_test(test, forks_are_joined, 0, G_N_ELEMENTS(copies));
    tcase_add_test(test, what_cannot_be_compared_is_not_settled);
    tcase_add_test(test, only_what_is_new_is_offered);
    tcase_add_test(test, private_events_go_to_the_relay_only);
    tcase_add_test(test, private_events_of_others_are_not_given);
    tcase_add_test(test, custody_is_handed_over);
    tcase_add_test(test, what_was_lost_is_asked_for_again);
    tcase_add_test(test, a_full_disk_waits);
    tcase_add_test(test, one_that_does_not_answer_is_left_alone);
    tcase_add_test(test, nobody_is_asked_for_what_another_is_asked_for);
    suite_add_tcase(suite, test);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(exchange_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
