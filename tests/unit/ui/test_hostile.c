#include "ui/paragraph.h"
#include "ui/raster.h"

#include <SDL2/SDL.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Text that someone sends to make the window crash, hang or grow. It is valid UTF-8 of at most
 * 16 KiB, as the door lets it in; every function of a paragraph must stand it. */

enum {
    MESSAGE = 16384,
    WIDE = 640,
    HIGH = 480,
    PROCESSES = 6
};

static const struct {
    const char *name, *once, *repeated;
} corpus[] = {
    {"no space", "", "W"},
    {"spaces", "", " "},
    {"no-break spaces", "", "\u00a0"},
    {"line ends", "", "\n"},
    {"carriage returns", "", "\r\n"},
    {"separators", "", "a\u2028b\u2029"},
    {"tabs", "", "\t"},
    {"tabs in text", "", "a\t"},
    {"one letter, 8,000 marks", "a", "\u0301"},
    {"marks alone", "", "\u0301"},
    {"stacked marks", "", "a\u0301\u0337\u0353\u033a\u0321"},
    {"overrides nested", "", "\u202e\u202d"},
    {"embeddings nested", "", "\u202ba\u202a1"},
    {"isolates never closed", "", "\u2067a"},
    {"pops without a push", "", "\u202c\u2069"},
    {"direction changes at each letter", "", "a\u05e91"},
    {"Arabic without a space", "", "\u0633"},
    {"ligatures of whole phrases", "", "\ufdfa"},
    {"kashida", "\u0628", "\u0640"},
    {"virama chain", "", "\u0928\u094d"},
    {"Khmer subscripts", "", "\u17d2\u1780"},
    {"Hangul without end", "", "\u1100\u1161\u11a8"},
    {"leading consonants alone", "", "\u1100"},
    {"ideographs", "", "\u65e5"},
    {"variation selectors", "\u845b", "\U000e0100"},
    {"skin tones", "", "\U0001f44d\U0001f3fd"},
    {"skin tones alone", "", "\U0001f3fd"},
    {"joined for ever", "", "\U0001f468\u200d"},
    {"flag letters", "", "\U0001f1e9"},
    {"tags without end", "\U0001f3f4", "\U000e0067"},
    {"keycaps", "", "1\ufe0f\u20e3"},
    {"presentation of nothing", "", "\ufe0f"},
    {"zero width", "", "\u200b"},
    {"joiners alone", "", "\u200d\u200c"},
    {"soft hyphens", "", "a\u00ad"},
    {"private use", "", "\ue000"},
    {"not characters", "", "\uffff"},
    {"unassigned", "", "\U000e0fff"},
    {"last code point", "", "\U0010ffff"},
    {"control pictures and C1", "", "\xc2\x85\xc2\x9b"},
    {"C0", "", "\x01\x1b\x7f"},
    {"replacement", "", "\ufffd"},
    {"math", "", "\U0001d54f"},
    {"cuneiform", "", "\U0001202b"},
    {"vertical forms", "", "\ufe30"},
    {"interlinear annotation", "", "\ufff9a\ufffab\ufffb"},
    {"markup", "", "<b>&amp;"},
};

static Typesetter *typesetter;
static Raster *raster;
static DrawList *list;
static SDL_Surface *surface;

static void set_up(void)
{
    g_autoptr(GError) error = NULL;
    typesetter = typesetter_new(1.0, &error);
    ck_assert_msg(typesetter != NULL, "%s", error ? error->message : "");
    raster = raster_new();
    list = draw_list_new();
    surface = SDL_CreateRGBSurfaceWithFormat(0, WIDE, HIGH, 32, SDL_PIXELFORMAT_ARGB8888);
}

static void tear_down(void)
{
    draw_list_free(list);
    raster_free(raster);
    typesetter_free(typesetter);
    SDL_FreeSurface(surface);
}

static char *message(const char *once, const char *repeated)
{
    GString *text = g_string_new(once);
    while (text->len + strlen(repeated) <= MESSAGE)
        g_string_append(text, repeated);
    return g_string_free(text, FALSE);
}

static void show(Paragraph *paragraph, int y)
{
    draw_list_clear(list);
    draw_rect(list, (Rect){0, 0, WIDE, HIGH}, 0, 0xff000000);
    draw_paragraph(list, paragraph, 10, y);
    raster_draw(raster, list, surface);
}

static void walk(Paragraph *paragraph, size_t length)
{
    size_t offset = 0;
    for (int step = 0; step < 40 && offset < length; step++) {
        size_t next = paragraph_step(paragraph, offset, MOVE_GRAPHEME, true);
        ck_assert_uint_gt(next, offset);
        ck_assert_uint_lt(paragraph_step(paragraph, next, MOVE_GRAPHEME, false), next);
        paragraph_caret(paragraph, next);
        offset = next;
    }
    for (int part = 0; part <= 4; part++) {
        size_t at = length * (size_t)part / 4, start = 0, end = 0;
        while (at < length && at > 0 && at % 4 != 0)
            at--;
        offset = paragraph_offset_at(paragraph, 150 * part, paragraph_height(paragraph) * part / 4);
        ck_assert_uint_le(offset, length);
        paragraph_hit(paragraph, 150 * part, 10);
        paragraph_word(paragraph, offset, &start, &end);
        ck_assert(start <= end && end <= length);
        paragraph_step(paragraph, offset, MOVE_WORD, true);
        paragraph_step(paragraph, offset, MOVE_WORD, false);
        ck_assert_uint_le(paragraph_step_line(paragraph, offset, 100, true), length);
        ck_assert_uint_le(paragraph_step_line(paragraph, offset, 100, false), length);
        g_autoptr(GArray) ranges = paragraph_ranges(paragraph, 0, offset);
        ck_assert_uint_le(ranges->len, 2 * length + 2);
    }
}

static void stand(const char *text, size_t length, const ParagraphSpec *spec)
{
    g_autoptr(Paragraph) paragraph = paragraph_new(typesetter, text, length, spec);
    ck_assert_int_ge(paragraph_lines(paragraph), 1);
    ck_assert_int_ge(paragraph_height(paragraph), spec->style.line_height);
    if (spec->width > 0)
        ck_assert_int_le(paragraph_width(paragraph), MAX(spec->width, 1));
    show(paragraph, 10);
    show(paragraph, 100 - paragraph_height(paragraph));
    if (spec->max_lines == 0)
        walk(paragraph, length);
    else
        ck_assert_int_le(paragraph_lines(paragraph), spec->max_lines);
}

static void withstand(const char *name, const char *text, size_t length)
{
    ck_assert_msg(g_utf8_validate(text, (gssize)length, NULL), "%s", name);
    TextSpan spans[] = {{.start = 0, .end = length / 2, .color = 0xffff0000, .underline = true},
                        {.start = length / 4,
                         .end = length,
                         .background = 0xff00ff00,
                         .has_face = true,
                         .face = FACE_MONO}};
    const ParagraphSpec specs[] = {
        {.style = {FACE_UI, 15, 21, 400, false, 0xffffffff}, .width = 600},
        {.style = {FACE_UI, 12, 16, 600, false, 0xffffffff}, .width = 300, .max_lines = 1},
        {.style = {FACE_UI, 15, 21, 400, false, 0xffffffff}, .width = 1, .max_lines = 2},
        {.style = {FACE_UI, 15, 21, 400, true, 0xffffffff},
         .width = 400,
         .spans = spans,
         .span_count = 2},
    };
    size_t part = MIN(length, MESSAGE / 4);
    while (part < length && (text[part] & 0xc0) == 0x80)
        part--;
    stand(text, length, &specs[0]);
    stand(text, length, &specs[1]);
    stand(text, part, &specs[2]);
    stand(text, part, &specs[3]);
}

/* Several to a process: starting the fonts takes longer than drawing. */
START_TEST(every_text_is_withstood)
{
    for (size_t i = (size_t)_i; i < G_N_ELEMENTS(corpus); i += PROCESSES) {
        g_autofree char *text = message(corpus[i].once, corpus[i].repeated);
        g_printerr("%s\n", corpus[i].name); /* the last name is the one that failed */
        withstand(corpus[i].name, text, strlen(text));
    }
}
END_TEST

/* A few characters of everything that Unicode has. */
START_TEST(every_script_is_withstood)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (gunichar c = 0x20; c < 0x30000 && text->len < MESSAGE / 4; c += 151)
        if (g_unichar_validate(c) && g_unichar_isdefined(c))
            g_string_append_unichar(text, c);
    ParagraphSpec spec = {.style = {FACE_UI, 15, 21, 400, false, 0xffffffff}, .width = 600};
    stand(text->str, text->len, &spec);
}
END_TEST

/* 100,000 letters without a space once took Pango 36 s and SDL a line of 1.8 million pixels. */
START_TEST(a_hundred_thousand_letters_are_laid_out)
{
    g_autoptr(GString) text = g_string_new(NULL);
    while (text->len < 100000)
        g_string_append_c(text, 'W');
    ParagraphSpec spec = {.style = {FACE_UI, 15, 21, 400, false, 0xffffffff}, .width = 600};
    stand(text->str, text->len, &spec);
    spec.width = -1;
    stand(text->str, text->len, &spec);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hostile");
    TCase *cases = tcase_create("hostile");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, every_text_is_withstood, 0, PROCESSES);
    tcase_add_test(cases, every_script_is_withstood);
    tcase_add_test(cases, a_hundred_thousand_letters_are_laid_out);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
