#pragma once
/* A piece of text, laid out by Pango and drawn by SDL2_ttf: wrapping, bidi, fallback for every
 * script, emoji, ellipsis, caret and selection geometry.
 *
 * Paragraphs are immutable, reference-counted, and cached by (text, spans, style, width) in the
 * Typesetter that made them. Units are device pixels; text offsets are bytes in the UTF-8 text. UI
 * thread only. */

#include "ui/draw.h"

typedef enum {
    FACE_UI,  /* Inter */
    FACE_MONO /* JetBrains Mono */
} Typeface;

typedef struct {
    Typeface face;
    int size;        /* pixels at scale 1 */
    int line_height; /* pixels at scale 1; taller scripts do not push lines apart unless they need
                        to */
    int weight;      /* 400, 500, 600 */
    bool italic;
    Color color;
} TextStyle;

/* A stretch of the text that looks different; zero fields keep what the style says. */
typedef struct {
    size_t start, end; /* bytes, [start, end) */
    Color color;
    Color background;
    Typeface face;
    bool has_face;
    int weight;
    bool italic, underline, strike;
} TextSpan;

/* NATURAL: left or right by each paragraph's own direction; START is left, END right. */
typedef enum {
    ALIGN_NATURAL,
    ALIGN_START,
    ALIGN_CENTER,
    ALIGN_END
} TextAlign;

typedef struct {
    TextStyle style;
    const TextSpan *spans;
    size_t span_count;
    int width;     /* device pixels to wrap at; -1: one endless line */
    int max_lines; /* 0: all; else line ends count as spaces and the last line ends in an ellipsis
                    */
    TextAlign align;
} ParagraphSpec;

typedef struct Typesetter Typesetter;

/* Opens the fonts by fontconfig. `scale` is the window's, 0.8 to 4.0. NULL with an error when no
 * usable font is installed. */
Typesetter *typesetter_new(double scale, GError **error);
void typesetter_free(Typesetter *typesetter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Typesetter, typesetter_free)
/* Forgets all caches. */
void typesetter_set_scale(Typesetter *typesetter, double scale);

/* From the cache or laid out now. `text` of `length` bytes must be valid UTF-8; transfer full. */
Paragraph *paragraph_new(Typesetter *typesetter, const char *text, size_t length,
                         const ParagraphSpec *spec);
Paragraph *paragraph_ref(Paragraph *paragraph);
void paragraph_unref(Paragraph *paragraph);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Paragraph, paragraph_unref)

/* Ink-independent size: width of the widest line, sum of line heights. */
int paragraph_width(const Paragraph *paragraph);
int paragraph_height(const Paragraph *paragraph);
int paragraph_lines(const Paragraph *paragraph);
bool paragraph_ellipsized(const Paragraph *paragraph);
/* Everything that drawing may touch, relative to the paragraph's top left: marks may stand a little
 * outside of the size. */
Rect paragraph_ink(const Paragraph *paragraph);
/* Identity for damage: equal content hashes draw equal pixels. */
uint64_t paragraph_hash(const Paragraph *paragraph);

/* Where a caret before byte `offset` stands; width 0. */
Rect paragraph_caret(const Paragraph *paragraph, size_t offset);
/* The caret offset nearest to a point relative to the paragraph's top left. */
size_t paragraph_offset_at(const Paragraph *paragraph, int x, int y);
/* The byte under the point, or -1 when the point is on no character: for links. */
gssize paragraph_hit(const Paragraph *paragraph, int x, int y);
/* Rectangles that cover [start, end), for selection; array of Rect, transfer full. */
GArray *paragraph_ranges(const Paragraph *paragraph, size_t start, size_t end);

typedef enum {
    MOVE_GRAPHEME,
    MOVE_WORD,
    MOVE_LINE_EDGE
} CaretStep;
/* The offset one step on from `offset`, in logical order (`forward`) by Pango's log attributes. */
size_t paragraph_step(const Paragraph *paragraph, size_t offset, CaretStep step, bool forward);
/* The offset one visual line up or down, keeping `x` (pixels); the text's ends beyond the first and
 * last line. */
size_t paragraph_step_line(const Paragraph *paragraph, size_t offset, int x, bool down);
/* Start and end of the word at `offset`, for a double click. */
void paragraph_word(const Paragraph *paragraph, size_t offset, size_t *start, size_t *end);
