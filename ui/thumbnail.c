#include "ui/thumbnail.h"

#include "app/model.h"
#include "ui/decoder.h"

#include <SDL2/SDL.h>
#include <SDL2/SDL_image.h>

static SDL_Surface *surface_of(const Decoded *decoded)
{
    return SDL_CreateRGBSurfaceWithFormatFrom(decoded->pixels, decoded->width, decoded->height, 32,
                                              decoded->width * 4, SDL_PIXELFORMAT_ARGB8888);
}

static bool see_through(const Decoded *decoded)
{
    size_t count = (size_t)decoded->width * (size_t)decoded->height;
    for (size_t i = 0; i < count; i++) {
        if (decoded->pixels[i] >> 24 != 0xff)
            return true;
    }
    return false;
}

/* `quality` 0: PNG. NULL when it does not fit. */
static GBytes *encode(SDL_Surface *surface, int quality)
{
    g_autofree uint8_t *bytes = g_malloc(THUMBNAIL_MAX);
    SDL_RWops *out = SDL_RWFromMem(bytes, THUMBNAIL_MAX);
    int failed = !out      ? -1
                 : quality ? IMG_SaveJPG_RW(surface, out, 0, quality)
                           : IMG_SavePNG_RW(surface, out, 0);
    int64_t length = failed ? 0 : SDL_RWtell(out);
    if (out)
        SDL_RWclose(out);
    /* A full buffer may be one that was too small. */
    if (length <= 0 || length >= THUMBNAIL_MAX)
        return NULL;
    return g_bytes_new(bytes, (gsize)length);
}

GBytes *thumbnail_make(const char *path, int64_t within_us, uint32_t *width, uint32_t *height)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Decoded) decoded =
        decoder_file(path, THUMBNAIL_SIDE, THUMBNAIL_SIDE, within_us, &error);
    if (!decoded) {
        g_debug("no thumbnail: %s", error->message);
        return NULL;
    }
    static const int qualities[] = {0, 85, 70, 50, 30};
    bool png_first = see_through(decoded);
    SDL_Surface *surface = surface_of(decoded);
    GBytes *encoded = NULL;
    for (size_t i = png_first ? 0 : 1; surface && !encoded && i < G_N_ELEMENTS(qualities); i++)
        encoded = encode(surface, qualities[i]);
    SDL_FreeSurface(surface);
    if (encoded) {
        *width = decoded->source_width;
        *height = decoded->source_height;
    }
    return encoded;
}
