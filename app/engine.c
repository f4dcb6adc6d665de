/* One thread with one GMainContext runs a Member and a Timeline. Orders from other threads go into
 * a queue whose source wakes the context; snapshots go out under a mutex, one a frame at most. */
#include "app/engine.h"

#include "app/engine_internal.h"
#include "relay/process.h"
#include "relay/urgency.h"

#include <string.h>

#define FRAME_US INT64_C(16000)     /* between snapshots */
#define PROGRESS_US INT64_C(250000) /* when only bytes moved: however many transfers run */

static void assert_network(const Engine *engine)
{
    g_assert(g_main_context_is_owner(engine->context));
}

/* --- snapshots --- */

static void publish(Engine *engine)
{
    assert_network(engine);
    engine->snapshot_us = g_get_monotonic_time();
    g_autoptr(Model) model = timeline_snapshot(engine->timeline, engine->snapshot_us);
    pthread_mutex_lock(&engine->mutex);
    Model *before = engine->newest;
    engine->newest = g_steal_pointer(&model);
    bool wake = engine->started && !engine->woken;
    engine->woken = engine->woken || wake;
    pthread_mutex_unlock(&engine->mutex);
    model_unref(before);
    if (wake)
        engine->wake(engine->wake_user);
}

static gboolean snapshot_due(gpointer user)
{
    Engine *engine = user;
    g_source_set_ready_time(engine->snapshot_source, -1);
    if (timeline_changed(engine->timeline))
        publish(engine);
    return G_SOURCE_CONTINUE;
}

void engine_changed(Engine *engine)
{
    if (!engine->timeline || !timeline_changed(engine->timeline))
        return;
    int64_t gap_us = timeline_only_progress(engine->timeline) ? PROGRESS_US : FRAME_US;
    int64_t due_us = MAX(g_get_monotonic_time(), engine->snapshot_us + gap_us);
    int64_t set_us = g_source_get_ready_time(engine->snapshot_source);
    if (set_us < 0 || due_us < set_us)
        g_source_set_ready_time(engine->snapshot_source, due_us);
}

/* --- from the member --- */

static void member_event(const SessionEvent *event, void *user)
{
    Engine *engine = user;
    assert_network(engine);
    if (!engine->timeline)
        return; /* still loading: it will find everything in the session */
    timeline_event(engine->timeline, event, g_get_monotonic_time());
    if (event->type == SESSION_EVENT_PLACE)
        engine_list_transfers(engine);
    if (event->type == SESSION_EVENT_STATE || event->type == SESSION_EVENT_JOINED ||
        event->type == SESSION_EVENT_MOVED)
        engine_list_choices(engine);
    engine_changed(engine);
}

static void member_choices(void *user)
{
    Engine *engine = user;
    if (engine->timeline)
        engine_list_choices(engine);
}

static void member_finding(FinderState state, const char *line, void *user)
{
    Engine *engine = user;
    if (!engine->timeline)
        return;
    timeline_set_finding_line(engine->timeline, line);
    engine_changed(engine);
}

/* --- the thread --- */

static gboolean dispatch_timer(GSource *source, GSourceFunc callback, gpointer user)
{
    return callback(user);
}

static GSource *timer_new(Engine *engine, GSourceFunc callback)
{
    static GSourceFuncs timer = {.dispatch = dispatch_timer};
    GSource *source = g_source_new(&timer, sizeof(GSource));
    g_source_set_callback(source, callback, engine, NULL);
    g_source_attach(source, engine->context);
    return source;
}

static bool open_member(Engine *engine)
{
    static const MemberEvents events = {
        .event = member_event,
        .choices = member_choices,
        .finding = member_finding,
        .transfer = engine_transfer_changed,
        .transfer_gone = engine_transfer_gone,
    };
    MemberOptions options = {.data_dir = engine->options.data_dir,
                             .name = engine->options.name,
                             .connect = engine->options.connect,
                             .use_mdns = engine->options.use_mdns,
                             .serve = engine->options.serve};
    g_autoptr(GError) error = NULL;
    engine->member = member_new(engine->context, &options, &events, engine, &error);
    if (!engine->member) {
        pthread_mutex_lock(&engine->mutex);
        engine->error = g_steal_pointer(&error);
        pthread_mutex_unlock(&engine->mutex);
        return false;
    }
    engine->timeline = timeline_new(member_session(engine->member), member_store(engine->member),
                                    g_get_monotonic_time());
    engine_list_transfers(engine);
    publish(engine);
    return true;
}

/* engine_new() waits for this, and its options are gone afterwards. */
static void tell_started(Engine *engine)
{
    pthread_mutex_lock(&engine->mutex);
    engine->started = true;
    pthread_cond_signal(&engine->ready);
    pthread_mutex_unlock(&engine->mutex);
}

static gpointer run(gpointer data)
{
    Engine *engine = data;
    urgency_raise();
    g_main_context_push_thread_default(engine->context);
    g_autoptr(GMainLoop) loop = engine->loop = g_main_loop_new(engine->context, FALSE);
    g_main_context_acquire(engine->context);
    engine->snapshot_source = timer_new(engine, snapshot_due);
    bool opened = open_member(engine);
    tell_started(engine);
    if (opened) {
        member_start(engine->member);
        engine_list_choices(engine);
        g_main_loop_run(loop);
    }
    g_source_destroy(engine->snapshot_source);
    g_source_unref(engine->snapshot_source);
    g_clear_pointer(&engine->timeline, timeline_free);
    g_clear_pointer(&engine->member, member_free);
    g_clear_pointer(&engine->here, g_free);
    g_main_context_release(engine->context);
    g_main_context_pop_thread_default(engine->context);
    return NULL;
}

static void release(Engine *engine)
{
    g_thread_join(engine->thread);
    g_source_destroy(engine->order_source);
    g_source_unref(engine->order_source);
    engine_drop_orders(engine);
    model_unref(engine->newest);
    g_main_context_unref(engine->context);
    pthread_mutex_destroy(&engine->mutex);
    pthread_cond_destroy(&engine->ready);
    g_free(engine);
}

void engine_prepare_process(void)
{
    process_prepare();
}

Engine *engine_new(const EngineOptions *options, void (*wake)(void *user), void *user,
                   GError **error)
{
    Engine *engine = g_new0(Engine, 1);
    pthread_mutex_init(&engine->mutex, NULL);
    pthread_cond_init(&engine->ready, NULL);
    g_queue_init(&engine->orders);
    engine->context = g_main_context_new();
    engine->order_source = timer_new(engine, engine_serve_orders);
    engine->wake = wake;
    engine->wake_user = user;
    engine->options = *options;
    engine->thread = g_thread_new("network", run, engine);
    pthread_mutex_lock(&engine->mutex);
    while (!engine->started)
        pthread_cond_wait(&engine->ready, &engine->mutex);
    GError *failure = g_steal_pointer(&engine->error);
    pthread_mutex_unlock(&engine->mutex);
    if (!failure)
        return engine;
    g_propagate_error(error, failure);
    release(engine);
    return NULL;
}

void engine_free(Engine *engine)
{
    if (!engine)
        return;
    engine_leave(engine);
    release(engine);
}

Model *engine_take(Engine *engine)
{
    pthread_mutex_lock(&engine->mutex);
    Model *model = model_ref(engine->newest);
    engine->woken = false;
    pthread_mutex_unlock(&engine->mutex);
    return model;
}
