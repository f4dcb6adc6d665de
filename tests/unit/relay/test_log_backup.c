/* Copies of a log that is in use. */
#include "relay/log_backup.h"
#include "relay/log_internal.h"
#include "tests/unit/relay/failing_vfs.h"
#include "tests/unit/relay/log_stage.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

static char *directory, *path;
static Author *ann;
static Log *source;

static void setup(void)
{
    g_autoptr(GError) error = NULL;

    failing_vfs_install();
    directory = scratch_new();
    path = g_build_filename(directory, "copy.db", NULL);
    ann = author_new(1);
    source = log_open(directory, scratch_place, &error);
    expect_ok(error);
}

static void teardown(void)
{
    log_close(source);
    author_free(ann);
    g_free(path);
    scratch_free(directory);
}

static void put_many(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *text = g_strdup_printf("message %u", (unsigned)ann->seq[0] + 1);
        g_autoptr(Event) event = author_says(ann, text);

        put(source, event);
    }
}

static LogBackup *begin(void)
{
    g_autoptr(GError) error = NULL;
    LogBackup *backup = log_backup_begin(source, path, &error);

    expect_ok(error);
    return backup;
}

static LogBackupStep step(LogBackup *backup)
{
    g_autoptr(GError) error = NULL;
    LogBackupStep result = log_backup_step(backup, 8, &error);

    ck_assert_int_eq(result == LOG_BACKUP_FAILED, error != NULL);
    return result;
}

static LogFacts settle(void)
{
    g_autoptr(GError) error = NULL;
    LogFacts facts = {0};

    ck_assert(log_backup_settle(path, &facts, &error));
    expect_ok(error);
    return facts;
}

static void expect_gone(void)
{
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
    put_many(1);
    commit(source);
}

START_TEST(copy_is_the_log_at_its_last_step)
{
    g_autoptr(GError) error = NULL;
    GStatBuf info;

    put_many(2000);
    commit(source);
    g_autoptr(LogBackup) backup = begin();
    unsigned steps = 0, waited = 0;

    for (LogBackupStep result = LOG_BACKUP_MORE; result != LOG_BACKUP_DONE; steps++) {
        put_many(3);
        waited += step(backup) == LOG_BACKUP_WAITS; /* a group is open */
        commit(source);
        result = step(backup);
    }
    ck_assert_uint_gt(steps, 10);
    ck_assert_uint_ge(waited, steps - 1);
    ck_assert(log_backup_progress(backup) >= 1.0);
    uint64_t head = log_head(source);

    put_many(3);
    commit(source);
    LogFacts facts = settle();

    ck_assert_uint_eq(facts.head, head);
    ck_assert_uint_eq(facts.events, head);
    ck_assert_uint_eq(facts.damaged, 0);
    ck_assert_int_eq(facts.version, log_version());
    ck_assert_mem_eq(facts.log, log_id(source), PLACE_SIZE);
    ck_assert_mem_eq(facts.place, scratch_place, PLACE_SIZE);
    ck_assert_int_eq(g_stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    g_autofree char *wal = g_strconcat(path, "-wal", NULL);

    ck_assert(!g_file_test(wal, G_FILE_TEST_EXISTS));
    g_autoptr(Log) copy = log_open_copy(path, &error);

    expect_ok(error);
    ck_assert_uint_eq(log_head(copy), head);
    LogHead ours = log_feed_head(copy, author_key(ann), ann->incarnation, LANE_PUBLIC);

    ck_assert_uint_eq(ours.held, head);
}
END_TEST

START_TEST(one_copy_at_a_time)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *other = g_build_filename(directory, "other.db", NULL);
    LogBackup *backup = begin();

    ck_assert_ptr_null(log_backup_begin(source, other, &error));
    ck_assert(g_error_matches(error, LOG_ERROR, LOG_ERROR_LOCKED));
    g_clear_error(&error);
    log_backup_free(backup);
    expect_gone();
    backup = begin();
    ck_assert_int_eq(step(backup), LOG_BACKUP_MORE);
    log_backup_free(backup);
    expect_gone();
    ck_assert(g_file_set_contents(path, "mine", 4, NULL));
    ck_assert_ptr_null(log_backup_begin(source, path, &error));
    g_clear_error(&error);
    ck_assert(g_file_test(path, G_FILE_TEST_EXISTS));
}
END_TEST

/* The disk fails while something is written: the log opens its file anew. */
START_TEST(copy_ends_with_the_connection)
{
    g_autoptr(GError) error = NULL;

    put_many(500);
    commit(source);
    g_autoptr(LogBackup) backup = begin();

    ck_assert_int_eq(step(backup), LOG_BACKUP_MORE);
    put_many(1);
    failing_vfs_set(DISK_FAILS_SYNC);
    ck_assert(!log_commit(source, &error));
    failing_vfs_set(DISK_SOUND);
    ck_assert_int_eq(step(backup), LOG_BACKUP_FAILED);
    g_clear_pointer(&backup, log_backup_free);
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
    backup = begin();
    while (step(backup) == LOG_BACKUP_MORE)
        continue;
    ck_assert_uint_ge(settle().head, 500);
}
END_TEST

START_TEST(copy_may_outlive_the_log)
{
    put_many(500);
    commit(source);
    LogBackup *backup = begin();

    ck_assert_int_eq(step(backup), LOG_BACKUP_MORE);
    g_clear_pointer(&source, log_close);
    ck_assert_int_eq(step(backup), LOG_BACKUP_FAILED);
    log_backup_free(backup);
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
}
END_TEST

/* What cannot be written says so, and harms nobody. */
START_TEST(full_or_failing_disk_ends_the_copy_only)
{
    static const DiskState states[] = {DISK_FULL, DISK_FAILS_WRITE};

    put_many(3000);
    commit(source);
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        g_autoptr(LogBackup) backup = begin();
        LogBackupStep result = step(backup);

        failing_vfs_set(states[i]);
        while (result == LOG_BACKUP_MORE)
            result = step(backup);
        failing_vfs_set(DISK_SOUND);
        ck_assert_int_eq(result, LOG_BACKUP_FAILED);
        g_clear_pointer(&backup, log_backup_free);
        expect_gone();
    }
}
END_TEST

static void flip(const char *sql)
{
    sqlite3 *handle;

    ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(handle));
    sqlite3_close(handle);
}

static LogError check_fails(void)
{
    g_autoptr(GError) error = NULL;
    LogFacts facts;

    ck_assert(!log_backup_check(path, &facts, &error));
    ck_assert(error->domain == LOG_ERROR);
    return (LogError)error->code;
}

START_TEST(damage_is_found)
{
    put_many(300);
    commit(source);
    g_autoptr(LogBackup) backup = begin();

    while (step(backup) == LOG_BACKUP_MORE)
        continue;
    settle();
    flip("UPDATE event SET body = zeroblob(length(body)) WHERE position IN (7, 9)");
    ck_assert_uint_eq(settle().damaged, 2);
    flip("PRAGMA user_version = 99");
    ck_assert_int_eq(check_fails(), LOG_ERROR_NEWER);
    flip("PRAGMA user_version = 1; PRAGMA application_id = 5");
    ck_assert_int_eq(check_fails(), LOG_ERROR_BROKEN);
    g_autofree char *ours = g_strdup_printf("PRAGMA application_id = %d", log_kind.application_id);

    flip(ours);
    ck_assert_int_eq(settle().version, 1);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(log_open_copy(path, &error)); /* not of today */
    g_clear_error(&error);
    FILE *file = fopen(path, "r+e");

    fseek(file, 5 * 4096, SEEK_SET);
    for (unsigned i = 0; i < 5 * 4096; i++)
        fputc(0xa5, file);
    fclose(file);
    ck_assert_int_eq(check_fails(), LOG_ERROR_BROKEN);
    ck_assert_int_eq(g_unlink(path), 0);
    check_fails();
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log backup");
    TCase *tests = tcase_create("log backup");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, copy_is_the_log_at_its_last_step);
    tcase_add_test(tests, one_copy_at_a_time);
    tcase_add_test(tests, copy_ends_with_the_connection);
    tcase_add_test(tests, copy_may_outlive_the_log);
    tcase_add_test(tests, full_or_failing_disk_ends_the_copy_only);
    tcase_add_test(tests, damage_is_found);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
