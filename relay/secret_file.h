#pragma once
/* Small files of secrets: mode 0600, read into and written from locked memory, replaced as a whole
 * or not at all. */

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* Wipes and frees what secret_file_read() gave; NULL is fine. */
void secret_free(uint8_t *secret);

/* Reads a file of at most `max` bytes into sodium_malloc() memory, transfer full. NULL with a
 * GFileError: G_FILE_ERROR_NOENT when there is none, G_FILE_ERROR_PERM when it is somebody else's,
 * not a plain file, or readable by group or others. */
uint8_t *secret_file_read(const char *path, size_t max, size_t *length, GError **error);

/* Written aside, fsynced, renamed over `path`, the directory fsynced: after a crash the old or the
 * new file is there. */
gboolean secret_file_write(const char *path, const uint8_t *bytes, size_t length, GError **error);
