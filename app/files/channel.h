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

#define CHANNEL_HURRY_US (2 * INT64_C(1000000))

/* Takes the connected socket over; without TLS yet. */
Channel *channel_new(int fd);
/* Carries the bytes as they are, without any TLS: for tests and fuzzers alone. */
Channel *channel_new_plain(int fd);
void channel_free(Channel *channel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Channel, channel_free)
/* Any thread. */
void channel_abort(Channel *channel);
/* Any thread. Ends the wait for a frame, as if its time had come, and leaves CHANNEL_HURRY_US for
 * everything that is still to be written. */
void channel_hurry(Channel *channel);

/* A TLS connection whose handshake is done, as taken from a link; transfer full. */
void channel_adopt(Channel *channel, SSL *ssl);
/* Gives the TLS up without a word and keeps the socket: after Met. */
void channel_drop_tls(Channel *channel);
/* Makes the handshake of an object of tls_accept() or tls_connect() (transfer full) and requires
 * this key of the other. */
gboolean channel_handshake(Channel *channel, SSL *ssl, const uint8_t *key, GError **error);

/* Admitted: larger frames may come from here on, and nothing but this TLS follows on the socket, so
 * that reading ahead does no harm. */
void channel_widen(Channel *channel);

/* Gathered up to many records; see channel_flush(). While these wait for the socket they take in
 * what comes, so that both sides may write at once. */
gboolean channel_send(Channel *channel, const Wire__DataFrame *frame, GError **error);
gboolean channel_write(Channel *channel, const void *bytes, size_t length, GError **error);
gboolean channel_flush(Channel *channel, GError **error);

/* The next frame, living in the channel until the next call. */
const Wire__DataFrame *channel_receive(Channel *channel, GError **error);
/* The same until that monotonic time (0: if a whole frame is there already); NULL without error
 * when none came. */
const Wire__DataFrame *channel_receive_until(Channel *channel, int64_t until_us, GError **error);
/* The bytes of the frame last received, with its length in front; valid as long as it is. */
const uint8_t *channel_frame_bytes(const Channel *channel, size_t *length);
/* Raw bytes after a Chunk: some, at most `length`, into `got`; 0 when none came until then. */
gboolean channel_read(Channel *channel, void *bytes, size_t length, int64_t until_us, size_t *got,
                      GError **error);
/* close_notify, then waits shortly for the other's. */
void channel_close(Channel *channel);
