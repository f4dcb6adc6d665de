#pragma once
/* Notes: what a Signal carries from one member to another. Signed by the sender (Ed25519 over
 * "backfence/note/1\0", place id, the reader's key, room time, the note), then put into a sealed
 * box for the reader (libsodium's crypto_box_seal, behind the first SEALING_HINT_SIZE bytes of the
 * key), so that the relay can neither read nor make one. */

#include "relay/arena.h"
#include "relay/identity.h"
#include "relay/keyring.h"
#include "wire.pb-c.h"

/* Where and when a note is written or read: a relay that keeps one gets nowhere with it elsewhere,
 * nor NOTE_AGE_MAX_MS later. */
typedef struct {
    const uint8_t *place; /* PLACE_SIZE */
    int64_t time_ms;      /* room time */
} NoteScene;

/* What goes into Signal.sealed; transfer full. NULL when it would be larger than SIGNAL_MAX, or the
 * sealing key is of small order. `to` is the reader's key, `sealing_key` its X25519 key. */
GBytes *note_seal(const Wire__Note *note, const Identity *from, const NoteScene *scene,
                  const uint8_t *to, const uint8_t *sealing_key);
/* The note, living in the arena, every field checked; NULL when it is not for us, not by `from`, of
 * another place or time, or malformed; `why` (static text, may be NULL) says what. A note of a
 * newer version has body_case NOT_SET. */
const Wire__Note *note_open(const uint8_t *sealed, size_t length, const Keyring *keyring,
                            const uint8_t *from, const NoteScene *scene, const uint8_t *own_key,
                            Arena *arena, const char **why);
