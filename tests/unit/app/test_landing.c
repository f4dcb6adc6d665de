#include "tests/unit/app/files_stage.h"

#include <check.h>
#include <string.h>

static void expect_ok(const GError *error)
{
    if (error != NULL)
        ck_abort_msg("%s", error->message);
}

static void expect_same(const char *command)
{
    g_autofree char *differences = stage_ask(command);
    ck_assert_str_eq(differences, "");
}

static void expect_no_parts(void)
{
    expect_same("find into -name '.*.part'");
}

START_TEST(test_one_file)
{
    static const size_t sizes[] = {0, 1, 4096, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE - 7};
    stage_file("from/photo.jpg", sizes[_i], 7);
    stage_run("chmod 755 from/photo.jpg; touch -d '2001-02-03 04:05:06.789' from/photo.jpg");
    g_autoptr(Listing) listing = stage_list_one("from/photo.jpg");
    stage_transfer_all(listing);
    expect_same("cmp from/photo.jpg into/photo.jpg 2>&1");
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
    expect_same("diff -r from/tree into/tree 2>&1");
    expect_same("(cd from/tree; find . -printf '%p %y %T@\\n' | sort) > a;"
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
        expect_ok(error);
        int sent = stage_send(listing, landing, 1, &error);
        expect_ok(error);
        if (sent == 0) {
            ck_assert(landing_finish(landing, &error));
            ck_assert(g_str_has_suffix(landing_item_path(landing, 0), "/into/tree"));
            break;
        }
    }
    expect_no_parts();
    expect_same("cmp from/tree/big into/tree/big 2>&1");
    expect_same("cmp from/tree/sub/deep/b.txt into/tree/sub/deep/b.txt 2>&1");
}
END_TEST

START_TEST(test_never_overwrites)
{
    stage_file("from/a.tar.gz", 100, 1);
    stage_file("into/a.tar.gz", 5, 2);
    stage_run("ln -s nowhere 'into/a (2).tar.gz'");
    g_autoptr(Listing) listing = stage_list_one("from/a.tar.gz");
    stage_transfer_all(listing);
    expect_same("cmp from/a.tar.gz 'into/a (3).tar.gz' 2>&1");
    expect_same("test -L 'into/a (2).tar.gz' || echo no");
    expect_same("test $(stat -c %s into/a.tar.gz) = 5 || echo no");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("landing");
    TCase *lands = tcase_create("lands");
    tcase_add_checked_fixture(lands, stage_setup, stage_teardown);
    tcase_add_loop_test(lands, test_one_file, 0, 6);
    tcase_add_test(lands, test_folder);
    tcase_add_test(lands, test_goes_on_where_it_stopped);
    tcase_add_test(lands, test_never_overwrites);
    suite_add_tcase(suite, lands);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
