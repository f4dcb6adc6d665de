#include "relay/server/own_addresses.h"

#include "discovery/address.h"
#include "discovery/interfaces.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

/* Those of the first tier that there is are told. */
typedef enum {
    TIER_PEOPLE,
    TIER_VIRTUAL,
    TIER_LOOPBACK
} Tier;

typedef struct {
    char *text; /* owned */
    Tier tier;
    AddressRank rank;
} Own;

static void own_clear(gpointer data)
{
    g_free(((Own *)data)->text);
}

/* What is easiest to type first. */
static int ease(AddressRank rank)
{
    return rank == ADDRESS_RANK_IPV4 ? -1 : (int)rank;
}

static gint by_rank(gconstpointer a, gconstpointer b)
{
    const Own *left = a, *right = b;
    if (left->tier != right->tier)
        return left->tier < right->tier ? -1 : 1;
    if (left->rank != right->rank)
        return ease(left->rank) < ease(right->rank) ? -1 : 1;
    return strcmp(left->text, right->text);
}

static GSocketAddress *read_address(const struct ifaddrs *entry, uint16_t port)
{
    if (entry->ifa_addr == NULL || (entry->ifa_flags & IFF_UP) == 0)
        return NULL;
    if (entry->ifa_addr->sa_family == AF_INET) {
        struct sockaddr_in address = *(const struct sockaddr_in *)(const void *)entry->ifa_addr;
        address.sin_port = htons(port);
        return g_socket_address_new_from_native(&address, sizeof address);
    }
    if (entry->ifa_addr->sa_family == AF_INET6) {
        struct sockaddr_in6 address = *(const struct sockaddr_in6 *)(const void *)entry->ifa_addr;
        address.sin6_port = htons(port);
        return g_socket_address_new_from_native(&address, sizeof address);
    }
    return NULL;
}

static void add(GArray *found, const struct ifaddrs *entry, uint16_t port)
{
    g_autoptr(GSocketAddress) address = read_address(entry, port);
    if (address == NULL || !address_usable(address))
        return;
    bool loopback = address_rank(address) == ADDRESS_RANK_LOOPBACK;
    Tier tier = loopback                                 ? TIER_LOOPBACK
                : interfaces_is_virtual(entry->ifa_name) ? TIER_VIRTUAL
                                                         : TIER_PEOPLE;
    const Own own = {.text = address_format(address), .tier = tier, .rank = address_rank(address)};
    g_array_append_val(found, own);
}

char **own_addresses(uint16_t port)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Own));
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
    g_array_set_clear_func(found, own_clear);
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) == 0) {
        for (const struct ifaddrs *entry = all; entry != NULL; entry = entry->ifa_next)
            add(found, entry, port);
        freeifaddrs(all);
    }
    g_array_sort(found, by_rank);
    for (guint i = 0; i < found->len; i++) {
        const Own *own = &g_array_index(found, Own, i);
        if (own->tier != g_array_index(found, Own, 0).tier)
            break;
        g_strv_builder_add(texts, own->text);
    }
    return g_strv_builder_end(texts);
}
