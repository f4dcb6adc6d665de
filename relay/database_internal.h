#pragma once
/* Shared by the files of the database only. */

#include "relay/database.h"

#include <sqlite3.h>

struct Database {
    const DatabaseKind *kind;
    char *directory; /* NULL: in memory */
    char *path;
    char *damaged;       /* file set aside at opening, or NULL */
    int lock;            /* descriptor, -1: none */
    sqlite3 *handle;     /* NULL: reopening has failed so far */
    GHashTable *queries; /* owned: SQL constant -> Query */
    uint64_t size_limit;
    bool durable;
    bool begun;         /* a transaction was opened and neither committed nor given up */
    bool lost;          /* an I/O error: reopen before going on */
    bool full;          /* there was no room */
    int64_t room_us;    /* when the WAL was written back for that; 0: never */
    char *copy_uri;     /* of database_open_copy(): reading only; else NULL */
    DatabaseCopy *copy; /* being made of it; NULL: none */
};

/* Sets `error` for a result code of SQLite and remembers what database_recover() needs. */
void database_fail(Database *database, int code, GError **error);
/* Opens the connection with the settings that hold for every file; nothing is written yet. */
int database_connect(Database *database);
/* Finishes the cached statements and closes. */
void database_disconnect(Database *database);
/* Settings that may write: only for a file that is known to be ours. */
gboolean database_settle(Database *database, GError **error);
/* Opens a connection that was lost. */
gboolean database_ensure(Database *database, GError **error);

/* The connection is about to be closed: the copy cannot be finished. */
void database_copy_end(DatabaseCopy *copy);

/* Finalizes the statement of a Query of the cache; a GHFunc. */
void query_forget(gpointer sql, gpointer query, gpointer user);

/* The file around the connection. */
gboolean database_file_lock(Database *database, GError **error);
/* Makes the file, readable by its owner only, when it is missing. */
gboolean database_file_make(Database *database, GError **error);
gboolean database_file_set_aside(Database *database, GError **error);
void database_file_suspect(Database *database);
bool database_file_is_suspect(const Database *database);
void database_file_trust(Database *database);
/* Copies the database to FILE.before-`version` and checks the copy. */
gboolean database_file_backup(Database *database, int version, GError **error);
/* SQLite's own check of the whole file; false: damaged. */
bool database_check(sqlite3 *handle);
/* Whose file it is and which schema it has, 0: a new one; nothing is changed. FALSE: not ours,
 * newer, or unreadable. */
gboolean database_identify(Database *database, bool *damaged, int *version, GError **error);
