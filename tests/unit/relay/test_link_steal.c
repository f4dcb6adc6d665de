#include "relay/limits.h"
#include "tests/unit/relay/loopback.h"

#include <check.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PUMPED (size_t)(3 * 1024 * 1024)

typedef struct {
    Link *link;
    bool steal_when_open, steal_at_message;
    unsigned opened, messages, closed, stolen, refused;
    int fd;
    SSL *ssl;
} End;

static Loopback loopback;
static End ends[2];

static void steal(End *end)
{
    end->fd = link_steal(end->link, &end->ssl);
    if (end->fd < 0) {
        end->refused++;
        return;
    }
    end->stolen++;
    g_clear_pointer(&end->link, link_free);
}

static void on_opened(const uint8_t *key, void *user)
{
    End *end = user;
    end->opened++;
    if (end->steal_when_open)
        steal(end);
}

static void on_message(const uint8_t *message, size_t length, void *user)
{
    End *end = user;
    end->messages++;
    if (end->steal_at_message)
        steal(end);
}

static void on_closed(const char *why, void *user)
{
    End *end = user;
    end->closed++;
    g_clear_pointer(&end->link, link_free);
}

static size_t on_message_max(void *user)
{
    return FRAME_MAX;
}

static void set_up(void)
{
    signal(SIGPIPE, SIG_IGN);
    loopback = loopback_new();
    memset(ends, 0, sizeof ends);
    ends[0].fd = ends[1].fd = -1;
}

static void tear_down(void)
{
    for (int i = 0; i < 2; i++) {
        link_free(ends[i].link);
        tls_ssl_free(ends[i].ssl);
        if (ends[i].fd >= 0)
            close(ends[i].fd);
    }
    loopback_clear(&loopback);
}

static void start_ends(void)
{
    static const LinkEvents events = {.opened = on_opened,
                                      .message = on_message,
                                      .closed = on_closed,
                                      .message_max = on_message_max};
    int fds[2];
    loopback_sockets(fds);
    SSL *ssl[2] = {tls_connect(loopback.tls[0], TLS_ALPN_DATA), tls_accept(loopback.tls[1])};
    for (int i = 0; i < 2; i++)
        ends[i].link = link_new(loopback.poller, fds[i], ssl[i],
                                g_get_monotonic_time() + HANDSHAKE_US, &events, &ends[i]);
}

static GBytes *frame_of(size_t length)
{
    uint8_t *bytes = g_malloc0(FRAME_HEADER_SIZE + length);
    uint32_t header = GUINT32_TO_BE((uint32_t)length);
    memcpy(bytes, &header, sizeof header);
    return g_bytes_new_take(bytes, FRAME_HEADER_SIZE + length);
}

static void set_blocking(int fd)
{
    ck_assert_int_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
}

static void write_all(SSL *ssl, const uint8_t *bytes, size_t length)
{
    for (size_t written; length > 0; bytes += written, length -= written)
        ck_assert_int_eq(SSL_write_ex(ssl, bytes, length, &written), 1);
}

static void read_all(SSL *ssl, uint8_t *bytes, size_t length)
{
    for (size_t taken; length > 0; bytes += taken, length -= taken)
        ck_assert_int_eq(SSL_read_ex(ssl, bytes, length, &taken), 1);
}

/* On its thread: sends everything back. */
static void *echo(void *user)
{
    End *end = user;
    g_autofree uint8_t *bytes = g_malloc(PUMPED);
    set_blocking(end->fd);
    read_all(end->ssl, bytes, PUMPED);
    write_all(end->ssl, bytes, PUMPED);
    return NULL;
}

/* What the other says first, a frame, is taken by the link; the rest goes through the thread. */
START_TEST(both_ends_go_on_without_their_links)
{
    ends[0].steal_when_open = true;
    ends[1].steal_at_message = true;
    start_ends();
    loopback_await(&ends[0].stolen, 1);
    set_blocking(ends[0].fd);
    g_autoptr(GBytes) first = frame_of(48);
    write_all(ends[0].ssl, g_bytes_get_data(first, NULL), g_bytes_get_size(first));
    loopback_await(&ends[1].stolen, 1);
    ck_assert_uint_eq(ends[1].messages, 1);

    GThread *thread = g_thread_new("echo", echo, &ends[1]);
    g_autofree uint8_t *sent = g_malloc(PUMPED);
    g_autofree uint8_t *back = g_malloc0(PUMPED);
    for (size_t i = 0; i < PUMPED; i++)
        sent[i] = (uint8_t)(i * 31 + i / 251);
    write_all(ends[0].ssl, sent, PUMPED);
    read_all(ends[0].ssl, back, PUMPED);
    g_thread_join(thread);
    ck_assert_mem_eq(sent, back, PUMPED);
    ck_assert_uint_eq(ends[0].closed + ends[1].closed, 0);
}
END_TEST

/* The first frame in pieces: it lies in the link's own memory when it is told. */
START_TEST(a_frame_that_came_in_pieces_leaves_nothing_behind)
{
    ends[0].steal_when_open = true;
    ends[1].steal_at_message = true;
    start_ends();
    loopback_await(&ends[0].stolen, 1);
    set_blocking(ends[0].fd);
    g_autoptr(GBytes) first = frame_of(48);
    const uint8_t *bytes = g_bytes_get_data(first, NULL);
    for (size_t i = 0; i < g_bytes_get_size(first); i++)
        write_all(ends[0].ssl, bytes + i, 1);
    loopback_await(&ends[1].stolen, 1);
}
END_TEST

static void expect_refusal(size_t extra, bool in_one_record)
{
    ends[0].steal_when_open = true;
    ends[1].steal_at_message = true;
    start_ends();
    loopback_await(&ends[0].stolen, 1);
    set_blocking(ends[0].fd);
    g_autoptr(GBytes) first = frame_of(48);
    size_t size = g_bytes_get_size(first);
    g_autofree uint8_t *bytes = g_malloc0(size + extra);
    memcpy(bytes, g_bytes_get_data(first, NULL), size);
    bytes[size + 2] = 1; /* the beginning of a frame of 256 bytes */
    size_t record = in_one_record ? size + extra : size;
    write_all(ends[0].ssl, bytes, record);
    write_all(ends[0].ssl, bytes + record, size + extra - record);
    loopback_await(&ends[1].refused, 1);
    ck_assert_ptr_nonnull(ends[1].link);
    ck_assert(link_is_open(ends[1].link));
}

START_TEST(what_follows_in_the_record_is_not_lost_by_stealing)
{
    expect_refusal(3, true);
}
END_TEST

START_TEST(what_follows_in_the_next_record_is_not_lost_by_stealing)
{
    expect_refusal(100, false);
}
END_TEST

START_TEST(what_is_queued_keeps_the_link)
{
    start_ends();
    loopback_await(&ends[0].opened, 1);
    g_autoptr(GBytes) frame = frame_of(10);
    ck_assert(link_send(ends[0].link, frame));
    SSL *ssl = NULL;
    ck_assert_int_eq(link_steal(ends[0].link, &ssl), -1);
    loopback_await(&ends[1].messages, 1);
    ends[0].fd = link_steal(ends[0].link, &ends[0].ssl);
    ck_assert_int_ge(ends[0].fd, 0);
}
END_TEST

START_TEST(a_link_before_its_handshake_is_not_stolen)
{
    start_ends();
    SSL *ssl = NULL;
    ck_assert_int_eq(link_steal(ends[0].link, &ssl), -1);
    ck_assert_ptr_null(ssl);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link_steal");
    TCase *test = tcase_create("link_steal");
    tcase_set_timeout(test, 30);
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, both_ends_go_on_without_their_links);
    tcase_add_test(test, a_frame_that_came_in_pieces_leaves_nothing_behind);
    tcase_add_test(test, what_follows_in_the_record_is_not_lost_by_stealing);
    tcase_add_test(test, what_follows_in_the_next_record_is_not_lost_by_stealing);
    tcase_add_test(test, what_is_queued_keeps_the_link);
    tcase_add_test(test, a_link_before_its_handshake_is_not_stolen);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
