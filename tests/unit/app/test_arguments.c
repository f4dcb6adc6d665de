/* Paths as people type them. */
#include "app/commands/arguments.h"

#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const files[] = {"plain.txt", "two words.txt", "b.jpg", "a.jpg", "[x].txt"};
static char *directory;

static void set_up(void)
{
    directory = g_dir_make_tmp("backfence-arguments-XXXXXX", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(directory, files[i], NULL);
        ck_assert(g_file_set_contents(path, "", 0, NULL));
    }
    ck_assert_int_eq(chdir(directory), 0);
}

static void tear_down(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(directory, files[i], NULL);
        g_remove(path);
    }
    ck_assert_int_eq(chdir("/"), 0);
    g_rmdir(directory);
    g_free(directory);
}

/* `paths` are names in the directory, with '|' between them. */
static const struct {
    const char *line, *paths;
} read_as[] = {
    {"", ""},
    {"plain.txt", "plain.txt"},
    {"./plain.txt", "plain.txt"},
    {"two words.txt", "two words.txt"}, /* as it stands: dropped on a terminal, or pasted */
    {"'two words.txt' plain.txt", "two words.txt|plain.txt"},
    {"two\\ words.txt plain.txt", "two words.txt|plain.txt"},
    {"\"two words.txt\"", "two words.txt"},
    {"*.jpg", "a.jpg|b.jpg"},
    {"plain.txt *.jpg", "plain.txt|a.jpg|b.jpg"},
    {"*.png", "*.png"}, /* no such thing: said later, by this name */
    {"[x].txt plain.txt", "[x].txt|plain.txt"},
    {"missing.txt", "missing.txt"},
    {"sub/../plain.txt", "plain.txt"},
};

START_TEST(test_paths)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) paths = arguments_paths(read_as[_i].line, &error);
    g_assert_no_error(error);
    g_auto(GStrv) wanted = g_strsplit(read_as[_i].paths, "|", -1);
    ck_assert_uint_eq(g_strv_length(paths), g_strv_length(wanted));
    for (size_t i = 0; wanted[i]; i++) {
        g_autofree char *path = g_build_filename(directory, wanted[i], NULL);
        ck_assert_str_eq(paths[i], path);
    }
}
END_TEST

START_TEST(test_home)
{
    g_auto(GStrv) paths = arguments_paths("~/x ~ ~other", NULL);
    g_autofree char *x = g_build_filename(g_get_home_dir(), "x", NULL);
    g_autofree char *other = g_build_filename(directory, "~other", NULL);
    ck_assert_str_eq(paths[0], x);
    ck_assert_str_eq(paths[1], g_get_home_dir());
    ck_assert_str_eq(paths[2], other);
}
END_TEST

START_TEST(test_open_quotes_are_said)
{
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(arguments_paths("'two words.txt", &error));
    ck_assert_ptr_nonnull(error);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arguments");
    TCase *paths = tcase_create("paths");
    tcase_add_checked_fixture(paths, set_up, tear_down);
    tcase_add_loop_test(paths, test_paths, 0, G_N_ELEMENTS(read_as));
    tcase_add_test(paths, test_home);
    tcase_add_test(paths, test_open_quotes_are_said);
    suite_add_tcase(suite, paths);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
