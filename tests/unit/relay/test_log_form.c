/* Logs that older versions wrote. golden/log_form_N.db.gz are such files, and hold what
 * write_events() signs. */
#include "relay/log_backup.h"
#include "tests/unit/relay/log_stage.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

static char *directory;
static Author *ann, *ben, *cid;
static Event *one, *twin, *two, *three; /* Ann's; the twin was refused */
static Event *sealed, *kept;            /* Ben's; the first was delivered to all */
static Event *lost[2], *last;           /* Ben's; the last was stored only */

static void write_events(void)
{
    const Author *to_ann[] = {ann}, *to_cid[] = {cid};

    one = author_says(ann, "one");
    twin = author_forks(ann, "twin");
    two = author_says(ann, "two");
    three = author_says(ann, "three");
    sealed = author_seals(ben, to_ann, 1);
    kept = author_seals(ben, to_cid, 1);
    lost[0] = author_says(ben, "first of Ben");
    lost[1] = author_says(ben, "second of Ben");
    last = author_says(ben, "third of Ben");
}

static void setup(void)
{
    directory = scratch_new();
    ann = author_new(1);
    ben = author_new(2);
    cid = author_new(3);
    write_events();
}

static void teardown(void)
{
    Event *const all[] = {one, twin, two, three, sealed, kept, lost[0], lost[1], last};

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        event_unref(all[i]);
    author_free(ann);
    author_free(ben);
    author_free(cid);
    scratch_free(directory);
}

static void unpack(const char *name)
{
    g_autoptr(GError) error = NULL;
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

static Log *open_log(void)
{
    g_autoptr(GError) error = NULL;
    Log *log = log_open(directory, NULL, &error);

    expect_ok(error);
    ck_assert_ptr_null(log_damaged(log));
    return log;
}

/* Heads of `log` are those of a log of today that was told the same. */
static void expect_heads_of_today(Log *log)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Log) today = log_open(NULL, scratch_place, &error);
    Event *const all[] = {three, two, one, sealed, kept, last};

    expect_ok(error);
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        ck_assert_int_eq(try_put(today, all[i], LOG_RULE_SET, NULL), LOG_APPENDED);
    commit(today);
    g_autoptr(GArray) heads = log_heads(log, NULL);
    g_autoptr(GArray) expected = log_heads(today, NULL);

    ck_assert_uint_eq(heads->len, expected->len);
    for (guint i = 0; i < heads->len; i++)
        ck_assert_mem_eq(&g_array_index(heads, LogHead, i), &g_array_index(expected, LogHead, i),
                         sizeof(LogHead));
}

static void expect_since(Log *log, uint64_t position, const Author *owner, const char *expected)
{
    g_autoptr(GString) told = g_string_new(NULL);
    g_autoptr(GArray) heads = log_heads_since(log, position, owner ? author_key(owner) : NULL);

    for (guint i = 0; i < heads->len; i++) {
        const LogHead *head = &g_array_index(heads, LogHead, i);
        bool anns = memcmp(head->author, author_key(ann), KEY_SIZE) == 0;

        g_string_append_printf(told, "%s%s/%d %d-%d", i ? ", " : "", anns ? "ann" : "ben",
                               (int)head->lane, (int)head->first, (int)head->seq);
    }
    ck_assert_str_eq(told->str, expected);
}

/* What the migration left beside the log is whole, and of the form that it was. */
static void expect_backup(int version)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup_printf("log.db.before-%d", log_version());
    g_autofree char *path = g_build_filename(directory, name, NULL);
    LogFacts facts;

    ck_assert(log_backup_check(path, &facts, &error));
    ck_assert_int_eq(facts.version, version);
    ck_assert_uint_eq(facts.damaged, 0);
    ck_assert_mem_eq(facts.place, scratch_place, PLACE_SIZE);
}

START_TEST(form_1_is_brought_to_today)
{
    g_autoptr(GError) error = NULL;
    const uint8_t other[PLACE_SIZE] = {9};

    unpack("log_form_1.db.gz");
    g_autoptr(Log) log = open_log();

    expect_backup(1);
    ck_assert_uint_eq(log_head(log), 6);
    expect_heads_of_today(log);
    expect_since(log, 0, NULL, "ben/0 0-3, ben/1 2-2, ann/0 0-3");
    expect_since(log, 5, NULL, "ben/0 0-3");
    expect_since(log, 6, ben, "ben/1 2-2");
    g_autoptr(GArray) forks = log_forks(log, &error);
    g_autoptr(GArray) covered = log_covered(log, other);

    expect_ok(error);
    ck_assert_uint_eq(forks->len, 2);
    ck_assert_mem_eq(event_hash(entry_at(forks, 0)->event), event_hash(one), HASH_SIZE);
    ck_assert_mem_eq(event_hash(entry_at(forks, 1)->event), event_hash(twin), HASH_SIZE);
    ck_assert_uint_eq(covered->len, 1);
    ck_assert_uint_eq(log_other(log, other).told, 0);
}
END_TEST

START_TEST(form_1_goes_on)
{
    g_autoptr(GError) error = NULL;
    uint64_t position = 0;
    Log *log;

    unpack("log_form_1.db.gz");
    log = open_log();
    ck_assert_int_eq(try_put(log, twin, LOG_RULE_SET, &position), LOG_FORKED);
    ck_assert_uint_eq(position, 7);
    ck_assert_int_eq(try_put(log, sealed, LOG_RULE_SET, &position), LOG_KNOWN);
    ck_assert_uint_eq(position, 4);
    ck_assert_int_eq(try_put(log, lost[1], LOG_RULE_SET, NULL), LOG_APPENDED);
    ck_assert_int_eq(try_put(log, lost[0], LOG_RULE_SET, NULL), LOG_APPENDED);
    commit(log);
    log_close(log);
    log = open_log();
    ck_assert_uint_eq(log_head(log), 9);
    LogHead head = log_feed_head(log, author_key(ann), ann->incarnation, LANE_PUBLIC);

    ck_assert_uint_eq(head.seq, 3);
    ck_assert_uint_eq(head.held, 4);
    g_autoptr(GArray) forks = log_forks(log, &error);

    ck_assert_uint_eq(forks->len, 2);
    ck_assert_uint_eq(entry_at(forks, 1)->position, 7);
    log_close(log);
}
END_TEST

START_TEST(form_2_is_brought_to_today)
{
    g_autoptr(GError) error = NULL;
    const uint8_t other[PLACE_SIZE] = {9};

    unpack("log_form_2.db.gz");
    g_autoptr(Log) log = open_log();

    if (log_version() > 2)
        expect_backup(2);
    ck_assert_uint_eq(log_head(log), 7);
    LogHead anns = log_feed_head(log, author_key(ann), ann->incarnation, LANE_PUBLIC);
    LogHead bens = log_feed_head(log, author_key(ben), ben->incarnation, LANE_PUBLIC);

    ck_assert_uint_eq(anns.held, 4);
    ck_assert_uint_eq(bens.held, 1);
    ck_assert_mem_eq(bens.hash, event_hash(last), HASH_SIZE);
    expect_since(log, 0, NULL, "ann/0 0-3, ben/0 0-3, ben/1 2-2");
    g_autoptr(GArray) forks = log_forks(log, &error);
    g_autoptr(GArray) covered = log_covered(log, other);
    g_autoptr(GArray) found = log_search(log, "third", 10, &error);

    expect_ok(error);
    ck_assert_uint_eq(forks->len, 2);
    ck_assert_uint_eq(entry_at(forks, 1)->position, 7);
    ck_assert_uint_eq(covered->len, 1);
    ck_assert_uint_eq(log_other(log, other).told, 5);
    ck_assert_uint_eq(found->len, 1);
    ck_assert_int_eq(try_put(log, lost[1], LOG_RULE_SET, NULL), LOG_APPENDED);
    commit(log);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log form");
    TCase *tests = tcase_create("log form");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, form_1_is_brought_to_today);
    tcase_add_test(tests, form_1_goes_on);
    tcase_add_test(tests, form_2_is_brought_to_today);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
