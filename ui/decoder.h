#pragma once
/* Decoding pictures that may be hostile: always in a child process, which is this program again
 * with little memory, little time, no files and no network. What comes back is only pixels.
 *
 * Any thread; decoder_file() and decoder_bytes() block until the child is done. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define DECODER_OPTION "--decode-picture" /* main() gives decoder_main() what follows it */
#define DECODER_INPUT_MAX (32 * 1024 * 1024)
#define DECODER_SIDE_MAX 2048 /* of what comes back */

typedef struct {
    uint32_t source_width, source_height; /* of the picture, upright */
    int width, height;                    /* of `pixels` */
    uint32_t *pixels;                     /* owned, 0xAARRGGBB, not premultiplied, no gaps */
} Decoded;

void decoded_free(Decoded *decoded);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Decoded, decoded_free)

/* Scaled down to fit into `width` × `height`, never up; upright. Fails with G_IO_ERROR:
 * NOT_SUPPORTED (no picture of a known format, or too large a one), TIMED_OUT after `timeout_us`,
 * INVALID_DATA, or what the file system said. */
Decoded *decoder_file(const char *path, int width, int height, int64_t timeout_us, GError **error);
Decoded *decoder_bytes(GBytes *bytes, int width, int height, int64_t timeout_us, GError **error);

/* The child: the picture on standard input, pixels to standard output; returns the exit code. */
int decoder_main(int argc, char **argv);
