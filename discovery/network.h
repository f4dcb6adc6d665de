#pragma once
/* Which network this machine is on: a fingerprint of the default gateway's hardware address, so
 * that what was learnt or said at home is never offered in a café. Read from /proc/net/route,
 * /proc/net/ipv6_route and rtnetlink neighbours, on the calling thread, without sending a packet.
 */

#include <gio/gio.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define NETWORK_ID_SIZE 16 /* bytes: SHA-256 of the domain string and the hardware address, cut */

#define NETWORK_ROUTES_SIZE 256

typedef struct {
    bool has_gateway; /* false: no default route, or its neighbour entry is not known (yet) */
    uint8_t id[NETWORK_ID_SIZE];
    bool unanswered; /* there are gateways, and no hardware address of any is known now */
    char routes[NETWORK_ROUTES_SIZE]; /* the gateways, best first, cut; "" when there are none */
} Network;

/* Looks now. An all-zero id when there is no gateway. */
Network network_current(void);
/* The same, for one who has looked before: while routes stay as they are, a gateway that does not
 * answer (it is being restarted) is still the one that it was. */
Network network_again(const Network *before);
/* Makes the kernel look for the hardware addresses of the gateways, by a datagram without content
 * to each (port 9, discard). netwatch_want_neighbours() tells when they are there. */
void network_ask(void);
/* Are they the same network? */
bool network_equal(const Network *a, const Network *b);

/* A default route by way of a gateway. */
typedef struct {
    GInetAddress *gateway; /* owned */
    char interface[IF_NAMESIZE];
    unsigned metric;
} NetworkRoute;

void network_route_free(NetworkRoute *route);
/* Reads texts of the form of /proc/net/route and /proc/net/ipv6_route, either may be NULL: the
 * default routes with a gateway that are up, lowest metric first, IPv4 before IPv6. NetworkRoute*,
 * transfer full. */
GPtrArray *network_parse_routes(const char *route, const char *ipv6_route);
/* The network whose default gateway has this hardware address. */
Network network_from_hardware_address(const uint8_t *address, size_t size);
