#pragma once
/* Shared by the files of the store only. */

#include "app/store.h"

struct Store {
    Database *database;
    bool gathering; /* between store_begin() and store_commit() */
};

/* Runs a prepared change as a transaction of its own, or as part of the gathered one. */
gboolean store_change(Store *store, Query *query, GError **error);
/* A query for a change; `durable` false: not flushed by itself. */
Query *store_changing(Store *store, const char *sql, bool durable, GError **error);
/* A place for a column that may not be NULL: none is the empty blob. */
void store_bind_place(Query *query, int index, const uint8_t *place);
/* The first column of all rows: GBytes. Transfer full. */
GPtrArray *store_read_keys(Query *query, GError **error);
