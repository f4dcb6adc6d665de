#pragma once
/* What the first bytes of a picture say about it, read without decoding anything: PNG, JPEG, GIF
 * and WebP. Pure; any thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PICTURE_PIXELS_MAX (40 * 1000 * 1000) /* more are never decoded */

typedef enum {
    PICTURE_NONE,
    PICTURE_PNG,
    PICTURE_JPEG,
    PICTURE_GIF,
    PICTURE_WEBP
} PictureFormat;

typedef struct {
    PictureFormat format;
    uint32_t width, height; /* as stored, at least 1 */
    int turn;               /* how it is to be turned to stand upright: EXIF orientation 1 to 8 */
} PictureHeader;

/* FALSE when it is none of these, or when the size is not within `length`, or not 1 to
 * PICTURE_PIXELS_MAX pixels with no side above 30,000. A JPEG tells its size after what a camera
 * has put in front, up to some 100 KiB in. */
bool picture_header_read(const uint8_t *bytes, size_t length, PictureHeader *header);
/* The header's width and height as they are seen, turned upright. */
void picture_header_upright(const PictureHeader *header, uint32_t *width, uint32_t *height);
