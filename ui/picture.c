#include "ui/picture.h"

#include "ui/picture_draw.h"

#include <SDL2/SDL.h>
#include <SDL2/SDL_image.h>
#include <math.h>

/* Pixels are kept premultiplied: scaling by area and blending are then plain sums. */

enum {
    LARGEST_SIDE = 16384,
    LARGEST_ICON = 512
};

struct Picture {
    grefcount references;
    int width, height;
    uint32_t *pixels; /* owned, premultiplied, rows without gaps */
    uint64_t hash;
    Picture *scaled; /* owned; the last other size that was asked for, or NULL */
};

static Picture *picture_alloc(int width, int height)
{
    static uint64_t made;
    Picture *picture = g_new0(Picture, 1);
    g_ref_count_init(&picture->references);
    picture->width = width;
    picture->height = height;
    picture->pixels = g_new(uint32_t, (size_t)width * (size_t)height);
    picture->hash = ++made * 0x9e3779b97f4a7c15u;
    return picture;
}

static uint32_t premultiply(uint32_t pixel)
{
    uint32_t alpha = pixel >> 24;
    uint32_t rb = pixels_div255((pixel & 0xff00ffu) * alpha);
    uint32_t g = pixels_scale((pixel >> 8) & 0xffu, alpha);
    return alpha << 24 | rb | g << 8;
}

Picture *picture_new(const uint32_t *pixels, int width, int height, int stride)
{
    if (width < 1 || height < 1 || width > LARGEST_SIDE || height > LARGEST_SIDE)
        return NULL;
    Picture *picture = picture_alloc(width, height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            picture->pixels[(size_t)y * (size_t)width + (size_t)x] =
                premultiply(pixels[(ptrdiff_t)y * stride + x]);
    return picture;
}

Picture *picture_ref(Picture *picture)
{
    g_ref_count_inc(&picture->references);
    return picture;
}

void picture_unref(Picture *picture)
{
    if (!picture || !g_ref_count_dec(&picture->references))
        return;
    picture_unref(picture->scaled);
    g_free(picture->pixels);
    g_free(picture);
}

int picture_width(const Picture *picture)
{
    return picture->width;
}

int picture_height(const Picture *picture)
{
    return picture->height;
}

uint64_t picture_hash(const Picture *picture)
{
    return picture->hash;
}

static char *icon_path(const char *name)
{
    const char *folder = g_getenv("BACKFENCE_ICONS");
    const char *folders[] = {folder, BACKFENCE_DATA_DIR "/icons",
                             BACKFENCE_SOURCE_DIR "/assets/icons"};
    g_autofree char *file = g_strconcat(name, ".svg", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = folders[i] ? g_build_filename(folders[i], file, NULL) : NULL;
        if (path && g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&path);
    }
    return NULL;
}

static Picture *icon_load(const char *name, int pixels)
{
    g_autofree char *path = icon_path(name);
    SDL_RWops *file = path ? SDL_RWFromFile(path, "rb") : NULL;
    SDL_Surface *drawn = file ? IMG_LoadSizedSVG_RW(file, pixels, pixels) : NULL;
    if (file)
        SDL_RWclose(file);
    SDL_Surface *plain =
        drawn ? SDL_ConvertSurfaceFormat(drawn, SDL_PIXELFORMAT_ARGB8888, 0) : NULL;
    SDL_FreeSurface(drawn);
    if (!plain) {
        g_warning("icon %s: %s", name, path ? SDL_GetError() : "no such file");
        return NULL;
    }
    Picture *picture = picture_new(plain->pixels, plain->w, plain->h, plain->pitch / 4);
    SDL_FreeSurface(plain);
    return picture;
}

Picture *picture_icon(const char *name, int pixels)
{
    static GHashTable *icons; /* "name:pixels" → Picture or NULL; lives as long as the program */
    if (!icons)
        icons =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)picture_unref);
    pixels = CLAMP(pixels, 1, LARGEST_ICON);
    char key[96];
    g_snprintf(key, sizeof key, "%d:%s", pixels, name);
    gpointer known = NULL;
    if (g_hash_table_lookup_extended(icons, key, NULL, &known))
        return known;
    Picture *picture = icon_load(name, pixels);
    g_hash_table_insert(icons, g_strdup(key), picture);
    return picture;
}

/* The mean of the source's pixels under one pixel of the target, each weighed by how much of it is
 * covered; when growing, a blend of the nearest. */
static uint32_t area_mean(const Picture *from, double left, double top, double right, double bottom)
{
    double sum[4] = {0}, total = 0;
    for (int y = (int)top; y < from->height && y < bottom; y++) {
        double tall = MIN(bottom, y + 1.0) - MAX(top, y);
        for (int x = (int)left; x < from->width && x < right; x++) {
            double weight = tall * (MIN(right, x + 1.0) - MAX(left, x));
            uint32_t pixel = from->pixels[(size_t)y * (size_t)from->width + (size_t)x];
            for (int channel = 0; channel < 4; channel++)
                sum[channel] += weight * ((pixel >> (8 * channel)) & 0xff);
            total += weight;
        }
    }
    uint32_t mean = 0;
    for (int channel = 0; channel < 4; channel++)
        mean |= (uint32_t)lround(total > 0 ? sum[channel] / total : 0) << (8 * channel);
    return mean;
}

Picture *picture_scaled(Picture *picture, int width, int height)
{
    if (picture->width == width && picture->height == height)
        return picture;
    if (picture->scaled && picture->scaled->width == width && picture->scaled->height == height)
        return picture->scaled;
    picture_unref(picture->scaled);
    Picture *scaled = picture_alloc(width, height);
    double step_x = (double)picture->width / width, step_y = (double)picture->height / height;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            double centre_x = (x + 0.5) * step_x, centre_y = (y + 0.5) * step_y;
            double half_x = MAX(step_x, 1.0) / 2, half_y = MAX(step_y, 1.0) / 2;
            scaled->pixels[(size_t)y * (size_t)width + (size_t)x] =
                area_mean(picture, MAX(0, centre_x - half_x), MAX(0, centre_y - half_y),
                          centre_x + half_x, centre_y + half_y);
        }
    picture->scaled = scaled;
    return scaled;
}

static void draw_tinted(const Picture *picture, const Pixels *to, Rect rect, Color tint)
{
    Rect part = rect_intersect(rect, to->clip);
    for (int y = part.y; y < part.y + part.h; y++)
        for (int x = part.x; x < part.x + part.w; x++) {
            uint32_t pixel = picture->pixels[(y - rect.y) * rect.w + (x - rect.x)];
            uint8_t cover = (uint8_t)(pixel >> 24);
            if (cover)
                pixels_span(to, x, y, &cover, 1, tint);
        }
}

static void draw_rounded(const Picture *picture, const Pixels *to, Rect rect, int radius,
                         uint8_t opacity, Shapes *shapes)
{
    Rect part = rect_intersect(rect, to->clip);
    for (int y = part.y; y < part.y + part.h; y++)
        for (int x = part.x; x < part.x + part.w; x++) {
            uint8_t cover = shapes_coverage(shapes, rect.w, rect.h, radius, x - rect.x, y - rect.y);
            Pixels one = {to->data, to->stride, {x, y, 1, 1}};
            pixels_image(&one, x, y, &picture->pixels[(y - rect.y) * rect.w + (x - rect.x)], 1, 1,
                         (uint8_t)pixels_scale(cover, opacity));
        }
}

void picture_draw(Picture *picture, const Pixels *to, Rect rect, int radius, Color tint,
                  uint8_t opacity, Shapes *shapes)
{
    if (rect_empty(rect) || rect.w > LARGEST_SIDE || rect.h > LARGEST_SIDE)
        return;
    const Picture *fitting = picture_scaled(picture, rect.w, rect.h);
    if (tint != 0)
        draw_tinted(fitting, to, rect, tint);
    else if (radius > 0)
        draw_rounded(fitting, to, rect, radius, opacity, shapes);
    else
        pixels_image(to, rect.x, rect.y, fitting->pixels, rect.w, rect.h, opacity);
}
