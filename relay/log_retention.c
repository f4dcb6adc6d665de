/* Retention: public events that are old enough lose their bodies, as private ones do that were
 * delivered. Their rows stay with hash and place in the feed, so that feeds still count and sum up
 * the same, and nobody offers them again.
 *
 * What was looked at leaves its conversation, and with that the index by time in which the oldest
 * are found; a relay has no other use for it. Acts and topics hold for ever, a name is that of the
 * newest profile, a fork is proof: those keep their bodies. */
#include "relay/log_internal.h"

/* So many of the newest positions stay whatever the size: who is new sees a page. */
#define NEWEST_KEPT 200

/* The columns that log_index_text() expects, then whether the body stays. */
static const char oldest_sql[] =
    "SELECT position, kind, opened_kind, opened, signature, body, author, "
    "kind IN (9, 10) OR EXISTS (SELECT 1 FROM fork WHERE other = event.position) "
    "OR EXISTS (SELECT 1 FROM fork WHERE fork.position = event.position) "
    "OR (kind = 2 AND position = (SELECT position FROM event AS newer "
    "  WHERE newer.author = event.author AND newer.kind = 2 "
    "  ORDER BY newer.time_ms DESC, newer.hash DESC LIMIT 1)) "
    "FROM event WHERE conversation = ?1 AND time_ms < ?2 AND position <= ?3 AND lane = 0 "
    "ORDER BY time_ms, hash LIMIT ?4";

/* A row that becomes smaller leaves its page as it is, half empty for ever; one that is deleted
 * lets its page be merged with the next. So it is deleted, and put back without what is taken. */
static const char read_sql[] =
    "SELECT hash, author, incarnation, seq, time_ms, kind, source FROM event WHERE position = ?";
static const char delete_sql[] = "DELETE FROM event WHERE position = ?";
static const char insert_sql[] =
    "INSERT INTO event (hash, author, incarnation, seq, time_ms, kind, source, position, lane, "
    "opened_kind) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0)";

static const char keep_sql[] = "UPDATE event SET conversation = NULL WHERE position = ?";

/* Profiles before a newest one, which may have been kept when they were that. */
static const char profiles_sql[] =
    "UPDATE event SET body = NULL, signature = NULL, opened = NULL, conversation = NULL "
    "WHERE author = ?1 AND kind = 2 AND position <> ?2 AND body IS NOT NULL "
    "AND time_ms <= (SELECT time_ms FROM event WHERE position = ?2) "
    "AND NOT EXISTS (SELECT 1 FROM fork WHERE other = event.position) "
    "AND NOT EXISTS (SELECT 1 FROM fork WHERE fork.position = event.position)";

typedef struct {
    int64_t position;
    char *text;     /* as it stands in the index of words; NULL: it does not */
    int64_t author; /* of a profile that stays; 0: it is none */
    bool stays;
} Old;

static void old_clear(gpointer old)
{
    g_free(((Old *)old)->text);
}

/* Adds what is found in one room. */
static gboolean find_in(Log *log, int64_t conversation, int64_t before_ms, unsigned limit,
                        GArray *found, GError **error)
{
    g_autoptr(Query) query = database_query(log->database, oldest_sql, error);
    uint64_t head = log->head;
    bool row = true;

    if (!query)
        return FALSE;
    if (before_ms == INT64_MAX)
        head -= MIN(head, NEWEST_KEPT);
    query_bind(query, 1, conversation);
    query_bind(query, 2, before_ms);
    query_bind(query, 3, (int64_t)head);
    query_bind(query, 4, limit);
    while (row) {
        if (!query_step(query, &row, error))
            return FALSE;
        if (!row)
            break;
        Old old = {.position = query_int(query, 0), .stays = query_int(query, 7) != 0};

        if (old.stays && query_int(query, 1) == EVENT_PROFILE)
            old.author = query_int(query, 6);
        else if (!old.stays && (uint64_t)old.position <= log->indexed)
            old.text = log_index_text(query);
        g_array_append_val(found, old);
    }
    return TRUE;
}

/* Rooms, by the time of the oldest event that they hold. */
static GArray *list_rooms(Log *log, GError **error)
{
    g_autoptr(GArray) rooms = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(Query) query = database_query(
        log->database,
        "SELECT id, (SELECT min(time_ms) FROM event WHERE conversation = conversation.id "
        "AND conversation IS NOT NULL) AS oldest FROM conversation "
        "WHERE oldest IS NOT NULL ORDER BY oldest",
        error);
    bool row = true;

    while (query && row) {
        if (!query_step(query, &row, error))
            return NULL;
        int64_t id = row ? query_int(query, 0) : 0;

        if (row)
            g_array_append_val(rooms, id);
    }
    return query ? g_steal_pointer(&rooms) : NULL;
}

static GArray *find_old(Log *log, int64_t before_ms, unsigned limit, GError **error)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Old));
    g_autoptr(GArray) rooms = list_rooms(log, error);

    g_array_set_clear_func(found, old_clear);
    for (guint i = 0; rooms && i < rooms->len && found->len < limit; i++) {
        if (!find_in(log, g_array_index(rooms, int64_t, i), before_ms, limit - found->len, found,
                     error))
            return NULL;
    }
    return rooms ? g_steal_pointer(&found) : NULL;
}

static gboolean run(Log *log, const char *sql, int64_t first, int64_t second, GError **error)
{
    g_autoptr(Query) query = database_query(log->database, sql, error);

    if (!query)
        return FALSE;
    query_bind(query, 1, first);
    if (second != 0)
        query_bind(query, 2, second);
    return query_finish(query, error);
}

typedef struct {
    uint8_t hash[HASH_SIZE];
    int64_t numbers[6]; /* author to source */
} Row;

static gboolean read_row(Log *log, int64_t position, Row *out, GError **error)
{
    g_autoptr(Query) query = database_query(log->database, read_sql, error);
    bool row = false;

    if (!query)
        return FALSE;
    query_bind(query, 1, position);
    if (!query_step(query, &row, error) || !query_copy(query, 0, out->hash, HASH_SIZE, error))
        return FALSE;
    for (int i = 0; i < 6; i++)
        out->numbers[i] = query_int(query, i + 1);
    return TRUE;
}

static gboolean take_body(Log *log, int64_t position, GError **error)
{
    Row row;

    if (!read_row(log, position, &row, error) || !run(log, delete_sql, position, 0, error))
        return FALSE;
    g_autoptr(Query) query = database_query(log->database, insert_sql, error);

    if (!query)
        return FALSE;
    query_bind_blob(query, 1, row.hash, HASH_SIZE);
    for (int i = 0; i < 6; i++)
        query_bind(query, i + 2, row.numbers[i]);
    query_bind(query, 8, position);
    return query_finish(query, error);
}

static gboolean take_one(Log *log, const Old *old, GError **error)
{
    if (old->stays)
        return run(log, keep_sql, old->position, 0, error) &&
               (old->author == 0 || run(log, profiles_sql, old->author, old->position, error));
    return take_body(log, old->position, error) &&
           (!old->text || log_index_remove(log, (uint64_t)old->position, old->text, error));
}

static gboolean take_all(Log *log, const GArray *found, GError **error)
{
    if (!database_begin(log->database, error))
        return FALSE;
    for (guint i = 0; i < found->len; i++) {
        if (!take_one(log, &g_array_index(found, Old, i), error))
            return FALSE;
    }
    return database_commit(log->database, error);
}

/* One transaction of its own, which need not survive a power cut. */
static gboolean take(Log *log, const GArray *found, GError **error)
{
    database_set_durable(log->database, false);
    gboolean done = take_all(log, found, error);

    if (!done)
        database_recover(log->database);
    database_set_durable(log->database, true);
    return done;
}

static int64_t ask_number(Log *log, const char *sql)
{
    g_autoptr(Query) query = database_query(log->database, sql, NULL);
    bool row = false;

    return query && query_step(query, &row, NULL) && row ? query_int(query, 0) : 0;
}

uint64_t log_bytes(Log *log)
{
    int64_t pages = ask_number(log, "PRAGMA page_count") - ask_number(log, "PRAGMA freelist_count");

    return (uint64_t)MAX(pages, 0) * (uint64_t)ask_number(log, "PRAGMA page_size");
}

gboolean log_retain(Log *log, int64_t before_ms, uint64_t max_bytes, unsigned limit,
                    unsigned *taken, GError **error)
{
    *taken = 0;
    if (log->changed)
        return TRUE;
    bool too_large = max_bytes > 0 && log_bytes(log) > max_bytes;

    if (before_ms <= 0 && !too_large)
        return TRUE;
    g_autoptr(GArray) found = find_old(log, too_large ? INT64_MAX : before_ms, limit, error);

    if (!found || (found->len > 0 && !take(log, found, error)))
        return FALSE;
    *taken = found->len;
    return TRUE;
}
