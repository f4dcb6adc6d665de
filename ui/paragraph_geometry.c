#include "ui/paragraph.h"
#include "ui/typesetter.h"

#include <math.h>
#include <string.h>

/* Carets, selections and motion. Offsets are bytes of the text; an offset where a line was wrapped
 * belongs to the start of the line after. */

static int line_index(const Paragraph *paragraph, size_t offset)
{
    int low = 0, high = paragraph->line_count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (paragraph->lines[middle].start <= offset)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static int line_at(const Paragraph *paragraph, int y)
{
    for (int i = 0; i < paragraph->line_count; i++)
        if (y < paragraph->lines[i].y + paragraph->lines[i].height)
            return i;
    return paragraph->line_count - 1;
}

static int pixels_of(int units)
{
    return (int)lround(units / (double)PANGO_SCALE);
}

Rect paragraph_caret(const Paragraph *paragraph, size_t offset)
{
    offset = MIN(offset, paragraph->length);
    const ParagraphLine *line = &paragraph->lines[line_index(paragraph, offset)];
    int x = 0, tall = paragraph->pixels * 4 / 3;
    bool at_left = offset >= line->end &&
                   pango_layout_line_get_resolved_direction(line->line) == PANGO_DIRECTION_RTL;
    if (!at_left) /* there Pango would answer the right end */
        pango_layout_line_index_to_x(line->line, (int)offset, FALSE, &x);
    int middle = line->baseline - (int)lround(paragraph->pixels * 0.36);
    return (Rect){line->x + pixels_of(x), middle - tall / 2, 0, tall};
}

/* Whether the line goes on in the next one without a line end between. */
static bool wrapped(const Paragraph *paragraph, int index)
{
    return index + 1 < paragraph->line_count &&
           paragraph->lines[index + 1].start == paragraph->lines[index].end;
}

static size_t offset_in_line(const Paragraph *paragraph, int index, int x)
{
    const ParagraphLine *line = &paragraph->lines[index];
    int at = 0, trailing = 0;
    pango_layout_line_x_to_index(line->line, (x - line->x) * PANGO_SCALE, &at, &trailing);
    const char *place = paragraph->text + MIN((size_t)MAX(0, at), paragraph->length);
    while (trailing-- > 0 && *place)
        place = g_utf8_next_char(place);
    size_t offset = MIN((size_t)(place - paragraph->text), line->end);
    if (wrapped(paragraph, index) && offset == line->end && offset > line->start)
        offset = paragraph_step(paragraph, offset, MOVE_GRAPHEME, false);
    return offset;
}

size_t paragraph_offset_at(const Paragraph *paragraph, int x, int y)
{
    return offset_in_line(paragraph, line_at(paragraph, y), x);
}

gssize paragraph_hit(const Paragraph *paragraph, int x, int y)
{
    if (y < 0 || y >= paragraph->height)
        return -1;
    const ParagraphLine *line = &paragraph->lines[line_at(paragraph, y)];
    int at = 0, trailing = 0;
    if (x < line->x || x >= line->x + line->width ||
        !pango_layout_line_x_to_index(line->line, (x - line->x) * PANGO_SCALE, &at, &trailing))
        return -1;
    return at;
}

void paragraph_stretches(const Paragraph *paragraph, const ParagraphLine *line, size_t start,
                         size_t end, StretchFunc found, void *data)
{
    double x = line->x, open_left = 0, open_right = -1;
    for (GSList *at = line->line->runs; at; at = at->next) {
        PangoGlyphItem *item = at->data;
        size_t from = (size_t)item->item->offset, length = (size_t)item->item->length;
        double width = pango_glyph_string_get_width(item->glyphs) / (double)PANGO_SCALE;
        size_t first = CLAMP(start, from, from + length), last = CLAMP(end, from, from + length);
        if (first < last) {
            int edges[2];
            size_t places[2] = {first - from, last - from};
            for (int i = 0; i < 2; i++)
                pango_glyph_string_index_to_x(item->glyphs, paragraph->text + from, (int)length,
                                              &item->item->analysis, (int)places[i], FALSE,
                                              &edges[i]);
            double left = x + MIN(edges[0], edges[1]) / (double)PANGO_SCALE;
            double right = x + MAX(edges[0], edges[1]) / (double)PANGO_SCALE;
            if (open_right >= 0 && fabs(left - open_right) > 0.01) {
                found((int)lround(open_left), (int)lround(open_right), data);
                open_right = -1;
            }
            if (open_right < 0)
                open_left = left;
            open_right = right;
        }
        x += width;
    }
    if (open_right >= 0)
        found((int)lround(open_left), (int)lround(open_right), data);
}

typedef struct {
    GArray *rects;
    const ParagraphLine *line;
} RangeTarget;

static void add_range(int left, int right, void *data)
{
    RangeTarget *target = data;
    Rect rect = {left, target->line->y, right - left, target->line->height};
    if (rect.w > 0)
        g_array_append_val(target->rects, rect);
}

GArray *paragraph_ranges(const Paragraph *paragraph, size_t start, size_t end)
{
    GArray *rects = g_array_new(FALSE, FALSE, sizeof(Rect));
    for (int i = 0; i < paragraph->line_count && start < end; i++) {
        const ParagraphLine *line = &paragraph->lines[i];
        if (end <= line->start || start > line->end)
            continue;
        RangeTarget target = {rects, line};
        paragraph_stretches(paragraph, line, MAX(start, line->start), MIN(end, line->end),
                            add_range, &target);
        /* A selected line end is seen, also on an empty line. */
        if (end > line->end && i + 1 < paragraph->line_count && !wrapped(paragraph, i)) {
            Rect caret = paragraph_caret(paragraph, line->end);
            add_range(caret.x, caret.x + MAX(2, paragraph->pixels / 3), &target);
        }
    }
    return rects;
}

static size_t step_attribute(const Paragraph *paragraph, size_t offset, CaretStep step,
                             bool forward)
{
    int count = 0;
    const PangoLogAttr *attributes = pango_layout_get_log_attrs_readonly(paragraph->layout, &count);
    const char *place = paragraph->text + offset, *end = paragraph->text + paragraph->length;
    int at = (int)g_utf8_strlen(paragraph->text, (gssize)offset);
    for (;;) {
        if (forward ? place >= end : place <= paragraph->text)
            return (size_t)(place - paragraph->text);
        place = forward ? g_utf8_next_char(place) : g_utf8_find_prev_char(paragraph->text, place);
        at += forward ? 1 : -1;
        if (at < 0 || at >= count)
            return forward ? paragraph->length : 0;
        const PangoLogAttr *here = &attributes[at];
        bool stop = step == MOVE_GRAPHEME ? here->is_cursor_position
                                          : (forward ? here->is_word_end : here->is_word_start);
        if (stop)
            return (size_t)(place - paragraph->text);
    }
}

size_t paragraph_step(const Paragraph *paragraph, size_t offset, CaretStep step, bool forward)
{
    offset = MIN(offset, paragraph->length);
    if (step != MOVE_LINE_EDGE)
        return step_attribute(paragraph, offset, step, forward);
    int index = line_index(paragraph, offset);
    const ParagraphLine *line = &paragraph->lines[index];
    if (!forward)
        return line->start;
    if (wrapped(paragraph, index) && line->end > line->start)
        return step_attribute(paragraph, line->end, MOVE_GRAPHEME, false);
    return line->end;
}

size_t paragraph_step_line(const Paragraph *paragraph, size_t offset, int x, bool down)
{
    int index = line_index(paragraph, MIN(offset, paragraph->length)) + (down ? 1 : -1);
    if (index < 0)
        return 0;
    if (index >= paragraph->line_count)
        return paragraph->length;
    return offset_in_line(paragraph, index, x);
}

/* What a double click takes together. */
static int word_class(const char *place)
{
    gunichar c = g_utf8_get_char(place);
    if (c == '\n' || c == '\r')
        return 3;
    return g_unichar_isspace(c) ? 2 : 1;
}

void paragraph_word(const Paragraph *paragraph, size_t offset, size_t *start, size_t *end)
{
    int count = 0;
    const PangoLogAttr *attributes = pango_layout_get_log_attrs_readonly(paragraph->layout, &count);
    const char *text = paragraph->text, *last = text + paragraph->length;
    const char *from = text + MIN(offset, paragraph->length);
    if (from == last && from > text)
        from = g_utf8_find_prev_char(text, from);
    const char *until = from;
    int kind = from < last ? word_class(from) : 0;
    int at = (int)g_utf8_strlen(text, from - text), first = at;
    while (until < last && word_class(until) == kind) {
        until = g_utf8_next_char(until);
        if (++at >= count || (kind == 1 && attributes[at].is_word_boundary))
            break;
    }
    while (from > text && !(kind == 1 && attributes[first].is_word_boundary)) {
        const char *before = g_utf8_find_prev_char(text, from);
        if (!before || word_class(before) != kind)
            break;
        from = before;
        first--;
    }
    *start = (size_t)(from - text);
    *end = (size_t)(until - text);
}
