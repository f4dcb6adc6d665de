#include "relay/poller.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRS 3

/* Watches that write down what they are told. */
typedef struct {
    PollerWatch *watch;
    PollerWatch *to_remove; /* removed when this one is served */
    unsigned ready, poked, deadlines;
} Record;

static Poller *poller;
static int fds[PAIRS][2];
static Record records[PAIRS];
static unsigned rounds;
static GString *order;

static void take_note(uint32_t events, void *user)
{
    Record *record = user;
    char name = (char)('a' + (record - records));
    g_string_append_c(order, (events & POLLER_POKED) != 0 ? (char)(name - 'a' + 'A') : name);
    record->poked += (events & POLLER_POKED) != 0;
    record->deadlines += (events & POLLER_DEADLINE) != 0;
    record->ready += (events & EPOLLIN) != 0;
    if ((events & EPOLLIN) != 0) {
        char bytes[16];
        ck_assert_int_gt(read(fds[record - records][0], bytes, sizeof bytes), 0);
    }
    if (record->to_remove != NULL)
        g_clear_pointer(&record->to_remove, poller_unwatch);
}

static void count_round(void *user)
{
    rounds++;
    g_string_append_c(order, '.');
}

static void set_up(void)
{
    poller = poller_new(NULL);
    poller_set_round_end(poller, count_round, NULL);
    order = g_string_new(NULL);
    rounds = 0;
    memset(records, 0, sizeof records);
    for (int i = 0; i < PAIRS; i++) {
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds[i]), 0);
        records[i].watch = poller_watch(poller, fds[i][0], EPOLLIN, take_note, &records[i]);
    }
}

static void tear_down(void)
{
    for (int i = 0; i < PAIRS; i++) {
        poller_unwatch(records[i].watch);
        close(fds[i][0]);
        close(fds[i][1]);
    }
    poller_free(poller);
    g_string_free(order, TRUE);
}

static void iterate(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

START_TEST(a_round_serves_all_and_then_ends)
{
    for (int i = 0; i < PAIRS; i++)
        ck_assert_int_eq(write(fds[i][1], "x", 1), 1);
    iterate();
    ck_assert_uint_eq(rounds, 1);
    for (int i = 0; i < PAIRS; i++)
        ck_assert_uint_eq(records[i].ready, 1);
    iterate();
    ck_assert_uint_eq(rounds, 1);
}
END_TEST

START_TEST(pokes_come_once_after_the_end_of_the_round)
{
    ck_assert_int_eq(write(fds[0][1], "x", 1), 1);
    poller_poke(records[1].watch);
    poller_poke(records[1].watch);
    iterate();
    ck_assert_str_eq(order->str, "a.B");
}
END_TEST

START_TEST(a_poke_alone_makes_a_round)
{
    poller_poke(records[2].watch);
    iterate();
    ck_assert_str_eq(order->str, ".C");
}
END_TEST

START_TEST(a_watch_removed_by_another_is_not_served)
{
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(write(fds[i][1], "x", 1), 1);
    records[0].to_remove = records[1].watch;
    records[1].to_remove = records[0].watch;
    iterate();
    ck_assert_uint_eq(records[0].ready + records[1].ready, 1);
    records[records[0].ready == 1 ? 1 : 0].watch = NULL;
}
END_TEST

START_TEST(a_poked_watch_may_be_removed)
{
    poller_poke(records[0].watch);
    g_clear_pointer(&records[0].watch, poller_unwatch);
    iterate();
    ck_assert_uint_eq(records[0].poked, 0);
}
END_TEST

START_TEST(deadlines_fire_in_order_and_once)
{
    int64_t now = g_get_monotonic_time();
    poller_set_deadline(records[2].watch, now + 1000);
    poller_set_deadline(records[0].watch, now + 3000);
    poller_set_deadline(records[1].watch, now + 2000);
    poller_set_deadline(records[0].watch, now + 4000);
    while (records[0].deadlines == 0)
        g_main_context_iteration(NULL, TRUE);
    g_autoptr(GString) names = g_string_new(order->str);
    g_string_replace(names, ".", "", 0);
    ck_assert_str_eq(names->str, "cba");
    iterate();
    ck_assert_uint_eq(records[0].deadlines, 1);
}
END_TEST

START_TEST(a_deadline_taken_back_does_not_fire)
{
    int64_t now = g_get_monotonic_time();
    poller_set_deadline(records[0].watch, now + 1000);
    poller_set_deadline(records[1].watch, now + 2000);
    poller_set_deadline(records[0].watch, 0);
    while (records[1].deadlines == 0)
        g_main_context_iteration(NULL, TRUE);
    ck_assert_uint_eq(records[0].deadlines, 0);
}
END_TEST

START_TEST(interest_can_be_changed)
{
    poller_change(records[0].watch, 0);
    ck_assert_int_eq(write(fds[0][1], "x", 1), 1);
    iterate();
    ck_assert_uint_eq(records[0].ready, 0);
    poller_change(records[0].watch, EPOLLIN);
    iterate();
    ck_assert_uint_eq(records[0].ready, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("poller");
    TCase *test = tcase_create("poller");
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, a_round_serves_all_and_then_ends);
    tcase_add_test(test, pokes_come_once_after_the_end_of_the_round);
    tcase_add_test(test, a_poke_alone_makes_a_round);
    tcase_add_test(test, a_watch_removed_by_another_is_not_served);
    tcase_add_test(test, a_poked_watch_may_be_removed);
    tcase_add_test(test, deadlines_fire_in_order_and_once);
    tcase_add_test(test, a_deadline_taken_back_does_not_fire);
    tcase_add_test(test, interest_can_be_changed);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
