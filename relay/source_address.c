#include "relay/source_address.h"

#include <arpa/inet.h>
#include <glib.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#define SHORTEST_LAN_PREFIX 64 /* bits; RFC 4291 §2.5.4 */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

typedef struct {
    uint8_t bytes[16];
    unsigned bits;
} Prefix;

/* clang-format off */
static const Prefix private_prefixes[] = {
    {{[15] = 1}, 128},                                               /* ::1 */
    {{0xfe, 0x80}, 10},                                              /* link-local */
    {{0xfc}, 7},                                                     /* unique local */
    {{[10] = 0xff, [11] = 0xff, [12] = 127}, 96 + 8},                /* loopback */
    {{[10] = 0xff, [11] = 0xff, [12] = 10}, 96 + 8},                 /* private */
    {{[10] = 0xff, [11] = 0xff, [12] = 172, [13] = 16}, 96 + 12},    /* private */
    {{[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 168}, 96 + 16},   /* private */
    {{[10] = 0xff, [11] = 0xff, [12] = 169, [13] = 254}, 96 + 16},   /* link-local */
    {{[10] = 0xff, [11] = 0xff, [12] = 100, [13] = 64}, 96 + 10},    /* shared */
};
/* clang-format on */

static bool has_prefix(const uint8_t *address, const uint8_t *prefix, unsigned bits)
{
    unsigned whole = bits / 8;
    if (memcmp(address, prefix, whole) != 0)
        return false;
    if (bits % 8 == 0)
        return true;
    uint8_t mask = (uint8_t)(0xff00 >> (bits % 8));
    return (address[whole] & mask) == (prefix[whole] & mask);
}

SourceAddress source_address_of(const struct sockaddr_storage *address)
{
    SourceAddress source = {0};
    if (address->ss_family == AF_INET) {
        memcpy(source.bytes, mapped, sizeof mapped);
        memcpy(source.bytes + sizeof mapped,
               &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    } else if (address->ss_family == AF_INET6) {
        memcpy(source.bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
    }
    return source;
}

void source_address_text(const SourceAddress *address, char *text)
{
    bool ipv4 = memcmp(address->bytes, mapped, sizeof mapped) == 0;
    const uint8_t *bytes = ipv4 ? address->bytes + sizeof mapped : address->bytes;
    if (inet_ntop(ipv4 ? AF_INET : AF_INET6, bytes, text, SOURCE_ADDRESS_TEXT) == NULL)
        text[0] = '\0';
}

bool source_address_equal(const SourceAddress *a, const SourceAddress *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

bool source_address_is_loopback(const SourceAddress *address)
{
    static const uint8_t loopback4[13] = {[10] = 0xff, [11] = 0xff, [12] = 127};
    return has_prefix(address->bytes, in6addr_loopback.s6_addr, 128) ||
           has_prefix(address->bytes, loopback4, 96 + 8);
}

bool source_address_is_private(const SourceAddress *address)
{
    for (size_t i = 0; i < G_N_ELEMENTS(private_prefixes); i++) {
        if (has_prefix(address->bytes, private_prefixes[i].bytes, private_prefixes[i].bits))
            return true;
    }
    return false;
}

static unsigned prefix_length(const struct sockaddr *mask)
{
    unsigned bits = 0;
    const uint8_t *bytes = ((const struct sockaddr_in6 *)(const void *)mask)->sin6_addr.s6_addr;
    while (bits < 128 && (bytes[bits / 8] & (0x80 >> (bits % 8))) != 0)
        bits++;
    return bits;
}

static bool on_link(const SourceAddress *address, const struct ifaddrs *own)
{
    if (own->ifa_addr == NULL || own->ifa_netmask == NULL || own->ifa_addr->sa_family != AF_INET6 ||
        (own->ifa_flags & (IFF_UP | IFF_POINTOPOINT)) != IFF_UP)
        return false;
    unsigned bits = prefix_length(own->ifa_netmask);
    return bits >= SHORTEST_LAN_PREFIX &&
           has_prefix(address->bytes,
                      ((const struct sockaddr_in6 *)(const void *)own->ifa_addr)->sin6_addr.s6_addr,
                      bits);
}

bool source_address_is_near(const SourceAddress *address)
{
    if (source_address_is_private(address))
        return true;
    struct ifaddrs *interfaces = NULL;
    if (memcmp(address->bytes, mapped, sizeof mapped) == 0 || getifaddrs(&interfaces) != 0)
        return false;
    bool near = false;
    for (const struct ifaddrs *own = interfaces; own != NULL && !near; own = own->ifa_next)
        near = on_link(address, own);
    freeifaddrs(interfaces);
    return near;
}

bool source_address_admits(const struct sockaddr_storage *address)
{
    SourceAddress source = source_address_of(address);
    return source_address_is_near(&source);
}
