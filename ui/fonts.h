#pragma once
/* The font files that are open for drawing: one SDL_ttf font for each font that Pango chose, the
 * least used closed first. UI thread only. */

#include <SDL2/SDL_ttf.h>
#include <pango/pango.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Fonts Fonts;

typedef struct {
    uint64_t id; /* the same for the same file, size and style, also after it was closed */
    TTF_Font *font;
    bool color; /* pictures of one size, as colour emoji are */
} OpenFont;

/* Starts SDL_ttf. */
Fonts *fonts_new(GError **error);
void fonts_free(Fonts *fonts);
/* NULL when the file cannot be opened (logged once); valid until the next call. */
const OpenFont *fonts_open(Fonts *fonts, PangoFont *font);
