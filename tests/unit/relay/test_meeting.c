#include "relay/limits.h"
#include "relay/meeting.h"
#include "tests/unit/relay/loopback.h"
#include "tests/unit/relay/stream.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MIB (1024 * 1024)

/* A member's connection: `near` is what the relay holds, `far` what the member does. */
typedef struct {
    unsigned met, refused;
    int near, far;
    const char *why;
    uint32_t retry_ms;
    bool fails; /* its socket cannot be had after Met */
} Guest;

static Loopback loopback;
static Meetings *meetings;
static unsigned begun, ended;
static const char *why_ended;
static uint64_t bytes_ended;

static const uint8_t keys[4][KEY_SIZE] = {"alice", "bob", "carol", "dave"};
static const uint8_t ids[2][TRANSFER_SIZE] = {"first", "second"};

static void met(void *connection, void *user)
{
    Guest *guest = connection;
    guest->met++;
    if (guest->fails) {
        meetings_leave(meetings, guest);
        return;
    }
    int fd = guest->near;
    guest->near = -1;
    meetings_start(meetings, guest, fd);
}

static void refused(void *connection, const char *why, uint32_t retry_ms, void *user)
{
    Guest *guest = connection;
    guest->refused++;
    guest->why = why;
    guest->retry_ms = retry_ms;
}

static void began(void *user)
{
    begun++;
}

static void over(const char *why, uint64_t bytes, void *user)
{
    ended++;
    why_ended = why;
    bytes_ended = bytes;
}

static void start(MeetingLimits limits)
{
    static const MeetingsEvents events = {
        .met = met, .refused = refused, .began = began, .over = over};
    meetings = meetings_new(loopback.poller, &limits, &events, NULL);
}

static void set_up(void)
{
    signal(SIGPIPE, SIG_IGN);
    loopback = loopback_new();
    begun = ended = 0;
    why_ended = NULL;
    meetings = NULL;
}

static void tear_down(void)
{
    meetings_free(meetings);
    loopback_clear(&loopback);
}

static Guest guest_new(void)
{
    int fds[2];
    loopback_sockets(fds);
    stream_set_blocking(fds[0]);
    return (Guest){.far = fds[0], .near = fds[1]};
}

static void guest_clear(Guest *guest)
{
    if (guest->near >= 0)
        close(guest->near);
    if (guest->far >= 0)
        close(guest->far);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Guest, guest_clear)

/* Members 0 and 1 meet. */
static void join(Guest *a, Guest *b)
{
    unsigned before = begun;
    meetings_enter(meetings, a, keys[0], ids[0], keys[1]);
    ck_assert_uint_eq(a->met, 0);
    meetings_enter(meetings, b, keys[1], ids[0], keys[0]);
    ck_assert_uint_eq(a->met, 1);
    ck_assert_uint_eq(b->met, 1);
    ck_assert_uint_eq(begun, before + 1);
}

START_TEST(both_ways_whole)
{
    start((MeetingLimits){.meetings_max = 2});
    g_auto(Guest) a = guest_new();
    g_auto(Guest) b = guest_new();
    join(&a, &b);
    int64_t start_us = g_get_monotonic_time();
    stream_both_ways(a.far, b.far, 64 * MIB, 64 * MIB);
    double seconds = (double)(g_get_monotonic_time() - start_us) / 1e6;
    g_debug("128 MiB through a meeting: %.0f MB/s", 128 * MIB / seconds / 1e6);
    loopback_await(&ended, 1);
    ck_assert_uint_eq(bytes_ended, 128 * MIB);
    ck_assert_str_eq(why_ended, "both have finished");
    ck_assert_uint_eq(meetings_count(meetings), 0);
}
END_TEST

/* One way is over long before the other. */
START_TEST(an_end_goes_through_and_the_other_way_goes_on)
{
    start((MeetingLimits){.meetings_max = 2});
    g_auto(Guest) a = guest_new();
    g_auto(Guest) b = guest_new();
    join(&a, &b);
    stream_both_ways(a.far, b.far, 0, 8 * MIB + 1);
    loopback_await(&ended, 1);
    ck_assert_uint_eq(bytes_ended, 8 * MIB + 1);
}
END_TEST

START_TEST(several_at_once)
{
    start((MeetingLimits){.meetings_max = 3});
    g_auto(Guest) a = guest_new();
    g_auto(Guest) b = guest_new();
    g_auto(Guest) c = guest_new();
    g_auto(Guest) d = guest_new();
    join(&a, &b);
    meetings_enter(meetings, &c, keys[0], ids[1], keys[1]);
    meetings_enter(meetings, &d, keys[1], ids[1], keys[0]);
    ck_assert_uint_eq(begun, 2);
    stream_both_ways(c.far, d.far, 3 * MIB, MIB);
    loopback_await(&ended, 1);
    ck_assert_uint_eq(bytes_ended, 4 * MIB);
    stream_both_ways(a.far, b.far, MIB, 1);
    loopback_await(&ended, 2);
}
END_TEST

START_TEST(only_the_two_who_named_each_other)
{
    start((MeetingLimits){.meetings_max = 8});
    Guest a = {0}, carol = {0}, dave = {0}, other_id = {0};
    meetings_enter(meetings, &a, keys[0], ids[0], keys[1]);
    meetings_enter(meetings, &carol, keys[2], ids[0], keys[0]); /* not awaited */
    meetings_enter(meetings, &dave, keys[1], ids[0], keys[3]);  /* awaited, but wants another */
    meetings_enter(meetings, &other_id, keys[1], ids[1], keys[0]);
    ck_assert_uint_eq(a.met + carol.met + dave.met + other_id.met, 0);
    ck_assert_uint_eq(a.refused + carol.refused + dave.refused + other_id.refused, 0);
    Guest self = {0};
    meetings_enter(meetings, &self, keys[0], ids[0], keys[0]);
    ck_assert_uint_eq(self.refused, 1);
}
END_TEST

START_TEST(nobody_comes)
{
    start((MeetingLimits){.meetings_max = 1, .wait_us = 20000});
    Guest a = {0};
    meetings_enter(meetings, &a, keys[0], ids[0], keys[1]);
    loopback_await(&a.refused, 1);
    ck_assert_str_eq(a.why, "the other one did not come");
    ck_assert_uint_gt(a.retry_ms, 0);
    ck_assert_uint_eq(meetings_count(meetings), 0);
    ck_assert_uint_eq(begun + ended, 0);
}
END_TEST

START_TEST(who_comes_again_takes_the_place_of_the_first)
{
    start((MeetingLimits){.meetings_max = 1});
    Guest stale = {0};
    g_auto(Guest) a = guest_new();
    g_auto(Guest) b = guest_new();
    meetings_enter(meetings, &stale, keys[0], ids[0], keys[1]);
    meetings_enter(meetings, &a, keys[0], ids[0], keys[1]);
    ck_assert_uint_eq(stale.refused, 1);
    meetings_enter(meetings, &b, keys[1], ids[0], keys[0]);
    ck_assert_uint_eq(a.met + b.met, 2);
    ck_assert_uint_eq(stale.met, 0);
}
END_TEST

START_TEST(there_is_no_place_for_more)
{
    start((MeetingLimits){.meetings_max = 2});
    Guest a = {0}, b = {0}, c = {0};
    meetings_enter(meetings, &a, keys[0], ids[0], keys[1]);
    meetings_enter(meetings, &b, keys[0], ids[1], keys[1]);
    meetings_enter(meetings, &c, keys[2], ids[0], keys[3]);
    ck_assert_uint_eq(c.refused, 1);
    ck_assert_uint_gt(c.retry_ms, 0);
    meetings_leave(meetings, &a);
    ck_assert_uint_eq(a.refused, 0);
    Guest again = {0};
    meetings_enter(meetings, &again, keys[2], ids[0], keys[3]);
    ck_assert_uint_eq(again.refused, 0);
    /* Who is awaited finds its place taken for it. */
    g_auto(Guest) d = guest_new();
    again.near = -1;
    again.fails = true;
    meetings_enter(meetings, &d, keys[3], ids[0], keys[2]);
    ck_assert_uint_eq(again.met, 1);
}
END_TEST

START_TEST(a_member_has_so_many_and_not_more)
{
    start((MeetingLimits){.meetings_max = 100});
    Guest guests[MEETINGS_PER_MEMBER + 1] = {0};
    uint8_t id[TRANSFER_SIZE] = {0};
    for (int i = 0; i <= MEETINGS_PER_MEMBER; i++) {
        id[0] = (uint8_t)i;
        ck_assert_uint_eq(guests[i].refused, 0);
        meetings_enter(meetings, &guests[i], keys[0], id, keys[1]);
    }
    ck_assert_uint_eq(guests[MEETINGS_PER_MEMBER].refused, 1);
    /* To be awaited costs nothing. */
    Guest bob = {0};
    meetings_enter(meetings, &bob, keys[1], ids[0], keys[2]);
    ck_assert_uint_eq(bob.refused, 0);
}
END_TEST

START_TEST(switched_off)
{
    start((MeetingLimits){.meetings_max = 0});
    Guest a = {0};
    meetings_enter(meetings, &a, keys[0], ids[0], keys[1]);
    ck_assert_uint_eq(a.refused, 1);
    ck_assert_uint_eq(a.retry_ms, 0);
}
END_TEST

START_TEST(who_fails_after_met_is_told_to_the_other)
{
    start((MeetingLimits){.meetings_max = 2});
    g_auto(Guest) a = guest_new();
    g_auto(Guest) b = guest_new();
    a.fails = true;
    meetings_enter(meetings, &a, keys[0], ids[0], keys[1]);
    meetings_enter(meetings, &b, keys[1], ids[0], keys[0]);
    ck_assert_uint_eq(b.met, 0);
    ck_assert_uint_eq(b.refused, 1);
    a.fails = false;
    b.fails = true;
    a.met = 0;
    meetings_enter(meetings, &a, keys[0], ids[0], keys[1]);
    meetings_enter(meetings, &b, keys[1], ids[0], keys[0]);
    ck_assert_uint_eq(a.met, 1);
    uint8_t byte;
    ck_assert_int_eq(recv(a.far, &byte, 1, 0), 0);
    ck_assert_uint_eq(begun, 0);
    ck_assert_uint_eq(meetings_count(meetings), 0);
}
END_TEST

static void reset(Guest *guest)
{
    struct linger hard = {.l_onoff = 1};
    setsockopt(guest->far, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(guest->far);
    guest->far = -1;
}

START_TEST(killing_one_side_ends_the_other)
{
    start((MeetingLimits){.meetings_max = 2});
    g_auto(Guest) a = guest_new();
    g_auto(Guest) b = guest_new();
    join(&a, &b);
    ck_assert_int_eq(send(a.far, "x", 1, 0), 1);
    uint8_t byte;
    while (recv(b.far, &byte, 1, MSG_DONTWAIT) < 0)
        g_main_context_iteration(NULL, TRUE);
    reset(&a);
    loopback_await(&ended, 1);
    ck_assert_str_eq(why_ended, "a connection broke");
    ck_assert_int_eq(recv(b.far, &byte, 1, 0), 0);
}
END_TEST

/* The pipe and all buffers are full of what the one wrote when the other dies. */
START_TEST(killing_a_side_that_stands_still_ends_the_other)
{
    start((MeetingLimits){.meetings_max = 2});
    g_auto(Guest) a = guest_new();
    g_auto(Guest) b = guest_new();
    join(&a, &b);
    static uint8_t much[65536];
    for (unsigned idle = 0; idle < 50;) {
        ssize_t sent = send(a.far, much, sizeof much, MSG_DONTWAIT);
        idle = sent > 0 || g_main_context_iteration(NULL, FALSE) ? 0 : idle + 1;
    }
    reset(&b);
    loopback_await(&ended, 1);
    ck_assert_uint_gt(bytes_ended, 0);
}
END_TEST

START_TEST(silence_ends_it)
{
    start((MeetingLimits){.meetings_max = 2, .silence_us = 30000});
    g_auto(Guest) a = guest_new();
    g_auto(Guest) b = guest_new();
    join(&a, &b);
    loopback_await(&ended, 1);
    ck_assert_str_eq(why_ended, "nothing came for too long");
}
END_TEST

START_TEST(so_many_bytes_and_not_more)
{
    start((MeetingLimits){.meetings_max = 2, .bytes_max = MIB});
    g_auto(Guest) a = guest_new();
    g_auto(Guest) b = guest_new();
    join(&a, &b);
    static uint8_t much[65536];
    while (ended == 0) {
        send(a.far, much, sizeof much, MSG_DONTWAIT | MSG_NOSIGNAL);
        while (recv(b.far, much, sizeof much, MSG_DONTWAIT) > 0)
            continue;
        g_main_context_iteration(NULL, FALSE);
    }
    ck_assert_uint_le(bytes_ended, MIB);
    ck_assert_uint_gt(bytes_ended, MIB / 2);
}
END_TEST

/* The bound is one on time from below: what may leave at once is little. */
START_TEST(the_rate_is_kept)
{
    start((MeetingLimits){.meetings_max = 2, .rate = 8 * MIB});
    g_auto(Guest) a = guest_new();
    g_auto(Guest) b = guest_new();
    join(&a, &b);
    int64_t start_us = g_get_monotonic_time();
    stream_both_ways(a.far, b.far, 2 * MIB, 2 * MIB);
    int64_t took_us = g_get_monotonic_time() - start_us;
    ck_assert_int_ge(took_us, 450000);
    loopback_await(&ended, 1);
    ck_assert_uint_eq(bytes_ended, 4 * MIB);
}
END_TEST

START_TEST(two_share_the_rate)
{
    start((MeetingLimits){.meetings_max = 2, .rate = 8 * MIB});
    g_auto(Guest) a = guest_new();
    g_auto(Guest) b = guest_new();
    g_auto(Guest) c = guest_new();
    g_auto(Guest) d = guest_new();
    join(&a, &b);
    meetings_enter(meetings, &c, keys[2], ids[1], keys[3]);
    meetings_enter(meetings, &d, keys[3], ids[1], keys[2]);
    static uint8_t much[65536];
    const Guest *from[2] = {&a, &c}, *to[2] = {&b, &d};
    size_t moved[2] = {0};
    while (moved[0] + moved[1] < 4 * MIB) {
        for (int i = 0; i < 2; i++) {
            send(from[i]->far, much, sizeof much, MSG_DONTWAIT);
            ssize_t taken = recv(to[i]->far, much, sizeof much, MSG_DONTWAIT);
            moved[i] += taken > 0 ? (size_t)taken : 0;
        }
        g_main_context_iteration(NULL, FALSE);
    }
    ck_assert_uint_gt(moved[0], MIB);
    ck_assert_uint_gt(moved[1], MIB);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("meeting");
    TCase *test = tcase_create("meeting");
    tcase_set_timeout(test, 60);
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, both_ways_whole);
    tcase_add_test(test, an_end_goes_through_and_the_other_way_goes_on);
    tcase_add_test(test, several_at_once);
    tcase_add_test(test, only_the_two_who_named_each_other);
    tcase_add_test(test, nobody_comes);
    tcase_add_test(test, who_comes_again_takes_the_place_of_the_first);
    tcase_add_test(test, there_is_no_place_for_more);
    tcase_add_test(test, a_member_has_so_many_and_not_more);
    tcase_add_test(test, switched_off);
    tcase_add_test(test, who_fails_after_met_is_told_to_the_other);
    tcase_add_test(test, killing_one_side_ends_the_other);
    tcase_add_test(test, killing_a_side_that_stands_still_ends_the_other);
    tcase_add_test(test, silence_ends_it);
    tcase_add_test(test, so_many_bytes_and_not_more);
    tcase_add_test(test, the_rate_is_kept);
    tcase_add_test(test, two_share_the_rate);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
