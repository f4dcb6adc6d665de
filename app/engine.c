/* One thread with one GMainContext runs a Member and a Timeline. Orders from other threads go into
 * a queue whose source wakes the context; snapshots go out under a mutex, one a frame at most. */
#include "app/engine.h"

#include "app/command.h"
#include "app/timeline.h"
#include "relay/text.h"

#include <pthread.h>
#include <string.h>

#define FRAME_US INT64_C(16000)   /* between snapshots */
#define LEAVE_US INT64_C(1500000) /* for Goodbye */

typedef struct Order Order;
struct Order {
    void (*run)(Engine *engine, const Order *order);
    char *conversation; /* owned, or another id */
    char *text;         /* owned */
    uint8_t bytes[KEY_SIZE];
    bool flag;
};

struct Engine {
    GThread *thread;
    GMainContext *context;
    GSource *order_source;
    void (*wake)(void *user);
    void *wake_user;

    pthread_mutex_t mutex;
    pthread_cond_t ready;
    /* guarded by mutex */
    GQueue orders; /* Order, owned */
    Model *newest; /* owned */
    bool woken;
    bool started;
    GError *error;

    /* network thread only */
    GMainLoop *loop;
    Member *member;
    Timeline *timeline;
    GSource *snapshot_source;
    int64_t snapshot_us; /* of the newest */
    char *here;          /* conversation of the command that runs */
    EngineOptions options;
};

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

/* A snapshot follows soon; many changes make one. */
static void changed(Engine *engine)
{
    if (!engine->timeline || !timeline_changed(engine->timeline) ||
        g_source_get_ready_time(engine->snapshot_source) >= 0)
        return;
    int64_t now_us = g_get_monotonic_time();
    g_source_set_ready_time(engine->snapshot_source, MAX(now_us, engine->snapshot_us + FRAME_US));
}

/* --- from the member --- */

static void list_choices(Engine *engine);

static void member_event(const SessionEvent *event, void *user)
{
    Engine *engine = user;
    assert_network(engine);
    if (!engine->timeline)
        return; /* still loading: it will find everything in the session */
    timeline_event(engine->timeline, event, g_get_monotonic_time());
    if (event->type == SESSION_EVENT_STATE)
        list_choices(engine);
    changed(engine);
}

static char *best_address(const Candidate *candidate)
{
    const GPtrArray *addresses = candidate_addresses(candidate);
    if (addresses->len == 0)
        return g_strdup("");
    return g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(addresses->pdata[0]));
}

static Choice describe(Engine *engine, const Candidate *candidate)
{
    const char *name = candidate_name(candidate);
    unsigned sources = candidate_sources(candidate);
    uint64_t id = member_candidate_id(engine->member, candidate);
    Choice choice = {
        .id = g_strdup_printf("%" G_GUINT64_FORMAT, id),
        .name = text_make_name(name, strlen(name)),
        .address = best_address(candidate),
        .relay = candidate_role(candidate) == CANDIDATE_ROLE_RELAY,
        .joined = session_candidate_joined(member_session(engine->member)) == id,
        .locked = candidate_locked(candidate),
        .remembered = (sources & CANDIDATE_REMEMBERED) && !(sources & CANDIDATE_SEEN),
    };
    return choice;
}

static void list_choices(Engine *engine)
{
    g_autoptr(GPtrArray) candidates = member_candidates(engine->member);
    g_autofree Choice *choices = g_new0(Choice, candidates->len);
    for (guint i = 0; i < candidates->len; i++)
        choices[i] = describe(engine, candidates->pdata[i]);
    timeline_set_choices(engine->timeline, choices, candidates->len);
    for (guint i = 0; i < candidates->len; i++) {
        g_free((char *)choices[i].id);
        g_free((char *)choices[i].name);
        g_free((char *)choices[i].address);
    }
    changed(engine);
}

static void member_choices(void *user)
{
    Engine *engine = user;
    if (engine->timeline)
        list_choices(engine);
}

static void member_finding(FinderState state, const char *line, void *user)
{
    Engine *engine = user;
    if (!engine->timeline)
        return;
    timeline_set_finding_line(engine->timeline, line);
    changed(engine);
}

/* --- orders --- */

static void order_free(Order *order)
{
    g_free(order->conversation);
    g_free(order->text);
    g_free(order);
}

static Order *next_order(Engine *engine)
{
    pthread_mutex_lock(&engine->mutex);
    Order *order = g_queue_pop_head(&engine->orders);
    pthread_mutex_unlock(&engine->mutex);
    return order;
}

static gboolean serve_orders(gpointer user)
{
    Engine *engine = user;
    g_source_set_ready_time(engine->order_source, -1);
    for (Order *order = next_order(engine); order; order = next_order(engine)) {
        order->run(engine, order);
        order_free(order);
    }
    changed(engine);
    return G_SOURCE_CONTINUE;
}

static void give(Engine *engine, Order *order)
{
    pthread_mutex_lock(&engine->mutex);
    g_queue_push_tail(&engine->orders, order);
    pthread_mutex_unlock(&engine->mutex);
    g_source_set_ready_time(engine->order_source, 0);
}

static Order *order_new(void (*run)(Engine *engine, const Order *order), const char *conversation,
                        const char *text)
{
    Order *order = g_new0(Order, 1);
    order->run = run;
    order->conversation = g_strdup(conversation);
    order->text = g_strdup(text);
    return order;
}

static Session *session_of(Engine *engine)
{
    return member_session(engine->member);
}

static void answer(const char *line, void *user)
{
    Engine *engine = user;
    timeline_notice(engine->timeline, engine->here, line);
}

static void answer_fail(const char *code, const char *text, void *user)
{
    answer(text, user);
}

static void answer_quit(void *user)
{
    Engine *engine = user;
    timeline_set_wants_quit(engine->timeline);
}

static void answer_history(unsigned count, void *user)
{
    Engine *engine = user;
    timeline_load_older(engine->timeline, engine->here, g_get_monotonic_time());
}

static void run_say(Engine *engine, const Order *order)
{
    CommandContext context = {.member = engine->member,
                              .print = answer,
                              .fail = answer_fail,
                              .quit = answer_quit,
                              .history = answer_history,
                              .user = engine};
    if (!timeline_conversation(order->conversation, &context.here))
        return;
    g_free(engine->here);
    engine->here = g_strdup(order->conversation);
    command_line(&context, order->text);
}

static void run_retry(Engine *engine, const Order *order)
{
    session_retry(session_of(engine), order->bytes, g_get_monotonic_time());
    member_touched(engine->member);
}

static void run_set_name(Engine *engine, const Order *order)
{
    g_autoptr(GError) error = NULL;
    if (!session_set_name(session_of(engine), order->text, g_get_monotonic_time(), &error))
        timeline_notice(engine->timeline, "#general", error->message);
    member_touched(engine->member);
    timeline_touch(engine->timeline);
}

static void run_set_away(Engine *engine, const Order *order)
{
    session_set_away(session_of(engine), order->flag, g_get_monotonic_time());
    member_touched(engine->member);
}

static void run_typing(Engine *engine, const Order *order)
{
    ConversationId id;
    if (timeline_conversation(order->conversation, &id))
        session_typing(session_of(engine), &id, g_get_monotonic_time());
    member_touched(engine->member);
}

static void run_set_draft(Engine *engine, const Order *order)
{
    timeline_set_draft(engine->timeline, order->conversation, order->text);
}

static void run_mark_read(Engine *engine, const Order *order)
{
    timeline_mark_read(engine->timeline, order->conversation, order->bytes);
}

static void run_load_older(Engine *engine, const Order *order)
{
    timeline_load_older(engine->timeline, order->conversation, g_get_monotonic_time());
    member_touched(engine->member);
}

static void run_open_direct(Engine *engine, const Order *order)
{
    timeline_open_direct(engine->timeline, order->bytes);
}

static void run_join(Engine *engine, const Order *order)
{
    guint64 id = 0;
    if (g_ascii_string_to_unsigned(order->text, 10, 1, G_MAXUINT64, &id, NULL))
        session_choose(session_of(engine), id, g_get_monotonic_time());
    member_touched(engine->member);
}

static void run_connect(Engine *engine, const Order *order)
{
    g_autoptr(GError) error = NULL;
    if (!member_connect(engine->member, order->text, &error))
        timeline_notice(engine->timeline, "#general", error->message);
}

static void run_try_now(Engine *engine, const Order *order)
{
    session_try_now(session_of(engine), g_get_monotonic_time());
    member_touched(engine->member);
}

static void stop_loop(void *user)
{
    Engine *engine = user;
    g_main_loop_quit(engine->loop);
}

static gboolean stop_late(gpointer user)
{
    stop_loop(user);
    return G_SOURCE_REMOVE;
}

static void run_leave(Engine *engine, const Order *order)
{
    g_autoptr(GSource) late = g_timeout_source_new(LEAVE_US / 1000);
    g_source_set_callback(late, stop_late, engine, NULL);
    g_source_attach(late, engine->context);
    member_leave(engine->member, stop_loop, engine);
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
        .event = member_event, .choices = member_choices, .finding = member_finding};
    MemberOptions options = {.data_dir = engine->options.data_dir,
                             .name = engine->options.name,
                             .connect = engine->options.connect,
                             .use_mdns = engine->options.use_mdns};
    g_autoptr(GError) error = NULL;
    engine->member = member_new(engine->context, &options, &events, engine, &error);
    if (!engine->member) {
        pthread_mutex_lock(&engine->mutex);
        engine->error = g_steal_pointer(&error);
        pthread_mutex_unlock(&engine->mutex);
        return false;
    }
    engine->timeline =
        timeline_new(session_of(engine), member_store(engine->member), g_get_monotonic_time());
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
    g_main_context_push_thread_default(engine->context);
    g_autoptr(GMainLoop) loop = engine->loop = g_main_loop_new(engine->context, FALSE);
    g_main_context_acquire(engine->context);
    engine->snapshot_source = timer_new(engine, snapshot_due);
    bool opened = open_member(engine);
    tell_started(engine);
    if (opened) {
        member_start(engine->member);
        list_choices(engine);
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
    for (Order *order = next_order(engine); order; order = next_order(engine))
        order_free(order);
    model_unref(engine->newest);
    g_main_context_unref(engine->context);
    pthread_mutex_destroy(&engine->mutex);
    pthread_cond_destroy(&engine->ready);
    g_free(engine);
}

Engine *engine_new(const EngineOptions *options, void (*wake)(void *user), void *user,
                   GError **error)
{
    Engine *engine = g_new0(Engine, 1);
    pthread_mutex_init(&engine->mutex, NULL);
    pthread_cond_init(&engine->ready, NULL);
    g_queue_init(&engine->orders);
    engine->context = g_main_context_new();
    engine->order_source = timer_new(engine, serve_orders);
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
    give(engine, order_new(run_leave, NULL, NULL));
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

/* --- from other threads --- */

void engine_say(Engine *engine, const char *conversation, const char *text)
{
    give(engine, order_new(run_say, conversation, text));
}

void engine_retry(Engine *engine, const char *conversation, const uint8_t *message_id)
{
    Order *order = order_new(run_retry, conversation, NULL);
    memcpy(order->bytes, message_id, MODEL_ID_SIZE);
    give(engine, order);
}

void engine_set_name(Engine *engine, const char *name)
{
    give(engine, order_new(run_set_name, NULL, name));
}

void engine_set_away(Engine *engine, bool away)
{
    Order *order = order_new(run_set_away, NULL, NULL);
    order->flag = away;
    give(engine, order);
}

void engine_typing(Engine *engine, const char *conversation)
{
    give(engine, order_new(run_typing, conversation, NULL));
}

void engine_set_draft(Engine *engine, const char *conversation, const char *text)
{
    give(engine, order_new(run_set_draft, conversation, text ? text : ""));
}

void engine_mark_read(Engine *engine, const char *conversation, const uint8_t *message_id)
{
    Order *order = order_new(run_mark_read, conversation, NULL);
    memcpy(order->bytes, message_id, MODEL_ID_SIZE);
    give(engine, order);
}

void engine_load_older(Engine *engine, const char *conversation)
{
    give(engine, order_new(run_load_older, conversation, NULL));
}

void engine_open_direct(Engine *engine, const uint8_t *key)
{
    Order *order = order_new(run_open_direct, NULL, NULL);
    memcpy(order->bytes, key, KEY_SIZE);
    give(engine, order);
}

void engine_join(Engine *engine, const char *choice_id)
{
    give(engine, order_new(run_join, NULL, choice_id));
}

void engine_connect(Engine *engine, const char *address)
{
    give(engine, order_new(run_connect, NULL, address));
}

void engine_try_now(Engine *engine)
{
    give(engine, order_new(run_try_now, NULL, NULL));
}
