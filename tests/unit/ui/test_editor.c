#include "ui/editor.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static Editor *editor;

static void setup(void)
{
    editor = editor_new(true, 16384);
}

static void teardown(void)
{
    g_clear_pointer(&editor, editor_free);
}

/* Types as the keyboard does: a character at a time. */
static void type(const char *text)
{
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        char one[8] = {0};
        memcpy(one, p, (size_t)(g_utf8_next_char(p) - p));
        editor_insert(editor, one);
    }
}

/* The text with [ ] around the selection and | at the caret. */
static void expect(const char *shown)
{
    size_t start = editor_caret(editor);
    size_t end = start;
    g_autoptr(GString) out = g_string_new(editor_text(editor));
    if (editor_selection(editor, &start, &end)) {
        g_string_insert(out, (gssize)end, "]");
        g_string_insert(out, (gssize)start, "[");
    } else {
        g_string_insert(out, (gssize)start, "|");
    }
    ck_assert_str_eq(out->str, shown);
}

START_TEST(types_and_moves)
{
    type("hello world");
    expect("hello world|");
    editor_move(editor, EDIT_WORD, false, false);
    expect("hello |world");
    editor_move(editor, EDIT_WORD, false, true);
    expect("[hello ]world");
    editor_insert(editor, "big ");
    expect("big |world");
    editor_move(editor, EDIT_LINE, true, false);
    expect("big world|");
    editor_move(editor, EDIT_ALL, false, true);
    expect("[big world]");
    editor_move(editor, EDIT_GRAPHEME, true, false);
    expect("big world|");
}
END_TEST

START_TEST(caret_goes_by_grapheme)
{
    type("a");
    editor_insert(editor, "👍🏽");
    editor_insert(editor, "🇩🇪");
    editor_insert(editor, "e\u0301");
    editor_move(editor, EDIT_GRAPHEME, false, false);
    expect("a👍🏽🇩🇪|e\u0301");
    editor_move(editor, EDIT_GRAPHEME, false, false);
    expect("a👍🏽|🇩🇪e\u0301");
    editor_move(editor, EDIT_GRAPHEME, false, false);
    expect("a|👍🏽🇩🇪e\u0301");
    editor_delete(editor, EDIT_GRAPHEME, true);
    expect("a|🇩🇪e\u0301");
    editor_move(editor, EDIT_ALL, true, false);
    editor_delete(editor, EDIT_GRAPHEME, false);
    expect("a🇩🇪|");
    editor_move_to(editor, 3, false);
    expect("a|🇩🇪");
}
END_TEST

START_TEST(backspace_takes_emoji_whole)
{
    editor_insert(editor, "x👩‍👩‍👧");
    editor_delete(editor, EDIT_GRAPHEME, false);
    expect("x|");
    editor_delete(editor, EDIT_GRAPHEME, false);
    editor_delete(editor, EDIT_GRAPHEME, false);
    expect("|");
}
END_TEST

START_TEST(undo_goes_by_words)
{
    type("one two");
    ck_assert(editor_undo(editor));
    expect("one |");
    ck_assert(editor_undo(editor));
    expect("|");
    ck_assert(!editor_undo(editor));
    ck_assert(editor_redo(editor));
    ck_assert(editor_redo(editor));
    expect("one two|");
    ck_assert(!editor_redo(editor));
    editor_delete(editor, EDIT_GRAPHEME, false);
    editor_delete(editor, EDIT_GRAPHEME, false);
    expect("one t|");
    editor_undo(editor);
    expect("one two|");
    editor_undo(editor);
    type("X");
    ck_assert(!editor_redo(editor));
}
END_TEST

START_TEST(undo_restores_what_was_replaced)
{
    type("keep this");
    editor_move(editor, EDIT_WORD, false, true);
    editor_insert(editor, "pasted text");
    expect("keep pasted text|");
    editor_undo(editor);
    expect("keep [this]");
    editor_delete(editor, EDIT_GRAPHEME, true);
    expect("keep |");
    editor_undo(editor);
    expect("keep [this]");
}
END_TEST

START_TEST(lines_and_words_are_selected)
{
    editor_insert(editor, "first line\nsecond line");
    editor_select_word(editor, 13);
    expect("first line\n[second] line");
    editor_select_line(editor, 3);
    expect("[first line]\nsecond line");
    editor_select_all(editor);
    g_autofree char *all = editor_selected(editor);
    ck_assert_str_eq(all, "first line\nsecond line");
    editor_move_to(editor, 14, false);
    editor_move(editor, EDIT_LINE, false, false);
    expect("first line\n|second line");
}
END_TEST

START_TEST(only_text_comes_in)
{
    editor_insert(editor, "a\x1b[31mb\r\nc\x7f\xc2\x85");
    expect("a[31mb\nc|");
    g_autoptr(Editor) line = editor_new(false, 8);
    editor_insert(line, "a\nb");
    ck_assert_str_eq(editor_text(line), "a b");
    editor_insert(line, "0123456789");
    ck_assert_uint_eq(editor_length(line), 8);
    ck_assert(!editor_insert(line, "x"));
    editor_set_text(line, "ééééé");
    ck_assert_uint_eq(editor_length(line), 8);
}
END_TEST

START_TEST(emoji_names_are_seen)
{
    static const struct {
        const char *text;
        const char *prefix; /* NULL: none */
    } cases[] = {
        {":ta", "ta"},    {"yes :ta", "ta"}, {"(:+1", "+1"},    {"12:30", NULL},
        {"https:", NULL}, {":", ""},         {"::", NULL},      {": a", NULL},
        {"no", NULL},     {"\n:joy", "joy"}, {"日本:ja", "ja"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        editor_set_text(editor, cases[i].text);
        size_t start = 0;
        size_t length = 0;
        bool found = editor_emoji_prefix(editor, &start, &length);
        ck_assert_msg(found == (cases[i].prefix != NULL), "%s", cases[i].text);
        if (found) {
            ck_assert_uint_eq(length, strlen(cases[i].prefix));
            ck_assert(strncmp(editor_text(editor) + start + 1, cases[i].prefix, length) == 0);
        }
    }
}
END_TEST

START_TEST(preedit_is_not_text)
{
    type("ab");
    editor_set_preedit(editor, "にほん", 2);
    ck_assert_str_eq(editor_text(editor), "ab");
    ck_assert_str_eq(editor_preedit(editor), "にほん");
    ck_assert_uint_eq(editor_preedit_caret(editor), 6);
    editor_set_preedit(editor, "x", 99);
    ck_assert_uint_eq(editor_preedit_caret(editor), 1);
    editor_set_preedit(editor, NULL, 0);
    ck_assert_str_eq(editor_preedit(editor), "");
}
END_TEST

/* Any sequence of edits can be undone to nothing and done again to the same text. */
START_TEST(undo_is_exact)
{
    static const char *const pieces[] = {"a", " ", "é", "👍🏽", "\n", "سلام", "word and more",
                                         "한"};
    g_autoptr(GRand) random = g_rand_new_with_seed((guint32)_i + 1);
    for (int round = 0; round < 150; round++) {
        bool way = g_rand_boolean(random);
        switch (g_rand_int_range(random, 0, 6)) {
        case 0:
            editor_delete(editor, g_rand_int_range(random, 0, 3), way);
            break;
        case 1:
            editor_move(editor, g_rand_int_range(random, 0, 4), way, g_rand_boolean(random));
            break;
        default:
            editor_insert(editor, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
        }
        ck_assert(g_utf8_validate(editor_text(editor), -1, NULL));
        ck_assert_uint_le(editor_caret(editor), editor_length(editor));
    }
    g_autofree char *end = g_strdup(editor_text(editor));
    while (editor_undo(editor))
        continue;
    ck_assert_str_eq(editor_text(editor), "");
    while (editor_redo(editor))
        continue;
    ck_assert_str_eq(editor_text(editor), end);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("editor");
    TCase *tcase = tcase_create("editing");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, types_and_moves);
    tcase_add_test(tcase, caret_goes_by_grapheme);
    tcase_add_test(tcase, backspace_takes_emoji_whole);
    tcase_add_test(tcase, undo_goes_by_words);
    tcase_add_test(tcase, undo_restores_what_was_replaced);
    tcase_add_test(tcase, lines_and_words_are_selected);
    tcase_add_test(tcase, only_text_comes_in);
    tcase_add_test(tcase, emoji_names_are_seen);
    tcase_add_test(tcase, preedit_is_not_text);
    tcase_add_loop_test(tcase, undo_is_exact, 0, 20);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
