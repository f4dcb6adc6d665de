#pragma once
/* A relay at work: a Hub on real links. Listens on one socket for IPv4 and IPv6, admits connections within the limits that hold before admission, carries frames
 * between links and the hub, flushes the hub at the end of each round. Used by backfence-relay and, later, by apps that serve. One thread with a GMainContext. */

#include "relay/hub.h"
#include "relay/poller.h"
#include "relay/tls.h"

typedef struct Carrier Carrier;

typedef struct {
    uint16_t port;         /* 0: any free one */
    bool port_is_wish;     /* when taken, any free one */
    const char *place_name;
    bool relay_program;
    void (*report)(const char *event, const char *detail, void *user); /* may be NULL */
    void *user;
} CarrierConfig;

/* Listens at once. G_IO_ERROR_ADDRESS_IN_USE when the port is taken. `log` and `identity` must outlive it. */
Carrier *carrier_new(GMainContext *context, const CarrierConfig *config, const Identity *identity, Log *log, GError **error);
/* Drops all connections. */
void carrier_free(Carrier *carrier);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Carrier, carrier_free)

/* Says Goodbye to everyone, flushes; calls `done` when all links are closed or after 2 s. */
void carrier_shut_down(Carrier *carrier, void (*done)(void *user), void *user);
uint16_t carrier_port(const Carrier *carrier);
Hub *carrier_hub(Carrier *carrier);
