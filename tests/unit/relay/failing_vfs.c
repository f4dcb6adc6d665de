#include "tests/unit/relay/failing_vfs.h"

#include <glib.h>
#include <sqlite3.h>

typedef struct {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
} FailingFile;

static DiskState disk = DISK_SOUND;
static unsigned sound_left; /* operations before the state begins */
static bool lasting = true, happened;
static sqlite3_vfs *real_vfs;
static sqlite3_vfs failing_vfs;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((FailingFile *)file)->real;
}

/* Whether this operation, which `state` concerns, is to fail. */
static bool fails(DiskState state)
{
    if (disk != state || (sound_left > 0 && --sound_left > 0))
        return false;
    happened = true;
    if (!lasting)
        disk = DISK_SOUND;
    return true;
}

static int failing_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int failing_read(sqlite3_file *file, void *out, int amount, sqlite3_int64 offset)
{
    if (disk == DISK_DEAD)
        return SQLITE_IOERR_READ;
    return real_of(file)->pMethods->xRead(real_of(file), out, amount, offset);
}

static int failing_write(sqlite3_file *file, const void *in, int amount, sqlite3_int64 offset)
{
    if (fails(DISK_FULL))
        return SQLITE_FULL;
    if (fails(DISK_FAILS_WRITE) || disk == DISK_DEAD)
        return SQLITE_IOERR_WRITE;
    return real_of(file)->pMethods->xWrite(real_of(file), in, amount, offset);
}

static int failing_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (fails(DISK_FAILS_TRUNCATE))
        return SQLITE_IOERR_TRUNCATE;
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int failing_sync(sqlite3_file *file, int flags)
{
    if (fails(DISK_FAILS_SYNC) || disk == DISK_DEAD)
        return SQLITE_IOERR_FSYNC;
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int failing_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int failing_lock(sqlite3_file *file, int kind)
{
    return real_of(file)->pMethods->xLock(real_of(file), kind);
}

static int failing_unlock(sqlite3_file *file, int kind)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), kind);
}

static int failing_reserved(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int failing_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int failing_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int failing_character(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static const sqlite3_io_methods failing_methods = {
    .iVersion = 1, /* no shared memory: as our databases are opened */
    .xClose = failing_close,
    .xRead = failing_read,
    .xWrite = failing_write,
    .xTruncate = failing_truncate,
    .xSync = failing_sync,
    .xFileSize = failing_size,
    .xLock = failing_lock,
    .xUnlock = failing_unlock,
    .xCheckReservedLock = failing_reserved,
    .xFileControl = failing_control,
    .xSectorSize = failing_sector,
    .xDeviceCharacteristics = failing_character,
};

static int failing_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                        int *out_flags)
{
    FailingFile *failing = (FailingFile *)file;

    failing->base.pMethods = NULL;
    failing->real = (sqlite3_file *)(failing + 1);
    if (disk == DISK_DEAD)
        return SQLITE_CANTOPEN;
    int code = real_vfs->xOpen(real_vfs, name, failing->real, flags, out_flags);

    if (code == SQLITE_OK)
        failing->base.pMethods = &failing_methods;
    return code;
}

void failing_vfs_install(void)
{
    real_vfs = sqlite3_vfs_find(NULL);
    g_assert_nonnull(real_vfs);
    failing_vfs = *real_vfs;
    failing_vfs.zName = "failing";
    failing_vfs.szOsFile += (int)sizeof(FailingFile);
    failing_vfs.xOpen = failing_open;
    sqlite3_vfs_register(&failing_vfs, 1);
}

void failing_vfs_set(DiskState state)
{
    failing_vfs_set_at(state, 0, true);
}

void failing_vfs_set_at(DiskState state, unsigned operation, bool stays)
{
    disk = state;
    sound_left = operation;
    lasting = stays;
    happened = false;
}

bool failing_vfs_happened(void)
{
    return happened;
}
