/* Linked into the tests of the ThreadSanitizer build. GLib's locks and queues stand on futexes,
 * which ThreadSanitizer cannot see through: these tell it what is handed over by the ones that we
 * call. */

#include <dlfcn.h>
#include <glib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

/* GLib makes the lock of its list of error domains when the first error is made, and hands it to
 * other threads in a way that is not seen: so it is made before there are any. */
__attribute__((constructor)) static void make_an_error(void)
{
    g_error_free(g_error_new_literal(g_quark_from_static_string("tsan"), 0, "none"));
}

/* The function of that name in GLib. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* The macros of glib.h are not meant here. */
#undef g_mutex_lock
#undef g_mutex_unlock
#undef g_mutex_trylock

void g_mutex_lock(GMutex *mutex)
{
    NEXT(g_mutex_lock)(mutex);
    __tsan_acquire(mutex);
}

void g_mutex_unlock(GMutex *mutex)
{
    __tsan_release(mutex);
    NEXT(g_mutex_unlock)(mutex);
}

gboolean g_mutex_trylock(GMutex *mutex)
{
    gboolean locked = NEXT(g_mutex_trylock)(mutex);
    if (locked) {
        __tsan_acquire(mutex);
    }
    return locked;
}

void g_cond_wait(GCond *cond, GMutex *mutex)
{
    __tsan_release(mutex);
    NEXT(g_cond_wait)(cond, mutex);
    __tsan_acquire(mutex);
}

gboolean g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
    __tsan_release(mutex);
    gboolean signalled = NEXT(g_cond_wait_until)(cond, mutex, end_time);
    __tsan_acquire(mutex);
    return signalled;
}

void g_async_queue_push(GAsyncQueue *queue, gpointer data)
{
    __tsan_release(queue);
    NEXT(g_async_queue_push)(queue, data);
}

gpointer g_async_queue_pop(GAsyncQueue *queue)
{
    gpointer data = NEXT(g_async_queue_pop)(queue);
    __tsan_acquire(queue);
    return data;
}

gpointer g_async_queue_try_pop(GAsyncQueue *queue)
{
    gpointer data = NEXT(g_async_queue_try_pop)(queue);
    __tsan_acquire(queue);
    return data;
}

/* What is invoked or attached sees all that was done before. */
void g_main_context_invoke_full(GMainContext *context, gint priority, GSourceFunc function,
                                gpointer data, GDestroyNotify notify)
{
    __tsan_release(context);
    NEXT(g_main_context_invoke_full)(context, priority, function, data, notify);
}

void g_main_context_invoke(GMainContext *context, GSourceFunc function, gpointer data)
{
    g_main_context_invoke_full(context, G_PRIORITY_DEFAULT, function, data, NULL);
}

guint g_source_attach(GSource *source, GMainContext *context)
{
    __tsan_release(context);
    return NEXT(g_source_attach)(source, context);
}

gboolean g_main_context_iteration(GMainContext *context, gboolean may_block)
{
    gboolean dispatched = NEXT(g_main_context_iteration)(context, may_block);
    __tsan_acquire(context);
    return dispatched;
}
