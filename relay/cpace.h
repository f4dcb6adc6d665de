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

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define CPACE_RANDOM_SIZE 64

/* What both bind the exchange to. */
typedef struct {
    uint8_t exporter[EXPORTER_SIZE]; /* TLS exporter LOCK_EXPORTER, no context */
    uint8_t place[PLACE_SIZE];
    uint8_t relay[KEY_SIZE];
    uint8_t member[KEY_SIZE];
} CpaceBinding;

/* Argon2id13 (opslimit 3, 64 MiB) of the passphrase as UTF-8 in NFC, salted by the place id; takes
 * about 0.2 s: not on a thread that others wait for. False when memory is short, or the passphrase
 * is empty or longer than PASSPHRASE_MAX. `secret` receives SECRET_SIZE bytes. Any thread. */
bool cpace_secret(const char *passphrase, const uint8_t *place, uint8_t *secret);

typedef struct Cpace Cpace; /* one exchange, of the relay's side */

/* `random`: CPACE_RANDOM_SIZE random bytes, reduced to a scalar. `share` receives SHARE_SIZE bytes.
 * NULL: the scalar is zero, which no random source gives. */
Cpace *cpace_begin(const uint8_t *secret, const CpaceBinding *binding, const uint8_t *random,
                   uint8_t *share);
void cpace_free(Cpace *cpace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cpace, cpace_free)
/* Is the member's answer right? Then `proof` receives PROOF_SIZE bytes for Welcome. Once. */
bool cpace_finish(Cpace *cpace, const uint8_t *share, const uint8_t *member_proof, uint8_t *proof);

/* The member's side in one step. False: the relay's share is no good. `expected` receives the
 * PROOF_SIZE bytes that Welcome has to carry. */
bool cpace_answer(const uint8_t *secret, const CpaceBinding *binding, const uint8_t *random,
                  const uint8_t *relay_share, uint8_t *share, uint8_t *proof, uint8_t *expected);
/* Is Welcome.proof (PROOF_SIZE bytes) the expected one? In constant time. */
bool cpace_confirm(const uint8_t *expected, const uint8_t *proof);
