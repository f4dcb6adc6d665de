/* Goodbyes, said and heard. */
#include "app/session_internal.h"

void session_goodbye(Session *session)
{
    if (session->phase < PHASE_GREETING || session->phase > PHASE_JOINED)
        return;
    Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    goodbye.why = WIRE__PARTING__LEAVING;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_GOODBYE;
    frame.goodbye = &goodbye;
    session_send(session, &frame);
}

/* Who carries the place from now on. */
static void note_named(Session *session, const Wire__Goodbye *goodbye)
{
    session->loss =
        goodbye->why == WIRE__PARTING__MOVED || goodbye->why == WIRE__PARTING__SHUTTING_DOWN
            ? LOSS_GONE
            : LOSS_CLOSED;
    session->has_named = session->loss == LOSS_GONE && goodbye->successor.len == KEY_SIZE &&
                         session->current.id != SESSION_SELF;
    if (!session->has_named)
        return;
    memcpy(session->named, goodbye->successor.data, KEY_SIZE);
    if (!session_is_self(session, session->named))
        session->has_named = session_note_node(session, session->named, goodbye->addresses,
                                               goodbye->n_addresses) != NULL;
}

void session_parted(Session *session, const Wire__Goodbye *goodbye)
{
    bool lasted =
        session->phase == PHASE_JOINED && session->now_us >= session->phase_us + LASTED_US;
    int64_t soon = lasted ? 20000 + session_jitter(session, 80000) : -1;
    if (!session_commit(session))
        return;
    note_named(session, goodbye);
    switch (goodbye->why) {
    case WIRE__PARTING__KICKED:
    case WIRE__PARTING__BANNED:
    case WIRE__PARTING__NOT_ADMITTED:
        session_bar(session, goodbye);
        break;
    case WIRE__PARTING__WRONG_VERSION:
        session_drop(session, "The relay speaks another version; one of the two must be updated.",
                     AWAY_LOST_US);
        break;
    case WIRE__PARTING__WRONG_PLACE:
        session_drop(session, "Another place is served there.", -1);
        break;
    case WIRE__PARTING__REPLACED:
        session_notice(session, "replaced", "This device's key is in use by another program.");
        session_drop(session, "This device's key is in use by another program.", MAX_BACK_OFF_US);
        break;
    case WIRE__PARTING__FULL:
        session_drop(session, "The place is full.", MAX_BACK_OFF_US);
        break;
    case WIRE__PARTING__TOO_FAST:
    case WIRE__PARTING__BAD_FRAME:
        session_drop(session, "The relay ended the link.", -1);
        break;
    case WIRE__PARTING__SHUTTING_DOWN:
        session_drop(session, "The relay is shutting down.", soon);
        break;
    case WIRE__PARTING__MOVED:
        session_drop(session, "The room moves.", soon);
        break;
    case WIRE__PARTING__LOCKED:
        session_lock_parted(session, goodbye);
        break;
    default:
        session_drop(session, "The relay ended the link.", soon);
    }
}
