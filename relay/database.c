#include "relay/database_internal.h"

#include <glib/gstdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Files up to this size are checked whole at each opening, which takes well under 0.1 s. */
#define CHECK_ALWAYS_BYTES (16 * 1024 * 1024)
/* On a full disk the WAL is written back no more often than this: each time it may be all of it. */
#define ROOM_PAUSE_US G_USEC_PER_SEC

G_DEFINE_QUARK(backfence - database - error - quark, database_error)

static DatabaseError error_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return DATABASE_ERROR_FULL;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return DATABASE_ERROR_IO;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return DATABASE_ERROR_LOCKED;
    default:
        return DATABASE_ERROR_BROKEN;
    }
}

static bool is_damage(int code)
{
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

void database_fail(Database *database, int code, GError **error)
{
    DatabaseError kind = error_of(code);

    if (kind == DATABASE_ERROR_IO)
        database->lost = true;
    database->full = database->full || kind == DATABASE_ERROR_FULL;
    if (is_damage(code))
        database_file_suspect(database);
    if (kind == DATABASE_ERROR_FULL)
        g_set_error(error, DATABASE_ERROR, kind, "There is no room on the disk for %s",
                    database->path);
    else
        g_set_error(error, DATABASE_ERROR, kind, "%s: %s", database->path,
                    database->handle ? sqlite3_errmsg(database->handle) : sqlite3_errstr(code));
}

int database_connect(Database *database)
{
    bool is_copy = database->copy_uri != NULL;
    int flags = is_copy ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
                        : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int code = sqlite3_open_v2(is_copy ? database->copy_uri : database->path, &database->handle,
                               flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (code != SQLITE_OK)
        return code;
    sqlite3_extended_result_codes(database->handle, 1);
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    /* A file that turns out not to be ours stays as it is, its WAL too. */
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return sqlite3_exec(database->handle,
                        "PRAGMA locking_mode = EXCLUSIVE;"
                        "PRAGMA cell_size_check = ON;"
                        "PRAGMA trusted_schema = OFF;"
                        "PRAGMA foreign_keys = ON;"
                        "PRAGMA mmap_size = 0;"
                        "PRAGMA temp_store = MEMORY;"
                        "PRAGMA cache_size = -8192;",
                        NULL, NULL, NULL);
}

void database_disconnect(Database *database)
{
    if (database->copy)
        database_copy_end(database->copy);
    g_hash_table_foreach(database->queries, query_forget, NULL);
    sqlite3_close(database->handle);
    database->handle = NULL;
}

static void apply_size_limit(Database *database)
{
    uint64_t pages = database->size_limit ? MAX(database->size_limit / 4096, 1) : 0xfffffffe;
    g_autofree char *sql =
        g_strdup_printf("PRAGMA max_page_count = %" G_GUINT64_FORMAT, MIN(pages, 0xfffffffe));

    if (database->handle)
        sqlite3_exec(database->handle, sql, NULL, NULL, NULL);
}

/* What was committed is written back when the WAL has so many pages: 8 MiB, and less on a small
 * disk, which the WAL alone could fill, and then nothing could be written back. */
static int checkpoint_pages(const Database *database)
{
    struct statvfs disk;
    uint64_t bytes = UINT64_MAX;

    if (database->directory && statvfs(database->directory, &disk) == 0)
        bytes = (uint64_t)disk.f_blocks * disk.f_frsize;
    return (int)CLAMP(bytes / 16 / 4096, 64, 2000);
}

gboolean database_settle(Database *database, GError **error)
{
    if (database->copy_uri)
        return TRUE;
    if (sqlite3_db_readonly(database->handle, "main") == 1) {
        g_set_error(error, DATABASE_ERROR, DATABASE_ERROR_IO, "%s cannot be written",
                    database->path);
        return FALSE;
    }
    int code = sqlite3_exec(database->handle,
                            "PRAGMA journal_mode = WAL;"
                            "PRAGMA journal_size_limit = 67108864;",
                            NULL, NULL, NULL);

    if (code != SQLITE_OK) {
        database_fail(database, code, error);
        return FALSE;
    }
    sqlite3_wal_autocheckpoint(database->handle, checkpoint_pages(database));
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    apply_size_limit(database);
    sqlite3_exec(database->handle,
                 database->durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
                 NULL, NULL, NULL);
    return TRUE;
}

gboolean database_ensure(Database *database, GError **error)
{
    if (database->handle && !database->lost)
        return TRUE;
    if (database->handle)
        database_disconnect(database);
    int code = database_connect(database);

    if (code == SQLITE_OK && database_settle(database, error)) {
        database->lost = false;
        return TRUE;
    }
    if (code != SQLITE_OK)
        database_fail(database, code, error);
    database_disconnect(database);
    return FALSE;
}

/* One integer of one row; `code` receives SQLITE_ROW when there was one. */
static int64_t ask(Database *database, const char *sql, int *code)
{
    sqlite3_stmt *statement = NULL;
    int64_t value = 0;

    *code = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
    if (*code == SQLITE_OK) {
        *code = sqlite3_step(statement);
        value = *code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    }
    sqlite3_finalize(statement);
    return value;
}

static bool must_check(const Database *database)
{
    GStatBuf info;

    if (!database->directory)
        return false;
    return database_file_is_suspect(database) || g_stat(database->path, &info) != 0 ||
           info.st_size <= CHECK_ALWAYS_BYTES;
}

gboolean database_identify(Database *database, bool *damaged, int *version, GError **error)
{
    int codes[3] = {SQLITE_OK, SQLITE_OK, SQLITE_OK};
    int64_t application = ask(database, "PRAGMA application_id", &codes[0]);
    int64_t schema = ask(database, "PRAGMA user_version", &codes[1]);
    int64_t tables = ask(database, "SELECT count(*) FROM sqlite_schema", &codes[2]);

    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (codes[i] == SQLITE_ROW)
            continue;
        *damaged = is_damage(codes[i]);
        if (!*damaged)
            database_fail(database, codes[i], error);
        return *damaged;
    }
    bool empty = application == 0 && schema == 0 && tables == 0;

    if (!empty && application != database->kind->application_id) {
        g_set_error(error, DATABASE_ERROR, DATABASE_ERROR_BROKEN,
                    "%s is not a file of Backfence; it was left alone", database->path);
        return FALSE;
    }
    if (schema > database->kind->version) {
        g_set_error(error, DATABASE_ERROR, DATABASE_ERROR_NEWER,
                    "%s was written by a newer version of Backfence (form %d, this one knows %d); "
                    "it was left alone",
                    database->path, (int)schema, database->kind->version);
        return FALSE;
    }
    *version = (int)schema;
    return TRUE;
}

static gboolean migrate_one(Database *database, int version, GError **error)
{
    g_autofree char *sql = g_strdup_printf("PRAGMA application_id = %d; PRAGMA user_version = %d",
                                           database->kind->application_id, version + 1);

    return database_begin(database, error) &&
           database->kind->migrations[version](database, error) &&
           database_run(database, sql, error) && database_commit(database, error);
}

static gboolean migrate(Database *database, int version, GError **error)
{
    bool backup = version > 0 && version < database->kind->version && database->directory;

    if (backup && !database_file_backup(database, database->kind->version, error))
        return FALSE;
    for (; version < database->kind->version; version++) {
        if (!migrate_one(database, version, error)) {
            database_recover(database);
            g_prefix_error(error, "Bringing the data to form %d failed: ", version + 1);
            return FALSE;
        }
    }
    return TRUE;
}

/* Opens the file as far as it is ours, sound and known. */
static gboolean open_file(Database *database, bool *damaged, int *version, GError **error)
{
    if (database->directory && !database_file_make(database, error))
        return FALSE;
    int code = database_connect(database);

    *damaged = is_damage(code);
    if (code == SQLITE_OK) {
        if (!database_identify(database, damaged, version, error))
            return FALSE;
        *damaged = *damaged || (must_check(database) && !database_check(database->handle));
        return TRUE;
    }
    if (!*damaged)
        database_fail(database, code, error);
    return *damaged;
}

static gboolean open_database(Database *database, GError **error)
{
    bool damaged = false;
    int version = 0;

    if (database->directory && !database_file_lock(database, error))
        return FALSE;
    if (!open_file(database, &damaged, &version, error))
        return FALSE;
    if (damaged) {
        database_disconnect(database);
        if (!database_file_set_aside(database, error) ||
            !open_file(database, &damaged, &version, error))
            return FALSE;
    } else if (database->directory) {
        database_file_trust(database);
    }
    return database_settle(database, error) && migrate(database, version, error);
}

Database *database_open(const char *directory, const DatabaseKind *kind, GError **error)
{
    g_autoptr(Database) database = g_new0(Database, 1);

    database->kind = kind;
    database->lock = -1;
    database->durable = true;
    database->directory = g_strdup(directory);
    database->path =
        directory ? g_build_filename(directory, kind->file, NULL) : g_strdup(":memory:");
    database->queries = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    if (!open_database(database, error))
        return NULL;
    return g_steal_pointer(&database);
}

void database_close(Database *database)
{
    if (!database)
        return;
    database_disconnect(database);
    g_hash_table_unref(database->queries);
    if (database->lock >= 0)
        close(database->lock);
    g_free(database->directory);
    g_free(database->path);
    g_free(database->copy_uri);
    g_free(database->damaged);
    g_free(database);
}

const char *database_damaged(const Database *database)
{
    return database->damaged;
}

void database_set_size_limit(Database *database, uint64_t bytes)
{
    database->size_limit = bytes;
    apply_size_limit(database);
}

void database_set_durable(Database *database, bool durable)
{
    if (database->durable == durable || database_in_transaction(database))
        return;
    database->durable = durable;
    if (database->handle)
        sqlite3_exec(database->handle,
                     durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", NULL,
                     NULL, NULL);
}

gboolean database_run(Database *database, const char *sql, GError **error)
{
    if (!database_ensure(database, error))
        return FALSE;
    int code = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);

    if (code != SQLITE_OK)
        database_fail(database, code, error);
    return code == SQLITE_OK;
}

bool database_in_transaction(const Database *database)
{
    return database->handle && !sqlite3_get_autocommit(database->handle);
}

gboolean database_begin(Database *database, GError **error)
{
    if (database->begun && (database->lost || !database_in_transaction(database))) {
        g_set_error(error, DATABASE_ERROR, DATABASE_ERROR_IO, "%s: the changes were given up",
                    database->path);
        return FALSE;
    }
    if (database->begun)
        return TRUE;
    g_autoptr(Query) query = database_query(database, "BEGIN IMMEDIATE", error);

    database->begun = query && query_finish(query, error);
    return database->begun;
}

/* SQLite gives some transactions up by itself, and so does reopening. */
static gboolean commit_open(Database *database, GError **error)
{
    if (!database_in_transaction(database)) {
        g_set_error(error, DATABASE_ERROR, DATABASE_ERROR_IO, "%s: the changes were given up",
                    database->path);
        return FALSE;
    }
    g_autoptr(Query) query = database_query(database, "COMMIT", error);

    return query && query_finish(query, error);
}

gboolean database_commit(Database *database, GError **error)
{
    if (!database->begun)
        return TRUE;
    if (!commit_open(database, error)) {
        database_recover(database);
        return FALSE;
    }
    database->begun = false;
    return TRUE;
}

/* The WAL may be what fills the disk, and is emptied by itself only after enough was committed. */
static void make_room(Database *database)
{
    int64_t now_us = g_get_monotonic_time();

    database->full = false;
    if (!database->handle || (database->room_us > 0 && now_us < database->room_us + ROOM_PAUSE_US))
        return;
    database->room_us = now_us;
    sqlite3_wal_checkpoint_v2(database->handle, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

void database_recover(Database *database)
{
    database->begun = false;
    if (database_in_transaction(database))
        sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    if (database->lost)
        database_ensure(database, NULL);
    if (database->full)
        make_room(database);
}
