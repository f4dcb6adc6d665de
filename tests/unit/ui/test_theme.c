#include "ui/theme.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    const char *name;
    Color fore, back;
} Pair;

static void check_pairs(const char *theme, const Pair *pairs, size_t count, double least)
{
    for (size_t i = 0; i < count; i++) {
        double contrast = theme_contrast(pairs[i].fore, pairs[i].back);
        ck_assert_msg(contrast >= least, "%s: %s has %.2f, not %.1f", theme, pairs[i].name,
                      contrast, least);
    }
}

static const char *const theme_names[] = {"dark", "light", "contrast dark", "contrast light"};

START_TEST(every_text_is_readable)
{
    const Theme *t = theme_get((ThemeId)_i);
    const Pair texts[] = {
        {"text on side", t->text, t->side},
        {"text on bg", t->text, t->bg},
        {"text on surface", t->text, t->surface},
        {"text on hover", t->text, t->hover},
        {"text on active", t->text, t->active},
        {"text on soft", t->text, t->soft},
        {"text on mention", t->text, t->mention},
        {"text on warn_bg", t->text, t->warn_bg},
        {"text on err_bg", t->text, t->err_bg},
        {"text on selection", t->text, t->selection},
        {"text2 on side", t->text2, t->side},
        {"text2 on bg", t->text2, t->bg},
        {"text2 on surface", t->text2, t->surface},
        {"text2 on hover", t->text2, t->hover},
        {"text2 on active", t->text2, t->active},
        {"text2 on mention", t->text2, t->mention},
        {"text2 on warn_bg", t->text2, t->warn_bg},
        {"text3 on side", t->text3, t->side},
        {"text3 on bg", t->text3, t->bg},
        {"text3 on surface", t->text3, t->surface},
        {"text3 on hover", t->text3, t->hover},
        {"text3 on mention", t->text3, t->mention},
        {"link on side", t->link, t->side},
        {"link on bg", t->link, t->bg},
        {"link on surface", t->link, t->surface},
        {"link on hover", t->link, t->hover},
        {"link on active", t->link, t->active},
        {"link on soft", t->link, t->soft},
        {"link on mention", t->link, t->mention},
        {"ok on bg", t->ok, t->bg},
        {"ok on surface", t->ok, t->surface},
        {"warn on surface", t->warn, t->surface},
        {"warn on bg", t->warn, t->bg},
        {"warn on warn_bg", t->warn, t->warn_bg},
        {"err on bg", t->err, t->bg},
        {"err on surface", t->err, t->surface},
        {"err on err_bg", t->err, t->err_bg},
        {"on accent", t->on_accent, t->accent},
        {"on accent hover", t->on_accent, t->accent_hover},
        {"on accent press", t->on_accent, t->accent_press},
        {"on err", t->on_err, t->err_fill},
    };
    check_pairs(theme_names[_i], texts, G_N_ELEMENTS(texts), 4.5);
}
END_TEST

START_TEST(every_name_is_readable)
{
    const Theme *t = theme_get((ThemeId)_i);
    for (unsigned n = 0; n < THEME_IDENTITIES; n++) {
        char label[32];
        g_snprintf(label, sizeof label, "name %u", n);
        const Pair pairs[] = {
            {label, t->names[n], t->bg},
            {label, t->names[n], t->surface},
            {label, t->names[n], t->mention},
            {"white on avatar", 0xFFFFFFFF, theme_avatar(n)},
        };
        check_pairs(theme_names[_i], pairs, G_N_ELEMENTS(pairs), 4.5);
    }
}
END_TEST

/* WCAG asks 3:1 of shapes: outlines of controls, the focus ring, presence. */
START_TEST(every_shape_is_seen)
{
    const Theme *t = theme_get((ThemeId)_i);
    const Pair shapes[] = {
        {"progress on its track", t->link, t->active},
        {"paused progress on its track", t->text3, t->active},
        {"edge on bg", t->edge, t->bg},
        {"edge on surface", t->edge, t->surface},
        {"edge on side", t->edge, t->side},
        {"focus on bg", t->link, t->bg},
        {"focus on side", t->link, t->side},
        {"focus on active", t->link, t->active},
        {"ok on side", t->ok, t->side},
        {"warn on side", t->warn, t->side},
        {"text3 on active", t->text3, t->active},
    };
    check_pairs(theme_names[_i], shapes, G_N_ELEMENTS(shapes), 3.0);
}
END_TEST

START_TEST(contrast_is_the_one_of_wcag)
{
    ck_assert_double_eq_tol(theme_contrast(0xFFFFFFFF, 0xFF000000), 21.0, 0.001);
    ck_assert_double_eq_tol(theme_contrast(0xFF777777, 0xFFFFFFFF), 4.48, 0.01);
    ck_assert_uint_eq(theme_blend(0xFF000000, 0x80FFFFFF), 0xFF808080);
}
END_TEST

START_TEST(identity_is_stable_and_spread)
{
    unsigned seen[THEME_IDENTITIES] = {0};
    for (unsigned i = 0; i < 1000; i++) {
        uint8_t key[32] = {(uint8_t)i, (uint8_t)(i >> 8), 7};
        unsigned identity = theme_identity(key, sizeof key);
        ck_assert_uint_eq(identity, theme_identity(key, sizeof key));
        seen[identity]++;
    }
    for (unsigned i = 0; i < THEME_IDENTITIES; i++)
        ck_assert_uint_gt(seen[i], 50);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("theme");
    TCase *tcase = tcase_create("colours");
    tcase_add_loop_test(tcase, every_text_is_readable, 0, THEME_COUNT);
    tcase_add_loop_test(tcase, every_name_is_readable, 0, THEME_COUNT);
    tcase_add_loop_test(tcase, every_shape_is_seen, 0, THEME_COUNT);
    tcase_add_test(tcase, contrast_is_the_one_of_wcag);
    tcase_add_test(tcase, identity_is_stable_and_spread);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
