#pragma once
/* Private contents: XChaCha20-Poly1305 under a random key, which is put into a sealed box (X25519)
 * for each recipient; libsodium's crypto_aead_xchacha20poly1305_ietf and crypto_box_seal. Lengths
 * are hidden up to 256 bytes. */

#include "relay/event.h"
#include "relay/keyring.h"

/* Seals `content` of `kind` for draft->recipients, whose X25519 keys are `sealing_keys` in the same
 * order: the encoded Sealed message to put into draft->content with kind EVENT_SEALED. Associated
 * data: author, place, incarnation, lane, seq, recipients (relay/PROTOCOL.md). NULL when a sealing
 * key is of small order. */
GBytes *seal_content(const EventDraft *draft, const uint8_t *author,
                     const uint8_t *const *sealing_keys, uint32_t kind, GBytes *content);
typedef enum {
    SEAL_OPENED,
    SEAL_NOT_FOR_ME, /* no key of ours fits: not addressed to us, or the key is gone */
    SEAL_BAD,        /* altered or malformed */
    SEAL_UNKNOWN,    /* an algorithm of a newer version */
} SealResult;
/* Opens a sealed event; `kind` and `content` (transfer full) are set on SEAL_OPENED only. */
SealResult seal_open(const Keyring *keyring, const Event *event, const uint8_t *own_key,
                     uint32_t *kind, GBytes **content);
