#include "ui/window_surface.h"

#include <glib.h>
#include <string.h>

/* On X11 the surface is shared memory with the server, which saves the copies and the 100 MB of a
 * GL driver. Wayland's window surface in SDL is a GL texture anyway and at the wrong size where
 * points and pixels differ: there the pixels are ours and are uploaded. */

struct WindowSurface {
    SDL_Window *window;     /* borrowed */
    bool streams;           /* Wayland */
    SDL_Renderer *renderer; /* owned; streaming only */
    SDL_Texture *texture;   /* owned; streaming only */
    SDL_Surface *pixels;    /* owned; streaming, or where the screen's format is not ours */
    GArray *shown;          /* SDL_Rect: scratch */
    bool lost;
};

WindowSurface *window_surface_new(SDL_Window *window)
{
    WindowSurface *surface = g_new0(WindowSurface, 1);
    const char *driver = SDL_GetCurrentVideoDriver();
    surface->window = window;
    surface->streams = driver && strcmp(driver, "wayland") == 0;
    surface->shown = g_array_new(FALSE, FALSE, sizeof(SDL_Rect));
    return surface;
}

static void drop_stream(WindowSurface *surface)
{
    if (surface->texture)
        SDL_DestroyTexture(surface->texture);
    surface->texture = NULL;
    SDL_FreeSurface(surface->pixels);
    surface->pixels = NULL;
}

void window_surface_free(WindowSurface *surface)
{
    if (!surface)
        return;
    drop_stream(surface);
    if (surface->renderer)
        SDL_DestroyRenderer(surface->renderer);
    g_array_unref(surface->shown);
    g_free(surface);
}

void window_surface_lose(WindowSurface *surface)
{
    surface->lost = true;
}

static SDL_Surface *own_pixels(WindowSurface *surface, int width, int height)
{
    if (surface->pixels && surface->pixels->w == width && surface->pixels->h == height)
        return surface->pixels;
    drop_stream(surface);
    surface->pixels =
        SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_ARGB8888);
    return surface->pixels;
}

static void show_rects(WindowSurface *surface, const GArray *changed)
{
    g_array_set_size(surface->shown, 0);
    for (guint i = 0; i < changed->len; i++) {
        const Rect *rect = &g_array_index(changed, Rect, i);
        SDL_Rect shown = {rect->x, rect->y, rect->w, rect->h};
        g_array_append_val(surface->shown, shown);
    }
    if (surface->shown->len > 0)
        SDL_UpdateWindowSurfaceRects(surface->window, (SDL_Rect *)(void *)surface->shown->data,
                                     (int)surface->shown->len);
}

static void present_framebuffer(WindowSurface *surface, Raster *raster, const DrawList *list)
{
    SDL_Surface *screen = SDL_GetWindowSurface(surface->window);
    if (!screen) {
        g_warning("no surface for the window: %s", SDL_GetError());
        return;
    }
    bool ours = screen->format->BytesPerPixel == 4 && screen->format->Rmask == 0xff0000 &&
                screen->format->Bmask == 0xff;
    SDL_Surface *drawn = ours ? screen : own_pixels(surface, screen->w, screen->h);
    if (!drawn)
        return;
    const GArray *changed = raster_draw(raster, list, drawn);
    if (!ours)
        for (guint i = 0; i < changed->len; i++) {
            const Rect *rect = &g_array_index(changed, Rect, i);
            SDL_Rect part = {rect->x, rect->y, rect->w, rect->h};
            SDL_BlitSurface(drawn, &part, screen, &part);
        }
    show_rects(surface, changed);
}

static bool ready_stream(WindowSurface *surface)
{
    int width = 0, height = 0;
    SDL_GetWindowSizeInPixels(surface->window, &width, &height);
    if (!surface->renderer)
        surface->renderer = SDL_CreateRenderer(surface->window, -1, 0);
    if (!surface->renderer || width < 1 || height < 1 || !own_pixels(surface, width, height))
        return false;
    if (!surface->texture)
        surface->texture = SDL_CreateTexture(surface->renderer, SDL_PIXELFORMAT_ARGB8888,
                                             SDL_TEXTUREACCESS_STREAMING, width, height);
    return surface->texture != NULL;
}

static void show_stream(WindowSurface *surface)
{
    SDL_RenderCopy(surface->renderer, surface->texture, NULL, NULL);
    SDL_RenderPresent(surface->renderer);
}

static void present_stream(WindowSurface *surface, Raster *raster, const DrawList *list)
{
    if (!ready_stream(surface)) {
        g_warning("no picture for the window: %s", SDL_GetError());
        return;
    }
    const GArray *changed = raster_draw(raster, list, surface->pixels);
    for (guint i = 0; i < changed->len; i++) {
        const Rect *rect = &g_array_index(changed, Rect, i);
        SDL_Rect part = {rect->x, rect->y, rect->w, rect->h};
        const uint8_t *from = (const uint8_t *)surface->pixels->pixels +
                              (ptrdiff_t)rect->y * surface->pixels->pitch + rect->x * 4;
        SDL_UpdateTexture(surface->texture, &part, from, surface->pixels->pitch);
    }
    if (changed->len > 0)
        show_stream(surface);
}

void window_surface_expose(WindowSurface *surface)
{
    if (surface->lost)
        return; /* a whole drawing is to come */
    if (surface->texture)
        show_stream(surface);
    else if (!surface->streams)
        SDL_UpdateWindowSurface(surface->window);
}

void window_surface_present(WindowSurface *surface, Raster *raster, const DrawList *list)
{
    if (surface->lost)
        raster_forget(raster);
    surface->lost = false;
    if (surface->streams)
        present_stream(surface, raster, list);
    else
        present_framebuffer(surface, raster, list);
}
