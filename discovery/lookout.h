#pragma once
/* A Browser on a thread of its own (loop_thread.h), its sightings brought to the owner's.
 *
 * Lives on the thread of its GMainContext; callbacks fire there, never from inside a lookout_*
 * call. */

#include "discovery/browser.h"

typedef struct Lookout Lookout;

typedef struct {
    void (*changed)(void *user); /* lookout_sightings() */
    void (*state)(BrowserState state, const char *line, void *user);
} LookoutEvents;

/* Begins at once. `known` (Candidate*) are the nodes to resolve first. */
Lookout *lookout_new(GMainContext *context, const GPtrArray *known, const LookoutEvents *events,
                     void *user);
void lookout_free(Lookout *lookout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lookout, lookout_free)

/* Others are known now. */
void lookout_set_known(Lookout *lookout, const GPtrArray *known);
/* Sighting*, owned by the lookout until the next callback. */
const GPtrArray *lookout_sightings(const Lookout *lookout);
