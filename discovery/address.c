#include "discovery/address.h"

#include <net/if.h>
#include <string.h>

#define HOST_MAX 253 /* RFC 1035 §2.3.4, less the closing dot */

static gboolean refuse(GError **error, const char *text, const char *why)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "“%s” is not an address: %s", text,
                why);
    return FALSE;
}

static bool parse_port(const char *text, uint16_t *port)
{
    guint64 number;
    if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT16, &number, NULL)) {
        return false;
    }
    *port = (uint16_t)number;
    return true;
}

/* Cuts `text`, a copy of ours, into host and port. NULL when it is fine, else what is wrong. */
static const char *split(char *text, const char **host, uint16_t *port)
{
    char *rest;
    *host = text;
    if (text[0] == '[') {
        *host = text + 1;
        rest = strchr(text, ']');
        if (!rest) {
            return "a bracket is missing";
        }
        *rest++ = '\0';
        if (*rest != '\0' && *rest != ':') {
            return "only a port can follow the bracket";
        }
    } else {
        rest = strchr(text, ':');
        if (rest && strchr(rest + 1, ':')) {
            return NULL; /* IPv6 without brackets */
        }
        rest = rest ? rest : text + strlen(text);
    }
    if (*rest == ':') {
        *rest++ = '\0';
        if (!parse_port(rest, port)) {
            return "a port is a number from 1 to 65535";
        }
    }
    return NULL;
}

static bool is_host_name(const char *host)
{
    size_t length = strlen(host);
    if (length == 0 || length > HOST_MAX || host[0] == '-' || host[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)host[i];
        if (!g_ascii_isalnum(c) && c != '-' && c != '.' && c != '_' && c < 0x80) {
            return false;
        }
    }
    return g_utf8_validate(host, -1, NULL);
}

/* "1.2.3", "300.1.1.1": nothing that a resolver should be asked for, nor one of inet_aton's
 * spellings. */
static bool only_digits_and_dots(const char *host)
{
    return host[strspn(host, "0123456789.")] == '\0';
}

static const char *parse_scope(const char *text, guint *scope)
{
    guint64 number;
    if (g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT32, &number, NULL)) {
        *scope = (guint)number;
        return NULL;
    }
    *scope = if_nametoindex(text);
    return *scope ? NULL : "this machine has no such interface";
}

gboolean address_parse(const char *text, uint16_t default_port, Address *address, GError **error)
{
    if (!g_utf8_validate(text, -1, NULL)) {
        return refuse(error, "…", "it is not UTF-8");
    }
    g_autofree char *copy = g_strstrip(g_strdup(text));
    const char *host;
    uint16_t port = default_port;
    const char *wrong = split(copy, &host, &port);
    guint scope = 0;
    char *percent = wrong ? NULL : strchr(host, '%');
    if (percent) {
        *percent = '\0';
        wrong = parse_scope(percent + 1, &scope);
    }
    if (wrong) {
        return refuse(error, text, wrong);
    }
    g_autoptr(GInetAddress) inet = g_inet_address_new_from_string(host);
    bool v6 = inet && g_inet_address_get_family(inet) == G_SOCKET_FAMILY_IPV6;
    if ((!v6 && (percent || copy[0] == '[')) ||
        (!inet && (!is_host_name(host) || only_digits_and_dots(host)))) {
        return refuse(error, text, "a host name, IPv4 or IPv6 address is wanted");
    }
    g_autoptr(GSocketAddress) literal = NULL;
    if (inet) {
        literal = g_object_new(G_TYPE_INET_SOCKET_ADDRESS, "address", inet, "port", (guint)port,
                               "scope-id", scope, NULL);
    }
    if (literal && !address_usable(literal)) {
        return refuse(error, text, "nobody can be reached there");
    }
    *address = (Address){g_strdup(host), port, g_steal_pointer(&literal)};
    return TRUE;
}

void address_clear(Address *address)
{
    g_clear_pointer(&address->host, g_free);
    g_clear_object(&address->literal);
}

static guint scope_of(GInetSocketAddress *address)
{
    bool v6 = g_socket_address_get_family(G_SOCKET_ADDRESS(address)) == G_SOCKET_FAMILY_IPV6;
    return v6 ? g_inet_socket_address_get_scope_id(address) : 0;
}

char *address_format(GSocketAddress *address)
{
    GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);
    GInetAddress *host = g_inet_socket_address_get_address(inet);
    guint port = g_inet_socket_address_get_port(inet);
    guint scope = scope_of(inet);
    g_autofree char *text = g_inet_address_to_string(host);
    if (g_inet_address_get_family(host) == G_SOCKET_FAMILY_IPV4) {
        return g_strdup_printf("%s:%u", text, port);
    }
    char name[IF_NAMESIZE];
    if (scope == 0) {
        return g_strdup_printf("[%s]:%u", text, port);
    }
    if (if_indextoname(scope, name)) {
        return g_strdup_printf("[%s%%%s]:%u", text, name, port);
    }
    return g_strdup_printf("[%s%%%u]:%u", text, scope, port);
}

bool address_usable(GSocketAddress *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);
    GInetAddress *host = g_inet_socket_address_get_address(inet);
    const uint8_t *bytes = g_inet_address_to_bytes(host);
    if (g_inet_socket_address_get_port(inet) == 0 || g_inet_address_get_is_any(host) ||
        g_inet_address_get_is_multicast(host)) {
        return false;
    }
    if (g_inet_address_get_family(host) == G_SOCKET_FAMILY_IPV4) {
        return bytes[0] != 0 && bytes[0] < 240;
    }
    bool link_local = g_inet_address_get_is_link_local(host);
    return memcmp(bytes, mapped, sizeof mapped) != 0 && (!link_local || scope_of(inet) != 0);
}

AddressRank address_rank(GSocketAddress *address)
{
    GInetAddress *host = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address));
    if (g_inet_address_get_is_loopback(host)) {
        return ADDRESS_RANK_LOOPBACK;
    }
    if (g_inet_address_get_is_link_local(host)) {
        return ADDRESS_RANK_LINK_LOCAL;
    }
    return g_inet_address_get_family(host) == G_SOCKET_FAMILY_IPV4 ? ADDRESS_RANK_IPV4
                                                                   : ADDRESS_RANK_IPV6;
}

bool address_equal(GSocketAddress *a, GSocketAddress *b)
{
    if (a == b) {
        return true;
    }
    if (!G_IS_INET_SOCKET_ADDRESS(a) || !G_IS_INET_SOCKET_ADDRESS(b)) {
        return false;
    }
    GInetSocketAddress *x = G_INET_SOCKET_ADDRESS(a);
    GInetSocketAddress *y = G_INET_SOCKET_ADDRESS(b);
    return g_inet_socket_address_get_port(x) == g_inet_socket_address_get_port(y) &&
           scope_of(x) == scope_of(y) &&
           g_inet_address_equal(g_inet_socket_address_get_address(x),
                                g_inet_socket_address_get_address(y));
}
