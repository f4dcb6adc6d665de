#pragma once
/* Two logs in memory, an Exchange at each, and frames that go between them in order. */

#include "relay/exchange.h"
#include "relay/frame.h"
#include "tests/unit/relay/log_stage.h"

typedef struct Pair Pair;

typedef struct {
    Log *log;
    Exchange *exchange;
    GQueue inbox; /* GBytes, header included */
    Pair *pair;
    unsigned wanted, taken, given; /* Wants sent, events appended, events that came at all */
    unsigned heads, lost;          /* Heads frames that came; failed appends */
    uint64_t settled, completed;   /* positions; UINT64_MAX: none yet */
    bool paused, refused, closed;
    bool refuses_all; /* takes nothing that is given */
    bool disk_full;   /* appending fails, and with it what was appended before */
    bool no_room;
    const uint8_t *elsewhere; /* author of whom others are asked */
} Side;

struct Pair {
    Side sides[2];
    int64_t now_us;
    Arena *arena;
};

/* Logs are empty. The left is a member without custody, the right a relay. `owner` of the left may
 * be NULL. */
Pair *pair_new(const Author *owner);
void pair_free(Pair *pair);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pair, pair_free)

/* Commits both logs. */
void pair_commit(Pair *pair);
/* Carries frames and time until nothing is left to do; false when it does not end. */
bool pair_run(Pair *pair);
/* One round: what is in the inboxes, commit, continue. False: nothing happened. */
bool pair_round(Pair *pair);
void pair_offer(Pair *pair, unsigned side, uint64_t position);
/* `frame` comes to `side`; true when it is taken for sense. */
bool pair_put(Pair *pair, unsigned side, const Wire__Frame *frame);
/* All feeds of both public lanes have the same head, count and sum. */
bool pair_agrees(const Pair *pair);
/* The next frame in the inbox of `side`, parsed; valid until the next. NULL: none. */
const Wire__Frame *pair_next(Pair *pair, unsigned side);
