#include "relay/log_internal.h"

#include <sodium.h>
#include <string.h>

/* One value of `meta`; FALSE without error when it is not there. */
static gboolean meta_copy(Log *log, const char *key, uint8_t *out, GError **error)
{
    g_autoptr(Query) query =
        database_query(log->database, "SELECT value FROM meta WHERE key = ?", error);
    bool row = false;

    if (!query)
        return FALSE;
    query_bind_text(query, 1, key);
    return query_step(query, &row, error) && row && query_copy(query, 0, out, PLACE_SIZE, error);
}

static gboolean meta_put(Log *log, const char *key, const uint8_t *value, GError **error)
{
    g_autoptr(Query) query = database_query(
        log->database, "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", error);

    if (!query)
        return FALSE;
    query_bind_text(query, 1, key);
    query_bind_blob(query, 2, value, PLACE_SIZE);
    return query_finish(query, error);
}

/* Names a new log; an existing one keeps its names. */
static gboolean settle_names(Log *log, const uint8_t *place, GError **error)
{
    g_autoptr(GError) failed = NULL;

    if (meta_copy(log, "place", log->place, &failed) && meta_copy(log, "log", log->id, &failed))
        return TRUE;
    if (failed) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    if (!place) {
        g_set_error(error, LOG_ERROR, LOG_ERROR_BROKEN, "There is no log here yet");
        return FALSE;
    }
    memcpy(log->place, place, PLACE_SIZE);
    randombytes_buf(log->id, PLACE_SIZE);
    return database_begin(log->database, error) && meta_put(log, "place", log->place, error) &&
           meta_put(log, "log", log->id, error) && database_commit(log->database, error);
}

gboolean log_renew_id(Log *log, GError **error)
{
    uint8_t id[PLACE_SIZE];
    randombytes_buf(id, PLACE_SIZE);
    if (!log_change(log, error))
        return FALSE;
    if (!meta_put(log, "log", id, error))
        return log_give_up(log);
    memcpy(log->id, id, PLACE_SIZE);
    return TRUE;
}

static gboolean read_number(Log *log, const char *sql, int64_t *value, GError **error)
{
    g_autoptr(Query) query = database_query(log->database, sql, error);
    bool row = false;

    if (!query || !query_step(query, &row, error))
        return FALSE;
    *value = row ? query_int(query, 0) : 0;
    return TRUE;
}

static gboolean read_heads(Log *log, GError **error)
{
    int64_t head, newest, indexed;

    if (!read_number(log, "SELECT max(position) FROM event", &head, error) ||
        !read_number(log, "SELECT max(newest_ms) FROM feed", &newest, error) ||
        !read_number(log, "SELECT value FROM meta WHERE key = 'indexed'", &indexed, error))
        return FALSE;
    log->head = (uint64_t)head;
    log->newest_ms = newest;
    log->indexed = (uint64_t)indexed;
    return TRUE;
}

static GHashTable *rows_by_bytes(void)
{
    return g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
                                 g_free);
}

Log *log_of_database(Database *database, const uint8_t *place, GError **error)
{
    g_autoptr(Log) log = g_new0(Log, 1);

    log->members = rows_by_bytes();
    log->conversations = rows_by_bytes();
    log->feeds = g_hash_table_new_full(log_feed_key_hash, log_feed_key_equal, g_free, NULL);
    log->changed_feeds = g_ptr_array_new();
    log->damaged = g_hash_table_new(g_direct_hash, g_direct_equal);
    log->database = database;
    if (!settle_names(log, place, error) || !read_heads(log, error) || !log_read_keeper(log, error))
        return NULL;
    return g_steal_pointer(&log);
}

Log *log_open(const char *directory, const uint8_t *place, GError **error)
{
    if (sodium_init() < 0)
        g_error("libsodium cannot start");
    Database *database = database_open(directory, &log_kind, error);

    return database ? log_of_database(database, place, error) : NULL;
}

int log_lock(const char *directory, GError **error)
{
    return database_lock(directory, &log_kind, error);
}

void log_close(Log *log)
{
    if (!log)
        return;
    database_close(log->database);
    g_hash_table_unref(log->members);
    g_hash_table_unref(log->conversations);
    g_hash_table_unref(log->feeds);
    g_ptr_array_unref(log->changed_feeds);
    g_hash_table_unref(log->damaged);
    g_free(log);
}

const uint8_t *log_place(const Log *log)
{
    return log->place;
}

const uint8_t *log_id(const Log *log)
{
    return log->id;
}

const char *log_damaged(const Log *log)
{
    return database_damaged(log->database);
}

uint64_t log_head(const Log *log)
{
    return log->head;
}

int64_t log_newest_time_ms(const Log *log)
{
    return log->newest_ms;
}

void log_set_size_limit(Log *log, uint64_t bytes)
{
    database_set_size_limit(log->database, bytes);
}

void log_set_owner(Log *log, const uint8_t *key)
{
    log->owned = key != NULL;
    if (key)
        memcpy(log->owner, key, KEY_SIZE);
}

unsigned log_losses(const Log *log)
{
    return log->losses;
}

unsigned log_pending(const Log *log)
{
    return log->pending;
}

bool log_changed(const Log *log)
{
    return log->changed;
}

gboolean log_change(Log *log, GError **error)
{
    if (!database_begin(log->database, error))
        return log_give_up(log);
    log->changed = true;
    return TRUE;
}

static void forget(Log *log)
{
    log->pending = 0;
    log->changed = false;
    log->pending_newest_ms = log->newest_ms;
    g_ptr_array_set_size(log->changed_feeds, 0);
    g_hash_table_remove_all(log->feeds);
    g_hash_table_remove_all(log->members);
    g_hash_table_remove_all(log->conversations);
}

gboolean log_give_up(Log *log)
{
    log->losses++;
    forget(log);
    database_recover(log->database);
    /* After an I/O error nobody knows whether the group is there. */
    if (!read_heads(log, NULL) || !log_read_keeper(log, NULL))
        g_debug("heads of the log cannot be read");
    return FALSE;
}

gboolean log_finish(Log *log, Query *query, GError **error)
{
    if (query && query_finish(query, error))
        return TRUE;
    query_release(query);
    return log_give_up(log);
}

const int64_t log_commit_bounds_us[LOG_COMMIT_BOUNDS] = {500,   1000,   2500,   5000,   10000,
                                                         25000, 100000, 500000, 2500000};

static void count_commit(Log *log, int64_t took_us)
{
    log->commits.count++;
    log->commits.total_us += took_us;
    for (unsigned i = 0; i < LOG_COMMIT_BOUNDS; i++)
        log->commits.within[i] += took_us <= log_commit_bounds_us[i];
}

const LogCommits *log_commits(const Log *log)
{
    return &log->commits;
}

gboolean log_commit(Log *log, GError **error)
{
    if (!log->changed)
        return TRUE;
    int64_t began_us = g_get_monotonic_time();
    if (!log_feeds_write(log, error) || !database_commit(log->database, error))
        return log_give_up(log);
    log->head += log->pending;
    log->newest_ms = MAX(log->newest_ms, log->pending_newest_ms);
    log->pending = 0;
    log->changed = false;
    count_commit(log, g_get_monotonic_time() - began_us);
    log_index_some(log);
    return TRUE;
}
