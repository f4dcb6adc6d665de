/* The process is killed at each operation on files in turn: while an older log is brought to
 * today's form, while a copy is made, while groups are committed and old bodies are taken. Nothing
 * that was acknowledged is lost, and the next opening goes on. BACKFENCE_LONG in the environment:
 * more. */
#include "relay/log_backup.h"
#include "tests/unit/killing.h"
#include "tests/unit/relay/log_stage.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>

static char *directory;
static Author *ann;
static uint64_t *told; /* shared with the child: what it was acknowledged */

static void setup(void)
{
    directory = scratch_new();
    ann = author_new(1);
    /* cppcheck-suppress invalidFunctionArg; it does not know memory without a file */
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(told, MAP_FAILED);
}

static void teardown(void)
{
    scratch_free(directory);
    author_free(ann);
    munmap(told, sizeof *told);
}

static void start_anew(void)
{
    scratch_free(directory);
    directory = scratch_new();
    *told = 0;
}

static Log *open_log(void)
{
    g_autoptr(GError) error = NULL;
    Log *log = log_open(directory, scratch_place, &error);

    expect_ok(error);
    ck_assert_ptr_null(log_damaged(log));
    return log;
}

/* The author goes on where the log stands. */
static void follow(Log *log)
{
    LogHead head = log_feed_head(log, author_key(ann), ann->incarnation, LANE_PUBLIC);

    ann->seq[LANE_PUBLIC] = head.seq;
    ann->time_ms = (int64_t)(head.seq + 1) * 1000;
    memcpy(ann->hash[LANE_PUBLIC], head.hash, HASH_SIZE);
}

static void say(Log *log, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_autoptr(Event) event = author_says(ann, "words that were said");

        put(log, event);
    }
    commit(log);
    *told = log_head(log);
}

static void expect_whole(Log *log)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) damaged = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    uint64_t after = 0;

    ck_assert(log_scrub(log, &after, UINT32_MAX, damaged, &error));
    ck_assert_uint_eq(damaged->len, 0);
    LogHead head = log_feed_head(log, author_key(ann), ann->incarnation, LANE_PUBLIC);

    ck_assert_uint_eq(head.seq, log_head(log));
    ck_assert_uint_eq(head.held, log_head(log));
    ck_assert_uint_ge(log_head(log), *told);
}

/* --- migrations --- */

static void unpack(int form)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup_printf("log_form_%d.db.gz", form);
    g_autofree char *source =
        g_build_filename(g_getenv("BACKFENCE_SOURCE_DIR"), "tests/unit/relay/golden", name, NULL);
    g_autofree char *target = g_build_filename(directory, "log.db", NULL);
    g_autoptr(GFile) from = g_file_new_for_path(source);
    g_autoptr(GFile) to = g_file_new_for_path(target);
    g_autoptr(GFileInputStream) packed = g_file_read(from, NULL, &error);

    expect_ok(error);
    g_autoptr(GConverter) gzip =
        G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
    g_autoptr(GInputStream) in = g_converter_input_stream_new(G_INPUT_STREAM(packed), gzip);
    g_autoptr(GFileOutputStream) out = g_file_create(to, G_FILE_CREATE_PRIVATE, NULL, &error);

    expect_ok(error);
    g_output_stream_splice(G_OUTPUT_STREAM(out), in, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL,
                           &error);
    expect_ok(error);
}

static void work_open(void)
{
    log_close(open_log());
}

/* Heads of all feeds, as bytes. */
static GBytes *heads_of(Log *log)
{
    g_autoptr(GArray) heads = log_heads(log, NULL);

    return g_bytes_new(heads->data, heads->len * sizeof(LogHead));
}

static GBytes *heads_unharmed(int form)
{
    start_anew();
    unpack(form);
    g_autoptr(Log) log = open_log();

    return heads_of(log);
}

START_TEST(killed_migration_loses_nothing)
{
    g_autoptr(GBytes) expected = heads_unharmed(_i);
    unsigned kills = 0;

    if (_i >= log_version())
        return;
    for (bool killed = true; killed; kills++) {
        start_anew();
        unpack(_i);
        killed = killing_child(kills + 1, work_open);
        g_autoptr(Log) log = open_log();
        g_autoptr(GBytes) heads = heads_of(log);

        ck_assert(g_bytes_equal(heads, expected));
        ck_assert_uint_eq(log_head(log), _i == 1 ? 6 : 7);
    }
    ck_assert_uint_gt(kills, 10);
}
END_TEST

/* --- copies --- */

static void work_copy(void)
{
    g_autofree char *path = g_build_filename(directory, "copy.db", NULL);
    g_autoptr(Log) log = open_log();
    g_autoptr(LogBackup) backup = log_backup_begin(log, path, NULL);
    LogFacts facts;

    follow(log);
    while (log_backup_step(backup, 4, NULL) == LOG_BACKUP_MORE)
        say(log, 1);
    if (!log_backup_settle(path, &facts, NULL) || facts.head < 60)
        _exit(1);
}

START_TEST(killed_copy_harms_nobody)
{
    unsigned kills = 0;

    for (bool killed = true; killed; kills += g_getenv("BACKFENCE_LONG") ? 1 : 3) {
        start_anew();
        Log *log = open_log();

        ann->seq[LANE_PUBLIC] = 0;
        say(log, 60);
        log_close(log);
        killed = killing_child(kills + 1, work_copy);
        log = open_log();
        follow(log);
        expect_whole(log);
        say(log, 1);
        log_close(log);
    }
    ck_assert_uint_gt(kills, 30);
}
END_TEST

/* --- everyday work --- */

static void work_every_day(void)
{
    g_autoptr(Log) log = open_log();
    unsigned taken;

    follow(log);
    for (unsigned i = 0; i < 6; i++) {
        say(log, 5);
        if (!log_retain(log, (int64_t)log_head(log) * 500, 0, 4, &taken, NULL))
            _exit(1);
    }
}

START_TEST(killed_work_loses_nothing_acknowledged)
{
    unsigned kills = 0, operation = 0;

    /* Each child goes on with what the one before left. */
    for (unsigned rest = g_getenv("BACKFENCE_LONG") ? 2000 : 120; rest > 0; rest--) {
        bool killed = killing_child(++operation, work_every_day);
        g_autoptr(Log) log = open_log();

        expect_whole(log);
        kills += killed;
        if (!killed)
            operation = 0;
    }
    ck_assert_uint_gt(kills, 60);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log kills");
    TCase *tests = tcase_create("log kills");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, g_getenv("BACKFENCE_LONG") ? 3600 : 110);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, killed_migration_loses_nothing, 1, log_version());
    tcase_add_test(tests, killed_copy_harms_nobody);
    tcase_add_test(tests, killed_work_loses_nothing_acknowledged);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
