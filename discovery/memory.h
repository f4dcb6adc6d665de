#pragma once
/* Remembers where places were joined, for each network apart: when mDNS is silent, these addresses
 * still lead home. A GKeyFile of mode 0600, replaced as a whole; one that cannot be read counts as
 * empty. */

#include "discovery/candidate.h"
#include "discovery/network.h"

#define MEMORY_PER_NETWORK_MAX 16
#define MEMORY_MAX 256

typedef struct Memory Memory;

/* `path` NULL: kept only as long as the process runs. */
Memory *memory_new(const char *path);
void memory_free(Memory *memory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Memory, memory_free)

/* Candidate `node` was joined on this network at `when` (Unix seconds). It has a key and a place.
 * Loopback addresses are not kept. Does nothing on a network without a gateway. */
void memory_keep(Memory *memory, const Network *network, const Candidate *node, int64_t when);
/* What was joined on this network, the latest first, all with CANDIDATE_REMEMBERED. Candidate*,
 * transfer full. */
GPtrArray *memory_candidates(const Memory *memory, const Network *network);
