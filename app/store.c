/* Schema of member.db
 *   1  outbox, incarnation, draft, read_mark, direct, setting
 *   2  own_offer, transfer, accepted_person
 *   3  secret */
#include "app/store_internal.h"

#define APPLICATION_ID 0x42466d31 /* "BFm1" */

static gboolean make_schema_1(Database *database, GError **error)
{
    return database_run(
        database,
        "CREATE TABLE outbox ("
        "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
        "  token BLOB NOT NULL UNIQUE,"
        "  place BLOB NOT NULL," /* empty: not known yet */
        "  conversation BLOB NOT NULL,"
        "  kind INTEGER NOT NULL,"
        "  content BLOB NOT NULL,"
        "  queued_ms INTEGER NOT NULL,"
        "  state INTEGER NOT NULL," /* OutboxState */
        "  why TEXT,"
        "  body BLOB, signature BLOB, incarnation INTEGER, lane INTEGER, seq INTEGER, hash BLOB"
        ") STRICT;"
        "CREATE TABLE incarnation (place BLOB PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
        "CREATE TABLE draft ("
        "  place BLOB NOT NULL, conversation BLOB NOT NULL, text TEXT NOT NULL,"
        "  PRIMARY KEY (place, conversation)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE read_mark ("
        "  place BLOB NOT NULL, conversation BLOB NOT NULL,"
        "  time_ms INTEGER NOT NULL, hash BLOB NOT NULL, token BLOB NOT NULL,"
        "  PRIMARY KEY (place, conversation)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE direct ("
        "  id INTEGER PRIMARY KEY, place BLOB NOT NULL, key BLOB NOT NULL,"
        "  UNIQUE (place, key)) STRICT;"
        "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;",
        error);
}

static gboolean make_schema_2(Database *database, GError **error)
{
    return database_run(
        database,
        "CREATE TABLE own_offer ("
        "  token BLOB PRIMARY KEY,"
        "  place BLOB NOT NULL,"
        "  conversation BLOB NOT NULL,"
        "  directory TEXT NOT NULL,"
        "  path TEXT,"
        "  content BLOB NOT NULL,"
        "  withdrawn INTEGER NOT NULL,"
        "  made_ms INTEGER NOT NULL"
        ") STRICT;"
        "CREATE TABLE transfer ("
        "  number INTEGER PRIMARY KEY,"
        "  id BLOB NOT NULL UNIQUE,"
        "  wire BLOB NOT NULL,"
        "  offer BLOB NOT NULL, place BLOB NOT NULL, conversation BLOB NOT NULL,"
        "  author BLOB NOT NULL, peer BLOB NOT NULL,"
        "  content BLOB NOT NULL,"
        "  flags INTEGER NOT NULL," /* StoredTransferFlag */
        "  state INTEGER NOT NULL," /* TransferState */
        "  way INTEGER NOT NULL,"   /* TransferWay */
        "  attempt INTEGER NOT NULL,"
        "  tell INTEGER NOT NULL," /* Why; -1: nothing */
        "  bytes INTEGER NOT NULL, total INTEGER NOT NULL, missing INTEGER NOT NULL,"
        "  changed_ms INTEGER NOT NULL,"
        "  why TEXT, code TEXT, into_folder TEXT, path TEXT, left_out BLOB"
        ") STRICT;"
        "CREATE TABLE accepted_person ("
        "  id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, folder TEXT NOT NULL) STRICT;",
        error);
}

static gboolean make_schema_3(Database *database, GError **error)
{
    return database_run(database,
                        "CREATE TABLE secret ("
                        "  place BLOB PRIMARY KEY, secret BLOB NOT NULL, relay BLOB NOT NULL"
                        ") STRICT;",
                        error);
}

static const DatabaseMigration migrations[] = {make_schema_1, make_schema_2, make_schema_3};

static const DatabaseKind store_kind = {
    .file = "member.db",
    .lock = "member.lock",
    .locked = "Backfence already runs with this data",
    .application_id = APPLICATION_ID,
    .migrations = migrations,
    .version = G_N_ELEMENTS(migrations),
};

Store *store_open(const char *directory, GError **error)
{
    g_autoptr(Database) database = database_open(directory, &store_kind, error);

    if (!database)
        return NULL;
    Store *store = g_new0(Store, 1);

    store->database = g_steal_pointer(&database);
    return store;
}

void store_close(Store *store)
{
    if (!store)
        return;
    database_close(store->database);
    g_free(store);
}

const char *store_damaged(const Store *store)
{
    return database_damaged(store->database);
}

gboolean store_begin(Store *store, GError **error)
{
    database_set_durable(store->database, true);
    store->gathering = database_begin(store->database, error);
    return store->gathering;
}

gboolean store_commit(Store *store, GError **error)
{
    if (!store->gathering) {
        g_set_error(error, DATABASE_ERROR, DATABASE_ERROR_IO, "The changes were given up");
        return FALSE;
    }
    store->gathering = false;
    return database_commit(store->database, error);
}

void store_rollback(Store *store)
{
    if (!store->gathering)
        return;
    store->gathering = false;
    database_recover(store->database);
}

Query *store_changing(Store *store, const char *sql, bool durable, GError **error)
{
    database_set_durable(store->database, durable);
    if (!database_begin(store->database, error))
        return NULL;
    return database_query(store->database, sql, error);
}

gboolean store_change(Store *store, Query *query, GError **error)
{
    gboolean done = query_finish(query, error);

    query_release(query);
    if (done)
        return store->gathering || database_commit(store->database, error);
    store->gathering = false;
    database_recover(store->database);
    return FALSE;
}

void store_bind_place(Query *query, int index, const uint8_t *place)
{
    query_bind_blob(query, index, place, place ? PLACE_SIZE : 0);
}

GPtrArray *store_read_keys(Query *query, GError **error)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

    for (;;) {
        bool row = false;

        if (!query_step(query, &row, error))
            return NULL;
        if (!row)
            return g_steal_pointer(&keys);
        g_ptr_array_add(keys, query_bytes(query, 0));
    }
}

gboolean store_incarnation(Store *store, const uint8_t *place, bool *known, uint64_t *incarnation,
                           GError **error)
{
    g_autoptr(Query) query =
        database_query(store->database, "SELECT value FROM incarnation WHERE place = ?", error);
    bool row = false;

    if (!query)
        return FALSE;
    store_bind_place(query, 1, place);
    if (!query_step(query, &row, error))
        return FALSE;
    *known = row;
    if (row)
        *incarnation = (uint64_t)query_int(query, 0);
    return TRUE;
}

gboolean store_set_incarnation(Store *store, const uint8_t *place, uint64_t incarnation,
                               GError **error)
{
    g_autoptr(Query) query = store_changing(
        store, "INSERT OR REPLACE INTO incarnation (place, value) VALUES (?, ?)", true, error);

    if (!query)
        return FALSE;
    store_bind_place(query, 1, place);
    query_bind(query, 2, (int64_t)incarnation);
    return store_change(store, query, error);
}
