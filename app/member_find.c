/* What is found, under numbers that the session knows it by. */
#include "app/member_internal.h"

#include <string.h>

Candidate *member_candidate(Member *member, uint64_t id)
{
    for (guint i = 0; i < member->known->len; i++)
        if (g_array_index(member->known, Known, i).id == id)
            return g_array_index(member->known, Known, i).candidate;
    return NULL;
}

void member_keep_candidate(Member *member, uint64_t id)
{
    for (guint i = 0; i < member->known->len; i++) {
        Known *known = &g_array_index(member->known, Known, i);
        known->kept |= known->id == id;
    }
}

uint64_t member_candidate_id(Member *member, const Candidate *candidate)
{
    for (guint i = 0; i < member->known->len; i++)
        if (candidate_same(g_array_index(member->known, Known, i).candidate, candidate))
            return g_array_index(member->known, Known, i).id;
    return 0;
}

GPtrArray *member_candidates(Member *member)
{
    return finder_candidates(member->finder);
}

static uint64_t number(Member *member, Candidate *candidate)
{
    for (guint i = 0; i < member->known->len; i++) {
        Known *known = &g_array_index(member->known, Known, i);
        if (!candidate_same(known->candidate, candidate))
            continue;
        candidate_unref(known->candidate);
        known->candidate = candidate_ref(candidate);
        return known->id;
    }
    Known known = {.id = ++member->last_id, .candidate = candidate_ref(candidate)};
    g_array_append_val(member->known, known);
    return known.id;
}

/* Numbers of nodes that are gone are forgotten, except of those that the session may come back to.
 */
static void forget_gone(Member *member, GPtrArray *candidates)
{
    for (guint i = member->known->len; i-- > 0;) {
        const Known *known = &g_array_index(member->known, Known, i);
        bool used = known->kept || known->id == member->dialling;
        for (guint j = 0; j < candidates->len && !used; j++)
            used = candidate_same(known->candidate, g_ptr_array_index(candidates, j));
        if (!used)
            g_array_remove_index_fast(member->known, i);
    }
}

static SessionCandidate describe(Member *member, Candidate *candidate)
{
    const uint8_t *last = finder_last_place(member->finder);
    const uint8_t *place = candidate_place(candidate);
    const uint8_t *key = candidate_key(candidate);
    unsigned sources = candidate_sources(candidate);
    const uint8_t *chosen = member_chosen_place(member);
    SessionCandidate seen = {
        .id = number(member, candidate),
        .typed = sources & CANDIDATE_TYPED,
        .relay = candidate_role(candidate) == CANDIDATE_ROLE_RELAY,
        .locked = candidate_locked(candidate),
        .remembered = (sources & CANDIDATE_REMEMBERED) && !(sources & CANDIDATE_SEEN),
        .has_place = place != NULL,
        .has_key = key != NULL,
        .last_here = place && last && memcmp(place, last, PLACE_SIZE) == 0,
        .chosen_here = place && chosen && memcmp(place, chosen, PLACE_SIZE) == 0,
    };
    if (place)
        memcpy(seen.place, place, PLACE_SIZE);
    if (key)
        memcpy(seen.key_prefix, key, CANDIDATE_KEY_SIZE);
    return seen;
}

void member_tell_candidates(Member *member)
{
    g_autoptr(GPtrArray) candidates = finder_candidates(member->finder);
    g_autofree SessionCandidate *seen = g_new0(SessionCandidate, candidates->len);
    FinderState state = finder_state(member->finder);
    uint64_t wanted = 0;
    size_t count = 0;
    for (guint i = 0; i < candidates->len; i++) {
        Candidate *candidate = g_ptr_array_index(candidates, i);
        if (candidate_addresses(candidate)->len == 0)
            continue; /* a typed name that is not resolved yet */
        seen[count] = describe(member, candidate);
        if (member->wanted && g_strcmp0(candidate_typed(candidate), member->wanted) == 0)
            wanted = seen[count].id;
        count++;
    }
    forget_gone(member, candidates);
    bool settled = state == FINDER_SETTLED || state == FINDER_UNAVAILABLE;
    session_candidates(member->session, seen, count, settled, g_get_monotonic_time());
    if (wanted) {
        g_clear_pointer(&member->wanted, g_free);
        member_choose(member, wanted);
    }
    member_touched(member);
}

static void finder_changed(void *user)
{
    Member *member = user;
    member_tell_candidates(member);
    member->events.choices(member->user);
}

static void finder_state_changed(FinderState state, const char *line, void *user)
{
    Member *member = user;
    member_tell_candidates(member);
    member->events.finding(state, line, member->user);
}

static void network_changed(void *user)
{
    Member *member = user;
    member_tell_network(member);
    member_tell_candidates(member);
    session_try_now(member->session, g_get_monotonic_time());
    member->events.choices(member->user); /* and so does what is said of the network */
}

gboolean member_connect(Member *member, const char *address, GError **error)
{
    if (!finder_type(member->finder, address, error))
        return FALSE;
    g_free(member->wanted);
    member->wanted = g_strdup(address);
    member_tell_candidates(member); /* it may have been typed before */
    return TRUE;
}

gboolean member_open_finder(Member *member, const MemberOptions *options, GError **error)
{
    static const FinderEvents events = {
        .changed = finder_changed, .state = finder_state_changed, .network = network_changed};
    g_autofree char *memory = g_build_filename(member->data_dir, "places.ini", NULL);
    member->finder = finder_new(member->context, memory, options->use_mdns, &events, member);
    finder_leave_out(member->finder, identity_key(member->identity));
    return !options->connect || finder_type(member->finder, options->connect, error);
}
