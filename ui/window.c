#include "ui/window.h"

#include "ui/window_drag.h"
#include "ui/window_surface.h"

#include <gio/gio.h>
#include <math.h>
#include <stdlib.h>

/* The scale is what the desktop says times the person's zoom. X11 tells it by the resource Xft.dpi
 * (and some desktops by GDK_SCALE); on Wayland the window's size in pixels differs from its size in
 * points, and events, which come in points, are translated here. */

#define SMALLEST_SCALE 0.5
#define LARGEST_SCALE 4.0

struct Window {
    SDL_Window *window;                 /* owned */
    WindowSurface *surface;             /* owned */
    SDL_Cursor *cursors[CURSOR_SHAPES]; /* owned; made when first used */
    CursorShape cursor;
    double zoom;
    double desktop_scale;  /* of X11; 1 where points and pixels differ */
    double pixels_a_point; /* 1 but on Wayland */
    bool shown;
    int wake_pending; /* atomic: an event is on its way */
    bool text_input;
    Rect caret;
};

/* The X resource Xft.dpi, 0 when it is not set. SDL offers no way to it, and what it calls DPI is
 * computed from the screen's millimetres, which are often wrong. */
static double xft_dpi(void)
{
    typedef void *(*Open)(const char *);
    typedef char *(*Default)(void *, const char *, const char *);
    typedef int (*Close)(void *);
    void *library = SDL_LoadObject("libX11.so.6");
    if (!library)
        return 0;
    Open open = (Open)SDL_LoadFunction(library, "XOpenDisplay");
    Default get = (Default)SDL_LoadFunction(library, "XGetDefault");
    Close close = (Close)SDL_LoadFunction(library, "XCloseDisplay");
    void *display = open && get && close ? open(NULL) : NULL;
    const char *dpi = display ? get(display, "Xft", "dpi") : NULL;
    double value = dpi ? g_ascii_strtod(dpi, NULL) : 0;
    if (display)
        close(display);
    SDL_UnloadObject(library);
    return value;
}

static double x11_scale(void)
{
    const char *driver = SDL_GetCurrentVideoDriver();
    if (!driver || strcmp(driver, "x11") != 0)
        return 1;
    double dpi = xft_dpi();
    if (dpi >= 48)
        return dpi / 96;
    const char *gdk = g_getenv("GDK_SCALE");
    double set = gdk ? g_ascii_strtod(gdk, NULL) : 0;
    return set >= 1 ? set : 1;
}

static void init_hints(void)
{
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    SDL_SetHint(SDL_HINT_IME_SUPPORT_EXTENDED_TEXT, "1");
    SDL_SetHint(SDL_HINT_IME_SHOW_UI, "1");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    SDL_SetHint(SDL_HINT_APP_NAME, "Backfence");
    SDL_SetHint("SDL_VIDEO_WAYLAND_WMCLASS", "backfence");
    SDL_SetHint("SDL_VIDEO_X11_WMCLASS", "backfence");
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
}

static void measure(Window *window)
{
    int points = 0, height = 0, pixels = 0, pixel_height = 0;
    SDL_GetWindowSize(window->window, &points, &height);
    SDL_GetWindowSizeInPixels(window->window, &pixels, &pixel_height);
    window->pixels_a_point = points > 0 && pixels > 0 ? (double)pixels / points : 1;
}

static void set_minimum(Window *window)
{
    double points = window_scale(window) / window->pixels_a_point;
    SDL_SetWindowMinimumSize(window->window, (int)lround(360 * points), (int)lround(480 * points));
}

/* The screen's room is kept: a window larger than the desktop is made to fit. */
static void fit_screen(int *width, int *height)
{
    SDL_Rect room;
    if (SDL_GetDisplayUsableBounds(0, &room) == 0 && room.w > 0 && room.h > 0) {
        *width = MIN(*width, room.w);
        *height = MIN(*height, room.h);
    }
}

Window *window_new(const char *title, int width, int height, double zoom, GError **error)
{
    init_hints();
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no display: %s", SDL_GetError());
        return NULL;
    }
    g_autoptr(Window) window = g_new0(Window, 1);
    window->zoom = zoom;
    window->pixels_a_point = 1;
    window->desktop_scale = x11_scale();
    int wide = (int)lround(width * window_scale(window));
    int high = (int)lround(height * window_scale(window));
    fit_screen(&wide, &high);
    window->window =
        SDL_CreateWindow(title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, wide, high,
                         SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI | SDL_WINDOW_HIDDEN);
    if (!window->window) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no window: %s", SDL_GetError());
        return NULL;
    }
    window_drag_watch(window->window, window_drag_event());
    window->surface = window_surface_new(window->window);
    window_surface_lose(window->surface);
    measure(window);
    set_minimum(window);
    SDL_StopTextInput();
    window_wake_event();
    return g_steal_pointer(&window);
}

void window_free(Window *window)
{
    if (!window)
        return;
    window_drag_unwatch();
    for (int i = 0; i < CURSOR_SHAPES; i++)
        if (window->cursors[i])
            SDL_FreeCursor(window->cursors[i]);
    window_surface_free(window->surface);
    if (window->window)
        SDL_DestroyWindow(window->window);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    g_free(window);
}

double window_scale(const Window *window)
{
    double scale = window->desktop_scale * window->pixels_a_point * window->zoom;
    return CLAMP(scale, SMALLEST_SCALE, LARGEST_SCALE);
}

void window_set_zoom(Window *window, double zoom)
{
    window->zoom = CLAMP(zoom, 0.8, 2.0);
    set_minimum(window);
}

void window_size(const Window *window, int *width, int *height)
{
    SDL_GetWindowSizeInPixels(window->window, width, height);
}

bool window_focused(const Window *window)
{
    return SDL_GetWindowFlags(window->window) & SDL_WINDOW_INPUT_FOCUS;
}

bool window_visible(const Window *window)
{
    uint32_t flags = SDL_GetWindowFlags(window->window);
    return !window->shown || !(flags & (SDL_WINDOW_MINIMIZED | SDL_WINDOW_HIDDEN));
}

void window_set_title(Window *window, const char *title)
{
    if (strcmp(SDL_GetWindowTitle(window->window), title) != 0)
        SDL_SetWindowTitle(window->window, title);
}

void window_attention(Window *window)
{
    if (!window_focused(window))
        SDL_FlashWindow(window->window, SDL_FLASH_UNTIL_FOCUSED);
}

void window_present(Window *window, Raster *raster, const DrawList *list)
{
    window_surface_present(window->surface, raster, list);
    if (!window->shown) {
        window->shown = true;
        SDL_ShowWindow(window->window);
        window_surface_lose(window->surface);
        window_surface_present(window->surface, raster, list);
    }
}

char *window_portal_name(const Window *window)
{
    unsigned long id = window_drag_x11(window->window);
    return id ? g_strdup_printf("x11:%lx", id) : g_strdup("");
}

bool window_gives_pictures(const Window *window)
{
    return window_drag_x11(window->window) != 0;
}

uint32_t window_wake_event(void)
{
    static gsize type;
    if (g_once_init_enter(&type)) {
        uint32_t registered = SDL_RegisterEvents(1);
        g_once_init_leave(&type, registered);
    }
    return (uint32_t)type;
}

uint32_t window_drag_event(void)
{
    static gsize type;
    if (g_once_init_enter(&type)) {
        uint32_t registered = SDL_RegisterEvents(1);
        g_once_init_leave(&type, registered);
    }
    return (uint32_t)type;
}

void window_wake(Window *window)
{
    if (!g_atomic_int_compare_and_exchange(&window->wake_pending, 0, 1))
        return;
    SDL_Event event = {.type = window_wake_event()};
    if (SDL_PushEvent(&event) < 1)
        g_atomic_int_set(&window->wake_pending, 0);
}

static int32_t to_pixels(const Window *window, int32_t points)
{
    return (int32_t)lround(points * window->pixels_a_point);
}

/* Puts coordinates into pixels and keeps size and scale current. */
static void translate(Window *window, SDL_Event *event)
{
    switch (event->type) {
    case SDL_MOUSEMOTION:
        event->motion.x = to_pixels(window, event->motion.x);
        event->motion.y = to_pixels(window, event->motion.y);
        break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
        event->button.x = to_pixels(window, event->button.x);
        event->button.y = to_pixels(window, event->button.y);
        break;
    case SDL_MOUSEWHEEL:
        event->wheel.mouseX = to_pixels(window, event->wheel.mouseX);
        event->wheel.mouseY = to_pixels(window, event->wheel.mouseY);
        break;
    case SDL_WINDOWEVENT:
        if (event->window.event == SDL_WINDOWEVENT_SIZE_CHANGED)
            window_surface_lose(window->surface);
        if (event->window.event == SDL_WINDOWEVENT_SIZE_CHANGED ||
            event->window.event == SDL_WINDOWEVENT_DISPLAY_CHANGED)
            measure(window);
        if (event->window.event == SDL_WINDOWEVENT_EXPOSED)
            window_surface_expose(window->surface);
        break;
    default:
        if (event->type == window_wake_event())
            g_atomic_int_set(&window->wake_pending, 0);
        break;
    }
}

static int until(int64_t deadline_us)
{
    if (deadline_us == G_MAXINT64)
        return -1;
    int64_t left = deadline_us - g_get_monotonic_time();
    return left <= 0 ? 0 : (int)MIN((left + 999) / 1000, G_MAXINT32);
}

bool window_wait(Window *window, SDL_Event *event, int64_t deadline_us)
{
    int timeout = until(deadline_us);
    if (!(timeout == 0 ? SDL_PollEvent(event) : SDL_WaitEventTimeout(event, timeout)))
        return false;
    translate(window, event);
    return true;
}

void window_set_cursor(Window *window, CursorShape shape)
{
    static const SDL_SystemCursor system[CURSOR_SHAPES] = {
        [CURSOR_ARROW] = SDL_SYSTEM_CURSOR_ARROW,
        [CURSOR_TEXT] = SDL_SYSTEM_CURSOR_IBEAM,
        [CURSOR_HAND] = SDL_SYSTEM_CURSOR_HAND,
        [CURSOR_RESIZE_COLUMN] = SDL_SYSTEM_CURSOR_SIZEWE,
    };
    if (shape == window->cursor || shape >= CURSOR_SHAPES)
        return;
    if (!window->cursors[shape])
        window->cursors[shape] = SDL_CreateSystemCursor(system[shape]);
    if (window->cursors[shape])
        SDL_SetCursor(window->cursors[shape]);
    window->cursor = shape;
}

void window_text_input(Window *window, bool on)
{
    if (on == window->text_input)
        return;
    window->text_input = on;
    if (on)
        SDL_StartTextInput();
    else
        SDL_StopTextInput();
}

void window_text_rect(Window *window, Rect caret)
{
    if (memcmp(&caret, &window->caret, sizeof caret) == 0)
        return;
    window->caret = caret;
    double points = 1 / window->pixels_a_point;
    SDL_Rect rect = {(int)lround(caret.x * points), (int)lround(caret.y * points),
                     MAX(1, (int)lround(caret.w * points)), (int)lround(caret.h * points)};
    SDL_SetTextInputRect(&rect);
}
