/* Catching up with the relay's log: what was not told to it yet is offered after joining, and what
 * is remembered of each log met is kept up to date with the commits.
 *
 * The own hub's log is the session's own: there is nothing to compare. */
#include "app/session_internal.h"

/* --- what is remembered of the relay's log --- */

void session_meet_log(Session *session, bool restored)
{
    g_autoptr(GError) error = NULL;
    session->other = (LogOther){0};
    session->other_changed = false;
    if (session_reads_own(session))
        return;
    if (log_pending(session->log) > 0)
        session_commit(session); /* it did not come from this relay */
    if (restored && !log_forget_other(session->log, session->relay_log, &error))
        session_disk_failed(session, error);
    else
        session->other = log_other(session->log, session->relay_log);
}

void session_note_read(Session *session, const Event *event, uint64_t position)
{
    if (position <= session->other.mark_position || session_reads_own(session))
        return;
    session->other.mark_position = position;
    memcpy(session->other.mark, event_hash(event), HASH_SIZE);
    session->other_changed = true;
}

/* What comes while linked comes from this relay, or was stored there: when it knew everything
 * before, it does now. */
void session_remember_other(Session *session)
{
    bool met = session->phase == PHASE_WELCOMED || session->phase == PHASE_JOINED;
    if (!met || session->serving)
        return;
    uint64_t head = log_head(session->log), pending = log_pending(session->log);
    if (pending > 0 && session->other.told == head) {
        session->other.told = head + pending;
        session->other_changed = true;
    }
    if (session->other_changed)
        log_set_other(session->log, session->relay_log, &session->other, NULL);
    session->other_changed = false;
}

/* What stands above the mark was directs between others. If that log was put back since, something
 * else may stand there now, and nothing would tell: it is read again, which costs nothing. */
void session_set_mark(Session *session, Wire__Hello *hello)
{
    if (session->current.id == SESSION_SELF)
        return;
    session->other = log_other(session->log, session->relay_log);
    if (session->other.mark_position == 0)
        return;
    hello->position = MIN(hello->position, session->other.mark_position);
    hello->mark_position = session->other.mark_position;
    hello->mark = (ProtobufCBinaryData){HASH_SIZE, session->other.mark};
}

/* --- the Exchange of this link --- */

static bool send_frame(GBytes *frame, void *user)
{
    Session *session = user;
    if (session->exchange_over)
        return false;
    session->sent_us = session->now_us;
    return session->output.send(frame, session->user);
}

static void named(uint64_t position, void *user)
{
    session_holes_named(user, position);
}

static void complete(uint64_t position, void *user)
{
    session_holes_compared(user, position);
}

static void settled(uint64_t position, void *user)
{
    Session *session = user;
    if (position <= session->other.told)
        return;
    session->other.told = position;
    session->other_changed = true;
}

void session_begin_exchange(Session *session)
{
    static const ExchangeOutput output = {
        .send = send_frame, .named = named, .complete = complete, .settled = settled};
    session_end_exchange(session);
    if (session_reads_own(session))
        return;
    ExchangeConfig config = {.owner = identity_key(session->identity),
                             .other = session->relay_key,
                             .takes_private = session->output.serve != NULL && session->addresses,
                             .gives_private = true};
    session->exchange = exchange_new(session->log, &config, &output, session);
    session->exchange_over = false;
    session_offer_heads(session);
}

void session_offer_heads(Session *session)
{
    if (session->exchange && session->other.told < log_head(session->log))
        exchange_offer(session->exchange, session->other.told, session->now_us);
}

/* From inside of it, it is freed when the call returns. */
void session_end_exchange(Session *session)
{
    session->exchange_over = true;
    if (!session->in_exchange)
        g_clear_pointer(&session->exchange, exchange_free);
}

static void leave_exchange(Session *session, bool good)
{
    session->in_exchange = false;
    if (session->exchange_over)
        g_clear_pointer(&session->exchange, exchange_free);
    else if (!good)
        session_drop(session, "The relay sent something that makes no sense.", -1);
}

static void take(const Wire__SignedEvent *sent, void *user)
{
    Session *session = user;
    if (!session->exchange_over)
        session_take(session, sent);
}

void session_exchange_frame(Session *session, const Wire__Frame *frame)
{
    bool good = true;
    if (!session->exchange)
        return;
    session->in_exchange = true;
    switch (frame->body_case) {
    case WIRE__FRAME__BODY_HEADS:
        good = exchange_heads(session->exchange, frame->heads, session->now_us);
        break;
    case WIRE__FRAME__BODY_WANT:
        good = exchange_want(session->exchange, frame->want, session->now_us);
        break;
    case WIRE__FRAME__BODY_GIVE:
        good = exchange_give(session->exchange, frame->give, take, session->now_us);
        break;
    case WIRE__FRAME__BODY_SETTLED:
        exchange_is_settled(session->exchange, frame->settled);
        break;
    default:
        break;
    }
    leave_exchange(session, good);
}

void session_go_on_exchanging(Session *session)
{
    if (!session->exchange)
        return;
    session->in_exchange = true;
    exchange_continue(session->exchange, session_holes_weighed(session), session->now_us);
    leave_exchange(session, true);
    session_holes_tried(session);
}

int64_t session_exchange_deadline(const Session *session)
{
    return session->exchange ? exchange_deadline(session->exchange) : INT64_MAX;
}
