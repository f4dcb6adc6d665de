/* What a landing says when the disk refuses, and that nothing is lost by it. */

#include "tests/unit/app/landing_stage.h"

#include <check.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_code(const GError *error, GIOErrorEnum code)
{
    ck_assert_msg(g_error_matches(error, G_IO_ERROR, (gint)code), "%s",
                  error != NULL ? error->message : "no error");
    ck_assert(g_utf8_validate(error->message, -1, NULL));
}

START_TEST(test_folder_is_gone)
{
    g_autoptr(GError) error = NULL;
    landing_stage_die_after(4);
    stage_run("mv into elsewhere");
    ck_assert_ptr_null(stage_open(landing_stage_listing, &error));
    expect_code(error, G_IO_ERROR_NOT_FOUND);
    stage_run("mv elsewhere into");
    ck_assert_uint_gt(landing_stage_bytes_kept(), 0);
    stage_transfer_all(landing_stage_listing);
    landing_stage_expect_whole();
}
END_TEST

static void need_root(void)
{
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        landing_stage_teardown();
        exit(0);
    }
}

static void mount_small(const char *size)
{
    g_autofree char *into = stage_path("into");
    ck_assert_int_eq(mount("none", into, "tmpfs", 0, size), 0);
}

static void unmount(void)
{
    g_autofree char *into = stage_path("into");
    umount2(into, MNT_DETACH);
}

START_TEST(test_no_room)
{
    g_autoptr(GError) error = NULL;
    need_root();
    mount_small("size=2m");
    ck_assert_ptr_null(stage_open(landing_stage_listing, &error));
    expect_code(error, G_IO_ERROR_NO_SPACE);
    unmount();
}
END_TEST

START_TEST(test_room_runs_out)
{
    g_autoptr(GError) error = NULL;
    need_root();
    mount_small("size=5m");
    g_autoptr(Landing) landing = stage_open(landing_stage_listing, &error);
    stage_expect_ok(error);
    ck_assert_int_eq(stage_send(landing_stage_listing, landing, 3, &error), 3);
    stage_run("head -c 2M /dev/zero > into/other 2>/dev/null || true");
    ck_assert_int_eq(stage_send(landing_stage_listing, landing, G_MAXUINT, &error), -1);
    expect_code(error, G_IO_ERROR_NO_SPACE);
    uint64_t before = landing_bytes(landing);
    g_clear_pointer(&landing, landing_close);
    stage_run("rm into/other");
    ck_assert_uint_eq(landing_stage_bytes_kept(), before);
    stage_transfer_all(landing_stage_listing);
    landing_stage_expect_whole();
    unmount();
}
END_TEST

START_TEST(test_out_of_inodes)
{
    g_autoptr(GError) error = NULL;
    need_root();
    mount_small("size=9m,nr_inodes=6");
    g_autoptr(Landing) landing = stage_open(landing_stage_listing, &error);
    if (landing != NULL)
        ck_assert_int_eq(stage_send(landing_stage_listing, landing, G_MAXUINT, &error), -1);
    expect_code(error, G_IO_ERROR_NO_SPACE);
    g_clear_pointer(&landing, landing_close);
    unmount();
}
END_TEST

START_TEST(test_read_only)
{
    g_autoptr(GError) error = NULL;
    need_root();
    mount_small("size=9m");
    g_autofree char *into = stage_path("into");
    ck_assert_int_eq(mount(NULL, into, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    g_autoptr(Landing) landing = stage_open(landing_stage_listing, &error);
    if (landing != NULL)
        ck_assert_int_eq(stage_send(landing_stage_listing, landing, 1, &error), -1);
    expect_code(error, G_IO_ERROR_READ_ONLY);
    g_clear_pointer(&landing, landing_close);
    unmount();
}
END_TEST

/* The stick was pulled out: the empty folder below is not where it goes on. */
START_TEST(test_disk_pulled_out)
{
    g_autoptr(GError) error = NULL;
    need_root();
    mount_small("size=9m");
    {
        g_autoptr(Landing) landing = stage_open(landing_stage_listing, &error);
        ck_assert_int_eq(stage_send(landing_stage_listing, landing, 4, &error), 4);
    }
    g_autofree char *into = stage_path("into"), *aside = stage_path("aside");
    stage_folder("aside");
    ck_assert_int_eq(mount(into, aside, NULL, MS_MOVE, NULL), 0);
    ck_assert_ptr_null(stage_open(landing_stage_listing, &error));
    expect_code(error, G_IO_ERROR_NOT_FOUND);
    ck_assert_int_eq(mount(aside, into, NULL, MS_MOVE, NULL), 0);
    ck_assert_uint_gt(landing_stage_bytes_kept(), 3 * CHUNK_SIZE);
    stage_transfer_all(landing_stage_listing);
    landing_stage_expect_whole();
    unmount();
}
END_TEST

/* Somebody who may not. */
START_TEST(test_no_permission)
{
    const uid_t nobody = 65534;
    stage_run("chmod 755 . into; chmod 777 from from/tree");
    pid_t child = fork();
    if (child == 0) {
        g_autoptr(GError) error = NULL;
        if (geteuid() == 0) {
            stage_run("mkdir -m 777 open; mv open state");
            if (setuid(nobody) != 0)
                _exit(3);
        } else {
            stage_run("chmod 555 into");
        }
        g_autoptr(Landing) landing = stage_open(landing_stage_listing, &error);
        if (landing != NULL)
            (void)stage_send(landing_stage_listing, landing, 1, &error);
        _exit(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED) ? 0 : 1);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("landing_refused");
    TCase *refused = tcase_create("refused");
    tcase_add_checked_fixture(refused, landing_stage_setup, landing_stage_teardown);
    tcase_set_timeout(refused, 60);
    tcase_add_test(refused, test_folder_is_gone);
    tcase_add_test(refused, test_no_room);
    tcase_add_test(refused, test_room_runs_out);
    tcase_add_test(refused, test_out_of_inodes);
    tcase_add_test(refused, test_read_only);
    tcase_add_test(refused, test_disk_pulled_out);
    tcase_add_test(refused, test_no_permission);
    suite_add_tcase(suite, refused);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
