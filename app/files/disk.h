#pragma once
/* Small steps on a file system that others may change meanwhile: names are opened below a folder
 * that is open already and never through a symbolic link (openat2(2)), nothing is ever replaced.
 * Descriptors are -1 on failure, errno says why. */

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Closes by itself: g_auto(Descriptor). */
typedef int Descriptor;
void descriptor_close(int *descriptor);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Descriptor, descriptor_close)

/* Below `folder`, which it never leaves. `mode` as for open(2), with O_CREAT. O_CLOEXEC is added,
 * and O_NONBLOCK: nothing waits for the other end of a pipe. */
int disk_open_beneath(int folder, const char *path, int flags, mode_t mode);
/* An absolute path none of whose parts is a symbolic link. */
int disk_open_real(const char *path, int flags);

/* False with errno. */
bool disk_write(int file, const void *bytes, size_t length, uint64_t offset);
/* The same, without keeping the bytes in memory once they are on the disk, if `*possible`; that
 * becomes false where it is not. */
bool disk_write_past(int file, const void *bytes, size_t length, uint64_t offset, bool *possible);
/* What disk_write_direct() needs: memory, offset and lengths are multiples of this. */
#define DISK_BLOCK 4096
/* Straight from these pieces of memory to the disk (O_DIRECT), one after the other from `offset`
 * on; nothing of it stays in memory, and the kernel copies nothing. Where the file system refuses,
 * or what is given is not aligned, `*possible` becomes false and it is a disk_write(). The pieces
 * are changed. */
bool disk_write_direct(int file, struct iovec *pieces, unsigned count, uint64_t offset,
                       bool *possible);
/* Straight from the disk into memory, as disk_write_direct(), and a disk_read() where that is
 * refused. What is in the kernel's memory already is read from there with less effort. */
ssize_t disk_read_direct(int file, void *bytes, size_t length, uint64_t offset, bool *possible);
/* Is most of that part of a file in the kernel's memory? True also when nobody tells. */
bool disk_is_in_memory(int file, size_t length, uint64_t offset);
/* Is this file, or are the files below this folder, on a disk of this machine, by a file system
 * that is good at direct writing? */
bool disk_is_direct(int file);
/* Bytes read, fewer only at the end of the file; -1 with errno. */
ssize_t disk_read(int file, void *bytes, size_t length, uint64_t offset);
/* `bytes` becomes `name` in `folder` as a whole or not at all; on the disk when this returns. */
bool disk_replace(int folder, const char *name, const void *bytes, size_t length);
/* A whole file of ours; NULL with errno (EFBIG: longer than `max`). Transfer full. */
GBytes *disk_load(int folder, const char *name, size_t max);

/* Gives `from` the name `to` in the same folder; false with EEXIST when that is taken, whatever the
 * file system can do. */
bool disk_place(int folder, const char *from, const char *to);
/* The same where renameat2(2) cannot: for disk_place(), and for tests. */
bool disk_place_otherwise(int folder, const char *from, const char *to);
/* Removes a file, or a folder with all that is in it on the same file system, following nothing. */
void disk_remove(int folder, const char *name);

/* Removes files of ours by name (NULL-terminated) from `folder`, and then the folder, if it is
 * empty; what is not there is no matter. */
void disk_remove_ours(const char *folder, const char *const *names);

/* Little-endian numbers of `size` bytes in files of ours. */
void disk_put_number(uint8_t *out, uint64_t number, unsigned size);
uint64_t disk_get_number(const uint8_t *in, unsigned size);

/* A sentence that says what failed with `path` and why, as G_IO_ERROR. `code`: errno. */
void disk_set_error(GError **error, int code, const char *what, const char *path);
