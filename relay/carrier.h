#pragma once
/* A relay at work: a Hub on real links. Listens on one socket for IPv4 and IPv6, admits connections
 * within the limits that hold before admission, carries frames between links and the hub, flushes
 * the hub at the end of each round, and joins data connections of its members. Used by
 * backfence-relay and by apps that serve (app/host.h). One thread with a GMainContext. */

#include "relay/hub.h"
#include "relay/meeting.h"
#include "relay/poller.h"
#include "relay/tls.h"

#include <sys/socket.h>

typedef struct Carrier Carrier;

typedef struct {
    bool no_listener;  /* connections come by carrier_accept() only; `port` is not looked at */
    uint16_t port;     /* 0: any free one */
    bool port_is_wish; /* when taken, any free one */
    bool allow_public; /* serve also those whose address is not of this network */
    const char *place_name;
    bool relay_program;
    int64_t room_time_ms;   /* HubConfig.room_time_ms */
    MeetingLimits meetings; /* zero: it carries no files */
    /* HubOutput.claim and HubOutput.renamed. May be NULL. */
    char *(*claim)(const uint8_t *key, const char *code, void *user);
    void (*renamed)(void *user);
    /* One fact for the log of the program: `event` is a word, `detail` is "key=value …", escaped,
     * or "". May be NULL. */
    void (*report)(const char *event, const char *detail, void *user);
    void *user;
} CarrierConfig;

/* Listens at once. G_IO_ERROR_ADDRESS_IN_USE when the port is taken. `log` and `identity` must
 * outlive it. Raises this process's limit of open descriptors as far as it may. */
Carrier *carrier_new(GMainContext *context, const CarrierConfig *config, const Identity *identity,
                     Log *log, GError **error);
/* Drops all connections. Not from inside its callbacks. */
void carrier_free(Carrier *carrier);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Carrier, carrier_free)

/* A connection that was accepted elsewhere: `fd` is non-blocking and the carrier's from now on. */
void carrier_accept(Carrier *carrier, int fd, const struct sockaddr_storage *from);
/* hub_shut_down(), then calls `done` when all links are closed or after 2 s. The log is not touched
 * after this returns. */
void carrier_shut_down(Carrier *carrier, const HubSuccessor *successor, void (*done)(void *user),
                       void *user);
/* hub_hand_over(). */
void carrier_hand_over(Carrier *carrier, void (*done)(void *user), void *user);
/* The port that it listens on. */
uint16_t carrier_port(const Carrier *carrier);
/* The core, for its questions; frames and links are the carrier's part. */
Hub *carrier_hub(Carrier *carrier);
/* The core was told something from outside: what follows from it is done in a round of its own. */
void carrier_touched(Carrier *carrier);
