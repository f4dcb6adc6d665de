/* What is committed stays, whatever happens to the process, the disk or the file. */
#include "relay/log_internal.h"
#include "tests/unit/child.h"
#include "tests/unit/relay/failing_vfs.h"
#include "tests/unit/relay/log_stage.h"

#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static char *directory;
static Author *ann;

static void setup(void)
{
    directory = scratch_new();
    ann = author_new(1);
}

static void teardown(void)
{
    scratch_free(directory);
    author_free(ann);
}

static Log *open_log(void)
{
    g_autoptr(GError) error = NULL;
    Log *log = log_open(directory, scratch_place, &error);

    expect_ok(error);
    return log;
}

static void put_many(Log *log, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *text = g_strdup_printf("message %u", (unsigned)ann->seq[0] + 1);
        g_autoptr(Event) event = author_says(ann, text);

        put(log, event);
    }
}

/* The log holds messages 1 to its head, whole and signed. */
static void expect_whole(Log *log)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) damaged = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    uint64_t covered = 1, after = 0;
    g_autoptr(GArray) all = log_page(log, NULL, 0, 0, UINT32_MAX, SIZE_MAX, &covered, &error);

    expect_ok(error);
    ck_assert(covered == 0 || log_head(log) > 4096);
    uint8_t sum[SUM_SIZE] = {0};

    for (guint i = 0; i < all->len; i++) {
        ck_assert_uint_eq(event_seq(entry_at(all, i)->event), entry_at(all, i)->position);
        log_sum_add(sum, event_hash(entry_at(all, i)->event));
    }
    ck_assert(log_scrub(log, &after, UINT32_MAX, damaged, &error));
    ck_assert_uint_eq(after, log_head(log));
    ck_assert_uint_eq(damaged->len, 0);
    LogHead head = log_feed_head(log, author_key(ann), ann->incarnation, LANE_PUBLIC);

    ck_assert_uint_eq(head.seq, log_head(log));
    ck_assert_uint_eq(head.held, log_head(log));
    if (all->len == log_head(log))
        ck_assert_mem_eq(head.sum, sum, SUM_SIZE);
}

START_TEST(reopened_log_is_the_same)
{
    Log *log = open_log();
    uint8_t id[PLACE_SIZE];

    memcpy(id, log_id(log), PLACE_SIZE);
    put_many(log, 10);
    commit(log);
    put_many(log, 5); /* rolled back by closing */
    log_close(log);
    log = open_log();
    ck_assert_mem_eq(log_id(log), id, PLACE_SIZE);
    ck_assert_mem_eq(log_place(log), scratch_place, PLACE_SIZE);
    ck_assert_uint_eq(log_head(log), 10);
    ck_assert_int_eq(log_newest_time_ms(log), 10000);
    expect_whole(log);
    log_close(log);

    /* The place of an existing log wins, and need not be known. */
    const uint8_t elsewhere[PLACE_SIZE] = {99};

    log = log_open(directory, elsewhere, NULL);
    ck_assert_mem_eq(log_place(log), scratch_place, PLACE_SIZE);
    log_close(log);
    log = log_open(directory, NULL, NULL);
    ck_assert_mem_eq(log_place(log), scratch_place, PLACE_SIZE);
    log_close(log);
}
END_TEST

START_TEST(unknown_place_needs_an_existing_log)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(log_open(directory, NULL, &error));
    ck_assert(g_error_matches(error, LOG_ERROR, LOG_ERROR_BROKEN));
    log_close(open_log());
}
END_TEST

START_TEST(second_log_on_a_directory_is_refused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Log) log = open_log();

    ck_assert_ptr_null(log_open(directory, log_place(log), &error));
    ck_assert(g_error_matches(error, LOG_ERROR, LOG_ERROR_LOCKED));
}
END_TEST

/* Appends groups for ever and tells the head after each commit. */
static void write_until_killed(int out)
{
    child_say_nothing();
    Log *log = open_log();

    ann->seq[LANE_PUBLIC] = log_head(log);
    if (log_head(log) > 0)
        memcpy(ann->hash[LANE_PUBLIC],
               log_feed_head(log, author_key(ann), ann->incarnation, LANE_PUBLIC).hash, HASH_SIZE);
    for (;;) {
        put_many(log, 7);
        commit(log);
        uint64_t head = log_head(log);

        if (write(out, &head, sizeof head) != sizeof head)
            _exit(1);
    }
}

START_TEST(killed_process_loses_nothing_committed)
{
    uint64_t told = 0;

    for (unsigned round = 0; round < 8; round++) {
        int ends[2];

        ck_assert_int_eq(pipe(ends), 0);
        pid_t child = fork();

        if (child == 0)
            write_until_killed(ends[1]);
        ck_assert_int_gt(child, 0);
        close(ends[1]);
        for (unsigned i = 0; i < 5 + 9 * round; i++)
            ck_assert_int_eq(read(ends[0], &told, sizeof told), sizeof told);
        kill(child, SIGKILL);
        while (read(ends[0], &told, sizeof told) == sizeof told)
            continue;
        close(ends[0]);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        g_autoptr(Log) log = open_log();

        ck_assert_ptr_null(log_damaged(log));
        ck_assert_uint_ge(log_head(log), told);
        ck_assert_uint_eq(log_head(log) % 7, 0);
        expect_whole(log);
    }
}
END_TEST

static void expect_group_lost(Log *log, LogError code)
{
    g_autoptr(GError) error = NULL;
    uint64_t position;
    Author before = *ann;
    gboolean done = TRUE;

    for (unsigned i = 0; i < 6000 && done; i++) {
        g_autoptr(Event) event = author_says(ann, "a text that takes some room on the disk");

        done = log_append(log, event, LOG_RULE_STRICT, 0, NULL, 0, NULL, &position, &error) !=
               LOG_FAILED;
    }
    ck_assert(!done || !log_commit(log, &error));
    ck_assert_msg(g_error_matches(error, LOG_ERROR, (int)code), "%s", error->message);
    ck_assert_uint_eq(log_pending(log), 0);
    ck_assert(!log_changed(log));
    *ann = before;
}

START_TEST(full_log_stays_readable_and_recovers)
{
    g_autoptr(Log) log = open_log();

    put_many(log, 100);
    commit(log);
    for (unsigned round = 0; round < 3; round++) {
        log_set_size_limit(log, 160 * 1024);
        expect_group_lost(log, LOG_ERROR_FULL);
        expect_whole(log);
        log_set_size_limit(log, 0);
        put_many(log, 100);
        commit(log);
        ck_assert_uint_eq(log_head(log), 100 * (round + 2));
        expect_whole(log);
    }
}
END_TEST

static void remove_file(const char *path)
{
    ck_assert_int_eq(g_unlink(path), 0);
}

START_TEST(full_disk_is_survived)
{
    /* In a mount namespace of this process, so that nothing stays behind; only root may. */
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("backfence-test", directory, "tmpfs", 0, "size=2m,mode=0700") != 0)
        return;
    g_autofree char *ballast = g_build_filename(directory, "ballast", NULL);
    g_autofree char *junk = g_malloc0(1024 * 1024);
    Log *log = open_log();

    put_many(log, 100);
    commit(log);
    ck_assert(g_file_set_contents(ballast, junk, 1024 * 1024, NULL));
    expect_group_lost(log, LOG_ERROR_FULL);
    expect_whole(log);
    remove_file(ballast);
    put_many(log, 100);
    commit(log);
    expect_whole(log);

    /* Opening and reading with a disk that is full to the last byte. */
    FILE *file = fopen(ballast, "we");

    while (fwrite(junk, 1, 4096, file) == 4096)
        continue;
    fclose(file);
    log_close(log);
    log = open_log();
    expect_whole(log);
    ck_assert_uint_eq(log_head(log), 200);
    log_close(log);
    ck_assert_int_eq(umount(directory), 0);
}
END_TEST

START_TEST(failing_disk_reopens_the_log)
{
    static const DiskState states[] = {DISK_FAILS_SYNC, DISK_FAILS_WRITE, DISK_DEAD};

    failing_vfs_install();
    g_autoptr(Log) log = open_log();

    put_many(log, 10);
    commit(log);
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        failing_vfs_set(states[i]);
        expect_group_lost(log, LOG_ERROR_IO);
        failing_vfs_set(DISK_SOUND);

        /* Whether the group is there is not known: the heads tell. */
        LogHead head = log_feed_head(log, author_key(ann), ann->incarnation, LANE_PUBLIC);

        ann->seq[LANE_PUBLIC] = head.seq;
        memcpy(ann->hash[LANE_PUBLIC], head.hash, HASH_SIZE);
        put_many(log, 1);
        commit(log);
        ck_assert_uint_eq(log_head(log), head.seq + 1);
        expect_whole(log);
    }
}
END_TEST

/* A read that fails ends the transaction: what comes next must not be written without one. */
START_TEST(failed_read_loses_the_group)
{
    g_autoptr(GError) error = NULL;
    uint64_t covered;

    failing_vfs_install();
    Log *log = open_log();

    put_many(log, 1000);
    commit(log);
    log_close(log);
    log = open_log();
    Author before = *ann;

    put_many(log, 1);
    ck_assert(database_run(log->database, "PRAGMA shrink_memory", NULL)); /* reads from the disk */
    failing_vfs_set(DISK_DEAD);
    ck_assert_ptr_null(log_page(log, NULL, 0, 0, UINT32_MAX, SIZE_MAX, &covered, &error));
    failing_vfs_set(DISK_SOUND);
    g_clear_error(&error);
    g_array_unref(log_heads(log, NULL));
    g_autoptr(Event) next = author_says(ann, "next");

    ck_assert_int_eq(try_put(log, next, LOG_RULE_STRICT, NULL), LOG_FAILED);
    ck_assert_uint_eq(log_losses(log), 1);
    *ann = before;
    put_many(log, 2);
    commit(log);
    ck_assert_uint_eq(log_head(log), 1002);
    expect_whole(log);
    log_close(log);
}
END_TEST

static void flip(const char *sql)
{
    g_autofree char *path = g_build_filename(directory, "log.db", NULL);
    sqlite3 *handle;

    ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(handle));
    sqlite3_close(handle);
}

START_TEST(flipped_byte_is_found_and_repaired)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) damaged = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    uint64_t after = 0, covered, position = 0;
    Log *log = open_log();

    put_many(log, 3);
    g_autoptr(Event) hit = author_says(ann, "flip me");
    g_autoptr(Event) unsigned_one = author_says(ann, "flip my signature");

    put(log, hit);
    put(log, unsigned_one);
    commit(log);
    log_close(log);
    flip("UPDATE event SET body = CAST(replace(body, 'flip', 'flop') AS BLOB) WHERE position = 4;"
         "UPDATE event SET signature = zeroblob(64) WHERE position = 5;");
    log = open_log();
    ck_assert_ptr_null(log_damaged(log));
    ck_assert(log_scrub(log, &after, 2, damaged, &error));
    ck_assert_uint_eq(after, 2);
    ck_assert_uint_eq(damaged->len, 0);
    ck_assert(log_scrub(log, &after, 100, damaged, &error));
    ck_assert_uint_eq(after, 5);
    ck_assert_uint_eq(damaged->len, 2);
    ck_assert_uint_eq(g_array_index(damaged, uint64_t, 0), 4);
    ck_assert_uint_eq(g_array_index(damaged, uint64_t, 1), 5);
    g_autoptr(GArray) page = log_page(log, NULL, 0, 0, 10, SIZE_MAX, &covered, &error);

    for (guint i = 0; i < page->len; i++)
        ck_assert_uint_ne(entry_at(page, i)->position, 4);
    ck_assert_int_eq(try_put(log, hit, LOG_RULE_STRICT, &position), LOG_KNOWN);
    ck_assert_uint_eq(position, 4);
    ck_assert_int_eq(try_put(log, unsigned_one, LOG_RULE_STRICT, &position), LOG_KNOWN);
    commit(log);
    expect_whole(log);
    log_close(log);
}
END_TEST

START_TEST(damaged_log_is_set_aside)
{
    g_autofree char *path = g_build_filename(directory, "log.db", NULL);
    Log *log = open_log();
    uint8_t id[PLACE_SIZE];
    FILE *file;

    memcpy(id, log_id(log), PLACE_SIZE);
    put_many(log, 500);
    commit(log);
    log_close(log);
    file = fopen(path, "r+e");
    fseek(file, 5 * 4096, SEEK_SET);
    for (unsigned i = 0; i < 20 * 4096; i++)
        fputc(0xa5, file);
    fclose(file);
    log = open_log();
    ck_assert_ptr_nonnull(log_damaged(log));
    ck_assert(g_file_test(log_damaged(log), G_FILE_TEST_EXISTS));
    ck_assert_uint_eq(log_head(log), 0);
    ck_assert_mem_ne(log_id(log), id, PLACE_SIZE);
    log_close(log);
}
END_TEST

START_TEST(damaged_index_is_made_anew)
{
    g_autoptr(GError) error = NULL;
    Log *log = open_log();

    put_many(log, 50);
    commit(log);
    g_autoptr(GArray) before = log_search(log, "message", 100, &error);

    ck_assert_uint_eq(before->len, 50);
    log_close(log);
    flip("UPDATE search_data SET block = x'ffffffffff' WHERE id > 10");
    log = open_log();
    ck_assert_ptr_null(log_damaged(log));
    g_autoptr(GArray) after = log_search(log, "message", 100, &error);

    expect_ok(error);
    ck_assert_uint_eq(after->len, 50);
    expect_whole(log);
    log_close(log);
}
END_TEST

START_TEST(newer_log_is_refused)
{
    g_autoptr(GError) error = NULL;

    log_close(open_log());
    flip("PRAGMA user_version = 99");
    ck_assert_ptr_null(log_open(directory, scratch_place, &error));
    ck_assert(g_error_matches(error, LOG_ERROR, LOG_ERROR_NEWER));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log crash");
    TCase *tests = tcase_create("log crash");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, reopened_log_is_the_same);
    tcase_add_test(tests, unknown_place_needs_an_existing_log);
    tcase_add_test(tests, second_log_on_a_directory_is_refused);
    tcase_add_test(tests, killed_process_loses_nothing_committed);
    tcase_add_test(tests, full_log_stays_readable_and_recovers);
    tcase_add_test(tests, full_disk_is_survived);
    tcase_add_test(tests, failing_disk_reopens_the_log);
    tcase_add_test(tests, failed_read_loses_the_group);
    tcase_add_test(tests, flipped_byte_is_found_and_repaired);
    tcase_add_test(tests, damaged_log_is_set_aside);
    tcase_add_test(tests, damaged_index_is_made_anew);
    tcase_add_test(tests, newer_log_is_refused);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
