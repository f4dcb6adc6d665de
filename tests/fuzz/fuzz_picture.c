/* The first bytes of a picture from a stranger: no byte outside of them is read, and what is
 * believed of the size is bearable. */

#include "ui/picture_header.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PictureHeader header;
    if (!picture_header_read(data, size, &header))
        return 0;
    check(header.format != PICTURE_NONE && header.turn >= 1 && header.turn <= 8);
    check(header.width >= 1 && header.height >= 1);
    check((uint64_t)header.width * header.height <= PICTURE_PIXELS_MAX);
    uint32_t width;
    uint32_t height;
    picture_header_upright(&header, &width, &height);
    check((uint64_t)width * height == (uint64_t)header.width * header.height);
    return 0;
}
