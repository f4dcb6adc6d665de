#include "ui/picture_header.h"

#include <string.h>

#define SIDE_MAX 30000

static uint32_t big(const uint8_t *at, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

static uint32_t little(const uint8_t *at, int bytes)
{
    uint32_t value = 0;
    for (int i = bytes; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

/* PNG specification, 5.2 and 11.2.2: IHDR comes first. */
static bool read_png(const uint8_t *bytes, size_t length, PictureHeader *header)
{
    if (length < 24 || memcmp(bytes, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) != 0)
        return false;
    *header = (PictureHeader){PICTURE_PNG, big(bytes + 16, 4), big(bytes + 20, 4), 1};
    return true;
}

static bool read_gif(const uint8_t *bytes, size_t length, PictureHeader *header)
{
    if (length < 10 || (memcmp(bytes, "GIF87a", 6) != 0 && memcmp(bytes, "GIF89a", 6) != 0))
        return false;
    *header = (PictureHeader){PICTURE_GIF, little(bytes + 6, 2), little(bytes + 8, 2), 1};
    return true;
}

/* RFC 9649: a RIFF of VP8 (lossy), VP8L (lossless) or VP8X (extended). */
static bool read_webp(const uint8_t *bytes, size_t length, PictureHeader *header)
{
    if (length < 30 || memcmp(bytes, "RIFF", 4) != 0 || memcmp(bytes + 8, "WEBPVP8", 7) != 0)
        return false;
    uint32_t width = 0;
    uint32_t height = 0;
    if (bytes[15] == ' ' && memcmp(bytes + 23, "\x9d\x01\x2a", 3) == 0) {
        width = little(bytes + 26, 2) & 0x3fff;
        height = little(bytes + 28, 2) & 0x3fff;
    } else if (bytes[15] == 'L' && bytes[20] == 0x2f) {
        uint32_t packed = little(bytes + 21, 4);
        width = (packed & 0x3fff) + 1;
        height = (packed >> 14 & 0x3fff) + 1;
    } else if (bytes[15] == 'X') {
        width = little(bytes + 24, 3) + 1;
        height = little(bytes + 27, 3) + 1;
    }
    *header = (PictureHeader){PICTURE_WEBP, width, height, 1};
    return true;
}

/* The orientation in an APP1 segment (Exif 2.32, 4.6.2: TIFF, first directory, tag 0x112). */
static int exif_turn(const uint8_t *at, size_t length)
{
    if (length < 14 || memcmp(at, "Exif\0\0", 6) != 0)
        return 1;
    const uint8_t *tiff = at + 6;
    size_t rest = length - 6;
    bool reversed = memcmp(tiff, "II*\0", 4) == 0;
    if (!reversed && memcmp(tiff, "MM\0*", 4) != 0)
        return 1;
    uint32_t (*number)(const uint8_t *, int) = reversed ? little : big;
    uint32_t directory = number(tiff + 4, 4);
    if (directory > rest - 2)
        return 1;
    uint32_t count = number(tiff + directory, 2);
    for (uint32_t i = 0; i < count; i++) {
        size_t entry = (size_t)directory + 2 + (size_t)i * 12;
        if (entry + 12 > rest)
            return 1;
        uint32_t turn = number(tiff + entry + 8, 2);
        if (number(tiff + entry, 2) == 0x112 && number(tiff + entry + 2, 2) == 3)
            return turn >= 1 && turn <= 8 ? (int)turn : 1;
    }
    return 1;
}

/* ITU T.81, B.1 and B.2: segments until a frame header. */
static bool read_jpeg(const uint8_t *bytes, size_t length, PictureHeader *header)
{
    if (length < 4 || bytes[0] != 0xff || bytes[1] != 0xd8)
        return false;
    int turn = 1;
    size_t at = 2;
    while (at + 4 <= length) {
        if (bytes[at] != 0xff)
            return false;
        uint8_t marker = bytes[at + 1];
        if (marker == 0xff) { /* fill */
            at++;
            continue;
        }
        size_t segment = big(bytes + at + 2, 2);
        if (segment < 2 || marker == 0xd9 || marker == 0xda)
            return false;
        bool frame =
            marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (frame) {
            if (at + 9 > length)
                return false;
            *header =
                (PictureHeader){PICTURE_JPEG, big(bytes + at + 7, 2), big(bytes + at + 5, 2), turn};
            return true;
        }
        if (marker == 0xe1 && at + 2 + segment <= length)
            turn = exif_turn(bytes + at + 4, segment - 2);
        at += 2 + segment;
    }
    return false;
}

bool picture_header_read(const uint8_t *bytes, size_t length, PictureHeader *header)
{
    PictureHeader found;
    if (!read_png(bytes, length, &found) && !read_jpeg(bytes, length, &found) &&
        !read_gif(bytes, length, &found) && !read_webp(bytes, length, &found))
        return false;
    if (!found.width || !found.height || found.width > SIDE_MAX || found.height > SIDE_MAX ||
        (uint64_t)found.width * found.height > PICTURE_PIXELS_MAX)
        return false;
    *header = found;
    return true;
}

void picture_header_upright(const PictureHeader *header, uint32_t *width, uint32_t *height)
{
    bool lies = header->turn >= 5;
    *width = lies ? header->height : header->width;
    *height = lies ? header->width : header->height;
}
