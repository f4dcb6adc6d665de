#include "relay/log_backup.h"

#include "relay/log_internal.h"

#include <string.h>

struct LogBackup {
    DatabaseCopy *copy;
};

LogBackup *log_backup_begin(Log *log, const char *path, GError **error)
{
    DatabaseCopy *copy = database_copy_begin(log->database, path, error);

    if (!copy)
        return NULL;
    LogBackup *backup = g_new(LogBackup, 1);

    *backup = (LogBackup){copy};
    return backup;
}

LogBackupStep log_backup_step(LogBackup *backup, int pages, GError **error)
{
    switch (database_copy_step(backup->copy, pages, error)) {
    case DATABASE_COPY_MORE:
        return LOG_BACKUP_MORE;
    case DATABASE_COPY_BUSY:
        return LOG_BACKUP_WAITS;
    case DATABASE_COPY_DONE:
        return LOG_BACKUP_DONE;
    default:
        return LOG_BACKUP_FAILED;
    }
}

double log_backup_progress(const LogBackup *backup)
{
    uint64_t all, left;

    database_copy_progress(backup->copy, &all, &left);
    return all > 0 ? 1.0 - (double)left / (double)all : 0;
}

void log_backup_free(LogBackup *backup)
{
    if (!backup)
        return;
    database_copy_free(backup->copy);
    g_free(backup);
}

static gboolean fail_damaged(const char *path, const char *what, GError **error)
{
    g_set_error(error, LOG_ERROR, LOG_ERROR_BROKEN, "%s is damaged: %s", path, what);
    return FALSE;
}

static gboolean read_name(Database *copy, const char *key, uint8_t *out, GError **error)
{
    g_autoptr(Query) query = database_query(copy, "SELECT value FROM meta WHERE key = ?", error);
    bool row = false;

    if (!query)
        return FALSE;
    query_bind_text(query, 1, key);
    if (!query_step(query, &row, error))
        return FALSE;
    return row ? query_copy(query, 0, out, PLACE_SIZE, error)
               : fail_damaged("the copy", "it says of no place", error);
}

/* Signatures are not verified: a copy has the bytes that the log had, and they take fifty times as
 * long. */
static bool is_sound(Query *query, GBytes *body)
{
    uint8_t hash[HASH_SIZE], expected[HASH_SIZE];

    if (!body)
        return true;
    if (!query_copy(query, 1, hash, HASH_SIZE, NULL))
        return false;
    event_hash_of(g_bytes_get_data(body, NULL), g_bytes_get_size(body), expected);
    return memcmp(hash, expected, HASH_SIZE) == 0;
}

static gboolean count_events(Database *copy, LogFacts *facts, GError **error)
{
    g_autoptr(Query) query =
        database_query(copy, "SELECT position, hash, body FROM event ORDER BY position", error);

    while (query) {
        bool row = false;

        if (!query_step(query, &row, error))
            return FALSE;
        if (!row)
            return TRUE;
        g_autoptr(GBytes) body = query_bytes(query, 2);

        facts->head = (uint64_t)query_int(query, 0);
        facts->events += body != NULL;
        facts->damaged += !is_sound(query, body);
    }
    return FALSE;
}

gboolean log_backup_check(const char *path, LogFacts *facts, GError **error)
{
    LogFacts found = {0};
    g_autoptr(Database) copy = database_open_copy(path, &log_kind, &found.version, error);

    if (!copy)
        return FALSE;
    if (!database_is_sound(copy))
        return fail_damaged(path, "SQLite's check of it fails", error);
    if (!read_name(copy, "place", found.place, error) ||
        !read_name(copy, "log", found.log, error) || !count_events(copy, &found, error))
        return FALSE;
    *facts = found;
    return TRUE;
}

gboolean log_backup_settle(const char *path, LogFacts *facts, GError **error)
{
    return database_settle_copy(path, error) && log_backup_check(path, facts, error);
}

Log *log_open_copy(const char *path, GError **error)
{
    int version = 0;
    Database *copy = database_open_copy(path, &log_kind, &version, error);

    if (copy && version != log_kind.version) {
        g_set_error(error, LOG_ERROR, LOG_ERROR_BROKEN, "%s is of the older form %d", path,
                    version);
        g_clear_pointer(&copy, database_close);
    }
    return copy ? log_of_database(copy, NULL, error) : NULL;
}

int log_version(void)
{
    return log_kind.version;
}
