#include "ui/window_drag.h"

#include <SDL2/SDL_syswm.h>
#include <stdbool.h>

/* XDND version 5: a source sends XdndEnter once, XdndPosition at each move, and XdndLeave or
 * XdndDrop in the end. SDL answers them; here they are only looked at, on their way through its
 * queue, and kept out of it. */

#if defined(SDL_VIDEO_DRIVER_X11)

static struct {
    Atom enter, leave, drop, files;
    bool over;
    uint32_t event;
} drag;

static void tell(bool over)
{
    if (drag.over == over)
        return;
    drag.over = over;
    SDL_Event event = {.type = drag.event};
    event.user.code = over;
    SDL_PushEvent(&event);
}

/* Of more than three types the list is elsewhere: file managers have that many. */
static bool has_files(const XClientMessageEvent *enter)
{
    const long *data = enter->data.l;
    if (data[1] & 1)
        return true;
    return (Atom)data[2] == drag.files || (Atom)data[3] == drag.files ||
           (Atom)data[4] == drag.files;
}

static int look(void *data, SDL_Event *event)
{
    if (event->type != SDL_SYSWMEVENT)
        return 1;
    const SDL_SysWMmsg *message = event->syswm.msg;
    if (message->subsystem != SDL_SYSWM_X11 || message->msg.x11.event.type != ClientMessage)
        return 0;
    const XClientMessageEvent *client = &message->msg.x11.event.xclient;
    Atom type = client->message_type;
    if (type == drag.enter)
        tell(has_files(client));
    else if (type == drag.leave || type == drag.drop)
        tell(false);
    return 0;
}

unsigned long window_drag_x11(SDL_Window *window)
{
    SDL_SysWMinfo info;
    SDL_VERSION(&info.version);
    if (!SDL_GetWindowWMInfo(window, &info) || info.subsystem != SDL_SYSWM_X11)
        return 0;
    return info.info.x11.window;
}

void window_drag_watch(SDL_Window *window, uint32_t event)
{
    SDL_SysWMinfo info;
    SDL_VERSION(&info.version);
    if (!SDL_GetWindowWMInfo(window, &info) || info.subsystem != SDL_SYSWM_X11)
        return;
    Display *display = info.info.x11.display;
    drag.over = false;
    drag.event = event;
    drag.enter = XInternAtom(display, "XdndEnter", False);
    drag.leave = XInternAtom(display, "XdndLeave", False);
    drag.drop = XInternAtom(display, "XdndDrop", False);
    drag.files = XInternAtom(display, "text/uri-list", False);
    SDL_SetEventFilter(look, NULL);
    SDL_EventState(SDL_SYSWMEVENT, SDL_ENABLE);
}

void window_drag_unwatch(void)
{
    SDL_SetEventFilter(NULL, NULL);
}

#else

unsigned long window_drag_x11(SDL_Window *window)
{
    return 0;
}

void window_drag_watch(SDL_Window *window, uint32_t event)
{
}

void window_drag_unwatch(void)
{
}

#endif
