#pragma once
/* Serving a place from an app: a Carrier over the session's own log, and its announcement. The port
 * is listened on from the beginning, so that others know it before it is needed; until the place is
 * served here, and after, who comes is turned away at once. One thread with a GMainContext. */

#include "relay/carrier.h"

#include <gio/gio.h>

typedef struct Host Host;

#define HOST_PORT                                                                                  \
    7669 /* wished for; else any free one. 7667 is left to a relay program, 7668 to the door */

/* `identity` must outlive it. Without a port (`host_addresses()` is NULL then) it cannot serve. */
Host *host_new(GMainContext *context, const Identity *identity, bool use_mdns);
/* Stops at once. */
void host_free(Host *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Host, host_free)

/* Serves the place of `log`, which must live until host_retire() or host_free(), and announces it.
 * `secret` (SECRET_SIZE bytes, copied): what it is locked with; NULL: it is open. */
gboolean host_serve(Host *host, Log *log, const char *place_name, int64_t room_time_ms,
                    const uint8_t *secret, GError **error);
/* Everyone is told to go to `successor` (NULL: as hub_shut_down() says); the announcement is
 * withdrawn. When it returns the log is not touched any more; links are still written out. */
void host_retire(Host *host, const HubSuccessor *successor);
/* Before a clean end: hub_hand_over(). `done`, once, when others have what only this node holds, or
 * it does not serve; never from inside this call. */
void host_hand_over(Host *host, void (*done)(void *user), void *user);
/* `done`, once, when nothing of what host_retire() said is to be written any more; never from
 * inside this call. */
void host_await_quiet(Host *host, void (*done)(void *user), void *user);
bool host_serving(const Host *host);
/* Changed when the machine's addresses do: numeric host:port, best first, at most ADDRESSES_MAX,
 * loopback left out unless there is nothing else. Transfer full; NULL: cannot serve. */
char **host_addresses(const Host *host);
/* For the own session's link. Transfer full. */
GSocketAddress *host_loopback(const Host *host);
