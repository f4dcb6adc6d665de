/* The own feed: where it stands, signing what goes on it, repairing relays that lack parts of it,
 * and beginning anew when it cannot be continued.
 *
 * A feed has two lanes, each with seq and the hash of the event before. What is signed is on the
 * disk before it is sent, so after any crash the same bytes are sent again and a relay that has
 * them says so. */
#include "app/session_internal.h"
#include "relay/seal.h"

/* How far an event may be pushed behind what it must follow: relays refuse what is further ahead.
 */
#define AHEAD_MS (TIME_AHEAD_MS - 2000)
/* For the relay to hear of what is later than its time; how often it is asked for that. */
#define AHEAD_WAIT_US (3 * INT64_C(1000000))
#define AHEAD_PING_US (200 * INT64_C(1000))

static const uint8_t *self_key(const Session *session)
{
    return identity_key(session->identity);
}

static void note_time(Session *session, const Event *event)
{
    session->own_last_ms = MAX(session->own_last_ms, event_time_ms(event));
}

/* The time of the newest own event that the log holds of a lane. */
static void note_newest(Session *session, const LogHead *head)
{
    g_autoptr(GArray) newest = log_feed(session->log, self_key(session), head->incarnation,
                                        head->lane, head->seq, 1, NULL);
    if (newest && newest->len > 0)
        note_time(session, g_array_index(newest, LogEntry, 0).event);
}

void session_measure_tail(Session *session)
{
    session->own_last_ms = 0;
    for (unsigned lane = LANE_PUBLIC; lane <= LANE_PRIVATE; lane++) {
        session->tail[lane] =
            log_feed_head(session->log, self_key(session), session->incarnation, (Lane)lane);
        if (session->tail[lane].seq > 0)
            note_newest(session, &session->tail[lane]);
    }
    for (guint i = 0; i < session->outbox->len; i++) {
        const Item *item = session->outbox->pdata[i];
        if (!item->event || event_incarnation(item->event) != session->incarnation)
            continue;
        LogHead *tail = &session->tail[event_lane(item->event)];
        note_time(session, item->event);
        if (event_seq(item->event) <= tail->seq)
            continue;
        tail->seq = event_seq(item->event);
        memcpy(tail->hash, event_hash(item->event), HASH_SIZE);
    }
}

/* Two halves met whose clocks differ. The relay is about to hear of what is held here, and its time
 * goes on from there; what was not signed yet should come after it. */
bool session_is_ahead(const Session *session)
{
    int64_t latest_ms = event_latest_ms(session->output.wall_ms(session->user)); /* of room times */
    return session->phase == PHASE_JOINED && session->now_us < session->phase_us + AHEAD_WAIT_US &&
           MIN(MAX(log_newest_time_ms(session->log), session->own_last_ms), latest_ms) >=
               session_room_time_ms(session, session->now_us) + AHEAD_MS;
}

void session_ask_time(Session *session)
{
    if (session->now_us >= session->ping_us + AHEAD_PING_US)
        session_ping(session);
}

int64_t session_time_deadline(const Session *session)
{
    return session_is_ahead(session)
               ? MIN(session->ping_us + AHEAD_PING_US, session->phase_us + AHEAD_WAIT_US)
               : 0;
}

/* Later than everything it may answer and than everything said before, so that all show it in the
 * order said; unless that would be too far ahead of the room. */
static int64_t sign_time_ms(const Session *session)
{
    int64_t room_ms = session_room_time_ms(session, session->now_us);
    int64_t time_ms = room_ms;
    if (session->own_last_ms < room_ms + AHEAD_MS)
        time_ms = MAX(time_ms, session->own_last_ms + 1);
    if (session->seen_last_ms < room_ms + AHEAD_MS)
        time_ms = MAX(time_ms, session->seen_last_ms + 1);
    return CLAMP(time_ms, TIME_MIN_MS, TIME_MAX_MS);
}

bool session_can_sign(const Session *session, const Item *item)
{
    if (!item->conversation.direct)
        return true;
    const SessionMember *to = session_member(session, item->conversation.id);
    return to && to->has_sealing_key;
}

/* Fills in recipients and sealed content. Transfer full. */
static GBytes *seal_item(const Session *session, const Item *item, EventDraft *draft,
                         const uint8_t **recipients)
{
    const uint8_t *sealing_keys[2];
    const SessionMember *to = session_member(session, item->conversation.id);
    bool self_first = memcmp(self_key(session), to->key, KEY_SIZE) < 0;
    recipients[self_first ? 0 : 1] = self_key(session);
    recipients[self_first ? 1 : 0] = to->key;
    sealing_keys[self_first ? 0 : 1] = keyring_public(session->keyring);
    sealing_keys[self_first ? 1 : 0] = to->sealing_key;
    draft->recipients = recipients;
    draft->recipient_count = 2;
    draft->kind = EVENT_SEALED;
    return seal_content(draft, self_key(session), sealing_keys, item->kind, item->content);
}

gboolean session_sign(Session *session, Item *item, GError **error)
{
    Lane lane = item->conversation.direct ? LANE_PRIVATE : LANE_PUBLIC;
    LogHead *tail = &session->tail[lane];
    const uint8_t *recipients[2];
    EventDraft draft = {.incarnation = session->incarnation,
                        .lane = lane,
                        .seq = tail->seq + 1,
                        .prev = tail->seq > 0 ? tail->hash : NULL,
                        .place = log_place(session->log),
                        .time_ms = sign_time_ms(session),
                        .token = item->token,
                        .kind = item->kind,
                        .room = lane == LANE_PUBLIC ? item->conversation.id : NULL};
    g_autoptr(GBytes) content = lane == LANE_PRIVATE ? seal_item(session, item, &draft, recipients)
                                                     : g_bytes_ref(item->content);
    draft.content = content;
    g_autoptr(Event) event = content ? event_sign(session->identity, &draft) : NULL;
    if (!event) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                            "This message cannot be signed.");
        return FALSE;
    }
    if (!store_outbox_sign(session->store, item->id, event, error))
        return FALSE;
    tail->seq = draft.seq;
    memcpy(tail->hash, event_hash(event), HASH_SIZE);
    session->own_last_ms = draft.time_ms;
    item->event = g_steal_pointer(&event);
    return TRUE;
}

static void unsign(Session *session, Item *item)
{
    store_outbox_unsign(session->store, item->id, NULL);
    g_clear_pointer(&item->event, event_unref);
    item->in_flight = false;
}

void session_unsign_from(Session *session, const Item *first)
{
    Lane lane = event_lane(first->event);
    uint64_t seq = event_seq(first->event);
    store_begin(session->store, NULL);
    for (guint i = 0; i < session->outbox->len; i++) {
        Item *item = session->outbox->pdata[i];
        if (item->event && !item->stored && event_lane(item->event) == lane &&
            event_seq(item->event) >= seq)
            unsign(session, item);
    }
    store_commit(session->store, NULL);
    session_measure_tail(session);
}

void session_new_incarnation(Session *session)
{
    session->incarnation = session_random(session) >> 1;
    session->has_incarnation = true;
    session->gaps = 0;
    store_begin(session->store, NULL);
    store_set_incarnation(session->store, log_place(session->log), session->incarnation, NULL);
    for (guint i = 0; i < session->outbox->len; i++) {
        Item *item = session->outbox->pdata[i];
        if (item->event && !item->stored)
            unsign(session, item);
    }
    g_autoptr(GError) error = NULL;
    if (!store_commit(session->store, &error))
        session_notice(session, "disk", error->message);
    session_measure_tail(session);
}

/* --- repairs --- */

static LogHead relay_head(const Wire__Welcome *welcome, uint64_t incarnation, Lane lane)
{
    LogHead head = {.incarnation = incarnation, .lane = lane};
    for (size_t i = 0; i < welcome->n_own_heads; i++) {
        const Wire__Head *sent = welcome->own_heads[i];
        if (sent->incarnation != incarnation || sent->lane != (uint32_t)lane || sent->seq == 0)
            continue;
        head.seq = sent->seq;
        memcpy(head.hash, sent->hash.data, HASH_SIZE);
    }
    return head;
}

/* The relay holds events of this feed that are not known here (a copy of the disk was put back, a
 * database was lost), or others in their place. */
static bool relay_is_ahead(const Session *session, const Wire__Welcome *welcome)
{
    for (unsigned lane = LANE_PUBLIC; lane <= LANE_PRIVATE; lane++) {
        const LogHead *own = &session->tail[lane];
        LogHead theirs = relay_head(welcome, session->incarnation, (Lane)lane);
        if (theirs.seq > own->seq || (theirs.seq == own->seq && theirs.seq > 0 &&
                                      memcmp(theirs.hash, own->hash, HASH_SIZE) != 0))
            return true;
    }
    return false;
}

void session_repair(Session *session, uint64_t incarnation, Lane lane, uint64_t from)
{
    LogHead head = log_feed_head(session->log, self_key(session), incarnation, lane);
    if (from > head.seq)
        return;
    for (guint i = 0; i < session->repairs->len; i++) {
        Repair *known = &g_array_index(session->repairs, Repair, i);
        if (known->incarnation == incarnation && known->lane == lane) {
            known->next = from;
            return;
        }
    }
    Repair repair = {incarnation, lane, from, head.seq};
    g_array_append_val(session->repairs, repair);
}

void session_check_feeds(Session *session, const Wire__Welcome *welcome)
{
    g_array_set_size(session->repairs, 0);
    session->gaps = 0;
    session_measure_tail(session);
    if (!session->has_incarnation || relay_is_ahead(session, welcome))
        session_new_incarnation(session);
    g_autoptr(GArray) heads = log_heads(session->log, self_key(session));
    for (guint i = 0; heads && i < heads->len; i++) {
        const LogHead *own = &g_array_index(heads, LogHead, i);
        LogHead theirs = relay_head(welcome, own->incarnation, own->lane);
        if (theirs.seq < own->seq)
            session_repair(session, own->incarnation, own->lane, theirs.seq + 1);
    }
}

/* Something in the way: the rest of this feed stays as it is at the relay. */
void session_give_up_repair(Session *session, uint64_t incarnation, Lane lane)
{
    for (guint i = session->repairs->len; i-- > 0;) {
        const Repair *repair = &g_array_index(session->repairs, Repair, i);
        if (repair->incarnation == incarnation && repair->lane == lane)
            g_array_remove_index(session->repairs, i);
    }
    if (incarnation == session->incarnation)
        session_new_incarnation(session);
}

Event *session_next_repair(Session *session)
{
    while (session->repairs->len > 0) {
        Repair *repair = &g_array_index(session->repairs, Repair, 0);
        if (repair->next > repair->last) {
            g_array_remove_index(session->repairs, 0);
            continue;
        }
        g_autoptr(GArray) events = log_feed(session->log, self_key(session), repair->incarnation,
                                            repair->lane, repair->next, 1, NULL);
        const LogEntry *entry =
            events && events->len > 0 ? &g_array_index(events, LogEntry, 0) : NULL;
        if (entry && event_seq(entry->event) == repair->next) {
            repair->next++;
            return event_ref(entry->event);
        }
        session_give_up_repair(session, repair->incarnation, repair->lane);
    }
    return NULL;
}
