/* States, life and time of the session core.
 *
 * Every entry point of the core begins with session_begin() and ends with session_end(), which does
 * what has become due: dial the best candidate that may be tried, submit from the outbox, fetch
 * holes. */
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
    if (session->phase == PHASE_JOINED || session_is_calm(session))
        return SESSION_JOINED;
    if (session->was_joined)
        return SESSION_LOST;
    if (session->phase == PHASE_IDLE && session->barred)
        return SESSION_SEARCHING;
    if (session->phase == PHASE_IDLE &&
        (session->targets->len == 0 || (session->network_told && !session->network.up)))
        return SESSION_SEARCHING;
    return session->phase == PHASE_LEFT ? SESSION_SEARCHING : SESSION_JOINING;
}

void session_tell_state(Session *session, const char *why)
{
    if (session_is_calm(session))
        return;
    SessionState state = session_state(session);
    if (state == SESSION_LOST && session->told_state == SESSION_JOINED && !why)
        why = session->calm_why;
    bool new_reason = why && g_strcmp0(why, session->why) != 0;
    if (state == session->told_state && !new_reason)
        return;
    g_autofree char *told = g_strdup(why ? why : "");
    g_free(session->why);
    session->why = g_steal_pointer(&told);
    session->told_state = state;
    session_emit(session, (SessionEvent){.type = SESSION_EVENT_STATE, .text = session->why});
}

void session_set_phase(Session *session, Phase phase)
{
    session->phase = phase;
    session->phase_us = session->now_us;
}

void session_unlink(Session *session)
{
    session->current.id = 0;
    session->probe.id = 0;
    session->first_page = false;
    session->fetching = false;
    session->claims = session->claiming = false;
    session->loss = LOSS_CLOSED;
    session->has_named = false;
    session_outbox_unlinked(session);
    session_end_exchange(session);
    session_lock_unlinked(session);
    g_array_set_size(session->typings, 0);
    g_ptr_array_set_size(session->early_notes, 0);
}

/* Whom was joined is gone: what follows. */
static void after_joined(Session *session, const char *why, int64_t wait_us)
{
    session->was_joined = true;
    session->lost_us = session->now_us;
    session_begin_calm(session, why, wait_us);
    if (session->now_us >= session->phase_us + BRIEF_US) {
        session_trust(session, session->relay_key);
        session->moves = 0;
    } else if (session->loss != LOSS_GONE && !session->by_turn) {
        session_distrust(session, session->relay_key, 1);
    } else if (session->loss == LOSS_GONE) {
        session->moves++;
    }
    if (wait_us > CALM_US) /* it is there, and would not have this member */
        session->quiet_us = session->now_us + wait_us;
    session_plan(session, session->loss, session->has_named ? session->named : NULL);
    if (wait_us > CALM_US)
        session_delay_plan(session, wait_us);
    else if (session->moves > MOVES_MAX) /* it goes round in circles */
        session_delay_plan(session, FIRST_BACK_OFF_US << MIN(session->moves - MOVES_MAX, 6U));
}

void session_lost(Session *session, const char *why, int64_t wait_us)
{
    bool self = session->current.id == SESSION_SELF;
    session_back_off(session, wait_us);
    if (session->phase == PHASE_JOINED && self) {
        session->was_joined = true;
        session->lost_us = session->now_us;
        session_begin_calm(session, why, wait_us);
    } else if (session->phase == PHASE_JOINED) {
        after_joined(session, why, wait_us);
    } else if (session->has_named && session->moves < MOVES_MAX) {
        session->moves++;
        session_plan(session, LOSS_GONE, session->named);
    }
    session_unlink(session);
    if (session->phase != PHASE_LEFT)
        session_set_phase(session, PHASE_IDLE);
    if (self)
        session_self_failed(session, wait_us);
    session_tell_state(session, why);
}

void session_drop(Session *session, const char *why, int64_t wait_us)
{
    session->output.hang_up(session->user);
    session_lost(session, why, wait_us);
}

void session_begin(Session *session, int64_t now_us)
{
    session->now_us = MAX(session->now_us, now_us);
    session->depth++;
}

void session_end(Session *session)
{
    if (session->depth == 1 && session->phase != PHASE_LEFT) {
        session_mind_own_ban(session);
        session_dial_best(session);
        session_probe(session);
        session_offer_connect(session);
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
    session_lock_set_up(session);
    session->targets = g_array_new(FALSE, FALSE, sizeof(Target));
    session->typings = g_array_new(FALSE, FALSE, sizeof(Typing));
    session->early_notes = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    session->arrivals = g_array_new(FALSE, FALSE, sizeof(Arrival));
    g_array_set_clear_func(session->arrivals, arrival_clear);
    session->repairs = g_array_new(FALSE, FALSE, sizeof(Repair));
    session->flights = g_array_new(FALSE, FALSE, sizeof(Flight));
    g_array_set_clear_func(session->flights, flight_clear);
    session->unsure = g_array_new(FALSE, FALSE, sizeof(Arrival));
    g_array_set_clear_func(session->unsure, arrival_clear);
    session->outbox = g_ptr_array_new_with_free_func((GDestroyNotify)item_free);
    session->why = g_strdup("");
    session->place_name = g_strdup("");
    session->nodes = g_ptr_array_new_with_free_func(node_free);
    session->successors = g_array_new(FALSE, FALSE, sizeof(Turn));
    session->turns = g_array_new(FALSE, FALSE, sizeof(Turn));
    session->distrusts = g_array_new(FALSE, FALSE, sizeof(Distrust));
    session->first_seen_us = INT64_MAX;
    session->doubt_us = INT64_MAX;
    session->moved_us = INT64_MAX;
    session->grace_us = INT64_MAX;
    session->rules_us = INT64_MAX;
    session->barred_until_us = INT64_MAX;
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
    session_lock_tear_down(session);
    arena_free(session->arena);
    g_array_unref(session->targets);
    g_array_unref(session->typings);
    g_ptr_array_unref(session->early_notes);
    g_array_unref(session->arrivals);
    g_array_unref(session->repairs);
    g_array_unref(session->flights);
    g_ptr_array_unref(session->outbox);
    g_ptr_array_unref(session->nodes);
    g_array_unref(session->successors);
    g_array_unref(session->turns);
    g_array_unref(session->distrusts);
    g_array_unref(session->unsure);
    g_free(session->barred);
    g_free(session->own_kick);
    g_strfreev(session->addresses);
    g_free(session->calm_why);
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

static bool linked(const Session *session)
{
    return session->phase >= PHASE_GREETING && session->phase <= PHASE_JOINED;
}

/* Who answers is who was dialled, as far as that is known. */
static bool is_expected(const Session *session, const uint8_t *key)
{
    const SessionCandidate *current = &session->current;
    const Node *node = session_node(session, current->id);
    return (!node || memcmp(node->key, key, KEY_SIZE) == 0) &&
           (!current->has_key || memcmp(current->key_prefix, key, sizeof current->key_prefix) == 0);
}

void session_dialled(Session *session, uint64_t candidate, const uint8_t *key, int64_t now_us)
{
    session_begin(session, now_us);
    bool self = candidate == SESSION_SELF;
    if (linked(session) && session->probe.id == candidate) {
        session_probed(session, key);
    } else if (session->phase != PHASE_DIALLING || session->current.id != candidate) {
        if (!linked(session))
            session->output.hang_up(session->user);
    } else if (self != session_is_self(session, key)) {
        session_drop(session, "This is this device itself.", MAX_BACK_OFF_US);
    } else if (!is_expected(session, key)) {
        session_drop(session, "Another device answers at this address.", -1);
    } else {
        memcpy(session->relay_key, key, KEY_SIZE);
        session_hello(session);
    }
    session_end(session);
}

void session_dial_failed(Session *session, uint64_t candidate, const char *why, int64_t now_us)
{
    session_begin(session, now_us);
    session_node_failed(session, candidate);
    if (linked(session) && session->probe.id == candidate)
        session_probe_failed(session);
    else if (session->phase == PHASE_DIALLING && session->current.id == candidate)
        session_lost(session, why, -1);
    session_end(session);
}

void session_link_closed(Session *session, const char *why, int64_t now_us)
{
    session_begin(session, now_us);
    session_commit(session);
    if (linked(session)) {
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
    if (session_commit(session))
        session_go_on_exchanging(session);
    session_end(session);
}

void session_leave(Session *session, int64_t now_us)
{
    session_begin(session, now_us);
    session_commit(session);
    bool linked = session->phase != PHASE_IDLE && session->phase != PHASE_LEFT;
    session_goodbye(session);
    session->was_joined = false;
    session->serving = false; /* the shell ends that */
    session_forget_plan(session);
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
    session_mind_sleep(session, now_us);
    session_begin(session, now_us);
    if (session_commit(session))
        session_go_on_exchanging(session);
    session_mind_network(session);
    session_mind_barred(session);
    session_tell_damage(session); /* here: what is told before the shell runs, nobody hears */
    session_expire_typing(session);
    session_grace(session);
    session_heartbeat(session);
    session_tell_moved(session);
    session_end(session);
}

int64_t session_deadline(const Session *session)
{
    if (session->phase == PHASE_LEFT)
        return INT64_MAX;
    int64_t deadline = MIN(session_dial_deadline(session), session_link_deadline(session));
    deadline = MIN(deadline, session_outbox_deadline(session));
    deadline = MIN(deadline, session_grace_deadline(session));
    deadline = MIN(deadline, session_serve_deadline(session));
    deadline = MIN(deadline, session_probe_deadline(session));
    deadline = MIN(deadline, session_moved_deadline(session));
    deadline = MIN(deadline, session_exchange_deadline(session));
    deadline = MIN(deadline, session_moderation_deadline(session));
    deadline = MIN(deadline, session->doubt_us);
    return deadline;
}

/* --- questions --- */

const char *session_why(const Session *session)
{
    return session->why;
}

uint64_t session_candidate_joined(const Session *session)
{
    if (session->phase != PHASE_JOINED)
        return 0;
    bool node = session->current.id != SESSION_SELF && (session->current.id & SESSION_NODE);
    for (guint i = 0; node && i < session->targets->len; i++) {
        const SessionCandidate *seen = &g_array_index(session->targets, Target, i).seen;
        if (seen->has_key && session_of_place(session, seen) &&
            memcmp(seen->key_prefix, session->relay_key, sizeof seen->key_prefix) == 0)
            return seen->id;
    }
    return session->current.id;
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

bool session_relay_program(const Session *session)
{
    return session->relay_program;
}
