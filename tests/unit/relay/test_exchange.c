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

static Suite *exchange_suite(void)
{
    Suite *suite = suite_create("exchange");
    TCase *test = tcase_create("meetings");
    tcase_set_timeout(test, 60);
    tcase_add_loop_test(test, logs_end_equal, 0, G_N_ELEMENTS(meetings));
    tcase_add_loop_test(test, gaps_are_filled_from_both_sides, 0, G_N_ELEMENTS(feeds));
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
