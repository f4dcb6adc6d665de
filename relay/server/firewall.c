#include "relay/server/firewall.h"

#include <gio/gio.h>
#include <stdbool.h>
#include <string.h>

#define BUS_MS 1000

static bool is_there(const char *root, const char *path)
{
    g_autofree char *whole = g_strconcat(root, path, NULL);
    return g_file_test(whole, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK);
}

/* "ENABLED=yes", as its own scripts read it. */
static bool ufw_is_on(const char *root)
{
    g_autofree char *path = g_strconcat(root, "/etc/ufw/ufw.conf", NULL);
    g_autofree char *contents = NULL;
    if (!g_file_get_contents(path, &contents, NULL, NULL))
        return false;
    g_auto(GStrv) lines = g_strsplit(contents, "\n", -1);
    bool on = false;
    for (char **line = lines; *line != NULL; line++) {
        g_strstrip(*line);
        if (g_ascii_strncasecmp(*line, "ENABLED=", 8) == 0)
            on = g_ascii_strcasecmp(*line + 8, "yes") == 0 ||
                 g_ascii_strcasecmp(*line + 8, "\"yes\"") == 0;
    }
    return on;
}

static bool bus_has(const char *name)
{
    g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
    g_autoptr(GDBusConnection) bus = address != NULL
                                         ? g_dbus_connection_new_for_address_sync(
                                               address,
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, NULL)
                                         : NULL;
    if (bus == NULL)
        return false;
    g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
        bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "NameHasOwner", g_variant_new("(s)", name), G_VARIANT_TYPE("(b)"), G_DBUS_CALL_FLAGS_NONE,
        BUS_MS, NULL, NULL);
    gboolean owned = FALSE;
    if (answer != NULL)
        g_variant_get(answer, "(b)", &owned);
    return owned;
}

Firewall firewall_active(const char *root)
{
    if (ufw_is_on(root))
        return FIREWALL_UFW;
    if (is_there(root, "/usr/sbin/firewalld") && bus_has("org.fedoraproject.FirewallD1"))
        return FIREWALL_FIREWALLD;
    if (is_there(root, "/etc/systemd/system/sysinit.target.wants/nftables.service"))
        return FIREWALL_NFTABLES;
    return FIREWALL_UNKNOWN;
}

char *firewall_advice(Firewall firewall, uint16_t port)
{
    switch (firewall) {
    case FIREWALL_UFW:
        return g_strdup_printf("sudo ufw allow %u/tcp", port);
    case FIREWALL_FIREWALLD:
        return g_strdup_printf("sudo firewall-cmd --permanent --add-service=mdns "
                               "--add-port=%u/tcp && sudo firewall-cmd --reload",
                               port);
    case FIREWALL_NFTABLES:
        return g_strdup_printf("let TCP port %u in, and UDP port 5353, by which it is found, in "
                               "/etc/nftables.conf",
                               port);
    case FIREWALL_UNKNOWN:
        break;
    }
    return g_strdup_printf("none was found; one that there is has to let TCP port %u in, and UDP "
                           "port 5353, by which it is found",
                           port);
}

const char *firewall_name(Firewall firewall)
{
    switch (firewall) {
    case FIREWALL_UFW:
        return "ufw";
    case FIREWALL_FIREWALLD:
        return "firewalld";
    case FIREWALL_NFTABLES:
        return "nftables";
    case FIREWALL_UNKNOWN:
        break;
    }
    return "";
}
