#pragma once
/* Finds places: what Avahi browses, what was remembered on this network, what a person typed,
 * merged into one list of candidates, one for each node whatever the number of its addresses.
 *
 * Lives on the thread of the GMainContext that it was made with; all callbacks fire there, never
 * from inside a finder_* call. */

#include "discovery/candidate.h"
#include "discovery/network.h"

typedef enum {
    FINDER_STARTING,    /* Avahi has not answered yet */
    FINDER_BROWSING,    /* looking; the first answers may still come */
    FINDER_SETTLED,     /* Avahi said "all for now" */
    FINDER_UNAVAILABLE, /* no Avahi: remembered and typed addresses only; it is tried again by
                           itself */
} FinderState;

typedef struct {
    /* The list or one of its candidates changed. */
    void (*changed)(void *user);
    /* finder_state() changed; `line` says why in one plain sentence when it is FINDER_UNAVAILABLE.
     */
    void (*state)(FinderState state, const char *line, void *user);
    /* Links, addresses or routes changed, or the machine woke up: a good moment to dial again. May
     * be NULL. finder_network() says which network it is now. */
    void (*network)(void *user);
} FinderEvents;

#define FINDER_DOUBT_S 20

typedef struct Finder Finder;

/* `memory_path` is the file that remembered addresses are kept in (a GKeyFile, mode 0600), or NULL
 * to remember nothing. `use_mdns` false never contacts Avahi. */
Finder *finder_new(GMainContext *context, const char *memory_path, bool use_mdns,
                   const FinderEvents *events, void *user);
void finder_free(Finder *finder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Finder, finder_free)

/* The own node, CANDIDATE_KEY_SIZE bytes: what it announces is no candidate. Before
 * finder_start(). */
void finder_leave_out(Finder *finder, const uint8_t *key);
void finder_start(Finder *finder);
void finder_stop(Finder *finder);

/* Adds what a person typed: HOST, HOST:PORT, [IPv6%scope]:PORT; without a port 7667. A host name is
 * resolved in the background. FALSE with G_IO_ERROR_INVALID_ARGUMENT when it cannot be an address.
 */
gboolean finder_type(Finder *finder, const char *address, GError **error);

/* A place was joined at `addresses` (GSocketAddress) on the present network: keep them for next
 * time. `key` is the node's key prefix, CANDIDATE_KEY_SIZE bytes, `place` CANDIDATE_PLACE_SIZE
 * bytes. Nothing learnt on one network is offered on another; on a network that cannot be told from
 * others (no gateway) nothing is kept. */
void finder_remember(Finder *finder, const uint8_t *place, const uint8_t *key, CandidateRole role,
                     const char *name, const GPtrArray *addresses);
/* The place last joined on the present network: CANDIDATE_PLACE_SIZE bytes, or NULL. */
const uint8_t *finder_last_place(const Finder *finder);
/* This node was tried and is not there: hide what mDNS cached of it until it is announced anew
 * (another epoch), the network changes, or FINDER_DOUBT_S seconds have passed. */
void finder_doubt(Finder *finder, const Candidate *candidate);

/* May be ahead of what the callback told. */
FinderState finder_state(const Finder *finder);
/* The network that this machine is on, as of the last change. */
Network finder_network(const Finder *finder);
/* Candidate*, new array with references; transfer full. */
GPtrArray *finder_candidates(const Finder *finder);
