#pragma once
/* A thread with a GMainContext of its own, for libavahi-client: its calls wait for an answer of the
 * daemon over D-Bus, up to 25 s when that hangs, and nothing else may have to wait for it.
 *
 * What crosses is handed over as a whole: whoever posts something does not touch it any more. */

#include <gio/gio.h>

typedef struct LoopThread LoopThread;

/* Starts the thread; `name` is for debuggers, at most 15 bytes. */
LoopThread *loop_thread_new(const char *name);
/* Call from the thread that made it. What was posted before still runs. Waits for it, but not
 * longer than a second: a thread that hangs is left behind and ends by itself. */
void loop_thread_free(LoopThread *worker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LoopThread, loop_thread_free)

/* The context that the thread runs. */
GMainContext *loop_thread_context(LoopThread *worker);

/* Calls `function` with `data` on the thread of `context`, after what was posted there before. */
void loop_thread_post(GMainContext *context, void (*function)(void *data), void *data);
