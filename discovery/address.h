#pragma once
/* Addresses as people type them: HOST, HOST:PORT, IPv6, [IPv6%scope], [IPv6%scope]:PORT. */

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *host; /* without brackets and scope; owned */
    uint16_t port;
    GSocketAddress *literal; /* owned; NULL when `host` is a name that must be resolved */
} Address;

/* FALSE with G_IO_ERROR_INVALID_ARGUMENT when it cannot be an address. A scope is the name or the
 * number of an interface of this machine. */
gboolean address_parse(const char *text, uint16_t default_port, Address *address, GError **error);
void address_clear(Address *address);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Address, address_clear)

/* "192.0.2.1:7667" or "[fe80::1%eth0]:7667": what address_parse() reads. Free with g_free(). */
char *address_format(GSocketAddress *address);
/* Could somebody be reached there? Not for wildcards, multicast, port 0, IPv4 dressed as IPv6. */
bool address_usable(GSocketAddress *address);
/* Lower is a better guess to dial. */
typedef enum {
    ADDRESS_RANK_IPV6, /* not link-local */
    ADDRESS_RANK_IPV4,
    ADDRESS_RANK_LINK_LOCAL,
    ADDRESS_RANK_LOOPBACK,
} AddressRank;

/* What kind of address it is; two of one kind are equally good. */
AddressRank address_rank(GSocketAddress *address);
/* Same host, port and scope. */
bool address_equal(GSocketAddress *a, GSocketAddress *b);
