#pragma once
/* A passphrase shown to be known to both, without saying it: CPace (draft-irtf-cfrg-cpace) over
 * ristretto255 with SHA-512, inside TLS and bound to it. Who tries learns one thing: whether that
 * one guess was right.
 *
 *   relay                                member
 *   cpace_begin() -> Lock.share   -->
 *                                 <--    cpace_answer() -> Unlock.share, .proof
 *   cpace_finish(): right or wrong;
 *   Welcome.proof                 -->    cpace_confirm()
 *
 * No random source of its own: scalars are given. One thread, all memory of secrets is wiped. */

#include "relay/limits.h"

#include <stdbool.h>
#include <stddef.h>

/* What both bind the exchange to. */
typedef struct {
    uint8_t exporter[EXPORTER_SIZE]; /* TLS exporter "EXPORTER-backfence-lock", no context */
    uint8_t place[PLACE_SIZE];
    uint8_t relay[KEY_SIZE];
    uint8_t member[KEY_SIZE];
} CpaceBinding;

/* Argon2id13 (opslimit 3, 64 MiB) of the passphrase as UTF-8 in NFC, salted by the place id; takes
 * about 0.2 s: not on a thread that others wait for. False when memory is short, or the passphrase
 * is empty or longer than PASSPHRASE_MAX. `secret` receives SECRET_SIZE bytes. Any thread. */
bool cpace_secret(const char *passphrase, const uint8_t *place, uint8_t *secret);

typedef struct Cpace Cpace; /* one exchange, of the relay's side */

/* `random`: 64 random bytes, reduced to a scalar. `share` receives SHARE_SIZE bytes. */
Cpace *cpace_begin(const uint8_t *secret, const CpaceBinding *binding, const uint8_t *random,
                   uint8_t *share);
void cpace_free(Cpace *cpace);
/* Is the member's answer right? Then `proof` receives PROOF_SIZE bytes for Welcome. Once. */
bool cpace_finish(Cpace *cpace, const uint8_t *share, const uint8_t *member_proof, uint8_t *proof);

/* The member's side in one step. False: the relay's share is no good. `expected` receives the
 * PROOF_SIZE bytes that Welcome has to carry. */
bool cpace_answer(const uint8_t *secret, const CpaceBinding *binding, const uint8_t *random,
                  const uint8_t *relay_share, uint8_t *share, uint8_t *proof, uint8_t *expected);
