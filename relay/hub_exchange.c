/* What members bring along from other logs of the place, and what they want of this one: an
 * Exchange for each link that compares.
 *
 * What is gathered is verified as from a stranger and appended. From there it goes the way of
 * everything that others append to the log (hub_deliver.c). */
#include "relay/hub_internal.h"
#include "relay/key.h"

#include <string.h>

/* New events that one key may bring: a second, and at once, so that two strangers with a long
 * history meet at full speed. A long one counts as several. */
#define GATHER_RATE 500
#define GATHER_BYTES 1024
#define GATHER_BURST 200000
#define GATHERERS_MAX 4096
#define GATHER_PAUSE_US (1000 * INT64_C(1000))
#define BAD_EVENTS_MAX 64

typedef struct {
    uint8_t key[KEY_SIZE]; /* first: the table's key */
    Bucket events;
    int64_t pause_us; /* asked for nothing new before */
} Gatherer;

void hub_gathering_set_up(Hub *hub)
{
    hub->gathering.budgets = g_hash_table_new_full(key_hash, key_equal, NULL, g_free);
    hub->gathering.due_us = INT64_MAX;
}

void hub_gathering_tear_down(Hub *hub)
{
    g_hash_table_unref(hub->gathering.budgets);
}

static Gatherer *gatherer_of(const HubLink *link)
{
    GHashTable *budgets = link->hub->gathering.budgets;
    Gatherer *gatherer = g_hash_table_lookup(budgets, link->key);
    if (gatherer)
        return gatherer;
    if (g_hash_table_size(budgets) >= GATHERERS_MAX)
        g_hash_table_remove_all(budgets);
    gatherer = g_new0(Gatherer, 1);
    memcpy(gatherer->key, link->key, KEY_SIZE);
    g_hash_table_insert(budgets, gatherer->key, gatherer);
    return gatherer;
}

/* --- what an Exchange needs --- */

static bool send_frame(GBytes *frame, void *user)
{
    HubLink *link = user;
    hub_send(link, frame);
    return !link->doomed;
}

static bool has_room(void *user)
{
    HubLink *link = user;
    return !link->doomed && link->hub->output.queued(link->link, link->hub->user) < PACE_BYTES;
}

static bool asked_elsewhere(const LogHead *feed, const LogSpan *span, void *user)
{
    HubLink *link = user;
    Hub *hub = link->hub;
    for (guint i = 0; hub->gathering.exchanges > 1 && i < hub->links->len; i++) {
        const HubLink *other = g_ptr_array_index(hub->links, i);
        if (other != link && other->exchange && !other->doomed &&
            exchange_asks(other->exchange, feed, span))
            return true;
    }
    return false;
}

static void complete(uint64_t position, void *user)
{
    hub_report(((HubLink *)user)->hub, "caught-up", user, NULL);
}

static void settled(uint64_t position, void *user)
{
    hub_custody_settled(user, position);
}

/* A relay program in reserve keeps what others cannot read for them, as this node does; other
 * members do not, unless they are about to serve. */
static Exchange *exchange_of(HubLink *link)
{
    static const ExchangeOutput output = {.send = send_frame,
                                          .has_room = has_room,
                                          .asked_elsewhere = asked_elsewhere,
                                          .complete = complete,
                                          .settled = settled};
    if (link->exchange)
        return link->exchange;
    ExchangeConfig config = {
        .other = link->key, .takes_private = true, .gives_private = link->relay_program};
    link->exchange = exchange_new(link->hub->log, &config, &output, link);
    link->hub->gathering.exchanges++;
    return link->exchange;
}

void hub_end_exchange(HubLink *link)
{
    if (!link->exchange)
        return;
    link->hub->gathering.exchanges--;
    g_clear_pointer(&link->exchange, exchange_free);
}

/* --- what is gathered --- */

static void leave_out(HubLink *link, const char *why)
{
    g_autofree char *detail = g_strdup_printf("why=\"%s\"", why);
    hub_report(link->hub, "bad-event", link, detail);
    if (++link->bad_events > BAD_EVENTS_MAX)
        hub_part(link, WIRE__PARTING__BAD_FRAME, "Too many of these events are not valid.");
}

static void append(HubLink *link, Event *event)
{
    Hub *hub = link->hub;
    const uint8_t *room = event_room(event);
    g_autoptr(GBytes) conversation = room ? g_bytes_new(room, PLACE_SIZE) : NULL;
    g_autoptr(GError) error = NULL;
    uint64_t position = 0;
    hub->unsaved = true;
    switch (
        log_append(hub->log, event, LOG_RULE_SET, 0, conversation, 0, NULL, &position, &error)) {
    case LOG_FORK:
    case LOG_FORKED:
        hub_report(hub, "fork", link, NULL);
        break;
    case LOG_FAILED:
        hub_fail_submitted(hub, error);
        break;
    default:
        break;
    }
}

static void take(const Wire__SignedEvent *sent, void *user)
{
    HubLink *link = user;
    Hub *hub = link->hub;
    const char *why = NULL;
    if (link->doomed)
        return;
    Gatherer *gatherer = gatherer_of(link);
    double cost = (double)(1 + sent->body.len / GATHER_BYTES);
    int64_t wait_us = 0;
    if (bucket_take_some(&gatherer->events, GATHER_RATE, GATHER_BURST, cost, cost, hub->now_us,
                         &wait_us) <= 0)
        gatherer->pause_us = hub->now_us + GATHER_PAUSE_US;
    g_autoptr(Event) event = event_open(sent->body.data, sent->body.len, sent->signature.data,
                                        sent->signature.len, log_place(hub->log), &why);
    if (!event)
        leave_out(link, why);
    else if (event_is_too_late(event, hub->output.wall_ms(hub->user), hub_room_time_ms(hub)))
        hub_report(hub, "too-late", link, NULL); /* who brings it may have been told it by others */
    else
        append(link, event);
}

/* --- frames --- */

static void end_unless(HubLink *link, bool good)
{
    if (!good && !link->doomed)
        hub_part(link, WIRE__PARTING__BAD_FRAME, "This is not what was asked for.");
}

void hub_heads(HubLink *link, const Wire__Heads *heads)
{
    end_unless(link, exchange_heads(exchange_of(link), heads, link->hub->now_us));
}

void hub_want(HubLink *link, const Wire__Want *want)
{
    end_unless(link, exchange_want(exchange_of(link), want, link->hub->now_us));
}

void hub_give(HubLink *link, const Wire__Give *give)
{
    end_unless(link, exchange_give(exchange_of(link), give, take, link->hub->now_us));
}

void hub_settled(HubLink *link, const Wire__Settled *settled_up_to)
{
    exchange_is_settled(exchange_of(link), settled_up_to);
}

bool hub_exchange_offer_custody(HubLink *link)
{
    return exchange_offer_custody(exchange_of(link), link->hub->now_us);
}

/* --- after each commit --- */

void hub_go_on_exchanging(Hub *hub)
{
    hub->gathering.due_us = INT64_MAX;
    for (guint i = 0; hub->gathering.exchanges > 0 && i < hub->links->len; i++) {
        HubLink *link = g_ptr_array_index(hub->links, i);
        if (!link->exchange || link->doomed)
            continue;
        const Gatherer *gatherer = g_hash_table_lookup(hub->gathering.budgets, link->key);
        int64_t pause_us = MAX(hub->gathering.disk_us, gatherer ? gatherer->pause_us : 0);
        bool pause = hub->now_us < pause_us;
        exchange_continue(link->exchange, pause, hub->now_us);
        if (pause && exchange_busy(link->exchange))
            hub->gathering.due_us = MIN(hub->gathering.due_us, pause_us);
        hub->gathering.due_us = MIN(hub->gathering.due_us, exchange_deadline(link->exchange));
    }
}
