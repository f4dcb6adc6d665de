#pragma once
/* One TLS connection that carries frames, non-blocking, on a Poller. Frames to send are queued by reference; many small ones leave in one TLS record.
 * All callbacks fire from the poller, never from inside a link_* call. One thread. */

#include "relay/frame.h"
#include "relay/poller.h"
#include "relay/tls.h"

typedef struct {
    /* The handshake is done; `key` is the other's. */
    void (*opened)(const uint8_t *key, void *user);
    /* One whole message without header, valid during the call. */
    void (*message)(const uint8_t *message, size_t length, void *user);
    /* Gone, for this reason in plain words; free it. Not called after link_free() or for a link_finish() of ours that completed (then `why` is NULL). */
    void (*closed)(const char *why, void *user);
    /* Largest message that may come now, bytes. */
    size_t (*message_max)(void *user);
} LinkEvents;

typedef struct Link Link;

/* Takes the connected (or connecting) non-blocking socket and the SSL object over. `deadline_us` of monotonic time bounds the handshake; whoever owns the link calls
 * link_check() from time to time. */
Link *link_new(Poller *poller, int fd, SSL *ssl, int64_t handshake_deadline_us, const LinkEvents *events, void *user);
/* Closes at once. */
void link_free(Link *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Link, link_free)

/* Queues a frame; false when more than QUEUE_MAX bytes would wait. It leaves at the end of the round or when the socket can take it. */
bool link_send(Link *link, GBytes *frame);
/* Writes what can be written now. */
void link_flush(Link *link);
/* Sends what is queued, close_notify, then closes by itself (at most 1 s). */
void link_finish(Link *link);
size_t link_queued(const Link *link); /* bytes */
bool link_is_open(const Link *link);  /* handshake done */
