#pragma once
/* Ill-behaved connections to a relay, in one thread: members that send mutated frames, and
 * connections that say nothing at different depths. For a process of its own. */

#include <stdint.h>

typedef struct {
    uint16_t port;
    unsigned members;    /* that send mutated frames */
    uint64_t frames;     /* to be sent by all of them together */
    unsigned per_second; /* frames */
    unsigned silent;     /* connections, held and replaced when they are cut */
    uint32_t seed;
} AttackConfig;

typedef struct {
    uint64_t frames;     /* sent */
    uint64_t malformed;  /* of these, such that the relay must cut the link */
    uint64_t reconnects; /* of members */
    uint64_t cut;        /* silent connections that the relay cut */
} AttackCounts;

/* Runs on the default GMainContext until all frames are sent. */
AttackCounts attack(const AttackConfig *config);
