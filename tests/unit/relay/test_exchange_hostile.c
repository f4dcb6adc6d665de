/* The other log is nobody's friend: what it can make this one do, ends. */
#include "relay/entries.h"
#include "tests/unit/relay/exchange_stage.h"

#include <string.h>

#define ENOUGH 300 /* rounds */

static Pair *pair;
static Author *author;

static void set_up(void)
{
    pair = pair_new(NULL);
    author = author_new(1);
}

static void tear_down(void)
{
    author_free(author);
    pair_free(pair);
}

/* A head of the author's feed that claims what it likes. */
static Wire__Head claim(uint64_t seq, uint64_t count)
{
    static uint8_t hash[HASH_SIZE] = {1}, sum[SUM_SIZE] = {2};
    Wire__Head head = WIRE__HEAD__INIT;
    head.author = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)author_key(author)};
    head.incarnation = author->incarnation;
    head.seq = seq;
    head.count = count;
    head.hash = (ProtobufCBinaryData){HASH_SIZE, hash};
    head.sum = (ProtobufCBinaryData){SUM_SIZE, sum};
    return head;
}

static bool names(Wire__Head *heads, size_t count, bool more)
{
    g_autofree Wire__Head **list = g_new(Wire__Head *, count);
    for (size_t i = 0; i < count; i++)
        list[i] = &heads[i];
    Wire__Heads named = WIRE__HEADS__INIT;
    named.heads = list;
    named.n_heads = count;
    named.more = more;
    named.position = more ? 0 : 100;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HEADS;
    frame.heads = &named;
    return pair_put(pair, 1, &frame);
}

static bool gives(uint32_t request, uint64_t first, Event *const *events, size_t count)
{
    Wire__SignedEvent wired[WANT_EVENTS + 1];
    Wire__SignedEvent *list[WANT_EVENTS + 1];
    for (size_t i = 0; i < count; i++) {
        event_to_wire(events[i], &wired[i]);
        list[i] = &wired[i];
    }
    Wire__Give given = WIRE__GIVE__INIT;
    given.request = request;
    given.first = first;
    given.events = list;
    given.n_events = count;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_GIVE;
    frame.give = &given;
    return pair_put(pair, 1, &frame);
}

/* The next Want of the right side; request 0: there is none. */
static Wire__Want next_want(void)
{
    pair_commit(pair);
    exchange_continue(pair->sides[1].exchange, false, pair->now_us);
    for (const Wire__Frame *frame = pair_next(pair, 0); frame; frame = pair_next(pair, 0)) {
        if (frame->body_case == WIRE__FRAME__BODY_WANT)
            return *frame->want;
    }
    return (Wire__Want)WIRE__WANT__INIT;
}

START_TEST(gifts_are_refused)
{
    ck_assert(!gives(1, 1, NULL, 0));
    Wire__Head head = claim(10, 10);
    ck_assert(names(&head, 1, false));
    Wire__Want want = next_want();
    ck_assert_uint_ne(want.request, 0);
    ck_assert(gives(want.request, 1, NULL, 0));
    ck_assert(!gives(want.request, 1, NULL, 0)); /* answered already */
}
END_TEST

/* What is given for a Want for 1 to 10 of one feed. */
START_TEST(only_what_was_asked_for_is_taken)
{
    g_autoptr(Author) other = author_new(2);
    g_autoptr(Event) first = author_says(author, "1");
    g_autoptr(Event) second = author_says(author, "2");
    g_autoptr(Event) foreign = author_says(other, "1");
    Author later = *author;
    later.seq[LANE_PUBLIC] = 10;
    g_autoptr(Event) above = author_says(&later, "11");
    g_autoptr(Event) sealed = author_seals(author, (const Author *const[]){other}, 1);
    Event *const rising[] = {first, second};
    const struct {
        Event *const *events;
        size_t count;
        uint64_t first;
        bool good;
    } answers[] = {
        {&foreign, 1, 1, false}, {&above, 1, 1, false},   {&sealed, 1, 1, false},
        {rising, 2, 1, false},   {&second, 1, 12, false}, {&second, 1, 2, true},
        {&second, 1, 11, true},  {&first, 1, 1, true},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(Pair) fresh = pair_new(NULL);
        Pair *kept = pair;
        pair = fresh;
        Wire__Head head = claim(10, 10);
        ck_assert(names(&head, 1, false));
        bool good =
            gives(next_want().request, answers[i].first, answers[i].events, answers[i].count);
        ck_assert_msg(good == answers[i].good, "answer %u", i);
        pair = kept;
    }
}
END_TEST

START_TEST(a_give_is_not_too_long)
{
    Event *events[WANT_EVENTS + 1];
    for (unsigned i = WANT_EVENTS + 1; i-- > 0;)
        events[i] = author_says(author, "hello");
    Wire__Head head = claim(WANT_EVENTS + 1, 1); /* has gaps: all is wanted at once */
    ck_assert(names(&head, 1, false));
    Wire__Want want = next_want();
    ck_assert_uint_eq(want.last, WANT_EVENTS + 1);
    ck_assert(!gives(want.request, 1, events, WANT_EVENTS + 1));
    for (unsigned i = 0; i <= WANT_EVENTS; i++)
        event_unref(events[i]);
}
END_TEST

/* Feeds of no events, however long. */
static const struct {
    uint64_t seq, count;
} claims[] = {{1, 1},
              {POSITION_MAX, 1},
              {POSITION_MAX, POSITION_MAX},
              {1, POSITION_MAX},
              {1000000, 999999},
              {1000000, 1000000}};

START_TEST(heads_of_nothing_end)
{
    Wire__Head head = claim(claims[_i].seq, claims[_i].count);
    ck_assert(names(&head, 1, false));
    unsigned wants = 0;
    for (Wire__Want want = next_want(); want.request != 0 && wants < ENOUGH; want = next_want()) {
        wants++;
        ck_assert(gives(want.request, want.first, NULL, 0));
    }
    ck_assert_uint_lt(wants, 40);
    ck_assert(!exchange_busy(pair->sides[1].exchange));
}
END_TEST

/* Events of a kind that only looks right: they are not verified here, and never arrive. */
START_TEST(what_is_not_valid_is_left_out)
{
    pair->sides[1].refuses_all = true;
    for (unsigned i = 0; i < 100; i++) {
        g_autoptr(Event) event = author_says(author, "hello");
        put(pair->sides[0].log, event);
    }
    pair_commit(pair);
    pair_offer(pair, 0, 0);
    ck_assert(pair_run(pair));
    ck_assert_uint_le(pair->sides[1].given, 100);
    ck_assert(!exchange_busy(pair->sides[1].exchange));
}
END_TEST

START_TEST(feeds_are_counted)
{
    g_autofree Wire__Head *heads = g_new(Wire__Head, 1000);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 1000; i++) {
            heads[i] = claim(5, 5);
            heads[i].incarnation = round * 1000 + i;
        }
        ck_assert(names(heads, 1000, round < 19));
    }
    ck_assert_uint_le(exchange_missing(pair->sides[1].exchange), 5 * LACKS_MAX);
    unsigned wants = 0;
    for (Wire__Want want = next_want(); want.request != 0; want = next_want()) {
        wants++;
        ck_assert(gives(want.request, want.first, NULL, 0));
    }
    ck_assert_uint_le(wants, LACKS_MAX);
    pair->now_us += 60 * G_USEC_PER_SEC; /* some found no room: it asks again, by and by */
    exchange_continue(pair->sides[1].exchange, false, pair->now_us);
    const Wire__Frame *frame = pair_next(pair, 0);
    ck_assert_int_eq(frame->body_case, WIRE__FRAME__BODY_HEADS);
    ck_assert(frame->heads->ask);
    ck_assert_ptr_null(pair_next(pair, 0)); /* and nothing is settled */
}
END_TEST

START_TEST(heads_without_end_are_not_looked_at)
{
    g_autofree Wire__Head *heads = g_new(Wire__Head, 1000);
    for (unsigned i = 0; i < 1000; i++)
        heads[i] = claim(5, 5);
    for (unsigned round = 0; round < 100; round++)
        ck_assert(names(heads, 1000, true));
    exchange_continue(pair->sides[1].exchange, false, pair->now_us);
    ck_assert_int_ge(exchange_deadline(pair->sides[1].exchange), pair->now_us);
}
END_TEST

static bool wants(uint32_t request)
{
    Wire__Want want = WIRE__WANT__INIT;
    want.request = request;
    want.author = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)author_key(author)};
    want.incarnation = author->incarnation;
    want.first = 1;
    want.last = POSITION_MAX;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_WANT;
    frame.want = &want;
    return pair_put(pair, 1, &frame);
}

START_TEST(one_that_asks_for_too_much_is_cut_off)
{
    pair->sides[1].no_room = true;
    unsigned taken = 0;
    while (taken < ENOUGH && wants(taken + 1))
        taken++;
    ck_assert_uint_ge(taken, WANTS_AT_ONCE);
    ck_assert_uint_lt(taken, ENOUGH);
}
END_TEST

START_TEST(one_that_asks_too_fast_is_answered_later)
{
    unsigned answers = 0;
    for (unsigned i = 0; i < 2000; i++) {
        ck_assert(wants(i + 1));
        while (pair_next(pair, 0))
            answers++;
        if (answers > i)
            continue;
        int64_t due_us = exchange_deadline(pair->sides[1].exchange);
        ck_assert_int_gt(due_us, pair->now_us);
        ck_assert_int_lt(due_us, pair->now_us + WANT_PATIENCE_US / 2);
        pair->now_us = due_us;
        exchange_continue(pair->sides[1].exchange, false, pair->now_us);
    }
    ck_assert_int_gt(pair->now_us, 3 * G_USEC_PER_SEC);
}
END_TEST

START_TEST(heads_are_asked_for_again_and_again)
{
    g_autoptr(Event) event = author_says(author, "hello");
    put(pair->sides[1].log, event);
    pair_commit(pair);
    Wire__Heads heads = WIRE__HEADS__INIT;
    heads.ask = true;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HEADS;
    frame.heads = &heads;
    unsigned answers = 0;
    for (unsigned i = 0; i < 100; i++) {
        ck_assert(pair_put(pair, 1, &frame));
        while (pair_next(pair, 0))
            answers++;
    }
    ck_assert_uint_lt(answers, 5);
    ck_assert_int_lt(exchange_deadline(pair->sides[1].exchange), pair->now_us + 6 * G_USEC_PER_SEC);
}
END_TEST

static Suite *hostile_suite(void)
{
    Suite *suite = suite_create("exchange hostile");
    TCase *test = tcase_create("hostile");
    tcase_set_timeout(test, 60);
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, gifts_are_refused);
    tcase_add_test(test, only_what_was_asked_for_is_taken);
    tcase_add_test(test, a_give_is_not_too_long);
    tcase_add_loop_test(test, heads_of_nothing_end, 0, G_N_ELEMENTS(claims));
    tcase_add_test(test, what_is_not_valid_is_left_out);
    tcase_add_test(test, feeds_are_counted);
    tcase_add_test(test, heads_without_end_are_not_looked_at);
    tcase_add_test(test, one_that_asks_for_too_much_is_cut_off);
    tcase_add_test(test, one_that_asks_too_fast_is_answered_later);
    tcase_add_test(test, heads_are_asked_for_again_and_again);
    suite_add_tcase(suite, test);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(hostile_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
