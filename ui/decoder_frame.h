#pragma once
/* What the decoding child writes before the pixels. Both ends are the same program on the same
 * machine: a struct in its own byte order. */

#include <stdint.h>

#define DECODER_FRAME_MAGIC 0x62665058u /* pixels follow */
#define DECODER_FRAME_NONE 0x62664e4fu  /* no picture of a known format and a bearable size */
#define DECODER_SOURCE_SIDE_MAX 30000

typedef struct {
    uint32_t magic;
    uint32_t source_width, source_height; /* upright */
    uint32_t width, height;               /* of the pixels that follow, four bytes each */
} DecoderFrame;
