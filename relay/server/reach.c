#include "relay/server/reach.h"

#include "discovery/address.h"
#include "discovery/interfaces.h"
#include "relay/limits.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#define READ_MAX 32

static bool is_wanted(const struct ifaddrs *own, bool virtual_too)
{
    return own->ifa_addr != NULL && (own->ifa_flags & (IFF_UP | IFF_LOOPBACK)) == IFF_UP &&
           (own->ifa_addr->sa_family == AF_INET || own->ifa_addr->sa_family == AF_INET6) &&
           (virtual_too || !interfaces_is_virtual(own->ifa_name));
}

static GSocketAddress *with_port(const struct sockaddr *own, uint16_t port)
{
    bool v6 = own->sa_family == AF_INET6;
    g_autoptr(GSocketAddress) bare = g_socket_address_new_from_native(
        (gpointer)own, v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    return bare == NULL ? NULL
                        : g_inet_socket_address_new(
                              g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(bare)), port);
}

static gint by_rank(gconstpointer a, gconstpointer b)
{
    return (int)address_rank(*(GSocketAddress *const *)a) -
           (int)address_rank(*(GSocketAddress *const *)b);
}

char **reach_texts(const GPtrArray *addresses)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < addresses->len && texts->len < ADDRESSES_MAX; i++) {
        GInetSocketAddress *from = G_INET_SOCKET_ADDRESS(addresses->pdata[i]);
        g_autoptr(GSocketAddress) plain = g_inet_socket_address_new(
            g_inet_socket_address_get_address(from), g_inet_socket_address_get_port(from));
        g_autofree char *text = address_format(plain);
        /* Two interfaces may have one link-local address. */
        if (!g_ptr_array_find_with_equal_func(texts, text, g_str_equal, NULL))
            g_ptr_array_add(texts, g_steal_pointer(&text));
    }
    g_ptr_array_set_free_func(texts, NULL);
    g_ptr_array_add(texts, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&texts), FALSE);
}

char **reach_own(uint16_t port)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_object_unref);
    struct ifaddrs *interfaces = NULL;
    if (getifaddrs(&interfaces) != 0)
        interfaces = NULL;
    for (int virtual = 0; virtual < 2 && found->len == 0; virtual ++) {
        for (const struct ifaddrs *own = interfaces; own != NULL; own = own->ifa_next) {
            g_autoptr(GSocketAddress) address =
                is_wanted(own, virtual != 0) ? with_port(own->ifa_addr, port) : NULL;
            if (address != NULL && address_usable(address))
                g_ptr_array_add(found, g_steal_pointer(&address));
        }
    }
    if (interfaces != NULL)
        freeifaddrs(interfaces);
    g_ptr_array_sort(found, by_rank);
    if (found->len == 0)
        g_ptr_array_add(found, g_inet_socket_address_new_from_string("127.0.0.1", port));
    return reach_texts(found);
}

static void add(GPtrArray *found, const char *text)
{
    g_auto(Address) address = {0};
    if (found->len < READ_MAX && address_parse(text, DEFAULT_PORT, &address, NULL) &&
        address.literal != NULL && address_usable(address.literal))
        g_ptr_array_add(found, g_object_ref(address.literal));
}

/* "[fe80::1]:7667": what stands between the brackets; NULL: something else. */
static char *link_local_host(const char *text)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    if (end == NULL)
        return NULL;
    g_autofree char *host = g_strndup(text + 1, (size_t)(end - text) - 1);
    g_autoptr(GInetAddress) inet = g_inet_address_new_from_string(host);
    return inet != NULL && g_inet_address_get_family(inet) == G_SOCKET_FAMILY_IPV6 &&
                   g_inet_address_get_is_link_local(inet)
               ? g_steal_pointer(&host)
               : NULL;
}

GPtrArray *reach_read(char *const *texts)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_object_unref);
    g_auto(GStrv) interfaces = interfaces_list();
    for (guint i = 0; texts[i] != NULL && i < ADDRESSES_MAX; i++) {
        g_autofree char *host = link_local_host(texts[i]);
        if (host == NULL)
            add(found, texts[i]);
        for (char **name = interfaces; host != NULL && *name != NULL; name++) {
            g_autofree char *scoped =
                g_strdup_printf("[%s%%%s%s", host, *name, strchr(texts[i], ']'));
            add(found, scoped);
        }
    }
    return found;
}
