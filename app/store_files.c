/* What was offered, what became of it, and whose files are accepted unasked. */
#include "app/store_internal.h"

static void stored_offer_clear(StoredOffer *offer)
{
    g_clear_pointer(&offer->conversation, g_bytes_unref);
    g_clear_pointer(&offer->directory, g_free);
    g_clear_pointer(&offer->path, g_free);
    g_clear_pointer(&offer->content, g_bytes_unref);
}

static void stored_transfer_clear(StoredTransfer *transfer)
{
    g_clear_pointer(&transfer->conversation, g_bytes_unref);
    g_clear_pointer(&transfer->content, g_bytes_unref);
    g_clear_pointer(&transfer->left_out, g_bytes_unref);
    g_clear_pointer(&transfer->why, g_free);
    g_clear_pointer(&transfer->code, g_free);
    g_clear_pointer(&transfer->into, g_free);
    g_clear_pointer(&transfer->path, g_free);
}

static void bind_text_or_null(Query *query, int index, const char *text)
{
    if (text)
        query_bind_text(query, index, text);
    else
        query_bind_bytes(query, index, NULL);
}

/* A change that names one row by a blob. */
static gboolean change_by(Store *store, const char *sql, const uint8_t *id, size_t size,
                          GError **error)
{
    g_autoptr(Query) query = store_changing(store, sql, true, error);

    if (!query)
        return FALSE;
    query_bind_blob(query, 1, id, size);
    return store_change(store, query, error);
}

gboolean store_put_offer(Store *store, const StoredOffer *offer, GError **error)
{
    g_autoptr(Query) query =
        store_changing(store,
                       "INSERT OR REPLACE INTO own_offer (token, place, conversation, directory, "
                       "path, content, withdrawn, made_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                       true, error);

    if (!query)
        return FALSE;
    query_bind_blob(query, 1, offer->token, TOKEN_SIZE);
    query_bind_blob(query, 2, offer->place, PLACE_SIZE);
    query_bind_bytes(query, 3, offer->conversation);
    query_bind_text(query, 4, offer->directory);
    bind_text_or_null(query, 5, offer->path);
    query_bind_bytes(query, 6, offer->content);
    query_bind(query, 7, offer->withdrawn);
    query_bind(query, 8, offer->made_ms);
    return store_change(store, query, error);
}

gboolean store_remove_offer(Store *store, const uint8_t *token, GError **error)
{
    return change_by(store, "DELETE FROM own_offer WHERE token = ?", token, TOKEN_SIZE, error);
}

static gboolean read_offer(Query *query, StoredOffer *offer, GError **error)
{
    if (!query_copy(query, 0, offer->token, TOKEN_SIZE, error) ||
        !query_copy(query, 1, offer->place, PLACE_SIZE, error))
        return FALSE;
    offer->conversation = query_bytes(query, 2);
    offer->directory = query_text(query, 3);
    offer->path = query_text(query, 4);
    offer->content = query_bytes(query, 5);
    offer->withdrawn = query_int(query, 6) != 0;
    offer->made_ms = query_int(query, 7);
    return TRUE;
}

GArray *store_offers(Store *store, GError **error)
{
    g_autoptr(GArray) offers = g_array_new(FALSE, TRUE, sizeof(StoredOffer));
    g_autoptr(Query) query = database_query(
        store->database,
        "SELECT token, place, conversation, directory, path, content, withdrawn, made_ms "
        "FROM own_offer ORDER BY made_ms, rowid",
        error);

    g_array_set_clear_func(offers, (GDestroyNotify)stored_offer_clear);
    if (!query)
        return NULL;
    for (;;) {
        StoredOffer offer = {0};
        bool more = false;

        if (!query_step(query, &more, error))
            return NULL;
        if (!more)
            return g_steal_pointer(&offers);
        gboolean read = read_offer(query, &offer, error);

        g_array_append_val(offers, offer);
        if (!read)
            return NULL;
    }
}

gboolean store_put_transfer(Store *store, const StoredTransfer *transfer, GError **error)
{
    g_autoptr(Query) query = store_changing(
        store,
        "INSERT INTO transfer (id, wire, offer, place, conversation, author, peer, content, flags, "
        "state, way, attempt, tell, bytes, total, missing, changed_ms, why, code, into_folder, "
        "path, left_out) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
        "?19, ?20, ?21, ?22) "
        "ON CONFLICT (id) DO UPDATE SET wire = ?2, flags = ?9, state = ?10, way = ?11, "
        "attempt = ?12, tell = ?13, bytes = ?14, total = ?15, missing = ?16, changed_ms = ?17, "
        "why = ?18, code = ?19, into_folder = ?20, path = ?21, left_out = ?22",
        true, error);

    if (!query)
        return FALSE;
    query_bind_blob(query, 1, transfer->id, TRANSFER_SIZE);
    query_bind_blob(query, 2, transfer->wire, TRANSFER_SIZE);
    query_bind_blob(query, 3, transfer->offer, TOKEN_SIZE);
    query_bind_blob(query, 4, transfer->place, PLACE_SIZE);
    query_bind_bytes(query, 5, transfer->conversation);
    query_bind_blob(query, 6, transfer->author, KEY_SIZE);
    query_bind_blob(query, 7, transfer->peer, KEY_SIZE);
    query_bind_bytes(query, 8, transfer->content);
    query_bind(query, 9, transfer->flags);
    query_bind(query, 10, transfer->state);
    query_bind(query, 11, transfer->way);
    query_bind(query, 12, transfer->attempt);
    query_bind(query, 13, transfer->tell);
    query_bind(query, 14, transfer->bytes);
    query_bind(query, 15, transfer->total);
    query_bind(query, 16, transfer->missing);
    query_bind(query, 17, transfer->changed_ms);
    bind_text_or_null(query, 18, transfer->why);
    bind_text_or_null(query, 19, transfer->code);
    bind_text_or_null(query, 20, transfer->into);
    bind_text_or_null(query, 21, transfer->path);
    query_bind_bytes(query, 22, transfer->left_out);
    return store_change(store, query, error);
}

gboolean store_remove_transfer(Store *store, const uint8_t *id, GError **error)
{
    return change_by(store, "DELETE FROM transfer WHERE id = ?", id, TRANSFER_SIZE, error);
}

static gboolean read_transfer(Query *query, StoredTransfer *transfer, GError **error)
{
    if (!query_copy(query, 0, transfer->id, TRANSFER_SIZE, error) ||
        !query_copy(query, 1, transfer->wire, TRANSFER_SIZE, error) ||
        !query_copy(query, 2, transfer->offer, TOKEN_SIZE, error) ||
        !query_copy(query, 3, transfer->place, PLACE_SIZE, error) ||
        !query_copy(query, 5, transfer->author, KEY_SIZE, error) ||
        !query_copy(query, 6, transfer->peer, KEY_SIZE, error))
        return FALSE;
    transfer->conversation = query_bytes(query, 4);
    transfer->content = query_bytes(query, 7);
    transfer->flags = query_int(query, 8);
    transfer->state = query_int(query, 9);
    transfer->way = query_int(query, 10);
    transfer->attempt = query_int(query, 11);
    transfer->tell = query_int(query, 12);
    transfer->bytes = query_int(query, 13);
    transfer->total = query_int(query, 14);
    transfer->missing = query_int(query, 15);
    transfer->changed_ms = query_int(query, 16);
    transfer->why = query_text(query, 17);
    transfer->code = query_text(query, 18);
    transfer->into = query_text(query, 19);
    transfer->path = query_text(query, 20);
    transfer->left_out = query_bytes(query, 21);
    return TRUE;
}

GArray *store_transfers(Store *store, GError **error)
{
    g_autoptr(GArray) transfers = g_array_new(FALSE, TRUE, sizeof(StoredTransfer));
    g_autoptr(Query) query = database_query(
        store->database,
        "SELECT id, wire, offer, place, conversation, author, peer, content, flags, state, way, "
        "attempt, tell, bytes, total, missing, changed_ms, why, code, into_folder, path, left_out "
        "FROM transfer ORDER BY number",
        error);

    g_array_set_clear_func(transfers, (GDestroyNotify)stored_transfer_clear);
    if (!query)
        return NULL;
    for (;;) {
        StoredTransfer transfer = {0};
        bool more = false;

        if (!query_step(query, &more, error))
            return NULL;
        if (!more)
            return g_steal_pointer(&transfers);
        gboolean read = read_transfer(query, &transfer, error);

        g_array_append_val(transfers, transfer);
        if (!read)
            return NULL;
    }
}

gboolean store_accept_person(Store *store, const uint8_t *key, const char *folder, GError **error)
{
    g_autoptr(Query) query =
        store_changing(store,
                       "INSERT INTO accepted_person (key, folder) VALUES (?1, ?2) "
                       "ON CONFLICT (key) DO UPDATE SET folder = ?2",
                       true, error);

    if (!query)
        return FALSE;
    query_bind_blob(query, 1, key, KEY_SIZE);
    query_bind_text(query, 2, folder ? folder : "");
    return store_change(store, query, error);
}

gboolean store_accept_person_no_more(Store *store, const uint8_t *key, GError **error)
{
    return change_by(store, "DELETE FROM accepted_person WHERE key = ?", key, KEY_SIZE, error);
}

GPtrArray *store_accepted_people(Store *store, GError **error)
{
    g_autoptr(Query) query =
        database_query(store->database,
                       "SELECT key FROM accepted_person WHERE length(key) = 32 ORDER BY id", error);

    return query ? store_read_keys(query, error) : NULL;
}

gboolean store_accepted_person(Store *store, const uint8_t *key, bool *accepted, char **folder,
                               GError **error)
{
    g_autoptr(Query) query =
        database_query(store->database, "SELECT folder FROM accepted_person WHERE key = ?", error);
    bool row = false;

    if (!query)
        return FALSE;
    query_bind_blob(query, 1, key, KEY_SIZE);
    if (!query_step(query, &row, error))
        return FALSE;
    *accepted = row;
    if (row)
        *folder = query_text(query, 0);
    return TRUE;
}
