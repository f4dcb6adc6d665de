/* What the log holds of roles and moderation. The newest of each is as important as the oldest, so
 * it is read in whole, and an index knows where it stands. */
#include "relay/log_internal.h"

#include <string.h>

GPtrArray *log_moderation(Log *log, GError **error)
{
    g_autoptr(GArray) entries = log_entries_new();
    g_autoptr(Query) query =
        database_query(log->database,
                       "SELECT " LOG_ENTRY_COLUMNS " FROM event INDEXED BY event_moderation "
                       "WHERE kind IN (9, 10) AND position <= ? ORDER BY time_ms, hash",
                       error);

    if (!query)
        return NULL;
    query_bind(query, 1, (int64_t)log->head);
    if (!log_read_entries(log, query, entries, error))
        return NULL;
    GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify)event_unref);
    for (guint i = 0; i < entries->len; i++)
        g_ptr_array_add(events, event_ref(g_array_index(entries, LogEntry, i).event));
    return events;
}

bool log_fill_moderation(Log *log, Moderation *moderation)
{
    g_autoptr(GPtrArray) events = log_moderation(log, NULL);

    moderation_reset(moderation);
    moderation_set_keeper(moderation, log_keeper(log));
    for (guint i = 0; events && i < events->len; i++)
        moderation_add(moderation, g_ptr_array_index(events, i));
    return events != NULL;
}

gboolean log_read_keeper(Log *log, GError **error)
{
    g_autoptr(Query) query =
        database_query(log->database, "SELECT value FROM meta WHERE key = 'keeper'", error);
    bool row = false;

    if (!query || !query_step(query, &row, error))
        return FALSE;
    log->has_keeper = row;
    return !row || query_copy(query, 0, log->keeper, KEY_SIZE, error);
}

const uint8_t *log_keeper(const Log *log)
{
    return log->has_keeper ? log->keeper : NULL;
}

gboolean log_set_keeper(Log *log, const uint8_t *key, GError **error)
{
    if (log->has_keeper && memcmp(log->keeper, key, KEY_SIZE) == 0)
        return TRUE;
    if (!log_change(log, error))
        return FALSE;
    g_autoptr(Query) query = database_query(
        log->database, "INSERT OR REPLACE INTO meta (key, value) VALUES ('keeper', ?)", error);

    if (query)
        query_bind_blob(query, 1, key, KEY_SIZE);
    if (!log_finish(log, query, error))
        return FALSE;
    log->has_keeper = true;
    memmove(log->keeper, key, KEY_SIZE);
    return TRUE;
}

gboolean log_adopt_keeper(Log *log, const uint8_t *key, GError **error)
{
    if (log->has_keeper) {
        g_autoptr(Moderation) moderation = moderation_new();

        if (!log_fill_moderation(log, moderation) || moderation_has_grants(moderation))
            return TRUE;
    }
    return log_set_keeper(log, key, error);
}
