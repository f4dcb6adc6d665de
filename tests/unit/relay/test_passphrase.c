#include "relay/limits.h"
#include "relay/passphrase.h"

#include <check.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static char *directory, *path;

static void set_up(void)
{
    directory = g_dir_make_tmp("backfence-passphrase-XXXXXX", NULL);
    path = g_build_filename(directory, "passphrase", NULL);
}

static void tear_down(void)
{
    g_unlink(path);
    g_rmdir(directory);
    g_free(path);
    g_free(directory);
}

static void put(const char *bytes, size_t length, int mode)
{
    ck_assert(g_file_set_contents(path, bytes, (gssize)length, NULL));
    ck_assert_int_eq(g_chmod(path, mode), 0);
}

typedef struct {
    const char *written;
    size_t length;
    const char *read; /* NULL: refused, with this in the sentence: */
    const char *why;
} Case;

#define TEXT(text) text, sizeof(text) - 1

static const Case cases[] = {
    {TEXT("one two three"), "one two three", NULL},
    {TEXT("one two three\n"), "one two three", NULL},
    {TEXT("one two three\r\n"), "one two three", NULL},
    {TEXT(" blanks count \n"), " blanks count ", NULL},
    {TEXT("Gr\xc3\xbc\xc3\x9f"
          "e\n"),
     "Gr\xc3\xbc\xc3\x9f"
     "e",
     NULL},
    {TEXT("one\ntwo\n"), NULL, "more than one line"},
    {TEXT("one\n\n"), NULL, "more than one line"},
    {TEXT("one\0two"), NULL, "more than one line"},
    {TEXT("\xff\xfe"), NULL, "not valid UTF-8"},
    {TEXT("\n"), NULL, "empty"},
    {TEXT(""), NULL, "empty"},
};

START_TEST(what_is_in_a_file)
{
    const Case *wanted = &cases[_i];
    g_autoptr(GError) error = NULL;
    put(wanted->written, wanted->length, 0600);
    char *passphrase = passphrase_read(path, &error);
    if (wanted->read) {
        ck_assert_ptr_nonnull(passphrase);
        ck_assert_str_eq(passphrase, wanted->read);
    } else {
        ck_assert_ptr_null(passphrase);
        ck_assert_ptr_nonnull(strstr(error->message, wanted->why));
        ck_assert_ptr_nonnull(strstr(error->message, path));
    }
    passphrase_free(passphrase);
}
END_TEST

START_TEST(how_long_it_may_be)
{
    g_autofree char *longest = g_strnfill(PASSPHRASE_MAX, 'x');
    g_autofree char *longer = g_strnfill(PASSPHRASE_MAX + 1, 'x');
    put(longest, PASSPHRASE_MAX, 0400);
    char *passphrase = passphrase_read(path, NULL);
    ck_assert_str_eq(passphrase, longest);
    passphrase_free(passphrase);
    g_autoptr(GError) error = NULL;
    put(longer, PASSPHRASE_MAX + 1, 0600);
    ck_assert_ptr_null(passphrase_read(path, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "too long"));
}
END_TEST

START_TEST(what_others_may_read_is_refused)
{
    static const int modes[] = {0640, 0604, 0620, 0602, 0666};
    g_autoptr(GError) error = NULL;
    put("secret", 6, modes[_i]);
    ck_assert_ptr_null(passphrase_read(path, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED));
    ck_assert_ptr_nonnull(strstr(error->message, "nobody else may read"));
    ck_assert_ptr_null(strstr(error->message, "secret"));
}
END_TEST

START_TEST(what_is_not_there_or_no_plain_file_is_refused)
{
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(passphrase_read(path, &error));
    ck_assert_ptr_nonnull(strstr(error->message, path));
    g_clear_error(&error);
    ck_assert_ptr_null(passphrase_read(directory, &error));
    ck_assert_ptr_nonnull(error);
    g_clear_error(&error);
    g_autofree char *other = g_strconcat(path, "-other", NULL);
    put("secret", 6, 0600);
    ck_assert_int_eq(rename(path, other), 0);
    ck_assert_int_eq(symlink(other, path), 0);
    ck_assert_ptr_null(passphrase_read(path, &error));
    ck_assert_ptr_nonnull(error);
    g_unlink(other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("passphrase");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_loop_test(all, what_is_in_a_file, 0, G_N_ELEMENTS(cases));
    tcase_add_test(all, how_long_it_may_be);
    tcase_add_loop_test(all, what_others_may_read_is_refused, 0, 5);
    tcase_add_test(all, what_is_not_there_or_no_plain_file_is_refused);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
