#pragma once
/* One SQLite file of ours: opened with the safe settings, locked against a second process, brought
 * to the newest schema, set aside when it is damaged. Statements are prepared once and cached.
 *
 * The file is in WAL mode with synchronous=FULL and an exclusive lock: one connection reads and
 * writes, no other process looks in, and there is no shared-memory file. One thread. */

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    DATABASE_ERROR_NEWER,  /* written by a newer version: nothing was touched */
    DATABASE_ERROR_FULL,   /* no room on the disk; reading goes on */
    DATABASE_ERROR_IO,     /* the disk failed: the outcome of the open transaction is unknown */
    DATABASE_ERROR_LOCKED, /* another process has it */
    DATABASE_ERROR_BROKEN, /* cannot be opened, is not ours, or was found damaged while running */
} DatabaseError;
#define DATABASE_ERROR (database_error_quark())
GQuark database_error_quark(void);

typedef struct Database Database;

/* Runs inside a transaction of its own; user_version is set there too. */
typedef gboolean (*DatabaseMigration)(Database *database, GError **error);

typedef struct {
    const char *file;                    /* name in the directory */
    const char *lock;                    /* name of the lock file there */
    const char *locked;                  /* for a person, when another process has the lock */
    int32_t application_id;              /* of the file; a file with another one is left alone */
    const DatabaseMigration *migrations; /* [n] brings schema n to n + 1; [0] makes a new file */
    int version;                         /* their number: the schema of this program */
} DatabaseKind;

/* Makes `directory` (mode 0700) when it is missing; NULL: in memory. A file that SQLite calls
 * damaged is renamed to FILE.damaged-N with its WAL, never deleted, and a new one begun. Small
 * files are checked whole each time; large ones only when the last run met damage. Before an older
 * file is migrated it is copied to FILE.before-N (N the new schema) and the copy checked. */
Database *database_open(const char *directory, const DatabaseKind *kind, GError **error);
/* Rolls back an open transaction. */
void database_close(Database *database);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Database, database_close)

/* Takes the lock of a directory that is there, as database_open() does: a descriptor whose closing
 * gives it back, or -1 with an error. */
int database_lock(const char *directory, const DatabaseKind *kind, GError **error);
/* Opens one file that nobody writes (a copy), for reading only and without a lock; of an older
 * schema as it is: `version` receives it. Never sets anything aside. */
Database *database_open_copy(const char *path, const DatabaseKind *kind, int *version,
                             GError **error);
/* Makes a copy that database_copy_step() wrote one plain file (no WAL beside it), on the disk. */
gboolean database_settle_copy(const char *path, GError **error);
/* SQLite's own check of the whole file (not of what is in the values); false: damaged, or it could
 * not be read. */
bool database_is_sound(Database *database);

/* Path of the file set aside at opening, or NULL. */
const char *database_damaged(const Database *database);
/* Largest size of the file in bytes, 0: none. Stays across reopening. */
void database_set_size_limit(Database *database, uint64_t bytes);

/* Statements without parameters; several may follow each other. */
gboolean database_run(Database *database, const char *sql, GError **error);

/* Opens the transaction unless one is open. */
gboolean database_begin(Database *database, GError **error);
/* TRUE at once when no transaction is open. On failure nothing of the transaction is there, unless
 * DATABASE_ERROR_IO: see database_recover(). */
gboolean database_commit(Database *database, GError **error);
bool database_in_transaction(const Database *database);
/* Whether the transactions to come are on the disk when committed (the default), or only atomic: a
 * power cut may take the newest back. Not inside a transaction. */
void database_set_durable(Database *database, bool durable);
/* After any failed write: rolls back; after an I/O error closes the connection and opens it again
 * (at once, or else with the next use), since its state is unknown. Queries in use can only be
 * released after that. */
void database_recover(Database *database);

/* A cached statement in use; released (reset) by the autoptr. */
typedef struct Query Query;
/* `sql` must be a string constant: it is the key of the cache. A query must not be taken again
 * before it is released. */
Query *database_query(Database *database, const char *sql, GError **error);
void query_release(Query *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Query, query_release)

/* Parameters count from 1, columns from 0. Blobs are borrowed until the release. */
void query_bind(Query *query, int index, int64_t value);
void query_bind_blob(Query *query, int index, const void *bytes, size_t length);
void query_bind_bytes(Query *query, int index, GBytes *bytes); /* NULL binds NULL */
void query_bind_text(Query *query, int index, const char *text);
/* Goes to the next row; `row` false: there is none. */
gboolean query_step(Query *query, bool *row, GError **error);
/* For statements that return no rows. */
gboolean query_finish(Query *query, GError **error);
int64_t query_int(Query *query, int column);
/* NULL when the column is NULL; else transfer full. */
GBytes *query_bytes(Query *query, int column);
char *query_text(Query *query, int column);
/* Copies `length` bytes; FALSE and DATABASE_ERROR_BROKEN when the column has another size. */
gboolean query_copy(Query *query, int column, void *out, size_t length, GError **error);

/* A copy of the file as it is when the last step is done, made in steps between which the database
 * is used as always: SQLite's online backup, which also passes on what is written meanwhile. One at
 * a time. */
typedef struct DatabaseCopy DatabaseCopy;
typedef enum {
    DATABASE_COPY_MORE,
    DATABASE_COPY_BUSY, /* a transaction is open: again after it */
    DATABASE_COPY_DONE,
    DATABASE_COPY_FAILED,
} DatabaseCopyStep;
/* `path` must not exist; it is made with mode 0600. */
DatabaseCopy *database_copy_begin(Database *database, const char *path, GError **error);
/* At most `pages` pages of 4 KiB; -1: all. */
DatabaseCopyStep database_copy_step(DatabaseCopy *copy, int pages, GError **error);
/* Pages in all and still to be copied, as of the last step. */
void database_copy_progress(const DatabaseCopy *copy, uint64_t *all, uint64_t *left);
/* Removes the file unless the copy was done. May outlive the database. */
void database_copy_free(DatabaseCopy *copy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DatabaseCopy, database_copy_free)
