#pragma once
/* What OpenSSL reads from and writes to on a data channel: a socket, with sealed bytes gathered
 * into large writes and, once that does no harm, taken by large reads. (OpenSSL's own reading ahead
 * moves everything that it holds at each record, which costs more than it saves.) The bytes of a
 * half-written batch stay until the socket takes them. */

#include <openssl/bio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    PIPE_OK,
    PIPE_BLOCKED,
    PIPE_FAILED, /* see `error` and `ended` */
} PipeResult;

typedef struct {
    int fd;       /* non-blocking, owned */
    int error;    /* errno of what failed for good; 0: nothing */
    bool ended;   /* the other sends nothing any more */
    bool heard;   /* bytes came since the owner set it to false */
    uint8_t *out; /* owned */
    size_t out_start, out_length;
    uint8_t *in; /* owned; NULL: only what is asked for is taken from the socket */
    size_t in_start, in_length;
} ChannelPipe;

/* Takes the socket over and makes it non-blocking. */
void channel_pipe_init(ChannelPipe *pipe, int fd);
void channel_pipe_clear(ChannelPipe *pipe);

/* From now on more may be taken from the socket than was asked for. */
void channel_pipe_read_ahead(ChannelPipe *pipe);

/* Some bytes: never none with PIPE_OK. */
PipeResult channel_pipe_read(ChannelPipe *pipe, void *bytes, size_t length, size_t *got);
/* Gathers; writes when there is enough. */
PipeResult channel_pipe_write(ChannelPipe *pipe, const void *bytes, size_t length, size_t *gone);
PipeResult channel_pipe_flush(ChannelPipe *pipe);

/* For SSL_set_bio(); transfer full. `pipe` must outlive it. */
BIO *channel_pipe_bio(ChannelPipe *pipe);
