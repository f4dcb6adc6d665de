#include "ui/paste.h"

#include "ui/picture_header.h"
#include "ui/selection.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_S (90 * INT64_C(86400)) /* until then somebody may still accept it */
#define NAMES_TRIED 100              /* several in one second */

struct Paste {
    char *folder; /* owned */
    PasteReady ready;
    void *user;
    GThread *thread;      /* owned; NULL: none yet */
    GCancellable *cancel; /* owned */
    int busy;             /* atomic */
};

static void remove_old(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    int64_t now = g_get_real_time() / G_USEC_PER_SEC;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        struct stat status;
        if (g_str_has_prefix(name, "Pasted picture ") && lstat(path, &status) == 0 &&
            status.st_mtime < now - KEPT_S)
            g_unlink(path);
    }
}

Paste *paste_new(const char *folder, PasteReady ready, void *user)
{
    Paste *paste = g_new0(Paste, 1);
    paste->folder = g_strdup(folder);
    paste->ready = ready;
    paste->user = user;
    paste->cancel = g_cancellable_new();
    remove_old(folder);
    return paste;
}

void paste_free(Paste *paste)
{
    if (!paste)
        return;
    g_cancellable_cancel(paste->cancel);
    if (paste->thread)
        g_thread_join(paste->thread);
    g_object_unref(paste->cancel);
    g_free(paste->folder);
    g_free(paste);
}

/* A new file of this name, or with a number after it; -1 with errno. `path` becomes its path. */
static int create(const char *folder, const char *extension, char **path)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *stamp = g_date_time_format(now, "%Y-%m-%d %H.%M.%S");
    g_mkdir_with_parents(folder, 0700);
    for (int i = 1; i <= NAMES_TRIED; i++) {
        char number[16] = "";
        if (i > 1)
            g_snprintf(number, sizeof number, " (%d)", i);
        g_autofree char *name = g_strdup_printf("Pasted picture %s%s.%s", stamp, number, extension);
        g_autofree char *tried = g_build_filename(folder, name, NULL);
        int fd = open(tried, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd >= 0)
            *path = g_steal_pointer(&tried);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static char *keep(const char *folder, const char *extension, GBytes *bytes, GError **error)
{
    g_autofree char *path = NULL;
    int fd = create(folder, extension, &path);
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    gsize at = 0;
    while (fd >= 0 && at < length) {
        ssize_t put = write(fd, data + at, length - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            break;
        at += (gsize)put;
    }
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && at == length)
        return g_steal_pointer(&path);
    if (path)
        g_unlink(path);
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(why), "%s", g_strerror(why));
    return NULL;
}

static const char *const types[] = {"image/png", "image/jpeg", "image/webp", "image/gif", NULL};
static const char *const extensions[] = {"png", "jpg", "webp", "gif"};

static char *paste_picture(Paste *paste, GError **error)
{
    unsigned type = 0;
    g_autoptr(GBytes) bytes = selection_read(types, &type, paste->cancel, error);
    if (!bytes)
        return NULL;
    gsize length;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    PictureHeader header;
    if (!picture_header_read(data, length, &header)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "it is not a whole picture");
        return NULL;
    }
    return keep(paste->folder, extensions[type], bytes, error);
}

static gpointer run(gpointer data)
{
    Paste *paste = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = paste_picture(paste, &error);
    g_autofree char *why = NULL;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        why = g_strdup("There is no text and no picture on the clipboard.");
    else if (error)
        why = g_strdup_printf("The picture cannot be pasted: %s.", error->message);
    g_atomic_int_set(&paste->busy, 0);
    if (!g_cancellable_is_cancelled(paste->cancel))
        paste->ready(path, why, paste->user);
    return NULL;
}

bool paste_ask(Paste *paste)
{
    if (!g_atomic_int_compare_and_exchange(&paste->busy, 0, 1))
        return false;
    if (paste->thread)
        g_thread_join(paste->thread); /* it has ended */
    paste->thread = g_thread_new("paste", run, paste);
    return true;
}
