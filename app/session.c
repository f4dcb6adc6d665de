/* States, and which candidate is tried when.
 *
 * Every entry point of the core begins with session_begin() and ends with session_end(), which does
 * what has become due: dial the best candidate that may be tried, submit from the outbox, fetch
 * holes. A candidate that failed has a back-off of its own, so all others come before it is tried
 * again. */
#include "app/session.h"

#include "app/session_internal.h"

const char *session_state_name(SessionState state)
{
    static const char *const names[] = {"searching", "joining", "joined", "lost"};
    return names[state];
}

/* --- helpers for all files --- */

void session_emit(Session *session, SessionEvent event)
{
    session->output.event(&event, session->user);
}

void session_notice(Session *session, const char *code, const char *text)
{
    session_emit(session, (SessionEvent){.type = SESSION_EVENT_NOTICE, .code = code, .text = text});
}

uint64_t session_random(Session *session)
{
    uint64_t number = 0;
    session->output.random(&number, sizeof number, session->user);
    return number;
}

int64_t session_jitter(Session *session, int64_t span)
{
    return span > 0 ? (int64_t)(session_random(session) % (uint64_t)span) : 0;
}

bool session_is_self(const Session *session, const uint8_t *key)
{
    return memcmp(identity_key(session->identity), key, KEY_SIZE) == 0;
}

/* --- state --- */

SessionState session_state(const Session *session)
{
    if (session->phase == PHASE_JOINED)
        return SESSION_JOINED;
    if (session->was_joined)
        return SESSION_LOST;
    if (session->phase == PHASE_IDLE && session->targets->len == 0)
        return SESSION_SEARCHING;
    return session->phase == PHASE_LEFT ? SESSION_SEARCHING : SESSION_JOINING;
}

void session_tell_state(Session *session, const char *why)
{
    SessionState state = session_state(session);
    bool new_reason = why && g_strcmp0(why, session->why) != 0;
    if (state == session->told_state && !new_reason)
        return;
    if (state != session->told_state || new_reason) {
        g_free(session->why);
        session->why = g_strdup(why ? why : "");
    }
    session->told_state = state;
    session_emit(session, (SessionEvent){.type = SESSION_EVENT_STATE, .text = session->why});
}

void session_set_phase(Session *session, Phase phase)
{
    session->phase = phase;
    session->phase_us = session->now_us;
}

static Target *find_target(Session *session, uint64_t id)
{
    for (guint i = 0; i < session->targets->len; i++) {
        Target *target = &g_array_index(session->targets, Target, i);
        if (target->seen.id == id)
            return target;
    }
    return NULL;
}

static void back_off(Session *session, Target *target, int64_t wait_us)
{
    if (wait_us < 0) {
        int64_t span = FIRST_BACK_OFF_US << MIN(target->failures, 6U);
        span = MIN(span, MAX_BACK_OFF_US);
        wait_us = span / 2 + session_jitter(session, span);
        target->failures++;
    }
    target->next_try_us = session->now_us + wait_us;
}

void session_lost(Session *session, const char *why, int64_t wait_us)
{
    Target *target = find_target(session, session->current.id);
    if (target && session->phase == PHASE_JOINED &&
        session->now_us >= session->phase_us + LASTED_US)
        target->failures = 0;
    if (target)
        back_off(session, target, wait_us);
    if (session->phase == PHASE_JOINED) {
        session->was_joined = true;
        session->lost_us = session->now_us;
    }
    session->current.id = 0;
    session->first_page = false;
    session->fetching = false;
    session_outbox_unlinked(session);
    g_array_set_size(session->typings, 0);
    if (session->phase != PHASE_LEFT)
        session_set_phase(session, PHASE_IDLE);
    session_tell_state(session, why);
}

void session_drop(Session *session, const char *why, int64_t wait_us)
{
    session->output.hang_up(session->user);
    session_lost(session, why, wait_us);
}

/* --- choosing --- */

static bool of_place(const Session *session, const SessionCandidate *candidate)
{
    return candidate->has_place && session->log &&
           memcmp(candidate->place, log_place(session->log), PLACE_SIZE) == 0;
}

/* Used last on this network, as far as anybody knows. */
static bool familiar(const Session *session, const SessionCandidate *candidate)
{
    return candidate->last_here || (session->was_joined && of_place(session, candidate));
}

static bool wanted(const Session *session, const SessionCandidate *candidate)
{
    return candidate->typed || candidate->id == session->chosen;
}

/* While what the person wants, or the place that was lost, may still come, others must wait. */
static bool loyal(const Session *session, const SessionCandidate *candidate)
{
    if (wanted(session, candidate))
        return true;
    bool someone_wanted = false;
    for (guint i = 0; i < session->targets->len; i++)
        someone_wanted |= wanted(session, &g_array_index(session->targets, Target, i).seen);
    int64_t since = session->was_joined ? session->lost_us : session->started_us;
    if (session->now_us >= since + LOYALTY_US)
        return true;
    return !someone_wanted && (!session->was_joined || of_place(session, candidate));
}

/* When this candidate may be tried first, back-off aside. */
static int64_t ready_us(const Session *session, const SessionCandidate *candidate)
{
    if (!loyal(session, candidate))
        return (session->was_joined ? session->lost_us : session->started_us) + LOYALTY_US;
    bool at_once = wanted(session, candidate) || candidate->remembered || session->settled ||
                   (candidate->relay && familiar(session, candidate));
    return at_once ? INT64_MIN : session->first_seen_us + SETTLE_WAIT_US;
}

/* The rule: typed or chosen; a relay before an app; the place used last on this network; one that
 * is seen now; the lowest key. */
static bool better(const Session *session, const SessionCandidate *a, const SessionCandidate *b)
{
    if ((a->id == session->chosen) != (b->id == session->chosen))
        return a->id == session->chosen;
    if (a->typed != b->typed)
        return a->typed;
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

/* The best to dial now besides the current one; NULL when none may be tried. */
static Target *best_target(Session *session)
{
    Target *best = NULL;
    for (guint i = 0; i < session->targets->len; i++) {
        Target *target = &g_array_index(session->targets, Target, i);
        if (target->seen.id == session->current.id || target->next_try_us > session->now_us ||
            ready_us(session, &target->seen) > session->now_us)
            continue;
        if (!best || better(session, &target->seen, &best->seen))
            best = target;
    }
    return best;
}

static void choose(Session *session)
{
    if (session->phase != PHASE_IDLE && session->phase != PHASE_DIALLING)
        return;
    Target *best = best_target(session);
    if (!best)
        return;
    uint64_t id = best->seen.id;
    if (session->phase == PHASE_DIALLING) {
        bool late = session->now_us >= session->phase_us + DIAL_PATIENCE_US;
        if (!late && !better(session, &best->seen, &session->current))
            return;
        session_drop(session, NULL, -1);
    }
    session->current = find_target(session, id)->seen;
    session_set_phase(session, PHASE_DIALLING);
    session_tell_state(session, NULL);
    session->output.dial(id, session->user);
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
           !session->was_joined && !seen_something(session);
}

static void offer_connect(Session *session)
{
    if (!wants_connect_soon(session) || session->now_us < session->started_us + WANTS_CONNECT_US)
        return;
    session->wants_connect_told = true;
    session_emit(session, (SessionEvent){.type = SESSION_EVENT_WANTS_CONNECT});
}

void session_begin(Session *session, int64_t now_us)
{
    session->now_us = MAX(session->now_us, now_us);
    session->depth++;
}

void session_end(Session *session)
{
    if (session->depth == 1 && session->phase != PHASE_LEFT) {
        session_tell_damage(session);
        choose(session);
        offer_connect(session);
        session_submit(session);
        session_fetch_next(session);
        session_tell_state(session, NULL);
    }
    session->depth--;
}

/* --- life --- */

static void allocate(Session *session)
{
    session->arena = arena_new(FRAME_ARENA_SIZE);
    session->targets = g_array_new(FALSE, FALSE, sizeof(Target));
    session->typings = g_array_new(FALSE, FALSE, sizeof(Typing));
    session->arrivals = g_array_new(FALSE, FALSE, sizeof(Arrival));
    g_array_set_clear_func(session->arrivals, arrival_clear);
    session->repairs = g_array_new(FALSE, FALSE, sizeof(Repair));
    session->flights = g_array_new(FALSE, FALSE, sizeof(Flight));
    g_array_set_clear_func(session->flights, flight_clear);
    session->outbox = g_ptr_array_new_with_free_func((GDestroyNotify)item_free);
    session->why = g_strdup("");
    session->place_name = g_strdup("");
    session->first_seen_us = INT64_MAX;
    session->grace_us = INT64_MAX;
    session->page_limit = PAGE_MAX;
    session->submit_rate = SUBMIT_RATE;
    session->submit_burst = SUBMIT_BURST;
}

static gboolean place_from_hex(const char *hex, uint8_t *place)
{
    if (!hex || strlen(hex) != 2 * PLACE_SIZE)
        return FALSE;
    for (size_t i = 0; i < PLACE_SIZE; i++) {
        int high = g_ascii_xdigit_value(hex[2 * i]);
        int low = g_ascii_xdigit_value(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return FALSE;
        place[i] = (uint8_t)(high << 4 | low);
    }
    return TRUE;
}

Session *session_new(const Identity *identity, Keyring *keyring, Store *store,
                     const SessionOutput *output, void *user, int64_t now_us, GError **error)
{
    g_autoptr(Session) session = g_new0(Session, 1);
    session->identity = identity;
    session->keyring = keyring;
    session->store = store;
    session->output = *output;
    session->user = user;
    session->now_us = session->started_us = now_us;
    allocate(session);
    session->name = store_setting(store, SETTING_NAME, NULL);
    g_autofree char *away = store_setting(store, SETTING_AWAY, NULL);
    session->away = g_strcmp0(away, "1") == 0;
    session_load_people(session);
    session_load_outbox(session);

    g_autofree char *last = store_setting(store, SETTING_LAST_PLACE, NULL);
    uint8_t place[PLACE_SIZE];
    if (place_from_hex(last, place) && !session_open_place(session, place, error))
        return NULL;
    return g_steal_pointer(&session);
}

void session_free(Session *session)
{
    if (!session)
        return;
    session_close_place(session);
    arena_free(session->arena);
    g_array_unref(session->targets);
    g_array_unref(session->typings);
    g_array_unref(session->arrivals);
    g_array_unref(session->repairs);
    g_array_unref(session->flights);
    g_ptr_array_unref(session->outbox);
    g_clear_pointer(&session->skeletons, g_hash_table_unref);
    g_clear_pointer(&session->members, g_hash_table_unref);
    g_clear_pointer(&session->shown, g_hash_table_unref);
    g_free(session->why);
    g_free(session->place_name);
    g_free(session->name);
    g_free(session->suggested_name);
    g_free(session);
}

/* --- what the shell tells --- */

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
    for (size_t i = 0; i < count; i++) {
        Target target = {.seen = candidates[i]};
        const Target *before = find_target(session, candidates[i].id);
        if (before && !appeared(before, &candidates[i])) {
            target.failures = before->failures;
            target.next_try_us = before->next_try_us;
        }
        g_array_append_val(targets, target);
    }
    g_array_unref(session->targets);
    session->targets = g_steal_pointer(&targets);
    session->settled = settled;
    if (!seen_something(session))
        session->first_seen_us = INT64_MAX;
    else if (session->first_seen_us == INT64_MAX)
        session->first_seen_us = session->now_us;
    session_end(session);
}

static void forgive(Session *session)
{
    for (guint i = 0; i < session->targets->len; i++) {
        Target *target = &g_array_index(session->targets, Target, i);
        target->failures = 0;
        target->next_try_us = session->now_us;
    }
}

void session_choose(Session *session, uint64_t candidate, int64_t now_us)
{
    session_begin(session, now_us);
    session->chosen = candidate;
    if (session->phase == PHASE_LEFT)
        session_set_phase(session, PHASE_IDLE);
    if (session->current.id != candidate && session->phase != PHASE_IDLE) {
        session_commit(session);
        session_goodbye(session);
        session_set_phase(session, PHASE_IDLE); /* left, not lost */
        session->was_joined = false;
        session_drop(session, NULL, 0);
    }
    if (session->phase != PHASE_JOINED)
        session->was_joined = false;
    forgive(session);
    session_end(session);
}

void session_try_now(Session *session, int64_t now_us)
{
    session_begin(session, now_us);
    forgive(session);
    session_end(session);
}

void session_dialled(Session *session, uint64_t candidate, const uint8_t *key, int64_t now_us)
{
    session_begin(session, now_us);
    const SessionCandidate *current = &session->current;
    if (session->phase != PHASE_DIALLING || current->id != candidate)
        session->output.hang_up(session->user);
    else if (session_is_self(session, key))
        session_drop(session, "This is this device itself.", MAX_BACK_OFF_US);
    else if (current->has_key && memcmp(current->key_prefix, key, sizeof current->key_prefix) != 0)
        session_drop(session, "Another device answers at this address.", -1);
    else
        session_hello(session, key);
    session_end(session);
}

void session_dial_failed(Session *session, uint64_t candidate, const char *why, int64_t now_us)
{
    session_begin(session, now_us);
    if (session->phase == PHASE_DIALLING && session->current.id == candidate)
        session_lost(session, why, -1);
    session_end(session);
}

void session_link_closed(Session *session, const char *why, int64_t now_us)
{
    session_begin(session, now_us);
    session_commit(session);
    if (session->phase >= PHASE_GREETING && session->phase <= PHASE_JOINED) {
        /* A relay that was restarted is back in a moment; not all members at the same one. But one
         * that throws out whoever has just come is left alone for longer. */
        bool lasted =
            session->phase == PHASE_JOINED && session->now_us >= session->phase_us + LASTED_US;
        session_lost(session, why, lasted ? 20000 + session_jitter(session, 80000) : -1);
    }
    session_end(session);
}

void session_flush(Session *session, int64_t now_us)
{
    session_begin(session, now_us);
    session_commit(session);
    session_end(session);
}

void session_leave(Session *session, int64_t now_us)
{
    session_begin(session, now_us);
    session_commit(session);
    bool linked = session->phase != PHASE_IDLE && session->phase != PHASE_LEFT;
    session_goodbye(session);
    session->was_joined = false;
    session_set_phase(session, PHASE_LEFT);
    if (linked) {
        session->output.hang_up(session->user);
        session_lost(session, "", 0);
    }
    session_tell_state(session, "");
    session_end(session);
}

/* --- time --- */

void session_tick(Session *session, int64_t now_us)
{
    session_begin(session, now_us);
    session_commit(session);
    session_expire_typing(session);
    session_grace(session);
    session_heartbeat(session);
    session_end(session);
}

static int64_t dial_deadline(const Session *session)
{
    if (session->phase != PHASE_IDLE && session->phase != PHASE_DIALLING)
        return INT64_MAX;
    int64_t deadline = INT64_MAX;
    for (guint i = 0; i < session->targets->len; i++) {
        const Target *target = &g_array_index(session->targets, Target, i);
        if (target->seen.id == session->current.id)
            continue;
        int64_t at = MAX(target->next_try_us, ready_us(session, &target->seen));
        /* One that could be tried now and is not, waits for the patience with the current dial. */
        if (session->phase == PHASE_DIALLING && at <= session->now_us)
            at = session->phase_us + DIAL_PATIENCE_US;
        deadline = MIN(deadline, at);
    }
    return deadline;
}

int64_t session_deadline(const Session *session)
{
    if (session->phase == PHASE_LEFT)
        return INT64_MAX;
    int64_t deadline = MIN(dial_deadline(session), session_link_deadline(session));
    deadline = MIN(deadline, session_outbox_deadline(session));
    deadline = MIN(deadline, session_grace_deadline(session));
    if (wants_connect_soon(session))
        deadline = MIN(deadline, session->started_us + WANTS_CONNECT_US);
    return deadline;
}

/* --- questions --- */

const char *session_why(const Session *session)
{
    return session->why;
}

uint64_t session_candidate_joined(const Session *session)
{
    return session->phase == PHASE_JOINED ? session->current.id : 0;
}

const uint8_t *session_place(const Session *session)
{
    return session->log ? log_place(session->log) : NULL;
}

const char *session_place_name(const Session *session)
{
    return session->place_name;
}

Log *session_log(const Session *session)
{
    return session->log;
}

bool session_away(const Session *session)
{
    return session->away;
}

const uint8_t *session_relay_key(const Session *session)
{
    return session->phase == PHASE_JOINED ? session->relay_key : NULL;
}

bool session_relay_program(const Session *session)
{
    return session->relay_program;
}
