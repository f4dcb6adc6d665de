#pragma once
/* A member at work: a Session with real discovery, dialling, links, files and timers, on one
 * GMainContext and its thread. The console runs one directly, the window one through app/engine.h.
 */

#include "app/files/transfers.h"
#include "app/session.h"
#include "discovery/finder.h"

typedef struct {
    const char *data_dir; /* NULL: $XDG_DATA_HOME/backfence */
    const char *name;     /* NULL: as remembered */
    const char *connect;  /* HOST:PORT or NULL */
    bool use_mdns;
    bool serve; /* carries the room when nobody else does */
    /* This machine alone is a network, too: for tests. */
    bool loopback;
} MemberOptions;

typedef struct {
    void (*event)(const SessionEvent *event, void *user);
    void (*choices)(void *user); /* member_candidates() changed */
    void (*finding)(FinderState state, const char *line, void *user);
    /* A transfer changed: a snapshot, living during the call. May be NULL. */
    void (*transfer)(Transfer *transfer, void *user);
    /* It is not remembered any more. May be NULL. */
    void (*transfer_gone)(const uint8_t *id, void *user);
} MemberEvents;

typedef struct Member Member;

/* Fails with a sentence for a person: data directory in use, newer version, not writable, bad name,
 * bad address. */
Member *member_new(GMainContext *context, const MemberOptions *options, const MemberEvents *events,
                   void *user, GError **error);
/* Drops the link without a word; see member_leave(). */
void member_free(Member *member);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Member, member_free)

/* Begins to search; nothing is reported before. */
void member_start(Member *member);
/* Goodbye; gives the room over if it is carried here. `done` when all links are closed, at most 1 s
 * later, or 3 s when it was carried here. */
void member_leave(Member *member, void (*done)(void *user), void *user);
Session *member_session(Member *member);
Store *member_store(Member *member);
Transfers *member_transfers(Member *member);
/* Folders to be offered are still being walked: their offers are not posted yet. */
bool member_is_listing(const Member *member);
/* Call after anything was done to the session or the transfers from outside its own callbacks:
 * flushes and sets timers. */
void member_touched(Member *member);
/* Joins by typed address; G_IO_ERROR_INVALID_ARGUMENT when it cannot be one. */
gboolean member_connect(Member *member, const char *address, GError **error);
/* Where others would find the room if it were carried here: numeric host:port. Transfer full; NULL
 * when it cannot be. */
char **member_addresses(Member *member);
/* The passphrase of the place that waits for one (session_locked_place()); made into a secret
 * aside, then session_set_secret(). */
void member_unlock(Member *member, const char *passphrase);
/* A person chose this one: it goes before the rule, and so does its place on this network from now
 * on, once it was joined. */
void member_choose(Member *member, uint64_t id);
/* Candidate*; transfer full. */
GPtrArray *member_candidates(Member *member);
uint64_t member_candidate_id(Member *member, const Candidate *candidate);
