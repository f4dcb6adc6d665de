#pragma once
/* The window of the desktop: a surface of device pixels, events with a deadline, and what a text
 * field needs from the system (clipboard, input method, cursor shapes).
 *
 * Everything is in device pixels; events come out of window_wait() in device pixels too, also where
 * the desktop counts otherwise (Wayland). UI thread only, except window_wake(). */

#include "ui/draw.h"
#include "ui/raster.h"

#include <SDL2/SDL.h>

typedef struct Window Window;

typedef enum {
    CURSOR_ARROW,
    CURSOR_TEXT,
    CURSOR_HAND,
    CURSOR_RESIZE_COLUMN,
    CURSOR_SHAPES
} CursorShape;

/* `width`, `height` and the minimum are pixels at scale 1; `zoom` is the person's setting, 0.8
 * to 2.0. The window appears with the first window_present(), so that it never flashes empty. NULL
 * with an error when there is no display. */
Window *window_new(const char *title, int width, int height, double zoom, GError **error);
void window_free(Window *window);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Window, window_free)

/* Device pixels for a pixel at scale 1: the desktop's scale (Xft.dpi, GDK_SCALE, Wayland output)
 * times the zoom. */
double window_scale(const Window *window);
void window_set_zoom(Window *window, double zoom);
void window_size(const Window *window, int *width, int *height);
bool window_focused(const Window *window);
/* False while minimized or fully hidden: nothing needs to be drawn. */
bool window_visible(const Window *window);
void window_set_title(Window *window, const char *title);
/* Asks for attention (a blinking taskbar entry) while unfocused. */
void window_attention(Window *window);

/* Draws `list` by `raster` into the window's surface and shows what changed. */
void window_present(Window *window, Raster *raster, const DrawList *list);

/* How the desktop's portals name it ("x11:1a2b"), "" where they cannot; transfer full. */
char *window_portal_name(const Window *window);

/* An event that says whether something is held over the window that could be dropped: by its
 * user.code. Only X11 tells. */
uint32_t window_drag_event(void);

/* Waits for the next event until `deadline_us` (g_get_monotonic_time(); G_MAXINT64: for ever; 0: no
 * waiting). False at the deadline. A wake() arrives as an event of type window_wake_event(); a
 * change of size or scale as SDL_WINDOWEVENT, after which size and scale are already the new ones.
 */
bool window_wait(Window *window, SDL_Event *event, int64_t deadline_us);
uint32_t window_wake_event(void);
/* Makes window_wait() return; many calls before it returns are one event. Any thread. */
void window_wake(Window *window);

/* NULL when empty or not text; valid UTF-8 with \n line ends, at most 1 MiB; transfer full. */
char *window_clipboard(void);
void window_set_clipboard(const char *text);
bool window_has_text(void);
/* Pictures on the clipboard can be had (ui/paste.h): on X11. */
bool window_gives_pictures(const Window *window);
/* The selection that the middle mouse button pastes. */
char *window_primary(void);
void window_set_primary(const char *text);

/* Takes effect while the pointer is over the window. */
void window_set_cursor(Window *window, CursorShape shape);
/* Text events and the input method on or off; `caret` is where its candidates are shown. */
void window_text_input(Window *window, bool on);
void window_text_rect(Window *window, Rect caret);
