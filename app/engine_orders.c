/* What other threads ask of an engine: each call becomes an order that runs on the network thread.
 */
#include "app/command.h"
#include "app/engine_internal.h"

#include <string.h>

#define LEAVE_US INT64_C(2500000) /* for Goodbye, and to give the room over */

static void order_free(Order *order)
{
    g_free(order->conversation);
    if (order->text) /* it may be a passphrase */
        explicit_bzero(order->text, strlen(order->text));
    g_free(order->text);
    g_strfreev(order->paths);
    g_clear_pointer(&order->data, g_bytes_unref);
    g_free(order);
}

static Order *next_order(Engine *engine)
{
    pthread_mutex_lock(&engine->mutex);
    Order *order = g_queue_pop_head(&engine->orders);
    pthread_mutex_unlock(&engine->mutex);
    return order;
}

gboolean engine_serve_orders(gpointer user)
{
    Engine *engine = user;
    g_source_set_ready_time(engine->order_source, -1);
    for (Order *order = next_order(engine); order; order = next_order(engine)) {
        order->run(engine, order);
        order_free(order);
    }
    engine_changed(engine);
    return G_SOURCE_CONTINUE;
}

void engine_give(Engine *engine, Order *order)
{
    pthread_mutex_lock(&engine->mutex);
    g_queue_push_tail(&engine->orders, order);
    pthread_mutex_unlock(&engine->mutex);
    g_source_set_ready_time(engine->order_source, 0);
}

Order *order_new(void (*run)(Engine *engine, const Order *order), const char *conversation,
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
    uint64_t id = engine_choice(engine, order->text);
    if (id != 0)
        member_choose(engine->member, id);
}

static void run_connect(Engine *engine, const Order *order)
{
    g_autoptr(GError) error = NULL;
    if (!member_connect(engine->member, order->text, &error))
        timeline_notice(engine->timeline, "#general", error->message);
}

static void run_unlock(Engine *engine, const Order *order)
{
    member_unlock(engine->member, order->text);
    timeline_touch(engine->timeline);
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

void engine_drop_orders(Engine *engine)
{
    for (Order *order = next_order(engine); order; order = next_order(engine))
        order_free(order);
}

/* --- from any thread --- */

void engine_leave(Engine *engine)
{
    engine_give(engine, order_new(run_leave, NULL, NULL));
}

void engine_say(Engine *engine, const char *conversation, const char *text)
{
    engine_give(engine, order_new(run_say, conversation, text));
}

void engine_retry(Engine *engine, const char *conversation, const uint8_t *message_id)
{
    Order *order = order_new(run_retry, conversation, NULL);
    memcpy(order->bytes, message_id, MODEL_ID_SIZE);
    engine_give(engine, order);
}

void engine_set_name(Engine *engine, const char *name)
{
    engine_give(engine, order_new(run_set_name, NULL, name));
}

void engine_set_away(Engine *engine, bool away)
{
    Order *order = order_new(run_set_away, NULL, NULL);
    order->flag = away;
    engine_give(engine, order);
}

void engine_typing(Engine *engine, const char *conversation)
{
    engine_give(engine, order_new(run_typing, conversation, NULL));
}

void engine_set_draft(Engine *engine, const char *conversation, const char *text)
{
    engine_give(engine, order_new(run_set_draft, conversation, text ? text : ""));
}

void engine_mark_read(Engine *engine, const char *conversation, const uint8_t *message_id)
{
    Order *order = order_new(run_mark_read, conversation, NULL);
    memcpy(order->bytes, message_id, MODEL_ID_SIZE);
    engine_give(engine, order);
}

void engine_load_older(Engine *engine, const char *conversation)
{
    engine_give(engine, order_new(run_load_older, conversation, NULL));
}

void engine_open_direct(Engine *engine, const uint8_t *key)
{
    Order *order = order_new(run_open_direct, NULL, NULL);
    memcpy(order->bytes, key, KEY_SIZE);
    engine_give(engine, order);
}

void engine_join(Engine *engine, const char *choice_id)
{
    engine_give(engine, order_new(run_join, NULL, choice_id));
}

void engine_connect(Engine *engine, const char *address)
{
    engine_give(engine, order_new(run_connect, NULL, address));
}

void engine_unlock(Engine *engine, const char *passphrase)
{
    engine_give(engine, order_new(run_unlock, NULL, passphrase));
}

void engine_try_now(Engine *engine)
{
    engine_give(engine, order_new(run_try_now, NULL, NULL));
}
