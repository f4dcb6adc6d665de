#pragma once
/* Pixels that were decoded from a file of our own (icons). UI thread only. */

#include "ui/draw.h"

/* An icon of assets/icons/NAME.svg rendered at exactly `pixels` square, from the cache or now; transfer none, lives as long as the program. NULL when
 * there is no such icon (logged once). */
Picture *picture_icon(const char *name, int pixels);
int picture_width(const Picture *picture);
int picture_height(const Picture *picture);
