#pragma once
/* One listening TCP socket for IPv4 and IPv6 on a Poller. When the process runs out of descriptors
 * it turns connections away by a descriptor kept in reserve, instead of spinning on a socket that
 * stays ready. One thread. */

#include "relay/poller.h"

#include <gio/gio.h>
#include <sys/socket.h>

/* `fd` is non-blocking and the receiver's. The listener must not be freed from inside. */
typedef void (*ListenerAccepted)(int fd, const struct sockaddr_storage *from, void *user);

typedef struct Listener Listener;

/* Port 0: any free one; `port_is_wish`: any free one also when it is taken. IPv4 alone where the
 * machine has no IPv6. Fails with G_IO_ERROR_ADDRESS_IN_USE or another GIOErrorEnum. */
Listener *listener_new(Poller *poller, uint16_t port, bool port_is_wish, ListenerAccepted accepted,
                       void *user, GError **error);
/* The port is free again; connections that were not accepted yet are reset. */
void listener_free(Listener *listener);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Listener, listener_free)

uint16_t listener_port(const Listener *listener);
