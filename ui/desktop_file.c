#include "ui/desktop_internal.h"
#include "ui/path_text.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The portal is given the very descriptor whose first bytes were looked at, so that what is opened
 * is what was judged. */

#define OPEN_URI "org.freedesktop.portal.OpenURI"
#define FILE_MANAGER "org.freedesktop.FileManager1"
#define FILE_MANAGER_PATH "/org/freedesktop/FileManager1"

enum {
    HEAD = 4096,
    CALL_TIMEOUT_MS = 10000
};

typedef struct {
    Desktop *desktop;
    char *path; /* owned */
} Wish;

static void free_wish(gpointer data)
{
    Wish *wish = data;
    g_free(wish->path);
    g_free(wish);
}

static Wish *new_wish(Desktop *desktop, const char *path)
{
    Wish *wish = g_new0(Wish, 1);
    wish->desktop = desktop;
    wish->path = g_strdup(path);
    return wish;
}

/* By the programs that are set up for the kind of file; may take a moment. */
static bool launch(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *uri = g_filename_to_uri(path, NULL, &error);
    if (uri && g_app_info_launch_default_for_uri(uri, NULL, &error))
        return true;
    g_debug("not opened: %s", error->message);
    return false;
}

static void show_folder_itself(const Wish *wish)
{
    bool folder = g_file_test(wish->path, G_FILE_TEST_IS_DIR);
    g_autofree char *parent = folder ? g_strdup(wish->path) : g_path_get_dirname(wish->path);
    if (launch(parent))
        return;
    g_autofree char *shown = path_text_show(wish->path);
    desktop_tell(wish->desktop, g_strdup_printf("No file manager answers. It is %s", shown));
}

static void items_shown(GObject *source, GAsyncResult *result, gpointer data)
{
    Wish *wish = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    if (!reply && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        show_folder_itself(wish);
    free_wish(wish);
}

static bool is_there(const Wish *wish)
{
    if (g_file_test(wish->path, G_FILE_TEST_EXISTS))
        return true;
    g_autofree char *name = g_filename_display_basename(wish->path);
    desktop_tell(wish->desktop, g_strdup_printf("%s is no longer there.", name));
    return false;
}

static gboolean show(gpointer data)
{
    Wish *wish = data;
    Desktop *desktop = wish->desktop;
    if (!is_there(wish))
        return G_SOURCE_REMOVE;
    g_autofree char *uri = g_filename_to_uri(wish->path, NULL, NULL);
    if (!desktop->bus || !uri) {
        show_folder_itself(wish);
        return G_SOURCE_REMOVE;
    }
    const char *const uris[] = {uri, NULL};
    g_dbus_connection_call(desktop->bus, FILE_MANAGER, FILE_MANAGER_PATH, FILE_MANAGER, "ShowItems",
                           g_variant_new("(^ass)", uris, ""), NULL, G_DBUS_CALL_FLAGS_NONE,
                           CALL_TIMEOUT_MS, desktop->cancel, items_shown,
                           new_wish(desktop, wish->path));
    return G_SOURCE_REMOVE;
}

void desktop_show_in_folder(Desktop *desktop, const char *path)
{
    desktop_run(desktop, show, new_wish(desktop, path), free_wish);
}

static void launch_or_show(const Wish *wish)
{
    if (launch(wish->path))
        return;
    desktop_tell(wish->desktop, g_strdup("No program is set up for this kind of file, so it is "
                                         "shown in its folder."));
    show((gpointer)wish);
}

static void file_opened(GObject *source, GAsyncResult *result, gpointer data)
{
    Wish *wish = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply = g_dbus_connection_call_with_unix_fd_list_finish(
        G_DBUS_CONNECTION(source), NULL, result, &error);
    if (!reply && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        launch_or_show(wish);
    free_wish(wish);
}

/* Takes `fd`. */
static void open_by_portal(const Wish *wish, int fd)
{
    Desktop *desktop = wish->desktop;
    GVariantBuilder options;
    g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new_from_array(&fd, 1);
    g_dbus_connection_call_with_unix_fd_list(
        desktop->bus, PORTAL, PORTAL_PATH, OPEN_URI, "OpenFile",
        g_variant_new("(sh@a{sv})", "", 0, g_variant_builder_end(&options)), G_VARIANT_TYPE("(o)"),
        G_DBUS_CALL_FLAGS_NONE, CALL_TIMEOUT_MS, fds, desktop->cancel, file_opened,
        new_wish(desktop, wish->path));
}

static gboolean open_file(gpointer data)
{
    Wish *wish = data;
    if (!is_there(wish))
        return G_SOURCE_REMOVE;
    int fd = open(wish->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        g_autofree char *name = g_filename_display_basename(wish->path);
        desktop_tell(wish->desktop,
                     g_strdup_printf("%s cannot be opened: %s.", name, g_strerror(errno)));
        if (fd >= 0)
            close(fd);
        return G_SOURCE_REMOVE;
    }
    char head[HEAD];
    ssize_t length = S_ISREG(status.st_mode) ? pread(fd, head, sizeof head, 0) : 0;
    bool regular = S_ISREG(status.st_mode);
    bool program = regular ? desktop_is_program(wish->path, head, (gsize)MAX(length, 0))
                           : !S_ISDIR(status.st_mode);
    if (!program && regular && wish->desktop->bus) {
        open_by_portal(wish, fd);
        return G_SOURCE_REMOVE;
    }
    close(fd);
    if (program) {
        desktop_tell(wish->desktop, g_strdup("Programs are not started from here. It is shown in "
                                             "its folder."));
        show(wish);
    } else {
        launch_or_show(wish);
    }
    return G_SOURCE_REMOVE;
}

void desktop_open_file(Desktop *desktop, const char *path)
{
    desktop_run(desktop, open_file, new_wish(desktop, path), free_wish);
}
