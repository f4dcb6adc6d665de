#pragma once
/* Runs of text that were drawn once and are kept as pixels: coverage for text, so that its colour
 * may change for nothing, and colour for emoji. The least used are dropped beyond a budget of
 * bytes. UI thread only. */

#include "ui/fonts.h"

#include <stddef.h>

typedef struct Runs Runs;

/* Where the pixels lie is relative to the pen at the start (left) of the run on its baseline. */
typedef struct {
    int left, top, width, height; /* width 0: nothing to be seen */
    const uint8_t *mask;          /* coverage; or NULL */
    const uint32_t *image;        /* premultiplied colour; or NULL */
} RunPixels;

typedef struct {
    PangoFont *font;
    const char *text;
    size_t length;   /* bytes */
    uint32_t script; /* ISO 15924, as g_unicode_script_to_iso15924() */
    bool right_to_left;
    bool joins_before, joins_after; /* letters beyond the text that a cursive script joins to */
    int pixels;                     /* height of the text: of emoji, the size to scale to */
    double ink_left, ink_top;       /* where Pango sees the ink begin, pixels from the pen */
} RunText;

Runs *runs_new(Fonts *fonts, size_t budget);
void runs_free(Runs *runs);
void runs_clear(Runs *runs);
/* Drawn now or from the cache; valid until the next call. */
RunPixels runs_get(Runs *runs, const RunText *text);
/* Bytes held. */
size_t runs_held(const Runs *runs);
