/* Files and directories of an archive, on the disk. */
#include "relay/server/archive_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (128 * 1024)

typedef int Descriptor;
static void close_descriptor(const Descriptor *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Descriptor, close_descriptor)

gboolean archive_fail(GError **error, const char *what, const char *path)
{
    int code = errno;
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(code), "%s %s: %s", what, path,
                g_strerror(code));
    return FALSE;
}

static bool write_all(int file, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t put = write(file, bytes, length);
        if (put < 0 && errno != EINTR)
            return false;
        if (put > 0) {
            bytes += put;
            length -= (size_t)put;
        }
    }
    return true;
}

/* `out` -1: only the hash. False: errno says why. */
static bool pump(int in, int out, uint8_t *hash)
{
    g_autofree uint8_t *piece = g_malloc(PIECE);
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    ssize_t got;
    while ((got = read(in, piece, PIECE)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || (out >= 0 && !write_all(out, piece, (size_t)got)))
            break;
        crypto_hash_sha256_update(&state, piece, (size_t)got);
    }
    int saved = errno;
    sodium_memzero(piece, PIECE); /* one of them is a secret key */
    crypto_hash_sha256_final(&state, hash);
    errno = saved;
    return got == 0;
}

gboolean archive_copy(const char *from, const char *to, uint8_t *hash, GError **error)
{
    struct stat info;
    g_auto(Descriptor) in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (in < 0 || fstat(in, &info) != 0)
        return archive_fail(error, "cannot read", from);
    if (!S_ISREG(info.st_mode)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, "%s is not a plain file", from);
        return FALSE;
    }
    if (to == NULL)
        return pump(in, -1, hash) || archive_fail(error, "cannot read", from);
    g_auto(Descriptor) out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (out < 0 || !pump(in, out, hash) || fsync(out) != 0)
        return archive_fail(error, "cannot write", to);
    return TRUE;
}

gboolean archive_sync_directory(const char *path, GError **error)
{
    g_auto(Descriptor) folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return (folder >= 0 && fsync(folder) == 0) || archive_fail(error, "cannot write", path);
}

static bool is_ours(const char *name)
{
    return g_strv_contains(archive_files, name) || g_str_equal(name, ARCHIVE_MANIFEST) ||
           g_str_equal(name, "README.txt") || g_str_has_prefix(name, ARCHIVE_MANIFEST ".") ||
           g_str_has_prefix(name, "README.txt.") || g_str_has_prefix(name, "log.db-");
}

void archive_remove_part(const char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        if (is_ours(name))
            g_unlink(path);
    }
    g_rmdir(directory);
}
