/* The outbox on a link: signed when joined, submitted in order within the relay's limits, appended
 * to the own log when the relay has it.
 *
 * A refusal for now (RATE, DISK, GAP …) makes everything behind it come back too. So after one the
 * session waits until nothing is in flight and begins again with the oldest. */
#include "app/session_internal.h"
#include "relay/entries.h"
#include "relay/text.h"

#define ANSWER_US (30 * INT64_C(1000000)) /* for a receipt */
#define BAD_TIMES_MAX 5
#define GAPS_MAX 3
#define ACT_WAIT_US (5 * INT64_C(1000000)) /* for a relay to learn who is an admin */

static Item *find_item(Session *session, int64_t id)
{
    for (guint i = 0; i < session->outbox->len; i++) {
        Item *item = session->outbox->pdata[i];
        if (item->id == id)
            return item;
    }
    return NULL;
}

static bool waits(const Item *item)
{
    return !item->why && !item->in_flight && !item->stored;
}

/* --- submitting --- */

static void refill(Session *session)
{
    double passed_s = (double)(session->now_us - session->tokens_us) / G_USEC_PER_SEC;
    session->tokens = MIN(session->tokens + passed_s * session->submit_rate, session->submit_burst);
    session->tokens_us = session->now_us;
}

Item *session_next_unsigned(const Session *session)
{
    Item *first = NULL;
    for (guint i = 0; i < session->outbox->len; i++) {
        Item *item = session->outbox->pdata[i];
        if (!waits(item) || item->event || !session_can_sign(session, item))
            continue;
        if (item->kind == EVENT_PROFILE)
            return item;
        if (!first)
            first = item;
    }
    return first;
}

static unsigned signed_count(const Session *session)
{
    unsigned count = 0;
    for (guint i = 0; i < session->outbox->len; i++)
        count += ((const Item *)session->outbox->pdata[i])->event != NULL;
    return count;
}

static void sign_some(Session *session)
{
    unsigned count = signed_count(session);
    Item *item = count < SUBMITS_IN_FLIGHT ? session_next_unsigned(session) : NULL;
    if (!item)
        return;
    if (session_is_ahead(session)) {
        session_ask_time(session);
        return;
    }
    g_autoptr(GError) error = NULL;
    bool done = store_begin(session->store, &error);
    for (; done && item && count < SUBMITS_IN_FLIGHT; count++) {
        done = session_sign(session, item, &error);
        item = done ? session_next_unsigned(session) : NULL;
    }
    if (done && store_commit(session->store, &error))
        return;
    store_rollback(session->store);
    session_load_outbox(session);
    session_measure_tail(session);
    session->hold_us = session->now_us + DISK_RETRY_US;
    session_notice(session, "disk", error->message);
}

/* The signed one that comes first in its lane. */
static Item *next_signed(const Session *session)
{
    Item *next = NULL;
    for (guint i = 0; i < session->outbox->len; i++) {
        Item *item = session->outbox->pdata[i];
        if (!waits(item) || !item->event)
            continue;
        if (!next || (event_lane(item->event) == event_lane(next->event) &&
                      event_seq(item->event) < event_seq(next->event)))
            next = item;
    }
    return next;
}

/* When an act may go out. A relay that lacks what made this person an admin would take it for one
 * that does not count, and do nothing: so it is told first what it lacks. */
static int64_t act_due_us(const Session *session)
{
    for (guint i = 0; i < session->outbox->len; i++) {
        const Item *item = session->outbox->pdata[i];
        if (waits(item) && (item->kind == EVENT_MODERATION || item->kind == EVENT_TOPIC))
            return session->exchange && session->other.told < log_head(session->log)
                       ? session->phase_us + ACT_WAIT_US
                       : 0;
    }
    return 0;
}

static bool submit(Session *session, Event *event, int64_t item_id)
{
    Wire__SignedEvent sent = WIRE__SIGNED_EVENT__INIT;
    event_to_wire(event, &sent);
    Wire__Submit submit = WIRE__SUBMIT__INIT;
    submit.event = &sent;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_SUBMIT;
    frame.submit = &submit;
    if (!session_send(session, &frame))
        return false;
    Flight flight = {event_ref(event), item_id};
    g_array_append_val(session->flights, flight);
    session->tokens -= 1;
    if (session->flights->len == 1)
        session->progress_us = session->now_us;
    return true;
}

static bool submit_next(Session *session)
{
    g_autoptr(Event) repair = session_next_repair(session);
    if (repair) {
        if (submit(session, repair, 0))
            return true;
        session_repair(session, event_incarnation(repair), event_lane(repair), event_seq(repair));
        return false;
    }
    Item *item = next_signed(session);
    if (!item || session->now_us < act_due_us(session))
        return false;
    item->in_flight = submit(session, item->event, item->id);
    return item->in_flight;
}

static bool may_submit(const Session *session)
{
    return session->phase == PHASE_JOINED && session->now_us >= session->hold_us &&
           !(session->draining && session->flights->len > 0);
}

void session_submit(Session *session)
{
    if (session->phase == PHASE_JOINED && session->flights->len > 0 &&
        session->now_us >= session->progress_us + ANSWER_US) {
        session_drop(session, "The relay does not answer what is sent.", -1);
        return;
    }
    if (!may_submit(session))
        return;
    session->draining = false;
    if (session->outbox->len == 0 && session->repairs->len == 0)
        return;
    refill(session);
    sign_some(session);
    while (session->flights->len < SUBMITS_IN_FLIGHT && session->tokens >= 1)
        if (!submit_next(session))
            break;
}

int64_t session_outbox_deadline(const Session *session)
{
    if (session->phase != PHASE_JOINED)
        return INT64_MAX;
    if (session->flights->len > 0)
        return session->progress_us + ANSWER_US;
    bool something = session->repairs->len > 0;
    for (guint i = 0; i < session->outbox->len && !something; i++) {
        const Item *item = session->outbox->pdata[i];
        something = waits(item) && (item->event || session_can_sign(session, item));
    }
    if (!something)
        return INT64_MAX;
    double missing = MAX(1.0 - session->tokens, 0);
    int64_t tokens_us =
        session->tokens_us + (int64_t)(missing / session->submit_rate * G_USEC_PER_SEC) + 1000;
    return MAX(MAX(session->hold_us, tokens_us),
               MAX(session_time_deadline(session), act_due_us(session)));
}

void session_outbox_unlinked(Session *session)
{
    g_array_set_size(session->flights, 0);
    g_array_set_size(session->repairs, 0);
    session->draining = false;
    session->hold_us = 0;
    session->bad_times = 0;
    session->disk_told = false;
    for (guint i = 0; i < session->outbox->len; i++)
        ((Item *)session->outbox->pdata[i])->in_flight = false;
}

/* --- stored --- */

/* The relay's log has it: so has the own one then. */
static bool keep(Session *session, const Item *item, Event *event, uint64_t position,
                 GError **error)
{
    bool private = event_lane(event) == LANE_PRIVATE;
    uint32_t kind = private ? item->kind : 0;
    GBytes *content = private ? item->content : NULL;
    g_autoptr(GBytes) conversation =
        item->kind == EVENT_PROFILE ? NULL : conversation_bytes(&item->conversation);
    uint64_t own = position;
    if (session_reads_own(session))
        return log_file(session->log, own, conversation, kind, content, error);
    switch (log_append(session->log, event, LOG_RULE_SET, position, conversation, kind, content,
                       &own, error)) {
    case LOG_FAILED:
        return false;
    case LOG_KNOWN: /* by the own hub, when it carried the place */
        return own > log_head(session->log) || session_covers(session, log_id(session->log), own) ||
               log_file(session->log, own, conversation, kind, content, error);
    default:
        return true;
    }
}

static bool append_own(Session *session, Item *item, Event *event, uint64_t position)
{
    g_autoptr(GError) error = NULL;
    if (!keep(session, item, event, position, &error)) {
        session_disk_failed(session, error);
        return false;
    }
    if (item->event != event) {
        event_unref(item->event);
        item->event = event_ref(event);
    }
    item->stored = true;
    item->in_flight = false;
    item->position = position;
    return true;
}

bool session_own_seen(Session *session, const Event *event, uint64_t position)
{
    for (guint i = 0; i < session->outbox->len; i++) {
        Item *item = session->outbox->pdata[i];
        bool same_bytes =
            item->event && memcmp(event_hash(item->event), event_hash(event), HASH_SIZE) == 0;
        /* It was signed once, then again for a new incarnation, and the first came through. */
        bool same_message =
            !item->event && memcmp(item->token, event_token(event), TOKEN_SIZE) == 0;
        if (!same_bytes && !same_message)
            continue;
        if (!item->stored)
            append_own(session, item, (Event *)event, position);
        return true;
    }
    return false;
}

void session_unstore_items(Session *session)
{
    for (guint i = 0; i < session->outbox->len; i++)
        ((Item *)session->outbox->pdata[i])->stored = false;
}

/* It stands in all logs, and nobody is shown it: somebody decided so before it was there. */
static void tell_hidden(Session *session, Item *item)
{
    bool act = item->kind == EVENT_MODERATION || item->kind == EVENT_TOPIC;
    g_free(item->why);
    item->why = g_strdup(act ? "Only admins may do this." : "You were muted when this was said.");
    session_tell_item(session, item, SESSION_EVENT_DELIVERY, DELIVERY_STATE_REFUSED);
}

/* After the commit: the log has them, so the outbox need not. */
void session_stored_items(Session *session)
{
    g_autoptr(GPtrArray) stored = g_ptr_array_new_with_free_func((GDestroyNotify)item_free);
    for (guint i = 0; i < session->outbox->len;) {
        Item *item = session->outbox->pdata[i];
        if (item->stored)
            g_ptr_array_add(stored, g_ptr_array_steal_index(session->outbox, i));
        else
            i++;
    }
    for (guint i = 0; i < stored->len; i++) {
        Item *item = stored->pdata[i];
        store_outbox_remove(session->store, item->id, NULL);
        session_first_showing(session, item->event);
        if (item->kind == EVENT_PROFILE)
            session_set_profile(session, item->event, true);
        else if (session_hides(session, item->event))
            tell_hidden(session, item);
        else
            session_tell_item(session, item, SESSION_EVENT_DELIVERY, DELIVERY_STATE_SENT);
    }
}

/* --- receipts --- */

static void pause_for(Session *session, uint32_t retry_ms, uint32_t least_ms)
{
    int64_t wait_us = CLAMP(retry_ms, least_ms, 60000U) * INT64_C(1000);
    session->draining = true;
    session->hold_us = MAX(session->hold_us, session->now_us + wait_us);
}

/* Another relay may have stored it before its receipt was lost: these bytes are kept as long as
 * this one's time may still go on to where that one's was. */
static void refused_time(Session *session, Item *item, const char *why)
{
    if (session_is_ahead(session)) {
        session_ask_time(session);
        pause_for(session, 300, 300);
        return;
    }
    session_unsign_from(session, item);
    if (++session->bad_times > BAD_TIMES_MAX) {
        session_refuse(session, item, why);
        return;
    }
    session->room_known = false; /* the next answer is believed whatever it says */
    session_ping(session);
    pause_for(session, 300, 300);
}

static void refused_gap(Session *session, const Event *event, const Wire__Receipt *receipt)
{
    /* Refused only because of what went before it and is known: all come again. */
    bool follows = session->draining;
    session->draining = true;
    if (follows)
        return;
    uint64_t missing = receipt->head->seq + 1;
    if (++session->gaps > GAPS_MAX || missing >= event_seq(event))
        session_give_up_repair(session, event_incarnation(event), event_lane(event));
    else
        session_repair(session, event_incarnation(event), event_lane(event), missing);
}

static void refused_disk(Session *session, const Wire__Receipt *receipt)
{
    if (!session->disk_told)
        session_notice(session, "relay-disk",
                       "The relay cannot store anything now; messages wait here until it can.");
    session->disk_told = true;
    pause_for(session, receipt->retry_ms, 1000);
}

/* `item` is NULL for repairs and for what was signed anew meanwhile. */
static void refused(Session *session, Event *event, Item *item, const Wire__Receipt *receipt)
{
    g_autofree char *shown = text_visible(receipt->text, strlen(receipt->text));
    const char *why = *shown ? shown : "The relay refused it.";
    switch (receipt->refusal) {
    case WIRE__REFUSAL__RATE:
        session->tokens = 0;
        pause_for(session, receipt->retry_ms, 50);
        break;
    case WIRE__REFUSAL__DISK:
        refused_disk(session, receipt);
        break;
    case WIRE__REFUSAL__GAP:
        if (event_incarnation(event) == session->incarnation || !item)
            refused_gap(session, event, receipt);
        break;
    case WIRE__REFUSAL__FORK:
        session->draining = true;
        session_give_up_repair(session, event_incarnation(event), event_lane(event));
        break;
    case WIRE__REFUSAL__BAD_TIME:
        if (item)
            refused_time(session, item, why);
        break;
    default:
        session->draining = true;
        if (!item) {
            session_give_up_repair(session, event_incarnation(event), event_lane(event));
            break;
        }
        session_unsign_from(session, item);
        session_refuse(session, item, why);
    }
    /* A repair that must be sent again. */
    if (!item && session->draining &&
        (receipt->refusal == WIRE__REFUSAL__RATE || receipt->refusal == WIRE__REFUSAL__DISK))
        session_repair(session, event_incarnation(event), event_lane(event), event_seq(event));
}

void session_receipt(Session *session, const Wire__Receipt *receipt)
{
    guint index = 0;
    while (index < session->flights->len &&
           memcmp(event_hash(g_array_index(session->flights, Flight, index).event),
                  receipt->hash.data, HASH_SIZE) != 0)
        index++;
    if (index == session->flights->len)
        return;
    const Flight *flight = &g_array_index(session->flights, Flight, index);
    g_autoptr(Event) event = event_ref(flight->event);
    bool repair = flight->item_id == 0;
    Item *item = repair ? NULL : find_item(session, flight->item_id);
    g_array_remove_index(session->flights, index);
    session->progress_us = session->now_us;

    bool current =
        item && item->event && memcmp(event_hash(item->event), event_hash(event), HASH_SIZE) == 0;
    if (current)
        item->in_flight = false;
    if (receipt->refusal == WIRE__REFUSAL__NONE) {
        session->gaps = 0;
        if (item && !item->stored && (current || !item->in_flight))
            append_own(session, item, event, receipt->position);
    } else if (current || repair) {
        refused(session, event, current ? item : NULL, receipt);
    }
}

unsigned session_unsent(const Session *session)
{
    unsigned count = session->repairs->len;
    for (guint i = 0; i < session->outbox->len; i++)
        count += ((const Item *)session->outbox->pdata[i])->why == NULL;
    return count;
}
