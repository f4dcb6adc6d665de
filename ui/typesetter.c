#include "ui/typesetter.h"

#include <fontconfig/fontconfig.h>
#include <gio/gio.h>
#include <hb.h>
#include <malloc.h>
#include <math.h>
#include <pango/pangoft2.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Owns the font map, and the cache of paragraphs: by the hash of everything that they depend on,
 * the least used dropped beyond a budget of bytes. A dropped paragraph lives on while others hold
 * it. */

#define RUN_BUDGET ((size_t)8 << 20)
#define PARAGRAPH_BUDGET ((size_t)6 << 20)
#define MOST_FONTS 64
#define LEAST_LIFE_US (G_GINT64_CONSTANT(30) * G_USEC_PER_SEC)
#define LINE_BYTES ((size_t)2048)
#define SMALLEST_SCALE 0.5
#define LARGEST_SCALE 4.0

struct Typesetter {
    double scale;
    PangoFontMap *map;      /* owned */
    PangoContext *context;  /* owned */
    Fonts *fonts;           /* owned */
    Runs *runs;             /* owned */
    GHashTable *paragraphs; /* Paragraph, referenced */
    GQueue recent;          /* Paragraph, newest first */
    size_t held;
    uint64_t seed;
    unsigned openings; /* of fonts, when the map was made */
    int64_t made_us;
};

/* A hash alone names the spans: they are the program's own and the seed is random. */
static gboolean paragraph_equal(gconstpointer a, gconstpointer b)
{
    const Paragraph *one = a, *other = b;
    return one->hash == other->hash && one->length == other->length &&
           memcmp(one->text, other->text, one->length) == 0;
}

static guint paragraph_key(gconstpointer data)
{
    return (guint)((const Paragraph *)data)->hash;
}

static bool any_font(GError **error)
{
    FcFontSet *fonts = FcConfigGetFonts(NULL, FcSetSystem);
    if (fonts && fonts->nfont > 0)
        return true;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                "no font is installed; on Debian: apt install fonts-inter fonts-noto-core");
    return false;
}

static void make_map(Typesetter *typesetter)
{
    typesetter->map = pango_ft2_font_map_new();
    pango_ft2_font_map_set_resolution(PANGO_FT2_FONT_MAP(typesetter->map), 72, 72);
    typesetter->context = pango_font_map_create_context(typesetter->map);
    pango_context_set_round_glyph_positions(typesetter->context, FALSE);
    typesetter->openings = fonts_openings(typesetter->fonts);
    typesetter->made_us = g_get_monotonic_time();
}

Typesetter *typesetter_new(double scale, GError **error)
{
    if (!FcInit() || !any_font(error)) {
        if (error && !*error)
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "fontconfig does not start");
        return NULL;
    }
    Fonts *fonts = fonts_new(error);
    if (!fonts)
        return NULL;
    Typesetter *typesetter = g_new0(Typesetter, 1);
    typesetter->fonts = fonts;
    typesetter->runs = runs_new(fonts, RUN_BUDGET);
    make_map(typesetter);
    typesetter->paragraphs = g_hash_table_new(paragraph_key, paragraph_equal);
    g_queue_init(&typesetter->recent);
    typesetter->seed = (uint64_t)g_random_int() << 32 | g_random_int();
    typesetter->scale = CLAMP(scale, SMALLEST_SCALE, LARGEST_SCALE);
    return typesetter;
}

static void forget_oldest(Typesetter *typesetter)
{
    Paragraph *oldest = typesetter->recent.tail->data;
    g_queue_unlink(&typesetter->recent, &oldest->link);
    g_hash_table_remove(typesetter->paragraphs, oldest);
    typesetter->held -= oldest->cost;
    oldest->cached = false;
    paragraph_unref(oldest);
}

static void forget_all(Typesetter *typesetter)
{
    while (typesetter->recent.length > 0)
        forget_oldest(typesetter);
    runs_clear(typesetter->runs);
}

/* Pango keeps every font that it ever used: a text of all scripts would cost 60 MB for good. Its
 * map is made anew after many; layouts that others hold keep the old one. */
static void renew_map(Typesetter *typesetter)
{
    forget_all(typesetter);
    g_object_unref(typesetter->context);
    g_object_unref(typesetter->map);
    make_map(typesetter);
    malloc_trim(0);
}

static bool map_is_full(const Typesetter *typesetter)
{
    return fonts_openings(typesetter->fonts) - typesetter->openings > MOST_FONTS &&
           g_get_monotonic_time() - typesetter->made_us > LEAST_LIFE_US;
}

void typesetter_free(Typesetter *typesetter)
{
    if (!typesetter)
        return;
    forget_all(typesetter);
    g_hash_table_unref(typesetter->paragraphs);
    runs_free(typesetter->runs);
    fonts_free(typesetter->fonts);
    g_object_unref(typesetter->context);
    g_object_unref(typesetter->map);
    g_free(typesetter);
}

void typesetter_set_scale(Typesetter *typesetter, double scale)
{
    scale = CLAMP(scale, SMALLEST_SCALE, LARGEST_SCALE);
    if (scale == typesetter->scale)
        return;
    typesetter->scale = scale;
    renew_map(typesetter);
}

PangoContext *typesetter_context(Typesetter *typesetter)
{
    return typesetter->context;
}

Runs *typesetter_runs(Typesetter *typesetter)
{
    return typesetter->runs;
}

int typesetter_pixels(const Typesetter *typesetter, int pixels)
{
    return MAX(1, (int)lround(pixels * typesetter->scale));
}

typedef enum {
    HAN_SIMPLIFIED,
    HAN_TRADITIONAL,
    HAN_JAPANESE,
    HAN_KOREAN,
    HAN_SHAPES
} HanShape;

/* Kana or Hangul beside Han say whose Han it is, else the person's own language does. */
static HanShape han_of(const char *text, size_t length)
{
    for (const char *at = text; at < text + length; at = g_utf8_next_char(at)) {
        if ((unsigned char)*at < 0xe3)
            continue;
        gunichar c = g_utf8_get_char(at);
        if (c >= 0x3040 && c <= 0x30ff)
            return HAN_JAPANESE;
        if ((c >= 0xac00 && c <= 0xd7a3) || (c >= 0x1100 && c <= 0x11ff))
            return HAN_KOREAN;
    }
    const char *language = pango_language_to_string(pango_language_get_default());
    if (g_str_has_prefix(language, "ja"))
        return HAN_JAPANESE;
    if (g_str_has_prefix(language, "ko"))
        return HAN_KOREAN;
    if (g_str_has_prefix(language, "zh-tw") || g_str_has_prefix(language, "zh-hk"))
        return HAN_TRADITIONAL;
    return HAN_SIMPLIFIED;
}

/* Colour emoji are not named here: Pango asks for them itself where emoji stand, and named here
 * they would take digits and spaces beside other scripts. */
#define SCRIPTS                                                                                    \
    "Noto Sans,Noto Sans Arabic,Noto Sans Hebrew,Noto Sans Devanagari,Noto Sans Bengali,"          \
    "Noto Sans Tamil,Noto Sans Telugu,Noto Sans Thai,Noto Sans Armenian,Noto Sans Georgian,"       \
    "Noto Sans Ethiopic,Noto Sans Khmer,"
#define HAN(first, second, third, fourth)                                                          \
    "Noto Sans CJK " first ",Noto Sans CJK " second ",Noto Sans CJK " third                        \
    ",Noto Sans CJK " fourth ",Noto Sans Symbols,Noto Sans Symbols2,Noto Sans Math"
#define HAN_FAMILIES(latin)                                                                        \
    {                                                                                              \
        latin SCRIPTS HAN("SC", "TC", "JP", "KR"), latin SCRIPTS HAN("TC", "SC", "JP", "KR"),      \
            latin SCRIPTS HAN("JP", "SC", "TC", "KR"), latin SCRIPTS HAN("KR", "SC", "TC", "JP")   \
    }

const char *typesetter_families(Typeface face, const char *text, size_t length)
{
    static const char *const families[][HAN_SHAPES] = {
        [FACE_UI] = HAN_FAMILIES("Inter,"),
        [FACE_MONO] = HAN_FAMILIES("JetBrains Mono,Noto Sans Mono,"),
    };
    return families[face][han_of(text, length)];
}

PangoFontDescription *typesetter_font(Typesetter *typesetter, const TextStyle *style,
                                      const char *text, size_t length)
{
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family_static(font, typesetter_families(style->face, text, length));
    pango_font_description_set_weight(font, (PangoWeight)(style->weight ? style->weight : 400));
    if (style->italic)
        pango_font_description_set_style(font, PANGO_STYLE_ITALIC);
    pango_font_description_set_absolute_size(font, typesetter_pixels(typesetter, style->size) *
                                                       (double)PANGO_SCALE);
    return font;
}

FaceExtents typesetter_extents(Typesetter *typesetter, const TextStyle *style)
{
    double pixels = typesetter_pixels(typesetter, style->size);
    PangoFontDescription *description = typesetter_font(typesetter, style, "", 0);
    g_autoptr(PangoFont) font = pango_context_load_font(typesetter->context, description);
    pango_font_description_free(description);
    hb_font_t *shape = font ? pango_font_get_hb_font(font) : NULL;
    hb_font_extents_t extents;
    int across = 0, up = 0;
    if (shape && hb_font_get_h_extents(shape, &extents)) {
        hb_font_get_scale(shape, &across, &up);
        if (up > 0)
            return (FaceExtents){extents.ascender * pixels / up, -extents.descender * pixels / up};
    }
    return (FaceExtents){pixels * 0.97, pixels * 0.24};
}

static uint64_t spec_hash(const Typesetter *typesetter, const char *text, size_t length,
                          const ParagraphSpec *spec)
{
    const TextStyle *style = &spec->style;
    uint64_t words[] = {
        XXH3_64bits_withSeed(text, length, typesetter->seed),
        (uint64_t)style->face << 32 | (uint32_t)style->size,
        (uint64_t)(uint32_t)style->line_height << 32 | (uint32_t)style->weight,
        (uint64_t)style->italic << 32 | style->color,
        (uint64_t)(uint32_t)spec->width << 32 | (uint32_t)spec->max_lines,
        (uint64_t)spec->align << 32 | (uint32_t)lround(typesetter->scale * 1000),
        spec->span_count,
    };
    uint64_t hash = XXH3_64bits_withSeed(words, sizeof words, typesetter->seed);
    for (size_t i = 0; i < spec->span_count; i++) {
        const TextSpan *span = &spec->spans[i];
        uint64_t flags = span->has_face | span->italic << 1 | span->underline << 2 |
                         span->strike << 3 | (unsigned)span->face << 4;
        uint64_t parts[] = {hash, span->start, span->end,
                            (uint64_t)span->color << 32 | span->background,
                            flags << 32 | (uint32_t)span->weight};
        hash = XXH3_64bits_withSeed(parts, sizeof parts, typesetter->seed);
    }
    return hash;
}

/* Nobody sees more of a line that ends in an ellipsis. */
static size_t visible_length(const char *text, size_t length, const ParagraphSpec *spec)
{
    size_t most = (size_t)MAX(0, spec->max_lines) * LINE_BYTES;
    if (most == 0 || length <= most)
        return length;
    while (most > 0 && (text[most] & 0xc0) == 0x80)
        most--;
    return most;
}

Paragraph *paragraph_new(Typesetter *typesetter, const char *text, size_t length,
                         const ParagraphSpec *spec)
{
    length = visible_length(text, length, spec);
    Paragraph key = {
        .hash = spec_hash(typesetter, text, length, spec), .text = (char *)text, .length = length};
    Paragraph *paragraph = g_hash_table_lookup(typesetter->paragraphs, &key);
    if (paragraph) {
        g_queue_unlink(&typesetter->recent, &paragraph->link);
        g_queue_push_head_link(&typesetter->recent, &paragraph->link);
        return paragraph_ref(paragraph);
    }
    if (map_is_full(typesetter))
        renew_map(typesetter);
    paragraph = paragraph_lay_out(typesetter, text, length, spec, key.hash);
    g_hash_table_add(typesetter->paragraphs, paragraph_ref(paragraph));
    paragraph->cached = true;
    paragraph->link.data = paragraph;
    g_queue_push_head_link(&typesetter->recent, &paragraph->link);
    typesetter->held += paragraph->cost;
    while (typesetter->held > PARAGRAPH_BUDGET && typesetter->recent.length > 1)
        forget_oldest(typesetter);
    return paragraph;
}
