#include "ui/runs.h"
#include "ui/typesetter.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

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

static Paragraph *prepared(const char *text, int pixels)
{
    ParagraphSpec spec = {.style = {FACE_UI, pixels, pixels + 6, 400, false, 0xff000000},
                          .width = -1};
    Paragraph *paragraph = paragraph_new(typesetter, text, strlen(text), &spec);
    if (!paragraph->prepared)
        paragraph_prepare(paragraph);
    return paragraph;
}

static RunPixels draw_first(const Paragraph *paragraph)
{
    ck_assert_int_ge(paragraph->run_count, 1);
    return runs_get(typesetter_runs(typesetter), &paragraph->runs[0].run);
}

START_TEST(an_emoji_sequence_is_one_picture)
{
    static const char *const emoji[] = {"👍",
                                        "👍🏽",
                                        "👨‍👩‍👧‍👦",
                                        "🇩🇪",
                                        "🧑🏻‍🤝‍🧑🏿",
                                        "❤️",
                                        "1️⃣",
                                        "🏳️‍🌈",
                                        "👩🏿‍🚀"};
    for (size_t i = 0; i < G_N_ELEMENTS(emoji); i++) {
        for (int pixels = 12; pixels <= 30; pixels += 9) {
            g_autoptr(Paragraph) paragraph = prepared(emoji[i], pixels);
            ck_assert_msg(paragraph->run_count == 1, "%s: %d runs", emoji[i], paragraph->run_count);
            RunPixels drawn = draw_first(paragraph);
            ck_assert_ptr_nonnull(drawn.image);
            ck_assert_msg(abs(drawn.width - pixels * 5 / 4) <= 1, "%s at %d is %d wide", emoji[i],
                          pixels, drawn.width);
        }
    }
}
END_TEST

START_TEST(neighbours_are_pictures_of_their_own)
{
    g_autoptr(Paragraph) paragraph = prepared("🇩🇪🇯🇵👍👍🏽", 15);
    ck_assert_int_eq(paragraph->run_count, 4);
    ck_assert_int_eq(paragraph_height(paragraph), 21);
}
END_TEST

START_TEST(ink_lies_where_pango_put_it)
{
    static const char *const texts[] = {"Hjgp", "jut", "سلام به همه", "नमस्ते", "Ǻ", "日本"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(Paragraph) paragraph = prepared(texts[i], 20);
        const ParagraphRun *run = &paragraph->runs[0];
        RunPixels drawn = draw_first(paragraph);
        ck_assert_ptr_nonnull(drawn.mask);
        ck_assert_msg(abs(drawn.left - (int)run->run.ink_left) <= 1 &&
                          abs(drawn.top - (int)run->run.ink_top) <= 2 &&
                          abs(drawn.left + drawn.width - run->ink_right) <= 2,
                      "%s: ink at %d, %d to %d; Pango %f, %f to %d", texts[i], drawn.left,
                      drawn.top, drawn.left + drawn.width, run->run.ink_left, run->run.ink_top,
                      run->ink_right);
    }
}
END_TEST

START_TEST(the_cache_keeps_to_its_budget)
{
    Runs *shared = typesetter_runs(typesetter);
    for (int i = 0; i < 3000; i++) {
        g_autofree char *text = g_strdup_printf("A line of text that is all its own, %d", i);
        g_autoptr(Paragraph) paragraph = prepared(text, 20);
        draw_first(paragraph);
        ck_assert_uint_le(runs_held(shared), (size_t)8 << 20);
    }
    ck_assert_uint_gt(runs_held(shared), (size_t)4 << 20);
    runs_clear(shared);
    ck_assert_uint_eq(runs_held(shared), 0);
}
END_TEST

START_TEST(colour_is_not_part_of_a_run)
{
    ParagraphSpec spec = {.style = {FACE_UI, 15, 21, 400, false, 0xff000000}, .width = -1};
    for (uint32_t color = 1; color < 50; color++) {
        spec.style.color = 0xff000000 | color;
        g_autoptr(Paragraph) paragraph = paragraph_new(typesetter, "same", 4, &spec);
        paragraph_prepare(paragraph);
        draw_first(paragraph);
    }
    ck_assert_uint_lt(runs_held(typesetter_runs(typesetter)), 2000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runs");
    TCase *cases = tcase_create("runs");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, an_emoji_sequence_is_one_picture);
    tcase_add_test(cases, neighbours_are_pictures_of_their_own);
    tcase_add_test(cases, ink_lies_where_pango_put_it);
    tcase_add_test(cases, the_cache_keeps_to_its_budget);
    tcase_add_test(cases, colour_is_not_part_of_a_run);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
