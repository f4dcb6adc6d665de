/* What is typed, and what becomes of it: said, answered, refused. A member without a network: what
 * it says waits in its outbox. */
#include "app/command.h"

#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

static char *directory;
static Member *member;

/* What the last line led to. */
static struct {
    GString *printed; /* lines */
    char *failed;     /* the code of the last failure */
    unsigned quits, history;
} seen;

static void on_event(const SessionEvent *event, void *user)
{
}

static void on_choices(void *user)
{
}

static void on_finding(FinderState state, const char *line, void *user)
{
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name = NULL;
    while (folder && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        remove_tree(child);
    }
    g_remove(path);
}

static void set_up(void)
{
    static const MemberEvents events = {
        .event = on_event, .choices = on_choices, .finding = on_finding};
    directory = g_dir_make_tmp("backfence-command-XXXXXX", NULL);
    MemberOptions options = {.data_dir = directory, .name = "Ann Lee"};
    g_autoptr(GError) error = NULL;
    member = member_new(NULL, &options, &events, NULL, &error);
    g_assert_no_error(error);
    seen.printed = g_string_new(NULL);
}

static void tear_down(void)
{
    member_free(member);
    remove_tree(directory);
    g_free(directory);
    g_string_free(seen.printed, TRUE);
    g_free(seen.failed);
    memset(&seen, 0, sizeof seen);
}

static void print(const char *line, void *user)
{
    g_string_append_printf(seen.printed, "%s\n", line);
}

static void refuse(const char *code, const char *text, void *user)
{
    g_free(seen.failed);
    seen.failed = g_strdup(code);
    ck_assert_uint_gt(strlen(text), 0);
}

static void quit(void *user)
{
    seen.quits++;
}

static void history(unsigned count, void *user)
{
    seen.history = count;
}

static void type(const char *line)
{
    const CommandContext context = {
        .member = member, .print = print, .fail = refuse, .quit = quit, .history = history};
    g_string_truncate(seen.printed, 0);
    g_clear_pointer(&seen.failed, g_free);
    seen.quits = seen.history = 0;
    command_line(&context, line);
}

static void take_last(const SessionMessage *message, void *user)
{
    char **last = user;
    g_free(*last);
    *last = g_strdup_printf("%s%s", message->action ? "* " : "", message->text);
}

/* How many wait, and the newest of them. */
static unsigned outbox(char **last)
{
    *last = NULL;
    return session_outbox(member_session(member), take_last, last);
}

static const struct {
    const char *line, *said;
} said[] = {
    {"hello", "hello"},
    {"  set in, and blanks behind  ", "  set in, and blanks behind"},
    {"//etc is a folder", "/etc is a folder"},
    {"/etc/hosts", "/etc/hosts"},
    {"/", "/"},
    {"/ who", "/ who"},
    {"/1", "/1"},
    {"!", "!"},
    {"!important", "!important"},
    {"q is a letter", "q is a letter"},
    {"quit it", "quit it"},
    {"Q", "Q"},
    {"/me waves", "* waves"},
    {"/ME   waves  ", "* waves"},
    {"bad \xff\xfe bytes", "bad  bytes"},
    {"\033[31mred", "[31mred"},
};

START_TEST(test_lines_that_are_said)
{
    unsigned before = 0;
    g_autofree char *last = NULL;
    before = outbox(&last);
    type(said[_i].line);
    g_clear_pointer(&last, g_free);
    ck_assert_msg(seen.failed == NULL, "%s: %s", said[_i].line, seen.failed);
    ck_assert_uint_eq(outbox(&last), before + 1);
    ck_assert_str_eq(last, said[_i].said);
}
END_TEST

static const struct {
    const char *line, *code;
} refused[] = {
    {"/foo", "unknown-command"},
    {"/foo bar", "unknown-command"},
    {"/whom", "unknown-command"},
    {"/me", "usage"},
    {"/msg", "usage"},
    {"/msg Ann", "usage"},
    {"/msg \"Ann", "usage"},
    {"/msg \"\" hello", "usage"},
    {"!private", "usage"},
    {"/msg Nobody hello", "no-such-member"},
    {"!private Nobody hello", "no-such-member"},
    {"/msg \"No Body\" hello", "no-such-member"},
    {"/msg Ann Lee hello", "not-queued"}, /* oneself */
    {"/msg \"ann lee\" hello", "not-queued"},
    {"/nick", "usage"},
    {"/nick \033\033", "bad-name"},
    {"/history many", "usage"},
    {"/history 0", "usage"},
    {"/history -1", "usage"},
    {"/history 10001", "usage"},
    {"/connect", "usage"},
    {"/connect a b", "bad-address"},
    {"/connect :::1", "bad-address"},
    {"/send", "usage"},
    {"/send 'open", "usage"},
    {"/send #general", "usage"},
    {"/send #attic /etc/hosts", "no-such-room"},
    {"/send Ann Lee /etc/hosts", "cannot-offer"}, /* oneself */
    {"/send Nobody /etc/hosts", "cannot-offer"},
    {"/send /nowhere/at.all", "cannot-offer"},
    {"/accept", "no-such-transfer"},
    {"/accept 7", "no-such-transfer"},
    {"/accept 7 /nowhere/at/all", "no-folder"},
    {"/accept 7 /tmp", "no-such-transfer"},
    {"/decline", "no-such-transfer"},
    {"/decline 7", "no-such-transfer"},
    {"/cancel", "usage"},
    {"/cancel 7", "no-such-transfer"},
    {"/pause", "usage"},
    {"/pause abcdef", "no-such-transfer"},
    {"/resume", "usage"},
    {"/resume 7", "no-such-transfer"},
    {"/retry", "usage"},
    {"/retry 7", "no-such-transfer"},
    {"/announce", "usage"},
    {"/announce hello", "not-allowed"}, /* nowhere */
    {"/kick", "usage"},
    {"/kick Nobody", "no-such-member"},
    {"/kick Ann Lee", "not-possible"}, /* oneself */
    {"/ban", "usage"},
    {"/ban Nobody 1d spam", "no-such-member"},
    {"/ban \"Ann Lee\" 1d spam", "not-possible"},
    {"/mute", "usage"},
    {"/mute Ann Lee", "not-possible"},
    {"/unban", "usage"},
    {"/unban Nobody", "no-such-member"},
    {"/unmute", "usage"},
    {"/rename", "usage"},
    {"/rename Home", "not-allowed"},
    {"/motd Be kind", "not-allowed"},
    {"/motd -", "not-allowed"},
    {"/topic Boats", "not-allowed"},
    {"/claim", "usage"},
    {"/claim one two", "usage"},
    {"/claim ABCD-EFGH", "not-possible"},
    {"/admin -", "usage"},
    {"/admin Nobody", "no-such-member"},
    {"/admin Ann Lee x", "usage"},
    {"/admin -Ann Lee", "not-possible"}, /* she is none */
    {"\001\002", "not-queued"},
};

START_TEST(test_lines_that_are_refused)
{
    g_autofree char *last = NULL;
    type(refused[_i].line);
    ck_assert_msg(seen.failed != NULL, "%s", refused[_i].line);
    ck_assert_str_eq(seen.failed, refused[_i].code);
    ck_assert_uint_eq(outbox(&last), 0);
}
END_TEST

START_TEST(test_too_long)
{
    g_autofree char *last = NULL, *fits = g_strnfill(TEXT_MAX, 'x');
    g_autofree char *over = g_strnfill(TEXT_MAX + 1, 'x');
    type(over);
    ck_assert_str_eq(seen.failed, "not-queued");
    type(fits);
    ck_assert_ptr_null(seen.failed);
    ck_assert_uint_eq(outbox(&last), 1);
}
END_TEST

START_TEST(test_nothing_typed)
{
    static const char *const lines[] = {"", " ", "\t \n"};
    g_autofree char *last = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        type(lines[i]);
        ck_assert_ptr_null(seen.failed);
        ck_assert_uint_eq(outbox(&last), 0);
    }
}
END_TEST

START_TEST(test_ways_to_quit)
{
    static const char *const lines[] = {"/quit", "/QUIT now", "!bye", "q", "quit", " q "};
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        type(lines[i]);
        ck_assert_msg(seen.quits == 1, "%s", lines[i]);
    }
}
END_TEST

START_TEST(test_history_counts)
{
    type("/history");
    ck_assert_uint_eq(seen.history, 20);
    type("/history 10000");
    ck_assert_uint_eq(seen.history, 10000);
}
END_TEST

START_TEST(test_answers)
{
    type("/help");
    for (const Command *const *command = commands(); *command; command++) {
        g_autofree char *name = g_strdup_printf("/%s", (*command)->name);
        ck_assert_msg(strstr(seen.printed->str, name) != NULL, "%s", name);
    }
    type("!online");
    ck_assert_ptr_nonnull(strstr(seen.printed->str, "Ann Lee (you)"));
    type("/nick Mira");
    type("/who");
    ck_assert_ptr_nonnull(strstr(seen.printed->str, "Mira (you)"));
    type("/motd");
    ck_assert_ptr_nonnull(strstr(seen.printed->str, "There is no message of the day."));
    type("/topic");
    ck_assert_ptr_nonnull(strstr(seen.printed->str, "There is no topic."));
    type("/admin");
    ck_assert_ptr_nonnull(strstr(seen.printed->str, "Nobody here is an admin."));
    type("/away");
    ck_assert(session_away(member_session(member)));
    type("/who");
    ck_assert_ptr_nonnull(strstr(seen.printed->str, "away     Mira (you)"));
    type("/back");
    ck_assert(!session_away(member_session(member)));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("command");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_lines_that_are_said, 0, G_N_ELEMENTS(said));
    tcase_add_loop_test(tcase, test_lines_that_are_refused, 0, G_N_ELEMENTS(refused));
    tcase_add_test(tcase, test_too_long);
    tcase_add_test(tcase, test_nothing_typed);
    tcase_add_test(tcase, test_ways_to_quit);
    tcase_add_test(tcase, test_history_counts);
    tcase_add_test(tcase, test_answers);
    Suite *suite = suite_create("command");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
