/* The table of the relay's commands, and what is typed wrongly. */
#include "relay/server/command.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(the_table_is_in_order)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (const ServerCommand *const *each = server_commands(); *each != NULL; each++) {
        const ServerCommand *command = *each;
        ck_assert(g_hash_table_add(names, (char *)command->name));
        ck_assert_ptr_eq(server_command_find(command->name), command);
        ck_assert_ptr_nonnull(command->arguments);
        ck_assert_uint_gt(strlen(command->help), 0);
        ck_assert_uint_le(command->least, command->most);
        ck_assert_msg(command->run != NULL || command->alone != NULL, "%s", command->name);
        for (const GOptionEntry *entry = command->options; entry != NULL && entry->long_name;
             entry++) {
            ck_assert_ptr_null(entry->arg_data);
            ck_assert(entry->arg == G_OPTION_ARG_NONE || entry->arg == G_OPTION_ARG_INT ||
                      entry->arg == G_OPTION_ARG_STRING || entry->arg == G_OPTION_ARG_FILENAME);
        }
    }
    ck_assert_ptr_null(server_command_find(""));
    ck_assert_ptr_null(server_command_find("Status"));
}
END_TEST

/* Exit code; `output` gets what was said. */
static int run(const char *line, char **output)
{
    g_auto(GStrv) words = NULL;
    ck_assert(g_shell_parse_argv(line, NULL, &words, NULL));
    char path[] = "/tmp/backfence-command-XXXXXX";
    int file = g_mkstemp(path), out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    fflush(NULL);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    guint count = g_strv_length(words);
    g_autofree char **taken = g_memdup2(words, (count + 1) * sizeof *words);
    int code = command_main((int)count, taken);
    fflush(NULL);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out);
    close(err);
    close(file);
    ck_assert(g_file_get_contents(path, output, NULL, NULL));
    unlink(path);
    return code;
}

START_TEST(what_is_typed_wrongly_is_one_sentence)
{
    static const struct {
        const char *line;
        int code;
        const char *part;
    } cases[] = {
        {"r", 64, "--help"},
        {"r nothing", 64, "no command nothing"},
        {"r --no-such status", 64, "--no-such"},
        {"r status --no-such", 64, "--no-such"},
        {"r status more", 64, "fewer words"},
        {"r kick", 64, "more words: write backfence-relay kick NAME"},
        {"r kick \xff", 64, "UTF-8"},
        {"r serve --port 70000", 64, "no port: 70000"},
        {"r serve --name ''", 64, "no name"},
        {"r serve --new-place a --name b", 64, "has its name already"},
        {"r serve --files-rate x", 64, "no rate"},
        {"r status --data /nonexistent", 69, "No relay is running here"},
        {"r --data /nonexistent ban a", 69, "/nonexistent/control"},
        {"r status --json --data /nonexistent", 69, "{\"ok\":false,\"code\":\"not-running\""},
        {"r --json status --data=/nonexistent", 69, "{\"ok\":false,\"code\":\"not-running\""},
        {"r --json nothing", 64, "{\"ok\":false,\"code\":\"usage\""},
    };
    g_unsetenv("RUNTIME_DIRECTORY");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *output = NULL;
        int code = run(cases[i].line, &output);
        ck_assert_msg(code == cases[i].code, "%s: %d", cases[i].line, code);
        ck_assert_msg(strstr(output, cases[i].part) != NULL, "%s: %s", cases[i].line, output);
        ck_assert_msg(strchr(output, '\n') == output + strlen(output) - 1, "%s", output);
    }
}
END_TEST

START_TEST(each_helps)
{
    g_autofree char *all = NULL, *version = NULL;
    ck_assert_int_eq(run("r --help", &all), 0);
    ck_assert_int_eq(run("r --version", &version), 0);
    ck_assert_str_eq(version, "backfence-relay " BACKFENCE_VERSION "\n");
    for (const ServerCommand *const *each = server_commands(); *each != NULL; each++) {
        g_autofree char *line = g_strdup_printf("r %s --help", (*each)->name);
        g_autofree char *output = NULL;
        ck_assert_int_eq(run(line, &output), 0);
        ck_assert_ptr_nonnull(strstr(output, (*each)->help));
        ck_assert_ptr_nonnull(strstr(output, "--json"));
        ck_assert_ptr_nonnull(strstr(all, (*each)->help));
    }
}
END_TEST

START_TEST(what_others_wrote_does_not_steer_the_terminal)
{
    g_autofree char *output = NULL;
    ck_assert_int_eq(run("r '\x1b[2J'", &output), 64);
    ck_assert_ptr_null(strchr(output, '\x1b'));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("command");
    TCase *tcase = tcase_create("command");
    tcase_add_test(tcase, the_table_is_in_order);
    tcase_add_test(tcase, what_is_typed_wrongly_is_one_sentence);
    tcase_add_test(tcase, each_helps);
    tcase_add_test(tcase, what_others_wrote_does_not_steer_the_terminal);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
