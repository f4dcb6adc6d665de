#include "tests/unit/relay/stream.h"

#include "tests/unit/relay/loopback.h"

#include <check.h>
#include <fcntl.h>
#include <sys/socket.h>

#define PIECE 65536

typedef struct {
    int fd;
    size_t length;
    unsigned seed;
    unsigned *done;
} Stream;

void stream_set_blocking(int fd)
{
    ck_assert_int_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
}

static gboolean count_done(void *user)
{
    ++*((Stream *)user)->done;
    return G_SOURCE_REMOVE;
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
    g_idle_add(count_done, stream);
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
    g_idle_add(count_done, stream);
    return NULL;
}

void stream_both_ways(int a, int b, size_t there, size_t back)
{
    unsigned done = 0;
    Stream streams[4] = {
        {a, there, 1, &done}, {b, there, 1, &done}, {b, back, 2, &done}, {a, back, 2, &done}};
    GThread *threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = g_thread_new("stream", i % 2 == 0 ? write_stream : read_stream, &streams[i]);
    loopback_await(&done, 4);
    for (int i = 0; i < 4; i++)
        g_thread_join(threads[i]);
}
