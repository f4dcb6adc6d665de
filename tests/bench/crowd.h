#pragma once
/* Many simple members in one thread: they join a relay, count and check what is delivered, and some
 * of them write. They parse no more than they must, so that the relay is what is measured. */

#include "relay/link.h"
#include "tests/bench/histogram.h"

typedef struct Crowd Crowd;

typedef struct {
    uint16_t port;
    unsigned members;
    unsigned check_one_in; /* members that look at every event, beside the writers; others look at
                              positions only; 0 and 1: all */
    unsigned first;        /* number of the first one: keys are made from it */
    unsigned at_once;      /* connections under way at a time */
    unsigned writers;      /* the first so many members write */
    double rate;           /* messages a second and writer */
    unsigned window;       /* messages of a writer that may be on their way */
    unsigned text;         /* bytes of a message */
    bool lockstep;         /* a message is on its way until all members were told; else until its
                              writer was */
    bool returns;          /* members that are cut off come back and read what they missed */
} CrowdConfig;

typedef struct {
    unsigned joined;
    unsigned lost;       /* links that ended by themselves */
    unsigned away;       /* members that were joined and will be again */
    unsigned returned;   /* times that one came back */
    uint64_t fetched;    /* events that came in pages */
    uint64_t deliveries; /* events delivered, to all members together */
    uint64_t sent;
    uint64_t refused;  /* receipts with a refusal */
    Histogram latency; /* µs from submitting to each delivery */
} CrowdCounts;

/* Connects on the default GMainContext. */
Crowd *crowd_new(const CrowdConfig *config);
void crowd_free(Crowd *crowd);
/* Live; may be reset by the caller. */
CrowdCounts *crowd_counts(Crowd *crowd);
/* Iterates until all have joined or something was lost; seconds it took. */
double crowd_join(Crowd *crowd);
/* The member leaves, properly or as if it had crashed, and comes back so much later:
 * config.returns. */
void crowd_part(Crowd *crowd, unsigned index, bool abruptly, double seconds);
/* All who left come back now. */
void crowd_call_back(Crowd *crowd);
/* The newest position that anybody was told of. */
uint64_t crowd_through(const Crowd *crowd);
/* Members that have not been told of everything up to `head`. */
unsigned crowd_behind(const Crowd *crowd, uint64_t head);
/* Has every member been told of the same, all up to the newest? */
bool crowd_is_level(const Crowd *crowd);
/* Begins or ends writing. */
void crowd_write(Crowd *crowd, bool on);
/* Iterates for so long. */
void crowd_run(Crowd *crowd, double seconds);
/* Iterates until nothing that was sent is on its way any more, at most 20 s. */
void crowd_settle(Crowd *crowd);
/* Members whose sequence of deliveries differs from the first one's, or has a hole. For those who
 * look at positions only, or came back: that have a hole. */
unsigned crowd_differing(const Crowd *crowd);
