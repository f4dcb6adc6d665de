/* What faces remember: drafts, read marks, directs, settings. */
#include "app/store_internal.h"

/* The one text that `query` finds; NULL without error when there is none. */
static char *find_text(Query *query, GError **error)
{
    bool row = false;

    if (!query_step(query, &row, error) || !row)
        return NULL;
    return query_text(query, 0);
}

char *store_draft(Store *store, const uint8_t *place, GBytes *conversation, GError **error)
{
    g_autoptr(Query) query = database_query(
        store->database, "SELECT text FROM draft WHERE place = ? AND conversation = ?", error);

    if (!query)
        return NULL;
    store_bind_place(query, 1, place);
    query_bind_bytes(query, 2, conversation);
    return find_text(query, error);
}

gboolean store_set_draft(Store *store, const uint8_t *place, GBytes *conversation, const char *text,
                         GError **error)
{
    bool keep = text && *text;
    g_autoptr(Query) query = store_changing(
        store,
        keep ? "INSERT OR REPLACE INTO draft (place, conversation, text) VALUES (?, ?, ?)"
             : "DELETE FROM draft WHERE place = ? AND conversation = ?",
        false, error);

    if (!query)
        return FALSE;
    store_bind_place(query, 1, place);
    query_bind_bytes(query, 2, conversation);
    if (keep)
        query_bind_text(query, 3, text);
    return store_change(store, query, error);
}

gboolean store_read_mark(Store *store, const uint8_t *place, GBytes *conversation, bool *known,
                         ReadMark *mark, GError **error)
{
    g_autoptr(Query) query = database_query(
        store->database,
        "SELECT time_ms, hash, token FROM read_mark WHERE place = ? AND conversation = ?", error);
    bool row = false;
    ReadMark found = {0};

    if (!query)
        return FALSE;
    store_bind_place(query, 1, place);
    query_bind_bytes(query, 2, conversation);
    if (!query_step(query, &row, error))
        return FALSE;
    *known = row;
    if (!row)
        return TRUE;
    found.point.time_ms = query_int(query, 0);
    if (!query_copy(query, 1, found.point.hash, HASH_SIZE, error) ||
        !query_copy(query, 2, found.token, TOKEN_SIZE, error))
        return FALSE;
    *mark = found;
    return TRUE;
}

gboolean store_set_read_mark(Store *store, const uint8_t *place, GBytes *conversation,
                             const ReadMark *mark, GError **error)
{
    g_autoptr(Query) query = store_changing(store,
                                            "INSERT OR REPLACE INTO read_mark "
                                            "(place, conversation, time_ms, hash, token) "
                                            "VALUES (?, ?, ?, ?, ?)",
                                            false, error);

    if (!query)
        return FALSE;
    store_bind_place(query, 1, place);
    query_bind_bytes(query, 2, conversation);
    query_bind(query, 3, mark->point.time_ms);
    query_bind_blob(query, 4, mark->point.hash, HASH_SIZE);
    query_bind_blob(query, 5, mark->token, TOKEN_SIZE);
    return store_change(store, query, error);
}

gboolean store_add_direct(Store *store, const uint8_t *place, const uint8_t *key, GError **error)
{
    g_autoptr(Query) query = store_changing(
        store, "INSERT OR IGNORE INTO direct (place, key) VALUES (?, ?)", true, error);

    if (!query)
        return FALSE;
    store_bind_place(query, 1, place);
    query_bind_blob(query, 2, key, KEY_SIZE);
    return store_change(store, query, error);
}

GPtrArray *store_directs(Store *store, const uint8_t *place, GError **error)
{
    g_autoptr(Query) query = database_query(
        store->database, "SELECT key FROM direct WHERE place = ? ORDER BY id", error);

    if (!query)
        return NULL;
    store_bind_place(query, 1, place);
    return store_read_keys(query, error);
}

char *store_setting(Store *store, const char *name, GError **error)
{
    g_autoptr(Query) query =
        database_query(store->database, "SELECT value FROM setting WHERE name = ?", error);

    if (!query)
        return NULL;
    query_bind_text(query, 1, name);
    return find_text(query, error);
}

gboolean store_set_setting(Store *store, const char *name, const char *value, GError **error)
{
    g_autoptr(Query) query =
        store_changing(store,
                       value ? "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)"
                             : "DELETE FROM setting WHERE name = ?",
                       true, error);

    if (!query)
        return FALSE;
    query_bind_text(query, 1, name);
    if (value)
        query_bind_text(query, 2, value);
    return store_change(store, query, error);
}
