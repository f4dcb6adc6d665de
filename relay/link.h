#pragma once
/* One TLS connection that carries frames, non-blocking, on a Poller. Frames to send are queued by
 * reference; many small ones leave in one TLS record, one system call a record. What is read goes
 * through memory that all links of a poller share, so an idle link holds no buffer.
 *
 * All callbacks fire from the poller, never from inside a link_* call; in each of them the link may
 * be freed. One thread. */

#include "relay/frame.h"
#include "relay/poller.h"
#include "relay/tls.h"

typedef struct {
    /* The handshake is done; `key` (KEY_SIZE bytes) is the other's. The deadline is off. */
    void (*opened)(const uint8_t *key, void *user);
    /* One whole message without header, valid during the call. */
    void (*message)(const uint8_t *message, size_t length, void *user);
    /* What came is no frame, or one larger than message_max(): nothing more is read. A last frame
     * may be queued; after that the link finishes by itself and closed() comes. May be NULL. */
    void (*broken)(const char *why, void *user);
    /* Gone, for this reason in plain words (static); free it. `why` is NULL after link_finish().
     * Not called after link_free(). */
    void (*closed)(const char *why, void *user);
    /* Largest message that may come now, bytes. */
    size_t (*message_max)(void *user);
} LinkEvents;

typedef struct Link Link;

#define LINK_FINISH_US (1 * INT64_C(1000000)) /* for writing out and for the other's end */

/* Takes the connected (or connecting) non-blocking socket and the SSL object over. `deadline_us` of
 * monotonic time bounds the handshake; 0: nothing does. */
Link *link_new(Poller *poller, int fd, SSL *ssl, int64_t deadline_us, const LinkEvents *events,
               void *user);
/* Closes at once. */
void link_free(Link *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Link, link_free)

/* Hands the link to another owner: callbacks go there from now on. */
void link_set_events(Link *link, const LinkEvents *events, void *user);
/* Closes the link, as too slow, when this time comes; 0: never. */
void link_set_deadline(Link *link, int64_t deadline_us);

/* Queues a frame; false when more than QUEUE_MAX bytes would wait, or when the link is finishing or
 * gone. It leaves at the end of the round or when the socket can take it. */
bool link_send(Link *link, GBytes *frame);
/* Writes what can be written now. */
void link_flush(Link *link);
/* Sends what is queued, close_notify, waits for the other's end, then closes by itself: closed() at
 * most LINK_FINISH_US later. */
void link_finish(Link *link);

size_t link_queued(const Link *link); /* bytes */
bool link_is_open(const Link *link);  /* handshake done, not finishing */
/* The ALPN name agreed; NULL before the handshake. Not after link_steal(). */
const char *link_alpn(const Link *link);

/* What this connection alone has, for proofs that are bound to it: EXPORTER_SIZE bytes of the TLS
 * exporter `label`. After opened(), not after link_steal(). */
void link_export(const Link *link, const char *label, uint8_t *out);

/* Takes socket and SSL object out of an open link, which is then dead (no callback comes any more)
 * and is only freed: from here on the taker uses them, on any thread. The SSL object reads from and
 * writes to the socket itself from now on, which stays non-blocking, and which the taker watches
 * over: nothing bounds the time of what is unsent. -1 when bytes are queued, or were received and
 * not yet given out: then it stays what it was. May be called from opened() and message(). */
int link_steal(Link *link, SSL **ssl);
