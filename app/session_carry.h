#pragma once
/* The other half of app/session_internal.h: what carries a place on from node to node. Only
 * included by that one. */

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
/* It failed so many times. */
void session_distrust(Session *session, const uint8_t *key, unsigned times);
void session_trust(Session *session, const uint8_t *key);
bool session_distrusted(const Session *session, const uint8_t *key);

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
