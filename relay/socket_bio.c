#include "relay/socket_bio.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static int pipe_write(BIO *bio, const char *bytes, size_t length, size_t *written)
{
    SocketBio *pipe = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t sent = send(pipe->fd, bytes, length, MSG_NOSIGNAL);
    if (sent >= 0) {
        *written = (size_t)sent;
        return 1;
    }
    *written = 0;
    if (errno == EAGAIN || errno == EINTR || errno == ENOTCONN)
        BIO_set_retry_write(bio);
    else if (pipe->write_error == 0)
        pipe->write_error = errno;
    return 0;
}

static int pipe_read(BIO *bio, char *bytes, size_t length, size_t *taken)
{
    SocketBio *pipe = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *taken = MIN(length, pipe->in_length);
    if (*taken == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(bytes, pipe->in, *taken);
    pipe->in += *taken;
    pipe->in_length -= *taken;
    return 1;
}

static long pipe_control(BIO *bio, int command, long number, void *pointer)
{
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *make_method(const BioCalls *calls)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, calls->name);
    if (method == NULL || BIO_meth_set_write_ex(method, calls->write) != 1 ||
        BIO_meth_set_read_ex(method, calls->read) != 1 ||
        BIO_meth_set_ctrl(method, calls->control) != 1)
        g_error("BIO_meth_new: no memory");
    return method;
}

BIO *bio_of_calls(const BioCalls *calls, gsize *method, void *data)
{
    if (g_once_init_enter(method))
        g_once_init_leave(method, (gsize)make_method(calls));
    BIO *bio = BIO_new((const BIO_METHOD *)*method);
    if (bio == NULL)
        g_error("BIO_new: no memory");
    BIO_set_data(bio, data);
    BIO_set_init(bio, 1);
    return bio;
}

BIO *socket_bio_new(SocketBio *pipe)
{
    static const BioCalls calls = {"link", pipe_write, pipe_read, pipe_control};
    static gsize method;
    return bio_of_calls(&calls, &method, pipe);
}
