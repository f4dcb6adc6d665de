/* The control socket: who may ask, what is no question, and what becomes of callers. */
#include "relay/server/control.h"
#include "tests/unit/child.h"

#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char *directory, *path;
static Control *control;

static void set_up(void)
{
    g_autoptr(GError) error = NULL;
    directory = g_dir_make_tmp("backfence-control-XXXXXX", NULL);
    path = g_build_filename(directory, "control", NULL);
    control = control_new(NULL, path, &error);
    ck_assert_msg(control != NULL, "%s", error != NULL ? error->message : "");
}

static void tear_down(void)
{
    g_clear_pointer(&control, control_free);
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
    ck_assert_int_eq(g_rmdir(directory), 0);
    g_clear_pointer(&directory, g_free);
    g_clear_pointer(&path, g_free);
}

static int dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void say(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = send(fd, bytes, length, MSG_NOSIGNAL);
        if (count < 0)
            g_main_context_iteration(NULL, TRUE);
        else
            length -= (size_t)count, bytes += count;
    }
}

/* One line, without its end; NULL: it was closed instead. */
static char *hear(int fd)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (;;) {
        char byte;
        ssize_t count = recv(fd, &byte, 1, 0);
        if (count == 0 || (count < 0 && errno != EAGAIN))
            return NULL;
        if (count == 1 && byte == '\n')
            return g_string_free(g_steal_pointer(&line), FALSE);
        if (count == 1)
            g_string_append_c(line, byte);
        else
            g_main_context_iteration(NULL, FALSE);
    }
}

static void expect(int fd, const char *part)
{
    g_autofree char *line = hear(fd);
    ck_assert_ptr_nonnull(line);
    ck_assert_msg(strstr(line, part) != NULL, "%s in %s", part, line);
}

static void expect_closed(int fd)
{
    g_autofree char *line = hear(fd);
    ck_assert_msg(line == NULL, "%s", line);
    close(fd);
}

START_TEST(what_is_no_question_is_answered_so)
{
    static const char *const lines[] = {
        "",
        "hello",
        "[]",
        "{}",
        "null",
        "{\"command\": 5}",
        "{\"command\": null}",
        "{\"command\": [\"status\"]}",
        "{\"command\": \"nothing-of-the-kind\"}",
        "{\"command\": \"serve\"}",
        "{\"command\": \"who\", \"words\": [5]}",
        "{\"command\": \"who\", \"words\": [[]]}",
        "{\"command\": \"who\", \"words\": [\"too\", \"many\"]}",
        "{\"command\": \"who\", \"options\": {\"no-such\": true}}",
        "{\"command\": \"who\", \"options\": {\"all\": \"yes\"}}",
        "{\"command\": \"who\", \"options\": {\"all\": {}}}",
        "\xff\xfe",
    };
    int fd = dial();
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        say(fd, lines[i], strlen(lines[i]));
        say(fd, "\n", 1);
        expect(fd, "{\"ok\":false,\"code\":\"usage\",\"text\":");
    }
    say(fd, "a\0b\n", 4);
    expect(fd, "UTF-8");
    g_autofree char *deep = g_strnfill(60000, '[');
    say(fd, deep, strlen(deep));
    say(fd, "\n", 1);
    expect(fd, "\"code\":\"usage\"");
    close(fd);
}
END_TEST

START_TEST(lines_come_in_pieces_and_many_at_once)
{
    int fd = dial();
    say(fd, "{\"comm", 6);
    for (int i = 0; i < 5; i++)
        g_main_context_iteration(NULL, FALSE);
    say(fd, "and\": 1}\n{}\n{", 13);
    expect(fd, "\"ok\":false");
    expect(fd, "\"ok\":false");
    say(fd, "}\n", 2);
    expect(fd, "\"ok\":false");
    close(fd);
}
END_TEST

START_TEST(a_line_without_end_is_refused)
{
    g_autofree char *much = g_strnfill(CONTROL_LINE_MAX, 'x');
    int fd = dial();
    say(fd, much, strlen(much));
    expect(fd, "too long");
    expect_closed(fd);
}
END_TEST

START_TEST(so_many_callers_and_no_more)
{
    int fds[CONTROL_CALLERS_MAX];
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++) {
        fds[i] = dial();
        say(fds[i], "{}\n", 3);
        expect(fds[i], "\"ok\":false");
    }
    expect_closed(dial());
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++)
        close(fds[i]);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    int fd = dial();
    say(fd, "{}\n", 3);
    expect(fd, "\"ok\":false");
    close(fd);
}
END_TEST

START_TEST(other_users_are_refused)
{
    if (geteuid() != 0)
        return;
    g_chmod(directory, 0755);
    g_chmod(path, 0666); /* only what the kernel says of the caller counts */
    pid_t child = fork();
    if (child == 0) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char answer[256] = "";
        child_say_nothing();
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        g_strlcpy(address.sun_path, path, sizeof address.sun_path);
        if (setuid(65534) != 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
            _exit(2);
        (void)!write(fd, "{\"command\": \"who\"}\n", 19);
        ssize_t count = read(fd, answer, sizeof answer - 1);
        _exit(count > 0 && strstr(answer, "\"not-allowed\"") != NULL ? 0 : 1);
    }
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0)
        g_main_context_iteration(NULL, FALSE);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(the_socket_is_for_its_owner_only)
{
    struct stat found;
    ck_assert_int_eq(stat(path, &found), 0);
    ck_assert_uint_eq(found.st_mode & 0777, 0600);
}
END_TEST

START_TEST(a_second_one_is_refused_and_a_dead_one_replaced)
{
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(control_new(NULL, path, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_EXISTS));
    ck_assert(g_file_test(path, G_FILE_TEST_EXISTS));
    g_clear_pointer(&control, control_free);

    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd); /* as a process does that is killed */
    g_clear_error(&error);
    control = control_new(NULL, path, &error);
    ck_assert_msg(control != NULL, "%s", error != NULL ? error->message : "");
}
END_TEST

START_TEST(what_is_no_socket_stays)
{
    g_autoptr(GError) error = NULL;
    g_clear_pointer(&control, control_free);
    ck_assert(g_file_set_contents(path, "precious", -1, NULL));
    ck_assert_ptr_null(control_new(NULL, path, &error));
    g_autofree char *contents = NULL;
    ck_assert(g_file_get_contents(path, &contents, NULL, NULL));
    ck_assert_str_eq(contents, "precious");
    g_unlink(path);
}
END_TEST

START_TEST(a_long_path_will_do)
{
    g_autofree char *name = g_strnfill(200, 'd');
    g_autofree char *folder = g_build_filename(directory, name, NULL);
    g_autofree char *deep = g_build_filename(folder, "control", NULL);
    g_autoptr(GError) error = NULL;
    ck_assert_int_eq(g_mkdir(folder, 0700), 0);
    Control *other = control_new(NULL, deep, &error);
    ck_assert_msg(other != NULL, "%s", error != NULL ? error->message : "");
    control_free(other);
    ck_assert_int_eq(g_rmdir(folder), 0);
}
END_TEST

START_TEST(who_asks_where_nobody_is_is_told_what_to_do)
{
    g_autofree char *nowhere = g_build_filename(directory, "nobody", NULL);
    g_autofree char *code = NULL;
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(control_ask(nowhere, "status", NULL, NULL, &code, &error));
    ck_assert_str_eq(code, "not-running");
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
    ck_assert_ptr_nonnull(strstr(error->message, "serve"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("control");
    TCase *tcase = tcase_create("control");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, what_is_no_question_is_answered_so);
    tcase_add_test(tcase, lines_come_in_pieces_and_many_at_once);
    tcase_add_test(tcase, a_line_without_end_is_refused);
    tcase_add_test(tcase, so_many_callers_and_no_more);
    tcase_add_test(tcase, other_users_are_refused);
    tcase_add_test(tcase, the_socket_is_for_its_owner_only);
    tcase_add_test(tcase, a_second_one_is_refused_and_a_dead_one_replaced);
    tcase_add_test(tcase, what_is_no_socket_stays);
    tcase_add_test(tcase, a_long_path_will_do);
    tcase_add_test(tcase, who_asks_where_nobody_is_is_told_what_to_do);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
