/* Each n-th operation on the disk fails in turn, and the disk is full again and again: what was
 * acknowledged is there, reading goes on, and writing comes back by itself. BACKFENCE_LONG in the
 * environment: 200 rounds with a full disk, and every operation. */
#include "relay/log_backup.h"
#include "tests/unit/relay/failing_vfs.h"
#include "tests/unit/relay/log_stage.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static char *directory;
static Author *ann;
static uint64_t acknowledged;

static void setup(void)
{
    directory = scratch_new();
    ann = author_new(1);
    acknowledged = 0;
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
    ck_assert_ptr_null(log_damaged(log));
    return log;
}

/* What the log says it holds is what the author goes on from, whatever a commit said. */
static void follow(Log *log)
{
    LogHead head = log_feed_head(log, author_key(ann), ann->incarnation, LANE_PUBLIC);

    ann->seq[LANE_PUBLIC] = head.seq;
    memcpy(ann->hash[LANE_PUBLIC], head.hash, HASH_SIZE);
    ck_assert_uint_ge(head.seq, acknowledged);
    ck_assert_uint_eq(head.held, head.seq);
}

/* False: it was refused, with an error that says so. */
static bool say(Log *log, unsigned count)
{
    g_autoptr(GError) error = NULL;
    bool done = true;
    uint64_t position;

    for (unsigned i = 0; i < count && done; i++) {
        g_autoptr(GBytes) room = g_bytes_new_static(scratch_room, PLACE_SIZE);
        g_autoptr(Event) event = author_says(ann, "words that take some room on the disk");

        done = log_append(log, event, LOG_RULE_STRICT, 0, room, 0, NULL, &position, &error) !=
               LOG_FAILED;
    }
    done = done && log_commit(log, &error);
    ck_assert_int_eq(done, error == NULL);
    if (done)
        acknowledged = log_head(log);
    else
        follow(log);
    return done;
}

static void expect_readable(Log *log, unsigned at_least)
{
    g_autoptr(GError) error = NULL;
    uint64_t covered;
    g_autoptr(GArray) page =
        log_page(log, NULL, 0, 0, MAX(at_least, 1), SIZE_MAX, &covered, &error);

    expect_ok(error);
    ck_assert_uint_ge(page->len, at_least);
    ck_assert_uint_ge(log_head(log), acknowledged);
}

static void expect_whole(Log *log)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) damaged = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    uint64_t after = 0;

    ck_assert(log_scrub(log, &after, UINT32_MAX, damaged, &error));
    expect_ok(error);
    ck_assert_uint_eq(damaged->len, 0);
    follow(log);
}

/* Some days of a relay: it writes, takes what is old, and copies itself. Whether any of that
 * fails is no matter. */
static void live(Log *log)
{
    g_autofree char *path = g_build_filename(directory, "copy.db", NULL);
    unsigned taken;

    for (unsigned i = 0; i < 4; i++) {
        say(log, 20);
        log_retain(log, 20000, 0, 4, &taken, NULL);
        follow(log);
    }
    LogBackup *backup = log_backup_begin(log, path, NULL);

    while (backup && log_backup_step(backup, 16, NULL) == LOG_BACKUP_MORE)
        say(log, 1);
    log_backup_free(backup);
    g_unlink(path);
}

/* One failure, or all from there on until the disk is sound again. */
static bool fail_at(DiskState state, unsigned operation, bool lasting)
{
    scratch_free(directory);
    directory = scratch_new();
    acknowledged = 0;
    g_autoptr(Log) log = open_log();

    follow(log);
    say(log, 30);
    failing_vfs_set_at(state, operation, lasting);
    live(log);
    bool happened = failing_vfs_happened();

    failing_vfs_set(DISK_SOUND);
    expect_readable(log, 10);
    ck_assert(say(log, 5)); /* by itself */
    expect_whole(log);
    g_clear_pointer(&log, log_close);
    log = open_log();
    expect_whole(log);
    ck_assert_uint_ge(log_head(log), acknowledged);
    return happened;
}

static const DiskState states[] = {DISK_FAILS_WRITE, DISK_FAILS_SYNC, DISK_FAILS_TRUNCATE,
                                   DISK_FULL};

START_TEST(any_operation_may_fail)
{
    unsigned operation = 1;

    failing_vfs_install();
    while (fail_at(states[_i / 2], operation, _i % 2 != 0))
        operation += g_getenv("BACKFENCE_LONG") ? 1 : 1 + operation / 6;
    ck_assert_uint_gt(operation, states[_i / 2] == DISK_FAILS_TRUNCATE ? 0 : 3);
}
END_TEST

/* --- a disk that is full --- */

#define DISK_BYTES (4 * 1024 * 1024)

/* In a mount namespace of this process, so that nothing stays behind; only root may. */
static bool mount_small_disk(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("backfence-test", directory, "tmpfs", 0, "size=4m,mode=0700") == 0;
}

/* All but about `spare` bytes. */
static void fill_disk(size_t spare)
{
    static const char junk[4096];
    g_autofree char *path = g_build_filename(directory, "ballast", NULL);
    FILE *file = fopen(path, "we");

    setvbuf(file, NULL, _IONBF, 0);
    while (fwrite(junk, 1, sizeof junk, file) == sizeof junk)
        continue;
    ck_assert_int_eq(errno, ENOSPC);
    off_t size = lseek(fileno(file), 0, SEEK_END);

    ck_assert_int_eq(ftruncate(fileno(file), MAX(size - (off_t)spare, 0)), 0);
    fclose(file);
}

static void free_disk(void)
{
    g_autofree char *path = g_build_filename(directory, "ballast", NULL);

    ck_assert_int_eq(g_unlink(path), 0);
}

static void take_most(Log *log)
{
    unsigned taken = 1;

    while (taken > 0)
        ck_assert(log_retain(log, 0, 1024 * 1024, 64, &taken, NULL));
}

/* What stays of each event would fill so small a disk in the end. */
static Log *begin_anew(Log *log)
{
    static const char *const names[] = {"log.db", "log.db-wal", "log.db.suspect"};

    expect_whole(log);
    log_close(log);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(directory, names[i], NULL);

        g_unlink(path);
    }
    acknowledged = 0;
    log = open_log();
    follow(log);
    return log;
}

START_TEST(disk_is_full_again_and_again)
{
    unsigned rounds = g_getenv("BACKFENCE_LONG") ? 200 : 40;

    if (!mount_small_disk())
        return;
    Log *log = open_log();

    for (unsigned round = 0; round < rounds; round++) {
        if (round % 20 == 19)
            log = begin_anew(log);
        ck_assert(say(log, 10));
        fill_disk(round % 5 * 5000);
        unsigned groups = 0;

        while (say(log, 7)) {
            expect_readable(log, 1);
            ck_assert_uint_lt(++groups, 5000);
        }
        for (unsigned i = 0; i < 3; i++) { /* it stays full: nothing changes */
            ck_assert(!say(log, 7));
            expect_readable(log, 7);
        }
        if (round % 4 == 3) { /* and is stopped and started so */
            log_close(log);
            log = open_log();
            follow(log);
            expect_readable(log, 7);
        }
        free_disk();
        ck_assert(say(log, 7));
        take_most(log);
    }
    expect_whole(log);
    log_close(log);
    log = open_log();
    expect_whole(log);
    log_close(log);
    ck_assert_int_eq(umount(directory), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log faults");
    TCase *tests = tcase_create("log faults");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, g_getenv("BACKFENCE_LONG") ? 3600 : 110);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, any_operation_may_fail, 0, 2 * (int)G_N_ELEMENTS(states));
    tcase_add_test(tests, disk_is_full_again_and_again);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
