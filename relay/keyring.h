#pragma once
/* The X25519 keys that private events are sealed for: a new one every week, old ones deleted after 30 days, which
 * is coarse forward secrecy. Kept in a file of mode 0600, secrets in locked memory. One thread. */

#include "relay/event.h"

typedef struct Keyring Keyring;

/* Reads or makes the file at `path`; NULL path: memory only (tests). `wall_ms` decides about rotation. */
Keyring *keyring_open(const char *path, int64_t wall_ms, GError **error);
void keyring_free(Keyring *keyring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keyring, keyring_free)

/* Makes a new key when the newest is a week old and deletes those older than 30 days; TRUE when the key to publish changed. On a write error the old key stays. */
gboolean keyring_rotate(Keyring *keyring, int64_t wall_ms, gboolean *changed, GError **error);
/* SEALING_KEY_SIZE bytes: the one to publish. */
const uint8_t *keyring_public(const Keyring *keyring);

/* Seals `content` of `kind` for draft->recipients, whose X25519 keys are `sealing_keys` in the same order: the encoded Sealed message to put into draft->content with kind
 * EVENT_SEALED. Associated data: author, place, incarnation, lane, seq, recipients (relay/PROTOCOL.md). */
GBytes *seal_content(const EventDraft *draft, const uint8_t *author, const uint8_t *const *sealing_keys,
                     uint32_t kind, GBytes *content);
typedef enum {
    SEAL_OPENED,
    SEAL_NOT_FOR_ME, /* no key of ours fits: not addressed to us, or the key is gone */
    SEAL_BAD,        /* altered or malformed */
    SEAL_UNKNOWN,    /* an algorithm of a newer version */
} SealResult;
/* Opens a sealed event; `kind` and `content` (transfer full) are set on SEAL_OPENED only. */
SealResult seal_open(const Keyring *keyring, const Event *event, const uint8_t *own_key, uint32_t *kind, GBytes **content);
