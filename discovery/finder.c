#include "discovery/finder.h"

#include "discovery/address.h"
#include "discovery/announcer.h"
#include "discovery/lookout.h"
#include "discovery/memory.h"
#include "discovery/netwatch.h"
#include "discovery/typed.h"

#include <string.h>

#define PACE_US                                                                                    \
    50000 /* between two tellings, so that a flood of services does not become one of lists */
#define ASK_US (10 * G_USEC_PER_SEC) /* between two times that the gateway is asked for */
#define SEEN_AT_FIRST 8 /* announced addresses of a node that come before its remembered ones */

typedef struct {
    uint8_t key[CANDIDATE_KEY_SIZE];
    uint64_t epoch;
    int64_t until; /* monotonic, microseconds */
} Doubt;

struct Finder {
    GMainContext *context; /* owned */
    FinderEvents events;
    void *user;
    bool use_mdns;
    Memory *memory;        /* owned */
    Lookout *lookout;      /* owned; only when started */
    Netwatch *netwatch;    /* owned; only when started */
    GPtrArray *typed;      /* Typed*, owned */
    GArray *doubts;        /* Doubt, owned */
    GPtrArray *candidates; /* Candidate*, owned; as told last */
    GSource *telling;      /* owned */
    GSource *doubting;     /* owned; when the first doubt ends */
    int64_t told_at;       /* monotonic, microseconds */
    Network network;
    char asked[NETWORK_ROUTES_SIZE]; /* the gateways that were asked for last */
    int64_t asked_at;                /* monotonic, microseconds */
    FinderState state;
    FinderState told_state;
    bool dirty;
    bool network_changed;
    char *line; /* owned; why there is no mDNS */
    bool has_own_key;
    uint8_t own_key[CANDIDATE_KEY_SIZE];
    bool has_last_place;
    uint8_t last_place[CANDIDATE_PLACE_SIZE];
};

static void clear_source(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
}

static GSource *timeout(Finder *finder, int64_t delay_us, GSourceFunc function)
{
    GSource *source = g_timeout_source_new((guint)(MAX(delay_us, 0) + 999) / 1000);
    g_source_set_callback(source, function, finder, NULL);
    g_source_attach(source, finder->context);
    return source;
}

static const Doubt *find_doubt(const Finder *finder, const Candidate *candidate)
{
    for (guint i = 0; candidate_key(candidate) && i < finder->doubts->len; i++) {
        const Doubt *doubt = &g_array_index(finder->doubts, Doubt, i);
        if (memcmp(doubt->key, candidate_key(candidate), sizeof doubt->key) == 0) {
            return doubt;
        }
    }
    return NULL;
}

static bool is_doubted(const Finder *finder, const Candidate *candidate)
{
    const Doubt *doubt = find_doubt(finder, candidate);
    return doubt && doubt->epoch == candidate_epoch(candidate) &&
           g_get_monotonic_time() < doubt->until;
}

static const Candidate *find_same(const GPtrArray *candidates, const Candidate *wanted)
{
    for (guint i = 0; i < candidates->len; i++) {
        if (candidate_same(candidates->pdata[i], wanted)) {
            return candidates->pdata[i];
        }
    }
    return NULL;
}

/* The hints are those of the announcement. Of the addresses some announced ones come first, but
 * never so many that a stranger who announces more of them could push out those that led home
 * before. */
static Candidate *merge(const Candidate *seen, const Candidate *remembered)
{
    g_autoptr(GPtrArray) addresses = g_ptr_array_new();
    const GPtrArray *fresh = candidate_addresses(seen);
    const GPtrArray *old = candidate_addresses(remembered);
    for (guint i = 0; i < fresh->len && i < SEEN_AT_FIRST; i++) {
        g_ptr_array_add(addresses, fresh->pdata[i]);
    }
    for (guint i = 0; i < old->len; i++) {
        g_ptr_array_add(addresses, old->pdata[i]);
    }
    for (guint i = SEEN_AT_FIRST; i < fresh->len; i++) {
        g_ptr_array_add(addresses, fresh->pdata[i]);
    }
    CandidateFields fields = {
        .sources = CANDIDATE_SEEN | CANDIDATE_REMEMBERED,
        .role = candidate_role(seen),
        .name = candidate_name(seen),
        .place = candidate_place(seen),
        .key = candidate_key(seen),
        .addresses = addresses,
        .epoch = candidate_epoch(seen),
        .locked = candidate_locked(seen),
    };
    return candidate_new(&fields);
}

static GPtrArray *seen_candidates(const Finder *finder)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    return sighting_merge(finder->lookout ? lookout_sightings(finder->lookout) : none);
}

static bool is_own(const Finder *finder, const Candidate *candidate)
{
    const uint8_t *key = candidate_key(candidate);
    return finder->has_own_key && key && memcmp(key, finder->own_key, CANDIDATE_KEY_SIZE) == 0;
}

/* Typed ones first, then the announced, then those that are only remembered. */
static GPtrArray *gather(const Finder *finder)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)candidate_unref);
    g_autoptr(GPtrArray) seen = seen_candidates(finder);
    g_autoptr(GPtrArray) remembered = memory_candidates(finder->memory, &finder->network);
    for (guint i = 0; i < finder->typed->len; i++) {
        g_ptr_array_add(all, typed_candidate(finder->typed->pdata[i]));
    }
    for (guint i = 0; i < seen->len; i++) {
        Candidate *candidate = seen->pdata[i];
        const Candidate *known = find_same(remembered, candidate);
        if (!is_doubted(finder, candidate) && !is_own(finder, candidate)) {
            g_ptr_array_add(all, known ? merge(candidate, known) : candidate_ref(candidate));
        }
    }
    for (guint i = 0; i < remembered->len; i++) {
        if (!find_same(all, remembered->pdata[i]) && !is_own(finder, remembered->pdata[i])) {
            g_ptr_array_add(all, candidate_ref(remembered->pdata[i]));
        }
    }
    return all;
}

static bool lists_equal(const GPtrArray *a, const GPtrArray *b)
{
    for (guint i = 0; i < a->len && i < b->len; i++) {
        if (!candidate_equal(a->pdata[i], b->pdata[i])) {
            return false;
        }
    }
    return a->len == b->len;
}

static bool update_list(Finder *finder)
{
    GPtrArray *now = gather(finder);
    bool same = lists_equal(now, finder->candidates);
    g_ptr_array_unref(finder->candidates);
    finder->candidates = now;
    finder->dirty = false;
    return !same;
}

static gboolean tell(void *user)
{
    Finder *finder = user;
    clear_source(&finder->telling);
    finder->told_at = g_get_monotonic_time();
    bool changed = finder->dirty && update_list(finder);
    bool state_changed = finder->told_state != finder->state;
    bool network_changed = finder->network_changed;
    const char *line = finder->state == FINDER_UNAVAILABLE ? finder->line : NULL;
    finder->told_state = finder->state;
    finder->network_changed = false;
    if (network_changed && finder->events.network) {
        finder->events.network(finder->user);
    }
    if (changed) {
        finder->events.changed(finder->user);
    }
    if (state_changed) {
        finder->events.state(finder->told_state, line, finder->user);
    }
    return G_SOURCE_REMOVE;
}

static void tell_soon(Finder *finder)
{
    if (!finder->telling) {
        int64_t delay = finder->told_at + PACE_US - g_get_monotonic_time();
        finder->telling = timeout(finder, finder->told_at ? delay : 0, tell);
    }
}

static void list_changed(void *user)
{
    Finder *finder = user;
    finder->dirty = true;
    tell_soon(finder);
}

static gboolean doubts_ended(void *user)
{
    Finder *finder = user;
    int64_t now = g_get_monotonic_time();
    int64_t next = G_MAXINT64;
    clear_source(&finder->doubting);
    for (guint i = finder->doubts->len; i > 0; i--) {
        int64_t until = g_array_index(finder->doubts, Doubt, i - 1).until;
        if (until <= now) {
            g_array_remove_index(finder->doubts, i - 1);
        } else {
            next = MIN(next, until);
        }
    }
    if (finder->doubts->len > 0) {
        finder->doubting = timeout(finder, next - now, doubts_ended);
    }
    list_changed(finder);
    return G_SOURCE_REMOVE;
}

void finder_doubt(Finder *finder, const Candidate *candidate)
{
    if (candidate_typed(candidate)) {
        for (guint i = 0; i < finder->typed->len; i++) {
            typed_refresh(finder->typed->pdata[i]);
        }
    }
    if (!candidate_key(candidate)) {
        return;
    }
    Doubt doubt = {.epoch = candidate_epoch(candidate)};
    memcpy(doubt.key, candidate_key(candidate), sizeof doubt.key);
    doubt.until = g_get_monotonic_time() + FINDER_DOUBT_S * G_USEC_PER_SEC;
    const Doubt *old = find_doubt(finder, candidate);
    if (old) {
        g_array_remove_index(finder->doubts, (guint)(old - (const Doubt *)finder->doubts->data));
    } else if (finder->doubts->len >= BROWSER_SERVICES_MAX) {
        g_array_remove_index(finder->doubts, 0);
    }
    g_array_append_val(finder->doubts, doubt);
    doubts_ended(finder);
}

/* On a machine that has just come to a network nothing has been sent to its gateway yet. */
static void ask_gateway(Finder *finder)
{
    int64_t now = g_get_monotonic_time();
    bool others = strcmp(finder->asked, finder->network.routes) != 0;
    if (others || now >= finder->asked_at + ASK_US) {
        g_strlcpy(finder->asked, finder->network.routes, sizeof finder->asked);
        finder->asked_at = now;
        network_ask();
    }
}

static void look_at_network(Finder *finder)
{
    finder->network = network_again(&finder->network);
    if (finder->network.unanswered && finder->netwatch) {
        ask_gateway(finder);
    }
    g_autoptr(GPtrArray) remembered = memory_candidates(finder->memory, &finder->network);
    finder->has_last_place = remembered->len > 0;
    if (finder->has_last_place) {
        memcpy(finder->last_place, candidate_place(remembered->pdata[0]), CANDIDATE_PLACE_SIZE);
    }
    if (finder->netwatch) {
        netwatch_want_neighbours(finder->netwatch,
                                 !finder->network.has_gateway || finder->network.unanswered);
    }
    if (finder->lookout) {
        lookout_set_known(finder->lookout, remembered);
    }
}

static void network_changed(void *user)
{
    Finder *finder = user;
    look_at_network(finder);
    g_array_set_size(finder->doubts, 0);
    for (guint i = 0; i < finder->typed->len; i++) {
        typed_refresh(finder->typed->pdata[i]);
    }
    finder->network_changed = true;
    list_changed(finder);
}

static void lookout_state(BrowserState state, const char *line, void *user)
{
    static const FinderState states[] = {
        [BROWSER_STARTING] = FINDER_STARTING,
        [BROWSER_BROWSING] = FINDER_BROWSING,
        [BROWSER_SETTLED] = FINDER_SETTLED,
        [BROWSER_UNAVAILABLE] = FINDER_UNAVAILABLE,
    };
    Finder *finder = user;
    finder->state = states[state];
    if (line) {
        g_free(finder->line);
        finder->line = g_strdup(line);
    }
    tell_soon(finder);
}

Finder *finder_new(GMainContext *context, const char *memory_path, bool use_mdns,
                   const FinderEvents *events, void *user)
{
    Finder *finder = g_new0(Finder, 1);
    finder->context = context ? g_main_context_ref(context) : NULL;
    finder->events = *events;
    finder->user = user;
    finder->use_mdns = use_mdns;
    finder->memory = memory_new(memory_path);
    finder->typed = g_ptr_array_new_with_free_func((GDestroyNotify)typed_free);
    finder->doubts = g_array_new(FALSE, FALSE, sizeof(Doubt));
    finder->candidates = g_ptr_array_new_with_free_func((GDestroyNotify)candidate_unref);
    look_at_network(finder);
    return finder;
}

void finder_leave_out(Finder *finder, const uint8_t *key)
{
    finder->has_own_key = true;
    memcpy(finder->own_key, key, CANDIDATE_KEY_SIZE);
}

void finder_free(Finder *finder)
{
    if (!finder) {
        return;
    }
    finder_stop(finder);
    clear_source(&finder->telling);
    g_ptr_array_unref(finder->typed);
    g_ptr_array_unref(finder->candidates);
    g_array_unref(finder->doubts);
    memory_free(finder->memory);
    g_clear_pointer(&finder->context, g_main_context_unref);
    g_free(finder->line);
    g_free(finder);
}

void finder_start(Finder *finder)
{
    static const LookoutEvents events = {list_changed, lookout_state};
    if (finder->netwatch) {
        return;
    }
    finder->netwatch = netwatch_new(finder->context, network_changed, finder);
    look_at_network(finder);
    if (finder->use_mdns) {
        g_autoptr(GPtrArray) known = memory_candidates(finder->memory, &finder->network);
        finder->lookout = lookout_new(finder->context, known, &events, finder);
    } else {
        finder->state = FINDER_SETTLED;
    }
    list_changed(finder);
}

void finder_stop(Finder *finder)
{
    g_clear_pointer(&finder->lookout, lookout_free);
    g_clear_pointer(&finder->netwatch, netwatch_free);
    clear_source(&finder->doubting);
    finder->state = FINDER_STARTING;
    list_changed(finder);
}

gboolean finder_type(Finder *finder, const char *address, GError **error)
{
    Typed *typed =
        typed_new(finder->context, address, ANNOUNCER_DEFAULT_PORT, list_changed, finder, error);
    if (!typed) {
        return FALSE;
    }
    for (guint i = 0; i < finder->typed->len; i++) {
        if (typed_same(finder->typed->pdata[i], typed)) {
            typed_free(typed);
            typed_refresh(finder->typed->pdata[i]);
            return TRUE;
        }
    }
    g_ptr_array_add(finder->typed, typed);
    list_changed(finder);
    return TRUE;
}

void finder_remember(Finder *finder, const uint8_t *place, const uint8_t *key, CandidateRole role,
                     const char *name, const GPtrArray *addresses)
{
    CandidateFields fields = {
        .role = role, .name = name, .place = place, .key = key, .addresses = addresses};
    g_autoptr(Candidate) wanted = candidate_new(&fields);
    const Candidate *present = find_same(finder->candidates, wanted);
    fields.locked = present && candidate_locked(present);
    g_autoptr(Candidate) node = candidate_new(&fields);
    finder->network = network_again(&finder->network);
    memory_keep(finder->memory, &finder->network, node, g_get_real_time() / G_USEC_PER_SEC);
    look_at_network(finder);
    list_changed(finder);
}

const uint8_t *finder_last_place(const Finder *finder)
{
    return finder->has_last_place ? finder->last_place : NULL;
}

FinderState finder_state(const Finder *finder)
{
    return finder->state;
}

Network finder_network(const Finder *finder)
{
    return finder->network;
}

GPtrArray *finder_candidates(const Finder *finder)
{
    return gather(finder);
}
