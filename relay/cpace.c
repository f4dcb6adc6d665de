/* The relay is the initiator of the draft, the member its responder; both identities are in the
 * channel identifier, the connection is the session identifier, there is no associated data:
 *
 *   PRS = secret    CI = "backfence/lock/1\0" || place || relay || member    sid = exporter
 *
 * The relay's proof is the tag over its own share, the member's that over the member's. */
#include "relay/cpace.h"

#include "relay/cpace_group.h"

#include <glib.h>
#include <sodium.h>
#include <string.h>

#define LABEL "backfence/lock/1" /* its final NUL is part of it */
#define CHANNEL_SIZE (sizeof LABEL + PLACE_SIZE + KEY_SIZE + KEY_SIZE)

G_STATIC_ASSERT(SHARE_SIZE == CPACE_POINT_SIZE && PROOF_SIZE == CPACE_TAG_SIZE);
G_STATIC_ASSERT(PLACE_SIZE == crypto_pwhash_argon2id_SALTBYTES);

struct Cpace {
    uint8_t scalar[CPACE_SCALAR_SIZE];
    uint8_t share[SHARE_SIZE];
    uint8_t exporter[EXPORTER_SIZE];
    bool finished;
};

typedef struct {
    uint8_t relay[PROOF_SIZE], member[PROOF_SIZE];
} Proofs;

/* NULL: not UTF-8. Transfer full. */
static char *composed(const char *passphrase)
{
    if (!g_utf8_validate(passphrase, -1, NULL))
        return NULL;
    /* What is ASCII is composed already, and passes through no buffer of GLib's. */
    if (g_str_is_ascii(passphrase))
        return g_strdup(passphrase);
    return g_utf8_normalize(passphrase, -1, G_NORMALIZE_DEFAULT_COMPOSE);
}

bool cpace_secret(const char *passphrase, const uint8_t *place, uint8_t *secret)
{
    if (sodium_init() < 0 || strlen(passphrase) > PASSPHRASE_MAX)
        return false;
    char *text = composed(passphrase);
    size_t length = text ? strlen(text) : 0;
    bool made = length > 0 && length <= PASSPHRASE_MAX &&
                crypto_pwhash(secret, SECRET_SIZE, text, length, place, 3, (size_t)64 * 1024 * 1024,
                              crypto_pwhash_ALG_ARGON2ID13) == 0;
    if (text)
        sodium_memzero(text, length);
    g_free(text);
    return made;
}

/* g * scalar; false when `random` was all but impossible. */
static bool draw(const uint8_t *secret, const CpaceBinding *binding, const uint8_t *random,
                 uint8_t *scalar, uint8_t *share)
{
    uint8_t channel[CHANNEL_SIZE], generator[CPACE_POINT_SIZE];
    uint8_t *end = channel;
    memcpy(end, LABEL, sizeof LABEL);
    memcpy(end += sizeof LABEL, binding->place, PLACE_SIZE);
    memcpy(end += PLACE_SIZE, binding->relay, KEY_SIZE);
    memcpy(end + KEY_SIZE, binding->member, KEY_SIZE);
    cpace_generator((CpaceString){secret, SECRET_SIZE}, (CpaceString){channel, sizeof channel},
                    (CpaceString){binding->exporter, EXPORTER_SIZE}, generator);
    crypto_core_ristretto255_scalar_reduce(scalar, random);
    bool good = cpace_multiply(scalar, generator, share);
    sodium_memzero(generator, sizeof generator);
    return good;
}

/* Both proofs, from the own scalar and the other's share. False: that share is no good. */
static bool prove(const uint8_t *exporter, const uint8_t *scalar, const uint8_t *other,
                  const uint8_t *relay_share, const uint8_t *member_share, Proofs *proofs)
{
    uint8_t k[CPACE_POINT_SIZE], isk[CPACE_ISK_SIZE];
    CpaceString sid = {exporter, EXPORTER_SIZE};
    CpaceSent relay = {.share = relay_share}, member = {.share = member_share};
    bool reflected = sodium_memcmp(relay_share, member_share, SHARE_SIZE) == 0;
    bool good = !reflected && cpace_multiply(scalar, other, k);
    if (good) {
        cpace_isk(sid, k, relay, member, isk);
        cpace_tag(sid, isk, relay, proofs->relay);
        cpace_tag(sid, isk, member, proofs->member);
    }
    sodium_memzero(k, sizeof k);
    sodium_memzero(isk, sizeof isk);
    return good;
}

Cpace *cpace_begin(const uint8_t *secret, const CpaceBinding *binding, const uint8_t *random,
                   uint8_t *share)
{
    Cpace *cpace = g_new0(Cpace, 1);
    memcpy(cpace->exporter, binding->exporter, EXPORTER_SIZE);
    if (!draw(secret, binding, random, cpace->scalar, cpace->share)) {
        cpace_free(cpace);
        return NULL;
    }
    memcpy(share, cpace->share, SHARE_SIZE);
    return cpace;
}

void cpace_free(Cpace *cpace)
{
    if (!cpace)
        return;
    sodium_memzero(cpace, sizeof *cpace);
    g_free(cpace);
}

bool cpace_finish(Cpace *cpace, const uint8_t *share, const uint8_t *member_proof, uint8_t *proof)
{
    Proofs proofs;
    bool right = !cpace->finished &&
                 prove(cpace->exporter, cpace->scalar, share, cpace->share, share, &proofs) &&
                 sodium_memcmp(proofs.member, member_proof, PROOF_SIZE) == 0;
    cpace->finished = true;
    sodium_memzero(cpace->scalar, sizeof cpace->scalar);
    if (right)
        memcpy(proof, proofs.relay, PROOF_SIZE);
    sodium_memzero(&proofs, sizeof proofs);
    return right;
}

bool cpace_answer(const uint8_t *secret, const CpaceBinding *binding, const uint8_t *random,
                  const uint8_t *relay_share, uint8_t *share, uint8_t *proof, uint8_t *expected)
{
    uint8_t scalar[CPACE_SCALAR_SIZE], own[SHARE_SIZE];
    Proofs proofs;
    bool good = draw(secret, binding, random, scalar, own) &&
                prove(binding->exporter, scalar, relay_share, relay_share, own, &proofs);
    if (good) {
        memcpy(share, own, SHARE_SIZE);
        memcpy(proof, proofs.member, PROOF_SIZE);
        memcpy(expected, proofs.relay, PROOF_SIZE);
    }
    sodium_memzero(scalar, sizeof scalar);
    sodium_memzero(&proofs, sizeof proofs);
    return good;
}

bool cpace_confirm(const uint8_t *expected, const uint8_t *proof)
{
    return sodium_memcmp(expected, proof, PROOF_SIZE) == 0;
}
