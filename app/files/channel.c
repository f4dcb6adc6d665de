/* OpenSSL meets the socket in the ChannelPipe: many records leave and, once the channel is widened,
 * come in one system call. Above it lie two buffers of plain bytes: `out` gathers small frames up
 * to a record, `in` holds frames not yet taken. Large pieces pass both by.
 *
 * Nothing blocks but channel_wait(), which polls the socket together with an eventfd for other
 * threads' wishes. Whoever waits to write also reads, as far as `in` has room. */
#include "app/files/channel_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

Channel *channel_new(int fd)
{
    Channel *channel = g_malloc0(sizeof *channel);
    channel_pipe_init(&channel->pipe, fd);
    channel->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (channel->wake < 0)
        g_error("eventfd: %s", g_strerror(errno));
    channel->message_max = FRAME_MAX_BEFORE_ADMISSION;
    channel->arena = arena_new(DATA_ARENA_SIZE);
    channel->heard_us = g_get_monotonic_time();
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return channel;
}

Channel *channel_new_plain(int fd)
{
    Channel *channel = channel_new(fd);
    channel->plain = true;
    return channel;
}

void channel_free(Channel *channel)
{
    if (channel == NULL)
        return;
    tls_ssl_free(channel->ssl);
    channel_pipe_clear(&channel->pipe);
    close(channel->wake);
    arena_free(channel->arena);
    g_free(channel);
}

static void wake(Channel *channel)
{
    uint64_t one = 1;
    (void)!write(channel->wake, &one, sizeof one);
}

void channel_abort(Channel *channel)
{
    atomic_store(&channel->aborted, true);
    wake(channel);
}

void channel_hurry(Channel *channel)
{
    atomic_store(&channel->hurry_us, g_get_monotonic_time() + CHANNEL_HURRY_US);
    wake(channel);
}

static gboolean check_aborted(Channel *channel, GError **error)
{
    if (!atomic_load(&channel->aborted))
        return TRUE;
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped");
    return FALSE;
}

gboolean channel_wait(Channel *channel, short events, int64_t until_us, GError **error)
{
    int64_t silent_us = channel->heard_us + DATA_SILENCE_US;
    int64_t now_us = g_get_monotonic_time();
    int64_t left_us = CLAMP(MIN(until_us, silent_us) - now_us, 0, DATA_SILENCE_US);
    struct pollfd polled[] = {
        {.fd = channel->pipe.fd, .events = events},
        {.fd = channel->wake, .events = POLLIN},
    };
    int ready = poll(polled, G_N_ELEMENTS(polled), (int)((left_us + 999) / 1000));
    if (ready < 0 && errno != EINTR) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "poll: %s", g_strerror(errno));
        return FALSE;
    }
    if (ready > 0 && polled[1].revents != 0) {
        uint64_t count;
        (void)!read(channel->wake, &count, sizeof count);
    }
    if (ready == 0 && g_get_monotonic_time() >= silent_us) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                            "nothing was heard from the other side any more");
        return FALSE;
    }
    return check_aborted(channel, error);
}

IoResult channel_io_failure(Channel *channel, GError **error)
{
    int why = channel->ssl != NULL ? SSL_get_error(channel->ssl, 0) : SSL_ERROR_SYSCALL;
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return IO_BLOCKED;
    if (why == SSL_ERROR_ZERO_RETURN || channel->pipe.ended)
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                            "the other side closed the connection");
    else if (channel->pipe.error != 0)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "the connection was lost: %s",
                    g_strerror(channel->pipe.error));
    else
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "the connection broke: %s", tls_why());
    return IO_FAILED;
}

static IoResult pipe_result(Channel *channel, PipeResult result, GError **error)
{
    if (result == PIPE_OK)
        return IO_OK;
    return result == PIPE_BLOCKED ? IO_BLOCKED : channel_io_failure(channel, error);
}

/* SSL_get_error() asks for that before each call; clearing what is empty costs more than looking.
 */
static void forget_errors(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

static IoResult take(Channel *channel, void *bytes, size_t length, size_t *got, GError **error)
{
    *got = 0;
    if (channel->plain) {
        IoResult result =
            pipe_result(channel, channel_pipe_read(&channel->pipe, bytes, length, got), error);
        if (result == IO_OK)
            channel->heard_us = g_get_monotonic_time();
        return result;
    }
    g_return_val_if_fail(channel->ssl != NULL, IO_FAILED);
    forget_errors();
    if (SSL_read_ex(channel->ssl, bytes, length, got) != 1)
        return channel_io_failure(channel, error);
    if (channel->pipe.heard) {
        channel->pipe.heard = false;
        channel->heard_us = g_get_monotonic_time();
    }
    return IO_OK;
}

static IoResult give(Channel *channel, const void *bytes, size_t length, size_t *gone,
                     GError **error)
{
    *gone = 0;
    if (channel->plain)
        return pipe_result(channel, channel_pipe_write(&channel->pipe, bytes, length, gone), error);
    g_return_val_if_fail(channel->ssl != NULL, IO_FAILED);
    forget_errors();
    return SSL_write_ex(channel->ssl, bytes, length, gone) == 1
               ? IO_OK
               : channel_io_failure(channel, error);
}

/* Takes more into `in`; IO_BLOCKED also when it is full. */
static IoResult take_in(Channel *channel, GError **error)
{
    if (channel->in_start == channel->in_end)
        channel->in_start = channel->in_end = 0;
    if (IN_SIZE - channel->in_end < RECORD_SIZE && channel->in_start > 0) {
        channel->in_end -= channel->in_start;
        memmove(channel->in, channel->in + channel->in_start, channel->in_end);
        channel->in_start = 0;
    }
    if (channel->in_end == IN_SIZE)
        return IO_BLOCKED;
    size_t got = 0;
    IoResult result =
        take(channel, channel->in + channel->in_end, IN_SIZE - channel->in_end, &got, error);
    channel->in_end += got;
    return result;
}

/* --- writing --- */

/* Until the socket takes more. What comes meanwhile is taken in; that the other closed is left to
 * the next reading. */
static gboolean wait_to_write(Channel *channel, GError **error)
{
    int64_t hurry_us = atomic_load(&channel->hurry_us);
    if (hurry_us != 0 && g_get_monotonic_time() >= hurry_us) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped");
        return FALSE;
    }
    short events = POLLOUT;
    if (!channel->pipe.ended && (channel->plain || SSL_is_init_finished(channel->ssl) == 1)) {
        size_t before = channel->in_end;
        IoResult result = take_in(channel, NULL);
        if (result == IO_BLOCKED && channel->in_end == before && before < IN_SIZE)
            events = POLLOUT | POLLIN;
        else if (result == IO_OK)
            return TRUE;
    }
    return channel_wait(channel, events, hurry_us != 0 ? hurry_us : INT64_MAX, error);
}

static gboolean write_all(Channel *channel, const uint8_t *bytes, size_t length, GError **error)
{
    while (length > 0) {
        size_t gone = 0;
        IoResult result = give(channel, bytes, MIN(length, RECORD_SIZE), &gone, error);
        if (result == IO_FAILED || (result == IO_BLOCKED && !wait_to_write(channel, error)))
            return FALSE;
        bytes += gone;
        length -= gone;
        if (channel->pipe.heard) {
            channel->pipe.heard = false;
            channel->heard_us = g_get_monotonic_time();
        }
    }
    return TRUE;
}

static gboolean write_gathered(Channel *channel, GError **error)
{
    size_t length = channel->out_length;
    channel->out_length = 0;
    return write_all(channel, channel->out, length, error);
}

gboolean channel_write(Channel *channel, const void *bytes, size_t length, GError **error)
{
    const uint8_t *from = bytes;
    while (length > 0) {
        if (channel->out_length == 0 && length >= RECORD_SIZE) {
            size_t whole = length / RECORD_SIZE * RECORD_SIZE;
            if (!write_all(channel, from, whole, error))
                return FALSE;
            from += whole;
            length -= whole;
            continue;
        }
        size_t part = MIN(length, RECORD_SIZE - channel->out_length);
        memcpy(channel->out + channel->out_length, from, part);
        channel->out_length += part;
        from += part;
        length -= part;
        if (channel->out_length == RECORD_SIZE && !write_gathered(channel, error))
            return FALSE;
    }
    return check_aborted(channel, error);
}

gboolean channel_send(Channel *channel, const Wire__DataFrame *frame, GError **error)
{
    g_autoptr(GBytes) built = data_frame_build(frame);
    gsize length = 0;
    const void *bytes = g_bytes_get_data(built, &length);
    return channel_write(channel, bytes, length, error);
}

static gboolean flush_pipe(Channel *channel, GError **error)
{
    IoResult result;
    while ((result = pipe_result(channel, channel_pipe_flush(&channel->pipe), error)) ==
           IO_BLOCKED) {
        if (!wait_to_write(channel, error))
            return FALSE;
    }
    return result == IO_OK;
}

gboolean channel_flush(Channel *channel, GError **error)
{
    return write_gathered(channel, error) && flush_pipe(channel, error);
}

/* --- reading --- */

static const Wire__DataFrame *broken(GError **error, const char *why)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the other side broke the protocol: %s",
                why);
    return NULL;
}

/* The frame that lies whole in `in`; NULL without error when there is none. */
static const Wire__DataFrame *next_frame(Channel *channel, GError **error)
{
    const uint8_t *start = channel->in + channel->in_start;
    size_t size = 0;
    switch (frame_cut(start, channel->in_end - channel->in_start, channel->message_max, &size)) {
    case FRAME_PARTIAL:
        return NULL;
    case FRAME_TOO_LARGE:
        return broken(error, "a message was too large");
    case FRAME_BAD:
        return broken(error, "what came was no message");
    case FRAME_OK:
        break;
    }
    channel->frame = start;
    channel->frame_length = size;
    channel->in_start += size;
    const char *why = NULL;
    arena_reset(channel->arena);
    const Wire__DataFrame *frame =
        data_frame_parse(channel->arena, start + FRAME_HEADER_SIZE, size - FRAME_HEADER_SIZE, &why);
    return frame != NULL ? frame : broken(error, why);
}

/* Before a wait for bytes: an answer that OpenSSL owes (KeyUpdate) may be in the way. */
static gboolean wait_to_read(Channel *channel, int64_t until_us, GError **error)
{
    short events = POLLIN;
    if (channel->pipe.out_length > 0 &&
        pipe_result(channel, channel_pipe_flush(&channel->pipe), NULL) == IO_BLOCKED)
        events |= POLLOUT;
    return channel_wait(channel, events, until_us, error);
}

static bool time_is_up(const Channel *channel, int64_t until_us)
{
    return until_us == 0 || atomic_load(&channel->hurry_us) != 0 ||
           g_get_monotonic_time() >= until_us;
}

const Wire__DataFrame *channel_receive_until(Channel *channel, int64_t until_us, GError **error)
{
    for (;;) {
        g_autoptr(GError) failed = NULL;
        const Wire__DataFrame *frame = next_frame(channel, &failed);
        if (frame != NULL)
            return frame;
        IoResult result = failed == NULL ? take_in(channel, &failed) : IO_FAILED;
        if (result == IO_FAILED) {
            g_propagate_error(error, g_steal_pointer(&failed));
            return NULL;
        }
        if (!check_aborted(channel, error))
            return NULL;
        if (result == IO_OK)
            continue;
        if (time_is_up(channel, until_us) || !wait_to_read(channel, until_us, error))
            return NULL;
    }
}

const Wire__DataFrame *channel_receive(Channel *channel, GError **error)
{
    g_autoptr(GError) failed = NULL;
    const Wire__DataFrame *frame = channel_receive_until(channel, INT64_MAX, &failed);
    if (frame == NULL && failed == NULL)
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped");
    else if (frame == NULL)
        g_propagate_error(error, g_steal_pointer(&failed));
    return frame;
}

const uint8_t *channel_frame_bytes(const Channel *channel, size_t *length)
{
    *length = channel->frame_length;
    return channel->frame;
}

gboolean channel_read(Channel *channel, void *bytes, size_t length, int64_t until_us, size_t *got,
                      GError **error)
{
    *got = MIN(length, channel->in_end - channel->in_start);
    if (*got > 0) {
        memcpy(bytes, channel->in + channel->in_start, *got);
        channel->in_start += *got;
        return TRUE;
    }
    /* A small piece is the end of a record in which more follows. */
    bool small = length < RECORD_SIZE;
    for (;;) {
        IoResult result =
            small ? take_in(channel, error) : take(channel, bytes, length, got, error);
        if (result == IO_FAILED || !check_aborted(channel, error))
            return FALSE;
        if (result == IO_OK)
            return small ? channel_read(channel, bytes, length, until_us, got, error) : TRUE;
        if (time_is_up(channel, until_us))
            return TRUE;
        if (!wait_to_read(channel, until_us, error))
            return FALSE;
    }
}
