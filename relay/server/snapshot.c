#include "relay/server/snapshot.h"

#include "relay/log_backup.h"

#include <glib/gstdio.h>
#include <sodium.h>
#include <time.h>

#define PREFIX "snapshot-"
#define PIECE_US 1000
#define PIECE_PAGES 16 /* between two looks at the clock */
#define PAUSE_MS 4
#define FORGOTTEN_S (24 * 3600)

struct Snapshot {
    LogBackup *backup;
    char *path;
    SnapshotDone done; /* NULL: was called */
    void *user;
    guint timer;
    int64_t longest_us;
};

/* Of callers that were killed. */
static void remove_forgotten(const char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        GStatBuf info;
        if (g_str_has_prefix(name, PREFIX) && g_stat(path, &info) == 0 &&
            info.st_mtime + FORGOTTEN_S < time(NULL))
            g_unlink(path);
    }
}

static void tell(Snapshot *snapshot, const char *path, const GError *error)
{
    SnapshotDone done = g_steal_pointer(&snapshot->done);
    if (done != NULL)
        done(path, error, snapshot->user);
}

/* Pieces until the time is over. */
static LogBackupStep copy_piece(Snapshot *snapshot, GError **error)
{
    int64_t start_us = g_get_monotonic_time(), now_us = start_us;
    LogBackupStep step = LOG_BACKUP_MORE;
    while (step == LOG_BACKUP_MORE && now_us < start_us + PIECE_US) {
        step = log_backup_step(snapshot->backup, PIECE_PAGES, error);
        now_us = g_get_monotonic_time();
    }
    snapshot->longest_us = MAX(snapshot->longest_us, now_us - start_us);
    return step;
}

static gboolean go_on(void *user)
{
    Snapshot *snapshot = user;
    g_autoptr(GError) error = NULL;
    LogBackupStep step = copy_piece(snapshot, &error);
    if (step == LOG_BACKUP_MORE || step == LOG_BACKUP_WAITS)
        return G_SOURCE_CONTINUE;
    snapshot->timer = 0;
    g_clear_pointer(&snapshot->backup, log_backup_free);
    tell(snapshot, step == LOG_BACKUP_DONE ? snapshot->path : NULL, error);
    return G_SOURCE_REMOVE;
}

Snapshot *snapshot_new(Log *log, const char *directory, SnapshotDone done, void *user,
                       GError **error)
{
    g_autofree char *name = g_strdup_printf(PREFIX "%08x.db", randombytes_random());
    g_autofree char *path = g_build_filename(directory, name, NULL);
    remove_forgotten(directory);
    LogBackup *backup = log_backup_begin(log, path, error);
    if (backup == NULL)
        return NULL;
    Snapshot *snapshot = g_new0(Snapshot, 1);
    snapshot->backup = backup;
    snapshot->path = g_steal_pointer(&path);
    snapshot->done = done;
    snapshot->user = user;
    snapshot->timer = g_timeout_add(PAUSE_MS, go_on, snapshot);
    return snapshot;
}

void snapshot_free(Snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    g_autoptr(GError) given_up =
        g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CLOSED, "The relay is ending.");
    if (snapshot->timer != 0)
        g_source_remove(snapshot->timer);
    tell(snapshot, NULL, given_up);
    log_backup_free(snapshot->backup);
    g_free(snapshot->path);
    g_free(snapshot);
}

int64_t snapshot_longest_us(const Snapshot *snapshot)
{
    return snapshot->longest_us;
}
