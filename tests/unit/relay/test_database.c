/* What holds for every SQLite file of ours, on a small kind with three schemas. */
#include "tests/unit/relay/failing_vfs.h"
#include "tests/unit/relay/log_stage.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *directory;

static void setup(void)
{
    directory = scratch_new();
}

static void teardown(void)
{
    scratch_free(directory);
}

static gboolean make_1(Database *database, GError **error)
{
    return database_run(database, "CREATE TABLE note (text TEXT) STRICT", error);
}

static gboolean make_2(Database *database, GError **error)
{
    return database_run(database,
                        "ALTER TABLE note ADD COLUMN size INTEGER NOT NULL DEFAULT 0;"
                        "UPDATE note SET size = length(text)",
                        error);
}

static gboolean make_3(Database *database, GError **error)
{
    return database_run(database, "CREATE INDEX note_size ON note (size)", error);
}

static gboolean make_3_badly(Database *database, GError **error)
{
    return database_run(database, "DELETE FROM note; CREATE INDEX x ON nothing (size)", error);
}

static const DatabaseMigration good[] = {make_1, make_2, make_3};
static const DatabaseMigration bad[] = {make_1, make_2, make_3_badly};

static Database *open_kind(int version, const DatabaseMigration *migrations, GError **error)
{
    static DatabaseKind kind;

    kind = (DatabaseKind){.file = "note.db",
                          .lock = "note.lock",
                          .locked = "Notes are open elsewhere",
                          .application_id = 0x12345678,
                          .migrations = migrations,
                          .version = version};
    return database_open(directory, &kind, error);
}

static Database *open_good(int version)
{
    g_autoptr(GError) error = NULL;
    Database *database = open_kind(version, good, &error);

    expect_ok(error);
    return database;
}

static void run(Database *database, const char *sql)
{
    g_autoptr(GError) error = NULL;

    database_run(database, sql, &error);
    expect_ok(error);
}

static int64_t ask(Database *database, const char *sql)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Query) query = database_query(database, sql, &error);
    bool row = false;

    expect_ok(error);
    query_step(query, &row, &error);
    expect_ok(error);
    return row ? query_int(query, 0) : -1;
}

static char *path_of(const char *name)
{
    return g_build_filename(directory, name, NULL);
}

static bool exists(const char *name)
{
    g_autofree char *path = path_of(name);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void expect_error(const GError *error, DatabaseError code, const char *part)
{
    ck_assert_ptr_nonnull(error);
    ck_assert(g_error_matches(error, DATABASE_ERROR, code));
    ck_assert_msg(strstr(error->message, part), "%s", error->message);
}

START_TEST(settings_are_the_safe_ones)
{
    g_autoptr(Database) database = open_good(3);
    g_autofree char *path = path_of("note.db");
    struct stat info;

    ck_assert_int_eq(ask(database, "PRAGMA synchronous"), 2);
    ck_assert_int_eq(ask(database, "PRAGMA foreign_keys"), 1);
    ck_assert_int_eq(ask(database, "PRAGMA trusted_schema"), 0);
    ck_assert_int_eq(ask(database, "PRAGMA cell_size_check"), 1);
    ck_assert_int_eq(ask(database, "PRAGMA user_version"), 3);
    ck_assert_int_eq(ask(database, "PRAGMA application_id"), 0x12345678);
    ck_assert_int_eq(ask(database, "SELECT 'wal' = (SELECT journal_mode FROM pragma_journal_mode)"),
                     1);
    ck_assert(!exists("note.db-shm"));
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0600);
}
END_TEST

START_TEST(older_file_is_copied_then_migrated)
{
    Database *old = open_good(1);

    run(old, "INSERT INTO note VALUES ('hello')");
    database_close(old);
    g_autoptr(Database) database = open_good(3);

    ck_assert_int_eq(ask(database, "SELECT size FROM note"), 5);
    ck_assert_int_eq(ask(database, "PRAGMA user_version"), 3);
    ck_assert_ptr_null(database_damaged(database));
    ck_assert(exists("note.db.before-3"));
    ck_assert(!exists("note.db.before-3.part"));

    /* The copy is the older file. */
    g_autofree char *copy = path_of("note.db.before-3");
    sqlite3 *handle;
    sqlite3_stmt *statement;

    ck_assert_int_eq(sqlite3_open_v2(copy, &handle, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    sqlite3_prepare_v2(handle,
                       "SELECT text, (SELECT user_version FROM pragma_user_version) "
                       "FROM note",
                       -1, &statement, NULL);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(statement, 0), "hello");
    ck_assert_int_eq(sqlite3_column_int(statement, 1), 1);
    sqlite3_finalize(statement);
    sqlite3_close(handle);
}
END_TEST

START_TEST(failed_migration_leaves_the_last_good_form)
{
    g_autoptr(GError) error = NULL;
    Database *old = open_good(1);

    run(old, "INSERT INTO note VALUES ('hello')");
    database_close(old);
    ck_assert_ptr_null(open_kind(3, bad, &error));
    expect_error(error, DATABASE_ERROR_BROKEN, "to form 3 failed");
    g_autoptr(Database) database = open_good(2);

    ck_assert_int_eq(ask(database, "SELECT count(*) FROM note"), 1);
}
END_TEST

static char *contents(const char *name)
{
    g_autofree char *path = path_of(name);
    char *bytes = NULL;
    gsize length = 0;

    ck_assert(g_file_get_contents(path, &bytes, &length, NULL));
    char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, length);

    g_free(bytes);
    return sum;
}

START_TEST(newer_file_is_refused_and_untouched)
{
    g_autoptr(GError) error = NULL;

    database_close(open_good(3));
    g_autofree char *before = contents("note.db");

    ck_assert_ptr_null(open_kind(2, good, &error));
    expect_error(error, DATABASE_ERROR_NEWER, "newer version");
    g_autofree char *after = contents("note.db");

    ck_assert_str_eq(before, after);
    ck_assert(!exists("note.db.damaged-1"));
}
END_TEST

START_TEST(foreign_file_is_left_alone)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = path_of("note.db");
    sqlite3 *handle;

    sqlite3_open(path, &handle);
    sqlite3_exec(handle, "CREATE TABLE precious (x)", NULL, NULL, NULL);
    sqlite3_close(handle);
    g_autofree char *before = contents("note.db");

    ck_assert_ptr_null(open_kind(3, good, &error));
    expect_error(error, DATABASE_ERROR_BROKEN, "not a file of Backfence");
    g_autofree char *after = contents("note.db");

    ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(second_opener_is_refused)
{
    g_autoptr(GError) error = NULL;
    Database *first = open_good(3);

    ck_assert_ptr_null(open_kind(3, good, &error));
    expect_error(error, DATABASE_ERROR_LOCKED, "Notes are open elsewhere");
    database_close(first);
    database_close(open_good(3));
}
END_TEST

static void overwrite(const char *name, off_t offset, size_t length)
{
    g_autofree char *path = path_of(name);
    g_autofree char *junk = g_malloc(length);
    int fd = open(path, O_WRONLY);

    memset(junk, 0x5a, length);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, junk, length, offset), (ssize_t)length);
    close(fd);
}

static void fill(Database *database, unsigned rows)
{
    g_autofree char *sql = g_strdup_printf(
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < %u) "
        "INSERT INTO note (text, size) SELECT hex(randomblob(200)), i FROM n",
        rows);

    run(database, sql);
}

START_TEST(damaged_file_is_set_aside_and_begun_anew)
{
    /* Header, a table's page, an inner page, the whole file. */
    static const struct {
        off_t offset;
        size_t length;
    } damages[] = {{0, 100}, {4096, 64}, {3 * 4096, 4096}, {0, 200000}};

    for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
        Database *database = open_good(3);
        g_autofree char *aside = g_strdup_printf("note.db.damaged-%d", (int)i + 1);

        fill(database, 1000);
        database_close(database);
        overwrite("note.db", damages[i].offset, damages[i].length);
        database = open_good(3);
        ck_assert_ptr_nonnull(database_damaged(database));
        ck_assert(g_str_has_suffix(database_damaged(database), aside));
        ck_assert(exists(aside));
        ck_assert_int_eq(ask(database, "SELECT count(*) FROM note"), 0);
        database_close(database);
    }
    g_autoptr(Database) sound = open_good(3);

    ck_assert_ptr_null(database_damaged(sound));
}
END_TEST

START_TEST(damage_met_while_running_is_found_at_the_next_opening)
{
    g_autoptr(GError) error = NULL;
    Database *database = open_good(3);

    /* Larger than what is checked each time. */
    fill(database, 60000);
    database_close(database);
    overwrite("note.db", 2000 * 4096, 4096 * 16);
    database = open_good(3);
    ck_assert_ptr_null(database_damaged(database));
    {
        g_autoptr(Query) query =
            database_query(database, "SELECT sum(length(text)) FROM note", &error);
        bool row;

        ck_assert(!query_step(query, &row, &error));
    }
    expect_error(error, DATABASE_ERROR_BROKEN, "malformed");
    ck_assert(exists("note.db.suspect"));
    database_close(database);
    database = open_good(3);
    ck_assert_ptr_nonnull(database_damaged(database));
    ck_assert(!exists("note.db.suspect"));
    database_close(database);
}
END_TEST

static gboolean insert(Database *database, GError **error)
{
    gboolean done = database_begin(database, error) &&
                    database_run(database, "INSERT INTO note (text) VALUES ('more')", error) &&
                    database_commit(database, error);

    if (!done)
        database_recover(database);
    return done;
}

typedef struct {
    DiskState disk;
    DatabaseError error;
} DiskCase;

static const DiskCase disk_cases[] = {
    {DISK_FULL, DATABASE_ERROR_FULL},
    {DISK_FAILS_WRITE, DATABASE_ERROR_IO},
    {DISK_FAILS_SYNC, DATABASE_ERROR_IO},
    {DISK_DEAD, DATABASE_ERROR_IO},
};

START_TEST(failing_disk_is_told_and_survived)
{
    g_autoptr(GError) error = NULL;

    failing_vfs_install();
    g_autoptr(Database) database = open_good(3);

    ck_assert(insert(database, &error));
    failing_vfs_set(disk_cases[_i].disk);
    ck_assert(!insert(database, &error));
    ck_assert_int_eq(error->code, (int)disk_cases[_i].error);
    g_clear_error(&error);
    ck_assert(!database_in_transaction(database));
    if (disk_cases[_i].disk == DISK_FULL)
        ck_assert_int_eq(ask(database, "SELECT count(*) FROM note"), 1);
    failing_vfs_set(DISK_SOUND);
    ck_assert(insert(database, &error));
    ck_assert_int_ge(ask(database, "SELECT count(*) FROM note"), 2);
}
END_TEST

START_TEST(changes_given_up_are_not_said_to_be_committed)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Database) database = open_good(3);

    ck_assert(database_begin(database, &error));
    run(database, "INSERT INTO note (text) VALUES ('lost')");
    run(database, "ROLLBACK"); /* as SQLite does by itself after some errors */
    ck_assert(!database_commit(database, &error));
    expect_error(error, DATABASE_ERROR_IO, "given up");
    ck_assert(insert(database, NULL));
    ck_assert_int_eq(ask(database, "SELECT count(*) FROM note"), 1);
}
END_TEST

START_TEST(full_limit_is_told_and_lifted)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Database) database = open_good(3);

    database_set_size_limit(database, 64 * 1024);
    ck_assert(
        !database_run(database, "INSERT INTO note (text) SELECT hex(randomblob(100000))", &error));
    expect_error(error, DATABASE_ERROR_FULL, "no room");
    database_recover(database);
    database_set_size_limit(database, 0);
    run(database, "INSERT INTO note (text) SELECT hex(randomblob(100000))");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("database");
    TCase *tests = tcase_create("database");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, settings_are_the_safe_ones);
    tcase_add_test(tests, older_file_is_copied_then_migrated);
    tcase_add_test(tests, failed_migration_leaves_the_last_good_form);
    tcase_add_test(tests, newer_file_is_refused_and_untouched);
    tcase_add_test(tests, foreign_file_is_left_alone);
    tcase_add_test(tests, second_opener_is_refused);
    tcase_add_test(tests, damaged_file_is_set_aside_and_begun_anew);
    tcase_add_test(tests, damage_met_while_running_is_found_at_the_next_opening);
    tcase_add_loop_test(tests, failing_disk_is_told_and_survived, 0, G_N_ELEMENTS(disk_cases));
    tcase_add_test(tests, changes_given_up_are_not_said_to_be_committed);
    tcase_add_test(tests, full_limit_is_told_and_lifted);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
