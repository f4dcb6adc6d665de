/* What goes over the wire has no scopes: the number or name of an
 * interface means nothing on another machine, so link-local IPv6 is tried on each of the reader's
 * own. */
#include "discovery/reach.h"

#include "discovery/address.h"
#include "discovery/announcer.h"
#include "discovery/interfaces.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

/* Of one kind, so that a machine with many IPv6 addresses names its IPv4 address too. */
#define PER_RANK 3
#define READ_MAX 64

static bool is_near(GSocketAddress *address, ReachFilter near)
{
    struct sockaddr_storage native = {0};
    return g_socket_address_to_native(address, &native, sizeof native, NULL) && near(&native);
}

static GSocketAddress *with_port(const struct sockaddr *own, uint16_t port)
{
    struct sockaddr_in6 six;
    struct sockaddr_in four;
    if (own->sa_family == AF_INET6) {
        memcpy(&six, own, sizeof six);
        six.sin6_port = htons(port);
        return g_socket_address_new_from_native(&six, sizeof six);
    }
    memcpy(&four, own, sizeof four);
    four.sin_port = htons(port);
    return g_socket_address_new_from_native(&four, sizeof four);
}

static bool is_up(const struct ifaddrs *own)
{
    const unsigned wanted = IFF_UP | IFF_RUNNING; /* the cable is plugged in */
    return own->ifa_addr != NULL && (own->ifa_flags & (wanted | IFF_LOOPBACK)) == wanted &&
           (own->ifa_addr->sa_family == AF_INET || own->ifa_addr->sa_family == AF_INET6);
}

/* GSocketAddress of this machine, without loopback; interfaces of containers and virtual machines
 * when it has no others. */
static GPtrArray *own_addresses(uint16_t port, ReachFilter near)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_object_unref);
    struct ifaddrs *interfaces = NULL;
    if (getifaddrs(&interfaces) != 0)
        return g_steal_pointer(&found);
    for (int virtual = 0; virtual < 2 && found->len == 0; virtual ++) {
        for (const struct ifaddrs *own = interfaces; own != NULL; own = own->ifa_next) {
            if (!is_up(own) || interfaces_is_virtual(own->ifa_name) != (virtual != 0))
                continue;
            g_autoptr(GSocketAddress) address = with_port(own->ifa_addr, port);
            if (address != NULL && address_usable(address) && is_near(address, near))
                g_ptr_array_add(found, g_steal_pointer(&address));
        }
    }
    freeifaddrs(interfaces);
    return g_steal_pointer(&found);
}

static char *text_of(GSocketAddress *address)
{
    GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);
    g_autoptr(GSocketAddress) plain = g_inet_socket_address_new(
        g_inet_socket_address_get_address(inet), g_inet_socket_address_get_port(inet));
    return address_format(plain);
}

/* Two interfaces may have one link-local address. */
static bool add_text(GPtrArray *texts, GSocketAddress *address)
{
    g_autofree char *text = text_of(address);
    if (texts->len == REACH_MAX || g_ptr_array_find_with_equal_func(texts, text, g_str_equal, NULL))
        return false;
    g_ptr_array_add(texts, g_steal_pointer(&text));
    return true;
}

static void add_texts(GPtrArray *texts, const GPtrArray *addresses, AddressRank rank)
{
    unsigned added = 0;
    for (guint i = 0; i < addresses->len && added < PER_RANK; i++)
        if (address_rank(addresses->pdata[i]) == rank)
            added += add_text(texts, addresses->pdata[i]);
}

char **reach_own(uint16_t port, ReachFilter near)
{
    g_autoptr(GPtrArray) own = own_addresses(port, near);
    GPtrArray *texts = g_ptr_array_new();
    for (AddressRank rank = ADDRESS_RANK_IPV6; rank <= ADDRESS_RANK_LINK_LOCAL; rank++)
        add_texts(texts, own, rank);
    if (texts->len == 0) {
        g_ptr_array_add(texts, g_strdup_printf("127.0.0.1:%u", port));
        g_ptr_array_add(texts, g_strdup_printf("[::1]:%u", port));
    }
    g_ptr_array_add(texts, NULL);
    return (char **)g_ptr_array_free(texts, FALSE);
}

char **reach_write(const GPtrArray *addresses)
{
    GPtrArray *texts = g_ptr_array_new();
    for (guint i = 0; i < addresses->len; i++)
        if (address_rank(addresses->pdata[i]) != ADDRESS_RANK_LOOPBACK)
            add_text(texts, addresses->pdata[i]);
    g_ptr_array_add(texts, NULL);
    return (char **)g_ptr_array_free(texts, FALSE);
}

bool reach_any(ReachFilter near)
{
    g_autoptr(GPtrArray) own = own_addresses(ANNOUNCER_DEFAULT_PORT, near);
    return own->len > 0;
}

/* The text of a link-local IPv6 address, with `scope` put in; NULL when it is something else. */
static char *scoped(const char *text, const char *scope)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    if (end == NULL)
        return NULL;
    size_t length = strcspn(text + 1, "%]");
    g_autofree char *host = g_strndup(text + 1, length);
    g_autoptr(GInetAddress) inet = g_inet_address_new_from_string(host);
    if (inet == NULL || g_inet_address_get_family(inet) != G_SOCKET_FAMILY_IPV6 ||
        !g_inet_address_get_is_link_local(inet))
        return NULL;
    return g_strdup_printf("[%s%%%s%s", host, scope, end);
}

typedef struct {
    GPtrArray *found;
    ReachFilter near;
    bool loopback_too;
} Reader;

static void add_address(Reader *reader, const char *text)
{
    g_auto(Address) address = {0};
    if (reader->found->len == READ_MAX ||
        !address_parse(text, ANNOUNCER_DEFAULT_PORT, &address, NULL) || address.literal == NULL ||
        !is_near(address.literal, reader->near))
        return;
    if (address_rank(address.literal) == ADDRESS_RANK_LOOPBACK && !reader->loopback_too)
        return;
    for (guint i = 0; i < reader->found->len; i++) {
        if (address_equal(reader->found->pdata[i], address.literal))
            return;
    }
    g_ptr_array_add(reader->found, g_object_ref(address.literal));
}

/* Does it lead to people? Those of containers count when there is nothing else. */
static bool is_wanted(char *const *interfaces, const char *name)
{
    bool any = false;
    for (; *interfaces != NULL; interfaces++)
        any = any || !interfaces_is_virtual(*interfaces);
    return !any || !interfaces_is_virtual(name);
}

GPtrArray *reach_read(char *const *texts, size_t count, ReachFilter near)
{
    Reader reader = {.found = g_ptr_array_new_with_free_func(g_object_unref),
                     .near = near,
                     .loopback_too = !reach_any(near)};
    g_auto(GStrv) interfaces = interfaces_list();
    for (size_t i = 0; i < MIN(count, REACH_MAX); i++) {
        g_autofree char *probe = scoped(texts[i], "1");
        if (probe == NULL)
            add_address(&reader, texts[i]);
        for (char **name = interfaces; probe != NULL && *name != NULL; name++) {
            g_autofree char *text = scoped(texts[i], *name);
            if (is_wanted(interfaces, *name))
                add_address(&reader, text);
        }
    }
    return reader.found;
}
