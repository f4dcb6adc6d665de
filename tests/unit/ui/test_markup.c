#include "ui/markup.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* The markup in one line: {b:bold}, {i:…}, {c:…}, {s:…}, {l=url:…}; blocks of code as [code]. */
static char *show(const char *source)
{
    g_autoptr(Markup) markup = markup_parse(source, strlen(source));
    GString *out = g_string_new(NULL);
    for (guint b = 0; b < markup->blocks->len; b++) {
        const MarkBlock *block = &g_array_index(markup->blocks, MarkBlock, b);
        const char *text = markup->text + block->start;
        if (b)
            g_string_append_c(out, '|');
        if (block->code) {
            g_string_append_printf(out, "[%.*s]", (int)block->length, text);
            continue;
        }
        size_t at = 0;
        for (guint s = 0; s < block->spans->len; s++) {
            const MarkSpan *span = &g_array_index(block->spans, MarkSpan, s);
            g_string_append_len(out, text + at, (gssize)(span->start - at));
            g_string_append_c(out, '{');
            for (unsigned bit = 0; bit < 5; bit++) {
                if (span->marks & 1u << bit)
                    g_string_append_c(out, "bicsl"[bit]);
            }
            if (span->url)
                g_string_append_printf(out, "=%s", span->url);
            g_string_append_printf(out, ":%.*s}", (int)(span->end - span->start),
                                   text + span->start);
            at = span->end;
        }
        g_string_append_len(out, text + at, (gssize)(block->length - at));
    }
    return g_string_free(out, FALSE);
}

static const struct {
    const char *source, *shown;
} cases[] = {
    {"hello", "hello"},
    {"", ""},
    {"**bold** and *it* and `code` and ~~gone~~", "{b:bold} and {i:it} and {c:code} and {s:gone}"},
    {"_it_ at the start", "{i:it} at the start"},
    {"***both***", "{bi:both}"},
    {"snake_case_name stays", "snake_case_name stays"},
    {"2 * 3 * 4", "2 * 3 * 4"},
    {"a ** b", "a ** b"},
    {"`**not bold**`", "{c:**not bold**}"},
    /* nothing of a document */
    {"# no heading", "# no heading"},
    {"- no\n- list", "- no\n- list"},
    {"> no quote", "> no quote"},
    {"1. one\n2. two", "1. one\n2. two"},
    {"---", "---"},
    {"title\n===", "title\n==="},
    {"    four spaces", "    four spaces"},
    {"a\n\n\nb", "a\n\n\nb"},
    {"<b>no html</b>", "<b>no html</b>"},
    {"[a]: http://x.y", "[a]: {l=http://x.y:http://x.y}"},
    {"(in parens)\n(again", "(in parens)\n(again"},
    {"a &lt; b", "a &lt; b"},
    {"line\n*one*\ntwo", "line\n{i:one}\ntwo"},
    /* links */
    {"see https://example.lan/docs opens.",
     "see {l=https://example.lan/docs:https://example.lan/docs} opens."},
    {"https://example.lan", "{l=https://example.lan:https://example.lan}"},
    {"[here](https://a.example)", "{l=https://a.example:here}"},
    {"[x](javascript:alert)", "x"},
    {"[x](file:///etc/passwd)", "x"},
    {"mailto:a@b.example", "mailto:a@b.example"},
    {"`https://a.example`", "{c:https://a.example}"},
    /* blocks of code */
    {"```\n$ ls\n```", "[$ ls]"},
    {"```sh\n$ ls\n\n$ pwd\n```", "[$ ls\n\n$ pwd]"},
    {"look:\n```\n*x*\n```\nthere", "look:|[*x*]|there"},
    {"```\n```", "[]"},
    {"```\nnever closed", "```\nnever closed"},
};

START_TEST(marks_are_read)
{
    g_autofree char *shown = show(cases[_i].source);
    ck_assert_str_eq(shown, cases[_i].shown);
}
END_TEST

START_TEST(links_are_found_by_place)
{
    const char *source = "go https://a.example now";
    g_autoptr(Markup) markup = markup_parse(source, strlen(source));
    ck_assert_ptr_null(markup_url_at(markup, 1));
    ck_assert_str_eq(markup_url_at(markup, 3), "https://a.example");
    ck_assert_str_eq(markup_url_at(markup, 19), "https://a.example");
    ck_assert_ptr_null(markup_url_at(markup, 20));
    ck_assert_ptr_null(markup_url_at(markup, 99));
}
END_TEST

/* Nothing that is sent to us may make this slow or lose text. */
START_TEST(hostile_text_is_only_text)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *const pieces[] = {"*", "_", "`", "[", "](", "**a", "~~", "![", "<", "\\"};
    for (size_t p = 0; p < G_N_ELEMENTS(pieces); p++) {
        g_string_truncate(text, 0);
        while (text->len < 16384 - 4)
            g_string_append(text, pieces[p]);
        gint64 begin = g_get_monotonic_time();
        g_autoptr(Markup) markup = markup_parse(text->str, text->len);
        ck_assert_uint_gt(markup->blocks->len, 0);
        ck_assert(g_utf8_validate(markup->text, (gssize)markup->length, NULL));
        ck_assert_int_lt(g_get_monotonic_time() - begin, 5 * G_USEC_PER_SEC);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("markup");
    TCase *tcase = tcase_create("marks");
    tcase_add_loop_test(tcase, marks_are_read, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tcase, links_are_found_by_place);
    tcase_add_test(tcase, hostile_text_is_only_text);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
