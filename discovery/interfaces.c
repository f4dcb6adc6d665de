#include "discovery/interfaces.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

bool interfaces_is_virtual(const char *name)
{
    static const char *const prefixes[] = {"virbr",  "vnet", "vmnet", "vboxnet",
                                           "docker", "br-",  "veth"};
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(name, prefixes[i])) {
            return true;
        }
    }
    return false;
}

GArray *interfaces_choose(const char *const *names, const char *const *chosen)
{
    GArray *indices = g_array_new(FALSE, FALSE, sizeof(guint));
    guint left_out = 0;
    for (guint i = 0; names[i]; i++) {
        guint index = if_nametoindex(names[i]);
        if (chosen ? !g_strv_contains(chosen, names[i]) : interfaces_is_virtual(names[i])) {
            left_out++;
        } else if (index > 0) {
            g_array_append_val(indices, index);
        }
    }
    if (chosen && indices->len == 0) {
        g_array_unref(indices);
        return NULL;
    }
    if (left_out == 0) {
        g_array_set_size(indices, 0);
    }
    return indices;
}

char **interfaces_list(void)
{
    GStrvBuilder *names = g_strv_builder_new();
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) != 0) {
        all = NULL;
    }
    for (struct ifaddrs *i = all; i; i = i->ifa_next) {
        bool wanted = (i->ifa_flags & IFF_UP) && !(i->ifa_flags & IFF_LOOPBACK);
        /* Every interface has exactly one entry of this family. */
        if (wanted && i->ifa_addr && i->ifa_addr->sa_family == AF_PACKET) {
            g_strv_builder_add(names, i->ifa_name);
        }
    }
    if (all) {
        freeifaddrs(all);
    }
    char **list = g_strv_builder_end(names);
    g_strv_builder_unref(names);
    return list;
}
