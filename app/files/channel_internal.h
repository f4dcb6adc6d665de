#pragma once
/* For the files of Channel alone. */

#include "app/files/channel.h"
#include "app/files/channel_pipe.h"
#include "relay/limits.h"

#include <stdatomic.h>

#define RECORD_SIZE (16 * 1024) /* plain bytes of a TLS record, RFC 8446 §5.1 */
#define IN_SIZE (FRAME_HEADER_SIZE + DATA_FRAME_MAX + RECORD_SIZE)

typedef enum {
    IO_OK,
    IO_BLOCKED,
    IO_FAILED,
} IoResult;

struct Channel {
    ChannelPipe pipe;
    SSL *ssl; /* owned; NULL: none yet */
    bool plain;
    int wake; /* eventfd */
    atomic_bool aborted;
    atomic_int_fast64_t hurry_us; /* not 0: when writing has to end */
    int64_t heard_us; /* when the last byte came: what goes out may just wait in the kernel */
    size_t message_max;
    Arena *arena;
    size_t in_start, in_end;
    size_t out_length;
    const uint8_t *frame; /* the one last received, header included */
    size_t frame_length;
    uint8_t in[IN_SIZE];
    uint8_t out[RECORD_SIZE];
};

/* Ends when the socket is ready for one of `events` (poll.h), at `until_us`, or when somebody woke
 * us; the caller looks again in each case. */
gboolean channel_wait(Channel *channel, short events, int64_t until_us, GError **error);
/* What a call of OpenSSL, or of the pipe, that did not succeed means. */
IoResult channel_io_failure(Channel *channel, GError **error);
