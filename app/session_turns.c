/* The timetable after a loss. All members were told the same successors in the same order, so each
 * knows by itself whose turn it is: that one serves, the others dial it until it does, and when it
 * does not for a while the next one has its turn. Who finds nobody serves. */
#include "app/session_internal.h"

bool session_planned(const Session *session)
{
    return session->turn < session->turns->len;
}

void session_forget_plan(Session *session)
{
    g_array_set_size(session->turns, 0);
    session->turn = 0;
}

static void begin_turn(Session *session)
{
    if (!session_planned(session))
        return;
    session->turn_us = session->now_us + g_array_index(session->turns, Turn, session->turn).wait_us;
    session->turn_try_us = session->turn_us;
}

static void add_turn(Session *session, uint64_t id, const uint8_t *key, int64_t wait_us,
                     int64_t lasts_us)
{
    for (guint i = 0; i < session->turns->len; i++)
        if (memcmp(g_array_index(session->turns, Turn, i).key, key, KEY_SIZE) == 0)
            return;
    Turn turn = {.id = id, .wait_us = wait_us, .lasts_us = lasts_us};
    memcpy(turn.key, key, KEY_SIZE);
    g_array_append_val(session->turns, turn);
}

/* This node itself, unless it is new to the place, or one that is known. Those that are distrusted
 * have their turn too when they were linked until now: all members must go through the same list.
 */
static void add(Session *session, const uint8_t *key, int64_t wait_us, int64_t lasts_us)
{
    if (session_is_self(session, key)) {
        if (session->log && session_can_serve(session))
            add_turn(session, SESSION_SELF, key, wait_us, 0);
        return;
    }
    const Node *node = session_node_by_key(session, key);
    if (node && (node->addresses || node->dial_id != node->id))
        add_turn(session, node->id, key, wait_us, lasts_us);
}

static bool lasted(const Session *session)
{
    return session->phase == PHASE_JOINED && session->now_us >= session->phase_us + LASTED_US;
}

void session_plan(Session *session, Loss loss, const uint8_t *named)
{
    session_forget_plan(session);
    const Node *lost = session->phase == PHASE_JOINED ? session_note_lost(session) : NULL;
    if (session_own_fault(session)) { /* it is there; nobody else would do better */
        if (lost)
            add(session, lost->key, 0, RETURN_TURN_US);
        begin_turn(session);
        return;
    }
    /* A link can break without its relay, and silence be on this side. Not all members come back at
     * once. */
    if (loss != LOSS_GONE && lost && lasted(session) && !session_distrusted(session, lost->key))
        add(session, lost->key, session_jitter(session, RETURN_JITTER_US), RETURN_TURN_US);
    if (named && !session_distrusted(session, named))
        add(session, named, 0, MOVED_TURN_US);
    for (guint i = 0; i < session->successors->len; i++) {
        const Turn *next = &g_array_index(session->successors, Turn, i);
        if (!lost || memcmp(next->key, lost->key, KEY_SIZE) != 0)
            add(session, next->key, 0, loss == LOSS_SILENT ? SILENT_TURN_US : TURN_US);
    }
    add(session, identity_key(session->identity), session_jitter(session, LAST_TURN_JITTER_US), 0);
    begin_turn(session);
}

void session_delay_plan(Session *session, int64_t wait_us)
{
    session->turn_us += wait_us;
    session->turn_try_us += wait_us;
}

/* Whose turn has passed without a word: looked for again by the one who serves at last. */
static void next_turn(Session *session)
{
    const Turn *turn = &g_array_index(session->turns, Turn, session->turn);
    Node *node = session_node(session, turn->id);
    if (node) {
        if (turn->lasts_us == MOVED_TURN_US) {
            session_distrust(session, node->key, DISTRUST_SHORT);
            session_be_wary(session);
        }
        node->probed = true;
        node->since_us = session->now_us;
        node->probe_us = session->now_us + PROBE_EVERY_US;
    }
    session->turn++;
    begin_turn(session);
}

static void dial_turn(Session *session, const Turn *turn)
{
    const Node *node = session_node(session, turn->id);
    if (!node) {
        next_turn(session);
        return;
    }
    SessionCandidate candidate = session_node_candidate(session, node);
    session->turn_try_us = session->now_us + TURN_EVERY_US;
    session_dial(session, &candidate);
    session->by_turn = turn->lasts_us == TURN_US || turn->lasts_us == SILENT_TURN_US;
}

/* The one that was lost is tried once: a program that crashed says so at once. */
static bool is_over(const Session *session, const Turn *turn)
{
    bool tried = session->phase == PHASE_IDLE && session->turn_try_us > session->turn_us;
    return (tried && turn->lasts_us == RETURN_TURN_US) ||
           session->now_us >= session->turn_us + turn->lasts_us;
}

void session_take_turns(Session *session)
{
    while (session_planned(session) && session->now_us >= session->turn_us) {
        const Turn *turn = &g_array_index(session->turns, Turn, session->turn);
        if (turn->id == SESSION_SELF) {
            if (session_serve(session, log_place(session->log)))
                return;
            next_turn(session);
        } else if (is_over(session, turn)) {
            if (session->phase == PHASE_DIALLING)
                session_drop(session, NULL, -1);
            next_turn(session);
        } else {
            if (session->phase == PHASE_IDLE && session->now_us >= session->turn_try_us)
                dial_turn(session, turn);
            return;
        }
    }
}

int64_t session_turns_deadline(const Session *session)
{
    if (!session_planned(session) || session->phase > PHASE_DIALLING)
        return INT64_MAX;
    if (session->now_us < session->turn_us)
        return session->turn_us;
    int64_t end_us = session->turn_us + g_array_index(session->turns, Turn, session->turn).lasts_us;
    return session->phase == PHASE_IDLE ? MIN(end_us, session->turn_try_us) : end_us;
}
