#include "relay/database_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean fail_errno(GError **error, const char *path)
{
    int saved = errno;

    g_set_error(error, DATABASE_ERROR, saved == ENOSPC ? DATABASE_ERROR_FULL : DATABASE_ERROR_IO,
                "%s: %s", path, g_strerror(saved));
    return FALSE;
}

static void sync_directory(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        if (fsync(fd) != 0)
            g_debug("fsync of %s: %s", directory, g_strerror(errno));
        close(fd);
    }
}

static gboolean take_lock(int lock, const char *directory, const DatabaseKind *kind, GError **error)
{
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
        return TRUE;
    if (lock < 0 || errno != EWOULDBLOCK)
        return fail_errno(error, directory);
    g_set_error(error, DATABASE_ERROR, DATABASE_ERROR_LOCKED, "%s (%s)", kind->locked, directory);
    return FALSE;
}

int database_lock(const char *directory, const DatabaseKind *kind, GError **error)
{
    g_autofree char *path = g_build_filename(directory, kind->lock, NULL);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (take_lock(lock, directory, kind, error))
        return lock;
    if (lock >= 0)
        close(lock);
    return -1;
}

gboolean database_file_lock(Database *database, GError **error)
{
    if (g_mkdir_with_parents(database->directory, 0700) != 0)
        return fail_errno(error, database->directory);
    database->lock = database_lock(database->directory, database->kind, error);
    return database->lock >= 0;
}

gboolean database_file_make(Database *database, GError **error)
{
    int fd = open(database->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail_errno(error, database->path);
    close(fd);
    return TRUE;
}

static char *suspect_path(const Database *database)
{
    return g_strconcat(database->path, ".suspect", NULL);
}

void database_file_suspect(Database *database)
{
    if (!database->directory)
        return;
    g_autofree char *path = suspect_path(database);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
}

bool database_file_is_suspect(const Database *database)
{
    g_autofree char *path = suspect_path(database);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

void database_file_trust(Database *database)
{
    g_autofree char *path = suspect_path(database);

    g_unlink(path);
}

/* The WAL belongs to the file: without it the file would be older than it was. */
static gboolean move_with_wal(const char *from, const char *to, GError **error)
{
    static const char *const suffixes[] = {"-wal", "-journal", "-shm"};

    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *old = g_strconcat(from, suffixes[i], NULL);
        g_autofree char *new = g_strconcat(to, suffixes[i], NULL);

        if (g_rename(old, new) != 0 && errno != ENOENT)
            return fail_errno(error, old);
    }
    return g_rename(from, to) == 0 ? TRUE : fail_errno(error, from);
}

gboolean database_file_set_aside(Database *database, GError **error)
{
    g_autofree char *aside = NULL;

    for (unsigned n = 1; !aside || g_file_test(aside, G_FILE_TEST_EXISTS); n++) {
        g_free(aside);
        aside = g_strdup_printf("%s.damaged-%u", database->path, n);
    }
    if (!move_with_wal(database->path, aside, error))
        return FALSE;
    sync_directory(database->directory);
    database_file_trust(database);
    g_free(database->damaged);
    database->damaged = g_steal_pointer(&aside);
    return TRUE;
}

bool database_check(sqlite3 *handle)
{
    sqlite3_stmt *statement = NULL;
    bool sound =
        sqlite3_prepare_v2(handle, "PRAGMA quick_check(1)", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW &&
        g_strcmp0((const char *)sqlite3_column_text(statement, 0), "ok") == 0;

    sqlite3_finalize(statement);
    return sound;
}

/* TRUE: `path` holds a whole, sound copy. */
static gboolean copy_database(Database *database, const char *path, GError **error)
{
    int version = 0;
    g_autoptr(DatabaseCopy) writing = database_copy_begin(database, path, error);

    if (!writing || database_copy_step(writing, -1, error) != DATABASE_COPY_DONE ||
        !database_settle_copy(path, error))
        return FALSE;
    g_autoptr(Database) copy = database_open_copy(path, database->kind, &version, error);

    if (!copy || database_is_sound(copy))
        return copy != NULL;
    g_set_error(error, DATABASE_ERROR, DATABASE_ERROR_IO, "the copy is not sound");
    return FALSE;
}

gboolean database_file_backup(Database *database, int version, GError **error)
{
    g_autofree char *final = g_strdup_printf("%s.before-%d", database->path, version);
    g_autofree char *part = g_strconcat(final, ".part", NULL);

    g_unlink(part);
    if (!copy_database(database, part, error)) {
        g_prefix_error(
            error, "%s could not be copied before it is brought to a newer form: ", database->path);
        g_unlink(part);
        return FALSE;
    }
    if (g_rename(part, final) != 0)
        return fail_errno(error, part);
    sync_directory(database->directory);
    return TRUE;
}
