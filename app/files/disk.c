#include "app/files/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RWF_DONTCACHE
#define RWF_DONTCACHE 0x80 /* linux/fs.h since 6.14 */
#endif

#define REMOVE_DEPTH_MAX 128

void descriptor_close(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static int open_how(int folder, const char *path, int flags, mode_t mode, uint64_t resolve)
{
    int extra = (flags & O_PATH) != 0 ? O_CLOEXEC : O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    struct open_how how = {.flags = (uint64_t)(unsigned)(flags | extra),
                           .mode = (flags & O_CREAT) != 0 ? mode : 0,
                           .resolve = resolve | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    long file = 0;
    /* EAGAIN: something was renamed while the kernel made sure that the path stays beneath. */
    do
        file = syscall(SYS_openat2, folder, path, &how, sizeof how);
    while (file < 0 && (errno == EINTR || errno == EAGAIN));
    return (int)file;
}

int disk_open_beneath(int folder, const char *path, int flags, mode_t mode)
{
    return open_how(folder, path, flags, mode, RESOLVE_BENEATH);
}

int disk_open_real(const char *path, int flags)
{
    return open_how(AT_FDCWD, path, flags, 0, 0);
}

static bool write_all(int file, const void *bytes, size_t length, uint64_t offset, int flags)
{
    struct iovec left = {(void *)bytes, length};
    while (left.iov_len > 0) {
        ssize_t put = pwritev2(file, &left, 1, (off_t)offset, flags);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            errno = put == 0 ? EIO : errno;
            return false;
        }
        left.iov_base = (uint8_t *)left.iov_base + put;
        left.iov_len -= (size_t)put;
        offset += (uint64_t)put;
    }
    return true;
}

bool disk_write(int file, const void *bytes, size_t length, uint64_t offset)
{
    return write_all(file, bytes, length, offset, 0);
}

bool disk_write_past(int file, const void *bytes, size_t length, uint64_t offset, bool *possible)
{
    if (*possible && write_all(file, bytes, length, offset, RWF_DONTCACHE))
        return true;
    if (*possible && errno != EOPNOTSUPP && errno != EINVAL)
        return false;
    *possible = false;
    return disk_write(file, bytes, length, offset);
}

/* --- directly --- */

bool disk_is_direct(int file)
{
    struct statfs disk;
    if (fstatfs(file, &disk) != 0)
        return false;
    return (uint32_t)disk.f_type == EXT4_SUPER_MAGIC || (uint32_t)disk.f_type == XFS_SUPER_MAGIC;
}

static bool is_aligned(const struct iovec *pieces, unsigned count, uint64_t offset)
{
    uint64_t bits = offset;
    for (unsigned i = 0; i < count; i++)
        bits |= (uintptr_t)pieces[i].iov_base | pieces[i].iov_len;
    return bits % DISK_BLOCK == 0;
}

static bool set_direct(int file, bool direct)
{
    int flags = fcntl(file, F_GETFL);
    return flags >= 0 && fcntl(file, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

/* Takes `length` bytes off the front. */
static void advance(struct iovec **pieces, unsigned *count, size_t length)
{
    while (*count > 0 && length >= (*pieces)->iov_len) {
        length -= (*pieces)->iov_len;
        (*pieces)++;
        (*count)--;
    }
    if (*count > 0) {
        (*pieces)->iov_base = (uint8_t *)(*pieces)->iov_base + length;
        (*pieces)->iov_len -= length;
    }
}

/* As far as it goes: what is left stays in `pieces`; false with errno. */
static bool write_pieces(int file, struct iovec **pieces, unsigned *count, uint64_t *offset)
{
    while (*count > 0) {
        ssize_t put = pwritev(file, *pieces, (int)*count, (off_t)*offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            errno = put == 0 ? EIO : errno;
            return false;
        }
        *offset += (uint64_t)put;
        advance(pieces, count, (size_t)put);
    }
    return true;
}

bool disk_write_direct(int file, struct iovec *pieces, unsigned count, uint64_t offset,
                       bool *possible)
{
    *possible = *possible && is_aligned(pieces, count, offset);
    if (*possible && set_direct(file, true)) {
        bool written = write_pieces(file, &pieces, &count, &offset);
        int code = errno;
        set_direct(file, false);
        if (written || (code != EINVAL && code != EOPNOTSUPP)) {
            errno = code;
            return written;
        }
    }
    *possible = false;
    return write_pieces(file, &pieces, &count, &offset);
}

ssize_t disk_read(int file, void *bytes, size_t length, uint64_t offset)
{
    size_t have = 0;
    while (have < length) {
        ssize_t got = pread(file, (uint8_t *)bytes + have, length - have, (off_t)(offset + have));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

ssize_t disk_read_direct(int file, void *bytes, size_t length, uint64_t offset, bool *possible)
{
    struct iovec whole = {bytes, length};
    *possible = *possible && is_aligned(&whole, 1, offset);
    if (*possible && set_direct(file, true)) {
        ssize_t got = disk_read(file, bytes, length, offset);
        int code = errno;
        set_direct(file, false);
        errno = code;
        if (got >= 0 || (code != EINVAL && code != EOPNOTSUPP))
            return got;
    }
    *possible = false;
    return disk_read(file, bytes, length, offset);
}

bool disk_is_in_memory(int file, size_t length, uint64_t offset)
{
    unsigned char pages[256];
    size_t page = (size_t)sysconf(_SC_PAGESIZE), count = (length + page - 1) / page;
    if (count == 0 || count > sizeof pages || offset % page != 0)
        return true;
    void *mapped = mmap(NULL, length, PROT_READ, MAP_SHARED, file, (off_t)offset);
    if (mapped == MAP_FAILED)
        return true;
    bool told = mincore(mapped, length, pages) == 0;
    munmap(mapped, length);
    size_t there = 0;
    for (size_t i = 0; told && i < count; i++)
        there += pages[i] & 1u;
    return !told || there > count / 2;
}

bool disk_replace(int folder, const char *name, const void *bytes, size_t length)
{
    /* Always the same name, so that crashes leave at most one behind. */
    g_autofree char *aside = g_strconcat(name, ".new", NULL);
    unlinkat(folder, aside, 0);
    g_auto(Descriptor) file =
        disk_open_beneath(folder, aside, O_WRONLY | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    if (file < 0)
        return false;
    if (!disk_write(file, bytes, length, 0) || fsync(file) != 0 ||
        renameat(folder, aside, folder, name) != 0 || fsync(folder) != 0) {
        int code = errno;
        unlinkat(folder, aside, 0);
        errno = code;
        return false;
    }
    return true;
}

GBytes *disk_load(int folder, const char *name, size_t max)
{
    struct stat status;
    g_auto(Descriptor) file = disk_open_beneath(folder, name, O_RDONLY, 0);
    if (file < 0 || fstat(file, &status) != 0)
        return NULL;
    if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size > max) {
        errno = EFBIG;
        return NULL;
    }
    g_autofree uint8_t *bytes = g_malloc(MAX((size_t)status.st_size, 1));
    ssize_t got = disk_read(file, bytes, (size_t)status.st_size, 0);
    if (got < 0)
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&bytes), (gsize)got);
}

static bool place_folder(int folder, const char *from, const char *to)
{
    if (mkdirat(folder, to, S_IRWXU) != 0)
        return false;
    /* Only an empty folder can be replaced by another. */
    if (renameat(folder, from, folder, to) == 0)
        return true;
    int code = errno;
    unlinkat(folder, to, AT_REMOVEDIR);
    errno = code == ENOTEMPTY ? EEXIST : code;
    return false;
}

/* Without hard links: takes the name by an empty file first. Who replaced that in between by
 * something else keeps it. */
static bool place_over_own(int folder, const char *from, const char *to)
{
    struct stat own, now;
    g_auto(Descriptor) file = disk_open_beneath(folder, to, O_WRONLY | O_CREAT | O_EXCL, S_IRUSR);
    if (file < 0 || fstat(file, &own) != 0)
        return false;
    if (fstatat(folder, to, &now, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (now.st_dev != own.st_dev || now.st_ino != own.st_ino || now.st_size != 0) {
        errno = EEXIST;
        return false;
    }
    return renameat(folder, from, folder, to) == 0;
}

bool disk_place_otherwise(int folder, const char *from, const char *to)
{
    struct stat status;
    if (fstatat(folder, from, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (S_ISDIR(status.st_mode))
        return place_folder(folder, from, to);
    if (linkat(folder, from, folder, to, 0) == 0)
        return unlinkat(folder, from, 0) == 0;
    return errno != EEXIST && place_over_own(folder, from, to);
}

bool disk_place(int folder, const char *from, const char *to)
{
    if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return false;
    return disk_place_otherwise(folder, from, to);
}

static void remove_content(int folder, dev_t device, unsigned depth);

static void remove_one(int folder, const char *name, dev_t device, unsigned depth)
{
    if (unlinkat(folder, name, 0) == 0 || (errno != EISDIR && errno != EPERM))
        return;
    if (depth < REMOVE_DEPTH_MAX) {
        struct stat status;
        int inner = disk_open_beneath(folder, name, O_RDONLY | O_DIRECTORY, 0);
        if (inner >= 0 && fstat(inner, &status) == 0 && status.st_dev == device)
            remove_content(inner, device, depth + 1);
        else if (inner >= 0)
            close(inner);
    }
    unlinkat(folder, name, AT_REMOVEDIR);
}

/* Closes `folder`. */
static void remove_content(int folder, dev_t device, unsigned depth)
{
    DIR *entries = fdopendir(folder);
    if (entries == NULL) {
        close(folder);
        return;
    }
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_one(dirfd(entries), entry->d_name, device, depth);
    }
    closedir(entries);
}

void disk_remove(int folder, const char *name)
{
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        remove_one(folder, name, status.st_dev, 0);
}

void disk_remove_ours(const char *folder, const char *const *names)
{
    g_auto(Descriptor) opened = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (opened < 0)
        return;
    for (; *names != NULL; names++)
        unlinkat(opened, *names, 0);
    rmdir(folder);
}

void disk_put_number(uint8_t *out, uint64_t number, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        out[i] = (uint8_t)(number >> 8 * i);
}

uint64_t disk_get_number(const uint8_t *in, unsigned size)
{
    uint64_t number = 0;
    for (unsigned i = size; i > 0; i--)
        number = number << 8 | in[i - 1];
    return number;
}

static const struct {
    int code;
    GIOErrorEnum error;
    const char *why;
} reasons[] = {
    {ENOSPC, G_IO_ERROR_NO_SPACE, "the disk is full"},
    {EDQUOT, G_IO_ERROR_NO_SPACE, "your share of the disk is used up"},
    {EFBIG, G_IO_ERROR_NO_SPACE, "the file is larger than that disk can hold"},
    {EACCES, G_IO_ERROR_PERMISSION_DENIED, "that is not permitted"},
    {EPERM, G_IO_ERROR_PERMISSION_DENIED, "that is not permitted"},
    {EROFS, G_IO_ERROR_READ_ONLY, "it can only be read"},
    {ENOENT, G_IO_ERROR_NOT_FOUND, "it is not there"},
    {ENOTDIR, G_IO_ERROR_NOT_FOUND, "it is no folder"},
    {ENODEV, G_IO_ERROR_NOT_FOUND, "its disk is gone"},
    {ENXIO, G_IO_ERROR_NOT_FOUND, "its disk is gone"},
    {ESTALE, G_IO_ERROR_NOT_FOUND, "its disk is gone"},
    {ENAMETOOLONG, G_IO_ERROR_FILENAME_TOO_LONG, "the name is too long"},
    {ELOOP, G_IO_ERROR_FAILED, "a symbolic link stands in the way"},
    {EIO, G_IO_ERROR_FAILED, "the disk reports an error"},
    {ENOSYS, G_IO_ERROR_NOT_SUPPORTED, "this system is too old (openat2 is missing)"},
};

void disk_set_error(GError **error, int code, const char *what, const char *path)
{
    GIOErrorEnum kind = G_IO_ERROR_FAILED;
    const char *why = g_strerror(code);
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (reasons[i].code == code) {
            kind = reasons[i].error;
            why = reasons[i].why;
        }
    }
    g_autofree char *shown = g_filename_display_name(path);
    g_set_error(error, G_IO_ERROR, (gint)kind, "%s %s: %s", what, shown, why);
}
