/* A link at work: Hello, Welcome, heartbeats, room time, and the small things said between events.
 */
#include "app/session_internal.h"

bool session_send(Session *session, const Wire__Frame *frame)
{
    g_autoptr(GBytes) bytes = frame_build(frame);
    session->sent_us = session->now_us;
    return session->output.send(bytes, session->user);
}

/* --- joining --- */

/* The log that Hello speaks of: of the last relay joined, or the own one. */
static void choose_log(Session *session)
{
    if (!session->log)
        return;
    if (session->current.id != SESSION_SELF) {
        session_load_relay(session);
        const uint8_t *key = session->relay_log_of + PLACE_SIZE;
        session->has_relay_log &= memcmp(key, session->relay_key, KEY_SIZE) == 0;
        return;
    }
    memcpy(session->relay_log, log_id(session->log), PLACE_SIZE);
    memcpy(session->relay_log_of, log_id(session->log), PLACE_SIZE);
    session->has_relay_log = true;
}

void session_hello(Session *session)
{
    const SessionCandidate *to = &session->current;
    choose_log(session);
    bool here = session->log &&
                (!to->has_place || memcmp(to->place, log_place(session->log), PLACE_SIZE) == 0);
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.version = PROTOCOL_VERSION;
    hello.software = (char *)"backfence/" BACKFENCE_VERSION;
    if (to->has_place)
        hello.place = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)to->place};
    if (here && session->has_relay_log) {
        hello.log = (ProtobufCBinaryData){PLACE_SIZE, session->relay_log_of};
        hello.position = session_contiguous(session);
        session_set_mark(session, &hello);
    }
    hello.page = PAGE_MAX;
    if (session->output.serve && session->addresses && session->addresses[0]) {
        hello.app = true;
        hello.addresses = session->addresses;
        hello.n_addresses = MIN(g_strv_length(session->addresses), ADDRESSES_MAX);
    }
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HELLO;
    frame.hello = &hello;
    session_set_phase(session, PHASE_GREETING);
    session->heard_us = session->hello_us = session->now_us;
    session->ping_us = 0;
    session->ping_after_us = PING_AFTER_US;
    session->room_known = false;
    session_send(session, &frame);
}

/* The relay's clock, read `asked_us` … now: its middle is the best guess, and the shortest wait the
 * best measurement. */
static void measure_room_time(Session *session, int64_t room_ms, int64_t asked_us)
{
    int64_t rtt_us = MAX(session->now_us - asked_us, 0);
    int64_t latest_ms = event_latest_ms(session->output.wall_ms(session->user));
    int64_t measured = CLAMP(room_ms, TIME_MIN_MS, latest_ms) + rtt_us / 2000;
    int64_t expected = session_room_time_ms(session, session->now_us);
    bool jumped = ABS(measured - expected) > rtt_us / 1000 + CLOCK_DOUBT_MS;
    if (session->room_known && rtt_us > session->rtt_us && !jumped)
        return;
    session->room_ms = measured;
    session->room_us = session->now_us;
    session->rtt_us = rtt_us;
    session->room_known = true;
}

static void tell_clock(Session *session)
{
    int64_t off_ms =
        session->output.wall_ms(session->user) - session_room_time_ms(session, session->now_us);
    if (session->clock_told || ABS(off_ms) < CLOCK_OFF_MS)
        return;
    session->clock_told = true;
    g_autofree char *text = g_strdup_printf("This computer's clock is %" G_GINT64_FORMAT
                                            " minutes %s; times shown are the room's.",
                                            ABS(off_ms) / 60000, off_ms < 0 ? "slow" : "fast");
    session_notice(session, "clock", text);
}

/* The place that the relay serves is open afterwards. */
static bool enter_place(Session *session, const Wire__Welcome *welcome)
{
    const SessionCandidate *from = &session->current;
    if (from->has_place && memcmp(from->place, welcome->place.data, PLACE_SIZE) != 0) {
        session_drop(session, "Another place is served there.", -1);
        return false;
    }
    if (session->log && memcmp(log_place(session->log), welcome->place.data, PLACE_SIZE) == 0)
        return true;
    g_autoptr(GError) error = NULL;
    session_commit(session);
    if (!session_open_place(session, welcome->place.data, &error)) {
        session_notice(session, "disk", error->message);
        session_drop(session, error->message, DISK_RETRY_US);
        return false;
    }
    session_emit(session, (SessionEvent){.type = SESSION_EVENT_PLACE});
    return true;
}

static void take_limits(Session *session, const Wire__Limits *limits)
{
    session->page_limit = PAGE_MAX;
    session->submit_rate = SUBMIT_RATE;
    session->submit_burst = SUBMIT_BURST;
    if (limits) {
        session->page_limit = CLAMP(limits->page, 1, PAGE_MAX);
        session->submit_rate = CLAMP(limits->submit_rate, 1, 10000);
        session->submit_burst = CLAMP(limits->submit_burst, 1, 10000);
    }
    /* A little less than what is allowed: clocks differ. */
    session->submit_rate *= 0.9;
    session->submit_burst = MAX(session->submit_burst * 0.8, 1);
    session->tokens = session->submit_burst;
    session->tokens_us = session->now_us;
}

/* What counts as news: everything above what was held of this relay's log; of a log never met, what
 * is later than the newest event held. */
static void draw_live_line(Session *session)
{
    uint64_t top = session->covered_top = session_covered_top(session);
    session->live_after = top > 0 ? top : UINT64_MAX;
    session->live_after_ms = top > 0 ? 0 : log_newest_time_ms(session->log);
}

static void welcome(Session *session, const Wire__Welcome *welcome)
{
    if (session->phase != PHASE_GREETING || welcome->version != PROTOCOL_VERSION) {
        session_drop(session, "The relay speaks another version.", AWAY_LOST_US);
        return;
    }
    if (!session_lock_admits(session, welcome) || !enter_place(session, welcome))
        return;
    session->rtt_us = INT64_MAX;
    measure_room_time(session, welcome->room_time_ms, session->hello_us);
    tell_clock(session);
    session_remember_relay(session, welcome->log.data, welcome->place_name);
    session->relay_program = welcome->relay_program;
    take_limits(session, welcome->limits);
    session_tell_history_days(session, welcome->limits ? welcome->limits->history_days : 0);
    session_meet_log(session, welcome->restored);
    if (session->phase == PHASE_GREETING)
        session_adopt_keeper(session, welcome);
    if (session->phase != PHASE_GREETING) /* the disk */
        return;
    session_unbar(session);
    draw_live_line(session);
    session_set_phase(session, PHASE_WELCOMED);
    session_holes_begin(session);
    session->waits_older = false;
    session->may_have_holes = false;
    session->seen_last_ms = log_newest_time_ms(session->log);
    session->fetch_at_us = 0;
    session_roster_begins(session);
    if (!store_outbox_bind(session->store, log_place(session->log), NULL))
        session_notice(session, "disk", "Waiting messages could not be read.");
    session_load_outbox(session);
    session_check_feeds(session, welcome);
}

/* --- between events --- */

static void send_status(Session *session, Wire__Status__What what, const ConversationId *to)
{
    Wire__Status status = WIRE__STATUS__INIT;
    status.what = what;
    if (to && to->direct)
        status.to = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)to->id};
    else if (to)
        status.room = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)to->id};
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_STATUS;
    frame.status = &status;
    session_send(session, &frame);
}

void session_send_away(Session *session)
{
    if (session->phase == PHASE_JOINED)
        send_status(session,
                    session->away ? WIRE__STATUS__WHAT__AWAY_NOW : WIRE__STATUS__WHAT__BACK, NULL);
}

void session_set_away(Session *session, bool away, int64_t now_us)
{
    session_begin(session, now_us);
    if (away != session->away) {
        session->away = away;
        store_set_setting(session->store, SETTING_AWAY, away ? "1" : NULL, NULL);
        session->self->member.presence = away ? MEMBER_AWAY : MEMBER_ONLINE;
        session->self->member.since_ms = session_room_time_ms(session, session->now_us);
        session_send_away(session);
        session_emit(session, (SessionEvent){.type = SESSION_EVENT_MEMBER,
                                             .member = &session->self->member,
                                             .change = away ? MEMBER_WENT_AWAY : MEMBER_BACK});
    }
    session_end(session);
}

void session_typing(Session *session, const ConversationId *conversation, int64_t now_us)
{
    session_begin(session, now_us);
    bool again = session->typing_sent_us > 0 &&
                 conversation_equal(&session->typing_sent, conversation) &&
                 session->now_us < session->typing_sent_us + TYPING_EVERY_US;
    if (session->phase == PHASE_JOINED && !again) {
        session->typing_sent = *conversation;
        session->typing_sent_us = session->now_us;
        send_status(session, WIRE__STATUS__WHAT__TYPING, conversation);
    }
    session_end(session);
}

static void tell_typing(Session *session, const Typing *typing, bool live)
{
    const SessionMember *member = session_member(session, typing->key);
    if (member)
        session_emit(session, (SessionEvent){.type = SESSION_EVENT_TYPING,
                                             .member = member,
                                             .conversation = typing->conversation,
                                             .live = live});
}

static void status(Session *session, const Wire__Status *status)
{
    if (status->what != WIRE__STATUS__WHAT__TYPING || status->from.len != KEY_SIZE ||
        !session_member(session, status->from.data) || session_is_self(session, status->from.data))
        return;
    Typing typing = {.until_us = session->now_us + TYPING_LASTS_US};
    memcpy(typing.key, status->from.data, KEY_SIZE);
    if (status->room.len == PLACE_SIZE) {
        memcpy(typing.conversation.id, status->room.data, PLACE_SIZE);
    } else {
        typing.conversation.direct = true;
        memcpy(typing.conversation.id, typing.key, KEY_SIZE);
    }
    for (guint i = 0; i < session->typings->len; i++) {
        Typing *known = &g_array_index(session->typings, Typing, i);
        if (memcmp(known->key, typing.key, KEY_SIZE) == 0 &&
            conversation_equal(&known->conversation, &typing.conversation)) {
            known->until_us = typing.until_us;
            return;
        }
    }
    if (session->typings->len >= TYPING_MAX)
        return;
    g_array_append_val(session->typings, typing);
    tell_typing(session, &typing, true);
}

/* `conversation` NULL: everywhere. */
void session_stop_typing(Session *session, const uint8_t *key, const ConversationId *conversation)
{
    for (guint i = session->typings->len; i-- > 0;) {
        Typing typing = g_array_index(session->typings, Typing, i);
        if (memcmp(typing.key, key, KEY_SIZE) != 0 ||
            (conversation && !conversation_equal(&typing.conversation, conversation)))
            continue;
        g_array_remove_index_fast(session->typings, i);
        tell_typing(session, &typing, false);
    }
}

void session_expire_typing(Session *session)
{
    for (guint i = session->typings->len; i-- > 0;) {
        Typing typing = g_array_index(session->typings, Typing, i);
        if (typing.until_us > session->now_us)
            continue;
        g_array_remove_index_fast(session->typings, i);
        tell_typing(session, &typing, false);
    }
}

/* --- heartbeat and time --- */

static bool linked(const Session *session)
{
    return session->phase >= PHASE_GREETING && session->phase <= PHASE_JOINED;
}

static int64_t ping_due_us(const Session *session)
{
    int64_t quiet_since = MIN(session->heard_us, session->sent_us);
    return MAX(quiet_since, session->ping_us) + session->ping_after_us;
}

int64_t session_dead_after_us(const Session *session)
{
    return MAX(DEAD_AFTER_US, DEAD_AFTER_PINGS * session->ping_after_us);
}

void session_ping(Session *session)
{
    Wire__Ping ping = WIRE__PING__INIT;
    ping.nonce = ++session->nonce;
    ping.position = session_contiguous(session);
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_PING;
    frame.ping = &ping;
    session->ping_us = session->now_us;
    session_send(session, &frame);
}

void session_doubt_clock(Session *session, int64_t time_ms)
{
    bool asked = session->now_us < session->ping_us + G_USEC_PER_SEC;
    if (session->phase == PHASE_JOINED && !asked &&
        time_ms > session_room_time_ms(session, session->now_us) + CLOCK_DOUBT_MS)
        session_ping(session);
}

static void rotate_keyring(Session *session)
{
    if (session->keyring_us > session->now_us)
        return;
    session->keyring_us = session->now_us + KEYRING_EVERY_US;
    gboolean changed = FALSE;
    if (keyring_rotate(session->keyring, session->output.wall_ms(session->user), &changed, NULL) &&
        changed)
        session_publish_profile(session);
}

/* Whose turn it is lets members in at once, or does not at all. */
static int64_t greeting_us(const Session *session)
{
    bool strict = session->phase == PHASE_GREETING && session_planned(session);
    return strict ? ADMIT_US : GREETING_US;
}

void session_heartbeat(Session *session)
{
    if (!linked(session))
        return;
    if (session->now_us >= session->heard_us + session_dead_after_us(session)) {
        session->loss = LOSS_SILENT;
        session_drop(session, "The relay does not answer any more.", 0);
    } else if (session->phase != PHASE_JOINED) {
        if (session->now_us >= session->phase_us + greeting_us(session))
            session_drop(session, "The relay does not let us in.", -1);
    } else {
        rotate_keyring(session);
        if (session->now_us >= ping_due_us(session))
            session_ping(session);
    }
}

int64_t session_link_deadline(const Session *session)
{
    int64_t deadline = INT64_MAX;
    if (linked(session)) {
        deadline = session->heard_us + session_dead_after_us(session);
        if (session->phase == PHASE_JOINED)
            deadline = MIN(deadline, MIN(ping_due_us(session), session->keyring_us));
        else
            deadline = MIN(deadline, session->phase_us + greeting_us(session));
    }
    if (session->phase == PHASE_JOINED && session->fetch_at_us > 0 && !session->fetching)
        deadline = MIN(deadline, session->fetch_at_us);
    for (guint i = 0; i < session->typings->len; i++)
        deadline = MIN(deadline, g_array_index(session->typings, Typing, i).until_us);
    return deadline;
}

int64_t session_room_time_ms(const Session *session, int64_t now_us)
{
    int64_t room_ms = session->room_us > 0 ? session->room_ms + (now_us - session->room_us) / 1000
                                           : session->output.wall_ms(session->user);
    return CLAMP(room_ms, TIME_MIN_MS, TIME_MAX_MS);
}

int64_t session_room_offset_ms(const Session *session, int64_t now_us)
{
    return session_room_time_ms(session, now_us) - session->output.wall_ms(session->user);
}

static void pong(Session *session, const Wire__Pong *pong)
{
    session->ping_after_us = MAX(PING_AFTER_US, pong->ping_after_ms * INT64_C(1000));
    if (pong->nonce == session->nonce && session->ping_us > 0)
        measure_room_time(session, pong->room_time_ms, session->ping_us);
}

/* --- frames --- */

static void dispatch(Session *session, const Wire__Frame *frame)
{
    if (frame->body_case == WIRE__FRAME__BODY_GOODBYE) {
        session_parted(session, frame->goodbye);
        return;
    }
    if (session->phase == PHASE_GREETING && frame->body_case != WIRE__FRAME__BODY_WELCOME) {
        if (frame->body_case == WIRE__FRAME__BODY_LOCK)
            session_locked(session, frame->lock);
        return;
    }
    switch (frame->body_case) {
    case WIRE__FRAME__BODY_WELCOME:
        welcome(session, frame->welcome);
        break;
    case WIRE__FRAME__BODY_ROSTER:
        session_roster(session, frame->roster);
        break;
    case WIRE__FRAME__BODY_PAGE:
        session_page(session, frame->page);
        break;
    case WIRE__FRAME__BODY_DELIVER:
        session_deliver(session, frame->deliver);
        break;
    case WIRE__FRAME__BODY_HEADS:
    case WIRE__FRAME__BODY_WANT:
    case WIRE__FRAME__BODY_GIVE:
    case WIRE__FRAME__BODY_SETTLED:
        session_exchange_frame(session, frame);
        break;
    case WIRE__FRAME__BODY_RECEIPT:
        session_receipt(session, frame->receipt);
        break;
    case WIRE__FRAME__BODY_STATUS:
        status(session, frame->status);
        break;
    case WIRE__FRAME__BODY_SIGNAL:
        session_signal(session, frame->signal);
        break;
    case WIRE__FRAME__BODY_SUCCESSORS:
        session_successors(session, frame->successors);
        break;
    case WIRE__FRAME__BODY_PONG:
        pong(session, frame->pong);
        break;
    case WIRE__FRAME__BODY_ADVICE:
        session_advice(session, frame->advice);
        break;
    default: /* not for members, or of a newer version */
        break;
    }
}

void session_frame(Session *session, const uint8_t *message, size_t length, int64_t now_us)
{
    session_begin(session, now_us);
    if (linked(session)) {
        session->heard_us = session->now_us;
        const char *why = NULL;
        arena_reset(session->arena);
        const Wire__Frame *frame = frame_parse(session->arena, message, length, &why);
        if (frame)
            dispatch(session, frame);
        else
            session_drop(session, "The relay sent something that makes no sense.", -1);
    }
    session_end(session);
}
