#include "relay/server/control_internal.h"

#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/un.h>

GSocketAddress *control_address(const char *path, int *folder)
{
    *folder = -1;
    if (strlen(path) < sizeof((struct sockaddr_un *)NULL)->sun_path)
        return g_unix_socket_address_new(path);
    g_autofree char *directory = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    *folder = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    g_autofree char *by_folder = g_strdup_printf("/proc/self/fd/%d/%s", *folder, name);
    return g_unix_socket_address_new(by_folder);
}
