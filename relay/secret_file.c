#include "relay/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void set_errno_error(GError **error, const char *what, const char *path)
{
    int code = errno;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(code), "%s %s: %s", what, path,
                g_strerror(code));
}

static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

typedef int Descriptor;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Descriptor, close_descriptor)

void secret_free(uint8_t *secret)
{
    sodium_free(secret);
}

static gboolean check_privacy(int file, const char *path, size_t max, size_t *length,
                              GError **error)
{
    struct stat status;
    if (fstat(file, &status) != 0) {
        set_errno_error(error, "cannot look at", path);
        return FALSE;
    }
    if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 077) != 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_PERM,
                    "%s holds a secret key and must be a plain file of yours with mode 0600", path);
        return FALSE;
    }
    if (status.st_size <= 0 || (uint64_t)status.st_size > max) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is damaged: wrong size", path);
        return FALSE;
    }
    *length = (size_t)status.st_size;
    return TRUE;
}

uint8_t *secret_file_read(const char *path, size_t max, size_t *length, GError **error)
{
    g_auto(Descriptor) file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) {
        set_errno_error(error, "cannot open", path);
        return NULL;
    }
    size_t size = 0;
    if (!check_privacy(file, path, max, &size, error))
        return NULL;
    uint8_t *secret = sodium_malloc(size);
    g_assert(secret != NULL);
    size_t have = 0;
    while (have < size) {
        ssize_t got = read(file, secret + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got == 0 ? EIO : errno;
            set_errno_error(error, "cannot read", path);
            sodium_free(secret);
            return NULL;
        }
        have += (size_t)got;
    }
    *length = size;
    return secret;
}

static gboolean write_all(int file, const uint8_t *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t put = write(file, bytes + done, length - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return FALSE;
        done += (size_t)put;
    }
    return fsync(file) == 0;
}

static gboolean sync_directory(const char *path)
{
    g_autofree char *directory = g_path_get_dirname(path);
    g_auto(Descriptor) file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return file >= 0 && fsync(file) == 0;
}

gboolean secret_file_write(const char *path, const uint8_t *bytes, size_t length, GError **error)
{
    /* Always the same name, so that crashes leave at most one behind. */
    g_autofree char *aside = g_strdup_printf("%s.new", path);
    unlink(aside);
    g_auto(Descriptor) file =
        open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) {
        set_errno_error(error, "cannot write beside", path);
        return FALSE;
    }
    if (!write_all(file, bytes, length) || rename(aside, path) != 0) {
        set_errno_error(error, "cannot write", path);
        unlink(aside);
        return FALSE;
    }
    if (!sync_directory(path)) {
        set_errno_error(error, "cannot write the directory of", path);
        return FALSE;
    }
    return TRUE;
}
