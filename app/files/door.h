#pragma once
/* Where others dial this member for data: a listening socket, TLS, and one Present frame. The
 * limits of relay/limits.h for what is not admitted hold here too; addresses that are not of this
 * network are turned away. One thread, that of the poller. */

#include "relay/poller.h"
#include "relay/tls.h"

typedef struct {
    /* May it come in? `transfer` and `ticket` have TRANSFER_SIZE bytes. */
    bool (*expects)(const uint8_t *transfer, const uint8_t *ticket, const uint8_t *key, void *user);
    /* It did: socket and TLS are the receiver's. Nothing was answered yet. The door must not be
     * freed from inside. */
    void (*admitted)(const uint8_t *transfer, int fd, SSL *ssl, void *user);
} DoorEvents;

typedef struct Door Door;

/* On the first free one of the DOOR_PORTS ports after DEFAULT_PORT, which is left to a relay on
 * this machine, else on any. */
#define DOOR_PORTS 8
Door *door_new(Poller *poller, Tls *tls, const DoorEvents *events, void *user, GError **error);
void door_free(Door *door);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Door, door_free)

uint16_t door_port(const Door *door);
