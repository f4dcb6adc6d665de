/* What comes from the relay's log: checked as if a stranger sent it, appended to the own log, told
 * after the commit. Ranges of positions that are held are recorded with it; what is missing is
 * fetched in the background, newest first. */
#include "app/session_internal.h"
#include "relay/seal.h"

#define RECENT_MS (5 * 60 * INT64_C(1000)) /* older deliveries are history */

void arrival_clear(gpointer data)
{
    Arrival *arrival = data;
    event_unref(arrival->event);
    g_clear_pointer(&arrival->opened, g_bytes_unref);
}

static bool linked(const Session *session)
{
    return session->phase == PHASE_WELCOMED || session->phase == PHASE_JOINED;
}

/* --- what is held --- */

uint64_t session_contiguous(Session *session)
{
    if (!session->log || !session->has_relay_log)
        return 0;
    g_autoptr(GArray) ranges = log_covered(session->log, session->relay_log);
    if (!ranges || ranges->len == 0)
        return 0;
    const LogRange *first = &g_array_index(ranges, LogRange, 0);
    return first->after == 0 ? first->through : 0;
}

uint64_t session_covered_top(Session *session)
{
    g_autoptr(GArray) ranges = session->log ? log_covered(session->log, session->relay_log) : NULL;
    return ranges && ranges->len > 0 ? g_array_index(ranges, LogRange, ranges->len - 1).through : 0;
}

bool session_has_holes(const Session *session)
{
    return session->fetching || session->may_have_holes;
}

static void cover(Session *session, uint64_t after, uint64_t through)
{
    g_autoptr(GError) error = NULL;
    if (through > after && !log_cover(session->log, session->relay_log, after, through, &error))
        session_disk_failed(session, error);
    else
        session->covered_top = MAX(session->covered_top, through);
}

/* --- one event --- */

/* The direct that a private event belongs to; false for groups, which this version does not know.
 */
static bool file_private(const Session *session, const Event *event, ConversationId *conversation)
{
    size_t count = event_recipient_count(event);
    if (count > 2)
        return false;
    const uint8_t *other = event_author(event);
    for (size_t i = 0; i < count && session_is_self(session, other); i++)
        other = event_recipient(event, i);
    conversation->direct = true;
    memcpy(conversation->id, other, KEY_SIZE);
    return true;
}

void session_file_arrival(const Session *session, Arrival *arrival)
{
    if (event_lane(arrival->event) == LANE_PRIVATE) {
        arrival->filed = file_private(session, arrival->event, &arrival->conversation);
        if (event_kind(arrival->event) == EVENT_SEALED)
            seal_open(session->keyring, arrival->event, identity_key(session->identity),
                      &arrival->opened_kind, &arrival->opened);
    } else if (event_kind(arrival->event) != EVENT_PROFILE) {
        arrival->filed = true;
        memcpy(arrival->conversation.id, event_room(arrival->event), PLACE_SIZE);
    }
}

static void tell_fork(Session *session, const Event *event)
{
    if (session->fork_told)
        return;
    session->fork_told = true;
    const SessionMember *author = session_member(session, event_author(event));
    g_autofree char *text =
        g_strdup_printf("%s has signed two different things as one: that device's key is misused, "
                        "or it was restored from a copy. Both are kept as proof.",
                        author ? author->shown : "Somebody");
    session_notice(session, "fork", text);
}

/* An own event that nobody here remembers: this node was put back to an earlier state, and others
 * know more of its feed than it does. */
static void mind_own(Session *session, const Event *event)
{
    if (session->has_incarnation && session_is_self(session, event_author(event)) &&
        event_incarnation(event) == session->incarnation)
        session_new_incarnation(session);
}

static void arrived(Session *session, Arrival *arrival)
{
    session->seen_last_ms = MAX(session->seen_last_ms, event_time_ms(arrival->event));
    session_doubt_clock(session, event_time_ms(arrival->event));
    g_array_append_val(session->arrivals, *arrival);
}

/* The own hub stored it, here or in an earlier run, and nobody filed it. */
static void file_stored(Session *session, Arrival *arrival, GBytes *conversation, uint64_t position)
{
    g_autoptr(GError) error = NULL;
    if (session_covers(session, log_id(session->log), position)) {
        arrival_clear(arrival);
    } else if (log_file(session->log, position, conversation, arrival->opened_kind, arrival->opened,
                        &error)) {
        arrived(session, arrival);
    } else {
        session_disk_failed(session, error);
        arrival_clear(arrival);
    }
}

static void append(Session *session, Arrival *arrival)
{
    g_autoptr(GBytes) conversation =
        arrival->filed ? conversation_bytes(&arrival->conversation) : NULL;
    g_autoptr(GError) error = NULL;
    uint64_t position = 0;
    if (session_reads_own(session)) {
        file_stored(session, arrival, conversation, arrival->position);
        return;
    }
    switch (log_append(session->log, arrival->event, LOG_RULE_SET, arrival->position, conversation,
                       arrival->opened_kind, arrival->opened, &position, &error)) {
    case LOG_FORKED:
        tell_fork(session, arrival->event);
        mind_own(session, arrival->event);
        arrived(session, arrival);
        return;
    case LOG_APPENDED:
        mind_own(session, arrival->event);
        arrived(session, arrival);
        return;
    case LOG_KNOWN:
        if (position <= log_head(session->log)) {
            file_stored(session, arrival, conversation, position);
            return;
        }
        break;
    case LOG_FORK:
        tell_fork(session, arrival->event);
        break;
    case LOG_FAILED:
        session_disk_failed(session, error);
        break;
    case LOG_GAP:
        break;
    }
    arrival_clear(arrival);
}

static bool is_news(const Session *session, const Event *event, uint64_t position)
{
    if (position > session->live_after)
        return true;
    return session->live_after_ms > 0 && event_time_ms(event) > session->live_after_ms;
}

/* NULL when it is not valid. */
static Event *open_event(Session *session, const Wire__SignedEvent *sent)
{
    Event *event = event_open(sent->body.data, sent->body.len, sent->signature.data,
                              sent->signature.len, log_place(session->log), NULL);
    if (!event && !session->bad_event_told) {
        session->bad_event_told = true;
        session_notice(session, "bad-event",
                       "The relay sent something that is not valid; it was left out.");
    }
    return event;
}

/* As of hubs (relay/hub_exchange.c): nobody may write into a time that no clock explains. */
static bool is_too_late(const Session *session, const Event *event)
{
    return event_is_too_late(event, session->output.wall_ms(session->user),
                             session_room_time_ms(session, session->now_us));
}

static void receive_event(Session *session, Event *event, uint64_t position, bool live)
{
    if (session_is_self(session, event_author(event)) && session_own_seen(session, event, position))
        return;
    Arrival arrival = {.event = event_ref(event), .position = position, .live = live};
    session_file_arrival(session, &arrival);
    append(session, &arrival);
}

/* What is delivered was said now, unless it was gathered from a log that others carried. */
static bool is_recent(const Session *session, const Event *event)
{
    return event_time_ms(event) >= session_room_time_ms(session, session->now_us) - RECENT_MS;
}

static void receive(Session *session, const Wire__Entry *entry, bool delivered)
{
    g_autoptr(Event) event = open_event(session, entry->event);
    if (!event || !event_concerns(event, identity_key(session->identity)) ||
        is_too_late(session, event))
        return;
    session_note_read(session, event, entry->position);
    receive_event(session, event, entry->position,
                  delivered ? is_recent(session, event) : is_news(session, event, entry->position));
}

/* Kept for its readers, who are others. */
static void keep(Session *session, const Event *event)
{
    g_autoptr(GError) error = NULL;
    uint64_t position = 0;
    if (log_append(session->log, event, LOG_RULE_SET, 0, NULL, 0, NULL, &position, &error) ==
        LOG_FAILED)
        session_disk_failed(session, error);
}

void session_take(Session *session, const Wire__SignedEvent *sent)
{
    g_autoptr(Event) event = open_event(session, sent);
    if (!event || is_too_late(session, event))
        return;
    if (event_concerns(event, identity_key(session->identity)))
        receive_event(session, event, 0, is_recent(session, event));
    else
        keep(session, event);
}

static void receive_all(Session *session, Wire__Entry **entries, size_t count, bool live)
{
    for (size_t i = 0; i < count && linked(session); i++)
        receive(session, entries[i], live);
}

/* --- pages and deliveries --- */

static void fetched(Session *session, const Wire__Page *page)
{
    session->fetching = false;
    if (page->retry_ms > 0) {
        session->fetch_at_us = session->now_us + MIN(page->retry_ms, 60000U) * INT64_C(1000);
        return;
    }
    bool answers = page->through + 1 == session->fetch_before &&
                   page->after >= session->fetch_after && page->after < page->through;
    if (!answers) {
        session->may_have_holes = false; /* asking again would not help on this link */
        return;
    }
    receive_all(session, page->entries, page->n_entries, false);
    if (linked(session))
        cover(session, page->after, page->through);
}

void session_page(Session *session, const Wire__Page *page)
{
    if (page->request == 0 && session->phase == PHASE_WELCOMED && !session->first_page) {
        receive_all(session, page->entries, page->n_entries, false);
        if (linked(session))
            cover(session, page->after, page->through);
        session->live_after = MIN(session->live_after, page->through);
        session->first_page = linked(session);
        session->may_have_holes = true;
    } else if (page->request == session->request && session->fetching) {
        fetched(session, page);
    }
}

void session_deliver(Session *session, const Wire__Deliver *deliver)
{
    if (!linked(session))
        return;
    if (deliver->after > session->covered_top)
        session->may_have_holes = true;
    if (deliver->after == deliver->through)
        session_hinted(session, deliver->through);
    receive_all(session, deliver->entries, deliver->n_entries, true);
    if (linked(session))
        cover(session, deliver->after, deliver->through);
}

/* --- after the commit --- */

void session_disk_failed(Session *session, const GError *error)
{
    g_array_set_size(session->arrivals, 0);
    session->acts_lost = true;
    session_unstore_items(session);
    session->first_page = false;
    session->disk_us = session->now_us;
    bool full = g_error_matches(error, LOG_ERROR, LOG_ERROR_FULL);
    const char *text =
        full ? "The disk is full: nothing new can be kept until there is room." : error->message;
    session_notice(session, full ? "disk-full" : "disk", text);
    if (session->phase >= PHASE_GREETING && session->phase <= PHASE_JOINED)
        session_drop(session, text, DISK_RETRY_US);
}

bool session_first_showing(Session *session, const Event *event)
{
    GBytes *key = event_said(event);
    if (!session->shown)
        session->shown =
            g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    if (g_hash_table_size(session->shown) >= SHOWN_MAX)
        g_hash_table_remove_all(session->shown);
    return g_hash_table_add(session->shown, key);
}

void session_tell_arrival(Session *session, const Arrival *arrival)
{
    const Event *event = arrival->event;
    if (event_kind(event) == EVENT_PROFILE && event_lane(event) == LANE_PUBLIC) {
        session_set_profile(session, event, true);
        return;
    }
    if (!session_is_relay_program(session, event_author(event)))
        session_hear_of(session, event_author(event));
    if (session_hides(session, event)) {
        session_keep_unsure(session, arrival);
        return;
    }
    if (!arrival->filed || !session_first_showing(session, event))
        return;
    if (arrival->live)
        session_stop_typing(session, event_author(event), &arrival->conversation);
    SessionMessage message;
    g_auto(Held) held = {0};
    session_describe(session, event, arrival->opened_kind, arrival->opened, &arrival->conversation,
                     arrival->position, &message, &held);
    session_emit(session, (SessionEvent){.type = SESSION_EVENT_MESSAGE,
                                         .message = &message,
                                         .member = session_member(session, event_author(event)),
                                         .conversation = arrival->conversation,
                                         .live = arrival->live});
}

static void tell_joined(Session *session)
{
    session->first_page = false;
    session_set_phase(session, PHASE_JOINED);
    session->was_joined = true;
    session->self_failures = 0;
    session->alone_us = 0;
    session_forget_plan(session);
    session_carried(session);
    session_publish_profile(session);
    if (session->away)
        session_send_away(session);
    session_tell_state(session, "");
    session_emit(session, (SessionEvent){.type = SESSION_EVENT_JOINED});
    session_early_notes(session);
    session_begin_exchange(session);
}

static void tell_older(Session *session, const GArray *arrivals)
{
    if (!session->waits_older)
        return;
    bool found = !session_has_holes(session);
    for (guint i = 0; i < arrivals->len && !found; i++) {
        const Arrival *arrival = &g_array_index(arrivals, Arrival, i);
        found = arrival->filed && conversation_equal(&arrival->conversation, &session->older);
    }
    if (!found)
        return;
    session->waits_older = false;
    session_emit(session,
                 (SessionEvent){.type = SESSION_EVENT_HISTORY, .conversation = session->older});
}

/* The own hub's transaction is the session's too, and it failed or was rolled back. Nothing is lost
 * for good: what was read is read again, what was sent is in the outbox. False: something of the
 * session was in it. */
static bool commit_was_lost(Session *session)
{
    session->losses = log_losses(session->log);
    bool ours = session->arrivals->len > 0;
    for (guint i = 0; i < session->outbox->len; i++)
        ours |= ((const Item *)session->outbox->pdata[i])->stored;
    if (!ours)
        return true;
    g_autoptr(GError) error = g_error_new_literal(LOG_ERROR, LOG_ERROR_IO,
                                                  "The disk did not take what came; trying again.");
    session_disk_failed(session, error);
    return false;
}

bool session_commit(Session *session)
{
    if (!session->log)
        return true;
    g_autoptr(GError) error = NULL;
    if (log_losses(session->log) != session->losses && !commit_was_lost(session))
        return false;
    session_cover_own(session);
    session_remember_other(session);
    if (log_changed(session->log) && !log_commit(session->log, &error)) {
        session_disk_failed(session, error);
        return false;
    }
    bool rules_changed = session_count_acts(session);
    session_stored_items(session);
    g_autoptr(GArray) arrivals = g_steal_pointer(&session->arrivals);
    session->arrivals = g_array_new(FALSE, FALSE, sizeof(Arrival));
    g_array_set_clear_func(session->arrivals, arrival_clear);
    for (guint i = 0; i < arrivals->len; i++)
        session_tell_arrival(session, &g_array_index(arrivals, Arrival, i));
    session_acts_told(session, arrivals, rules_changed);
    if (session->first_page && session->phase == PHASE_WELCOMED)
        tell_joined(session);
    tell_older(session, arrivals);
    return true;
}

void session_load_older(Session *session, const ConversationId *conversation, int64_t now_us)
{
    session_begin(session, now_us);
    session->older = *conversation;
    session->waits_older = session->phase == PHASE_JOINED && session_has_holes(session);
    if (!session->waits_older)
        session_emit(session,
                     (SessionEvent){.type = SESSION_EVENT_HISTORY, .conversation = *conversation});
    session_end(session);
}

bool session_may_have_older(const Session *session, const ConversationId *conversation)
{
    return session->phase == PHASE_JOINED && session_has_holes(session);
}
