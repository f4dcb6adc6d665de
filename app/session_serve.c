/* Serving the place: when this node begins to, how it is a member of its own hub, and how it ends.
 *
 * The own hub is a relay like any other: the session dials it by loopback, says Hello, submits and
 * reads. When that link is lost the hub serves on, and is dialled again. */
#include "app/session_internal.h"

static bool has_means(const Session *session)
{
    return session->output.serve && session->addresses && session->addresses[0] &&
           session->network_told && session->network.up && session->phase != PHASE_LEFT &&
           !session->barred && !session_lock_waits(session);
}

bool session_can_serve(const Session *session)
{
    return has_means(session) && !session->serving && session->now_us >= session->no_serve_us &&
           session->now_us >= session->quiet_us;
}

bool session_serving(const Session *session)
{
    return session->serving;
}

void session_set_addresses(Session *session, char *const *addresses, int64_t now_us)
{
    session_begin(session, now_us);
    g_strfreev(session->addresses);
    session->addresses = g_strdupv((char **)addresses);
    session_end(session);
}

/* --- beginning --- */

static bool open_place(Session *session, const uint8_t *place)
{
    if (session->log && memcmp(log_place(session->log), place, PLACE_SIZE) == 0)
        return true;
    uint8_t copy[PLACE_SIZE];
    memcpy(copy, place, PLACE_SIZE);
    g_autoptr(GError) error = NULL;
    if (!session_open_place(session, copy, &error)) {
        session_notice(session, "disk", error->message);
        return false;
    }
    session_emit(session, (SessionEvent){.type = SESSION_EVENT_PLACE});
    return true;
}

bool session_serve(Session *session, const uint8_t *place)
{
    if (!session_can_serve(session) || !session_commit(session))
        return false;
    if (session->phase == PHASE_DIALLING)
        session_drop(session, NULL, -1);
    session->no_serve_us = session->now_us + SERVE_RETRY_US; /* unless it works */
    if (!open_place(session, place) || !session_file_own(session, false) ||
        !session->output.serve(session->user))
        return false;
    session->no_serve_us = 0;
    session->serving = true;
    session->moves = 0;
    session->self_failures = 0;
    session->self_try_us = session->now_us;
    session->losses = log_losses(session->log);
    session_forget_plan(session);
    session_probe_all(session);
    session_dial_self(session);
    return true;
}

/* What a person typed or chose has its time first. */
static int64_t wanted_until_us(const Session *session)
{
    int64_t until_us = INT64_MIN;
    for (guint i = 0; i < session->targets->len; i++) {
        const Target *target = &g_array_index(session->targets, Target, i);
        if (!session_wanted(session, &target->seen))
            continue;
        bool chosen = target->seen.id == session->chosen;
        int64_t since_us = MAX(target->since_us, chosen ? session->chosen_us : 0);
        until_us = MAX(until_us, since_us + LOYALTY_US);
    }
    return until_us;
}

void session_serve_alone(Session *session)
{
    bool may = session_can_serve(session) && (session->settled || session->was_joined) &&
               !session_hopes(session) && session->now_us >= wanted_until_us(session);
    if (!may) {
        session->alone_us = 0;
        return;
    }
    if (session->alone_us == 0)
        session->alone_us = session->now_us + session_jitter(session, ALONE_JITTER_US);
    if (session->now_us < session->alone_us)
        return;
    session->alone_us = 0;
    bool stays = session->was_joined && session->log;
    session_serve(session, stays ? log_place(session->log) : session->network.place);
}

/* --- the own hub --- */

void session_dial_self(Session *session)
{
    if (session->phase != PHASE_IDLE || session->now_us < session->self_try_us)
        return;
    SessionCandidate self = {.id = SESSION_SELF, .has_place = true};
    memcpy(self.place, log_place(session->log), PLACE_SIZE);
    session_dial(session, &self);
}

void session_self_failed(Session *session, int64_t wait_us)
{
    if (wait_us < 0)
        wait_us = (TURN_EVERY_US / 2) << MIN(session->self_failures, 6U);
    session->self_try_us = session->now_us + wait_us;
    if (++session->self_failures < SELF_DIALS_MAX)
        return;
    session->no_serve_us = session->now_us + SERVE_RETRY_US;
    session_retire(session, NULL, NULL);
}

/* --- ending --- */

void session_retire(Session *session, const uint8_t *key, char *const *addresses)
{
    if (!session->serving)
        return;
    session->serving = false;
    session->probe.id = 0;
    session->output.retire(key, addresses, session->user);
    session_file_own(session, true); /* the last that the hub stored was not read any more */
}

int64_t session_serve_deadline(const Session *session)
{
    if (session->serving)
        return session->phase == PHASE_IDLE ? session->self_try_us : INT64_MAX;
    if (!has_means(session) || session->phase > PHASE_DIALLING || session_planned(session))
        return INT64_MAX;
    if (session->alone_us > 0)
        return session->alone_us;
    const int64_t waits[] = {session->no_serve_us, session->quiet_us, wanted_until_us(session),
                             session_recall_us(session),
                             session->phase == PHASE_DIALLING ? session->phase_us + ALONE_DIAL_US
                                                              : 0};
    int64_t deadline = INT64_MAX;
    for (size_t i = 0; i < G_N_ELEMENTS(waits); i++)
        if (waits[i] > session->now_us)
            deadline = MIN(deadline, waits[i]);
    return deadline;
}
