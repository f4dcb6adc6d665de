#pragma once
/* A place seen on the network, or remembered, or typed: something that could be joined.
 *
 * Everything in a candidate but the addresses is a hint from strangers: identity is only the key
 * that TLS proves later. Names are valid UTF-8 of at most CANDIDATE_NAME_MAX bytes and nothing
 * more; whoever shows one passes it through relay/text.h first.
 *
 * Immutable and reference-counted (atomic): may be handed to other threads. */

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#define CANDIDATE_PLACE_SIZE 16    /* bytes of a place id */
#define CANDIDATE_KEY_SIZE 8       /* leading bytes of the node's Ed25519 key, as announced */
#define CANDIDATE_NAME_MAX 128     /* bytes */
#define CANDIDATE_ADDRESSES_MAX 16 /* addresses kept of one node */

typedef enum {
    CANDIDATE_SEEN = 1 << 0,       /* announced by mDNS now */
    CANDIDATE_REMEMBERED = 1 << 1, /* joined from here before */
    CANDIDATE_TYPED = 1 << 2,      /* a person typed the address */
} CandidateSource;

typedef enum {
    CANDIDATE_ROLE_UNKNOWN, /* typed addresses do not say */
    CANDIDATE_ROLE_RELAY,
    CANDIDATE_ROLE_APP,
} CandidateRole;

typedef struct Candidate Candidate;

/* What a candidate is made of; everything is copied. */
typedef struct {
    unsigned sources; /* bits of CandidateSource */
    CandidateRole role;
    const char *name;     /* NULL or "" when nobody said */
    const uint8_t *place; /* CANDIDATE_PLACE_SIZE bytes or NULL */
    const uint8_t *key;   /* CANDIDATE_KEY_SIZE bytes or NULL */
    const char *typed;    /* what a person typed, or NULL */
    const GPtrArray
        *addresses; /* GSocketAddress; NULL for none. Doubles are dropped, the order kept */
    uint64_t epoch; /* as announced by this start of the node; 0 when unknown */
    bool locked;
} CandidateFields;

/* Addresses over CANDIDATE_ADDRESSES_MAX are left out. */
Candidate *candidate_new(const CandidateFields *fields);
Candidate *candidate_ref(Candidate *candidate);
void candidate_unref(Candidate *candidate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Candidate, candidate_unref)

/* Bits of CandidateSource. */
unsigned candidate_sources(const Candidate *candidate);
CandidateRole candidate_role(const Candidate *candidate);
/* What a person reads; "" when nobody said. */
const char *candidate_name(const Candidate *candidate);
/* CANDIDATE_PLACE_SIZE bytes, or NULL when unknown (typed addresses). */
const uint8_t *candidate_place(const Candidate *candidate);
/* CANDIDATE_KEY_SIZE bytes, or NULL when unknown. */
const uint8_t *candidate_key(const Candidate *candidate);
/* A passphrase will be asked for. */
bool candidate_locked(const Candidate *candidate);
/* GInetSocketAddress, port included, link-local ones with their scope id; best guess first. Owned
 * by the candidate; never empty, except for a typed host name that is not resolved yet. */
const GPtrArray *candidate_addresses(const Candidate *candidate);
/* What a person typed, or NULL. A typed candidate is never merged with an announced one: anybody
 * can announce somebody else's address under another key. */
const char *candidate_typed(const Candidate *candidate);
/* Differs between two starts of the same node; 0 when unknown. */
uint64_t candidate_epoch(const Candidate *candidate);
/* Two candidates are the same node: same key, else the same typed text. */
bool candidate_same(const Candidate *a, const Candidate *b);
/* The same node, and everything known about it is equal. */
bool candidate_equal(const Candidate *a, const Candidate *b);
