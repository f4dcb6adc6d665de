#pragma once
/* Pixels to be drawn: icons of our own, and pictures that were decoded elsewhere. UI thread only.
 */

#include "ui/draw.h"

/* An icon of assets/icons/NAME.svg rendered at exactly `pixels` square, from the cache or now;
 * transfer none, lives as long as the program. NULL when there is no such icon (logged once). */
Picture *picture_icon(const char *name, int pixels);

/* Copies `width` × `height` pixels, 0xAARRGGBB and not premultiplied, rows `stride` pixels apart.
 * NULL when a side is not in 1 to 16384. */
Picture *picture_new(const uint32_t *pixels, int width, int height, int stride);
Picture *picture_ref(Picture *picture);
void picture_unref(Picture *picture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Picture, picture_unref)

int picture_width(const Picture *picture);
int picture_height(const Picture *picture);
/* Identity for damage: differs for every picture made. */
uint64_t picture_hash(const Picture *picture);
