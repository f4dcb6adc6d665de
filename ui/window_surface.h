#pragma once
/* Where the window's pixels lie, and how they come to the screen: the window's own surface, of
 * which changed rectangles are shown, or one streaming texture on Wayland. Only for window.c. */

#include "ui/raster.h"

#include <SDL2/SDL.h>

typedef struct WindowSurface WindowSurface;

WindowSurface *window_surface_new(SDL_Window *window);
void window_surface_free(WindowSurface *surface);
/* Draws the list and shows what changed since the last time. */
void window_surface_present(WindowSurface *surface, Raster *raster, const DrawList *list);
/* The screen lost what was shown: shows it again as it was last drawn. */
void window_surface_expose(WindowSurface *surface);
/* The pixels themselves may be lost: everything is drawn again. */
void window_surface_lose(WindowSurface *surface);
