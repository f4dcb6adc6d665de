#include "tests/unit/relay/log_stage.h"

static Log *the_log;
static Author *ann;

static void setup(void)
{
    g_autoptr(GError) error = NULL;

    the_log = log_open(NULL, scratch_place, &error);
    expect_ok(error);
    ann = author_new(1);
}

static void teardown(void)
{
    log_close(the_log);
    author_free(ann);
}

typedef struct {
    const char *query;
    const char *found; /* texts, newest first, joined by '|' */
} SearchCase;

static const char *const texts[] = {
    "The quick brown fox",    "Ein schöner Tag",      "we met near the old bridge AND talked",
    "C++ or c#? foo-bar baz", "今日は良い天気ですね", "say \"hello\" to NEAR(x)",
    "quick question",
};

static const SearchCase cases[] = {
    {"quick", "quick question|The quick brown fox"},
    {"QUICK fox", "The quick brown fox"},
    {"fox quick", "The quick brown fox"},
    {"qui", "quick question|The quick brown fox"},
    {"qui fox", ""}, /* only the last word may be unfinished */
    {"schoner", "Ein schöner Tag"},
    {"SCHÖN", "Ein schöner Tag"},
    {"天気", "今日は良い天気ですね"},
    {"気天", ""},
    {"foo-bar", "C++ or c#? foo-bar baz"},
    {"nothing here", ""},
    {"", ""},
    {"   ", ""},
    {"\"", ""},
    {"\"hello", "say \"hello\" to NEAR(x)"},
    {"say\"hello", "say \"hello\" to NEAR(x)"},
    {"AND", "we met near the old bridge AND talked"},
    {"NEAR(x", "say \"hello\" to NEAR(x)"},
    {"NEAR", "say \"hello\" to NEAR(x)|we met near the old bridge AND talked"},
    {"NOT quick", ""},
    {"quick OR fox", ""},
    {"*", ""},
    {"quick*", "quick question|The quick brown fox"},
    {"^quick", "quick question|The quick brown fox"},
    {"text:quick", ""},
    {"{text} : fox", ""},
    {"((((", ""},
    {"fox)", "The quick brown fox"},
    {"'; DROP TABLE event; --", ""},
    {"\xff\xfe quick", "quick question|The quick brown fox"},
    {"quick \xf0\x9f\x98\x80", "quick question|The quick brown fox"},
};

START_TEST(queries_find_what_a_person_expects)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) told = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(Event) event = author_says(ann, texts[i]);

        put(the_log, event);
    }
    commit(the_log);
    g_autoptr(GArray) found = log_search(the_log, cases[_i].query, 50, &error);

    expect_ok(error);
    for (guint i = 0; i < found->len; i++) {
        g_autofree char *text = entry_text(found, i);

        g_string_append_printf(told, "%s%s", i ? "|" : "", text);
    }
    ck_assert_str_eq(told->str, cases[_i].found);
}
END_TEST

static unsigned count_found(const char *query)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) found = log_search(the_log, query, 10000, &error);

    expect_ok(error);
    return found->len;
}

START_TEST(opened_directs_are_found_and_sealed_ones_are_not)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Author) ben = author_new(2);
    g_autoptr(GBytes) opened = content_message("secret garden", false, NULL);
    const Author *to[] = {ben};
    g_autoptr(Event) for_us = author_seals(ann, to, 1);
    g_autoptr(Event) not_opened = author_seals(ann, to, 1);
    uint64_t position;

    ck_assert_int_eq(log_append(the_log, for_us, LOG_RULE_SET, 1, NULL, EVENT_MESSAGE, opened,
                                &position, &error),
                     LOG_APPENDED);
    put(the_log, not_opened);
    commit(the_log);
    ck_assert_uint_eq(count_found("garden"), 1);
    ck_assert_uint_eq(count_found("sealed"), 0);
}
END_TEST

START_TEST(index_follows_behind_commits)
{
    for (unsigned i = 0; i < 5000; i++) {
        g_autoptr(Event) event = author_says(ann, i % 2 ? "odd" : "even");

        put(the_log, event);
        if (i % 100 == 99)
            commit(the_log);
    }
    ck_assert_uint_eq(count_found("odd"), 2500);
    g_autoptr(Event) event = author_says(ann, "one more odd one");

    put(the_log, event);
    ck_assert_uint_eq(count_found("odd"), 2500);
    commit(the_log);
    ck_assert_uint_eq(count_found("odd"), 2501);
    ck_assert_uint_eq(count_found("one"), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log search");
    TCase *tests = tcase_create("log search");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, queries_find_what_a_person_expects, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tests, opened_directs_are_found_and_sealed_ones_are_not);
    tcase_add_test(tests, index_follows_behind_commits);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
