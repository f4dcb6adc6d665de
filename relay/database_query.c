#include "relay/database_internal.h"

#include <string.h>

struct Query {
    Database *database;
    sqlite3_stmt *statement; /* NULL: the connection that it was prepared for is closed */
};

/* Queries outlive connections, so that one in use when the connection is lost can be released. */
void query_forget(gpointer sql, gpointer data, gpointer user)
{
    Query *query = data;

    g_clear_pointer(&query->statement, sqlite3_finalize);
}

Query *database_query(Database *database, const char *sql, GError **error)
{
    if (!database_ensure(database, error))
        return NULL;
    Query *query = g_hash_table_lookup(database->queries, sql);

    if (!query) {
        query = g_new(Query, 1);
        *query = (Query){database, NULL};
        g_hash_table_insert(database->queries, (gpointer)sql, query);
    }
    g_assert(!query->statement || !sqlite3_stmt_busy(query->statement));
    if (query->statement)
        return query;
    int code = sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                  &query->statement, NULL);

    if (code == SQLITE_OK)
        return query;
    database_fail(database, code, error);
    return NULL;
}

void query_release(Query *query)
{
    if (!query || !query->statement)
        return;
    sqlite3_reset(query->statement);
    sqlite3_clear_bindings(query->statement);
}

void query_bind(Query *query, int index, int64_t value)
{
    sqlite3_bind_int64(query->statement, index, value);
}

void query_bind_blob(Query *query, int index, const void *bytes, size_t length)
{
    /* A NULL pointer would bind NULL, also where an empty blob is meant. */
    sqlite3_bind_blob64(query->statement, index, length ? bytes : "", length, SQLITE_STATIC);
}

void query_bind_bytes(Query *query, int index, GBytes *bytes)
{
    size_t length = 0;
    const void *data = bytes ? g_bytes_get_data(bytes, &length) : NULL;

    if (bytes)
        query_bind_blob(query, index, data, length);
    else
        sqlite3_bind_null(query->statement, index);
}

void query_bind_text(Query *query, int index, const char *text)
{
    sqlite3_bind_text(query->statement, index, text, -1, SQLITE_STATIC);
}

gboolean query_step(Query *query, bool *row, GError **error)
{
    int code = sqlite3_step(query->statement);

    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        database_fail(query->database, code, error);
        return FALSE;
    }
    *row = code == SQLITE_ROW;
    return TRUE;
}

gboolean query_finish(Query *query, GError **error)
{
    bool row;

    return query_step(query, &row, error);
}

int64_t query_int(Query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

GBytes *query_bytes(Query *query, int column)
{
    if (sqlite3_column_type(query->statement, column) == SQLITE_NULL)
        return NULL;
    const void *data = sqlite3_column_blob(query->statement, column);

    return g_bytes_new(data, (size_t)sqlite3_column_bytes(query->statement, column));
}

char *query_text(Query *query, int column)
{
    return g_strdup((const char *)sqlite3_column_text(query->statement, column));
}

gboolean query_copy(Query *query, int column, void *out, size_t length, GError **error)
{
    const void *data = sqlite3_column_blob(query->statement, column);

    if (!data || (size_t)sqlite3_column_bytes(query->statement, column) != length) {
        g_set_error(error, DATABASE_ERROR, DATABASE_ERROR_BROKEN, "%s: a value of the wrong size",
                    query->database->path);
        return FALSE;
    }
    memcpy(out, data, length);
    return TRUE;
}
