#pragma once
/* Connects to one node by whichever of its addresses answers first: attempts are started 250 ms
 * apart, families by turns, and the first TLS handshake with an acceptable key wins (RFC 8305 §5,
 * with TLS as part of the race). One thread: that of the poller's GMainContext, on which all
 * callbacks fire, never from inside a dialer_* call. */

#include "relay/link.h"

#include <gio/gio.h>

#define DIALER_STAGGER_US INT64_C(250000)
#define DIALER_TIMEOUT_US (10 * INT64_C(1000000))
#define DIALER_ATTEMPTS_MAX 16 /* addresses tried; further ones are left out */

typedef struct {
    /* Is this the node that is wanted? NULL: any key. The key is KEY_SIZE bytes. */
    bool (*acceptable)(const uint8_t *key, void *user);
    /* Won: `link` is the receiver's, who calls link_set_events() before returning. `address` is the
     * one that answered, valid during the call. All other attempts are over. */
    void (*opened)(Link *link, const uint8_t *key, GSocketAddress *address, void *user);
    /* All attempts failed or DIALER_TIMEOUT_US passed; `why` is a sentence's worth of words for a
     * person, valid during the call. */
    void (*failed)(const char *why, void *user);
} DialerEvents;

typedef struct Dialer Dialer;

/* Starts at once. `addresses` (GSocketAddress, best first; may be NULL or empty) are copied;
 * `host`, if not NULL, is resolved by GResolver and its addresses, with `port`, join the race.
 * `poller` and `tls` must outlive it. `alpn` is one of TLS_ALPN_*. */
Dialer *dialer_new(GMainContext *context, Poller *poller, Tls *tls, const char *alpn,
                   const GPtrArray *addresses, const char *host, uint16_t port,
                   const DialerEvents *events, void *user);
/* Cancels what is under way; may be called from its callbacks. */
void dialer_free(Dialer *dialer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dialer, dialer_free)
