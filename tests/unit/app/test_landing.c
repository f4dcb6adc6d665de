#include "tests/unit/app/files_stage.h"

#include <check.h>
#include <string.h>

static void expect_no_parts(void)
{
    stage_expect_nothing("find into -name '.*.part'");
}

START_TEST(test_one_file)
{
    static const size_t sizes[] = {0, 1, 4096, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE - 7};
    stage_file("from/photo.jpg", sizes[_i], 7);
    stage_run("chmod 755 from/photo.jpg; touch -d '2001-02-03 04:05:06.789' from/photo.jpg");
    g_autoptr(Listing) listing = stage_list_one("from/photo.jpg");
    stage_transfer_all(listing);
    stage_expect_nothing("cmp from/photo.jpg into/photo.jpg 2>&1");
    expect_no_parts();
    g_autofree char *about =
        stage_ask("stat -c '%a %.3Y' into/photo.jpg; stat -c %.3Y from/photo.jpg");
    g_auto(GStrv) lines = g_strsplit(about, "\n", 2);
    ck_assert(g_str_has_prefix(lines[0], "644 "));
    ck_assert_str_eq(lines[0] + 4, lines[1]);
}
END_TEST

static void make_tree(void)
{
    stage_file("from/tree/a.txt", 10, 1);
    stage_file("from/tree/.hidden", 11, 2);
    stage_file("from/tree/big", 2 * CHUNK_SIZE + 5, 3);
    stage_file("from/tree/sub/deep/b.txt", 12, 4);
    stage_file("from/tree/sub/c", 0, 5);
    stage_folder("from/tree/empty/inner");
    stage_run("ln -s /etc/passwd from/tree/link; mkfifo from/tree/pipe;"
              "find from/tree -depth ! -type l -exec touch -d '2001-02-03 04:05:06' {} +");
}

START_TEST(test_folder)
{
    make_tree();
    g_autoptr(Listing) listing = stage_list_one("from/tree");
    ck_assert_uint_eq(manifest_count(listing_manifest(listing)), 10);
    stage_transfer_all(listing);
    expect_no_parts();
    stage_run("mv into/tree/hidden into/tree/.hidden; rm from/tree/link from/tree/pipe;"
              "touch -d '2001-02-03 04:05:06' from/tree into/tree");
    stage_expect_nothing("diff -r from/tree into/tree 2>&1");
    stage_expect_nothing("(cd from/tree; find . -printf '%p %y %T@\\n' | sort) > a;"
                         "(cd into/tree; find . -printf '%p %y %T@\\n' | sort) > b; diff a b");
}
END_TEST

START_TEST(test_goes_on_where_it_stopped)
{
    make_tree();
    g_autoptr(GError) error = NULL;
    g_autoptr(Listing) listing = stage_list_one("from/tree");
    for (;;) {
        g_autoptr(Landing) landing = stage_open(listing, &error);
        stage_expect_ok(error);
        int sent = stage_send(listing, landing, 1, &error);
        stage_expect_ok(error);
        if (sent == 0) {
            ck_assert(landing_finish(landing, &error));
            ck_assert(g_str_has_suffix(landing_item_path(landing, 0), "/into/tree"));
            break;
        }
    }
    expect_no_parts();
    stage_expect_nothing("cmp from/tree/big into/tree/big 2>&1");
    stage_expect_nothing("cmp from/tree/sub/deep/b.txt into/tree/sub/deep/b.txt 2>&1");
}
END_TEST

START_TEST(test_never_overwrites)
{
    stage_file("from/a.tar.gz", 100, 1);
    stage_file("into/a.tar.gz", 5, 2);
    stage_run("ln -s nowhere 'into/a (2).tar.gz'");
    g_autoptr(Listing) listing = stage_list_one("from/a.tar.gz");
    stage_transfer_all(listing);
    stage_expect_nothing("cmp from/a.tar.gz 'into/a (3).tar.gz' 2>&1");
    stage_expect_nothing("test -L 'into/a (2).tar.gz' || echo no");
    stage_expect_nothing("test $(stat -c %s into/a.tar.gz) = 5 || echo no");
}
END_TEST

/* --- what is spoilt, missing, left out --- */

static LandingResult send_at(Landing *landing, const Listing *listing, uint32_t file,
                             uint64_t chunk, bool spoilt)
{
    LandingPoint point = {.file = file, .chunk = chunk};
    return stage_send_chunk(listing, landing, point, spoilt, NULL);
}

START_TEST(test_spoilt_chunks_become_holes)
{
    g_autoptr(GError) error = NULL;
    stage_file("from/f", 5 * CHUNK_SIZE + 1, 1);
    g_autoptr(Listing) listing = stage_list_one("from/f");
    g_autoptr(Landing) landing = stage_open(listing, &error);
    stage_expect_ok(error);
    ck_assert_int_eq(send_at(landing, listing, 0, 0, true), LANDING_SPOILT);
    ck_assert_uint_eq(landing_next(landing).chunk, 0);
    ck_assert_int_eq(send_at(landing, listing, 0, 1, false), LANDING_OK);
    ck_assert_int_eq(send_at(landing, listing, 0, 2, true), LANDING_SPOILT);
    ck_assert_int_eq(send_at(landing, listing, 0, 3, false), LANDING_OK);
    ck_assert_uint_eq(landing_next(landing).chunk, 4);
    ck_assert_uint_eq(landing_holes(landing)->len, 2);
    ck_assert_uint_eq(landing_bytes(landing), 2 * CHUNK_SIZE);
    ck_assert(!landing_finish(landing, &error));
    g_clear_error(&error);
    g_clear_pointer(&landing, landing_close);
    landing = stage_open(listing, &error);
    stage_expect_ok(error);
    ck_assert_uint_eq(landing_next(landing).chunk, 4);
    ck_assert_uint_eq(landing_holes(landing)->len, 2);
    ck_assert_int_eq(send_at(landing, listing, 0, 3, false), LANDING_OK);
    ck_assert_uint_eq(landing_bytes(landing), 2 * CHUNK_SIZE);
    ck_assert_int_eq(send_at(landing, listing, 0, 4, false), LANDING_OK);
    ck_assert_int_eq(send_at(landing, listing, 0, 5, false), LANDING_OK);
    ck_assert_uint_eq(landing_next(landing).file, 1);
    ck_assert_int_eq(send_at(landing, listing, 0, 2, false), LANDING_OK);
    ck_assert_int_eq(send_at(landing, listing, 0, 0, false), LANDING_OK);
    ck_assert(landing_finish(landing, &error));
    stage_expect_nothing("cmp from/f into/f 2>&1");
}
END_TEST

START_TEST(test_lies)
{
    static const uint8_t bytes[16] = {0};
    stage_file("from/f", 2 * CHUNK_SIZE, 1);
    g_autoptr(Listing) listing = stage_list_one("from/f");
    g_autoptr(Landing) landing = stage_open(listing, NULL);
    static const struct {
        uint64_t chunk;
        size_t length;
    } lies[] = {{0, 16}, {1, 0}, {2, 16}, {2, 0}, {UINT64_MAX, 16}, {UINT64_MAX / CHUNK_SIZE, 16}};
    for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
        LandingPoint point = {.chunk = lies[i].chunk};
        ck_assert_int_eq(landing_write(landing, point, bytes, lies[i].length, bytes, NULL),
                         LANDING_SPOILT);
    }
    ck_assert_uint_eq(landing_bytes(landing), 0);
}
END_TEST

START_TEST(test_too_much_lost)
{
    g_autoptr(GError) error = NULL;
    stage_folder("from/d");
    stage_run("cd from/d; seq 1100 | xargs touch");
    g_autoptr(Listing) listing = stage_list_one("from/d");
    g_autoptr(Landing) landing = stage_open(listing, &error);
    ck_assert_int_eq(send_at(landing, listing, AGAIN_MAX + 1, 0, false), LANDING_OK);
    ck_assert_int_eq(send_at(landing, listing, AGAIN_MAX + 3, 0, false), LANDING_FAILED);
    g_clear_pointer(&landing, landing_close);
    landing = stage_open(listing, &error);
    stage_expect_ok(error);
    ck_assert_uint_le(landing_holes(landing)->len, AGAIN_MAX);
    ck_assert_int_gt(stage_send(listing, landing, G_MAXUINT, &error), 0);
    ck_assert(landing_finish(landing, &error));
    stage_expect_nothing("diff -r from into");
}
END_TEST

START_TEST(test_missing_files)
{
    g_autoptr(GError) error = NULL;
    make_tree();
    stage_file("from/single", 10, 1);
    stage_file("from/other", 10, 1);
    const char *const paths[] = {"from/tree", "from/single", "from/other", NULL};
    g_autoptr(Offer) offer = NULL;
    g_autoptr(Listing) listing = stage_list(paths, &offer);
    g_autoptr(Landing) landing = stage_open(listing, &error);
    /* Halfway through the large one. */
    while (landing_next(landing).chunk != 1)
        ck_assert_int_eq(stage_send(listing, landing, 1, &error), 1);
    uint32_t big = landing_next(landing).file;
    uint64_t before = landing_bytes(landing);
    ck_assert(landing_missing(landing, big, &error));
    ck_assert_uint_eq(landing_bytes(landing), before - CHUNK_SIZE);
    ck_assert(landing_missing(landing, big, &error));
    ck_assert_uint_eq(landing_missing_count(landing), 1);
    ck_assert_uint_eq(landing_next(landing).file, big + 4); /* behind three folders */
    g_clear_pointer(&landing, landing_close);
    landing = stage_open(listing, &error);
    ck_assert_uint_eq(landing_missing_count(landing), 1);
    ck_assert(landing_missing(landing, 10, &error));
    ck_assert_int_gt(stage_send(listing, landing, G_MAXUINT, &error), 0);
    ck_assert(landing_finish(landing, &error));
    ck_assert_uint_eq(landing_missing_count(landing), 2);
    ck_assert_ptr_null(landing_item_path(landing, 1));
    ck_assert_ptr_nonnull(landing_item_path(landing, 2));
    g_autofree char *there = stage_ask("ls -A into | xargs; test -e into/tree/big || echo no");
    ck_assert_str_eq(there, "other tree\nno");
}
END_TEST

START_TEST(test_everything_missing)
{
    g_autoptr(GError) error = NULL;
    stage_file("from/d/f", 10, 1);
    g_autoptr(Listing) listing = stage_list_one("from/d");
    g_autoptr(Landing) landing = stage_open(listing, &error);
    ck_assert(landing_missing(landing, 1, &error));
    ck_assert(landing_finish(landing, &error));
    stage_expect_nothing("ls -A into");
}
END_TEST

START_TEST(test_left_out)
{
    g_autoptr(GError) error = NULL;
    stage_file("from/a", 10, 1);
    stage_file("from/b/f", 20, 1);
    stage_file("from/c", 30, 1);
    const char *const paths[] = {"from/a", "from/b", "from/c", NULL};
    g_autoptr(Offer) offer = NULL;
    g_autoptr(Listing) listing = stage_list(paths, &offer);
    static const uint8_t bits[] = {1 | 2};
    g_autoptr(GBytes) left_out = g_bytes_new_static(bits, 1);
    g_autofree char *into = stage_path("into"), *state = stage_path("state");
    LandingConfig config = {.state_dir = state,
                            .into = into,
                            .transfer = stage_transfer,
                            .manifest = (Manifest *)listing_manifest(listing),
                            .left_out = left_out};
    g_autoptr(Landing) landing = landing_open(&config, &error);
    ck_assert_uint_eq(landing_next(landing).file, 3);
    ck_assert_int_eq(send_at(landing, listing, 0, 0, false), LANDING_OK);
    ck_assert_int_eq(stage_send(listing, landing, 5, &error), 1);
    ck_assert(landing_finish(landing, &error));
    ck_assert_uint_eq(landing_bytes(landing), 30);
    g_autofree char *there = stage_ask("ls -A into");
    ck_assert_str_eq(there, "c");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("landing");
    TCase *lands = tcase_create("lands");
    tcase_add_checked_fixture(lands, stage_setup, stage_teardown);
    tcase_set_timeout(lands, 60);
    tcase_add_loop_test(lands, test_one_file, 0, 6);
    tcase_add_test(lands, test_folder);
    tcase_add_test(lands, test_goes_on_where_it_stopped);
    tcase_add_test(lands, test_never_overwrites);
    tcase_add_test(lands, test_spoilt_chunks_become_holes);
    tcase_add_test(lands, test_lies);
    tcase_add_test(lands, test_too_much_lost);
    tcase_add_test(lands, test_missing_files);
    tcase_add_test(lands, test_everything_missing);
    tcase_add_test(lands, test_left_out);
    suite_add_tcase(suite, lands);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
