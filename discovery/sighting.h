#pragma once
/* One service as one interface and protocol shows it: what a resolve brought. Several make one
 * candidate. */

#include "discovery/txt.h"

typedef struct {
    Txt txt;
    GSocketAddress *address; /* owned */
    bool virtual_interface;  /* a container's or a virtual machine's: its address is the last to try
                              */
} Sighting;

/* Copies `txt` and takes a reference of `address`. */
Sighting *sighting_new(const Txt *txt, GSocketAddress *address, bool virtual_interface);
void sighting_free(Sighting *sighting);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sighting, sighting_free)

/* One candidate for each key, addresses by rank, all with CANDIDATE_SEEN. What the TXT records of
 * one key contradict each other in, the last of them in `sightings` (Sighting*) decides.
 * Candidate*, transfer full, by key. */
GPtrArray *sighting_merge(const GPtrArray *sightings);
