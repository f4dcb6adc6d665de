/* What is remembered of other logs: which parts of them are held here, and how far they know this
 * one. */
#include "relay/log_internal.h"

#include <string.h>

/* Grows (after, through] by what it touches. */
static gboolean touching(Log *log, const uint8_t *other, int64_t *after, int64_t *through,
                         GError **error)
{
    g_autoptr(Query) query = database_query(
        log->database,
        "SELECT min(after), max(through), count(*) FROM coverage WHERE log = ? AND after <= ? "
        "AND through >= ?",
        error);
    bool row = false;

    if (!query)
        return FALSE;
    query_bind_blob(query, 1, other, PLACE_SIZE);
    query_bind(query, 2, *through);
    query_bind(query, 3, *after);
    if (!query_step(query, &row, error))
        return FALSE;
    if (query_int(query, 2) > 0) {
        *after = MIN(*after, query_int(query, 0));
        *through = MAX(*through, query_int(query, 1));
    }
    return TRUE;
}

static gboolean run_cover(Log *log, const char *sql, const uint8_t *other, int64_t after,
                          int64_t through, GError **error)
{
    g_autoptr(Query) query = database_query(log->database, sql, error);

    if (query) {
        query_bind_blob(query, 1, other, PLACE_SIZE);
        query_bind(query, 2, after);
        query_bind(query, 3, through);
    }
    return log_finish(log, query, error);
}

gboolean log_cover(Log *log, const uint8_t *other_log, uint64_t after, uint64_t through,
                   GError **error)
{
    if (through <= after || through > INT64_MAX)
        return TRUE;
    int64_t from = (int64_t)after, to = (int64_t)through;

    if (!log_change(log, error))
        return FALSE;
    if (!touching(log, other_log, &from, &to, error))
        return log_give_up(log);
    return run_cover(log, "DELETE FROM coverage WHERE log = ? AND after >= ? AND through <= ?",
                     other_log, from, to, error) &&
           run_cover(log, "INSERT INTO coverage (log, after, through) VALUES (?, ?, ?)", other_log,
                     from, to, error);
}

GArray *log_covered(Log *log, const uint8_t *other_log)
{
    GArray *ranges = g_array_new(FALSE, TRUE, sizeof(LogRange));
    g_autoptr(Query) query = database_query(
        log->database, "SELECT after, through FROM coverage WHERE log = ? ORDER BY after", NULL);
    bool row = query != NULL;

    if (query)
        query_bind_blob(query, 1, other_log, PLACE_SIZE);
    while (row && query_step(query, &row, NULL) && row) {
        LogRange range = {(uint64_t)query_int(query, 0), (uint64_t)query_int(query, 1)};

        g_array_append_val(ranges, range);
    }
    return ranges;
}

LogOther log_other(Log *log, const uint8_t *other_log)
{
    LogOther other = {0};
    g_autoptr(Query) query = database_query(
        log->database, "SELECT told, mark_position, mark FROM other WHERE log = ?", NULL);
    bool row = false;

    if (!query)
        return other;
    query_bind_blob(query, 1, other_log, PLACE_SIZE);
    if (!query_step(query, &row, NULL) || !row ||
        !query_copy(query, 2, other.mark, HASH_SIZE, NULL))
        return other;
    other.told = (uint64_t)query_int(query, 0);
    other.mark_position = (uint64_t)query_int(query, 1);
    return other;
}

gboolean log_set_other(Log *log, const uint8_t *other_log, const LogOther *other, GError **error)
{
    if (!log_change(log, error))
        return FALSE;
    g_autoptr(Query) query =
        database_query(log->database,
                       "INSERT INTO other (log, told, mark_position, mark) VALUES (?1, ?2, ?3, ?4) "
                       "ON CONFLICT DO UPDATE SET told = ?2, mark_position = ?3, mark = ?4",
                       error);

    if (query) {
        query_bind_blob(query, 1, other_log, PLACE_SIZE);
        query_bind(query, 2, (int64_t)MIN(other->told, (uint64_t)POSITION_MAX));
        query_bind(query, 3, (int64_t)MIN(other->mark_position, (uint64_t)POSITION_MAX));
        query_bind_blob(query, 4, other->mark, HASH_SIZE);
    }
    return log_finish(log, query, error);
}

static gboolean run_forget(Log *log, const char *sql, const uint8_t *other_log, GError **error)
{
    g_autoptr(Query) query = database_query(log->database, sql, error);

    if (query)
        query_bind_blob(query, 1, other_log, PLACE_SIZE);
    return log_finish(log, query, error);
}

gboolean log_forget_other(Log *log, const uint8_t *other_log, GError **error)
{
    return log_change(log, error) &&
           run_forget(log, "DELETE FROM other WHERE log = ?", other_log, error) &&
           run_forget(log, "DELETE FROM coverage WHERE log = ?", other_log, error);
}
