/* Nodes of the place that the link told of: whom the relay named as its successors, who was named
 * in a Goodbye, and relays that were lost. They are dialled by numbers of their own. */
#include "app/session_internal.h"

void node_free(gpointer data)
{
    Node *node = data;
    g_strfreev(node->addresses);
    g_free(node);
}

Node *session_node(const Session *session, uint64_t id)
{
    for (guint i = 0; i < session->nodes->len; i++) {
        Node *node = session->nodes->pdata[i];
        if (node->id == id)
            return node;
    }
    return NULL;
}

Node *session_node_by_key(const Session *session, const uint8_t *key)
{
    for (guint i = 0; i < session->nodes->len; i++) {
        Node *node = session->nodes->pdata[i];
        if (memcmp(node->key, key, KEY_SIZE) == 0)
            return node;
    }
    return NULL;
}

char *const *session_addresses(const Session *session, uint64_t candidate)
{
    const Node *node = session_node(session, candidate);
    return node ? node->addresses : NULL;
}

static bool in_use(const Session *session, const Node *node)
{
    if (node->id == session->current.id || node->id == session->probe.id)
        return true;
    for (guint i = 0; i < session->turns->len; i++)
        if (g_array_index(session->turns, Turn, i).id == node->id)
            return true;
    for (guint i = 0; i < session->successors->len; i++)
        if (g_array_index(session->successors, Turn, i).id == node->id)
            return true;
    return false;
}

/* The one that was heard of the longest ago makes room. */
static bool make_room(Session *session)
{
    Node *oldest = NULL;
    for (guint i = 0; i < session->nodes->len; i++) {
        Node *node = session->nodes->pdata[i];
        if (!in_use(session, node) && (!oldest || node->since_us < oldest->since_us))
            oldest = node;
    }
    return oldest && g_ptr_array_remove(session->nodes, oldest);
}

static char **copy_addresses(char *const *addresses, size_t count)
{
    char **copy = g_new0(char *, count + 1);
    for (size_t i = 0; i < count; i++)
        copy[i] = g_strdup(addresses[i]);
    return copy;
}

Node *session_note_node(Session *session, const uint8_t *key, char *const *addresses, size_t count)
{
    Node *node = session_node_by_key(session, key);
    if (!node) {
        if (session->nodes->len >= NODES_MAX && !make_room(session))
            return NULL;
        node = g_new0(Node, 1);
        node->id = node->dial_id = SESSION_NODE | ++session->last_node;
        memcpy(node->key, key, KEY_SIZE);
        g_ptr_array_add(session->nodes, node);
    }
    node->since_us = session->now_us;
    if (count > 0) {
        g_strfreev(node->addresses);
        node->addresses = copy_addresses(addresses, count);
        node->dial_id = node->id;
    }
    return node;
}

Node *session_note_lost(Session *session)
{
    uint64_t id = session->current.id;
    if (id == 0 || id == SESSION_SELF)
        return NULL;
    Node *node = session_note_node(session, session->relay_key, NULL, 0);
    if (!node)
        return NULL;
    /* It answered there, which is better than what anybody says. */
    if (!(id & SESSION_NODE))
        node->dial_id = id;
    node->relay_program = session->relay_program;
    node->probed = true;
    node->probe_us = 0;
    if (session->phase == PHASE_JOINED && session->now_us >= session->phase_us + BRIEF_US)
        node->carried = true;
    return node;
}

void session_forget_nodes(Session *session)
{
    g_array_set_size(session->successors, 0);
    g_ptr_array_set_size(session->nodes, 0);
}

SessionCandidate session_node_candidate(const Session *session, const Node *node)
{
    SessionCandidate candidate = {.id = node->dial_id,
                                  .relay = node->relay_program,
                                  .has_place = session->log != NULL,
                                  .has_key = true};
    if (session->log)
        memcpy(candidate.place, log_place(session->log), PLACE_SIZE);
    memcpy(candidate.key_prefix, node->key, sizeof candidate.key_prefix);
    return candidate;
}

/* Who could serve and is gone from the own hub may serve elsewhere now, as after a cut. */
static void note_vanished(Session *session, const Turn *before)
{
    Node *node = session_node(session, before->id);
    for (guint i = 0; node && i < session->successors->len; i++)
        if (g_array_index(session->successors, Turn, i).id == before->id)
            return;
    if (!node)
        return;
    node->probed = true;
    node->since_us = session->now_us;
    node->probe_us = session->now_us + PROBE_EVERY_US;
}

void session_node_failed(Session *session, uint64_t id)
{
    for (guint i = 0; i < session->nodes->len; i++) {
        Node *node = session->nodes->pdata[i];
        if (node->dial_id == id && node->addresses)
            node->dial_id = node->id;
    }
}

void session_successors(Session *session, const Wire__Successors *successors)
{
    g_autoptr(GArray) before = g_steal_pointer(&session->successors);
    session->successors = g_array_new(FALSE, FALSE, sizeof(Turn));
    for (size_t i = 0; i < successors->n_successors; i++) {
        const Wire__Successor *named = successors->successors[i];
        Turn turn = {.id = SESSION_SELF};
        memcpy(turn.key, named->key.data, KEY_SIZE);
        if (!session_is_self(session, turn.key)) {
            Node *node = session_note_node(session, turn.key, named->addresses, named->n_addresses);
            if (!node || !node->addresses)
                continue;
            node->relay_program = named->relay_program;
            turn.id = node->id;
        }
        g_array_append_val(session->successors, turn);
    }
    for (guint i = 0; i < before->len && session_reads_own(session); i++)
        note_vanished(session, &g_array_index(before, Turn, i));
}

/* --- whom the place is not given to --- */

static Distrust *find_distrust(const Session *session, const uint8_t *key)
{
    for (guint i = 0; i < session->distrusts->len; i++) {
        Distrust *distrust = &g_array_index(session->distrusts, Distrust, i);
        if (memcmp(distrust->key, key, KEY_SIZE) == 0)
            return distrust;
    }
    return NULL;
}

bool session_distrusted(const Session *session, const uint8_t *key)
{
    const Distrust *distrust = find_distrust(session, key);
    return distrust && distrust->until_us > session->now_us;
}

bool session_own_fault(const Session *session)
{
    return session->disk_us > 0 && session->now_us < session->disk_us + BRIEF_US;
}

void session_distrust(Session *session, const uint8_t *key, unsigned times)
{
    if (session_own_fault(session))
        return;
    Distrust *distrust = find_distrust(session, key);
    if (!distrust) {
        if (session->distrusts->len >= NODES_MAX)
            g_array_remove_index(session->distrusts, 0);
        Distrust fresh = {.times = 0};
        memcpy(fresh.key, key, KEY_SIZE);
        g_array_append_val(session->distrusts, fresh);
        distrust = find_distrust(session, key);
    }
    distrust->times += times;
    int64_t span_us = 0;
    if (distrust->times >= DISTRUST_LONG)
        span_us = DISTRUST_US << MIN((distrust->times - DISTRUST_LONG) / 2, 6U);
    else if (distrust->times >= DISTRUST_SHORT)
        span_us = FIRST_DISTRUST_US;
    distrust->until_us = session->now_us + span_us;
}

void session_trust(Session *session, const uint8_t *key)
{
    Distrust *distrust = find_distrust(session, key);
    if (distrust)
        distrust->times = 0;
}

void session_be_wary(Session *session)
{
    if (session->now_us >= session->wary_us + WARY_FORGOTTEN_US)
        session->misled = 0;
    session->wary_us = session->now_us + (FIRST_DISTRUST_US << MIN(session->misled, WARY_MAX));
    session->misled++;
}

bool session_is_wary(const Session *session, const uint8_t *key)
{
    const Node *node = session_node_by_key(session, key);
    return session->now_us < session->wary_us && !(node && node->carried);
}
