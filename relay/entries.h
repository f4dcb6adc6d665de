#pragma once
/* Events in frames: the bytes of an event are referred to, never encoded again. */

#include "relay/event.h"
#include "relay/frame.h"

/* `out` refers to the event's bytes and lives as long as the event. */
void event_to_wire(const Event *event, Wire__SignedEvent *out);

/* Collects positions and events for one Deliver or Page frame. Refers to the events: they must live
 * until it is built. */
typedef struct Entries Entries;

Entries *entries_new(void);
void entries_free(Entries *entries);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Entries, entries_free)

/* Positions in the order in which the frame shall carry them. */
/* At the end; positions rise. */
void entries_add(Entries *entries, uint64_t position, const Event *event);
unsigned entries_count(const Entries *entries);
/* About how many bytes the frame will have. */
size_t entries_bytes(const Entries *entries);
void entries_clear(Entries *entries);

/* Transfer full. */
GBytes *entries_deliver(const Entries *entries, uint64_t after, uint64_t through);
GBytes *entries_page(const Entries *entries, uint32_t request, uint64_t after, uint64_t through);
