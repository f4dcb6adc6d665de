/* Copies of a database: made while it is in use, and opened for reading.
 *
 * The copy is written without a journal and without waiting for the disk, so that a step costs what
 * it reads; database_settle_copy() makes it last. Whoever is killed before that leaves a file that
 * nobody has given its name yet. */
#include "relay/database_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* Pages that wait in memory until the copy takes them, in KiB: what the last step has to write. */
#define COPY_CACHE "256"

/* SQLite begins the copy anew when a transaction is rolled back: while the disk is full, that could
 * go on for ever. */
#define COPIED_TIMES 4
#define COPIED_MORE 1000

struct DatabaseCopy {
    Database *database; /* NULL: its connection was closed */
    char *path;
    sqlite3 *handle;
    sqlite3_backup *backup;
    uint64_t all, left;
    uint64_t copied; /* pages, those that had to be copied again too */
    bool done;
};

static gboolean fail_copy(int code, const char *path, const char *why, GError **error)
{
    bool full = (code & 0xff) == SQLITE_FULL;

    g_set_error(error, DATABASE_ERROR, full ? DATABASE_ERROR_FULL : DATABASE_ERROR_IO, "%s: %s",
                path, full ? "there is no room on the disk" : why);
    return FALSE;
}

static gboolean make_file(const char *path, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0) {
        g_set_error(error, DATABASE_ERROR,
                    errno == ENOSPC ? DATABASE_ERROR_FULL : DATABASE_ERROR_IO, "%s: %s", path,
                    g_strerror(errno));
        return FALSE;
    }
    close(fd);
    return TRUE;
}

static int open_target(DatabaseCopy *copy)
{
    int code = sqlite3_open_v2(copy->path, &copy->handle,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (code != SQLITE_OK)
        return code;
    return sqlite3_exec(copy->handle,
                        "PRAGMA locking_mode = EXCLUSIVE;"
                        "PRAGMA journal_mode = OFF;"
                        "PRAGMA synchronous = OFF;"
                        "PRAGMA mmap_size = 0;"
                        "PRAGMA cache_size = -" COPY_CACHE,
                        NULL, NULL, NULL);
}

DatabaseCopy *database_copy_begin(Database *database, const char *path, GError **error)
{
    if (database->copy) {
        g_set_error(error, DATABASE_ERROR, DATABASE_ERROR_LOCKED,
                    "A copy of %s is being made already", database->path);
        return NULL;
    }
    if (!database_ensure(database, error) || !make_file(path, error))
        return NULL;
    g_autoptr(DatabaseCopy) copy = g_new0(DatabaseCopy, 1);

    copy->path = g_strdup(path);
    int code = open_target(copy);

    if (code == SQLITE_OK)
        copy->backup = sqlite3_backup_init(copy->handle, "main", database->handle, "main");
    if (!copy->backup) {
        fail_copy(code, path, sqlite3_errmsg(copy->handle), error);
        return NULL;
    }
    copy->database = database;
    database->copy = copy;
    return g_steal_pointer(&copy);
}

/* The result of the whole copy: also of what was passed on by writes between the steps. */
static int finish(DatabaseCopy *copy)
{
    int code = copy->backup ? sqlite3_backup_finish(copy->backup) : SQLITE_ABORT;

    copy->backup = NULL;
    if (copy->database)
        copy->database->copy = NULL;
    copy->database = NULL;
    return code;
}

void database_copy_end(DatabaseCopy *copy)
{
    finish(copy);
}

static DatabaseCopyStep end_well(DatabaseCopy *copy, GError **error)
{
    int code = finish(copy);

    if (code == SQLITE_OK)
        code = sqlite3_close(g_steal_pointer(&copy->handle));
    copy->done = code == SQLITE_OK;
    if (!copy->done)
        fail_copy(code, copy->path, sqlite3_errstr(code), error);
    return copy->done ? DATABASE_COPY_DONE : DATABASE_COPY_FAILED;
}

DatabaseCopyStep database_copy_step(DatabaseCopy *copy, int pages, GError **error)
{
    if (!copy->database) {
        fail_copy(SQLITE_ABORT, copy->path, "what was being copied had to be opened anew", error);
        return DATABASE_COPY_FAILED;
    }
    if (database_in_transaction(copy->database))
        return DATABASE_COPY_BUSY;
    int code = sqlite3_backup_step(copy->backup, pages);

    copy->all = (uint64_t)sqlite3_backup_pagecount(copy->backup);
    copy->left = (uint64_t)sqlite3_backup_remaining(copy->backup);
    copy->copied += (uint64_t)MAX(pages, 0);
    if (code == SQLITE_OK && copy->copied > COPIED_TIMES * copy->all + COPIED_MORE) {
        finish(copy);
        fail_copy(SQLITE_ABORT, copy->path, "too much failed meanwhile", error);
        return DATABASE_COPY_FAILED;
    }
    switch (code) {
    case SQLITE_OK:
        return DATABASE_COPY_MORE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return DATABASE_COPY_BUSY;
    case SQLITE_DONE:
        return end_well(copy, error);
    default:
        finish(copy);
        fail_copy(code, copy->path, sqlite3_errstr(code), error);
        return DATABASE_COPY_FAILED;
    }
}

void database_copy_progress(const DatabaseCopy *copy, uint64_t *all, uint64_t *left)
{
    *all = copy->all;
    *left = copy->left;
}

void database_copy_free(DatabaseCopy *copy)
{
    if (!copy)
        return;
    finish(copy);
    sqlite3_close(copy->handle);
    if (!copy->done)
        g_unlink(copy->path);
    g_free(copy->path);
    g_free(copy);
}

static gboolean sync_file(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    int saved = errno;

    if (fd >= 0)
        close(fd);
    return synced ||
           fail_copy(saved == ENOSPC ? SQLITE_FULL : SQLITE_IOERR, path, g_strerror(saved), error);
}

gboolean database_settle_copy(const char *path, GError **error)
{
    sqlite3 *handle = NULL;
    int code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_exec(handle, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE",
                            NULL, NULL, NULL);
    if (code != SQLITE_OK)
        fail_copy(code, path, sqlite3_errmsg(handle), error);
    sqlite3_close(handle);
    return code == SQLITE_OK && sync_file(path, error);
}

static gboolean open_copy(Database *database, int *version, GError **error)
{
    bool damaged = false;
    int code = database_connect(database);

    if (code != SQLITE_OK)
        database_fail(database, code, error);
    else if (!database_identify(database, &damaged, version, error))
        code = SQLITE_ERROR;
    if (code == SQLITE_OK && (damaged || *version == 0))
        g_set_error(error, DATABASE_ERROR, DATABASE_ERROR_BROKEN, "%s is damaged", database->path);
    return code == SQLITE_OK && !damaged && *version > 0;
}

Database *database_open_copy(const char *path, const DatabaseKind *kind, int *version,
                             GError **error)
{
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    g_autofree char *uri = g_filename_to_uri(absolute, NULL, error);

    if (!uri)
        return NULL;
    g_autoptr(Database) database = g_new0(Database, 1);

    database->kind = kind;
    database->lock = -1;
    database->path = g_strdup(path);
    /* Nobody writes it, so nobody needs a lock or a WAL. */
    database->copy_uri = g_strconcat(uri, "?immutable=1", NULL);
    database->queries = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    return open_copy(database, version, error) ? g_steal_pointer(&database) : NULL;
}

bool database_is_sound(Database *database)
{
    return database_ensure(database, NULL) && database_check(database->handle);
}
