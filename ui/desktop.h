#pragma once
/* What the desktop says about looks, read from the XDG settings portal over D-Bus and followed
 * while it changes, and what is asked of it: choosing files, opening files and links. A thread of
 * its own waits for the bus; all functions belong to the UI thread, and none blocks. Without a
 * session bus or a portal the defaults stay. */

#include "ui/chooser.h"

#include <glib.h>

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

typedef struct {
    /* The answer to desktop_choose(); `paths` NULL when the person cancelled; `failed`: there is
     * no chooser. */
    void (*chosen)(unsigned ticket, const char *const *paths, bool failed, void *data);
    /* One sentence for the person, about what was asked for last. */
    void (*tell)(const char *words, void *data);
} DesktopAnswers;

/* Who hears answers, inside desktop_dispatch() and with the data of desktop_new(). */
void desktop_set_answers(Desktop *desktop, const DesktopAnswers *answers);
/* `parent`: the window in the portal's words ("x11:1a2b"), "" for none; `folder` NULL: anywhere. A
 * choice that is open already is closed unanswered. FALSE: there is no session bus. */
bool desktop_choose(Desktop *desktop, ChooserKind kind, const char *title, const char *accept,
                    const char *folder, const char *parent, unsigned ticket);
/* Opens a file with the person's program for it. Programs, scripts, packages and links to programs
 * are shown in their folder instead, and the person is told so. */
void desktop_open_file(Desktop *desktop, const char *path);
/* Selects it in a file manager; where none can, opens the folder. */
void desktop_show_in_folder(Desktop *desktop, const char *path);
/* Whether a click on it might run something: judged by its name and by its first bytes. Any
 * thread. */
bool desktop_is_program(const char *path, const void *head, gsize length);

/* Whether this program would open `uri`: http and https with a host, without control characters. */
bool desktop_may_open(const char *uri);
/* Opens a link with the person's browser, in the background. FALSE with an error when it may not or
 * cannot be opened. */
bool desktop_open(const char *uri, GError **error);
