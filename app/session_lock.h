#pragma once
/* The part of a session that unlocks places; only included by app/session_internal.h. */

#include "app/session.h"

typedef struct SessionSecrets SessionSecrets;

/* The passphrase of a place. */
typedef struct {
    SessionSecrets *secrets; /* owned, in memory of its own */
    bool has_right;          /* the open place is locked, and what with is known */
    bool has_given;          /* a person gave one for `given_place`, to be tried */
    uint8_t given_place[PLACE_SIZE];
    bool unlocking;                     /* Unlock was sent on this link */
    uint8_t unlocked[PLACE_SIZE];       /* … for this place */
    bool with_given;                    /* … from what the person gave */
    bool waits;                         /* for a person */
    uint8_t place[PLACE_SIZE];          /* … of this place */
    char *name;                         /* of the place that sent Lock last */
    uint8_t refuser[KEY_SIZE];          /* said last that what is kept is wrong; while it waits */
    uint8_t impostor[KEY_SIZE];         /* told last */
    int64_t tries_us[UNLOCKS_A_MINUTE]; /* of Unlocks that were not confirmed; 0: none */
    unsigned next_try;
} SessionLock;

/* At the beginning and the end of the session. */
void session_lock_set_up(Session *session);
void session_lock_tear_down(Session *session); /* wipes */
/* Another place is open. */
void session_lock_load(Session *session);
void session_locked(Session *session, const Wire__Lock *lock);
/* First thing at Welcome; false: the link is dropped. */
bool session_lock_admits(Session *session, const Wire__Welcome *welcome);
void session_lock_parted(Session *session, const Wire__Goodbye *goodbye);
void session_lock_unlinked(Session *session);
/* For a person: nothing is served. */
bool session_lock_waits(const Session *session);
/* … and this one is not dialled meanwhile. */
bool session_lock_leaves_out(const Session *session, const SessionCandidate *candidate);
/* While serving the same place as that one: it asks for a passphrase that is not known here, so
 * that this node goes there, whoever ranks first. */
bool session_lock_yields(const Session *session, const SessionCandidate *candidate);
/* … it asks for none, though the place is locked: it is not given the place. */
bool session_lock_stays(const Session *session, const SessionCandidate *candidate);
/* The person went elsewhere, or the machine did. */
void session_lock_give_up(Session *session);

/* session_choose.c: not tried before session_forgive(). */
void session_put_off(Session *session, uint64_t candidate);
