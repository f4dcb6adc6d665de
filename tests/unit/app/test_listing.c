#include "tests/unit/app/files_stage.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_ok(const GError *error)
{
    if (error != NULL)
        ck_abort_msg("%s", error->message);
}

/* One line for each entry: item, path, '/' for a folder, size. */
static char *describe(const Manifest *manifest)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < manifest_count(manifest); i++) {
        const ManifestEntry *entry = manifest_entry(manifest, i);
        g_string_append_printf(out, "%u %s%s %" G_GUINT64_FORMAT "\n", entry->item, entry->path,
                               entry->folder ? "/" : "", entry->size);
    }
    return g_string_free(out, FALSE);
}

static size_t find(const Listing *listing, const char *path)
{
    const Manifest *manifest = listing_manifest(listing);
    for (size_t i = 0; i < manifest_count(manifest); i++) {
        if (strcmp(manifest_entry(manifest, i)->path, path) == 0)
            return i;
    }
    ck_abort_msg("%s is not listed", path);
}

static SourceResult try_source(const Listing *listing, const char *path)
{
    int file = -1;
    SourceResult result = listing_open_source(listing, find(listing, path), &file);
    ck_assert((result == SOURCE_OK) == (file >= 0));
    if (file >= 0)
        close(file);
    return result;
}

START_TEST(test_order)
{
    stage_file("from/b/z", 1, 1);
    stage_file("from/b/a/inner", 2, 1);
    stage_file("from/b/.hidden", 3, 1);
    stage_folder("from/b/empty");
    stage_file("from/a.txt", 4, 1);
    stage_run("ln -s a.txt from/b/link; ln -s / from/b/root; mkfifo from/b/pipe");
    const char *const paths[] = {"from/b", "from/a.txt", "from/b/a", NULL};
    g_autoptr(Offer) offer = NULL;
    g_autoptr(Listing) listing = stage_list(paths, &offer);
    g_autofree char *text = describe(listing_manifest(listing));
    ck_assert_str_eq(text, "0 b/ 0\n0 b/.hidden 3\n0 b/z 1\n0 b/a/ 0\n0 b/a/inner 2\n0 b/empty/ 0\n"
                           "1 a.txt 4\n2 a/ 0\n2 a/inner 2\n");
    ck_assert(manifest_fits(listing_manifest(listing), offer));
    ck_assert_uint_eq(offer->item_count, 3);
    ck_assert_uint_eq(offer->files, 5);
    ck_assert_uint_eq(offer->bytes, 12);
    ck_assert_uint_eq(offer->items[0].files, 3);
    g_autofree char *path = stage_path("from/a.txt");
    ck_assert_str_eq(listing_item_path(listing, 1), path);
    ck_assert_ptr_null(listing_item_path(listing, 3));
}
END_TEST

START_TEST(test_opens_again)
{
    stage_file("from/d/\xFF\n", 5, 1);
    g_autoptr(Listing) listing = stage_list_one("from/d");
    g_autofree char *directory = stage_path("offer");
    g_autoptr(GError) error = NULL;
    g_autoptr(Listing) again = listing_open(directory, &error);
    expect_ok(error);
    ck_assert(g_bytes_equal(manifest_bytes(listing_manifest(listing)),
                            manifest_bytes(listing_manifest(again))));
    ck_assert_int_eq(try_source(again, "d/\xEF\xBF\xBD_"), SOURCE_OK);
    static const char *const damages[] = {
        "printf x | dd of=offer/sources bs=1 seek=20 conv=notrunc status=none",
        "truncate -s -1 offer/sources",
        ": > offer/sources",
        "rm offer/sources",
        "truncate -s -1 offer/manifest",
        "rm offer/manifest"};
    for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
        g_autoptr(GError) why = NULL;
        stage_run("rm -rf kept; cp -r offer kept");
        stage_run(damages[i]);
        ck_assert_ptr_null(listing_open(directory, &why));
        ck_assert_ptr_nonnull(why);
        stage_run("rm -rf offer; mv kept offer");
    }
    listing_forget(directory);
    ck_assert_ptr_null(listing_open(directory, NULL));
    g_autofree char *left = stage_ask("ls -d offer; ls from/d | wc -l");
    ck_assert_str_eq(left, "2"); /* two lines, one name */
}
END_TEST

/* Names are bytes here and labels there; each finds its file. */
START_TEST(test_odd_names)
{
    static const char *const names[] = {"\xFF",
                                        "\xFE",
                                        "a\nb",
                                        "a_b",
                                        "e\xCC\x81",
                                        "\xC3\xA9",
                                        ("\xE2\x80\xAE"
                                         "gpj.exe"),
                                        " x ",
                                        "-rf",
                                        "~",
                                        "a\\b",
                                        "*"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename("from/d", names[i], NULL);
        stage_file(path, i + 1, 1);
    }
    stage_file("from/d/\xFD/\xFC/deep", 50, 1);
    g_autoptr(Listing) listing = stage_list_one("from/d");
    const Manifest *manifest = listing_manifest(listing);
    ck_assert_uint_eq(manifest_count(manifest), 1 + G_N_ELEMENTS(names) + 3);
    uint64_t sizes = 0;
    for (size_t i = 0; i < manifest_count(manifest); i++) {
        int file = -1;
        struct stat status;
        if (manifest_entry(manifest, i)->folder)
            continue;
        ck_assert_int_eq(listing_open_source(listing, i, &file), SOURCE_OK);
        ck_assert_int_eq(fstat(file, &status), 0);
        ck_assert_uint_eq((uint64_t)status.st_size, manifest_entry(manifest, i)->size);
        sizes |= UINT64_C(1) << status.st_size;
        close(file);
    }
    ck_assert_uint_eq(sizes, ((UINT64_C(1) << (G_N_ELEMENTS(names) + 1)) - 2) | UINT64_C(1) << 50);
    stage_transfer_all(listing);
    g_autofree char *count = stage_ask("find into/d -type f | wc -l; find into/d -name '*exe'");
    ck_assert_str_eq(count, "13\ninto/d/gpj.exe");
}
END_TEST

START_TEST(test_source_changes)
{
    static const struct {
        const char *command;
        SourceResult result;
    } cases[] = {
        {"true", SOURCE_OK},
        {"printf x >> d/sub/f", SOURCE_CHANGED},
        {"touch d/sub/f", SOURCE_CHANGED},
        {"rm d/sub/f", SOURCE_VANISHED},
        {"rm -r d", SOURCE_VANISHED},
        {"mv d e", SOURCE_VANISHED},
        {"mv d/sub/f g; ln -s ../../g d/sub/f", SOURCE_CHANGED},
        {"mv d/sub s; ln -s ../s d/sub", SOURCE_CHANGED},
        {"mv d s; ln -s s d", SOURCE_CHANGED},
        {"rm d/sub/f; mkdir d/sub/f", SOURCE_CHANGED},
        {"rm d/sub/f; mkfifo d/sub/f", SOURCE_CHANGED},
        {"rm d/sub/f; ln -s /etc/shadow d/sub/f", SOURCE_CHANGED},
        {"chmod 600 d/sub/f; mv d/sub d/x; mv d/x d/sub", SOURCE_OK},
    };
    stage_file("from/d/sub/f", 100, 1);
    stage_run("touch -d '2001-01-01 00:00:00.5' from/d/sub/f");
    g_autoptr(Listing) listing = stage_list_one("from/d");
    g_autofree char *command = g_strdup_printf("cd from; %s", cases[_i].command);
    stage_run(command);
    ck_assert_int_eq(try_source(listing, "d/sub/f"), cases[_i].result);
}
END_TEST

START_TEST(test_single_file_changes)
{
    stage_file("from/f", 100, 1);
    g_autoptr(Listing) listing = stage_list_one("from/f");
    int file = -1;
    ck_assert_int_eq(listing_open_source(listing, 0, &file), SOURCE_OK);
    ck_assert_int_eq(listing_check_source(listing, 0, file), SOURCE_OK);
    stage_run("printf x >> from/f");
    ck_assert_int_eq(listing_check_source(listing, 0, file), SOURCE_CHANGED);
    close(file);
    stage_run("mv from/f from/g; ln -s g from/f");
    ck_assert_int_eq(try_source(listing, "f"), SOURCE_CHANGED);
    ck_assert_int_eq(listing_open_source(listing, 1, &file), SOURCE_VANISHED);
}
END_TEST

START_TEST(test_folders_are_no_source)
{
    int file = -1;
    stage_folder("from/d");
    g_autoptr(Listing) listing = stage_list_one("from/d");
    ck_assert_int_ne(listing_open_source(listing, 0, &file), SOURCE_OK);
    ck_assert_int_eq(file, -1);
}
END_TEST

/* What the person names may be a link; what it is called stays. */
START_TEST(test_link_named_by_the_person)
{
    stage_file("from/real-name", 7, 1);
    stage_run("ln -s real-name from/nice-name");
    g_autoptr(Listing) listing = stage_list_one("from/nice-name");
    ck_assert_int_eq(try_source(listing, "nice-name"), SOURCE_OK);
    stage_folder("from/other");
    g_autoptr(Listing) dots = stage_list_one("from/other/..");
    ck_assert_str_eq(manifest_entry(listing_manifest(dots), 0)->path, "from");
}
END_TEST

static void expect_refusal(const char *path, GIOErrorEnum code, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Offer) offer = NULL;
    g_autofree char *whole = stage_path(path), *directory = stage_path("offer");
    const char *const paths[] = {whole, NULL};
    ck_assert_ptr_null(listing_make(paths, directory, NULL, &offer, &error));
    ck_assert_msg(g_error_matches(error, G_IO_ERROR, (gint)code), "%s", error->message);
    ck_assert_msg(strstr(error->message, part) != NULL, "%s", error->message);
    ck_assert_ptr_null(offer);
}

START_TEST(test_refusals)
{
    stage_folder("from");
    expect_refusal("from/nothing", G_IO_ERROR_NOT_FOUND, "nothing");
    stage_run("mkfifo from/pipe; ln -s loop from/loop");
    expect_refusal("from/pipe", G_IO_ERROR_NOT_REGULAR_FILE, "pipe");
    expect_refusal("from/loop", G_IO_ERROR_FAILED, "loop");
    stage_run("p=from; for i in $(seq 64); do p=$p/d; done; mkdir -p $p");
    expect_refusal("from", G_IO_ERROR_FILENAME_TOO_LONG, "too deep");
    stage_run("p=from; for i in $(seq 63); do p=$p/d; done; rmdir $p/d; mv from/pipe . ");
    g_autoptr(Listing) deepest = stage_list_one("from");
    ck_assert_uint_eq(manifest_count(listing_manifest(deepest)), FILE_DEPTH_MAX);
    stage_transfer_all(deepest);
}
END_TEST

START_TEST(test_cancelled)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Offer) offer = NULL;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autofree char *directory = stage_path("offer");
    const char *const paths[] = {stage_dir, NULL};
    g_cancellable_cancel(cancellable);
    ck_assert_ptr_null(listing_make(paths, directory, cancellable, &offer, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    const char *const none[] = {NULL};
    g_clear_error(&error);
    ck_assert_ptr_null(listing_make(none, directory, NULL, &offer, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
}
END_TEST

static void refuse_as_nobody(void)
{
    if (geteuid() == 0) {
        stage_run("mkdir -m 777 offer");
        if (setuid(65534) != 0)
            _exit(3);
    }
    expect_refusal("from", G_IO_ERROR_PERMISSION_DENIED, "from/d/locked");
    expect_refusal("from/half", G_IO_ERROR_PERMISSION_DENIED, "from/half/blind");
    expect_refusal("from/secret", G_IO_ERROR_PERMISSION_DENIED, "secret");
    _exit(0);
}

START_TEST(test_no_access)
{
    stage_file("from/d/locked/f", 1, 1);
    stage_file("from/secret", 1, 1);
    stage_file("from/half/blind/f", 1, 1);
    stage_run("chmod 755 .; chmod 0 from/d/locked from/secret; chmod 744 from/half/blind");
    pid_t child = fork();
    if (child == 0)
        refuse_as_nobody();
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

/* More items than an offer lists by name. */
START_TEST(test_many_items)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < OFFER_ITEMS_MAX + 50; i++) {
        g_autofree char *folder = g_strdup_printf("from/%u", i);
        char *path = g_strdup_printf("%s/same.txt", folder);
        stage_file(path, i + 1, i);
        g_ptr_array_add(paths, path);
    }
    g_ptr_array_add(paths, NULL);
    g_autoptr(Offer) offer = NULL;
    g_autoptr(Listing) listing = stage_list((const char *const *)paths->pdata, &offer);
    ck_assert_uint_eq(offer->item_count, OFFER_ITEMS_MAX);
    ck_assert_uint_eq(offer->unlisted, 50);
    ck_assert(manifest_fits(listing_manifest(listing), offer));
    stage_transfer_all(listing);
    g_autofree char *count = stage_ask("ls into | wc -l; stat -c %s 'into/same (306).txt'");
    ck_assert_str_eq(count, "306\n306");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("listing");
    TCase *lists = tcase_create("lists");
    tcase_add_checked_fixture(lists, stage_setup, stage_teardown);
    tcase_set_timeout(lists, 60);
    tcase_add_test(lists, test_order);
    tcase_add_test(lists, test_opens_again);
    tcase_add_test(lists, test_odd_names);
    tcase_add_loop_test(lists, test_source_changes, 0, 13);
    tcase_add_test(lists, test_single_file_changes);
    tcase_add_test(lists, test_folders_are_no_source);
    tcase_add_test(lists, test_link_named_by_the_person);
    tcase_add_test(lists, test_refusals);
    tcase_add_test(lists, test_cancelled);
    tcase_add_test(lists, test_no_access);
    tcase_add_test(lists, test_many_items);
    suite_add_tcase(suite, lists);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
