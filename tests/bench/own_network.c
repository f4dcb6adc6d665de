#include "tests/bench/own_network.h"

#include <glib.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

static bool run(const char *command)
{
    int status = -1;
    return g_spawn_command_line_sync(command, NULL, NULL, &status, NULL) && status == 0;
}

/* Whoever is not root is it in a namespace of users of its own. */
static bool be_root(uid_t uid, gid_t gid)
{
    g_autofree char *uids = g_strdup_printf("0 %u 1", (unsigned)uid);
    g_autofree char *gids = g_strdup_printf("0 %u 1", (unsigned)gid);
    GFileSetContentsFlags flags = G_FILE_SET_CONTENTS_NONE;
    return g_file_set_contents_full("/proc/self/setgroups", "deny", 4, flags, 0600, NULL) &&
           g_file_set_contents_full("/proc/self/uid_map", uids, -1, flags, 0600, NULL) &&
           g_file_set_contents_full("/proc/self/gid_map", gids, -1, flags, 0600, NULL);
}

bool own_network_enter(void)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (uid == 0 ? unshare(CLONE_NEWNET) != 0
                 : unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 || !be_root(uid, gid))
        return false;
    return run("ip link set lo up") && run("ip link add lan type veth peer name end") &&
           run("ip address add " OWN_NETWORK_ADDRESS "/24 dev lan") && run("ip link set lan up") &&
           run("ip link set end up");
}

uint64_t own_network_bytes(void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/thread-self/net/dev", &text, NULL, NULL))
        return 0;
    const char *line = strstr(text, "lo:");
    return line != NULL ? g_ascii_strtoull(line + strlen("lo:"), NULL, 10) : 0;
}
