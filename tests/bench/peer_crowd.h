#pragma once
/* Members of one room on a server of another kind, in one thread: they join, write, count what they
 * get and check that each gets every message of each writer once and in order. Faults end the
 * program. */

#include "tests/bench/histogram.h"
#include "tests/bench/peer_protocol.h"

typedef struct {
    const PeerProtocol *protocol;
    uint16_t port; /* of 127.0.0.1 */
    bool tls;      /* 1.3, TLS_AES_128_GCM_SHA256 */
    unsigned members;
    unsigned at_once; /* connections under way at a time */
    unsigned writers; /* the first so many members write */
    unsigned window;  /* messages of a writer on their way: not yet with every member */
    double rate;      /* messages a second, all writers together; 0: as fast as the window lets */
    unsigned text;    /* bytes of a message */
} PeerConfig;

#define PEER_TEXT_MIN 32
#define PEER_TEXT_MAX 400 /* a line of IRC has to hold it */
#define PEER_WINDOW_MAX 64

typedef struct {
    unsigned joined;
    uint64_t sent;
    uint64_t deliveries;
    uint64_t wrong;    /* deliveries out of their order, or twice */
    Histogram latency; /* µs from writing to each delivery; when there is no rate, to some */
} PeerCounts;

typedef struct PeerCrowd PeerCrowd;

PeerCrowd *peer_crowd_new(const PeerConfig *config);
void peer_crowd_free(PeerCrowd *crowd);
/* Live; may be reset by the caller. */
PeerCounts *peer_crowd_counts(PeerCrowd *crowd);
/* Until all have joined; seconds it took. */
double peer_crowd_join(PeerCrowd *crowd);
void peer_crowd_write(PeerCrowd *crowd, bool on);
void peer_crowd_run(PeerCrowd *crowd, double seconds);
/* Until everything sent has come, at most 20 s. */
void peer_crowd_settle(PeerCrowd *crowd);
/* Members that lack something of what was sent. */
unsigned peer_crowd_lacking(const PeerCrowd *crowd);
