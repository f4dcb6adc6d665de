/* Being calm about moves: who was joined stays so for faces while the next node is found, and that
 * another one carries the room is told when it lasts. */
#include "app/session_internal.h"

void session_begin_calm(Session *session, const char *why, int64_t wait_us)
{
    session->calm_us = session->now_us + (wait_us > CALM_US ? 0 : CALM_US);
    g_free(session->calm_why);
    session->calm_why = g_strdup(why ? why : "");
}

bool session_is_calm(const Session *session)
{
    return session->was_joined && session->phase != PHASE_JOINED && session->phase != PHASE_LEFT &&
           session->now_us < session->calm_us;
}

void session_carried(Session *session)
{
    bool same = session->has_carrier && memcmp(session->carrier, session->relay_key, KEY_SIZE) == 0;
    session->moved_us = same ? INT64_MAX : session->now_us + MOVED_LASTS_US;
}

static void tell(Session *session)
{
    const SessionMember *member =
        session->relay_program ? NULL : session_member(session, session->relay_key);
    g_autofree char *text = NULL;
    if (session_is_self(session, session->relay_key))
        text = g_strdup("This computer carries the room now.");
    else if (member)
        text = g_strdup_printf("The room moved to %s's computer.", member->shown);
    else
        text = g_strdup(session->relay_program ? "The room moved to the relay."
                                               : "The room moved to another computer.");
    session_emit(session,
                 (SessionEvent){.type = SESSION_EVENT_MOVED, .text = text, .member = member});
}

void session_tell_moved(Session *session)
{
    if (session->phase != PHASE_JOINED || session->now_us < session->moved_us)
        return;
    session->moved_us = INT64_MAX;
    bool first = !session->has_carrier;
    memcpy(session->carrier, session->relay_key, KEY_SIZE);
    session->has_carrier = true;
    if (!first)
        tell(session);
}

int64_t session_moved_deadline(const Session *session)
{
    if (session->phase == PHASE_JOINED)
        return session->moved_us;
    return session_is_calm(session) ? session->calm_us : INT64_MAX;
}

int64_t session_lost_us(const Session *session)
{
    return session->lost_us;
}

const uint8_t *session_relay_key(const Session *session)
{
    return session->phase == PHASE_JOINED ? session->relay_key : NULL;
}
