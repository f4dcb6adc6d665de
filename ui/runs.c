#include "ui/runs.h"

#include "ui/pixels.h"

#include <SDL2/SDL.h>
#include <math.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* SDL_ttf draws a run as white on black, which is its coverage, into a surface as high as the font.
 * Ink that begins before the pen or above the font's ascent moves the whole surface without saying
 * by how much; Pango's ink rectangle tells. What is kept is cropped to the ink. */

enum {
    LONGEST_CLUSTER = 96, /* bytes of one emoji: the longest sequences have 41 */
    EMOJI_PERCENT = 125,  /* of the text size */
    ENTRY_OVERHEAD = 160
};

#define ZERO_WIDTH_JOINER "\u200d"

typedef struct {
    uint64_t hash;
    char *text; /* owned */
    size_t length;
    RunPixels pixels;
    void *data; /* owned; what `pixels` points to */
    size_t cost;
    GList link; /* in `recent` */
} Run;

struct Runs {
    Fonts *fonts; /* borrowed */
    GHashTable *runs;
    GQueue recent; /* Run, newest first */
    size_t budget, held;
    GString *scratch; /* a terminated copy of the text to draw */
};

static guint run_hash(gconstpointer data)
{
    return (guint)((const Run *)data)->hash;
}

static gboolean run_equal(gconstpointer a, gconstpointer b)
{
    const Run *one = a, *other = b;
    return one->hash == other->hash && one->length == other->length &&
           memcmp(one->text, other->text, one->length) == 0;
}

static void run_free(gpointer data)
{
    Run *run = data;
    g_free(run->text);
    g_free(run->data);
    g_free(run);
}

Runs *runs_new(Fonts *fonts, size_t budget)
{
    Runs *runs = g_new0(Runs, 1);
    runs->fonts = fonts;
    runs->budget = budget;
    runs->runs = g_hash_table_new_full(run_hash, run_equal, NULL, run_free);
    g_queue_init(&runs->recent);
    runs->scratch = g_string_new(NULL);
    return runs;
}

void runs_clear(Runs *runs)
{
    g_queue_init(&runs->recent);
    g_hash_table_remove_all(runs->runs);
    runs->held = 0;
}

void runs_free(Runs *runs)
{
    if (!runs)
        return;
    runs_clear(runs);
    g_hash_table_unref(runs->runs);
    g_string_free(runs->scratch, TRUE);
    g_free(runs);
}

size_t runs_held(const Runs *runs)
{
    return runs->held;
}

/* The rows and columns of an 8-bit surface that hold anything. */
static Rect ink_of(const SDL_Surface *surface)
{
    int left = surface->w, right = -1, top = -1, bottom = -1;
    for (int y = 0; y < surface->h; y++) {
        const uint8_t *row = (const uint8_t *)surface->pixels + (ptrdiff_t)y * surface->pitch;
        int first = 0, last = surface->w - 1;
        while (first <= last && row[first] == 0)
            first++;
        while (last > first && row[last] == 0)
            last--;
        if (first > last)
            continue;
        left = MIN(left, first);
        right = MAX(right, last);
        bottom = y;
        if (top < 0)
            top = y;
    }
    return (Rect){left, top, right - left + 1, bottom - top + 1};
}

static void keep_mask(Run *run, const SDL_Surface *surface, int pen_x, int baseline)
{
    Rect ink = ink_of(surface);
    if (rect_empty(ink))
        return;
    uint8_t *mask = g_malloc((size_t)ink.w * (size_t)ink.h);
    for (int y = 0; y < ink.h; y++)
        memcpy(mask + (size_t)y * (size_t)ink.w,
               (const uint8_t *)surface->pixels + (ptrdiff_t)(ink.y + y) * surface->pitch + ink.x,
               (size_t)ink.w);
    run->data = mask;
    run->pixels = (RunPixels){ink.x - pen_x, ink.y - baseline, ink.w, ink.h, mask, NULL};
    run->cost += (size_t)ink.w * (size_t)ink.h;
}

static void draw_text(Run *run, TTF_Font *open, const char *text, const RunText *what)
{
    char script[5] = {(char)(what->script >> 24), (char)(what->script >> 16),
                      (char)(what->script >> 8), (char)what->script, 0};
    TTF_SetFontDirection(open, what->right_to_left ? TTF_DIRECTION_RTL : TTF_DIRECTION_LTR);
    TTF_SetFontScriptName(open, script);
    SDL_Surface *surface = TTF_RenderUTF8_Shaded(open, text, (SDL_Color){255, 255, 255, 255},
                                                 (SDL_Color){0, 0, 0, 255});
    if (!surface)
        return; /* no width: nothing but marks that join others */
    int ascent = TTF_FontAscent(open), spare = surface->h - TTF_FontHeight(open);
    int pen_x = MAX(0, (int)-floor(what->ink_left));
    int above = (int)ceil(-what->ink_top) - ascent;
    keep_mask(run, surface, pen_x, ascent + CLAMP(above, 0, MAX(0, spare)));
    SDL_FreeSurface(surface);
}

/* The mean of `from` over the box that one target pixel covers, premultiplied. */
static uint32_t box_mean(const SDL_Surface *from, double left, double top, double right,
                         double bottom)
{
    double red = 0, green = 0, blue = 0, alpha = 0, area = (right - left) * (bottom - top);
    for (int y = (int)top; y < from->h && y < bottom; y++) {
        const uint32_t *row = (const uint32_t *)((const uint8_t *)from->pixels + y * from->pitch);
        double tall = MIN(bottom, y + 1.0) - MAX(top, y);
        for (int x = (int)left; x < from->w && x < right; x++) {
            double weight = tall * (MIN(right, x + 1.0) - MAX(left, x)) * (row[x] >> 24);
            alpha += weight;
            red += weight * ((row[x] >> 16) & 0xff);
            green += weight * ((row[x] >> 8) & 0xff);
            blue += weight * (row[x] & 0xff);
        }
    }
    uint32_t a = (uint32_t)lround(alpha / area), r = (uint32_t)lround(red / area / 255);
    uint32_t g = (uint32_t)lround(green / area / 255), b = (uint32_t)lround(blue / area / 255);
    return a << 24 | MIN(r, a) << 16 | MIN(g, a) << 8 | MIN(b, a);
}

/* Colour fonts come in one size, 136 × 128 pixels an emoji: scaled here, by area. */
static void draw_emoji(Run *run, TTF_Font *open, const char *text, const RunText *what)
{
    SDL_Surface *big = TTF_RenderUTF8_Blended(open, text, (SDL_Color){255, 255, 255, 255});
    if (!big)
        return;
    double scale = what->pixels * EMOJI_PERCENT / 100.0 / (1.0625 * big->h);
    int width = MAX(1, (int)lround(big->w * scale)), height = MAX(1, (int)lround(big->h * scale));
    width = MIN(width, height * 8); /* a sequence that the font draws as a row of pictures */
    uint32_t *image = g_new(uint32_t, (size_t)width * (size_t)height);
    double step_x = (double)big->w / width, step_y = (double)big->h / height;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            image[(size_t)y * (size_t)width + (size_t)x] =
                box_mean(big, x * step_x, y * step_y, (x + 1) * step_x, (y + 1) * step_y);
    SDL_FreeSurface(big);
    int top = -(int)lround(height * 0.79);
    run->data = image;
    run->pixels = (RunPixels){0, top, width, height, NULL, image};
    run->cost += (size_t)width * (size_t)height * sizeof *image;
}

static void make_room(Runs *runs)
{
    while (runs->held > runs->budget && runs->recent.length > 1) {
        Run *oldest = runs->recent.tail->data;
        g_queue_unlink(&runs->recent, &oldest->link);
        runs->held -= oldest->cost;
        g_hash_table_remove(runs->runs, oldest);
    }
}

/* A font that cannot be opened draws nothing, and that is kept too. */
static Run *run_draw(Runs *runs, const RunText *text, uint64_t hash)
{
    Run *run = g_new0(Run, 1);
    run->hash = hash;
    run->text = g_memdup2(text->text, text->length);
    run->length = text->length;
    run->cost = ENTRY_OVERHEAD + text->length;
    run->link.data = run;
    bool color = fonts_in_color(text->font);
    size_t most = color ? LONGEST_CLUSTER : SIZE_MAX;
    size_t length = MIN(text->length, most);
    while (length < text->length && length > 0 && (text->text[length] & 0xc0) == 0x80)
        length--;
    g_string_truncate(runs->scratch, 0);
    if (text->joins_before)
        g_string_append(runs->scratch, ZERO_WIDTH_JOINER);
    g_string_append_len(runs->scratch, text->text, (gssize)length);
    if (text->joins_after)
        g_string_append(runs->scratch, ZERO_WIDTH_JOINER);
    TTF_Font *open = fonts_open(runs->fonts, text->font);
    if (!open)
        return run;
    if (color)
        draw_emoji(run, open, runs->scratch->str, text);
    else
        draw_text(run, open, runs->scratch->str, text);
    return run;
}

RunPixels runs_get(Runs *runs, const RunText *text)
{
    uint64_t words[] = {fonts_id(text->font), XXH3_64bits(text->text, text->length),
                        (uint64_t)text->script << 32 | (uint32_t)text->pixels,
                        (uint64_t)text->right_to_left | (uint64_t)text->joins_before << 1 |
                            (uint64_t)text->joins_after << 2};
    Run key = {.hash = XXH3_64bits(words, sizeof words),
               .text = (char *)text->text,
               .length = text->length};
    Run *run = g_hash_table_lookup(runs->runs, &key);
    if (run) {
        g_queue_unlink(&runs->recent, &run->link);
    } else {
        run = run_draw(runs, text, key.hash);
        g_hash_table_add(runs->runs, run);
        runs->held += run->cost;
    }
    g_queue_push_head_link(&runs->recent, &run->link);
    make_room(runs);
    return run->pixels;
}
