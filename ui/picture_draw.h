#pragma once
/* How the raster draws a picture. */

#include "ui/picture.h"
#include "ui/shapes.h"

/* As draw_picture() says; a `tint` other than 0 already carries the opacity. */
void picture_draw(Picture *picture, const Pixels *to, Rect rect, int radius, Color tint,
                  uint8_t opacity, Shapes *shapes);

/* The picture at another size by means of areas; transfer none: valid until the next call with
 * another size. Itself at its own size. */
Picture *picture_scaled(Picture *picture, int width, int height);
