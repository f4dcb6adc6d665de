#include "tests/unit/relay/stream.h"

#include <check.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/socket.h>

#define PIECE 65536

typedef struct {
    int fd;
    size_t length;
    unsigned seed;
    int *done; /* atomic */
} Stream;

void stream_set_blocking(int fd)
{
    ck_assert_int_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
}

/* No source is made on the thread: ThreadSanitizer does not see the locks of GLib. */
void stream_count(int *done)
{
    g_atomic_int_inc(done);
    g_main_context_wakeup(NULL);
}

static gboolean out_of_time(void *user)
{
    ck_abort_msg("the streams stand still");
    return G_SOURCE_REMOVE;
}

void stream_await(int *done, int enough)
{
    unsigned timer = g_timeout_add_seconds(30, out_of_time, NULL);
    while (g_atomic_int_get(done) < enough)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
}

static uint8_t byte_at(const Stream *stream, size_t at)
{
    return (uint8_t)((at >> 16) * 7 + (at >> 8) * 3 + at + stream->seed);
}

static void *write_stream(void *user)
{
    Stream *stream = user;
    uint8_t bytes[PIECE];
    for (size_t at = 0; at < stream->length;) {
        size_t part = MIN(sizeof bytes, stream->length - at);
        for (size_t i = 0; i < part; i++)
            bytes[i] = byte_at(stream, at + i);
        ssize_t sent = send(stream->fd, bytes, part, MSG_NOSIGNAL);
        ck_assert_int_gt(sent, 0);
        at += (size_t)sent;
    }
    shutdown(stream->fd, SHUT_WR);
    stream_count(stream->done);
    return NULL;
}

static void *read_stream(void *user)
{
    Stream *stream = user;
    uint8_t bytes[PIECE];
    size_t at = 0, wrong = 0;
    for (;;) {
        ssize_t taken = recv(stream->fd, bytes, sizeof bytes, 0);
        ck_assert_int_ge(taken, 0);
        if (taken == 0)
            break;
        for (size_t i = 0; i < (size_t)taken; i++)
            wrong += bytes[i] != byte_at(stream, at + i);
        at += (size_t)taken;
    }
    ck_assert_uint_eq(at, stream->length);
    ck_assert_uint_eq(wrong, 0);
    stream_count(stream->done);
    return NULL;
}

void stream_both_ways(int a, int b, size_t there, size_t back)
{
    int done = 0;
    Stream streams[4] = {
        {a, there, 1, &done}, {b, there, 1, &done}, {b, back, 2, &done}, {a, back, 2, &done}};
    GThread *threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = g_thread_new("stream", i % 2 == 0 ? write_stream : read_stream, &streams[i]);
    stream_await(&done, 4);
    for (int i = 0; i < 4; i++)
        g_thread_join(threads[i]);
}
