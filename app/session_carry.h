#pragma once
/* The second part of app/session_internal.h: what carries a place on from node to node, and how
 * their logs catch up. Only included by that one. */

/* Carrying the place on: after a loss the next in line has its turn, then the next. */
#define TURN_US (1500 * INT64_C(1000))        /* of each successor, when the link was closed */
#define SILENT_TURN_US (2500 * INT64_C(1000)) /* by silence: others notice it later */
#define MOVED_TURN_US (3 * INT64_C(1000000))  /* of one that was named by name */
#define RETURN_TURN_US (300 * INT64_C(1000))  /* of the node that was lost, if it may be there */
#define RETURN_JITTER_US (50 * INT64_C(1000))
#define TURN_EVERY_US (100 * INT64_C(1000))       /* dials while it does not serve yet */
#define LAST_TURN_JITTER_US (500 * INT64_C(1000)) /* nobody is left: before serving */
#define ADMIT_US (3 * INT64_C(1000000))           /* to be let in by one who is next in line */
#define MOVES_MAX 8 /* Goodbyes that one follows without having been joined */
/* Beginning alone. */
#define ALONE_JITTER_US (300 * INT64_C(1000))
#define RECALL_US (1500 * INT64_C(1000))      /* for those that are remembered and not seen */
#define ALONE_DIAL_US G_USEC_PER_SEC          /* a dial this old has no answer */
#define SERVE_RETRY_US (5 * INT64_C(1000000)) /* when serving could not begin */
#define SELF_DIALS_MAX 5                      /* failing ones to the own hub */
/* While serving: looking for nodes that rank before this one. */
#define ISLAND_EVENTS_MAX 16            /* profiles, no more */
#define YIELD_US (6 * INT64_C(1000000)) /* for the other one to come, whose turn it is */
#define PROBE_EVERY_US (2 * INT64_C(1000000))
#define PROBE_OFTEN_US (600 * INT64_C(1000000)) /* so long after it was seen */
#define PROBE_SELDOM_US (30 * INT64_C(1000000))
#define PROBE_PATIENCE_US (1500 * INT64_C(1000)) /* before another one has its turn */
#define PROBE_PAUSE_US (100 * INT64_C(1000))     /* after one that was answered */
/* One that did not admit those sent to it has failed twice, one that was gone soon after, once. */
#define DISTRUST_SHORT 2 /* so many failures: not given the place for FIRST_DISTRUST_US */
#define DISTRUST_LONG 4  /* for DISTRUST_US, then doubling, to an hour */
#define FIRST_DISTRUST_US (5 * INT64_C(1000000))
#define DISTRUST_US (60 * INT64_C(1000000))
#define BRIEF_US (10 * INT64_C(1000000)) /* carried the place for less: gone soon */
#define WARY_MAX 7                       /* times doubled: some ten minutes */
#define WARY_FORGOTTEN_US (600 * INT64_C(1000000))
#define NODES_MAX 32
/* Being calm about it. */
#define CALM_US (2 * INT64_C(1000000))        /* without a link before SESSION_LOST is told */
#define MOVED_LASTS_US (2 * INT64_C(1000000)) /* before SESSION_EVENT_MOVED */
#define BOUNCE_US (10 * INT64_C(1000000))     /* a network that is gone for less was not left */
#define LATE_US (10 * INT64_C(1000000))       /* a tick this late: the machine slept */
#define WAKING_US (2 * INT64_C(1000000))      /* for the relay to answer then */

/* session_nodes.c */
void node_free(gpointer data);
void session_successors(Session *session, const Wire__Successors *successors);
Node *session_node(const Session *session, uint64_t id);
Node *session_node_by_key(const Session *session, const uint8_t *key);
/* Transfer none; NULL when there is no room. `addresses` NULL: as they were. */
Node *session_note_node(Session *session, const uint8_t *key, char *const *addresses, size_t count);
/* The node that was linked can be dialled again. */
Node *session_note_lost(Session *session);
/* Where only the shell knows it, nobody answers: what others said is tried then. */
void session_node_failed(Session *session, uint64_t id);
void session_forget_nodes(Session *session);
SessionCandidate session_node_candidate(const Session *session, const Node *node);
/* The own disk failed a moment ago: what follows is nobody else's fault. */
bool session_own_fault(const Session *session);
/* It failed so many times. */
void session_distrust(Session *session, const uint8_t *key, unsigned times);
void session_trust(Session *session, const uint8_t *key);
bool session_distrusted(const Session *session, const uint8_t *key);
/* The place was given to one that did not carry it. */
void session_be_wary(Session *session);
/* … lately, and this one did not carry it before either. */
bool session_is_wary(const Session *session, const uint8_t *key);

/* session_turns.c */
/* Makes the timetable; `named` (a key, may be NULL) comes first. Before the link is given up. */
void session_plan(Session *session, Loss loss, const uint8_t *named);
/* The first turn begins later. */
void session_delay_plan(Session *session, int64_t wait_us);
void session_forget_plan(Session *session);
bool session_planned(const Session *session);
/* Dials whose turn it is, or serves. */
void session_take_turns(Session *session);
int64_t session_turns_deadline(const Session *session);

/* session_serve.c */
bool session_can_serve(const Session *session);
/* Serves `place`; the own hub is dialled. */
bool session_serve(Session *session, const uint8_t *place);
/* Does not hang up. */
void session_retire(Session *session, const uint8_t *key, char *const *addresses);
void session_serve_alone(Session *session);
/* The own hub again, when the link to it is lost. */
void session_dial_self(Session *session);
void session_self_failed(Session *session, int64_t wait_us);
int64_t session_serve_deadline(const Session *session);

/* session_probe.c */
void session_probe(Session *session);
void session_probe_all(Session *session);
/* It answered. */
void session_probed(Session *session, const uint8_t *key);
void session_probe_failed(Session *session);
int64_t session_probe_deadline(const Session *session);

/* session_network.c */
#define NO_NETWORK "There is no network."
void session_mind_network(Session *session);
/* Ends what there is, without a loss. */
void session_leave_place(Session *session, const char *why);
/* The machine may have slept: whatever was known is asked again. */
void session_mind_sleep(Session *session, int64_t now_us);

/* session_moved.c */
void session_begin_calm(Session *session, const char *why, int64_t wait_us);
bool session_is_calm(const Session *session);
void session_carried(Session *session); /* joined: by whom */
void session_tell_moved(Session *session);
int64_t session_moved_deadline(const Session *session);

/* session_own.c: the own log, while the own hub writes it. */
/* The relay's log is the own one. */
bool session_reads_own(const Session *session);
/* What is in the own log without having been filed. `tell`: it is news. */
bool session_file_own(Session *session, bool tell);
/* The same in small pieces, newest first, without the commit. `more`: something may be left. */
bool session_file_own_some(Session *session, bool live, bool *more);
/* When a place is opened. */
bool session_begin_own(Session *session, GError **error);
/* What this transaction appended, is filed. */
void session_cover_own(Session *session);
/* This place of the relay's log was taken in before. */
bool session_covers(Session *session, const uint8_t *log, uint64_t position);

/* session_holes.c */
void session_fetch_next(Session *session);
void session_holes_begin(Session *session);
/* The relay says that there is more to read, up to this position. */
void session_hinted(Session *session, uint64_t position);
/* It is not known yet whether anything shall be asked for by feeds. */
bool session_holes_weighed(const Session *session);
/* The relay named all its heads, up to this position. */
void session_holes_named(Session *session, uint64_t position);
/* Everything that they named is held. */
void session_holes_compared(Session *session, uint64_t position);
void session_holes_tried(Session *session);

/* session_exchange.c */
/* At Welcome. */
void session_meet_log(Session *session, bool restored);
/* For Hello: the newest event read of the relay's log. */
void session_set_mark(Session *session, Wire__Hello *hello);
void session_note_read(Session *session, const Event *event, uint64_t position);
/* Into the transaction, before its commit. */
void session_remember_other(Session *session);
/* When joined: offers what this relay was not told of. */
void session_begin_exchange(Session *session);
void session_offer_heads(Session *session);
void session_end_exchange(Session *session);
void session_exchange_frame(Session *session, const Wire__Frame *frame);
/* After a commit. */
void session_go_on_exchanging(Session *session);
int64_t session_exchange_deadline(const Session *session);
