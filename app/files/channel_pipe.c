#include "app/files/channel_pipe.h"

#include "relay/socket_bio.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sealed bytes of one system call: enough to make its cost small, and little enough to be still in
 * the processor's cache when the kernel copies them. */
#define OUT_SIZE (128 * 1024)
#define IN_SIZE (128 * 1024)

void channel_pipe_init(ChannelPipe *pipe, int fd)
{
    *pipe = (ChannelPipe){.fd = fd, .out = g_malloc(OUT_SIZE)};
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0)
        (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

void channel_pipe_clear(ChannelPipe *pipe)
{
    g_clear_pointer(&pipe->out, g_free);
    g_clear_pointer(&pipe->in, g_free);
    if (pipe->fd >= 0)
        close(pipe->fd);
    pipe->fd = -1;
}

static PipeResult failed(ChannelPipe *pipe)
{
    if (errno == EAGAIN || errno == EINTR)
        return PIPE_BLOCKED;
    pipe->error = errno;
    return PIPE_FAILED;
}

void channel_pipe_read_ahead(ChannelPipe *pipe)
{
    if (pipe->in == NULL)
        pipe->in = g_malloc(IN_SIZE);
}

static PipeResult receive(ChannelPipe *pipe, void *bytes, size_t length, size_t *got)
{
    ssize_t count = recv(pipe->fd, bytes, length, 0);
    *got = count > 0 ? (size_t)count : 0;
    if (count < 0)
        return failed(pipe);
    pipe->heard = true;
    pipe->ended = count == 0;
    return count == 0 ? PIPE_FAILED : PIPE_OK;
}

PipeResult channel_pipe_read(ChannelPipe *pipe, void *bytes, size_t length, size_t *got)
{
    if (pipe->in_length == 0 && (pipe->in == NULL || length >= IN_SIZE))
        return receive(pipe, bytes, length, got);
    *got = 0;
    if (pipe->in_length == 0) {
        pipe->in_start = 0;
        PipeResult result = receive(pipe, pipe->in, IN_SIZE, &pipe->in_length);
        if (result != PIPE_OK)
            return result;
    }
    *got = MIN(length, pipe->in_length);
    memcpy(bytes, pipe->in + pipe->in_start, *got);
    pipe->in_start += *got;
    pipe->in_length -= *got;
    return PIPE_OK;
}

PipeResult channel_pipe_flush(ChannelPipe *pipe)
{
    while (pipe->out_length > 0) {
        ssize_t count = send(pipe->fd, pipe->out + pipe->out_start, pipe->out_length, MSG_NOSIGNAL);
        if (count < 0)
            return failed(pipe);
        pipe->out_start += (size_t)count;
        pipe->out_length -= (size_t)count;
    }
    pipe->out_start = 0;
    return PIPE_OK;
}

PipeResult channel_pipe_write(ChannelPipe *pipe, const void *bytes, size_t length, size_t *gone)
{
    *gone = 0;
    if (pipe->out_start + pipe->out_length + length > OUT_SIZE) {
        PipeResult result = channel_pipe_flush(pipe);
        if (result != PIPE_OK)
            return result;
    }
    *gone = MIN(length, OUT_SIZE);
    memcpy(pipe->out + pipe->out_start + pipe->out_length, bytes, *gone);
    pipe->out_length += *gone;
    return PIPE_OK;
}

/* --- as OpenSSL wants it --- */

static int bio_write(BIO *bio, const char *bytes, size_t length, size_t *gone)
{
    BIO_clear_retry_flags(bio);
    PipeResult result = channel_pipe_write(BIO_get_data(bio), bytes, length, gone);
    if (result == PIPE_BLOCKED)
        BIO_set_retry_write(bio);
    return result == PIPE_OK;
}

static int bio_read(BIO *bio, char *bytes, size_t length, size_t *got)
{
    BIO_clear_retry_flags(bio);
    PipeResult result = channel_pipe_read(BIO_get_data(bio), bytes, length, got);
    if (result == PIPE_BLOCKED)
        BIO_set_retry_read(bio);
    return result == PIPE_OK;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    if (command != BIO_CTRL_FLUSH)
        return 0;
    BIO_clear_retry_flags(bio);
    PipeResult result = channel_pipe_flush(BIO_get_data(bio));
    if (result == PIPE_BLOCKED)
        BIO_set_retry_write(bio);
    return result == PIPE_OK ? 1 : -1;
}

BIO *channel_pipe_bio(ChannelPipe *pipe)
{
    static const BioCalls calls = {"data channel", bio_write, bio_read, bio_control};
    static gsize method;
    return bio_of_calls(&calls, &method, pipe);
}
