#include "discovery/loop_thread.h"

#include <stdatomic.h>
#include <stdbool.h>

#define END_US G_USEC_PER_SEC

struct LoopThread {
    gatomicrefcount references; /* the owner's and the thread's */
    GMainContext *context;      /* owned */
    GMainLoop *loop;            /* owned */
    GMutex mutex;
    GCond ended;
    atomic_bool has_ended; /* written under mutex */
};

typedef struct {
    void (*function)(void *data);
    void *data;
    /* The order of writing and reading is GLib's to keep; said once more for ThreadSanitizer, which
     * does not see into GLib's locks. */
    atomic_bool complete;
} Post;

static void loop_thread_unref(LoopThread *worker)
{
    if (g_atomic_ref_count_dec(&worker->references)) {
        g_mutex_clear(&worker->mutex);
        g_cond_clear(&worker->ended);
        g_main_loop_unref(worker->loop);
        g_main_context_unref(worker->context);
        g_free(worker);
    }
}

static void *run(void *data)
{
    LoopThread *worker = data;
    g_main_context_push_thread_default(worker->context);
    g_main_loop_run(worker->loop);
    g_main_context_pop_thread_default(worker->context);
    g_mutex_lock(&worker->mutex);
    worker->has_ended = true;
    g_cond_signal(&worker->ended);
    g_mutex_unlock(&worker->mutex);
    loop_thread_unref(worker);
    return NULL;
}

LoopThread *loop_thread_new(const char *name)
{
    LoopThread *worker = g_new0(LoopThread, 1);
    g_atomic_ref_count_init(&worker->references);
    g_atomic_ref_count_inc(&worker->references);
    worker->context = g_main_context_new();
    worker->loop = g_main_loop_new(worker->context, FALSE);
    g_mutex_init(&worker->mutex);
    g_cond_init(&worker->ended);
    g_thread_unref(g_thread_new(name, run, worker));
    return worker;
}

static void quit(void *data)
{
    g_main_loop_quit(data);
}

void loop_thread_free(LoopThread *worker)
{
    if (!worker) {
        return;
    }
    int64_t deadline = g_get_monotonic_time() + END_US;
    loop_thread_post(worker->context, quit, worker->loop);
    g_mutex_lock(&worker->mutex);
    while (!worker->has_ended && g_cond_wait_until(&worker->ended, &worker->mutex, deadline)) {
    }
    g_mutex_unlock(&worker->mutex);
    loop_thread_unref(worker);
}

GMainContext *loop_thread_context(LoopThread *worker)
{
    return worker->context;
}

static gboolean deliver(void *data)
{
    Post *post = data;
    while (!atomic_load_explicit(&post->complete, memory_order_acquire)) {
    }
    post->function(post->data);
    return G_SOURCE_REMOVE;
}

void loop_thread_post(GMainContext *context, void (*function)(void *data), void *data)
{
    Post *post = g_new0(Post, 1);
    post->function = function;
    post->data = data;
    atomic_store_explicit(&post->complete, true, memory_order_release);
    GSource *source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, deliver, post, g_free);
    g_source_attach(source, context);
    g_source_unref(source);
}
