#include "discovery/sighting.h"

#include "discovery/address.h"

#include <string.h>

Sighting *sighting_new(const Txt *txt, GSocketAddress *address, bool virtual_interface)
{
    Sighting *sighting = g_new0(Sighting, 1);
    sighting->txt = *txt;
    sighting->address = g_object_ref(address);
    sighting->virtual_interface = virtual_interface;
    return sighting;
}

void sighting_free(Sighting *sighting)
{
    if (sighting) {
        g_object_unref(sighting->address);
        g_free(sighting);
    }
}

static int compare_keys(const Sighting *a, const Sighting *b)
{
    return memcmp(a->txt.key, b->txt.key, sizeof a->txt.key);
}

static int rank(const Sighting *sighting)
{
    return (int)address_rank(sighting->address) + (sighting->virtual_interface ? 10 : 0);
}

/* g_ptr_array_sort() keeps the order of equals. */
static gint by_key(gconstpointer a, gconstpointer b)
{
    return compare_keys(*(Sighting *const *)a, *(Sighting *const *)b);
}

static gint by_rank(gconstpointer a, gconstpointer b)
{
    return rank(*(Sighting *const *)a) - rank(*(Sighting *const *)b);
}

static Candidate *merge_one(GPtrArray *same)
{
    Txt decides = ((const Sighting *)same->pdata[same->len - 1])->txt; /* before sorting anew */
    g_autoptr(GPtrArray) addresses = g_ptr_array_new();
    g_ptr_array_sort(same, by_rank);
    for (guint i = 0; i < same->len; i++) {
        g_ptr_array_add(addresses, ((const Sighting *)same->pdata[i])->address);
    }
    CandidateFields fields = {
        .sources = CANDIDATE_SEEN,
        .role = decides.role,
        .name = decides.name,
        .place = decides.place,
        .key = decides.key,
        .addresses = addresses,
        .epoch = decides.epoch,
        .locked = decides.locked,
    };
    return candidate_new(&fields);
}

GPtrArray *sighting_merge(const GPtrArray *sightings)
{
    GPtrArray *candidates = g_ptr_array_new_with_free_func((GDestroyNotify)candidate_unref);
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    g_autoptr(GPtrArray) same = g_ptr_array_new();
    for (guint i = 0; i < sightings->len; i++) {
        g_ptr_array_add(sorted, sightings->pdata[i]);
    }
    g_ptr_array_sort(sorted, by_key);
    for (guint i = 0; i < sorted->len; i++) {
        g_ptr_array_add(same, sorted->pdata[i]);
        if (i + 1 == sorted->len || compare_keys(sorted->pdata[i], sorted->pdata[i + 1]) != 0) {
            g_ptr_array_add(candidates, merge_one(same));
            g_ptr_array_set_size(same, 0);
        }
    }
    return candidates;
}
