/* The secrets of places that are locked: a file of mode 0600 like all of this database. */
#include "app/store_internal.h"

#include <sodium.h>

gboolean store_secret(Store *store, const uint8_t *place, bool *known, StoredSecret *secret,
                      GError **error)
{
    g_autoptr(Query) query =
        database_query(store->database, "SELECT secret, relay FROM secret WHERE place = ?", error);
    bool row = false;

    if (!query)
        return FALSE;
    store_bind_place(query, 1, place);
    if (!query_step(query, &row, error))
        return FALSE;
    StoredSecret found = {0};
    if (row && (!query_copy(query, 0, found.secret, SECRET_SIZE, error) ||
                !query_copy(query, 1, found.relay, KEY_SIZE, error)))
        return FALSE;
    *known = row;
    if (row)
        *secret = found;
    sodium_memzero(&found, sizeof found);
    return TRUE;
}

gboolean store_set_secret(Store *store, const uint8_t *place, const StoredSecret *secret,
                          GError **error)
{
    g_autoptr(Query) query = store_changing(
        store, "INSERT OR REPLACE INTO secret (place, secret, relay) VALUES (?, ?, ?)", true,
        error);

    if (!query)
        return FALSE;
    store_bind_place(query, 1, place);
    query_bind_blob(query, 2, secret->secret, SECRET_SIZE);
    query_bind_blob(query, 3, secret->relay, KEY_SIZE);
    return store_change(store, query, error);
}

gboolean store_forget_secret(Store *store, const uint8_t *place, GError **error)
{
    g_autoptr(Query) query =
        store_changing(store, "DELETE FROM secret WHERE place = ?", true, error);

    if (!query)
        return FALSE;
    store_bind_place(query, 1, place);
    return store_change(store, query, error);
}
