/* The other program of a flow: drags files over a window and drops them (XDND version 5), or owns
 * the clipboard with a picture (ICCCM, INCR).
 *
 *     x_source drop WINDOW PATH…     holds over the middle until a line comes on standard input
 *     x_source own TYPE FILE         serves until it is killed, in pieces
 *
 * Says each step on standard output. */

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XDND_VERSION 5
#define PIECE 65536

static Display *display;
static Window self;

static Atom atom(const char *name)
{
    return XInternAtom(display, name, False);
}

static void say(const char *step)
{
    puts(step);
    fflush(stdout);
}

static void send_to(Window window, const char *type, long a, long b, long c, long d)
{
    XEvent event = {.xclient = {.type = ClientMessage,
                                .window = window,
                                .message_type = atom(type),
                                .format = 32,
                                .data.l = {(long)self, a, b, c, d}}};
    XSendEvent(display, window, False, NoEventMask, &event);
    XFlush(display);
}

static void answer(const XSelectionRequestEvent *request, Atom property)
{
    XEvent event = {.xselection = {.type = SelectionNotify,
                                   .requestor = request->requestor,
                                   .selection = request->selection,
                                   .target = request->target,
                                   .property = property,
                                   .time = request->time}};
    XSendEvent(display, request->requestor, False, NoEventMask, &event);
    XFlush(display);
}

/* Until a client message of this type has come; serves `text` meanwhile. */
static XClientMessageEvent await_message(const char *type, const char *text)
{
    while (true) {
        XEvent event;
        XNextEvent(display, &event);
        if (event.type == ClientMessage && event.xclient.message_type == atom(type))
            return event.xclient;
        if (event.type == SelectionRequest) {
            const XSelectionRequestEvent *request = &event.xselectionrequest;
            XChangeProperty(display, request->requestor, request->property, request->target, 8,
                            PropModeReplace, (const unsigned char *)text, (int)strlen(text));
            answer(request, request->property);
        }
    }
}

static int drop(Window target, char **paths)
{
    GString *uris = g_string_new(NULL);
    for (; *paths; paths++) {
        g_autofree char *uri = g_filename_to_uri(*paths, NULL, NULL);
        g_string_append_printf(uris, "%s\r\n", uri);
    }
    XSetSelectionOwner(display, atom("XdndSelection"), self, CurrentTime);
    int x;
    int y;
    Window child;
    XWindowAttributes size;
    XGetWindowAttributes(display, target, &size);
    XTranslateCoordinates(display, target, size.root, size.width / 2, size.height / 2, &x, &y,
                          &child);
    send_to(target, "XdndEnter", (long)XDND_VERSION << 24, (long)atom("text/uri-list"), 0, 0);
    send_to(target, "XdndPosition", 0, (long)x << 16 | y, CurrentTime,
            (long)atom("XdndActionCopy"));
    XClientMessageEvent status = await_message("XdndStatus", uris->str);
    say(status.data.l[1] & 1 ? "over, and welcome" : "over, and refused");
    char line[8];
    if (!fgets(line, sizeof line, stdin) || strcmp(line, "drop\n") != 0) {
        send_to(target, "XdndLeave", 0, 0, 0, 0);
        say("left");
        return EXIT_SUCCESS;
    }
    send_to(target, "XdndDrop", 0, CurrentTime, 0, 0);
    await_message("XdndFinished", uris->str);
    say("dropped");
    g_string_free(uris, TRUE);
    return EXIT_SUCCESS;
}

/* Piece by piece: each time the requestor has deleted the last one. */
static void send_pieces(const XSelectionRequestEvent *request, const char *data, gsize length)
{
    long size = (long)length;
    XSelectInput(display, request->requestor, PropertyChangeMask);
    XChangeProperty(display, request->requestor, request->property, atom("INCR"), 32,
                    PropModeReplace, (const unsigned char *)&size, 1);
    answer(request, request->property);
    for (gsize at = 0, piece = 1; piece > 0; at += piece) {
        XEvent event;
        do
            XNextEvent(display, &event);
        while (event.type != PropertyNotify || event.xproperty.state != PropertyDelete);
        piece = MIN(PIECE, length - at);
        XChangeProperty(display, request->requestor, request->property, request->target, 8,
                        PropModeReplace, (const unsigned char *)data + at, (int)piece);
        XFlush(display);
    }
    say("given");
}

static int own(const char *type, const char *path)
{
    g_autofree char *data = NULL;
    gsize length;
    if (!g_file_get_contents(path, &data, &length, NULL))
        return EXIT_FAILURE;
    Atom targets[] = {atom("TARGETS"), atom(type)};
    XSetSelectionOwner(display, atom("CLIPBOARD"), self, CurrentTime);
    XSync(display, False);
    say("owned");
    while (true) {
        XEvent event;
        XNextEvent(display, &event);
        if (event.type == SelectionClear)
            return EXIT_SUCCESS;
        if (event.type != SelectionRequest)
            continue;
        const XSelectionRequestEvent *request = &event.xselectionrequest;
        if (request->target == targets[0]) {
            XChangeProperty(display, request->requestor, request->property, XA_ATOM, 32,
                            PropModeReplace, (const unsigned char *)targets, 2);
            answer(request, request->property);
        } else if (request->target == targets[1]) {
            send_pieces(request, data, length);
        } else {
            answer(request, None);
        }
    }
}

int main(int argc, char **argv)
{
    display = XOpenDisplay(NULL);
    if (!display || argc < 4)
        return EXIT_FAILURE;
    self = XCreateSimpleWindow(display, DefaultRootWindow(display), 0, 0, 1, 1, 0, 0, 0);
    if (strcmp(argv[1], "drop") == 0)
        return drop(strtoul(argv[2], NULL, 0), argv + 3);
    return own(argv[2], argv[3]);
}
