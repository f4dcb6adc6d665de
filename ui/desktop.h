#pragma once
/* What the desktop says about looks, read from the XDG settings portal over D-Bus and followed
 * while it changes, and opening links. A thread of its own waits for the bus; all functions belong
 * to the UI thread. Without a session bus or a portal the defaults stay. */

#include <glib.h>
#include <stdbool.h>

typedef struct Desktop Desktop;

typedef struct {
    bool dark; /* true also when the desktop has no preference */
    bool high_contrast;
    bool reduced_motion;
} DesktopLooks;

/* `wake` is called from another thread when the looks have changed: come to desktop_dispatch()
 * then, which calls `changed`. Either may be NULL. */
Desktop *desktop_new(void (*changed)(void *data), void (*wake)(void *data), void *data);
void desktop_free(Desktop *desktop);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Desktop, desktop_free)
void desktop_dispatch(Desktop *desktop);
DesktopLooks desktop_looks(const Desktop *desktop);

/* Whether this program would open `uri`: http and https with a host, without control characters. */
bool desktop_may_open(const char *uri);
/* Opens a link with the person's browser, in the background. FALSE with an error when it may not or
 * cannot be opened. */
bool desktop_open(const char *uri, GError **error);
