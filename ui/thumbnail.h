#pragma once
/* The small copy of a picture that goes into an offer to one person. Blocks; any thread. */

#include <glib.h>
#include <stdint.h>

/* PNG or JPEG of at most THUMBNAIL_SIDE pixels and THUMBNAIL_MAX bytes, without anything that the
 * camera wrote into the original; `width` and `height` become those of the picture itself. NULL
 * when it is no picture, or one too large, or not done `within_us`. */
GBytes *thumbnail_make(const char *path, int64_t within_us, uint32_t *width, uint32_t *height);
