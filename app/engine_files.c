/* Files in the engine: what faces order is done by Transfers, what Transfers tell goes into the
 * timeline. */
#include "app/engine_internal.h"

#include <string.h>

static Transfers *transfers_of(Engine *engine)
{
    return member_transfers(engine->member);
}

/* --- from the member --- */

static void list_settings(Engine *engine)
{
    g_autoptr(GPtrArray) people = transfers_accepted_people(transfers_of(engine));
    g_autofree char *folder = transfers_folder(transfers_of(engine));
    g_autofree char *shown = g_filename_display_name(folder);
    timeline_set_accepted(engine->timeline, people);
    timeline_set_folder(engine->timeline, shown);
}

void engine_list_transfers(Engine *engine)
{
    g_autoptr(GPtrArray) transfers = transfers_list(transfers_of(engine));
    timeline_set_transfers(engine->timeline, transfers);
    list_settings(engine);
}

void engine_transfer_changed(Transfer *transfer, void *user)
{
    Engine *engine = user;
    g_assert(g_main_context_is_owner(engine->context));
    if (!engine->timeline)
        return;
    timeline_transfer(engine->timeline, transfer);
    engine_changed(engine);
}

void engine_transfer_gone(const uint8_t *id, void *user)
{
    Engine *engine = user;
    if (!engine->timeline)
        return;
    timeline_transfer_gone(engine->timeline, id);
    engine_changed(engine);
}

/* --- orders --- */

/* What could not be done is said where the offer stands. */
static void tell(Engine *engine, const uint8_t *id, const GError *error)
{
    g_autoptr(Transfer) transfer = transfers_get(transfers_of(engine), id);
    ConversationId conversation = {0};
    if (transfer && !transfer->in_room) {
        conversation.direct = true;
        memcpy(conversation.id, transfer->peer, KEY_SIZE);
    }
    g_autofree char *name = timeline_conversation_name(&conversation);
    timeline_notice(engine->timeline, name, error->message);
}

static void run_offer(Engine *engine, const Order *order)
{
    g_autoptr(GError) error = NULL;
    ConversationId conversation;
    if (!timeline_conversation(order->conversation, &conversation))
        return;
    if (!transfers_offer(transfers_of(engine), &conversation, (const char *const *)order->paths,
                         order->data, order->width, order->height, g_get_monotonic_time(), &error))
        timeline_notice(engine->timeline, order->conversation, error->message);
    member_touched(engine->member);
}

static void run_accept(Engine *engine, const Order *order)
{
    Transfers *transfers = transfers_of(engine);
    g_autoptr(GError) error = NULL;
    g_autoptr(Transfer) transfer = transfers_get(transfers, order->bytes);
    int64_t now_us = g_get_monotonic_time();
    if (!transfers_accept(transfers, order->bytes, order->text, order->data, now_us, &error))
        tell(engine, order->bytes, error);
    g_clear_error(&error);
    if (order->flag && transfer &&
        !transfers_accept_from(transfers, transfer->author, NULL, now_us, &error))
        tell(engine, order->bytes, error);
    list_settings(engine);
    member_touched(engine->member);
}

static void run_transfer(Engine *engine, const Order *order)
{
    static gboolean (*const acts[])(Transfers * transfers, const uint8_t *id, int64_t now_us,
                                    GError **error) = {
        [ENGINE_DECLINE] = transfers_decline, [ENGINE_CANCEL] = transfers_cancel,
        [ENGINE_PAUSE] = transfers_pause,     [ENGINE_RESUME] = transfers_resume,
        [ENGINE_RETRY] = transfers_retry,
    };
    g_autoptr(GError) error = NULL;
    if (!acts[order->number](transfers_of(engine), order->bytes, g_get_monotonic_time(), &error))
        tell(engine, order->bytes, error);
    member_touched(engine->member);
}

static void run_accept_no_more(Engine *engine, const Order *order)
{
    g_autoptr(GError) error = NULL;
    if (!transfers_accept_no_more(transfers_of(engine), order->bytes, &error))
        timeline_notice(engine->timeline, "#general", error->message);
    list_settings(engine);
}

static void run_set_folder(Engine *engine, const Order *order)
{
    g_autoptr(GError) error = NULL;
    if (!transfers_set_folder(transfers_of(engine), order->text, &error))
        timeline_notice(engine->timeline, "#general", error->message);
    list_settings(engine);
}

/* --- from any thread --- */

void engine_offer(Engine *engine, const char *conversation, const char *const *paths,
                  GBytes *thumbnail, uint32_t width, uint32_t height)
{
    Order *order = order_new(run_offer, conversation, NULL);
    order->paths = g_strdupv((char **)paths);
    order->data = thumbnail ? g_bytes_ref(thumbnail) : NULL;
    order->width = width;
    order->height = height;
    engine_give(engine, order);
}

void engine_accept(Engine *engine, const uint8_t *id, const char *into, GBytes *left_out,
                   bool always)
{
    Order *order = order_new(run_accept, NULL, into);
    memcpy(order->bytes, id, TRANSFER_SIZE);
    order->data = left_out ? g_bytes_ref(left_out) : NULL;
    order->flag = always;
    engine_give(engine, order);
}

void engine_transfer(Engine *engine, const uint8_t *id, EngineTransferAct act)
{
    Order *order = order_new(run_transfer, NULL, NULL);
    memcpy(order->bytes, id, TRANSFER_SIZE);
    order->number = (int)act;
    engine_give(engine, order);
}

void engine_accept_no_more(Engine *engine, const uint8_t *key)
{
    Order *order = order_new(run_accept_no_more, NULL, NULL);
    memcpy(order->bytes, key, KEY_SIZE);
    engine_give(engine, order);
}

void engine_set_folder(Engine *engine, const char *folder)
{
    engine_give(engine, order_new(run_set_folder, NULL, folder));
}
