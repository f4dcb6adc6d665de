#pragma once
/* What paragraphs share inside the typesetter: contexts, fonts and drawn runs. Only for
 * paragraph*.c and typesetter.c. */

#include "ui/paragraph.h"
#include "ui/runs.h"

#include <pango/pango.h>

/* Pixels above and below the baseline of a face at one size, from the font itself. */
typedef struct {
    double ascent, descent;
} FaceExtents;

/* Owned by the typesetter. */
PangoContext *typesetter_context(Typesetter *typesetter);
Runs *typesetter_runs(Typesetter *typesetter);
/* Device pixels for `pixels` at scale 1. */
int typesetter_pixels(const Typesetter *typesetter, int pixels);
/* The font families in the order in which they are tried; `text` decides between the Chinese,
 * Japanese and Korean shapes of Han. Transfer full; free with pango_font_description_free(). */
PangoFontDescription *typesetter_font(Typesetter *typesetter, const TextStyle *style,
                                      const char *text, size_t length);
const char *typesetter_families(Typeface face, const char *text, size_t length);
FaceExtents typesetter_extents(Typesetter *typesetter, const TextStyle *style);

/* A laid out line; all pixels, x and y relative to the paragraph's top left. */
typedef struct {
    PangoLayoutLine *line; /* of the layout */
    size_t start, end;     /* bytes, without the line end */
    int x, y, width, height, baseline;
} ParagraphLine;

/* Something to draw of a paragraph. */
typedef struct {
    RunText run;   /* `font` is kept alive by the layout, `text` by the paragraph */
    float x;       /* of the pen */
    int ink_right; /* where Pango sees the ink end, from the pen */
    int baseline;
    Color color;
    int clip_left, clip_right; /* the columns that have this colour */
    bool box;                  /* no font has it: an outline of the clip's width */
} ParagraphRun;

typedef struct {
    Rect rect;
    int radius;
    Color color;
    bool above; /* drawn over the text (a strike), else under it */
} ParagraphMark;

struct Paragraph {
    grefcount references;
    Typesetter *typesetter; /* borrowed */
    char *text;             /* owned; as given */
    size_t length;
    ParagraphSpec spec; /* `spans` owned */
    int pixels, line_height;
    uint64_t hash;
    PangoLayout *layout;
    ParagraphLine *lines; /* owned */
    int line_count;
    int width, height;
    Rect ink;
    bool ellipsized;
    bool prepared;        /* `runs` and `marks` are there: made when first drawn */
    ParagraphRun *runs;   /* owned */
    ParagraphMark *marks; /* owned */
    int run_count, mark_count;
    /* of the typesetter's cache */
    size_t cost;
    GList link;
    bool cached;
};

/* Lays `text` out; not in the cache yet. */
Paragraph *paragraph_lay_out(Typesetter *typesetter, const char *text, size_t length,
                             const ParagraphSpec *spec, uint64_t hash);
/* Makes `runs` and `marks`. */
void paragraph_prepare(Paragraph *paragraph);
/* Calls `found` with the left and right edge of each stretch of [start, end) on a line. */
typedef void (*StretchFunc)(int left, int right, void *data);
void paragraph_stretches(const Paragraph *paragraph, const ParagraphLine *line, size_t start,
                         size_t end, StretchFunc found, void *data);
