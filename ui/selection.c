#include "ui/selection.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>

#define SILENCE_US (5 * G_USEC_PER_SEC)

enum {
    TARGETS_MAX = 1024
};

typedef struct {
    xcb_connection_t *x; /* owned */
    xcb_window_t window;
    xcb_atom_t clipboard, targets, incr, property;
    GCancellable *cancel;
} Reader;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xcb_connection_t, xcb_disconnect)

static xcb_atom_t atom(xcb_connection_t *x, const char *name)
{
    xcb_intern_atom_cookie_t cookie = xcb_intern_atom(x, 0, (uint16_t)strlen(name), name);
    xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(x, cookie, NULL);
    xcb_atom_t atom = reply ? reply->atom : XCB_ATOM_NONE;
    free(reply);
    return atom;
}

static xcb_window_t make_window(xcb_connection_t *x)
{
    xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(x)).data;
    xcb_window_t window = xcb_generate_id(x);
    uint32_t events = XCB_EVENT_MASK_PROPERTY_CHANGE;
    xcb_create_window(x, XCB_COPY_FROM_PARENT, window, screen->root, 0, 0, 1, 1, 0,
                      XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT, XCB_CW_EVENT_MASK,
                      &events);
    return window;
}

/* The next event before `deadline_us`; NULL with an error. Free by free(). */
static xcb_generic_event_t *next_event(Reader *reader, int64_t deadline_us, GError **error)
{
    while (true) {
        xcb_generic_event_t *event = xcb_poll_for_event(reader->x);
        if (event)
            return event;
        if (g_cancellable_set_error_if_cancelled(reader->cancel, error))
            return NULL;
        int64_t left = deadline_us - g_get_monotonic_time();
        if (left <= 0 || xcb_connection_has_error(reader->x)) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                        "the program that has it does not answer");
            return NULL;
        }
        GPollFD wait[2] = {{.fd = xcb_get_file_descriptor(reader->x), .events = G_IO_IN}};
        bool stoppable = g_cancellable_make_pollfd(reader->cancel, &wait[1]);
        g_poll(wait, stoppable ? 2 : 1, (gint)(left / 1000) + 1);
        if (stoppable)
            g_cancellable_release_fd(reader->cancel);
    }
}

/* TRUE when the owner has put something into the property, FALSE with an error. */
static gboolean ask(Reader *reader, xcb_atom_t target, GError **error)
{
    xcb_delete_property(reader->x, reader->window, reader->property);
    xcb_convert_selection(reader->x, reader->window, reader->clipboard, target, reader->property,
                          XCB_CURRENT_TIME);
    xcb_flush(reader->x);
    int64_t deadline_us = g_get_monotonic_time() + SILENCE_US;
    xcb_generic_event_t *event;
    while ((event = next_event(reader, deadline_us, error))) {
        bool notify = (event->response_type & 0x7f) == XCB_SELECTION_NOTIFY;
        const xcb_selection_notify_event_t *answer = (const void *)event;
        bool ours = notify && answer->target == target && answer->selection == reader->clipboard;
        bool given = ours && answer->property != XCB_ATOM_NONE;
        free(event);
        if (given)
            return TRUE;
        if (ours)
            break;
    }
    if (!event)
        return FALSE;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "it is not there in this form");
    return FALSE;
}

/* Adds what is in the property to `to` and deletes it there; *incremental says that only a size
 * stood there. */
static gboolean take(Reader *reader, GByteArray *to, bool *incremental, gsize *taken,
                     GError **error)
{
    xcb_get_property_cookie_t cookie = xcb_get_property(
        reader->x, 1, reader->window, reader->property, XCB_ATOM_ANY, 0, SELECTION_MAX / 4 + 1);
    xcb_get_property_reply_t *reply = xcb_get_property_reply(reader->x, cookie, NULL);
    xcb_flush(reader->x);
    int length = reply ? xcb_get_property_value_length(reply) : -1;
    *taken = (gsize)MAX(length, 0);
    *incremental = reply && reply->type == reader->incr;
    bool fits = length >= 0 && reply->bytes_after == 0 && *taken <= SELECTION_MAX - to->len;
    if (fits && !*incremental)
        g_byte_array_append(to, xcb_get_property_value(reply), (guint)length);
    free(reply);
    if (!fits)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "it is larger than 64 MiB");
    return fits;
}

/* Waits for the next piece of an incremental transfer. */
static gboolean await_piece(Reader *reader, GError **error)
{
    int64_t deadline_us = g_get_monotonic_time() + SILENCE_US;
    xcb_generic_event_t *event;
    while ((event = next_event(reader, deadline_us, error))) {
        const xcb_property_notify_event_t *change = (const void *)event;
        bool piece = (event->response_type & 0x7f) == XCB_PROPERTY_NOTIFY &&
                     change->atom == reader->property && change->state == XCB_PROPERTY_NEW_VALUE;
        free(event);
        if (piece)
            return TRUE;
    }
    return FALSE;
}

static GBytes *fetch(Reader *reader, xcb_atom_t target, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    bool incremental;
    gsize taken;
    if (!ask(reader, target, error) || !take(reader, bytes, &incremental, &taken, error))
        return NULL;
    while (incremental) {
        bool again;
        if (!await_piece(reader, error) || !take(reader, bytes, &again, &taken, error))
            return NULL;
        incremental = taken > 0;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

static bool listed(GBytes *targets, xcb_atom_t wanted)
{
    gsize length;
    const xcb_atom_t *atoms = g_bytes_get_data(targets, &length);
    gsize count = MIN(length / sizeof *atoms, TARGETS_MAX);
    for (gsize i = 0; i < count; i++) {
        if (atoms[i] == wanted)
            return true;
    }
    return false;
}

GBytes *selection_read(const char *const *types, unsigned *type, GCancellable *cancel,
                       GError **error)
{
    g_autoptr(xcb_connection_t) x = xcb_connect(NULL, NULL);
    if (!x || xcb_connection_has_error(x)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "no display");
        return NULL;
    }
    Reader reader = {.x = x,
                     .window = make_window(x),
                     .clipboard = atom(x, "CLIPBOARD"),
                     .targets = atom(x, "TARGETS"),
                     .incr = atom(x, "INCR"),
                     .property = atom(x, "BACKFENCE_PASTE"),
                     .cancel = cancel};
    g_autoptr(GBytes) targets = fetch(&reader, reader.targets, error);
    if (!targets)
        return NULL;
    for (unsigned i = 0; types[i]; i++) {
        xcb_atom_t wanted = atom(x, types[i]);
        if (wanted == XCB_ATOM_NONE || !listed(targets, wanted))
            continue;
        GBytes *bytes = fetch(&reader, wanted, error);
        if (bytes)
            *type = i;
        return bytes;
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "it is not there in this form");
    return NULL;
}
