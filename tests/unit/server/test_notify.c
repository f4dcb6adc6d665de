#include "relay/server/notify.h"

#include <check.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A service manager: what it was told. */
static GSocket *manager;
static char *directory;

static void listen_at(const char *path, GUnixSocketAddressType type)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new_with_type(path, -1, type);
    manager =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
    ck_assert(g_socket_bind(manager, address, FALSE, &error));
    g_socket_set_timeout(manager, 10);
}

static void set_up(void)
{
    directory = g_dir_make_tmp("notify-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "socket", NULL);
    listen_at(path, G_UNIX_SOCKET_ADDRESS_PATH);
    g_setenv("NOTIFY_SOCKET", path, TRUE);
    g_unsetenv("WATCHDOG_USEC");
    g_unsetenv("WATCHDOG_PID");
}

static void tear_down(void)
{
    g_autofree char *path = g_build_filename(directory, "socket", NULL);
    g_clear_object(&manager);
    g_unlink(path);
    g_rmdir(directory);
    g_clear_pointer(&directory, g_free);
}

static void check_told(const char *wanted)
{
    char text[512];
    g_autoptr(GError) error = NULL;
    gssize length = g_socket_receive(manager, text, sizeof text - 1, NULL, &error);
    ck_assert_msg(length > 0, "nothing came instead of %s", wanted);
    text[length] = '\0';
    ck_assert_str_eq(text, wanted);
}

static void check_silent(void)
{
    ck_assert_int_eq(g_socket_condition_check(manager, G_IO_IN), 0);
}

START_TEST(tells_what_happens)
{
    g_autoptr(Notify) notify = notify_new(NULL);
    notify_status(notify, "Looking around");
    check_told("STATUS=Looking around");
    notify_ready(notify);
    check_told("READY=1");
    notify_status(notify, "Looking around"); /* said already */
    notify_status(notify, "a\nREADY=0");
    check_told("STATUS=a READY=0");
    notify_stopping(notify);
    check_told("STOPPING=1");
    check_silent();
    ck_assert_int_eq(notify_watchdog_age_us(notify), -1);
}
END_TEST

START_TEST(says_when_it_reloads)
{
    g_autoptr(Notify) notify = notify_new(NULL);
    char text[128] = {0};
    gint64 before_us = g_get_monotonic_time();
    notify_reloading(notify);
    ck_assert_int_gt(g_socket_receive(manager, text, sizeof text - 1, NULL, NULL), 0);
    ck_assert(g_str_has_prefix(text, "RELOADING=1\nMONOTONIC_USEC="));
    gint64 said_us = g_ascii_strtoll(text + sizeof "RELOADING=1\nMONOTONIC_USEC=" - 1, NULL, 10);
    ck_assert_int_ge(said_us, before_us);
    ck_assert_int_le(said_us, g_get_monotonic_time());
    notify_ready(notify);
    check_told("READY=1");
}
END_TEST

START_TEST(speaks_to_an_abstract_socket)
{
    g_autofree char *name = g_strdup_printf("backfence-notify-%d", (int)getpid());
    g_autofree char *said = g_strconcat("@", name, NULL);
    g_clear_object(&manager);
    listen_at(name, G_UNIX_SOCKET_ADDRESS_ABSTRACT);
    g_setenv("NOTIFY_SOCKET", said, TRUE);
    g_autoptr(Notify) notify = notify_new(NULL);
    notify_ready(notify);
    check_told("READY=1");
}
END_TEST

START_TEST(leaves_nothing_to_children)
{
    g_setenv("WATCHDOG_USEC", "1000000", TRUE);
    g_setenv("WATCHDOG_PID", "1", TRUE);
    g_autoptr(Notify) notify = notify_new(NULL);
    ck_assert_ptr_null(g_getenv("NOTIFY_SOCKET"));
    ck_assert_ptr_null(g_getenv("WATCHDOG_USEC"));
    ck_assert_ptr_null(g_getenv("WATCHDOG_PID"));
    ck_assert_int_eq(notify_watchdog_age_us(notify), -1);
}
END_TEST

START_TEST(feeds_the_watchdog_while_its_loop_goes_round)
{
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
    g_autoptr(GMainContext) context = g_main_context_new();
    g_setenv("WATCHDOG_USEC", "20000", TRUE);
    g_setenv("WATCHDOG_PID", pid, TRUE);
    g_autoptr(Notify) notify = notify_new(context);
    ck_assert_int_eq(notify_watchdog_age_us(notify), -1);
    notify_ready(notify);
    check_told("READY=1");
    check_told("WATCHDOG=1");
    for (int i = 0; i < 3; i++) {
        while (g_socket_condition_check(manager, G_IO_IN) == 0)
            g_main_context_iteration(context, TRUE);
        check_told("WATCHDOG=1");
    }
    ck_assert_int_ge(notify_watchdog_age_us(notify), 0);
    /* The loop stands still: nobody feeds it, however much time passes. */
    gint64 age_us = notify_watchdog_age_us(notify);
    while (notify_watchdog_age_us(notify) < age_us + 40000)
        g_thread_yield();
    check_silent();
}
END_TEST

START_TEST(feeds_no_watchdog_of_another_process)
{
    g_setenv("WATCHDOG_USEC", "20000", TRUE);
    g_setenv("WATCHDOG_PID", "1", TRUE);
    g_autoptr(Notify) notify = notify_new(NULL);
    notify_ready(notify);
    check_told("READY=1");
    check_silent();
    ck_assert_int_eq(notify_watchdog_age_us(notify), -1);
}
END_TEST

/* Where nobody asks, and where what asks makes no sense. */
START_TEST(does_nothing_unasked)
{
    static const char *const names[] = {NULL, "", "@", "relative", "vsock:2:1234"};
    g_autofree char *long_name = g_strnfill(200, 'x');
    long_name[0] = '/';
    for (unsigned i = 0; i <= G_N_ELEMENTS(names); i++) {
        const char *name = i < G_N_ELEMENTS(names) ? names[i] : long_name;
        if (name != NULL)
            g_setenv("NOTIFY_SOCKET", name, TRUE);
        else
            g_unsetenv("NOTIFY_SOCKET");
        g_setenv("WATCHDOG_USEC", "20000", TRUE);
        g_autoptr(Notify) notify = notify_new(NULL);
        notify_ready(notify);
        notify_status(notify, "Serving");
        notify_reloading(notify);
        notify_stopping(notify);
        ck_assert_int_eq(notify_watchdog_age_us(notify), -1);
    }
    check_silent();
    notify_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("notify");
    TCase *tests = tcase_create("notify");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, tells_what_happens);
    tcase_add_test(tests, says_when_it_reloads);
    tcase_add_test(tests, speaks_to_an_abstract_socket);
    tcase_add_test(tests, leaves_nothing_to_children);
    tcase_add_test(tests, feeds_the_watchdog_while_its_loop_goes_round);
    tcase_add_test(tests, feeds_no_watchdog_of_another_process);
    tcase_add_test(tests, does_nothing_unasked);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
