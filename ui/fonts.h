#pragma once
/* The font files that are open for drawing: one SDL_ttf font for each font, size and style that
 * Pango chose, the least used closed first. UI thread only. */

#include <SDL2/SDL_ttf.h>
#include <pango/pango.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Fonts Fonts;

/* Starts SDL_ttf. */
Fonts *fonts_new(GError **error);
void fonts_free(Fonts *fonts);
/* NULL when the file cannot be opened (logged once); valid until the next call. */
TTF_Font *fonts_open(Fonts *fonts, PangoFont *font);
/* How often a file was opened so far. */
unsigned fonts_openings(const Fonts *fonts);

/* The same for the same file, size and style; 0 for a font that cannot be drawn. */
uint64_t fonts_id(PangoFont *font);
/* Whether its glyphs are pictures of one size, as colour emoji are. */
bool fonts_in_color(PangoFont *font);
