/* The program itself: what it prints, how it ends. Skipped when it is not built. */
#include <check.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static char *directory;
static char *program;

static void set_up(void)
{
    directory = g_dir_make_tmp("backfence-test-XXXXXX", NULL);
    ck_assert_ptr_nonnull(directory);
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        remove_tree(child);
    }
    g_remove(path);
}

static void tear_down(void)
{
    remove_tree(directory);
    g_clear_pointer(&directory, g_free);
}

/* `arguments` end with NULL; `data` is added as --data when not NULL. */
static GSubprocess *start(const char *data, const char *const *arguments)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_ptr_array_add(all, program);
    for (; *arguments != NULL; arguments++)
        g_ptr_array_add(all, (char *)*arguments);
    if (data != NULL) {
        g_ptr_array_add(all, (char *)"--data");
        g_ptr_array_add(all, (char *)data);
    }
    g_ptr_array_add(all, NULL);
    g_autoptr(GError) error = NULL;
    GSubprocess *process =
        g_subprocess_newv((const char *const *)all->pdata,
                          G_SUBPROCESS_FLAGS_STDERR_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
    ck_assert_msg(process != NULL, "%s", error != NULL ? error->message : "");
    return process;
}

static int exit_code(GSubprocess *process)
{
    ck_assert(g_subprocess_wait(process, NULL, NULL));
    ck_assert(g_subprocess_get_if_exited(process));
    return g_subprocess_get_exit_status(process);
}

static GDataInputStream *log_of(GSubprocess *process)
{
    return g_data_input_stream_new(g_subprocess_get_stderr_pipe(process));
}

/* The next line of its log that has this in it. */
static char *await_line(GDataInputStream *log, const char *part)
{
    for (;;) {
        char *line = g_data_input_stream_read_line(log, NULL, NULL, NULL);
        ck_assert_msg(line != NULL, "no line with %s", part);
        if (strstr(line, part) != NULL)
            return line;
        g_free(line);
    }
}

static GSubprocess *serve(GDataInputStream **log, char **line)
{
    static const char *const arguments[] = {
        "serve",     "--port",       "0", "--name",          "My \"own\" place",
        "--no-mdns", "--files-rate", "0", "--files-at-once", "4096",
        NULL};
    GSubprocess *process = start(directory, arguments);
    *log = log_of(process);
    *line = await_line(*log, "event=listening");
    return process;
}

static char *field_of(const char *line, const char *name)
{
    g_autofree char *start_of = g_strconcat(" ", name, "=", NULL);
    const char *at = strstr(line, start_of);
    ck_assert_ptr_nonnull(at);
    at += strlen(start_of);
    return g_strndup(at, strcspn(at, " "));
}

START_TEST(it_serves_and_leaves_when_told_to)
{
    static const int signals[] = {SIGTERM, SIGINT};
    g_autofree char *place = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        g_autoptr(GDataInputStream) log = NULL;
        g_autofree char *line = NULL;
        g_autoptr(GSubprocess) process = serve(&log, &line);
        ck_assert(g_str_has_prefix(line, "level=info event=listening port="));
        ck_assert_ptr_nonnull(strstr(line, " name=\"My \\\"own\\\" place\""));
        g_autofree char *now = field_of(line, "place");
        ck_assert_uint_eq(strlen(now), 32);
        if (place != NULL)
            ck_assert_str_eq(place, now); /* kept with the data */
        g_free(place);
        place = g_steal_pointer(&now);
        g_subprocess_send_signal(process, signals[i]);
        ck_assert_int_eq(exit_code(process), 0);
    }
}
END_TEST

START_TEST(a_taken_port_is_69)
{
    g_autoptr(GDataInputStream) log = NULL;
    g_autofree char *line = NULL;
    g_autoptr(GSubprocess) first = serve(&log, &line);
    g_autofree char *port = field_of(line, "port");
    g_autofree char *other = g_build_filename(directory, "other", NULL);
    const char *const arguments[] = {"serve", "--no-mdns", "--port", port, NULL};
    g_autoptr(GSubprocess) second = start(other, arguments);
    ck_assert_int_eq(exit_code(second), 69);
    g_subprocess_send_signal(first, SIGTERM);
    ck_assert_int_eq(exit_code(first), 0);
}
END_TEST

START_TEST(a_directory_in_use_is_74)
{
    g_autoptr(GDataInputStream) log = NULL;
    g_autofree char *line = NULL;
    g_autoptr(GSubprocess) first = serve(&log, &line);
    static const char *const arguments[] = {"serve", "--no-mdns", "--port", "0", NULL};
    g_autoptr(GSubprocess) second = start(directory, arguments);
    ck_assert_int_eq(exit_code(second), 74);
    g_subprocess_send_signal(first, SIGTERM);
    ck_assert_int_eq(exit_code(first), 0);
}
END_TEST

START_TEST(a_directory_that_cannot_be_made_is_74)
{
    static const char *const arguments[] = {"serve", "--no-mdns", "--port", "0", NULL};
    g_autoptr(GSubprocess) process = start("/dev/null/data", arguments);
    ck_assert_int_eq(exit_code(process), 74);
}
END_TEST

START_TEST(data_of_a_newer_version_is_78)
{
    g_autoptr(GDataInputStream) log = NULL;
    g_autofree char *line = NULL;
    g_autoptr(GSubprocess) first = serve(&log, &line);
    g_subprocess_send_signal(first, SIGTERM);
    ck_assert_int_eq(exit_code(first), 0);
    g_autofree char *path = g_build_filename(directory, "log.db", NULL);
    sqlite3 *database = NULL;
    ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(database, "PRAGMA user_version = 100000", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(database);
    static const char *const arguments[] = {"serve", "--no-mdns", "--port", "0", NULL};
    g_autoptr(GSubprocess) second = start(directory, arguments);
    ck_assert_int_eq(exit_code(second), 78);
}
END_TEST

START_TEST(a_new_place_is_another_each_time_and_keeps_its_name)
{
    static const char *const make[] = {"serve",       "--no-mdns", "--port", "0",
                                       "--new-place", "Attic",     NULL};
    static const char *const again[] = {"serve", "--no-mdns", "--port", "0", NULL};
    g_autofree char *place = NULL;
    for (unsigned i = 0; i < 3; i++) { /* made, kept, and another one elsewhere */
        g_autofree char *data = g_build_filename(directory, i == 2 ? "b" : "a", NULL);
        g_autoptr(GSubprocess) process = start(data, i == 1 ? again : make);
        g_autoptr(GDataInputStream) log = log_of(process);
        g_autofree char *decided = await_line(log, "event=place");
        ck_assert_ptr_nonnull(strstr(decided, i == 1 ? " from=kept " : " from=new "));
        ck_assert_ptr_nonnull(strstr(decided, " name=Attic"));
        g_autofree char *now = field_of(decided, "place");
        if (place != NULL)
            ck_assert_int_eq(strcmp(place, now) == 0, i == 1);
        g_free(place);
        place = g_steal_pointer(&now);
        g_free(await_line(log, "event=listening"));
        g_subprocess_send_signal(process, SIGTERM);
        ck_assert_int_eq(exit_code(process), 0);
    }
}
END_TEST

START_TEST(a_new_place_where_one_is_kept_is_64)
{
    g_autoptr(GDataInputStream) log = NULL;
    g_autofree char *line = NULL;
    g_autoptr(GSubprocess) first = serve(&log, &line);
    g_subprocess_send_signal(first, SIGTERM);
    ck_assert_int_eq(exit_code(first), 0);
    static const char *const arguments[] = {"serve",       "--no-mdns", "--port", "0",
                                            "--new-place", "Attic",     NULL};
    g_autoptr(GSubprocess) second = start(directory, arguments);
    g_autoptr(GDataInputStream) words = log_of(second);
    g_free(await_line(words, "keeps a place already"));
    ck_assert_int_eq(exit_code(second), 64);
}
END_TEST

START_TEST(a_log_set_aside_begins_anew_as_the_same_place)
{
    static const char *const make[] = {"serve",       "--no-mdns", "--port", "0",
                                       "--new-place", "Attic",     NULL};
    static const char *const again[] = {"serve", "--no-mdns", "--port", "0", NULL};
    g_autofree char *place = NULL;
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(GSubprocess) process = start(directory, i == 0 ? make : again);
        g_autoptr(GDataInputStream) log = log_of(process);
        g_autofree char *decided = await_line(log, "event=place");
        g_autofree char *now = field_of(decided, "place");
        ck_assert(place == NULL || strcmp(place, now) == 0);
        g_free(place);
        place = g_steal_pointer(&now);
        g_free(await_line(log, "event=listening"));
        g_subprocess_send_signal(process, SIGTERM);
        ck_assert_int_eq(exit_code(process), 0);
        g_autofree char *path = g_build_filename(directory, "log.db", NULL);
        ck_assert(g_file_set_contents(path, "this is no database at all", -1, NULL));
    }
}
END_TEST

static const char *const wrong_usage[][6] = {
    {NULL},
    {"dance", NULL},
    {"serve", "--what", NULL},
    {"serve", "--port", "66000", NULL},
    {"serve", "--port", "http", NULL},
    {"serve", "again", NULL},
    {"serve", "--name", "\x01", NULL},
    {"serve", "--new-place", "\x01", NULL},
    {"serve", "--new-place", "Attic", "--name", "Cellar", NULL},
    {"serve", "--files-rate", "-1", NULL},
    {"serve", "--files-rate", "fast", NULL},
    {"serve", "--files-at-once", "5000", NULL},
};

START_TEST(wrong_usage_is_64)
{
    g_autoptr(GSubprocess) process = start(NULL, wrong_usage[_i]);
    ck_assert_int_eq(exit_code(process), 64);
}
END_TEST

START_TEST(help_and_version_are_0)
{
    static const char *const questions[] = {"--help", "--version"};
    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++) {
        const char *const arguments[] = {questions[i], NULL};
        g_autoptr(GSubprocess) process = start(NULL, arguments);
        ck_assert_int_eq(exit_code(process), 0);
    }
}
END_TEST

int main(void)
{
    program = g_build_filename(
        g_getenv("BACKFENCE_BINARY_DIR") != NULL ? g_getenv("BACKFENCE_BINARY_DIR") : ".",
        "backfence-relay", NULL);
    if (!g_file_test(program, G_FILE_TEST_IS_EXECUTABLE))
        return 77;
    Suite *suite = suite_create("server");
    TCase *test = tcase_create("server");
    tcase_set_timeout(test, 30);
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, it_serves_and_leaves_when_told_to);
    tcase_add_test(test, a_taken_port_is_69);
    tcase_add_test(test, a_directory_in_use_is_74);
    tcase_add_test(test, a_directory_that_cannot_be_made_is_74);
    tcase_add_test(test, data_of_a_newer_version_is_78);
    tcase_add_test(test, a_new_place_is_another_each_time_and_keeps_its_name);
    tcase_add_test(test, a_new_place_where_one_is_kept_is_64);
    tcase_add_test(test, a_log_set_aside_begins_anew_as_the_same_place);
    tcase_add_loop_test(test, wrong_usage_is_64, 0, G_N_ELEMENTS(wrong_usage));
    tcase_add_test(test, help_and_version_are_0);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    g_free(program);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
