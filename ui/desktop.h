#pragma once
/* What the desktop says about looks, read from the XDG settings portal over D-Bus and followed
 * while it changes, and opening links. UI thread only; everything waits in the background and the
 * answers come from the thread-default main context, which the window's loop iterates by
 * desktop_dispatch(). Without a session bus or a portal the defaults stay. */

#include <glib.h>
#include <stdbool.h>

typedef struct Desktop Desktop;

typedef struct {
    bool dark; /* true also when the desktop has no preference */
    bool high_contrast;
    bool reduced_motion;
} DesktopLooks;

/* `changed` is called on the UI thread from desktop_dispatch(); `wake` from any thread when there
 * is something to dispatch. Either may be NULL. */
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
