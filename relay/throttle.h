#pragma once
/* One rate for many who move bytes: each asks before it moves some; when there is nothing to give
 * they stand in a queue and are called in turn, so that all get equal shares. One thread, that of
 * the poller. */

#include "relay/poller.h"

#include <stddef.h>

/* Part of what moves bytes; zeroed but for the callback at first. */
typedef struct {
    /* Its turn: it asks again from inside. It may free itself and others. */
    void (*turn)(void *user);
    void *user;
    bool waiting;
    GList node;
} ThrottleEntry;

typedef struct Throttle Throttle;

/* `rate` in bytes a second; 0: no bound. */
Throttle *throttle_new(Poller *poller, uint64_t rate);
/* Nobody may wait any more. */
void throttle_free(Throttle *throttle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Throttle, throttle_free)

/* How many bytes `entry` may move now, at most `most`. 0: none, and turn() comes when it may. */
size_t throttle_take(Throttle *throttle, ThrottleEntry *entry, size_t most);
/* So many were not moved. */
void throttle_give_back(Throttle *throttle, size_t unused);
/* It does not wait any more. */
void throttle_leave(Throttle *throttle, ThrottleEntry *entry);
