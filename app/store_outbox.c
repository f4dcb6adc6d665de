#include "app/store_internal.h"

void outbox_row_clear(OutboxRow *row)
{
    g_clear_pointer(&row->conversation, g_bytes_unref);
    g_clear_pointer(&row->content, g_bytes_unref);
    g_clear_pointer(&row->body, g_bytes_unref);
    g_clear_pointer(&row->signature, g_bytes_unref);
    g_clear_pointer(&row->why, g_free);
}

gboolean store_outbox_add(Store *store, const uint8_t *place, const uint8_t *token,
                          GBytes *conversation, uint32_t kind, GBytes *content, int64_t queued_ms,
                          int64_t *id, GError **error)
{
    {
        g_autoptr(Query) query = store_changing(
            store,
            "INSERT INTO outbox (token, place, conversation, kind, content, queued_ms, state) "
            "VALUES (?, ?, ?, ?, ?, ?, 0)",
            true, error);

        if (!query)
            return FALSE;
        query_bind_blob(query, 1, token, TOKEN_SIZE);
        store_bind_place(query, 2, place);
        query_bind_bytes(query, 3, conversation);
        query_bind(query, 4, kind);
        query_bind_bytes(query, 5, content);
        query_bind(query, 6, queued_ms);
        if (!store_change(store, query, error))
            return FALSE;
    }
    if (!id)
        return TRUE;
    g_autoptr(Query) last =
        database_query(store->database, "SELECT id FROM outbox WHERE token = ?", error);
    bool row = false;

    if (!last)
        return FALSE;
    query_bind_blob(last, 1, token, TOKEN_SIZE);
    if (!query_step(last, &row, error))
        return FALSE;
    *id = query_int(last, 0);
    return TRUE;
}

gboolean store_outbox_bind(Store *store, const uint8_t *place, GError **error)
{
    g_autoptr(Query) query =
        store_changing(store, "UPDATE outbox SET place = ? WHERE place = x''", true, error);

    if (!query)
        return FALSE;
    query_bind_blob(query, 1, place, PLACE_SIZE);
    return store_change(store, query, error);
}

static gboolean read_signed(Query *query, OutboxRow *row, GError **error)
{
    row->body = query_bytes(query, 9);
    if (!row->body)
        return TRUE;
    row->signature = query_bytes(query, 10);
    row->incarnation = (uint64_t)query_int(query, 11);
    row->lane = query_int(query, 12) ? LANE_PRIVATE : LANE_PUBLIC;
    row->seq = (uint64_t)query_int(query, 13);
    return query_copy(query, 14, row->hash, HASH_SIZE, error);
}

static gboolean read_row(Query *query, OutboxRow *row, GError **error)
{
    row->id = query_int(query, 0);
    if (!query_copy(query, 1, row->token, TOKEN_SIZE, error))
        return FALSE;
    row->bound = query_int(query, 3) > 0;
    if (row->bound && !query_copy(query, 2, row->place, PLACE_SIZE, error))
        return FALSE;
    row->conversation = query_bytes(query, 4);
    row->kind = (uint32_t)query_int(query, 5);
    row->content = query_bytes(query, 6);
    row->queued_ms = query_int(query, 7);
    row->why = query_text(query, 8);
    row->state = row->why ? OUTBOX_REFUSED : OUTBOX_QUEUED;
    return read_signed(query, row, error);
}

GArray *store_outbox_list(Store *store, const uint8_t *place, GError **error)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(OutboxRow));
    g_autoptr(Query) query = database_query(
        store->database,
        "SELECT id, token, place, length(place), conversation, kind, content, queued_ms, "
        "CASE state WHEN 1 THEN coalesce(why, '') END, "
        "body, signature, incarnation, lane, seq, hash "
        "FROM outbox WHERE ?1 IS NULL OR place = ?1 ORDER BY id",
        error);

    g_array_set_clear_func(rows, (GDestroyNotify)outbox_row_clear);
    if (!query)
        return NULL;
    if (place)
        query_bind_blob(query, 1, place, PLACE_SIZE);
    for (;;) {
        OutboxRow row = {0};
        bool more = false;

        if (!query_step(query, &more, error))
            return NULL;
        if (!more)
            return g_steal_pointer(&rows);
        gboolean read = read_row(query, &row, error);

        g_array_append_val(rows, row);
        if (!read)
            return NULL;
    }
}

gboolean store_outbox_sign(Store *store, int64_t id, const Event *event, GError **error)
{
    g_autoptr(Query) query = store_changing(
        store,
        "UPDATE outbox SET body = ?2, signature = ?3, incarnation = ?4, lane = ?5, seq = ?6, "
        "hash = ?7 WHERE id = ?1",
        true, error);

    if (!query)
        return FALSE;
    query_bind(query, 1, id);
    query_bind_bytes(query, 2, event_body(event));
    query_bind_bytes(query, 3, event_signature(event));
    query_bind(query, 4, (int64_t)event_incarnation(event));
    query_bind(query, 5, event_lane(event));
    query_bind(query, 6, (int64_t)event_seq(event));
    query_bind_blob(query, 7, event_hash(event), HASH_SIZE);
    return store_change(store, query, error);
}

/* The other changes of one row have its id as the first parameter and at most a text. */
static gboolean change_row(Store *store, Query *query, int64_t id, const char *text, GError **error)
{
    if (!query)
        return FALSE;
    query_bind(query, 1, id);
    if (text)
        query_bind_text(query, 2, text);
    return store_change(store, query, error);
}

gboolean store_outbox_unsign(Store *store, int64_t id, GError **error)
{
    g_autoptr(Query) query =
        store_changing(store,
                       "UPDATE outbox SET body = NULL, signature = NULL, incarnation = NULL, "
                       "lane = NULL, seq = NULL, hash = NULL WHERE id = ?",
                       true, error);

    return change_row(store, query, id, NULL, error);
}

gboolean store_outbox_refuse(Store *store, int64_t id, const char *why, GError **error)
{
    g_autoptr(Query) query =
        store_changing(store, "UPDATE outbox SET state = 1, why = ?2 WHERE id = ?1", true, error);

    return change_row(store, query, id, why ? why : "", error);
}

gboolean store_outbox_retry(Store *store, int64_t id, GError **error)
{
    g_autoptr(Query) query =
        store_changing(store, "UPDATE outbox SET state = 0, why = NULL WHERE id = ?1", true, error);

    return change_row(store, query, id, NULL, error);
}

gboolean store_outbox_remove(Store *store, int64_t id, GError **error)
{
    g_autoptr(Query) query =
        store_changing(store, "DELETE FROM outbox WHERE id = ?1", false, error);

    return change_row(store, query, id, NULL, error);
}
