/* Which network this machine is on, and what follows when that changes or the machine slept.
 *
 * Another network is another place. A network that is gone, or cannot be told for a moment, may be
 * the same when it is back; and a link that lives is proof enough that it was not left. */
#include "app/session_internal.h"

#define NO_NETWORK_US (2 * INT64_C(1000000)) /* before that is said to who was not joined */
#define LOOK_US (1500 * INT64_C(1000))       /* around, before serving on another network */

static bool linked(const Session *session)
{
    return session->phase >= PHASE_GREETING && session->phase <= PHASE_JOINED;
}

static bool others_here(const Session *session)
{
    if (linked(session) && session->current.id != SESSION_SELF)
        return true;
    GHashTableIter iter;
    void *value = NULL;
    for (g_hash_table_iter_init(&iter, session->members);
         g_hash_table_iter_next(&iter, NULL, &value);) {
        const Known *known = value;
        if (known != session->self && known->member.presence != MEMBER_OFFLINE &&
            known->grace_us == 0)
            return session->serving;
    }
    return false;
}

void session_leave_place(Session *session, const char *why)
{
    session_commit(session);
    session_forget_plan(session);
    session_retire(session, NULL, NULL);
    bool busy = session->phase >= PHASE_DIALLING && session->phase <= PHASE_JOINED;
    session_goodbye(session);
    session->was_joined = false;
    if (session->phase == PHASE_LEFT)
        return;
    session_set_phase(session, PHASE_IDLE);
    if (busy)
        session_drop(session, why, 0);
    session_forget_nodes(session);
    session->has_carrier = false;
    session->alone_us = 0;
    session_tell_state(session, why);
}

static void leave_network(Session *session)
{
    session_leave_place(session, "");
    session_unbar(session);
    session_lock_give_up(session);
    session->chosen = 0;
    session->started_us = session->now_us;
    session->wants_connect_told = false;
    session->no_serve_us = session->now_us + LOOK_US;
    session_forgive(session);
}

static bool is_other(const Session *session, const SessionNetwork *now)
{
    const SessionNetwork *before = &session->network;
    if (now->known && session->has_network_id)
        return memcmp(now->id, session->network_id, PLACE_SIZE) != 0;
    bool moved = memcmp(now->place, before->place, PLACE_SIZE) != 0;
    bool both_unknown = !now->known && !session->has_network_id && now->up;
    /* Found out now, and alone so far: what was begun here was begun in the wrong place. */
    bool found_out = now->known && session->serving && !others_here(session);
    return moved && (both_unknown || found_out);
}

void session_network(Session *session, const SessionNetwork *network, int64_t now_us)
{
    session_begin(session, now_us);
    bool other = session->network_told && is_other(session, network);
    bool back = session->network_told && !session->network.up && network->up;
    bool sure = network->up && (network->known || !session->has_network_id);
    session->network = *network;
    session->network_told = true;
    if (network->known) {
        memcpy(session->network_id, network->id, PLACE_SIZE);
        session->has_network_id = true;
    }
    if (other) {
        leave_network(session);
    } else if (back || (sure && session->doubt_us != INT64_MAX)) {
        session_forgive(session);
        session_probe_all(session);
        if (back && session->phase == PHASE_DIALLING) /* into the void */
            session_drop(session, NULL, 0);
    }
    int64_t patience_us = network->up || session->was_joined ? BOUNCE_US : NO_NETWORK_US;
    session->doubt_us =
        sure || other ? INT64_MAX : MIN(session->doubt_us, session->now_us + patience_us);
    session_end(session);
}

bool session_no_network(const Session *session)
{
    return session->network_told && !session->network.up && !linked(session) &&
           !session_is_calm(session);
}

void session_mind_network(Session *session)
{
    if (session->now_us < session->doubt_us)
        return;
    session->doubt_us = INT64_MAX;
    if (!session->network.up && session->current.id == SESSION_SELF)
        session_leave_place(session, NO_NETWORK);
    else if (!session->network.up && !linked(session))
        session_leave_place(session, NO_NETWORK);
    else if (session->network.up && !others_here(session))
        leave_network(session);
}

void session_mind_sleep(Session *session, int64_t now_us)
{
    int64_t due_us = session_deadline(session);
    int64_t wall_ms = session->output.wall_ms(session->user);
    bool late = due_us != INT64_MAX && now_us > MAX(due_us, session->now_us) + LATE_US;
    /* The steady clock stands still while the machine sleeps. */
    bool jumped = session->wall_us > 0 &&
                  wall_ms - session->wall_ms > (now_us - session->wall_us + LATE_US) / 1000;
    session->wall_ms = wall_ms;
    session->wall_us = now_us;
    if (!late && !jumped)
        return;
    session->now_us = MAX(session->now_us, now_us);
    session_forgive(session);
    session_probe_all(session);
    if (!linked(session))
        return;
    session->heard_us = session->now_us - session_dead_after_us(session) + WAKING_US;
    if (session->phase == PHASE_JOINED)
        session_ping(session);
}
