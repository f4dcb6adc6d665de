#pragma once
/* A disk for SQLite that fails when told to: the default VFS with a switch. */

#include <stdbool.h>

typedef enum {
    DISK_SOUND,
    DISK_FAILS_SYNC,  /* fsync reports an error; what was written may be there or not */
    DISK_FAILS_WRITE, /* writing reports an I/O error */
    DISK_FAILS_TRUNCATE,
    DISK_FULL, /* writing reports that no room is left */
    DISK_DEAD, /* nothing can be opened, read or written */
} DiskState;

/* Makes it the default for databases opened from now on. */
void failing_vfs_install(void);
void failing_vfs_set(DiskState state);
/* Only from the n-th operation on that this state concerns (1: the next); once, or `lasting`. */
void failing_vfs_set_at(DiskState state, unsigned operation, bool lasting);
/* Did anything fail since it was set? */
bool failing_vfs_happened(void);
