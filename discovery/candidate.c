#include "discovery/candidate.h"

#include "discovery/address.h"

#include <string.h>

struct Candidate {
    gatomicrefcount references;
    unsigned sources;
    CandidateRole role;
    bool locked;
    bool has_place;
    bool has_key;
    uint8_t place[CANDIDATE_PLACE_SIZE];
    uint8_t key[CANDIDATE_KEY_SIZE];
    uint64_t epoch;
    char *name;           /* owned, never NULL */
    char *typed;          /* owned, may be NULL */
    GPtrArray *addresses; /* GSocketAddress, owned */
};

static bool has_address(const GPtrArray *addresses, GSocketAddress *address)
{
    for (guint i = 0; i < addresses->len; i++) {
        if (address_equal(addresses->pdata[i], address)) {
            return true;
        }
    }
    return false;
}

static void copy_addresses(Candidate *candidate, const GPtrArray *addresses)
{
    for (guint i = 0; addresses && i < addresses->len; i++) {
        if (candidate->addresses->len == CANDIDATE_ADDRESSES_MAX) {
            return;
        }
        if (!has_address(candidate->addresses, addresses->pdata[i])) {
            g_ptr_array_add(candidate->addresses, g_object_ref(addresses->pdata[i]));
        }
    }
}

Candidate *candidate_new(const CandidateFields *fields)
{
    Candidate *candidate = g_new0(Candidate, 1);
    g_atomic_ref_count_init(&candidate->references);
    candidate->sources = fields->sources;
    candidate->role = fields->role;
    candidate->locked = fields->locked;
    candidate->epoch = fields->epoch;
    candidate->name = g_strdup(fields->name ? fields->name : "");
    candidate->typed = g_strdup(fields->typed);
    if (fields->place) {
        candidate->has_place = true;
        memcpy(candidate->place, fields->place, sizeof candidate->place);
    }
    if (fields->key) {
        candidate->has_key = true;
        memcpy(candidate->key, fields->key, sizeof candidate->key);
    }
    candidate->addresses = g_ptr_array_new_with_free_func(g_object_unref);
    copy_addresses(candidate, fields->addresses);
    return candidate;
}

Candidate *candidate_ref(Candidate *candidate)
{
    g_atomic_ref_count_inc(&candidate->references);
    return candidate;
}

void candidate_unref(Candidate *candidate)
{
    if (!candidate || !g_atomic_ref_count_dec(&candidate->references)) {
        return;
    }
    g_ptr_array_unref(candidate->addresses);
    g_free(candidate->typed);
    g_free(candidate->name);
    g_free(candidate);
}

unsigned candidate_sources(const Candidate *candidate)
{
    return candidate->sources;
}

CandidateRole candidate_role(const Candidate *candidate)
{
    return candidate->role;
}

const char *candidate_name(const Candidate *candidate)
{
    return candidate->name;
}

const uint8_t *candidate_place(const Candidate *candidate)
{
    return candidate->has_place ? candidate->place : NULL;
}

const uint8_t *candidate_key(const Candidate *candidate)
{
    return candidate->has_key ? candidate->key : NULL;
}

bool candidate_locked(const Candidate *candidate)
{
    return candidate->locked;
}

const GPtrArray *candidate_addresses(const Candidate *candidate)
{
    return candidate->addresses;
}

const char *candidate_typed(const Candidate *candidate)
{
    return candidate->typed;
}

uint64_t candidate_epoch(const Candidate *candidate)
{
    return candidate->epoch;
}

bool candidate_same(const Candidate *a, const Candidate *b)
{
    if (a == b) {
        return true;
    }
    if (a->typed || b->typed) {
        return g_strcmp0(a->typed, b->typed) == 0;
    }
    return a->has_key && b->has_key && memcmp(a->key, b->key, sizeof a->key) == 0;
}

bool candidate_equal(const Candidate *a, const Candidate *b)
{
    if (!candidate_same(a, b) || a->sources != b->sources || a->role != b->role ||
        a->locked != b->locked || a->epoch != b->epoch || a->has_place != b->has_place ||
        a->has_key != b->has_key || memcmp(a->place, b->place, sizeof a->place) != 0 ||
        memcmp(a->key, b->key, sizeof a->key) != 0 || strcmp(a->name, b->name) != 0 ||
        a->addresses->len != b->addresses->len) {
        return false;
    }
    for (guint i = 0; i < a->addresses->len; i++) {
        if (!address_equal(a->addresses->pdata[i], b->addresses->pdata[i])) {
            return false;
        }
    }
    return true;
}
