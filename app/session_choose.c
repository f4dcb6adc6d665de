/* Which candidate is dialled when. One that failed has a back-off of its own, so all others come
 * before it is tried again. */
#include "app/session.h"
#include "app/session_internal.h"

static Target *find_target(Session *session, uint64_t id)
{
    for (guint i = 0; i < session->targets->len; i++) {
        Target *target = &g_array_index(session->targets, Target, i);
        if (target->seen.id == id)
            return target;
    }
    return NULL;
}

void session_back_off(Session *session, int64_t wait_us)
{
    Target *target = find_target(session, session->current.id);
    if (!target)
        return;
    if (session->phase == PHASE_JOINED && session->now_us >= session->phase_us + LASTED_US)
        target->failures = 0;
    if (wait_us < 0) {
        int64_t span = FIRST_BACK_OFF_US << MIN(target->failures, 6U);
        bool just_lost = session->was_joined && session->now_us < session->lost_us + LOYALTY_US;
        span = MIN(span, just_lost ? RETURN_BACK_OFF_US : MAX_BACK_OFF_US);
        wait_us = span / 2 + session_jitter(session, span);
        target->failures++;
    }
    target->next_try_us = session->now_us + wait_us;
}

void session_put_off(Session *session, uint64_t candidate)
{
    Target *target = find_target(session, candidate);
    if (target)
        target->next_try_us = INT64_MAX;
}

bool session_of_place(const Session *session, const SessionCandidate *candidate)
{
    return candidate->has_place && session->log &&
           memcmp(candidate->place, log_place(session->log), PLACE_SIZE) == 0;
}

/* Used last on this network, as far as anybody knows. */
static bool familiar(const Session *session, const SessionCandidate *candidate)
{
    return candidate->last_here || (session->was_joined && session_of_place(session, candidate));
}

bool session_wanted(const Session *session, const SessionCandidate *candidate)
{
    return candidate->typed || candidate->id == session->chosen;
}

/* While what the person wants, or the place that was lost, may still come, others must wait. */
static bool loyal(const Session *session, const SessionCandidate *candidate)
{
    if (session_wanted(session, candidate))
        return true;
    bool someone_wanted = false;
    for (guint i = 0; i < session->targets->len; i++)
        someone_wanted |= session_wanted(session, &g_array_index(session->targets, Target, i).seen);
    int64_t since = session->was_joined ? session->lost_us : session->started_us;
    if (session->now_us >= since + LOYALTY_US)
        return true;
    return !someone_wanted && (!session->was_joined || session_of_place(session, candidate));
}

/* When this candidate may be tried first, back-off aside. */
static int64_t ready_us(const Session *session, const SessionCandidate *candidate)
{
    if (!loyal(session, candidate))
        return (session->was_joined ? session->lost_us : session->started_us) + LOYALTY_US;
    bool at_once = session_wanted(session, candidate) || candidate->remembered ||
                   candidate->chosen_here || session->settled ||
                   (candidate->relay && familiar(session, candidate));
    return at_once ? INT64_MIN : session->first_seen_us + SETTLE_WAIT_US;
}

/* The rule: typed or chosen, now or earlier; a relay before an app; the place used last on this
 * network; one that is seen now; the lowest key. */
static bool better(const Session *session, const SessionCandidate *a, const SessionCandidate *b)
{
    if ((a->id == session->chosen) != (b->id == session->chosen))
        return a->id == session->chosen;
    if (a->typed != b->typed)
        return a->typed;
    if (a->chosen_here != b->chosen_here)
        return a->chosen_here;
    if (a->relay != b->relay)
        return a->relay;
    if (familiar(session, a) != familiar(session, b))
        return familiar(session, a);
    if (a->remembered != b->remembered)
        return b->remembered;
    if (a->has_key != b->has_key)
        return a->has_key;
    int order = a->has_key ? memcmp(a->key_prefix, b->key_prefix, sizeof a->key_prefix) : 0;
    return order != 0 ? order < 0 : a->id < b->id;
}

bool session_is_own(const Session *session, const SessionCandidate *candidate)
{
    return candidate->has_key && memcmp(candidate->key_prefix, identity_key(session->identity),
                                        sizeof candidate->key_prefix) == 0;
}

/* When this one may be tried. While the timetable after a loss runs, it is followed; but one of the
 * place that is announced since then is taken, once. */
static int64_t try_us(const Session *session, const Target *target)
{
    const SessionCandidate *seen = &target->seen;
    if (session_is_own(session, seen) || session_bars(session, seen) ||
        session_lock_leaves_out(session, seen))
        return INT64_MAX;
    int64_t at = MAX(target->next_try_us, ready_us(session, seen));
    bool fresh = session_of_place(session, seen) && !seen->remembered &&
                 target->since_us > session->lost_us && target->failures == 0;
    if (session_planned(session) && !session_wanted(session, seen) && !fresh)
        return INT64_MAX;
    return at;
}

/* The best to dial now besides the current one; NULL when none may be tried. */
static Target *best_target(Session *session)
{
    Target *best = NULL;
    for (guint i = 0; i < session->targets->len; i++) {
        Target *target = &g_array_index(session->targets, Target, i);
        if (target->seen.id == session->current.id || try_us(session, target) > session->now_us)
            continue;
        if (!best || better(session, &target->seen, &best->seen))
            best = target;
    }
    return best;
}

void session_dial(Session *session, const SessionCandidate *candidate)
{
    session->current = *candidate;
    session->by_turn = false;
    session_set_phase(session, PHASE_DIALLING);
    session_tell_state(session, NULL);
    session->output.dial(candidate->id, session->user);
}

/* A dial that is in the way of a better one is given up. */
static bool gives_way(Session *session, const Target *best)
{
    if (session->phase != PHASE_DIALLING)
        return true;
    bool late = session->now_us >= session->phase_us + DIAL_PATIENCE_US;
    return late || session_planned(session) || better(session, &best->seen, &session->current);
}

void session_dial_best(Session *session)
{
    if (session->phase != PHASE_IDLE && session->phase != PHASE_DIALLING)
        return;
    if (session->serving) {
        session_dial_self(session);
        return;
    }
    if (session->phase == PHASE_DIALLING && session->now_us >= session->phase_us + DIAL_MAX_US)
        session_drop(session, "Nobody answers.", -1);
    const Target *best = best_target(session);
    if (best && gives_way(session, best)) {
        SessionCandidate seen = best->seen;
        if (session->phase == PHASE_DIALLING)
            session_drop(session, NULL, -1);
        session_dial(session, &seen);
        return;
    }
    if (session_planned(session))
        session_take_turns(session);
    else
        session_serve_alone(session);
}

int64_t session_recall_us(const Session *session)
{
    return session->started_us + RECALL_US;
}

/* A dial that is young, or one that was not tried yet and will be. */
bool session_hopes(const Session *session)
{
    bool was_joined = session->was_joined;
    bool late = session->now_us >= session_recall_us(session);
    if (session->phase == PHASE_DIALLING && session->now_us < session->phase_us + ALONE_DIAL_US &&
        !(session->current.remembered && late))
        return true;
    for (guint i = 0; i < session->targets->len; i++) {
        const Target *target = &g_array_index(session->targets, Target, i);
        const SessionCandidate *seen = &target->seen;
        if (target->failures > 0 || seen->id == session->current.id ||
            session_is_own(session, seen) || (seen->remembered && late))
            continue;
        if (!was_joined || session_wanted(session, seen) || session_of_place(session, seen))
            return true;
    }
    return false;
}

static bool seen_something(const Session *session)
{
    for (guint i = 0; i < session->targets->len; i++)
        if (!g_array_index(session->targets, Target, i).seen.remembered)
            return true;
    return false;
}

static bool wants_connect_soon(const Session *session)
{
    return !session->wants_connect_told && session->phase < PHASE_GREETING &&
           !session->was_joined && !seen_something(session) &&
           (!session->network_told || session->network.up);
}

void session_offer_connect(Session *session)
{
    if (!wants_connect_soon(session) || session->now_us < session->started_us + WANTS_CONNECT_US)
        return;
    session->wants_connect_told = true;
    session_emit(session, (SessionEvent){.type = SESSION_EVENT_WANTS_CONNECT});
}

/* Was only remembered, and is announced now: whatever failed before is no reason to wait. */
static bool appeared(const Target *before, const SessionCandidate *now)
{
    return before->seen.remembered && !now->remembered;
}

void session_candidates(Session *session, const SessionCandidate *candidates, size_t count,
                        bool settled, int64_t now_us)
{
    session_begin(session, now_us);
    g_autoptr(GArray) targets = g_array_new(FALSE, FALSE, sizeof(Target));
    bool moved = false;
    for (size_t i = 0; i < count; i++) {
        Target target = {.seen = candidates[i], .since_us = session->now_us};
        const Target *before = find_target(session, candidates[i].id);
        moved |=
            before && before->seen.id == session->current.id && appeared(before, &candidates[i]);
        if (before && !appeared(before, &candidates[i])) {
            target.failures = before->failures;
            target.next_try_us = before->next_try_us;
            target.since_us = before->since_us;
            target.probe_us = before->probe_us;
        }
        g_array_append_val(targets, target);
    }
    g_array_unref(session->targets);
    session->targets = g_steal_pointer(&targets);
    session->settled = settled;
    /* The address that is dialled was from memory; now there is a fresh one. */
    if (moved && session->phase == PHASE_DIALLING)
        session_drop(session, NULL, 0);
    if (!seen_something(session))
        session->first_seen_us = INT64_MAX;
    else if (session->first_seen_us == INT64_MAX)
        session->first_seen_us = session->now_us;
    session_end(session);
}

void session_forgive(Session *session)
{
    for (guint i = 0; i < session->targets->len; i++) {
        Target *target = &g_array_index(session->targets, Target, i);
        target->failures = 0;
        target->next_try_us = session->now_us;
    }
}

void session_choose(Session *session, uint64_t candidate, int64_t now_us)
{
    if (session->serving && candidate == SESSION_SELF)
        return;
    session_begin(session, now_us);
    session_unbar(session);
    session_lock_give_up(session);
    session->chosen = candidate;
    session->chosen_us = session->now_us;
    if (session->phase == PHASE_LEFT)
        session_set_phase(session, PHASE_IDLE);
    if (candidate != session->current.id)
        session_forget_plan(session);
    if (session->serving) {
        session_commit(session);
        session_retire(session, NULL, NULL);
    }
    if (session->current.id != candidate && session->phase != PHASE_IDLE) {
        session_commit(session);
        session_goodbye(session);
        session_set_phase(session, PHASE_IDLE); /* left, not lost */
        session->was_joined = false;
        session_drop(session, NULL, 0);
    }
    if (session->phase != PHASE_JOINED)
        session->was_joined = false;
    session_forgive(session);
    session_end(session);
}

void session_try_now(Session *session, int64_t now_us)
{
    session_begin(session, now_us);
    if (session_may_return(session)) {
        session_unbar(session);
        session_forgive(session);
    }
    session_end(session);
}

int64_t session_dial_deadline(const Session *session)
{
    int64_t deadline =
        wants_connect_soon(session) ? session->started_us + WANTS_CONNECT_US : INT64_MAX;
    if (session->serving || (session->phase != PHASE_IDLE && session->phase != PHASE_DIALLING))
        return deadline;
    if (session->phase == PHASE_DIALLING)
        deadline = MIN(deadline, session->phase_us + DIAL_MAX_US);
    for (guint i = 0; i < session->targets->len; i++) {
        const Target *target = &g_array_index(session->targets, Target, i);
        if (target->seen.id == session->current.id)
            continue;
        int64_t at = try_us(session, target);
        /* One that could be tried now and is not, waits for the patience with the current dial. */
        if (session->phase == PHASE_DIALLING && at <= session->now_us)
            at = session->phase_us + DIAL_PATIENCE_US;
        deadline = MIN(deadline, at);
    }
    return MIN(deadline, session_turns_deadline(session));
}
