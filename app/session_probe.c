/* While serving: looking for nodes of the place that rank before this one (a relay program before
 * an app, then the lowest key), and giving the place over when one answers. They are seen on the
 * network, or carried the place before, or were next in line and did not answer.
 *
 * Two who start at the same moment where no place is known yet may begin two. Who is alone in a
 * place where nothing was said goes to the other one, the higher id first, and what has people or
 * history stays.
 *
 * A node that was given the place and did not take its members in is left alone for longer and
 * longer; and as it may come back under other keys, whoever did not carry the place before has to
 * wait longer and longer, too: nobody can keep a place moving. */
#include "app/session_internal.h"

static bool ranks_before(const Session *session, bool relay, const uint8_t *key, size_t length)
{
    return relay || memcmp(key, identity_key(session->identity), length) < 0;
}

/* Nobody else is here, and nothing was ever said. */
static bool is_island(const Session *session)
{
    if (log_head(session->log) > ISLAND_EVENTS_MAX || session->outbox->len > 0)
        return false;
    g_autoptr(GPtrArray) members = session_members(session);
    for (guint i = 0; i < members->len; i++) {
        const SessionMember *member = members->pdata[i];
        if (member != session_self(session) && member->presence != MEMBER_OFFLINE)
            return false;
    }
    g_autoptr(GPtrArray) conversations = log_conversations(session->log, NULL);
    return conversations && conversations->len == 0;
}

/* When this node would go over to another place that is seen; INT64_MAX: it would not. */
static int64_t yields_us(const Session *session, const Target *target)
{
    const SessionCandidate *seen = &target->seen;
    if (seen->remembered || !seen->has_place || !seen->has_key || session_is_own(session, seen) ||
        session_of_place(session, seen) || !is_island(session))
        return INT64_MAX;
    bool first = seen->relay || memcmp(seen->place, log_place(session->log), PLACE_SIZE) < 0;
    return target->since_us + (first ? 0 : YIELD_US);
}

static bool worth_target(const Session *session, const Target *target)
{
    const SessionCandidate *seen = &target->seen;
    if (session_is_own(session, seen))
        return false;
    if (session_wanted(session, seen) || yields_us(session, target) <= session->now_us)
        return true;
    return session_of_place(session, seen) && seen->has_key && !session_lock_stays(session, seen) &&
           (session_lock_yields(session, seen) ||
            ranks_before(session, seen->relay, seen->key_prefix, sizeof seen->key_prefix));
}

static bool worth_node(const Session *session, const Node *node)
{
    return node->probed && ranks_before(session, node->relay_program, node->key, KEY_SIZE) &&
           (node->addresses || node->dial_id != node->id);
}

/* By key when it is a node, by its start when only that was announced. */
static bool distrusted(const Session *session, const SessionCandidate *candidate)
{
    for (guint i = 0; candidate->has_key && i < session->distrusts->len; i++) {
        const Distrust *distrust = &g_array_index(session->distrusts, Distrust, i);
        if (memcmp(distrust->key, candidate->key_prefix, sizeof candidate->key_prefix) == 0)
            return distrust->until_us > session->now_us;
    }
    return false;
}

static bool probes(const Session *session)
{
    return session->serving && session->phase == PHASE_JOINED;
}

static int64_t interval_us(const Session *session, int64_t since_us)
{
    return session->now_us < since_us + PROBE_OFTEN_US ? PROBE_EVERY_US : PROBE_SELDOM_US;
}

static void dial(Session *session, const SessionCandidate *candidate)
{
    session->probe = *candidate;
    session->probe_since_us = session->now_us;
    session->output.dial(candidate->id, session->user);
}

/* One that is worth a probe. */
typedef struct {
    SessionCandidate candidate;
    int64_t since_us;
    int64_t *probe_us;
} Probe;

/* The one that waits longest, so that many who never answer keep nobody from being seen; one that
 * was never probed goes first. False: there are none. */
static bool first_probe(Session *session, Probe *first)
{
    first->probe_us = NULL;
    for (guint i = 0; i < session->targets->len; i++) {
        Target *target = &g_array_index(session->targets, Target, i);
        if (worth_target(session, target) &&
            (!first->probe_us || target->probe_us < *first->probe_us))
            *first = (Probe){target->seen, target->since_us, &target->probe_us};
    }
    for (guint i = 0; i < session->nodes->len; i++) {
        Node *node = session->nodes->pdata[i];
        if (worth_node(session, node) && (!first->probe_us || node->probe_us < *first->probe_us))
            *first =
                (Probe){session_node_candidate(session, node), node->since_us, &node->probe_us};
    }
    return first->probe_us != NULL;
}

static bool probe_if_due(Session *session)
{
    Probe probe;
    if (!first_probe(session, &probe) || *probe.probe_us > session->now_us)
        return false;
    *probe.probe_us = session->now_us + interval_us(session, probe.since_us);
    if (!distrusted(session, &probe.candidate))
        dial(session, &probe.candidate);
    return true;
}

static int64_t next_probe_us(const Session *session)
{
    return session->probe_since_us + (session->probe.id != 0 ? PROBE_PATIENCE_US : PROBE_PAUSE_US);
}

void session_probe(Session *session)
{
    if (!probes(session))
        return;
    while (session->now_us >= next_probe_us(session) && probe_if_due(session)) {
    }
}

void session_probe_all(Session *session)
{
    for (guint i = 0; i < session->targets->len; i++)
        g_array_index(session->targets, Target, i).probe_us = 0;
    for (guint i = 0; i < session->nodes->len; i++)
        ((Node *)session->nodes->pdata[i])->probe_us = 0;
    session->probe_since_us = session->now_us - PROBE_PAUSE_US;
}

void session_probe_failed(Session *session)
{
    session->probe.id = 0;
}

int64_t session_probe_deadline(const Session *session)
{
    if (!probes(session))
        return INT64_MAX;
    int64_t deadline = INT64_MAX;
    for (guint i = 0; i < session->targets->len; i++) {
        const Target *target = &g_array_index(session->targets, Target, i);
        if (worth_target(session, target))
            deadline = MIN(deadline, target->probe_us);
        else if (target->seen.id != session->probe.id)
            deadline = MIN(deadline, yields_us(session, target));
    }
    for (guint i = 0; i < session->nodes->len; i++) {
        const Node *node = session->nodes->pdata[i];
        if (worth_node(session, node))
            deadline = MIN(deadline, node->probe_us);
    }
    return deadline == INT64_MAX ? INT64_MAX : MAX(deadline, next_probe_us(session));
}

/* --- giving the place over --- */

/* The timetable for the case that it does not let us in; all who were members here have the same.
 */
static void plan_entering(Session *session, const SessionCandidate *to, const uint8_t *key)
{
    Node *node = session_note_node(session, key, NULL, 0);
    if (node && !(to->id & SESSION_NODE))
        node->dial_id = to->id;
    session_plan(session, LOSS_GONE, key);
}

static void give_over(Session *session, const SessionCandidate *to, const uint8_t *key)
{
    const Node *node = session_node(session, to->id);
    bool here = session_of_place(session, to);
    session_commit(session);
    session_retire(session, here ? key : NULL, here && node ? node->addresses : NULL);
    session->lost_us = session->now_us;
    session_begin_calm(session, "The room moves.", 0);
    plan_entering(session, to, key);
    session_unlink(session);
    session->output.hang_up(session->user);
    memcpy(session->relay_key, key, KEY_SIZE);
    session->current = *to;
    session->by_turn = false;
    session_hello(session);
}

void session_probed(Session *session, const uint8_t *key)
{
    SessionCandidate to = session->probe;
    session->probe.id = 0;
    const Node *node = session_node(session, to.id);
    bool right =
        !session_is_self(session, key) && !session_distrusted(session, key) &&
        (!session_is_wary(session, key) || session_wanted(session, &to)) &&
        (!to.has_key || memcmp(to.key_prefix, key, sizeof to.key_prefix) == 0) &&
        (!node || memcmp(node->key, key, KEY_SIZE) == 0) &&
        (session_wanted(session, &to) || (to.has_place && !session_of_place(session, &to)) ||
         session_lock_yields(session, &to) || ranks_before(session, to.relay, key, KEY_SIZE));
    if (probes(session) && right)
        give_over(session, &to, key);
}
