/* Full-text search. Messages are indexed in batches after they were committed, and what is left
 * before a search: the index is derived, may lag, and is made anew when it is damaged. Scripts that
 * are written without spaces are indexed character by character and searched as phrases. */
#include "relay/content.h"
#include "relay/log_internal.h"

#define INDEX_BEHIND 2048 /* positions that may wait after a commit */
#define INDEX_STEP 4096   /* positions of one transaction */

static bool stands_alone(gunichar character)
{
    switch (g_unichar_get_script(character)) {
    case G_UNICODE_SCRIPT_HAN:
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_THAI:
    case G_UNICODE_SCRIPT_LAO:
    case G_UNICODE_SCRIPT_KHMER:
    case G_UNICODE_SCRIPT_MYANMAR:
        return true;
    default:
        return false;
    }
}

/* The text with spaces around characters that stand alone. */
static char *spread(const char *text)
{
    GString *out = g_string_new(NULL);

    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);

        if (stands_alone(character))
            g_string_append_c(out, ' ');
        g_string_append_unichar(out, character);
        if (stands_alone(character))
            g_string_append_c(out, ' ');
    }
    return g_string_free(out, FALSE);
}

static char *text_of_content(const uint8_t *content, size_t length)
{
    MessageContent message;

    if (!content || !content_read_message(content, length, &message))
        return NULL;
    char *text = spread(message.text);

    message_content_clear(&message);
    return text;
}

char *log_index_text(Query *query)
{
    uint32_t opened_kind = (uint32_t)query_int(query, 2);
    g_autoptr(GBytes) opened = query_bytes(query, 3);
    g_autoptr(GBytes) signature = query_bytes(query, 4);
    g_autoptr(GBytes) body = query_bytes(query, 5);
    g_autoptr(Event) event = NULL;
    const uint8_t *content = NULL;
    size_t length = 0;

    if (opened_kind == EVENT_MESSAGE && opened) {
        content = g_bytes_get_data(opened, &length);
    } else if (query_int(query, 1) == EVENT_MESSAGE && body && signature) {
        event = event_from_log(body, signature);
        content = event ? event_content(event, &length) : NULL;
    }
    return text_of_content(content, length);
}

static gboolean index_text(Log *log, uint64_t position, const char *text, GError **error)
{
    g_autoptr(Query) query =
        database_query(log->database, "INSERT INTO search (rowid, text) VALUES (?, ?)", error);

    if (!query)
        return FALSE;
    query_bind(query, 1, (int64_t)position);
    query_bind_text(query, 2, text);
    return query_finish(query, error);
}

gboolean log_index_remove(Log *log, uint64_t position, const char *text, GError **error)
{
    g_autoptr(Query) query = database_query(
        log->database, "INSERT INTO search (search, rowid, text) VALUES ('delete', ?, ?)", error);

    if (!query)
        return FALSE;
    query_bind(query, 1, (int64_t)position);
    query_bind_text(query, 2, text);
    return query_finish(query, error);
}

static gboolean note_indexed(Log *log, uint64_t through, GError **error)
{
    g_autoptr(Query) query = database_query(log->database,
                                            "INSERT INTO meta (key, value) VALUES ('indexed', ?1) "
                                            "ON CONFLICT DO UPDATE SET value = ?1",
                                            error);

    if (!query)
        return FALSE;
    query_bind(query, 1, (int64_t)through);
    return query_finish(query, error);
}

static gboolean index_rows(Log *log, uint64_t through, GError **error)
{
    g_autoptr(Query) query = database_query(
        log->database,
        "SELECT position, kind, opened_kind, opened, signature, body FROM event "
        "WHERE position > ? AND position <= ? AND (kind = 1 OR opened_kind = 1) ORDER BY position",
        error);
    bool row = query != NULL;

    if (!query)
        return FALSE;
    query_bind(query, 1, (int64_t)log->indexed);
    query_bind(query, 2, (int64_t)through);
    for (;;) {
        if (!query_step(query, &row, error))
            return FALSE;
        if (!row)
            return note_indexed(log, through, error);
        g_autofree char *text = log_index_text(query);

        if (text && !index_text(log, (uint64_t)query_int(query, 0), text, error))
            return FALSE;
    }
}

/* One transaction of its own, which need not survive a power cut. */
static gboolean index_step(Log *log, GError **error)
{
    uint64_t through = MIN(log->indexed + INDEX_STEP, log->head);

    database_set_durable(log->database, false);
    gboolean done = database_begin(log->database, error) && index_rows(log, through, error) &&
                    database_commit(log->database, error);

    if (done)
        log->indexed = through;
    else
        database_recover(log->database);
    database_set_durable(log->database, true);
    return done;
}

/* The index is derived: throws it away, to be filled again. */
static void start_anew(Log *log)
{
    if (database_begin(log->database, NULL) &&
        database_run(log->database,
                     "DROP TABLE search;"
                     "CREATE VIRTUAL TABLE search USING fts5("
                     "  text, content = '', tokenize = 'unicode61 remove_diacritics 2');"
                     "DELETE FROM meta WHERE key = 'indexed';",
                     NULL) &&
        database_commit(log->database, NULL))
        log->indexed = 0;
    else
        database_recover(log->database);
}

static gboolean index_all(Log *log, GError **error)
{
    while (log->indexed < log->head) {
        if (!index_step(log, error))
            return FALSE;
    }
    return TRUE;
}

void log_index_some(Log *log)
{
    g_autoptr(GError) error = NULL;

    if (log->head - log->indexed < INDEX_BEHIND || index_step(log, &error))
        return;
    g_debug("indexing: %s", error->message);
    if (error->code == DATABASE_ERROR_BROKEN)
        start_anew(log);
}

/* Was it opened before? Then it is in the index already, which cannot hold it twice. */
static bool is_opened(Log *log, uint64_t position)
{
    g_autoptr(Query) query =
        database_query(log->database, "SELECT opened_kind FROM event WHERE position = ?", NULL);
    bool row = false;

    if (!query)
        return true;
    query_bind(query, 1, (int64_t)position);
    return !query_step(query, &row, NULL) || !row || query_int(query, 0) != 0;
}

void log_index_late(Log *log, uint64_t position, uint32_t opened_kind, GBytes *opened)
{
    if (position > log->indexed || opened_kind != EVENT_MESSAGE || !opened ||
        is_opened(log, position))
        return;
    size_t length;
    const uint8_t *content = g_bytes_get_data(opened, &length);
    g_autofree char *text = text_of_content(content, length);
    g_autoptr(GError) error = NULL;

    if (text && !index_text(log, position, text, &error))
        g_debug("indexing: %s", error->message);
}

/* What a person typed as an FTS5 query: every word must occur, each quoted, so that nothing of it
 * is syntax; the last one may be the start of a word. NULL when nothing is left. */
static char *make_query(const char *typed)
{
    g_autofree char *valid = g_utf8_make_valid(typed, -1);
    g_auto(GStrv) words = g_strsplit_set(valid, " \t\r\n", -1);
    GString *query = g_string_new(NULL);

    for (char **word = words; *word; word++) {
        bool counts = false;

        for (const char *at = *word; *at; at = g_utf8_next_char(at))
            counts = counts || g_unichar_isalnum(g_utf8_get_char(at));
        if (!counts)
            continue;
        g_auto(GStrv) parts = g_strsplit(*word, "\"", -1);
        g_autofree char *bare = g_strjoinv(" ", parts);
        g_autofree char *text = spread(bare);

        g_string_append_printf(query, "%s\"%s\"", query->len ? " AND " : "", text);
    }
    if (query->len > 0)
        g_string_append_c(query, '*');
    return g_string_free(query, query->len == 0);
}

static GArray *run_search(Log *log, const char *match, unsigned limit, GError **error)
{
    g_autoptr(GArray) entries = log_entries_new();
    g_autoptr(Query) query = database_query(
        log->database,
        "SELECT " LOG_ENTRY_COLUMNS " FROM event WHERE position IN "
        "(SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rowid DESC LIMIT ?2) "
        "ORDER BY time_ms DESC, hash DESC",
        error);

    if (!query)
        return NULL;
    query_bind_text(query, 1, match);
    query_bind(query, 2, limit);
    return log_read_entries(log, query, entries, error) ? g_steal_pointer(&entries) : NULL;
}

static GArray *index_and_search(Log *log, const char *match, unsigned limit, GError **error)
{
    /* Indexing needs a transaction of its own: while a group is open, its turn comes later. */
    if (!log->changed && !index_all(log, error))
        return NULL;
    return run_search(log, match, limit, error);
}

GArray *log_search(Log *log, const char *query, unsigned limit, GError **error)
{
    g_autofree char *match = make_query(query);
    g_autoptr(GError) failed = NULL;

    if (!match)
        return log_entries_new();
    GArray *entries = index_and_search(log, match, limit, &failed);

    if (entries || failed->code != DATABASE_ERROR_BROKEN || log->changed) {
        if (failed)
            g_propagate_error(error, g_steal_pointer(&failed));
        return entries;
    }
    start_anew(log);
    return index_and_search(log, match, limit, error);
}
