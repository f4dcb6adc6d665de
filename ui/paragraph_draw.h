#pragma once
/* How the raster draws a paragraph. */

#include "ui/paragraph.h"
#include "ui/shapes.h"

/* The paragraph's top left at (x, y). */
void paragraph_draw(Paragraph *paragraph, const Pixels *to, int x, int y, uint8_t opacity,
                    Shapes *shapes);
