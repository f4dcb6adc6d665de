#pragma once
/* Draws a DrawList on the CPU and finds out what changed: the window is divided into tiles of 64
 * pixels, each tile's commands are hashed, and only tiles whose hash differs from the last frame's
 * are drawn again. UI thread only. */

#include "ui/draw.h"

typedef struct Raster Raster;
typedef struct SDL_Surface SDL_Surface;

Raster *raster_new(void);
void raster_free(Raster *raster);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Raster, raster_free)

/* Draws `list` into `surface` (32 bits a pixel, the same one as last time or everything is drawn).
 * Returns the rectangles that changed, merged; array of Rect, transfer none, until the next call.
 */
const GArray *raster_draw(Raster *raster, const DrawList *list, SDL_Surface *surface);
/* The surface's pixels are lost (resized, exposed): draw everything next time. */
void raster_forget(Raster *raster);
