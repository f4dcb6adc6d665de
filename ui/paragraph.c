#include "ui/paragraph.h"

#include "ui/typesetter.h"

#include <math.h>
#include <string.h>

/* Pango decides where lines break and where glyphs stand; the heights of lines are our own: every
 * line has the style's height with the face's baseline in it, and only ink that would reach into
 * the neighbours (stacked marks, tall scripts) pushes a line apart, within bounds. */

enum {
    LAYOUT_COST = 900, /* bytes, about */
    BYTE_COST = 56,
    LINE_COST = 220,
    MOST_TABS = 256,
    STRETCH = 256 /* bytes */
};

/* Line ends count as spaces where the number of lines is limited, and so do tabs when there are
 * very many: each costs Pango a walk over its line. Bytes keep their places. */
static char *layout_text(const char *text, size_t length, int max_lines)
{
    char *copy = g_strndup(text, length);
    int tabs = 0;
    for (char *tab = strchr(copy, '\t'); tab; tab = strchr(tab + 1, '\t'))
        if (++tabs > MOST_TABS)
            *tab = ' ';
    if (max_lines == 0)
        return copy;
    for (char *at = copy; *at; at++) {
        if (*at == '\n' || *at == '\r')
            *at = ' ';
        else if (strncmp(at, "\xe2\x80\xa8", 3) == 0 || strncmp(at, "\xe2\x80\xa9", 3) == 0)
            memcpy(at, "\xe2\x80\x83", 3); /* line and paragraph separators become an em space */
    }
    return copy;
}

static void insert_span(PangoAttrList *attributes, PangoAttribute *attribute, const TextSpan *span)
{
    attribute->start_index = (guint)span->start;
    attribute->end_index = (guint)span->end;
    pango_attr_list_insert(attributes, attribute);
}

/* JetBrains Mono is large for its size: code within 15 px text is set at 13 px, and the reverse. */
static int other_face_size(const Paragraph *paragraph, const TextSpan *span)
{
    int pixels = paragraph->pixels;
    if (span->face == FACE_MONO)
        return (int)lround(pixels * 13 / 15.0) * PANGO_SCALE;
    return (int)lround(pixels * 15 / 13.0) * PANGO_SCALE;
}

/* Only what changes the shapes; colours and lines are drawn by us, so that they never cut a word's
 * shaping. */
static PangoAttrList *layout_attributes(const Paragraph *paragraph)
{
    PangoAttrList *attributes = pango_attr_list_new();
    pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE));
    for (size_t i = 0; i < paragraph->spec.span_count; i++) {
        const TextSpan *span = &paragraph->spec.spans[i];
        if (span->end <= span->start)
            continue;
        if (span->weight != 0)
            insert_span(attributes, pango_attr_weight_new((PangoWeight)span->weight), span);
        if (span->italic)
            insert_span(attributes, pango_attr_style_new(PANGO_STYLE_ITALIC), span);
        if (!span->has_face || span->face == paragraph->spec.style.face)
            continue;
        const char *families = typesetter_families(span->face, paragraph->text, paragraph->length);
        insert_span(attributes, pango_attr_family_new(families), span);
        insert_span(attributes, pango_attr_size_new_absolute(other_face_size(paragraph, span)),
                    span);
    }
    return attributes;
}

/* Whether nothing is shaped across the place before `at`: no mark, joiner, modifier or flag letter
 * on either side. */
static bool splittable(const char *at, const char *before)
{
    gunichar next = g_utf8_get_char(at), last = g_utf8_get_char(before);
    return !g_unichar_ismark(next) && !g_unichar_ismark(last) &&
           g_unichar_type(next) != G_UNICODE_FORMAT && g_unichar_type(last) != G_UNICODE_FORMAT &&
           !(next >= 0x1f1e6 && next <= 0x1f1ff) && !(next >= 0x1f3fb && next <= 0x1f3ff);
}

/* Pango measures the rest of a stretch again for every line that it breaks: 16 KiB without a space
 * took 0.8 s, 100 KB 36 s. An attribute that says nothing new cuts long text into stretches of a
 * few lines, at spaces where there are any; the cost is then in proportion to the length. */
static void split_long_text(const Paragraph *paragraph, const char *text, PangoAttrList *attributes)
{
    const char *from = text, *end = text + paragraph->length, *before = text;
    bool odd = false;
    for (const char *at = text; at < end; before = at, at = g_utf8_next_char(at)) {
        ptrdiff_t length = at - from;
        if (length < STRETCH || !(*before == ' ' || length >= 2 * STRETCH) ||
            (*before != ' ' && !splittable(at, before)))
            continue;
        if (odd) {
            PangoAttribute *same = pango_attr_letter_spacing_new(0);
            same->start_index = (guint)(from - text);
            same->end_index = (guint)(at - text);
            pango_attr_list_insert(attributes, same);
        }
        odd = !odd;
        from = at;
    }
}

static PangoLayout *make_layout(const Paragraph *paragraph)
{
    const ParagraphSpec *spec = &paragraph->spec;
    PangoLayout *layout = pango_layout_new(typesetter_context(paragraph->typesetter));
    g_autofree char *text = layout_text(paragraph->text, paragraph->length, spec->max_lines);
    PangoFontDescription *font =
        typesetter_font(paragraph->typesetter, &spec->style, paragraph->text, paragraph->length);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_text(layout, text, (int)paragraph->length);
    PangoAttrList *attributes = layout_attributes(paragraph);
    if (paragraph->length > STRETCH)
        split_long_text(paragraph, text, attributes);
    pango_layout_set_attributes(layout, attributes);
    pango_attr_list_unref(attributes);
    if (spec->width >= 0) {
        pango_layout_set_width(layout, MAX(1, spec->width) * PANGO_SCALE);
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    }
    if (spec->max_lines > 0 && spec->width >= 0) {
        pango_layout_set_height(layout, -spec->max_lines);
        pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    }
    return layout;
}

static int aligned(const Paragraph *paragraph, const ParagraphLine *line, int box)
{
    bool to_right = pango_layout_line_get_resolved_direction(line->line) == PANGO_DIRECTION_RTL;
    switch (paragraph->spec.align) {
    case ALIGN_NATURAL:
        return to_right ? box - line->width : 0;
    case ALIGN_CENTER:
        return (box - line->width) / 2;
    case ALIGN_END:
        return box - line->width;
    case ALIGN_START:
        break;
    }
    return 0;
}

typedef struct {
    int baseline; /* from the top of an ordinary line */
    int slack;    /* how far ink may reach over a line's edges */
} LineMetrics;

static LineMetrics line_metrics(Paragraph *paragraph)
{
    FaceExtents face = typesetter_extents(paragraph->typesetter, &paragraph->spec.style);
    double leading = paragraph->line_height - face.ascent - face.descent;
    return (LineMetrics){.baseline = (int)lround(leading / 2 + face.ascent),
                         .slack = MAX(2, paragraph->pixels / 4)};
}

/* Places line `i` below the ones before it. */
static void place_line(Paragraph *paragraph, ParagraphLine *line, PangoLayoutLine *laid,
                       const LineMetrics *metrics, Rect *ink_bounds)
{
    PangoRectangle ink, logical;
    pango_layout_line_get_extents(laid, &ink, &logical);
    int above = (int)ceil(-ink.y / (double)PANGO_SCALE);
    int below = (int)ceil((ink.y + ink.height) / (double)PANGO_SCALE);
    int room_below = paragraph->line_height - metrics->baseline;
    int most = paragraph->line_height;
    int push_down = CLAMP(above - metrics->baseline - metrics->slack, 0, most);
    int push_apart = CLAMP(below - room_below - metrics->slack, 0, most);
    int start = pango_layout_line_get_start_index(laid);
    *line = (ParagraphLine){
        .line = laid,
        .start = (size_t)start,
        .end = (size_t)(start + pango_layout_line_get_length(laid)),
        .y = paragraph->height,
        .width = (int)ceil(logical.width / (double)PANGO_SCALE),
        .height = paragraph->line_height + push_down + push_apart,
        .baseline = paragraph->height + metrics->baseline + push_down,
    };
    if (paragraph->spec.width >= 0) /* one cluster may be wider, of hundreds of joined letters */
        line->width = MIN(line->width, MAX(1, paragraph->spec.width));
    paragraph->height += line->height;
    int left = (int)floor(ink.x / (double)PANGO_SCALE) - 2;
    int right = (int)ceil((ink.x + ink.width) / (double)PANGO_SCALE) + 3;
    ink_bounds->x = MIN(ink_bounds->x, left);
    ink_bounds->w = MAX(ink_bounds->w, right - line->width); /* how far beyond the line's end */
}

static void place_lines(Paragraph *paragraph)
{
    LineMetrics metrics = line_metrics(paragraph);
    Rect reach = {0};
    paragraph->line_count = pango_layout_get_line_count(paragraph->layout);
    paragraph->lines = g_new0(ParagraphLine, paragraph->line_count);
    int i = 0;
    for (GSList *at = pango_layout_get_lines_readonly(paragraph->layout); at; at = at->next, i++) {
        place_line(paragraph, &paragraph->lines[i], at->data, &metrics, &reach);
        paragraph->width = MAX(paragraph->width, paragraph->lines[i].width);
    }
    int box = paragraph->spec.width >= 0 ? paragraph->spec.width : paragraph->width;
    int left = 0, right = 0;
    for (i = 0; i < paragraph->line_count; i++) {
        ParagraphLine *line = &paragraph->lines[i];
        line->x = aligned(paragraph, line, box);
        left = MIN(left, line->x);
        right = MAX(right, line->x + line->width);
    }
    int beyond = paragraph->pixels; /* marks and backgrounds stand at most so far outside */
    left += MAX(reach.x, -beyond) - 4;
    right += MIN(reach.w, beyond) + 4;
    paragraph->ink =
        (Rect){left, -metrics.slack - 1, right - left, paragraph->height + 2 * (metrics.slack + 1)};
}

Paragraph *paragraph_lay_out(Typesetter *typesetter, const char *text, size_t length,
                             const ParagraphSpec *spec, uint64_t hash)
{
    Paragraph *paragraph = g_new0(Paragraph, 1);
    g_ref_count_init(&paragraph->references);
    paragraph->typesetter = typesetter;
    paragraph->text = g_strndup(text, length);
    paragraph->length = length;
    paragraph->hash = hash;
    paragraph->spec = *spec;
    paragraph->spec.spans = g_memdup2(spec->spans, spec->span_count * sizeof(TextSpan));
    paragraph->pixels = typesetter_pixels(typesetter, spec->style.size);
    paragraph->line_height = typesetter_pixels(typesetter, spec->style.line_height);
    paragraph->layout = make_layout(paragraph);
    place_lines(paragraph);
    paragraph->ellipsized = pango_layout_is_ellipsized(paragraph->layout);
    paragraph->cost = LAYOUT_COST + length * BYTE_COST + (size_t)paragraph->line_count * LINE_COST;
    return paragraph;
}

Paragraph *paragraph_ref(Paragraph *paragraph)
{
    g_ref_count_inc(&paragraph->references);
    return paragraph;
}

void paragraph_unref(Paragraph *paragraph)
{
    if (!paragraph || !g_ref_count_dec(&paragraph->references))
        return;
    g_assert(!paragraph->cached);
    g_object_unref(paragraph->layout);
    g_free((void *)paragraph->spec.spans);
    g_free(paragraph->lines);
    g_free(paragraph->runs);
    g_free(paragraph->marks);
    g_free(paragraph->text);
    g_free(paragraph);
}

int paragraph_width(const Paragraph *paragraph)
{
    return paragraph->width;
}

int paragraph_height(const Paragraph *paragraph)
{
    return paragraph->height;
}

int paragraph_lines(const Paragraph *paragraph)
{
    return paragraph->line_count;
}

bool paragraph_ellipsized(const Paragraph *paragraph)
{
    return paragraph->ellipsized;
}

Rect paragraph_ink(const Paragraph *paragraph)
{
    return paragraph->ink;
}

uint64_t paragraph_hash(const Paragraph *paragraph)
{
    return paragraph->hash;
}
