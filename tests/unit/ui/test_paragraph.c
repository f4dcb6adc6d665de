#include "ui/paragraph.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* A flag of a black flag and tags. */
#define ENGLAND "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"

static Typesetter *typesetter;

static void set_up(void)
{
    g_autoptr(GError) error = NULL;
    typesetter = typesetter_new(1.0, &error);
    ck_assert_msg(typesetter != NULL, "%s", error ? error->message : "");
}

static void tear_down(void)
{
    typesetter_free(typesetter);
}

static ParagraphSpec spec(int width)
{
    return (ParagraphSpec){.style = {FACE_UI, 15, 21, 400, false, 0xff000000}, .width = width};
}

static Paragraph *lay_out(const char *text, int width)
{
    ParagraphSpec plain = spec(width);
    return paragraph_new(typesetter, text, strlen(text), &plain);
}

START_TEST(lines_have_the_height_of_the_style)
{
    g_autoptr(Paragraph) one = lay_out("One line", -1);
    ck_assert_int_eq(paragraph_lines(one), 1);
    ck_assert_int_eq(paragraph_height(one), 21);
    g_autoptr(Paragraph) scripts =
        lay_out("سلام 日本語 한국어 नमस्ते שלום 👍🏽", -1);
    ck_assert_int_eq(paragraph_height(scripts), 21);
    g_autoptr(Paragraph) empty = lay_out("", 100);
    ck_assert_int_eq(paragraph_lines(empty), 1);
    ck_assert_int_eq(paragraph_height(empty), 21);
    g_autoptr(Paragraph) ends = lay_out("a\n\nb\n", 100);
    ck_assert_int_eq(paragraph_lines(ends), 4);
}
END_TEST

START_TEST(wraps_inside_its_width)
{
    g_autoptr(Paragraph) prose = lay_out("The quick brown fox jumps over the lazy dog", 120);
    ck_assert_int_gt(paragraph_lines(prose), 2);
    ck_assert_int_le(paragraph_width(prose), 120);
    g_autoptr(Paragraph) word = lay_out("Donaudampfschifffahrtsgesellschaftskapitän", 120);
    ck_assert_int_gt(paragraph_lines(word), 2);
    ck_assert_int_le(paragraph_width(word), 120);
}
END_TEST

START_TEST(the_last_line_ends_in_an_ellipsis)
{
    ParagraphSpec short_spec = spec(120);
    short_spec.max_lines = 2;
    const char *text = "The quick\nbrown fox jumps over the lazy dog again and again";
    g_autoptr(Paragraph) cut = paragraph_new(typesetter, text, strlen(text), &short_spec);
    ck_assert_int_eq(paragraph_lines(cut), 2);
    ck_assert(paragraph_ellipsized(cut));
    ck_assert_int_le(paragraph_width(cut), 120);
    g_autoptr(Paragraph) fits = paragraph_new(typesetter, "short", 5, &short_spec);
    ck_assert(!paragraph_ellipsized(fits));
    ck_assert_int_eq(paragraph_lines(fits), 1);
}
END_TEST

START_TEST(the_cache_gives_the_same_paragraph)
{
    g_autoptr(Paragraph) one = lay_out("cached", 300);
    g_autoptr(Paragraph) same = lay_out("cached", 300);
    g_autoptr(Paragraph) narrow = lay_out("cached", 200);
    ck_assert_ptr_eq(one, same);
    ck_assert_ptr_ne(one, narrow);
    ck_assert(paragraph_hash(one) == paragraph_hash(same));
    ck_assert(paragraph_hash(one) != paragraph_hash(narrow));
    ParagraphSpec red = spec(300);
    red.style.color = 0xffff0000;
    g_autoptr(Paragraph) other = paragraph_new(typesetter, "cached", 6, &red);
    ck_assert(paragraph_hash(one) != paragraph_hash(other));
    TextSpan span = {.start = 0, .end = 2, .underline = true};
    ParagraphSpec spans = spec(300);
    spans.spans = &span;
    spans.span_count = 1;
    g_autoptr(Paragraph) lined = paragraph_new(typesetter, "cached", 6, &spans);
    ck_assert(paragraph_hash(one) != paragraph_hash(lined));
}
END_TEST

START_TEST(the_scale_is_applied)
{
    g_autoptr(Paragraph) small = lay_out("Scaled text", -1);
    typesetter_set_scale(typesetter, 2.0);
    g_autoptr(Paragraph) large = lay_out("Scaled text", -1);
    ck_assert_int_eq(paragraph_height(large), 42);
    ck_assert_int_le(abs(paragraph_width(large) - 2 * paragraph_width(small)), 2);
    /* What was laid out before stays usable. */
    ck_assert_int_eq(paragraph_height(small), 21);
    ck_assert_int_gt(paragraph_caret(small, 6).x, 0);
}
END_TEST

START_TEST(right_to_left_stands_at_the_right)
{
    g_autoptr(Paragraph) arabic = lay_out("سلام به همه", 300);
    size_t length = strlen("سلام به همه");
    ck_assert_int_ge(paragraph_caret(arabic, 0).x, 298);
    ck_assert_int_lt(paragraph_caret(arabic, length).x, 250);
    g_autoptr(GArray) all = paragraph_ranges(arabic, 0, length);
    ck_assert_uint_eq(all->len, 1);
    Rect rect = g_array_index(all, Rect, 0);
    ck_assert_int_ge(rect.x + rect.w, 298);
    ParagraphSpec start = spec(300);
    start.align = ALIGN_START;
    g_autoptr(Paragraph) left = paragraph_new(typesetter, "سلام", strlen("سلام"), &start);
    ck_assert_int_eq(paragraph_caret(left, strlen("سلام")).x, 0);
}
END_TEST

/* Each caret place is found again by pointing at it. */
static void check_round_trip(const char *text, int width)
{
    g_autoptr(Paragraph) paragraph = lay_out(text, width);
    size_t length = strlen(text);
    for (size_t offset = 0; offset < length;
         offset = paragraph_step(paragraph, offset, MOVE_GRAPHEME, true)) {
        Rect caret = paragraph_caret(paragraph, offset);
        size_t found = paragraph_offset_at(paragraph, caret.x, caret.y + caret.h / 2);
        Rect back = paragraph_caret(paragraph, found);
        ck_assert_msg(abs(back.x - caret.x) <= 1 && back.y == caret.y,
                      "%s: caret %zu at %d, %d; found %zu at %d, %d", text, offset, caret.x,
                      caret.y, found, back.x, back.y);
    }
}

START_TEST(pointing_finds_carets)
{
    check_round_trip("Hello, world", -1);
    check_round_trip("The quick brown fox\njumps over\n\nthe lazy dog", 90);
    check_round_trip("日本語とハングル 한국어", 80);
    check_round_trip("👍🏽 👨‍👩‍👧‍👦🇩🇪🇯🇵 e\u0301", 60);
    check_round_trip("שלום עולם", 200);
}
END_TEST

START_TEST(steps_go_by_graphemes)
{
    static const char *const clusters[] = {"e\u0301", "👍🏽", "👨‍👩‍👧‍👦",
                                           "🇩🇪",      ENGLAND,    "1️⃣",
                                           "a",       "한",       "\r\n"};
    g_autoptr(GString) joined = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(clusters); i++)
        g_string_append(joined, clusters[i]);
    const char *text = joined->str;
    g_autoptr(Paragraph) paragraph = lay_out(text, -1);
    size_t offset = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(clusters); i++) {
        size_t next = paragraph_step(paragraph, offset, MOVE_GRAPHEME, true);
        ck_assert_uint_eq(next - offset, strlen(clusters[i]));
        ck_assert_uint_eq(paragraph_step(paragraph, next, MOVE_GRAPHEME, false), offset);
        offset = next;
    }
    ck_assert_uint_eq(paragraph_step(paragraph, offset, MOVE_GRAPHEME, true), offset);
    ck_assert_uint_eq(paragraph_step(paragraph, 0, MOVE_GRAPHEME, false), 0);
}
END_TEST

START_TEST(steps_go_by_words_and_lines)
{
    const char *text = "one two, three\nfour";
    g_autoptr(Paragraph) paragraph = lay_out(text, -1);
    ck_assert_uint_eq(paragraph_step(paragraph, 0, MOVE_WORD, true), 3);
    ck_assert_uint_eq(paragraph_step(paragraph, 3, MOVE_WORD, true), 7);
    ck_assert_uint_eq(paragraph_step(paragraph, 14, MOVE_WORD, false), 9);
    ck_assert_uint_eq(paragraph_step(paragraph, 9, MOVE_WORD, false), 4);
    ck_assert_uint_eq(paragraph_step(paragraph, 5, MOVE_LINE_EDGE, true), 14);
    ck_assert_uint_eq(paragraph_step(paragraph, 5, MOVE_LINE_EDGE, false), 0);
    ck_assert_uint_eq(paragraph_step(paragraph, 17, MOVE_LINE_EDGE, false), 15);
    int x = paragraph_caret(paragraph, 2).x;
    size_t below = paragraph_step_line(paragraph, 2, x, true);
    ck_assert_uint_ge(below, 16);
    ck_assert_uint_eq(paragraph_step_line(paragraph, below, x, false), 2);
    ck_assert_uint_eq(paragraph_step_line(paragraph, 2, x, false), 0);
    ck_assert_uint_eq(paragraph_step_line(paragraph, 17, x, true), strlen(text));
}
END_TEST

START_TEST(a_double_click_takes_a_word)
{
    g_autoptr(Paragraph) paragraph = lay_out("one two,  three", -1);
    static const struct {
        size_t at, start, end;
    } cases[] = {{0, 0, 3},  {2, 0, 3},    {4, 4, 7},   {8, 8, 10},
                 {9, 8, 10}, {12, 10, 15}, {15, 10, 15}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        size_t start = 99, end = 99;
        paragraph_word(paragraph, cases[i].at, &start, &end);
        ck_assert_msg(start == cases[i].start && end == cases[i].end, "at %zu: %zu to %zu",
                      cases[i].at, start, end);
    }
    g_autoptr(Paragraph) empty = lay_out("", -1);
    size_t start = 99, end = 99;
    paragraph_word(empty, 0, &start, &end);
    ck_assert(start == 0 && end == 0);
}
END_TEST

START_TEST(ranges_cover_what_is_selected)
{
    const char *text = "first line\nsecond\n\nlast";
    g_autoptr(Paragraph) paragraph = lay_out(text, 300);
    g_autoptr(GArray) all = paragraph_ranges(paragraph, 0, strlen(text));
    ck_assert_uint_ge(all->len, 4);
    Rect last = g_array_index(all, Rect, all->len - 1);
    ck_assert_int_eq(last.y, 63);
    g_autoptr(GArray) none = paragraph_ranges(paragraph, 4, 4);
    ck_assert_uint_eq(none->len, 0);
    g_autoptr(GArray) one = paragraph_ranges(paragraph, 2, 5);
    ck_assert_uint_eq(one->len, 1);
    Rect rect = g_array_index(one, Rect, 0);
    ck_assert_int_eq(rect.x, paragraph_caret(paragraph, 2).x);
    ck_assert_int_eq(rect.x + rect.w, paragraph_caret(paragraph, 5).x);
    /* A stretch that is one in the text may be two on the screen. */
    g_autoptr(Paragraph) mixed = lay_out("abc שלום def", -1);
    g_autoptr(GArray) two = paragraph_ranges(mixed, 1, strlen("abc של"));
    ck_assert_uint_eq(two->len, 2);
}
END_TEST

START_TEST(links_are_hit_only_on_their_letters)
{
    const char *text = "see https://example.lan now";
    g_autoptr(Paragraph) paragraph = lay_out(text, 400);
    int inside = (paragraph_caret(paragraph, 8).x + paragraph_caret(paragraph, 9).x) / 2;
    ck_assert_int_eq(paragraph_hit(paragraph, inside, 10), 8);
    ck_assert_int_eq(paragraph_hit(paragraph, paragraph_width(paragraph) + 3, 10), -1);
    ck_assert_int_eq(paragraph_hit(paragraph, inside, 25), -1);
    ck_assert_int_eq(paragraph_hit(paragraph, -2, 10), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("paragraph");
    TCase *cases = tcase_create("paragraph");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, lines_have_the_height_of_the_style);
    tcase_add_test(cases, wraps_inside_its_width);
    tcase_add_test(cases, the_last_line_ends_in_an_ellipsis);
    tcase_add_test(cases, the_cache_gives_the_same_paragraph);
    tcase_add_test(cases, the_scale_is_applied);
    tcase_add_test(cases, right_to_left_stands_at_the_right);
    tcase_add_test(cases, pointing_finds_carets);
    tcase_add_test(cases, steps_go_by_graphemes);
    tcase_add_test(cases, steps_go_by_words_and_lines);
    tcase_add_test(cases, a_double_click_takes_a_word);
    tcase_add_test(cases, ranges_cover_what_is_selected);
    tcase_add_test(cases, links_are_hit_only_on_their_letters);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
