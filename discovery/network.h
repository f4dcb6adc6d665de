#pragma once
/* Which network this machine is on: a fingerprint of the default gateway's hardware address, so that what was learnt or said at
 * home is never offered in a café. Read from /proc/net/route, /proc/net/ipv6_route and rtnetlink neighbours, on the calling thread, without sending a packet. */

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#define NETWORK_ID_SIZE 16 /* bytes: SHA-256 of the domain string and the hardware address, cut */

typedef struct {
    bool has_gateway; /* false: no default route, or its neighbour entry is not known (yet) */
    uint8_t id[NETWORK_ID_SIZE];
} Network;

/* Looks now. An all-zero id when there is no gateway. */
Network network_current(void);
bool network_equal(const Network *a, const Network *b);
