#pragma once
/* What SDL does not tell of X11: that something is being dragged over the window, before it is
 * dropped. UI thread only; one window at a time. */

#include <SDL2/SDL.h>

/* From now on events of type `event` say by their user.code whether something is held over the
 * window. Does nothing where the window is not X11's. */
void window_drag_watch(SDL_Window *window, uint32_t event);
/* The window is about to go. */
void window_drag_unwatch(void);
/* The window's id in X11; 0 elsewhere. */
unsigned long window_drag_x11(SDL_Window *window);
