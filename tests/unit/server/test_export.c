/* What is written out can be read again, and harms nobody who reads it. */
#include "relay/content.h"
#include "relay/server/export.h"
#include "relay/server/retention.h"

#include <check.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <sodium.h>
#include <string.h>

#define NASTY "<script>alert('1')</script> & \"so\" \xe2\x80\xae on\nsecond line"

static const uint8_t place[PLACE_SIZE] = {7}, general[PLACE_SIZE];
static char *root;
static Log *source;
static Identity *ann;
static uint64_t seq;
static uint8_t prev[HASH_SIZE];

static void setup(void)
{
    uint8_t seed[32] = {1};
    root = g_dir_make_tmp("backfence-export-XXXXXX", NULL);
    source = log_open(NULL, place, NULL);
    ann = identity_from_seed(seed);
    seq = 0;
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_unlink(child) != 0)
            remove_tree(child);
    }
    g_rmdir(path);
}

static void teardown(void)
{
    log_close(source);
    identity_free(ann);
    remove_tree(root);
    g_free(root);
}

static void put(uint32_t kind, GBytes *content, int64_t time_ms)
{
    uint8_t token[TOKEN_SIZE] = {(uint8_t)++seq};
    EventDraft draft = {.incarnation = 1,
                        .seq = seq,
                        .prev = seq > 1 ? prev : NULL,
                        .place = place,
                        .time_ms = time_ms,
                        .token = token,
                        .kind = kind,
                        .room = general,
                        .content = content};
    g_autoptr(Event) event = event_sign(ann, &draft);
    g_autoptr(GBytes) room = g_bytes_new_static(general, sizeof general);
    uint64_t position;
    ck_assert_ptr_nonnull(event);
    ck_assert_int_eq(log_append(source, event, LOG_RULE_STRICT, 0, room, 0, NULL, &position, NULL),
                     LOG_APPENDED);
    memcpy(prev, event_hash(event), HASH_SIZE);
    ck_assert(log_commit(source, NULL));
}

static void say(const char *text, int64_t time_ms)
{
    g_autoptr(GBytes) content = content_message(text, false, NULL);
    put(EVENT_MESSAGE, content, time_ms);
}

/* Three events in November 2023, one in December, and one of a kind of a later version. */
static void fill(void)
{
    uint8_t key[SEALING_KEY_SIZE];
    crypto_scalarmult_base(key, identity_key(ann));
    g_autoptr(GBytes) profile = content_profile("Ann <b>", key);
    g_autoptr(GBytes) other = g_bytes_new_static("whatever", 8);
    put(EVENT_PROFILE, profile, INT64_C(1700000000123));
    say(NASTY, INT64_C(1700000001000));
    say("next day", INT64_C(1700090000000));
    say("next month", INT64_C(1702000000000));
    put(77, other, INT64_C(1702000001000));
}

static char *export_to(ExportFormat format, const char *name, uint64_t expected)
{
    g_autoptr(GError) error = NULL;
    char *path = g_build_filename(root, name, NULL);
    uint64_t events;
    ck_assert_msg(export_log(source, format, "Home & <i>", path, &events, &error), "%s",
                  error != NULL ? error->message : "");
    ck_assert_uint_eq(events, expected);
    return path;
}

static char *read_text(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    char *text = NULL;
    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
    return text;
}

START_TEST(lines_are_json)
{
    fill();
    g_free(export_to(EXPORT_JSON, "x.jsonl", 5));
    g_autofree char *text = read_text(root, "x.jsonl");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 6);
    g_autoptr(JsonNode) node = json_from_string(lines[1], NULL);
    JsonObject *line = json_node_get_object(node);
    ck_assert_str_eq(json_object_get_string_member(line, "text"), NASTY);
    ck_assert_str_eq(json_object_get_string_member(line, "name"), "Ann <b>");
    ck_assert_str_eq(json_object_get_string_member(line, "kind"), "message");
    ck_assert_str_eq(json_object_get_string_member(line, "room"), "general");
    ck_assert_str_eq(json_object_get_string_member(line, "time"), "2023-11-14T22:13:21.000Z");
    ck_assert_int_eq(json_object_get_int_member(line, "position"), 2);
    g_autoptr(JsonNode) last = json_from_string(lines[4], NULL);
    ck_assert_int_eq(json_object_get_int_member(json_node_get_object(last), "kind"), 77);
}
END_TEST

START_TEST(pages_are_harmless)
{
    fill();
    g_autofree char *path = export_to(EXPORT_HTML, "pages", 5);
    g_autofree char *index = read_text(path, "index.html");
    g_autofree char *november = read_text(path, "general-2023-11.html");
    g_autofree char *december = read_text(path, "general-2023-12.html");
    ck_assert_ptr_nonnull(strstr(index, "Home &amp; &lt;i&gt;"));
    ck_assert_ptr_nonnull(strstr(index, "general-2023-11.html"));
    ck_assert_ptr_nonnull(strstr(index, "general-2023-12.html"));
    ck_assert_ptr_nonnull(strstr(november, "Ann &lt;b&gt;"));
    ck_assert_ptr_nonnull(strstr(november, "&lt;script&gt;"));
    ck_assert_ptr_null(strstr(november, "<script"));
    ck_assert_ptr_null(strstr(november, "\xe2\x80\xae"));
    ck_assert_ptr_nonnull(strstr(november, "<h2>2023-11-14</h2>"));
    ck_assert_ptr_nonnull(strstr(november, "<h2>2023-11-15</h2>"));
    ck_assert_ptr_nonnull(strstr(december, "next month"));
    ck_assert_ptr_null(strstr(november, "next month"));
}
END_TEST

START_TEST(nothing_is_overwritten)
{
    g_autoptr(GError) error = NULL;
    uint64_t events;
    fill();
    g_autofree char *path = export_to(EXPORT_JSON, "x.jsonl", 5);
    ck_assert(!export_log(source, EXPORT_HTML, "Home", path, &events, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_EXISTS));
    g_clear_error(&error);
    g_autofree char *nowhere = g_build_filename(root, "no", "where", NULL);
    ck_assert(!export_log(source, EXPORT_HTML, "Home", nowhere, &events, &error));
    g_clear_error(&error);
    ck_assert(!export_log(source, EXPORT_JSON, "Home", nowhere, &events, &error));
}
END_TEST

static guint bodies(void)
{
    uint64_t covered;
    g_autoptr(GArray) all = log_page(source, NULL, 0, 0, 100, G_MAXSIZE, &covered, NULL);
    return all->len;
}

/* Said by the clock of this machine, since the retention goes by that. */
START_TEST(relay_forgets_by_itself)
{
    int64_t now_ms = g_get_real_time() / 1000, day_ms = INT64_C(86400000);
    g_autoptr(Retention) retention = retention_new(source);
    say("a year ago", now_ms - 365 * day_ms);
    say("a month ago", now_ms - 31 * day_ms);
    retention_set(retention, 30, 0);
    retention_set(retention, 0, 0);
    for (unsigned i = 0; i < 10; i++)
        g_main_context_iteration(NULL, FALSE);
    ck_assert_uint_eq(bodies(), 2);
    say("today", now_ms);
    retention_set(retention, 30, 0);
    while (bodies() > 1)
        g_main_context_iteration(NULL, TRUE);
    ck_assert_uint_eq(log_head(source), 3);
}
END_TEST

static gboolean end(void *over)
{
    *(bool *)over = true;
    return G_SOURCE_REMOVE;
}

/* The clock of the machine is far ahead, or the place was asleep: who can tell? */
START_TEST(wrong_clock_takes_nothing)
{
    int64_t now_ms = g_get_real_time() / 1000, day_ms = INT64_C(86400000);
    g_autoptr(Retention) retention = retention_new(source);
    say("a long time ago", now_ms - 500 * day_ms);
    say("not so long", now_ms - 400 * day_ms);
    retention_set(retention, 1, 0);
    bool over = false;
    g_timeout_add(200, end, &over); /* the first look comes before */
    while (!over)
        g_main_context_iteration(NULL, TRUE);
    ck_assert_uint_eq(bodies(), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("export");
    TCase *tests = tcase_create("export");
    SRunner *runner = srunner_create(suite);
    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, lines_are_json);
    tcase_add_test(tests, pages_are_harmless);
    tcase_add_test(tests, nothing_is_overwritten);
    tcase_add_test(tests, relay_forgets_by_itself);
    tcase_add_test(tests, wrong_clock_takes_nothing);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
