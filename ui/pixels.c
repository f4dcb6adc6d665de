#include "ui/pixels.h"

#include <string.h>
#include <wchar.h>

/* glibc fills words fastest by wmemset(). */
G_STATIC_ASSERT(sizeof(wchar_t) == sizeof(uint32_t));

static inline Color with_alpha(Color color, uint32_t alpha)
{
    return (color & 0xffffffu) | alpha << 24;
}

void pixels_fill(const Pixels *to, Rect rect, Color color)
{
    Rect part = rect_intersect(rect, to->clip);
    uint32_t alpha = color >> 24;
    if (rect_empty(part) || alpha == 0)
        return;
    for (int y = part.y; y < part.y + part.h; y++) {
        uint32_t *row = to->data + (ptrdiff_t)y * to->stride + part.x;
        if (alpha == 255) {
            wmemset((wchar_t *)row, (wchar_t)color, (size_t)part.w);
        } else {
            for (int x = 0; x < part.w; x++)
                row[x] = pixels_mix(row[x], color, alpha);
        }
    }
}

static inline void span_row(uint32_t *row, const uint8_t *coverage, int count, Color color)
{
    uint32_t alpha = color >> 24;
    Color opaque = with_alpha(color, 255);
    for (int x = 0; x < count; x++) {
        uint32_t cover = coverage[x];
        if (cover == 0) {
            uint64_t eight;
            for (; x + 9 <= count; x += 8) { /* most of a line of text is empty */
                memcpy(&eight, coverage + x + 1, sizeof eight);
                if (eight != 0)
                    break;
            }
            continue;
        }
        if (alpha != 255)
            cover = pixels_scale(cover, alpha);
        row[x] = cover == 255 ? opaque : pixels_mix(row[x], color, cover);
    }
}

void pixels_mask(const Pixels *to, int x, int y, const uint8_t *coverage, int width, int height,
                 Color color)
{
    Rect part = rect_intersect((Rect){x, y, width, height}, to->clip);
    if (rect_empty(part) || color >> 24 == 0)
        return;
    for (int line = part.y; line < part.y + part.h; line++)
        span_row(to->data + (ptrdiff_t)line * to->stride + part.x,
                 coverage + (ptrdiff_t)(line - y) * width + (part.x - x), part.w, color);
}

void pixels_span(const Pixels *to, int x, int y, const uint8_t *coverage, int count, Color color)
{
    pixels_mask(to, x, y, coverage, count, 1, color);
}

static inline uint32_t image_over(uint32_t below, uint32_t image, uint32_t opacity)
{
    uint32_t rb = image & 0xff00ffu, ag = (image >> 8) & 0xff00ffu;
    if (opacity != 255) {
        rb = pixels_div255(rb * opacity);
        ag = pixels_div255(ag * opacity);
    }
    uint32_t rest = 255 - (ag >> 16);
    rb += pixels_div255((below & 0xff00ffu) * rest);
    uint32_t g = (ag & 0xffu) + (pixels_div255(((below >> 8) & 0xffu) * rest) & 0xffu);
    return 0xff000000u | rb | g << 8;
}

void pixels_image(const Pixels *to, int x, int y, const uint32_t *image, int width, int height,
                  uint8_t opacity)
{
    Rect part = rect_intersect((Rect){x, y, width, height}, to->clip);
    if (rect_empty(part) || opacity == 0)
        return;
    for (int line = part.y; line < part.y + part.h; line++) {
        uint32_t *row = to->data + (ptrdiff_t)line * to->stride + part.x;
        const uint32_t *from = image + (ptrdiff_t)(line - y) * width + (part.x - x);
        for (int column = 0; column < part.w; column++)
            if (from[column] >> 24 != 0)
                row[column] = image_over(row[column], from[column], opacity);
    }
}
