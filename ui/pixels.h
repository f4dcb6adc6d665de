#pragma once
/* Blending into 32-bit pixels: the innermost loops of the raster.
 *
 * The destination is opaque, 0xffRRGGBB in a host word, and stays so. All arithmetic is on stored
 * (gamma-encoded) values, as every desktop does for text of this size. */

#include "ui/draw.h"

typedef struct {
    uint32_t *data;
    int stride; /* pixels from one row to the next */
    Rect clip;  /* nothing outside is touched; lies inside the surface */
} Pixels;

/* round(value / 255) for both 16-bit lanes of `value`, each at most 255 × 255. */
static inline uint32_t pixels_div255(uint32_t lanes)
{
    lanes += 0x800080u;
    return ((lanes + ((lanes >> 8) & 0xff00ffu)) >> 8) & 0xff00ffu;
}

/* `color`'s alpha is ignored: `alpha` of 0 to 255 counts. */
static inline uint32_t pixels_mix(uint32_t below, Color color, uint32_t alpha)
{
    uint32_t rest = 255 - alpha;
    uint32_t rb = pixels_div255((color & 0xff00ffu) * alpha + (below & 0xff00ffu) * rest);
    uint32_t g = pixels_div255(((color >> 8) & 0xffu) * alpha + ((below >> 8) & 0xffu) * rest);
    return 0xff000000u | rb | (g & 0xffu) << 8;
}

/* a × b / 255, rounded; both 0 to 255. */
static inline uint32_t pixels_scale(uint32_t a, uint32_t b)
{
    uint32_t product = a * b + 0x80;
    return (product + (product >> 8)) >> 8;
}

/* All of these touch nothing outside of to->clip. */
void pixels_fill(const Pixels *to, Rect rect, Color color);
/* `coverage` of 0 to 255 for each pixel. */
void pixels_mask(const Pixels *to, int x, int y, const uint8_t *coverage, int width, int height,
                 Color color);
/* `image` is premultiplied. */
void pixels_image(const Pixels *to, int x, int y, const uint32_t *image, int width, int height,
                  uint8_t opacity);
/* One row of `count` pixels at (x, y) where `coverage` says how much of `color` is seen. */
void pixels_span(const Pixels *to, int x, int y, const uint8_t *coverage, int count, Color color);
