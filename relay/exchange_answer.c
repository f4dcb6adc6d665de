/* What the other asks for: heads and events of the own log. Answered later rather than refused when
 * it asks too fast; how much it can make wait is bounded. */
#include "relay/entries.h"
#include "relay/exchange_internal.h"
#include "relay/key.h"

#include <string.h>

/* Gives a second and at once: a Give costs the reader more than its sender. */
#define GIVE_RATE 250
#define GIVE_BURST 500
/* Answers to Heads that ask. */
#define ANSWER_RATE 0.2
#define ANSWER_BURST 3
#define WANTS_WAITING_MAX (2 * WANTS_AT_ONCE)
#define HEADS_PER_FRAME 1024
#define FRAMES_AT_ONCE 4
#define GIVE_BYTES (160 * 1024)
/* Tried again when the link's queue had no room and nobody said that it has. */
#define ROOM_AGAIN_US (50 * INT64_C(1000))

/* A Want that waits, with the bytes that it refers to. */
typedef struct {
    Wire__Want want;
    uint8_t author[KEY_SIZE];
} Waiting;

void exchange_answer_clear(Exchange *exchange)
{
    g_queue_clear_full(&exchange->wants, g_free);
    g_clear_pointer(&exchange->offer, g_array_unref);
}

bool exchange_has_room(const Exchange *exchange)
{
    return !exchange->output.has_room || exchange->output.has_room(exchange->user);
}

void exchange_send(Exchange *exchange, const Wire__Frame *frame)
{
    g_autoptr(GBytes) bytes = frame_build(frame);
    exchange->output.send(bytes, exchange->user);
}

/* --- heads --- */

/* Who has private feeds, and how long they are, is not everybody's business. */
static bool may_name(const Exchange *exchange, const LogHead *head)
{
    return head->lane == LANE_PUBLIC || exchange->gives_private ||
           memcmp(head->author, exchange->other, KEY_SIZE) == 0;
}

static void begin_offer(Exchange *exchange, uint64_t position)
{
    g_clear_pointer(&exchange->offer, g_array_unref);
    GArray *heads =
        log_heads_since(exchange->log, position, exchange->has_owner ? exchange->owner : NULL);
    GArray *offer = g_array_new(FALSE, FALSE, sizeof(LogHead));
    for (guint i = 0; heads && i < heads->len; i++) {
        if (may_name(exchange, &g_array_index(heads, LogHead, i)))
            g_array_append_val(offer, g_array_index(heads, LogHead, i));
    }
    g_clear_pointer(&heads, g_array_unref);
    exchange->offer = offer;
    exchange->offered = 0;
    exchange->offer_position = log_head(exchange->log);
}

void exchange_offer(Exchange *exchange, uint64_t position, int64_t now_us)
{
    begin_offer(exchange, position);
    exchange_answer(exchange, now_us);
}

bool exchange_offer_custody(Exchange *exchange, int64_t now_us)
{
    exchange->gives_private = true;
    begin_offer(exchange, 0);
    for (guint i = exchange->offer->len; i-- > 0;) {
        const LogHead *head = &g_array_index(exchange->offer, LogHead, i);
        if (head->lane == LANE_PUBLIC || head->first == 0)
            g_array_remove_index(exchange->offer, i);
    }
    if (exchange->offer->len == 0) {
        g_clear_pointer(&exchange->offer, g_array_unref);
        return false;
    }
    exchange_answer(exchange, now_us);
    return true;
}

static void head_to_wire(LogHead *head, Wire__Head *out)
{
    wire__head__init(out);
    out->author = (ProtobufCBinaryData){KEY_SIZE, head->author};
    out->incarnation = head->incarnation;
    out->lane = head->lane;
    out->seq = head->seq;
    out->hash = (ProtobufCBinaryData){HASH_SIZE, head->hash};
    out->count = head->held;
    out->sum = (ProtobufCBinaryData){SUM_SIZE, head->sum};
    out->first = head->lane == LANE_PRIVATE ? head->first : 0;
}

static void send_heads(Exchange *exchange, guint count)
{
    g_autofree Wire__Head *heads = g_new(Wire__Head, count);
    g_autofree Wire__Head **list = g_new(Wire__Head *, count);
    for (guint i = 0; i < count; i++) {
        head_to_wire(&g_array_index(exchange->offer, LogHead, exchange->offered + i), &heads[i]);
        list[i] = &heads[i];
    }
    exchange->offered += count;
    Wire__Heads named = WIRE__HEADS__INIT;
    named.n_heads = count;
    named.heads = list;
    named.more = exchange->offered < exchange->offer->len;
    named.position = named.more ? 0 : exchange->offer_position;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HEADS;
    frame.heads = &named;
    exchange_send(exchange, &frame);
    if (!named.more) /* the frame was made of it */
        g_clear_pointer(&exchange->offer, g_array_unref);
}

static void answer_heads(Exchange *exchange, int64_t now_us)
{
    if (exchange->asked && !exchange->offer) {
        uint32_t wait_ms = bucket_take(&exchange->answers, ANSWER_RATE, ANSWER_BURST, now_us);
        if (wait_ms > 0) {
            exchange->answer_us = now_us + wait_ms * INT64_C(1000);
            return;
        }
        exchange->asked = false;
        begin_offer(exchange, 0);
    }
    for (unsigned i = 0; i < FRAMES_AT_ONCE && exchange->offer && exchange_has_room(exchange); i++)
        send_heads(exchange, MIN(exchange->offer->len - exchange->offered, HEADS_PER_FRAME));
    if (exchange->offer)
        exchange->answer_us = MIN(exchange->answer_us, now_us + ROOM_AGAIN_US);
}

/* --- events --- */

bool exchange_want(Exchange *exchange, const Wire__Want *want, int64_t now_us)
{
    if (exchange->wants.length >= WANTS_WAITING_MAX)
        return false;
    Waiting *waiting = g_new0(Waiting, 1);
    waiting->want = *want;
    memcpy(waiting->author, want->author.data, KEY_SIZE);
    waiting->want.author.data = waiting->author;
    g_queue_push_tail(&exchange->wants, waiting);
    exchange_answer(exchange, now_us);
    return true;
}

static bool may_give(const Exchange *exchange, const Event *event)
{
    return exchange->gives_private || event_concerns(event, exchange->other);
}

static void give(Exchange *exchange, const Wire__Want *want)
{
    uint64_t covered = 0;
    unsigned gone = 0;
    g_autoptr(GArray) events =
        log_span(exchange->log, want->author.data, want->incarnation, (Lane)want->lane, want->first,
                 want->last, WANT_EVENTS, GIVE_BYTES, &covered, &gone, NULL);
    if (!events) /* the disk: it will ask again */
        return;
    g_autofree Wire__SignedEvent *wired = g_new(Wire__SignedEvent, events->len);
    g_autofree Wire__SignedEvent **list = g_new(Wire__SignedEvent *, events->len);
    Wire__Give given = WIRE__GIVE__INIT;
    given.request = want->request;
    given.first = MAX(covered, want->first);
    given.events = list;
    given.gone = want->lane == LANE_PUBLIC ? gone : 0;
    for (guint i = 0; i < events->len; i++) {
        const Event *event = g_array_index(events, LogEntry, i).event;
        if (!may_give(exchange, event))
            continue;
        event_to_wire(event, &wired[given.n_events]);
        list[given.n_events] = &wired[given.n_events];
        given.n_events++;
    }
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_GIVE;
    frame.give = &given;
    exchange_send(exchange, &frame);
}

static void answer_wants(Exchange *exchange, int64_t now_us)
{
    int64_t again_us = now_us + ROOM_AGAIN_US;
    while (!g_queue_is_empty(&exchange->wants) && exchange_has_room(exchange)) {
        uint32_t wait_ms = bucket_take(&exchange->gives, GIVE_RATE, GIVE_BURST, now_us);
        if (wait_ms > 0) {
            again_us = now_us + wait_ms * INT64_C(1000);
            break;
        }
        g_autofree Waiting *waiting = g_queue_pop_head(&exchange->wants);
        give(exchange, &waiting->want);
    }
    if (!g_queue_is_empty(&exchange->wants))
        exchange->answer_us = MIN(exchange->answer_us, again_us);
}

void exchange_answer(Exchange *exchange, int64_t now_us)
{
    exchange->answer_us = INT64_MAX;
    answer_heads(exchange, now_us);
    answer_wants(exchange, now_us);
}

int64_t exchange_answer_deadline(const Exchange *exchange)
{
    return exchange->answer_us;
}

void exchange_is_settled(Exchange *exchange, const Wire__Settled *settled)
{
    if (exchange->output.settled && settled->position <= log_head(exchange->log))
        exchange->output.settled(settled->position, exchange->user);
}
