#pragma once
/* What the files of the crowd share; nobody else includes it. */

#include "relay/arena.h"
#include "relay/fields.h"
#include "tests/bench/crowd.h"

/* Positions under way at once, at most. */
#define REACH 65536

typedef struct {
    Crowd *crowd;
    unsigned number;
    Identity *identity;
    Tls *tls;
    Link *link;
    bool joined;
    int64_t ping_us, ping_after_us; /* the next Ping; from one to the next */
    bool gone;                      /* once: it has been lost, and is back or comes back */
    uint64_t through;               /* told up to here, without a hole */
    uint64_t above;                 /* told also from here … */
    uint64_t top;                   /* … up to here; above == top: nothing more */
    uint64_t holes;                 /* that nobody asked to be filled */
    bool thorough; /* looks at every event; others count positions, to leave the processor free */
    uint64_t checksum; /* over positions and tokens, in order */
    bool refetch;      /* what is missing has to be asked for again */
    bool parting;      /* leaves, for so long: */
    int64_t parting_us;
    PollerWatch *back; /* deadline: connects again; NULL: it does not */
    /* Writers only. */
    uint64_t seq;
    uint64_t own; /* events of one's own that everybody here was told */
    uint8_t prev[HASH_SIZE];
    int64_t next_us;
} CrowdMember;

/* Of one position: how many were told, and whose it is. */
typedef struct {
    uint64_t position;
    unsigned told;
    CrowdMember *writer; /* NULL: not known, or somebody else */
} Reach;

/* One event of a Deliver. */
typedef struct {
    uint64_t position;
    int64_t sent_us;
    uint32_t writer;
} Said;

#define HEARD 64

/* A Deliver that some member got, and what was read in it. */
typedef struct {
    GByteArray *bytes; /* owned; NULL: none yet */
    GArray *said;      /* owned; Said */
} Heard;

struct Crowd {
    Heard heard[HEARD]; /* by its last position modulo */
    CrowdConfig config;
    CrowdCounts counts;
    Poller *poller;
    CrowdMember *members;
    unsigned started;
    PollerWatch *writing; /* deadline: the next message is due */
    PollerWatch *pinging;
    bool on;
    uint8_t place[PLACE_SIZE];
    uint8_t log[PLACE_SIZE];
    int64_t room_offset_ms;
    Arena *arena;
    char *text;
    Reach reach[REACH];
};

/* crowd_member.c */
void crowd_member_connect(CrowdMember *member);
/* Goes on connecting those who never were. */
void crowd_connect_more(Crowd *crowd);
void crowd_member_send(CrowdMember *member, const Wire__Frame *frame);

/* crowd_message.c */
void crowd_member_write(CrowdMember *member);
void crowd_member_take_deliver(CrowdMember *member, const Field *deliver);
/* The answer to Hello or to Fetch. */
void crowd_member_take_page(CrowdMember *member, const Field *page);
/* Asks for what is missing. */
void crowd_member_fetch(CrowdMember *member);
