#pragma once
/* What the files of the archive share; nobody else includes it. */

#include "relay/server/archive.h"

#include <gio/gio.h>
#include <sodium.h>

#define ARCHIVE_MANIFEST "MANIFEST"
#define ARCHIVE_HASH_SIZE crypto_hash_sha256_BYTES

/* Of the data directory: what a backup has, NULL-terminated; the first two always. */
extern const char *const archive_files[];

/* Sets `error` to `what`, the path and errno; returns FALSE. */
gboolean archive_fail(GError **error, const char *what, const char *path);
/* Copies a plain file to a new one (0600), brings it to the disk, and tells the hash of its bytes.
 * `to` NULL: only the hash. */
gboolean archive_copy(const char *from, const char *to, uint8_t *hash, GError **error);
/* Its names, not what its files hold. */
gboolean archive_sync_directory(const char *path, GError **error);
/* Removes a directory that holds nothing but files which an archive has, and nothing else. */
void archive_remove_part(const char *directory);
