#include "relay/limits.h"
#include "tests/unit/relay/loopback.h"

#include <check.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One end of a link and what happened to it. */
typedef struct {
    Link *link;
    unsigned opened, messages, broken, closed;
    size_t bytes;
    size_t max;
    uint8_t key[KEY_SIZE];
    char last[64];
    const char *why;
    bool free_at_message;
    GBytes *last_word; /* sent when broken */
} End;

static void on_opened(const uint8_t *key, void *user)
{
    End *end = user;
    end->opened++;
    memcpy(end->key, key, KEY_SIZE);
}

static void on_message(const uint8_t *message, size_t length, void *user)
{
    End *end = user;
    end->messages++;
    end->bytes += length;
    memset(end->last, 0, sizeof end->last);
    memcpy(end->last, message, MIN(length, sizeof end->last - 1));
    if (end->free_at_message)
        g_clear_pointer(&end->link, link_free);
}

static void on_broken(const char *why, void *user)
{
    End *end = user;
    end->broken++;
    if (end->last_word != NULL)
        ck_assert(link_send(end->link, end->last_word));
}

static void on_closed(const char *why, void *user)
{
    End *end = user;
    end->closed++;
    end->why = why;
    g_clear_pointer(&end->link, link_free);
}

static size_t on_message_max(void *user)
{
    return ((End *)user)->max;
}

static const LinkEvents events = {.opened = on_opened,
                                  .message = on_message,
                                  .broken = on_broken,
                                  .closed = on_closed,
                                  .message_max = on_message_max};

static Loopback loopback;
static End ends[2];

static int64_t soon(void)
{
    return g_get_monotonic_time() + HANDSHAKE_US;
}

static void connect_ends(void)
{
    int fds[2];
    loopback_sockets(fds);
    SSL *ssl[2] = {tls_connect(loopback.tls[0], TLS_ALPN_LINK), tls_accept(loopback.tls[1])};
    for (int i = 0; i < 2; i++)
        ends[i].link = link_new(loopback.poller, fds[i], ssl[i], soon(), &events, &ends[i]);
    loopback_await(&ends[0].opened, 1);
    loopback_await(&ends[1].opened, 1);
}

static void set_up(void)
{
    loopback = loopback_new();
    memset(ends, 0, sizeof ends);
    ends[0].max = ends[1].max = FRAME_MAX;
}

static void tear_down(void)
{
    link_free(ends[0].link);
    link_free(ends[1].link);
    loopback_clear(&loopback);
}

static GBytes *frame_of(size_t length, uint8_t fill)
{
    uint8_t *bytes = g_malloc(FRAME_HEADER_SIZE + length);
    uint32_t header = GUINT32_TO_BE((uint32_t)length);
    memcpy(bytes, &header, sizeof header);
    memset(bytes + FRAME_HEADER_SIZE, fill, length);
    return g_bytes_new_take(bytes, FRAME_HEADER_SIZE + length);
}

static void send_frame(Link *link, size_t length, uint8_t fill)
{
    g_autoptr(GBytes) frame = frame_of(length, fill);
    ck_assert(link_send(link, frame));
}

START_TEST(keys_are_known_when_open)
{
    connect_ends();
    ck_assert_mem_eq(ends[0].key, identity_key(loopback.identity[1]), KEY_SIZE);
    ck_assert_mem_eq(ends[1].key, identity_key(loopback.identity[0]), KEY_SIZE);
    ck_assert_str_eq(link_alpn(ends[0].link), TLS_ALPN_LINK);
    ck_assert_str_eq(link_alpn(ends[1].link), TLS_ALPN_LINK);
    ck_assert(link_is_open(ends[1].link));
}
END_TEST

START_TEST(frames_of_all_sizes_arrive_in_order)
{
    connect_ends();
    static const size_t sizes[] = {1, 5, 16379, 16380, 16381, 40000, 200000, 2};
    size_t total = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        send_frame(ends[0].link, sizes[i], (uint8_t)('a' + i));
        total += sizes[i];
    }
    loopback_await(&ends[1].messages, G_N_ELEMENTS(sizes));
    ck_assert_uint_eq(ends[1].bytes, total);
    ck_assert_str_eq(ends[1].last, "hh");
    ck_assert_uint_eq(link_queued(ends[0].link), 0);
}
END_TEST

START_TEST(many_small_frames_both_ways)
{
    connect_ends();
    for (int i = 0; i < 5000; i++) {
        send_frame(ends[0].link, 60, 'x');
        send_frame(ends[1].link, 90, 'y');
    }
    loopback_await(&ends[1].messages, 5000);
    loopback_await(&ends[0].messages, 5000);
}
END_TEST

START_TEST(what_is_queued_before_the_handshake_leaves_after_it)
{
    int fds[2];
    loopback_sockets(fds);
    SSL *ssl[2] = {tls_connect(loopback.tls[0], TLS_ALPN_LINK), tls_accept(loopback.tls[1])};
    for (int i = 0; i < 2; i++) {
        ends[i].link = link_new(loopback.poller, fds[i], ssl[i], soon(), &events, &ends[i]);
        send_frame(ends[i].link, 3, 'q');
    }
    loopback_await(&ends[0].messages, 1);
    loopback_await(&ends[1].messages, 1);
}
END_TEST

START_TEST(a_full_queue_refuses_and_then_drains)
{
    connect_ends();
    g_autoptr(GBytes) frame = frame_of(100000, 'f');
    unsigned sent = 0;
    while (link_send(ends[0].link, frame))
        sent++;
    ck_assert_uint_eq(sent, QUEUE_MAX / 100004);
    loopback_await(&ends[1].messages, sent);
    ck_assert_uint_eq(link_queued(ends[0].link), 0);
    ck_assert(link_send(ends[0].link, frame));
}
END_TEST

START_TEST(finish_delivers_what_was_queued)
{
    connect_ends();
    for (int i = 0; i < 9; i++)
        send_frame(ends[0].link, 100000, 'z');
    link_finish(ends[0].link);
    g_autoptr(GBytes) late = frame_of(1, 'l');
    ck_assert(!link_send(ends[0].link, late));
    loopback_await(&ends[1].closed, 1);
    loopback_await(&ends[0].closed, 1);
    ck_assert_uint_eq(ends[1].messages, 9);
    ck_assert_ptr_null(ends[0].why);
    ck_assert_str_eq(ends[1].why, "the other side closed the connection");
}
END_TEST

START_TEST(freeing_is_seen_as_a_cut)
{
    connect_ends();
    g_clear_pointer(&ends[0].link, link_free);
    loopback_await(&ends[1].closed, 1);
    ck_assert_str_eq(ends[1].why, "the connection was cut");
}
END_TEST

START_TEST(a_link_may_be_freed_in_its_callback)
{
    connect_ends();
    ends[1].free_at_message = true;
    for (int i = 0; i < 100; i++)
        send_frame(ends[0].link, 500, 'm');
    loopback_await(&ends[0].closed, 1);
    ck_assert_uint_eq(ends[1].messages, 1);
    ck_assert_uint_eq(ends[1].closed, 0);
}
END_TEST

START_TEST(a_message_too_large_is_answered_and_ends_the_link)
{
    connect_ends();
    g_autoptr(GBytes) word = frame_of(4, 'w');
    ends[1].max = 1000;
    ends[1].last_word = word;
    send_frame(ends[0].link, 1000, 'o');
    send_frame(ends[0].link, 1001, 'o');
    loopback_await(&ends[0].closed, 1);
    loopback_await(&ends[1].closed, 1);
    ck_assert_uint_eq(ends[1].messages, 1);
    ck_assert_uint_eq(ends[1].broken, 1);
    ck_assert_str_eq(ends[0].last, "wwww");
    ck_assert_str_eq(ends[1].why, "a message was too large");
}
END_TEST

START_TEST(a_silent_handshake_is_cut_off)
{
    int fds[2];
    loopback_sockets(fds);
    ends[1].link = link_new(loopback.poller, fds[1], tls_accept(loopback.tls[1]),
                            g_get_monotonic_time() + 20000, &events, &ends[1]);
    loopback_await(&ends[1].closed, 1);
    ck_assert_str_eq(ends[1].why, "no TLS handshake in time");
    close(fds[0]);
}
END_TEST

START_TEST(noise_instead_of_tls_is_refused)
{
    int fds[2];
    loopback_sockets(fds);
    static const char noise[] = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";
    ck_assert_int_eq(send(fds[0], noise, sizeof noise, 0), sizeof noise);
    ends[1].link =
        link_new(loopback.poller, fds[1], tls_accept(loopback.tls[1]), soon(), &events, &ends[1]);
    loopback_await(&ends[1].closed, 1);
    ck_assert_uint_eq(ends[1].opened, 0);
    close(fds[0]);
}
END_TEST

START_TEST(a_refused_connection_says_so)
{
    int fds[2];
    loopback_sockets(fds);
    struct linger hard = {.l_onoff = 1};
    setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ends[0].link = link_new(loopback.poller, fds[0], tls_connect(loopback.tls[0], TLS_ALPN_LINK),
                            soon(), &events, &ends[0]);
    close(fds[1]);
    loopback_await(&ends[0].closed, 1);
    ck_assert_str_eq(ends[0].why, "Connection reset by peer");
}
END_TEST

START_TEST(a_reader_that_stands_still_costs_a_bounded_queue)
{
    connect_ends();
    g_autoptr(GBytes) frame = frame_of(100000, 's');
    /* Nobody iterates the other end: both are in one context, so fill without iterating. */
    for (int round = 0; round < 200; round++) {
        if (!link_send(ends[0].link, frame))
            break;
        link_flush(ends[0].link);
    }
    ck_assert_uint_le(link_queued(ends[0].link), QUEUE_MAX);
    ck_assert(!link_send(ends[0].link, frame));
    link_finish(ends[0].link);
    loopback_await(&ends[1].closed, 1);
    loopback_await(&ends[0].closed, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link");
    TCase *test = tcase_create("link");
    tcase_set_timeout(test, 30);
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, keys_are_known_when_open);
    tcase_add_test(test, frames_of_all_sizes_arrive_in_order);
    tcase_add_test(test, many_small_frames_both_ways);
    tcase_add_test(test, what_is_queued_before_the_handshake_leaves_after_it);
    tcase_add_test(test, a_full_queue_refuses_and_then_drains);
    tcase_add_test(test, finish_delivers_what_was_queued);
    tcase_add_test(test, freeing_is_seen_as_a_cut);
    tcase_add_test(test, a_link_may_be_freed_in_its_callback);
    tcase_add_test(test, a_message_too_large_is_answered_and_ends_the_link);
    tcase_add_test(test, a_silent_handshake_is_cut_off);
    tcase_add_test(test, noise_instead_of_tls_is_refused);
    tcase_add_test(test, a_refused_connection_says_so);
    tcase_add_test(test, a_reader_that_stands_still_costs_a_bounded_queue);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
