#pragma once
/* Antialiased rounded rectangles, their outlines and shadows, and the crescent, blended straight
 * into pixels. Corners are rendered once per radius and kept. UI thread only. */

#include "ui/pixels.h"

typedef struct Shapes Shapes;

Shapes *shapes_new(void);
void shapes_free(Shapes *shapes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Shapes, shapes_free)

/* Blends over what is there; lengths are device pixels, a border lies inside its rectangle. */
void shapes_rect(Shapes *shapes, const Pixels *to, Rect rect, int radius, Color color);
void shapes_border(Shapes *shapes, const Pixels *to, Rect rect, int radius, int width, Color color);
void shapes_shadow(Shapes *shapes, const Pixels *to, Rect rect, int blur, Color color);
void shapes_crescent(const Pixels *to, Rect rect, Color color);
/* How much of the pixel (x, y) of a rounded rectangle of `width` × `height` is inside, 0 to 255. */
uint8_t shapes_coverage(Shapes *shapes, int width, int height, int radius, int x, int y);
