#pragma once
/* One end of a data channel on a worker's thread: frames and raw bytes over TLS, blocking. Each
 * wait ends at once when channel_abort() is called, and after DATA_SILENCE_US without a byte. One
 * thread, except where said.
 *
 * Errors: G_IO_ERROR_CANCELLED (aborted), G_IO_ERROR_CONNECTION_CLOSED, G_IO_ERROR_TIMED_OUT,
 * G_IO_ERROR_INVALID_DATA (what came breaks the protocol), G_IO_ERROR_FAILED. After one the channel
 * is of no use. */

#include "relay/data_frame.h"
#include "relay/tls.h"

#include <gio/gio.h>

typedef struct Channel Channel;

/* Takes the connected socket over; without TLS yet. */
Channel *channel_new(int fd);
void channel_free(Channel *channel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Channel, channel_free)
/* Any thread. */
void channel_abort(Channel *channel);

/* A TLS connection whose handshake is done, as taken from a link; transfer full. */
void channel_adopt(Channel *channel, SSL *ssl);
/* Gives the TLS up without a word and keeps the socket: after Met. */
void channel_drop_tls(Channel *channel);
/* Makes the handshake of an object of tls_accept() or tls_connect() (transfer full) and requires
 * this key of the other. */
gboolean channel_handshake(Channel *channel, SSL *ssl, const uint8_t *key, GError **error);

/* Gathered up to a record; see channel_flush(). */
gboolean channel_send(Channel *channel, const Wire__DataFrame *frame, GError **error);
gboolean channel_write(Channel *channel, const void *bytes, size_t length, GError **error);
gboolean channel_flush(Channel *channel, GError **error);

/* The next frame, living in the channel until the next call. */
const Wire__DataFrame *channel_receive(Channel *channel, GError **error);
/* The same if a whole frame is there already; NULL without error when none is. */
const Wire__DataFrame *channel_receive_now(Channel *channel, GError **error);
/* Raw bytes after a Chunk; exactly `length`. */
gboolean channel_read(Channel *channel, void *bytes, size_t length, GError **error);
/* close_notify, then waits shortly for the other's. */
void channel_close(Channel *channel);
