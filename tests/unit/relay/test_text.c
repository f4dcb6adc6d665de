#include "relay/limits.h"
#include "relay/text.h"

#include <check.h>
#include <string.h>

/* A literal and its length, NULs inside included. */
#define BYTES(literal) literal, sizeof(literal) - 1

static const struct {
    const char *text;
    size_t length;
    bool name;
    bool message;
} judged[] = {
    {BYTES("Mira"), true, true},
    {BYTES("Åsa"), true, true},
    {BYTES("A\xcc\x8asa"), false, false}, /* not NFC */
    {BYTES(""), false, false},
    {BYTES("a\0b"), false, false},
    {BYTES("a\xff"), false, false},
    {BYTES("a\xed\xa0\x80"), false, false}, /* a surrogate */
    {BYTES("a\xc0\x80"), false, false},     /* overlong */
    {BYTES(" Mira"), false, true},
    {BYTES("Mira "), false, true},
    {BYTES("Mi  ra"), false, true},
    {BYTES("Mi ra"), true, true},
    {BYTES("Mi\u00a0ra"), false, true},
    {BYTES("Mi\nra"), false, true},
    {BYTES("Mi\tra"), false, true},
    {BYTES("Mi\u2028ra"), false, true},
    {BYTES("\x1b[31mMira"), false, true},
    {BYTES("Mi\xc2\x85"
           "ra"),
     false, true},
    {BYTES("\u202eariM"), false, true},
    {BYTES("Mi\u200bra"), false, true},
    {BYTES("Mi\u200dra"), false, true},
    {BYTES("Mi\u00adra"), false, true},
    {BYTES("\ufeffMira"), false, true},
    {BYTES("\u3164"), false, true},
    {BYTES("\u2800"), false, true},
    {BYTES("Mi\ufffera"), false, true},
    {BYTES("\u0301"), false, true},  /* a mark on nothing */
    {BYTES("م\u200cی"), true, true}, /* Persian: the joiner keeps the letters apart */
    {BYTES("a\u200cb"), false, true},
    {BYTES("क्\u200dष"), true, true}, /* Devanagari: a half form */
    {BYTES("क\u200dष"), false, true},
    {BYTES("👩\u200d🚀"), true, true},
    {BYTES("👩🏽\u200d🚀"), true, true},
    {BYTES("❤\ufe0f\u200d🔥"), true, true},
    {BYTES("👩\u200d"), false, true},
    {BYTES("🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"), true, true},
    {BYTES("🏴\U000e0067\U000e0062"), false, true}, /* a flag without its end */
    {BYTES("a\U000e0067\U000e007f"), false, true},
    {BYTES("1\ufe0f\u20e3"), true, true},
    {BYTES("a\ufe0f"), false, true},
    {BYTES("葛\U000e0100"), true, true},
    {BYTES("مريم"), true, true},
    {BYTES("राम"), true, true},
};

START_TEST(is_judged)
{
    ck_assert_int_eq(text_is_name(judged[_i].text, judged[_i].length), judged[_i].name);
    ck_assert_int_eq(text_is_message(judged[_i].text, judged[_i].length), judged[_i].message);
}
END_TEST

START_TEST(has_a_longest)
{
    g_autofree char *long_text = g_strnfill(TEXT_MAX + 1, 'x');
    ck_assert(text_is_message(long_text, TEXT_MAX));
    ck_assert(!text_is_message(long_text, TEXT_MAX + 1));
    ck_assert(text_is_name(long_text, NAME_MAX_GRAPHEMES));
    ck_assert(!text_is_name(long_text, NAME_MAX_GRAPHEMES + 1));

    g_autoptr(GString) families = g_string_new(NULL);
    for (unsigned i = 0; i < 9; i++)
        g_string_append(families, "👩\u200d👩\u200d👧\u200d👦"); /* 25 bytes, one grapheme */
    ck_assert(text_is_name(families->str, families->len));
    for (unsigned i = 9; i < 11; i++)
        g_string_append(families, "👩\u200d👩\u200d👧\u200d👦");
    ck_assert(!text_is_name(families->str, families->len));
    g_autofree char *cut = text_make_name(families->str, families->len);
    ck_assert_uint_eq(strlen(cut), 250);
}
END_TEST

START_TEST(counts_graphemes_of_names)
{
    g_autoptr(GString) name = g_string_new(NULL);
    for (unsigned i = 0; i < NAME_MAX_GRAPHEMES; i++)
        g_string_append(name, "🇸🇪");
    ck_assert(text_is_name(name->str, name->len));
    g_string_set_size(name, 0);
    for (unsigned i = 0; i < NAME_MAX_GRAPHEMES; i++)
        g_string_append(name, "e\u0323\u0302\u0331");
    g_autofree char *made = text_make_name(name->str, name->len);
    ck_assert(text_is_name(made, strlen(made)));
    g_string_set_size(name, 0);
    for (unsigned i = 0; i < NAME_MAX_GRAPHEMES; i++)
        g_string_append(name, "한");
    ck_assert(text_is_name(name->str, name->len));
    g_string_append(name, "한");
    ck_assert(!text_is_name(name->str, name->len));
}
END_TEST

static const struct {
    const char *raw;
    size_t length;
    const char *name;
} made_names[] = {
    {BYTES("Mira"), "Mira"},
    {BYTES("  Mi\t\n ra \r\n"), "Mi ra"},
    {BYTES("A\xcc\x8asa"), "Åsa"},
    {BYTES("Mi\0ra\xff"), "Mira"},
    {BYTES("\u202e\u200bMira"), "Mira"},
    {BYTES("\x1b[31mMira"), "[31mMira"},
    {BYTES("\u0301Mira"), "Mira"},
    {BYTES("A\u200b\u030asa"), "Åsa"}, /* the two come together when the space between them goes */
    {BYTES("👩\u200d"), "👩"},
    {BYTES("👩\u200d🚀"), "👩\u200d🚀"},
    {BYTES("\u00a0\u3000x\u3000y"), "x y"},
    {BYTES(""), NULL},
    {BYTES(" \u200b \u2028 "), NULL},
    {BYTES("\u0301"), NULL},
    {BYTES("abcdefghijklmnopqrstuvwxyzabcdefghijkl"), "abcdefghijklmnopqrstuvwxyzabcdef"},
};

START_TEST(names_are_made)
{
    g_autofree char *name = text_make_name(made_names[_i].raw, made_names[_i].length);
    ck_assert_pstr_eq(name, made_names[_i].name);
    if (name != NULL)
        ck_assert(text_is_name(name, strlen(name)));
}
END_TEST

static const struct {
    const char *raw;
    size_t length;
    const char *message;
} made_messages[] = {
    {BYTES("hello"), "hello"},
    {BYTES("a\r\nb\rc\nd"), "a\nb\nc\nd"},
    {BYTES("a\tb"), "a\tb"},
    {BYTES("\x1b[31mred\x07"), "[31mred"},
    {BYTES("e\xcc\x81"), "é"},
    {BYTES("e\x01\xcc\x81"), "é"},
    {BYTES("a\xff"
           "b\0c"),
     "abc"},
    {BYTES(" \n\t\u200b"), NULL},
    {BYTES(""), NULL},
    {BYTES("\u202eabc"), "\u202e"
                         "abc"}, /* kept, and shown as what it is */
};

START_TEST(messages_are_made)
{
    g_autofree char *message = text_make_message(made_messages[_i].raw, made_messages[_i].length);
    ck_assert_pstr_eq(message, made_messages[_i].message);
    if (message != NULL)
        ck_assert(text_is_message(message, strlen(message)));
}
END_TEST

START_TEST(long_messages_are_refused_not_cut)
{
    g_autofree char *text = g_strnfill(5 * TEXT_MAX, 'x');
    ck_assert_ptr_null(text_make_message(text, TEXT_MAX + 1));
    ck_assert_ptr_null(text_make_message(text, 5 * TEXT_MAX));
    g_autofree char *longest = text_make_message(text, TEXT_MAX);
    ck_assert_uint_eq(strlen(longest), TEXT_MAX);
}
END_TEST

static const struct {
    const char *text;
    size_t length;
    const char *visible;
    const char *escaped;
} shown[] = {
    {BYTES("plain"), "plain", "plain"},
    {BYTES("a\nb\tc"), "a\nb\tc", "a\\nb\\tc"},
    {BYTES("\x1b[31m"), "⟨U+001B⟩[31m", "\\x1b[31m"},
    {BYTES("\u202ex"), "⟨U+202E⟩x", "\\u{202e}x"},
    {BYTES("\xc2\x9bx"), "⟨U+009B⟩x", "\\u{009b}x"},
    {BYTES("a\xff"
           "b"),
     "a⟨FF⟩b", "a\\xffb"},
    {BYTES("a\0b"), "a⟨00⟩b", "a\\x00b"},
    {BYTES("a\x7f"), "a⟨U+007F⟩", "a\\x7f"},
    {BYTES("👩\u200d🚀"), "👩\u200d🚀", "👩\u200d🚀"},
    {BYTES("a\u200db"), "a⟨U+200D⟩b", "a\\u{200d}b"},
    {BYTES("خانه\u200c ها"), "خانه\u200c ها", "خانه\u200c ها"},
    {BYTES("\u2028"), "⟨U+2028⟩", "\\u{2028}"},
    {BYTES("\U000e0041"), "⟨U+E0041⟩", "\\u{e0041}"},
    {BYTES("C:\\new \"x\""), "C:\\new \"x\"", "C:\\new \"x\""},
    {BYTES(""), "", ""},
};

START_TEST(is_shown)
{
    g_autofree char *visible = text_visible(shown[_i].text, shown[_i].length);
    g_autofree char *escaped = text_escape(shown[_i].text, shown[_i].length);
    ck_assert_str_eq(visible, shown[_i].visible);
    ck_assert_str_eq(escaped, shown[_i].escaped);
}
END_TEST

static const struct {
    const char *one;
    const char *other;
    bool alike;
} pairs[] = {
    {"Mira", "mira", true},     {"Mira", "Міга", true},
    {"Mara", "Маrа", true}, /* Cyrillic М and а */
    {"Paul", "Раul", true}, /* Cyrillic Р and а */
    {"Olof", "0lof", true},     {"Ida", "lda", true},
    {"Ian", "1an", true},       {"Åsa", "Asa", true},
    {"Ｍｉｒａ", "Mira", true}, /* fullwidth */
    {"Mi ra", "Mira", true},    {"Arnie", "Amie", true},
    {"Νικη", "Nikn", false},    {"ΟΚ", "OK", true},    /* Greek */
    {"Mira", "Mora", false},    {"राम", "रीम", false}, /* another vowel is another name */
    {"か", "が", false},
};

START_TEST(names_that_look_alike_have_one_skeleton)
{
    g_autofree char *one = text_skeleton(pairs[_i].one);
    g_autofree char *other = text_skeleton(pairs[_i].other);
    ck_assert_msg((strcmp(one, other) == 0) == pairs[_i].alike, "%s and %s", one, other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, is_judged, 0, G_N_ELEMENTS(judged));
    tcase_add_test(all, has_a_longest);
    tcase_add_test(all, counts_graphemes_of_names);
    tcase_add_loop_test(all, names_are_made, 0, G_N_ELEMENTS(made_names));
    tcase_add_loop_test(all, messages_are_made, 0, G_N_ELEMENTS(made_messages));
    tcase_add_test(all, long_messages_are_refused_not_cut);
    tcase_add_loop_test(all, is_shown, 0, G_N_ELEMENTS(shown));
    tcase_add_loop_test(all, names_that_look_alike_have_one_skeleton, 0, G_N_ELEMENTS(pairs));
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
