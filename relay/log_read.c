#include "relay/log_internal.h"

#include <string.h>

/* Events that one page looks at: among many that do not concern the viewer it stays quick. */
#define SCAN_MAX 4096

void log_entry_clear(LogEntry *entry)
{
    g_clear_pointer(&entry->event, event_unref);
    g_clear_pointer(&entry->opened, g_bytes_unref);
    g_clear_pointer(&entry->conversation, g_bytes_unref);
}

GArray *log_entries_new(void)
{
    GArray *entries = g_array_new(FALSE, TRUE, sizeof(LogEntry));

    g_array_set_clear_func(entries, (GDestroyNotify)log_entry_clear);
    return entries;
}

void log_reverse(GArray *entries)
{
    for (guint i = 0, j = entries->len; i + 1 < j; i++) {
        LogEntry *low = &g_array_index(entries, LogEntry, i);
        LogEntry *high = &g_array_index(entries, LogEntry, --j);
        LogEntry kept = *low;

        *low = *high;
        *high = kept;
    }
}

void log_read_entry(Log *log, Query *query, GArray *entries)
{
    g_autoptr(GBytes) signature = query_bytes(query, 6);
    g_autoptr(GBytes) body = query_bytes(query, 7);
    LogEntry entry = {.position = (uint64_t)query_int(query, 0)};
    uint8_t hash[HASH_SIZE];

    if (!body || !signature)
        return;
    entry.event = event_from_log(body, signature);
    if (!entry.event || !query_copy(query, 2, hash, HASH_SIZE, NULL) ||
        memcmp(hash, event_hash(entry.event), HASH_SIZE) != 0) {
        g_debug("the event at %" G_GUINT64_FORMAT " does not fit its hash", entry.position);
        g_hash_table_add(log->damaged, GSIZE_TO_POINTER(entry.position));
        log_entry_clear(&entry);
        return;
    }
    entry.source_position = (uint64_t)query_int(query, 1);
    entry.opened_kind = (uint32_t)query_int(query, 3);
    entry.opened = query_bytes(query, 4);
    entry.conversation = query_bytes(query, 5);
    g_array_append_val(entries, entry);
}

gboolean log_read_entries(Log *log, Query *query, GArray *entries, GError **error)
{
    for (;;) {
        bool row = false;

        if (!query_step(query, &row, error))
            return FALSE;
        if (!row)
            return TRUE;
        log_read_entry(log, query, entries);
    }
}

static const char page_sql[] =
    "SELECT " LOG_ENTRY_COLUMNS ", length(body) + length(signature), "
    "?1 = 0 OR lane = 0 OR "
    "EXISTS (SELECT 1 FROM recipient WHERE position = event.position AND member = ?1) "
    "FROM event WHERE position > ?2 AND position < ?3 ORDER BY position DESC LIMIT ?4";

static const char private_page_sql[] =
    "SELECT " LOG_ENTRY_COLUMNS ", length(body) + length(signature), 1 "
    "FROM event WHERE position IN (SELECT position FROM recipient WHERE member = ?1 "
    "AND position > ?2 AND position < ?3 ORDER BY position DESC LIMIT ?4) ORDER BY position DESC";

static const char all_private_page_sql[] =
    "SELECT " LOG_ENTRY_COLUMNS ", length(body) + length(signature), ?1 = 0 "
    "FROM event WHERE position IN (SELECT DISTINCT position FROM recipient WHERE "
    "position > ?2 AND position < ?3 ORDER BY position DESC LIMIT ?4) ORDER BY position DESC";

typedef struct {
    unsigned scan; /* rows that are looked at */
    unsigned limit;
    size_t max_bytes;
    size_t bytes;
    unsigned looked_at;
    uint64_t lowest; /* the answer is complete from here on */
} Page;

/* Falls short of the limits of the page? Then the row is part of it. */
static bool take_row(Log *log, Query *query, Page *page, GArray *entries)
{
    size_t size = (size_t)query_int(query, LOG_ENTRY_COLUMN_COUNT);
    bool concerns = query_int(query, LOG_ENTRY_COLUMN_COUNT + 1) != 0 && size > 0;

    if (concerns && entries->len >= page->limit)
        return false;
    if (concerns && entries->len > 0 && page->bytes + size > page->max_bytes)
        return false;
    if (concerns) {
        log_read_entry(log, query, entries);
        page->bytes += size;
    }
    page->lowest = (uint64_t)query_int(query, 0);
    page->looked_at++;
    return true;
}

static gboolean fill_page(Log *log, Query *query, Page *page, GArray *entries, uint64_t after,
                          uint64_t *covered_after, GError **error)
{
    bool row = true, within = true;

    while (row && within) {
        if (!query_step(query, &row, error))
            return FALSE;
        within = row && take_row(log, query, page, entries);
    }
    /* No row refused and no row left unseen: nothing else is there above `after`. */
    if (!row && page->looked_at < page->scan)
        *covered_after = after;
    else
        *covered_after = page->lowest - 1;
    log_reverse(entries);
    return TRUE;
}

/* `member`: 0 for everything, -1 for who is not known. */
static GArray *read_page(Log *log, const char *sql, int64_t member, uint64_t after, uint64_t before,
                         Page *page, uint64_t *covered_after, GError **error)
{
    g_autoptr(GArray) entries = log_entries_new();
    g_autoptr(Query) query = database_query(log->database, sql, error);

    if (!query)
        return NULL;
    page->lowest = before == 0 || before > log->head ? log->head + 1 : before;
    query_bind(query, 1, member);
    query_bind(query, 2, (int64_t)MIN(after, log->head));
    query_bind(query, 3, (int64_t)page->lowest);
    query_bind(query, 4, page->scan);
    if (!fill_page(log, query, page, entries, after, covered_after, error))
        return NULL;
    return g_steal_pointer(&entries);
}

static int64_t row_of_viewer(Log *log, const uint8_t *viewer)
{
    int64_t member = viewer ? log_member_find(log, viewer) : 0;

    return viewer && member == 0 ? -1 : member;
}

GArray *log_page(Log *log, const uint8_t *viewer, uint64_t after, uint64_t before, unsigned limit,
                 size_t max_bytes, uint64_t *covered_after, GError **error)
{
    Page page = {.scan = SCAN_MAX, .limit = limit, .max_bytes = max_bytes};

    return read_page(log, page_sql, row_of_viewer(log, viewer), after, before, &page, covered_after,
                     error);
}

GArray *log_private_page(Log *log, const uint8_t *viewer, uint64_t after, uint64_t before,
                         unsigned limit, size_t max_bytes, uint64_t *covered_after, GError **error)
{
    Page page = {.scan = MIN(limit, SCAN_MAX - 1) + 1, .limit = limit, .max_bytes = max_bytes};

    return read_page(log, viewer ? private_page_sql : all_private_page_sql,
                     row_of_viewer(log, viewer), after, before, &page, covered_after, error);
}

static int64_t find_conversation(Log *log, GBytes *name, GError **error)
{
    g_autoptr(Query) query =
        database_query(log->database, "SELECT id FROM conversation WHERE name = ?", error);
    bool row = false;

    if (!query)
        return -1;
    query_bind_bytes(query, 1, name);
    if (!query_step(query, &row, error))
        return -1;
    return row ? query_int(query, 0) : 0;
}

GArray *log_history(Log *log, GBytes *conversation, const LogPoint *before, unsigned limit,
                    GError **error)
{
    g_autoptr(GArray) entries = log_entries_new();
    int64_t id = find_conversation(log, conversation, error);

    if (id <= 0)
        return id == 0 ? g_steal_pointer(&entries) : NULL;
    g_autoptr(Query) query =
        database_query(log->database,
                       before ? "SELECT " LOG_ENTRY_COLUMNS " FROM event WHERE conversation = ?1 "
                                "AND (time_ms, hash) < (?4, ?5) AND position <= ?2 "
                                "ORDER BY time_ms DESC, hash DESC LIMIT ?3"
                              : "SELECT " LOG_ENTRY_COLUMNS " FROM event WHERE conversation = ?1 "
                                "AND position <= ?2 ORDER BY time_ms DESC, hash DESC LIMIT ?3",
                       error);

    if (!query)
        return NULL;
    query_bind(query, 1, id);
    query_bind(query, 2, (int64_t)log->head);
    query_bind(query, 3, limit);
    if (before) {
        query_bind(query, 4, before->time_ms);
        query_bind_blob(query, 5, before->hash, HASH_SIZE);
    }
    if (!log_read_entries(log, query, entries, error))
        return NULL;
    log_reverse(entries);
    return g_steal_pointer(&entries);
}

GArray *log_history_after(Log *log, GBytes *conversation, const LogPoint *after, unsigned limit,
                          GError **error)
{
    g_autoptr(GArray) entries = log_entries_new();
    int64_t id = find_conversation(log, conversation, error);
    g_autoptr(Query) query =
        id < 0 ? NULL
               : database_query(log->database,
                                "SELECT " LOG_ENTRY_COLUMNS " FROM event WHERE conversation = ?1 "
                                "AND (time_ms, hash) > (?3, ?4) AND position <= ?2 "
                                "ORDER BY time_ms, hash LIMIT ?5",
                                error);

    if (!query)
        return NULL;
    query_bind(query, 1, id);
    query_bind(query, 2, (int64_t)log->head);
    query_bind(query, 3, after->time_ms);
    query_bind_blob(query, 4, after->hash, HASH_SIZE);
    query_bind(query, 5, limit);
    return log_read_entries(log, query, entries, error) ? g_steal_pointer(&entries) : NULL;
}

GPtrArray *log_conversations(Log *log, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(Query) query = database_query(
        log->database,
        "SELECT name, (SELECT max(time_ms) FROM event WHERE conversation = conversation.id "
        "AND conversation IS NOT NULL) AS newest FROM conversation "
        "WHERE newest IS NOT NULL ORDER BY newest DESC",
        error);
    bool row = true;

    while (query && row) {
        if (!query_step(query, &row, error))
            return NULL;
        if (row)
            g_ptr_array_add(names, query_bytes(query, 0));
    }
    return query ? g_steal_pointer(&names) : NULL;
}

Event *log_profile(Log *log, const uint8_t *key)
{
    g_autoptr(GArray) entries = log_entries_new();
    g_autoptr(Query) query =
        database_query(log->database,
                       "SELECT " LOG_ENTRY_COLUMNS " FROM event WHERE author = ? AND kind = 2 "
                       "AND position <= ? ORDER BY time_ms DESC, hash DESC LIMIT 1",
                       NULL);

    if (!query)
        return NULL;
    query_bind(query, 1, log_member_find(log, key));
    query_bind(query, 2, (int64_t)log->head);
    if (!log_read_entries(log, query, entries, NULL) || entries->len == 0)
        return NULL;
    return event_ref(g_array_index(entries, LogEntry, 0).event);
}

/* From the feeds and the indices of profiles and of moderation: no pass over the events. */
uint64_t log_said(Log *log)
{
    g_autoptr(Query) query =
        database_query(log->database,
                       "SELECT (SELECT total(held) FROM feed WHERE lane = 0) -"
                       "       (SELECT count(*) FROM event WHERE kind = 2) -"
                       "       (SELECT count(*) FROM event WHERE kind IN (9, 10))",
                       NULL);
    bool row = false;
    bool read = query != NULL && query_step(query, &row, NULL) && row;
    return read ? (uint64_t)MAX(query_int(query, 0), 0) : 0;
}
