#pragma once
/* Where a connection comes from, and whether that is on this network: a place that asks for no
 * passphrase serves nobody from the internet. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct {
    uint8_t bytes[16]; /* an IPv6 address; IPv4 as ::ffff:a.b.c.d */
} SourceAddress;

/* All zero for families other than AF_INET and AF_INET6. */
SourceAddress source_address_of(const struct sockaddr_storage *address);
/* Numeric, IPv4 as such, without scope or port. */
#define SOURCE_ADDRESS_TEXT 46
void source_address_text(const SourceAddress *address, char *text);
bool source_address_equal(const SourceAddress *a, const SourceAddress *b);
bool source_address_is_loopback(const SourceAddress *address);
/* Loopback, link-local (RFC 3927, RFC 4291), private (RFC 1918), shared (RFC 6598, which also
 * overlay networks use) or unique local (RFC 4193). */
bool source_address_is_private(const SourceAddress *address);
/* Private, or global IPv6 with the prefix of one of this machine's own addresses: hosts of one LAN
 * reach each other by those too. Reads the interfaces. */
bool source_address_is_near(const SourceAddress *address);
/* The same of what a socket knows. */
bool source_address_admits(const struct sockaddr_storage *address);
