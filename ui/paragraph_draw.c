#include "ui/paragraph_draw.h"

#include "ui/typesetter.h"

#include <math.h>
#include <stdlib.h>

/* A Pango run is cut where SDL_ttf would draw something else than Pango laid out: at tabs, at
 * clusters that no font has, at each colour emoji, and at lengths that are worth a surface. Each
 * piece keeps Pango's place, so errors do not add up. */

enum {
    RUN_SOFT_LIMIT = 320, /* bytes; ends at the next space */
    RUN_HARD_LIMIT = 640,
    CLUSTER_LIMIT =
        96 /* bytes of one cluster that are drawn: dozens of marks look like dozens more */
};

typedef struct {
    Paragraph *paragraph;
    const ParagraphLine *line;
    PangoGlyphItem *item;
    double origin; /* x of the item, pixels */
    GArray *runs;  /* ParagraphRun */
    GArray *edges; /* double: x of each glyph of the item, and of its end */
} Preparation;

static double pango_pixels(int units)
{
    return units / (double)PANGO_SCALE;
}

static Color color_at(const Paragraph *paragraph, size_t offset, size_t *until)
{
    Color color = paragraph->spec.style.color;
    for (size_t i = 0; i < paragraph->spec.span_count; i++) {
        const TextSpan *span = &paragraph->spec.spans[i];
        if (span->start > offset && span->start < *until)
            *until = span->start;
        if (span->start <= offset && offset < span->end) {
            *until = MIN(*until, span->end);
            if (span->color != 0)
                color = span->color;
        }
    }
    return color;
}

static double item_x(const Preparation *at, size_t offset)
{
    const PangoItem *item = at->item->item;
    int x = 0, index = (int)offset - item->offset;
    pango_glyph_string_index_to_x(at->item->glyphs, at->paragraph->text + item->offset,
                                  item->length, (PangoAnalysis *)&item->analysis,
                                  CLAMP(index, 0, item->length), FALSE, &x);
    return at->origin + pango_pixels(x);
}

/* Adds `run` once for each colour that its text has, cut to the columns of that colour. */
static void add_colored(Preparation *at, ParagraphRun run, size_t start, size_t end)
{
    size_t from = start;
    bool first = true;
    while (from < end) {
        size_t until = end;
        run.color = color_at(at->paragraph, from, &until);
        for (size_t next = until; next < end;) { /* the same colour goes on */
            size_t beyond = end;
            if (color_at(at->paragraph, next, &beyond) != run.color)
                break;
            until = next = beyond;
        }
        bool whole = first && until == end;
        int left = whole ? INT_MIN : (int)lround(item_x(at, from));
        int right = whole ? INT_MAX : (int)lround(item_x(at, until));
        bool backwards = run.run.right_to_left;
        /* The ends are open: ink may stand a little outside. */
        if (!whole && from == start)
            left = backwards ? INT_MAX : INT_MIN;
        if (!whole && until == end)
            right = backwards ? INT_MIN : INT_MAX;
        run.clip_left = MIN(left, right);
        run.clip_right = MAX(left, right);
        g_array_append_val(at->runs, run);
        from = until;
        first = false;
    }
}

static bool cursive(PangoScript script)
{
    return script == PANGO_SCRIPT_ARABIC || script == PANGO_SCRIPT_SYRIAC ||
           script == PANGO_SCRIPT_NKO || script == PANGO_SCRIPT_MONGOLIAN;
}

/* A piece is shaped alone, Pango shaped it with its neighbours: tells whether the letters beyond
 * its ends belong to the same word. */
static void note_joins(const Preparation *at, RunText *run, size_t start, size_t end)
{
    PangoScript script = at->item->item->analysis.script;
    const char *text = at->paragraph->text;
    if (!cursive(script))
        return;
    if (start > 0) {
        gunichar before = g_utf8_get_char(g_utf8_find_prev_char(text, text + start));
        run->joins_before =
            g_unichar_isalpha(before) && (PangoScript)g_unichar_get_script(before) == script;
    }
    if (end < at->paragraph->length) {
        gunichar after = g_utf8_get_char(text + end);
        run->joins_after =
            g_unichar_isalpha(after) && (PangoScript)g_unichar_get_script(after) == script;
    }
}

/* Text of [start, end) bytes whose glyphs are [first, last] of the item. */
static void add_run(Preparation *at, size_t start, size_t end, int first, int last, bool box)
{
    const PangoItem *item = at->item->item;
    const PangoGlyphString *glyphs = at->item->glyphs;
    double x = g_array_index(at->edges, double, first);
    ParagraphRun run = {.x = (float)x, .baseline = at->line->baseline, .box = box};
    if (box) {
        size_t until = end;
        run.color = color_at(at->paragraph, start, &until);
        run.clip_left = (int)lround(x);
        run.clip_right = (int)lround(g_array_index(at->edges, double, last + 1));
        g_array_append_val(at->runs, run);
        return;
    }
    PangoRectangle ink;
    pango_glyph_string_extents_range((PangoGlyphString *)glyphs, first, last + 1,
                                     item->analysis.font, &ink, NULL);
    bool ellipsis = item->analysis.flags & PANGO_ANALYSIS_FLAG_IS_ELLIPSIS;
    run.run = (RunText){
        .font = item->analysis.font,
        .text = ellipsis ? "\u2026" : at->paragraph->text + start,
        .length = ellipsis ? 3 : end - start,
        .script = g_unicode_script_to_iso15924((GUnicodeScript)item->analysis.script),
        .right_to_left = item->analysis.level % 2 != 0,
        .pixels = at->paragraph->pixels,
        .ink_left = pango_pixels(ink.x),
        .ink_top = pango_pixels(ink.y),
    };
    if (!ellipsis)
        note_joins(at, &run.run, start, end);
    run.ink_right = (int)ceil(pango_pixels(ink.x + ink.width));
    add_colored(at, run, start, end);
}

typedef enum {
    CLUSTER_TEXT,
    CLUSTER_ALONE, /* an emoji, or a cluster with absurdly many marks */
    CLUSTER_BOX,
    CLUSTER_NOTHING
} ClusterKind;

static ClusterKind cluster_kind(const Preparation *at, size_t start, size_t end, int first,
                                int last, bool color)
{
    const PangoGlyphString *glyphs = at->item->glyphs;
    if (at->item->item->analysis.flags & PANGO_ANALYSIS_FLAG_IS_ELLIPSIS)
        return CLUSTER_TEXT;
    char c = at->paragraph->text[start];
    if (c == '\t' || c == '\n' || c == '\r')
        return CLUSTER_NOTHING;
    bool empty = true;
    for (int i = first; i <= last; i++) {
        PangoGlyph glyph = glyphs->glyphs[i].glyph;
        if (glyph & PANGO_GLYPH_UNKNOWN_FLAG && glyph != PANGO_GLYPH_EMPTY)
            return CLUSTER_BOX;
        empty = empty && glyph == PANGO_GLYPH_EMPTY;
    }
    if (empty)
        return CLUSTER_NOTHING;
    return color || end - start > CLUSTER_LIMIT ? CLUSTER_ALONE : CLUSTER_TEXT;
}

typedef struct {
    size_t start, end;
    int first, last; /* glyphs */
    bool open;
} Piece;

static void close_piece(Preparation *at, Piece *piece)
{
    if (piece->open)
        add_run(at, piece->start, piece->end, piece->first, piece->last, false);
    piece->open = false;
}

static void add_cluster(Preparation *at, Piece *piece, size_t start, size_t end, int first,
                        int last, bool color)
{
    const char *text = at->paragraph->text;
    switch (cluster_kind(at, start, end, first, last, color)) {
    case CLUSTER_TEXT:
        if (!piece->open)
            *piece = (Piece){start, end, first, last, true};
        piece->end = end;
        piece->first = MIN(piece->first, first);
        piece->last = MAX(piece->last, last);
        size_t length = end - piece->start;
        if (length >= RUN_HARD_LIMIT || (length >= RUN_SOFT_LIMIT && text[start] == ' '))
            close_piece(at, piece);
        break;
    case CLUSTER_ALONE:
        close_piece(at, piece);
        if (end - start > CLUSTER_LIMIT)
            end =
                (size_t)(g_utf8_find_prev_char(text + start, text + start + CLUSTER_LIMIT) - text);
        if (!(color && text[start] == ' '))
            add_run(at, start, end, first, last, false);
        break;
    case CLUSTER_BOX:
        close_piece(at, piece);
        add_run(at, start, end, first, last, true);
        break;
    case CLUSTER_NOTHING:
        close_piece(at, piece);
        break;
    }
}

/* Measures where each glyph of the item begins; returns where the item ends. */
static double measure_item(Preparation *at, double x)
{
    const PangoGlyphString *glyphs = at->item->glyphs;
    g_array_set_size(at->edges, 0);
    x += pango_pixels(at->item->start_x_offset);
    at->origin = x;
    for (int i = 0; i < glyphs->num_glyphs; i++) {
        g_array_append_val(at->edges, x);
        x += pango_pixels(glyphs->glyphs[i].geometry.width);
    }
    g_array_append_val(at->edges, x);
    return x;
}

static void prepare_item(Preparation *at)
{
    PangoGlyphItemIter iter;
    const PangoItem *item = at->item->item;
    bool color = fonts_in_color(item->analysis.font);
    Piece piece = {0};
    bool more = pango_glyph_item_iter_init_start(&iter, at->item, at->paragraph->text);
    for (; more; more = pango_glyph_item_iter_next_cluster(&iter)) {
        int first = iter.start_glyph, last = iter.end_glyph - 1;
        if (item->analysis.level % 2 != 0) { /* glyphs run the other way */
            first = iter.end_glyph + 1;
            last = iter.start_glyph;
        }
        add_cluster(at, &piece, (size_t)iter.start_index, (size_t)iter.end_index, first, last,
                    color);
    }
    close_piece(at, &piece);
}

typedef struct {
    GArray *marks;
    ParagraphMark mark;
    int pad;
} MarkTarget;

static void add_mark(int left, int right, void *data)
{
    MarkTarget *target = data;
    target->mark.rect.x = left - target->pad;
    target->mark.rect.w = right - left + 2 * target->pad;
    g_array_append_val(target->marks, target->mark);
}

static void mark_span(const Paragraph *paragraph, const ParagraphLine *line, const TextSpan *span,
                      GArray *marks)
{
    size_t start = MAX(span->start, line->start), end = MIN(span->end, line->end);
    int thick = MAX(1, (int)lround(paragraph->pixels / 14.0));
    Color color = span->color ? span->color : paragraph->spec.style.color;
    if (start >= end)
        return;
    MarkTarget target = {.marks = marks};
    if (span->background != 0) {
        int inset = MAX(0, (line->height - paragraph->pixels * 4 / 3) / 2);
        target.mark = (ParagraphMark){{0, line->y + inset, 0, line->height - 2 * inset},
                                      MAX(2, paragraph->pixels / 4),
                                      span->background,
                                      false};
        target.pad = thick;
        paragraph_stretches(paragraph, line, start, end, add_mark, &target);
        target.pad = 0;
    }
    if (span->underline) {
        int below = MAX(2, (int)lround(paragraph->pixels * 0.13));
        target.mark = (ParagraphMark){{0, line->baseline + below, 0, thick}, 0, color, false};
        paragraph_stretches(paragraph, line, start, end, add_mark, &target);
    }
    if (span->strike) {
        int above = (int)lround(paragraph->pixels * 0.30);
        target.mark = (ParagraphMark){{0, line->baseline - above, 0, thick}, 0, color, true};
        paragraph_stretches(paragraph, line, start, end, add_mark, &target);
    }
}

void paragraph_prepare(Paragraph *paragraph)
{
    GArray *marks = g_array_new(FALSE, FALSE, sizeof(ParagraphMark));
    Preparation at = {.paragraph = paragraph,
                      .runs = g_array_new(FALSE, FALSE, sizeof(ParagraphRun)),
                      .edges = g_array_new(FALSE, FALSE, sizeof(double))};
    for (int i = 0; i < paragraph->line_count; i++) {
        at.line = &paragraph->lines[i];
        double x = at.line->x;
        for (GSList *run = at.line->line->runs; run; run = run->next) {
            at.item = run->data;
            x = measure_item(&at, x);
            prepare_item(&at);
        }
        for (size_t span = 0; span < paragraph->spec.span_count; span++)
            mark_span(paragraph, at.line, &paragraph->spec.spans[span], marks);
    }
    g_array_unref(at.edges);
    paragraph->run_count = (int)at.runs->len;
    paragraph->runs = (ParagraphRun *)(void *)g_array_free(at.runs, FALSE);
    paragraph->mark_count = (int)marks->len;
    paragraph->marks = (ParagraphMark *)(void *)g_array_free(marks, FALSE);
    paragraph->prepared = true;
}

static Color faded(Color color, uint8_t opacity)
{
    return (color & 0xffffffu) | pixels_scale(color >> 24, opacity) << 24;
}

static void draw_box(const ParagraphRun *run, int pixels, const Pixels *to, int x, int y,
                     Color color, Shapes *shapes)
{
    int tall = pixels * 3 / 4;
    Rect rect = {x + run->clip_left + 1, y + run->baseline - tall,
                 run->clip_right - run->clip_left - 2, tall};
    if (rect.w > 2)
        shapes_border(shapes, to, rect, 2, 1, color);
}

static void draw_run(const Paragraph *paragraph, const ParagraphRun *run, const Pixels *to, int x,
                     int y, uint8_t opacity, Shapes *shapes)
{
    Color color = faded(run->color, opacity);
    if (run->box) {
        draw_box(run, paragraph->pixels, to, x, y, color, shapes);
        return;
    }
    RunPixels pixels = runs_get(typesetter_runs(paragraph->typesetter), &run->run);
    int pen = x + (int)lround(run->x), left = pen + pixels.left;
    /* Where the two shapers disagree, text stays at the side where it begins. */
    if (run->run.right_to_left && abs(pixels.left + pixels.width - run->ink_right) > 1)
        left = pen + run->ink_right - pixels.width;
    int top = y + run->baseline + pixels.top;
    if (pixels.image) {
        pixels_image(to, left, top, pixels.image, pixels.width, pixels.height, opacity);
    } else if (pixels.mask) {
        Pixels cut = *to;
        int from = run->clip_left == INT_MIN ? to->clip.x : x + run->clip_left;
        int until = run->clip_right == INT_MAX ? to->clip.x + to->clip.w : x + run->clip_right;
        cut.clip = rect_intersect(to->clip, (Rect){from, to->clip.y, until - from, to->clip.h});
        pixels_mask(&cut, left, top, pixels.mask, pixels.width, pixels.height, color);
    }
}

static void draw_marks(const Paragraph *paragraph, const Pixels *to, int x, int y, uint8_t opacity,
                       Shapes *shapes, bool above)
{
    for (int i = 0; i < paragraph->mark_count; i++) {
        const ParagraphMark *mark = &paragraph->marks[i];
        Rect rect = {x + mark->rect.x, y + mark->rect.y, mark->rect.w, mark->rect.h};
        if (mark->above == above && !rect_empty(rect_intersect(rect, to->clip)))
            shapes_rect(shapes, to, rect, mark->radius, faded(mark->color, opacity));
    }
}

void paragraph_draw(Paragraph *paragraph, const Pixels *to, int x, int y, uint8_t opacity,
                    Shapes *shapes)
{
    if (!paragraph->prepared)
        paragraph_prepare(paragraph);
    draw_marks(paragraph, to, x, y, opacity, shapes, false);
    int reach = 2 * paragraph->line_height; /* how far a run's ink may stand from its baseline */
    for (int i = 0; i < paragraph->run_count; i++) {
        const ParagraphRun *run = &paragraph->runs[i];
        int baseline = y + run->baseline;
        if (baseline + reach < to->clip.y || baseline - reach > to->clip.y + to->clip.h)
            continue;
        draw_run(paragraph, run, to, x, y, opacity, shapes);
    }
    draw_marks(paragraph, to, x, y, opacity, shapes, true);
}
