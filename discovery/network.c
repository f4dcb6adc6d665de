#include "discovery/network.h"

#include "discovery/neighbours.h"

#include <net/route.h>
#include <stdio.h>
#include <string.h>

#define DOMAIN "backfence/network/1"
#define DISCARD_PORT 9 /* RFC 863 */

void network_route_free(NetworkRoute *route)
{
    g_object_unref(route->gateway);
    g_free(route);
}

static NetworkRoute *route_new(const uint8_t *gateway, GSocketFamily family, const char *interface,
                               unsigned metric)
{
    NetworkRoute *route = g_new0(NetworkRoute, 1);
    route->gateway = g_inet_address_new_from_bytes(gateway, family);
    route->metric = metric;
    g_strlcpy(route->interface, interface, sizeof route->interface);
    return route;
}

/* Iface Destination Gateway Flags RefCnt Use Metric Mask …; addresses in host order of a big-endian
 * number, that is, their bytes as they lie in memory. */
static NetworkRoute *parse_route4(const char *line)
{
    char interface[IF_NAMESIZE];
    uint32_t destination;
    uint32_t gateway;
    unsigned flags;
    unsigned metric;
    uint32_t mask;
    if (sscanf(line, "%15s %x %x %x %*s %*s %u %x", interface, &destination, &gateway, &flags,
               &metric, &mask) != 6) {
        return NULL;
    }
    unsigned wanted = RTF_UP | RTF_GATEWAY;
    if (destination != 0 || mask != 0 || gateway == 0 || (flags & wanted) != wanted) {
        return NULL;
    }
    return route_new((const uint8_t *)&gateway, G_SOCKET_FAMILY_IPV4, interface, metric);
}

static bool parse_hex16(const char *text, uint8_t *bytes)
{
    for (size_t i = 0; i < 16; i++) {
        int high = g_ascii_xdigit_value(text[2 * i]);
        int low = high < 0 ? -1 : g_ascii_xdigit_value(text[2 * i + 1]);
        if (low < 0) {
            return false;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return text[32] == '\0';
}

/* destination prefix-length source prefix-length next-hop metric references use flags interface,
 * all hexadecimal. */
static NetworkRoute *parse_route6(const char *line)
{
    static const uint8_t none[16];
    char interface[IF_NAMESIZE];
    char destination[33];
    char gateway[33];
    unsigned length;
    unsigned metric;
    unsigned flags;
    uint8_t bytes[16];
    if (sscanf(line, "%32s %x %*s %*s %32s %x %*s %*s %x %15s", destination, &length, gateway,
               &metric, &flags, interface) != 6) {
        return NULL;
    }
    unsigned wanted = RTF_UP | RTF_GATEWAY;
    if (length != 0 || (flags & wanted) != wanted || !parse_hex16(gateway, bytes) ||
        memcmp(bytes, none, sizeof none) == 0) {
        return NULL;
    }
    return route_new(bytes, G_SOCKET_FAMILY_IPV6, interface, metric);
}

static gint by_family_and_metric(gconstpointer a, gconstpointer b)
{
    const NetworkRoute *x = *(NetworkRoute *const *)a;
    const NetworkRoute *y = *(NetworkRoute *const *)b;
    bool x6 = g_inet_address_get_family(x->gateway) == G_SOCKET_FAMILY_IPV6;
    bool y6 = g_inet_address_get_family(y->gateway) == G_SOCKET_FAMILY_IPV6;
    if (x6 != y6) {
        return x6 ? 1 : -1;
    }
    return (x->metric > y->metric) - (x->metric < y->metric);
}

static void parse_lines(GPtrArray *routes, const char *text, NetworkRoute *(*parse)(const char *))
{
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        NetworkRoute *route = parse(*line);
        if (route) {
            g_ptr_array_add(routes, route);
        }
    }
}

GPtrArray *network_parse_routes(const char *route, const char *ipv6_route)
{
    GPtrArray *routes = g_ptr_array_new_with_free_func((GDestroyNotify)network_route_free);
    parse_lines(routes, route, parse_route4);
    parse_lines(routes, ipv6_route, parse_route6);
    g_ptr_array_sort(routes, by_family_and_metric);
    return routes;
}

Network network_from_hardware_address(const uint8_t *address, size_t size)
{
    uint8_t digest[32];
    gsize length = sizeof digest;
    Network network = {.has_gateway = true};
    g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(hash, (const guchar *)DOMAIN, sizeof DOMAIN); /* its NUL divides the parts */
    g_checksum_update(hash, address, (gssize)size);
    g_checksum_get_digest(hash, digest, &length);
    memcpy(network.id, digest, sizeof network.id);
    return network;
}

static GPtrArray *present_routes(void)
{
    g_autofree char *route = NULL;
    g_autofree char *ipv6_route = NULL;
    g_file_get_contents("/proc/self/net/route", &route, NULL, NULL);
    g_file_get_contents("/proc/self/net/ipv6_route", &ipv6_route, NULL, NULL);
    return network_parse_routes(route, ipv6_route);
}

static void describe_routes(const GPtrArray *routes, char *text)
{
    for (guint i = 0; i < routes->len; i++) {
        const NetworkRoute *route = routes->pdata[i];
        g_autofree char *gateway = g_inet_address_to_string(route->gateway);
        g_strlcat(text, gateway, NETWORK_ROUTES_SIZE);
        g_strlcat(text, "%", NETWORK_ROUTES_SIZE);
        g_strlcat(text, route->interface, NETWORK_ROUTES_SIZE);
        g_strlcat(text, " ", NETWORK_ROUTES_SIZE);
    }
}

Network network_current(void)
{
    g_autoptr(GPtrArray) routes = present_routes();
    Network network = {.unanswered = routes->len > 0};
    for (guint i = 0; i < routes->len && !network.has_gateway; i++) {
        const NetworkRoute *candidate = routes->pdata[i];
        uint8_t address[NEIGHBOURS_ADDRESS_MAX];
        size_t size = neighbours_find(candidate->gateway, candidate->interface, address);
        /* A tunnel's gateway has none: the next best route tells where the machine stands. */
        if (size > 0) {
            network = network_from_hardware_address(address, size);
        }
    }
    describe_routes(routes, network.routes);
    return network;
}

Network network_again(const Network *before)
{
    Network now = network_current();
    if (!now.unanswered || !before->has_gateway || strcmp(now.routes, before->routes) != 0) {
        return now;
    }
    now = *before;
    now.unanswered = true;
    return now;
}

static void ask(const NetworkRoute *route)
{
    GSocketFamily family = g_inet_address_get_family(route->gateway);
    g_autoptr(GSocketAddress) address =
        g_object_new(G_TYPE_INET_SOCKET_ADDRESS, "address", route->gateway, "port", DISCARD_PORT,
                     "scope-id", if_nametoindex(route->interface), NULL);
    g_autoptr(GSocket) socket =
        g_socket_new(family, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
    if (socket) {
        g_socket_set_blocking(socket, FALSE);
        g_socket_send_to(socket, address, "", 0, NULL, NULL);
    }
}

void network_ask(void)
{
    g_autoptr(GPtrArray) routes = present_routes();
    for (guint i = 0; i < routes->len; i++) {
        ask(routes->pdata[i]);
    }
}

bool network_equal(const Network *a, const Network *b)
{
    return a->has_gateway == b->has_gateway && memcmp(a->id, b->id, sizeof a->id) == 0;
}
