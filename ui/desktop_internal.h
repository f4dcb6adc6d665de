#pragma once
/* The inside of a Desktop, shared by its own files. Functions belong to its thread unless they say
 * otherwise. */

#include "ui/desktop.h"

#include <gio/gio.h>

#define PORTAL "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"

typedef struct DesktopChoice DesktopChoice;

struct Desktop {
    DesktopLooks looks; /* of the UI thread */
    void (*changed)(void *data);
    void (*wake)(void *data);
    void *data;
    DesktopAnswers answers;
    GAsyncQueue *replies; /* owned; DesktopReply, from the thread to dispatch */
    bool has_bus;         /* may have */
    GThread *thread;
    GMainContext *context; /* owned */
    GMainLoop *loop;       /* owned */
    GMutex mutex;
    DesktopLooks heard; /* guarded by mutex */
    /* The rest belongs to the thread. */
    GCancellable *cancel; /* owned */
    GDBusConnection *bus; /* owned; NULL: there is none */
    guint subscription;
    DesktopChoice *choice; /* owned; being made, NULL: none */
};

/* What the thread has to say to the UI thread. */
typedef struct {
    char *words; /* owned; to be told, or NULL: a choice */
    unsigned ticket;
    GStrv paths; /* owned; NULL: cancelled */
    bool failed;
} DesktopReply;

/* Takes `words`. */
void desktop_tell(Desktop *desktop, char *words);
/* Takes `paths`. */
void desktop_answer_choice(Desktop *desktop, unsigned ticket, GStrv paths, bool failed);
/* Closes and forgets the choice, unanswered. */
void desktop_drop_choice(Desktop *desktop);
/* Runs `work` on the desktop's thread, then frees `data`. UI thread. */
void desktop_run(Desktop *desktop, GSourceFunc work, gpointer data, GDestroyNotify free_data);
