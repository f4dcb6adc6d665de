#include "relay/identity.h"

#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

static char *directory; /* owned, made for each test */
static char *path;      /* owned */

static void make_directory(void)
{
    directory = g_dir_make_tmp("backfence-identity-XXXXXX", NULL);
    path = g_build_filename(directory, "key", NULL);
}

static void remove_directory(void)
{
    g_unlink(path);
    ck_assert_int_eq(g_rmdir(directory), 0); /* nothing else was left in it */
    g_clear_pointer(&path, g_free);
    g_clear_pointer(&directory, g_free);
}

static void assert_refused(int code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Identity) identity = identity_open(path, &error);
    ck_assert_ptr_null(identity);
    ck_assert(g_error_matches(error, G_FILE_ERROR, code));
    ck_assert_ptr_nonnull(strstr(error->message, path));
}

START_TEST(is_made_once_and_kept)
{
    g_autoptr(Identity) made = identity_open(path, NULL);
    g_autoptr(Identity) read = identity_open(path, NULL);
    ck_assert_ptr_nonnull(made);
    ck_assert_ptr_nonnull(read);
    ck_assert_mem_eq(identity_key(made), identity_key(read), KEY_SIZE);
    GStatBuf status;
    ck_assert_int_eq(g_stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 07777, 0600);
}
END_TEST

START_TEST(refuses_a_file_that_others_may_read)
{
    g_autoptr(Identity) made = identity_open(path, NULL);
    ck_assert_ptr_nonnull(made);
    ck_assert_int_eq(g_chmod(path, 0640), 0);
    assert_refused(G_FILE_ERROR_PERM);
}
END_TEST

START_TEST(refuses_a_link)
{
    g_autofree char *target = g_build_filename(directory, "elsewhere", NULL);
    g_autoptr(Identity) made = identity_open(target, NULL);
    ck_assert_ptr_nonnull(made);
    ck_assert_int_eq(symlink(target, path), 0);
    assert_refused(G_FILE_ERROR_LOOP);
    g_unlink(target);
}
END_TEST

START_TEST(refuses_damage)
{
    g_autoptr(Identity) made = identity_open(path, NULL);
    ck_assert_ptr_nonnull(made);
    g_autofree char *bytes = NULL;
    gsize length = 0;
    ck_assert(g_file_get_contents(path, &bytes, &length, NULL));
    bytes[20] ^= 1;
    ck_assert(g_file_set_contents_full(path, bytes, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT,
                                       0600, NULL));
    assert_refused(G_FILE_ERROR_INVAL);
    ck_assert(
        g_file_set_contents_full(path, bytes, 10, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
    assert_refused(G_FILE_ERROR_INVAL);
    ck_assert(g_file_set_contents_full(path, "", 0, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
    assert_refused(G_FILE_ERROR_INVAL);
}
END_TEST

START_TEST(says_when_it_cannot_be_kept)
{
    g_autofree char *nowhere = g_build_filename(directory, "missing", "key", NULL);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(identity_open(nowhere, &error));
    ck_assert_ptr_nonnull(error);
}
END_TEST

/* RFC 8032, 7.1, test 1. */
START_TEST(signs_as_rfc_8032)
{
    uint8_t seed[32], key[KEY_SIZE], expected[SIGNATURE_SIZE], signature[SIGNATURE_SIZE];
    sodium_hex2bin(seed, sizeof seed,
                   "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", 64, NULL,
                   NULL, NULL);
    sodium_hex2bin(key, sizeof key,
                   "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", 64, NULL,
                   NULL, NULL);
    sodium_hex2bin(expected, sizeof expected,
                   "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                   "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
                   128, NULL, NULL, NULL);
    g_autoptr(Identity) identity = identity_from_seed(seed);
    ck_assert_mem_eq(identity_key(identity), key, KEY_SIZE);
    ck_assert_mem_eq(identity_seed(identity), seed, 32);
    identity_sign(identity, "", 0, signature);
    ck_assert_mem_eq(signature, expected, SIGNATURE_SIZE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("identity");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, make_directory, remove_directory);
    tcase_add_test(all, is_made_once_and_kept);
    tcase_add_test(all, refuses_a_file_that_others_may_read);
    tcase_add_test(all, refuses_a_link);
    tcase_add_test(all, refuses_damage);
    tcase_add_test(all, says_when_it_cannot_be_kept);
    tcase_add_test(all, signs_as_rfc_8032);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
