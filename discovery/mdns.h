#pragma once
/* The connection to avahi-daemon, made anew whenever it breaks.
 *
 * AVAHI_CLIENT_NO_FAIL lets a client wait for a daemon that is not there yet, but such a client
 * outlives neither a restart of D-Bus nor one of the daemon. So every failure throws all away and
 * starts anew after a delay, and a client that only waits is replaced now and then.
 *
 * Lives on the thread of its GMainContext; callbacks fire there, never from inside an mdns_* call.
 */

#include <avahi-client/client.h>
#include <gio/gio.h>

typedef struct {
    /* The daemon runs: objects may be made with this client now. May come again without `lost`. */
    void (*running)(AvahiClient *client, void *user);
    /* The daemon is finding itself a host name: whatever is announced must be withdrawn until
     * `running`. Browsing goes on. May be NULL. */
    void (*unsettled)(void *user);
    /* Free all objects that were made with the client; it goes after this call. `line` is a plain
     * sentence. Also called when the first attempt fails. */
    void (*lost)(const char *line, void *user);
} MdnsEvents;

typedef struct Mdns Mdns;

/* Connects soon, and again whenever needed. `events` is copied. */
Mdns *mdns_new(GMainContext *context, const MdnsEvents *events, void *user);
/* The owner's objects must be freed before. */
void mdns_free(Mdns *mdns);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mdns, mdns_free)

/* An object made with the client failed: begin anew. `lost` follows later. */
void mdns_fail(Mdns *mdns);
