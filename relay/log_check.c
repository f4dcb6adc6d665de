/* Proofs of forks, and the search for bytes that changed on the disk. */
#include "relay/log_internal.h"

#include <string.h>

/* Pairs of one author that are shown: more prove nothing more. */
#define PAIRS_MAX 16

/* Adds the two events of one row: the one in the log in the first columns, the other behind. */
static void read_fork(Log *log, Query *query, GArray *entries)
{
    guint before = entries->len;
    g_autoptr(GBytes) signature = query_bytes(query, LOG_ENTRY_COLUMN_COUNT);
    g_autoptr(GBytes) body = query_bytes(query, LOG_ENTRY_COLUMN_COUNT + 1);
    LogEntry other = {.position = (uint64_t)query_int(query, LOG_ENTRY_COLUMN_COUNT + 2),
                      .event = body && signature ? event_from_log(body, signature) : NULL};

    if (!other.event)
        return;
    log_read_entry(log, query, entries);
    if (entries->len > before)
        g_array_append_val(entries, other);
    else
        log_entry_clear(&other);
}

/* The contradicting event is one of the log itself (`twin`), or kept beside it. */
static const char forks_sql[] =
    "SELECT event.position, event.source, event.hash, event.opened_kind, event.opened, "
    "(SELECT name FROM conversation WHERE id = event.conversation), event.signature, event.body, "
    "coalesce(fork.signature, twin.signature), coalesce(fork.body, twin.body), fork.position, "
    "fork.author FROM fork JOIN event ON event.position = fork.other "
    "LEFT JOIN event AS twin ON twin.position = fork.position "
    "WHERE event.position <= ?1 AND coalesce(fork.position, 0) <= ?1 "
    "ORDER BY fork.author, event.position, fork.hash";

GArray *log_forks(Log *log, GError **error)
{
    g_autoptr(GArray) entries = log_entries_new();
    g_autoptr(Query) query = database_query(log->database, forks_sql, error);
    int64_t author = 0;
    guint start = 0; /* of this author's */

    if (!query)
        return NULL;
    query_bind(query, 1, (int64_t)log->head);
    for (;;) {
        bool row = false;

        if (!query_step(query, &row, error))
            return NULL;
        if (!row)
            return g_steal_pointer(&entries);
        if (query_int(query, LOG_ENTRY_COLUMN_COUNT + 3) != author)
            start = entries->len;
        author = query_int(query, LOG_ENTRY_COLUMN_COUNT + 3);
        if (entries->len - start < 2 * PAIRS_MAX)
            read_fork(log, query, entries);
    }
}

/* The bytes are those that were signed, and are filed under their hash. */
static bool is_sound(Query *query)
{
    g_autoptr(GBytes) signature = query_bytes(query, 2);
    g_autoptr(GBytes) body = query_bytes(query, 3);
    uint8_t hash[HASH_SIZE];

    if (!body && !signature)
        return true;
    if (!body || !signature || !query_copy(query, 1, hash, HASH_SIZE, NULL))
        return false;
    g_autoptr(Event) event =
        event_open(g_bytes_get_data(body, NULL), g_bytes_get_size(body),
                   g_bytes_get_data(signature, NULL), g_bytes_get_size(signature), NULL, NULL);

    return event && memcmp(event_hash(event), hash, HASH_SIZE) == 0;
}

gboolean log_scrub(Log *log, uint64_t *after, unsigned limit, GArray *damaged, GError **error)
{
    g_autoptr(Query) query = database_query(log->database,
                                            "SELECT position, hash, signature, body FROM event "
                                            "WHERE position > ? AND position <= ? "
                                            "ORDER BY position LIMIT ?",
                                            error);
    bool row = false;
    unsigned seen = 0;

    if (!query)
        return FALSE;
    query_bind(query, 1, (int64_t)MIN(*after, log->head));
    query_bind(query, 2, (int64_t)log->head);
    query_bind(query, 3, limit);
    for (;;) {
        if (!query_step(query, &row, error))
            return FALSE;
        if (!row)
            break;
        uint64_t position = (uint64_t)query_int(query, 0);

        if (!is_sound(query)) {
            g_array_append_val(damaged, position);
            g_hash_table_add(log->damaged, GSIZE_TO_POINTER(position));
        }
        *after = position;
        seen++;
    }
    if (seen < limit)
        *after = log->head;
    return TRUE;
}

unsigned log_damaged_events(const Log *log)
{
    return g_hash_table_size(log->damaged);
}
