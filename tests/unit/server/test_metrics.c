#include "relay/server/metrics.h"

#include <check.h>
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

static MetricsFigures now;
static unsigned asked;
static Metrics *metrics;

static void well(MetricsFigures *figures)
{
    *figures = (MetricsFigures){.serving = true,
                                .free_bytes = METRICS_FREE_MIN,
                                .watchdog_age_us = -1,
                                .uptime_us = 61 * G_USEC_PER_SEC + 5};
}

static void collect(MetricsFigures *figures, void *user)
{
    asked++;
    *figures = now;
}

static void set_up(void)
{
    const MetricsSource source = {.collect = collect};
    g_autoptr(GError) error = NULL;
    well(&now);
    asked = 0;
    metrics = metrics_new(0, &source, &error);
    ck_assert_msg(metrics != NULL, "%s", error != NULL ? error->message : "");
}

static void tear_down(void)
{
    g_clear_pointer(&metrics, metrics_free);
}

static GSocket *dial(const char *address)
{
    g_autoptr(GSocketAddress) to =
        g_inet_socket_address_new_from_string(address, metrics_port(metrics));
    GSocket *socket = g_socket_new(g_socket_address_get_family(to), G_SOCKET_TYPE_STREAM,
                                   G_SOCKET_PROTOCOL_TCP, NULL);
    if (socket == NULL || !g_socket_connect(socket, to, NULL, NULL))
        g_clear_object(&socket);
    else
        g_socket_set_blocking(socket, FALSE);
    return socket;
}

/* Everything that comes until the other side closes. */
static char *read_all(GSocket *socket)
{
    GString *text = g_string_new(NULL);
    char bytes[4096];
    for (;;) {
        g_autoptr(GError) error = NULL;
        gssize length = g_socket_receive(socket, bytes, sizeof bytes, NULL, &error);
        if (length > 0)
            g_string_append_len(text, bytes, length);
        else if (length == 0 || !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
            break;
        g_main_context_iteration(NULL, FALSE);
    }
    return g_string_free(text, FALSE);
}

static char *ask(const char *address, const char *request)
{
    g_autoptr(GSocket) socket = dial(address);
    ck_assert_ptr_nonnull(socket);
    ck_assert_int_eq(g_socket_send(socket, request, strlen(request), NULL, NULL),
                     (gssize)strlen(request));
    return read_all(socket);
}

static void check_answer(const char *request, const char *status, const char *part)
{
    g_autofree char *answer = ask("127.0.0.1", request);
    g_autofree char *line = g_strdup_printf("HTTP/1.1 %s", status);
    ck_assert_msg(g_str_has_prefix(answer, line), "%s: %s", request, answer);
    ck_assert_msg(part == NULL || strstr(answer, part) != NULL, "%s: %s", request, answer);
}

#define HEADERS " HTTP/1.1\r\nHost: localhost\r\n\r\n"

START_TEST(healthy_is_ok)
{
    check_answer("GET /healthz" HEADERS, "200", "\r\n\r\nok\n");
    ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(an_ailment_is_told)
{
    now.serving = false;
    check_answer("GET /healthz" HEADERS, "503", "not serving");
    well(&now);
    now.hub.disk_failed = true;
    check_answer("GET /healthz" HEADERS, "503", "disk failing");
    well(&now);
    now.free_bytes = METRICS_FREE_MIN - 1;
    check_answer("GET /healthz" HEADERS, "503", "disk full");
    well(&now);
    now.damaged_events = 1;
    check_answer("GET /healthz" HEADERS, "503", "log damaged");
}
END_TEST

START_TEST(metrics_are_text)
{
    now.hub.linked = 3;
    now.hub.refused[3] = 7;
    now.commits = (LogCommits){.count = 2, .total_us = 1500042, .within = {1}};
    now.watchdog_age_us = 2500000;
    check_answer("GET /metrics" HEADERS, "200", "version=0.0.4");
    check_answer("GET /metrics" HEADERS, "200", "\nbackfence_members_linked 3\n");
    check_answer("GET /metrics" HEADERS, "200", "{reason=\"rate\"} 7\n");
    check_answer("GET /metrics" HEADERS, "200", "\nbackfence_uptime_seconds 61.000005\n");
    check_answer("GET /metrics" HEADERS, "200", "_bucket{le=\"0.000500\"} 1\n");
    check_answer("GET /metrics" HEADERS, "200", "_bucket{le=\"+Inf\"} 2\n");
    check_answer("GET /metrics" HEADERS, "200", "\nbackfence_commit_seconds_sum 1.500042\n");
    check_answer("GET /metrics" HEADERS, "200", "\nbackfence_watchdog_age_seconds 2.500000\n");
}
END_TEST

/* Each line is a comment or a sample, and each sample has its type. */
START_TEST(every_line_is_well_formed)
{
    g_autofree char *text = metrics_text(&now);
    g_autoptr(GRegex) sample =
        g_regex_new("^backfence_[a-z_]+(\\{[a-z]+=\"[^\"]+\"\\})? [0-9]+(\\.[0-9]+)?$", 0, 0, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *type = NULL;
    for (char **line = lines; *line != NULL && **line != '\0'; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", 4);
        if (g_str_has_prefix(*line, "# HELP "))
            continue;
        if (g_str_has_prefix(*line, "# TYPE ")) {
            g_free(type);
            type = g_strdup(words[2]);
            continue;
        }
        ck_assert_msg(g_regex_match(sample, *line, 0, NULL), "%s", *line);
        ck_assert_msg(type != NULL && g_str_has_prefix(*line, type), "%s has no type", *line);
    }
    ck_assert(strstr(text, "watchdog") == NULL); /* there is none */
}
END_TEST

START_TEST(head_has_no_body)
{
    g_autofree char *answer = ask("127.0.0.1", "HEAD /metrics" HEADERS);
    ck_assert(g_str_has_prefix(answer, "HTTP/1.1 200"));
    ck_assert(g_str_has_suffix(answer, "\r\n\r\n"));
}
END_TEST

START_TEST(nothing_else_is_there)
{
    check_answer("GET /" HEADERS, "404", NULL);
    check_answer("GET /metrics/" HEADERS, "404", NULL);
    check_answer("GET /metrics/../../etc/passwd" HEADERS, "404", NULL);
    check_answer("PUT /metrics" HEADERS, "405", NULL);
    check_answer("DELETE /healthz" HEADERS, "405", NULL);
    check_answer("POST /healthz" HEADERS, "405", NULL);
    check_answer("GET /metrics HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n", "403", NULL);
    ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(who_sends_a_body_is_cut_off)
{
    static const char *const bodies[] = {"Content-Length: 1000000000000",
                                         "Transfer-Encoding: chunked"};
    for (unsigned i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *request = g_strdup_printf(
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n5\r\nhello\r\n", bodies[i]);
        g_autofree char *nothing = ask("127.0.0.1", request);
        ck_assert_str_eq(nothing, "");
    }
    check_answer("GET /healthz" HEADERS, "200", "ok");
    ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(it_answers_by_ipv6)
{
    g_autoptr(GSocket) probe = dial("::1");
    if (probe == NULL)
        return; /* this machine has none */
    g_autofree char *answer = ask("::1", "GET /healthz HTTP/1.1\r\nHost: [::1]\r\n\r\n");
    ck_assert(g_str_has_prefix(answer, "HTTP/1.1 200"));
}
END_TEST

START_TEST(those_who_are_too_many_are_turned_away)
{
    g_autoptr(GPtrArray) sockets = g_ptr_array_new_with_free_func(g_object_unref);
    for (unsigned i = 0; i < METRICS_CALLERS_MAX; i++)
        g_ptr_array_add(sockets, dial("127.0.0.1"));
    g_autoptr(GSocket) surplus = dial("127.0.0.1");
    g_autofree char *nothing = read_all(surplus);
    ck_assert_str_eq(nothing, "");
    /* When one goes, there is room for another. */
    g_ptr_array_remove_index(sockets, 0);
    for (;;) {
        g_autofree char *answer = ask("127.0.0.1", "GET /healthz" HEADERS);
        if (g_str_has_prefix(answer, "HTTP/1.1 200"))
            break;
    }
}
END_TEST

START_TEST(a_taken_port_is_an_error)
{
    const MetricsSource source = {.collect = collect};
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(metrics_new(metrics_port(metrics), &source, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tests = tcase_create("metrics");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, healthy_is_ok);
    tcase_add_test(tests, an_ailment_is_told);
    tcase_add_test(tests, metrics_are_text);
    tcase_add_test(tests, every_line_is_well_formed);
    tcase_add_test(tests, head_has_no_body);
    tcase_add_test(tests, nothing_else_is_there);
    tcase_add_test(tests, who_sends_a_body_is_cut_off);
    tcase_add_test(tests, it_answers_by_ipv6);
    tcase_add_test(tests, those_who_are_too_many_are_turned_away);
    tcase_add_test(tests, a_taken_port_is_an_error);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
