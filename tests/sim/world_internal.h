#pragma once
/* What the files of the simulated world share. */

#include "app/session.h"
#include "relay/frame.h"
#include "relay/hub.h"
#include "tests/sim/world.h"

#define MEMBERS_MOST 5

typedef enum {
    TO_RELAY,
    TO_MEMBER
} Way;

/* One connection; each way keeps its order, each frame takes its own time. */
typedef struct {
    World *world;
    unsigned member;
    HubLink *hub_link;  /* NULL before TLS is up and after the relay's end closed */
    bool member_end;    /* open */
    bool opened;        /* the member knows that TLS is up */
    bool pulled;        /* what is sent from now on is lost, and nobody is told */
    int64_t last_us[2]; /* newest arrival, by Way */
    size_t queued;      /* bytes under way to the member */
} Connection;

/* What a person said, and what the app told about it. */
typedef struct {
    uint8_t token[TOKEN_SIZE];
    unsigned author;
    int to; /* member, or -1: the room */
    bool told_sent;
    bool told_refused;
    bool unsaid; /* its author's disk was put back to a time before it was sent: may be gone */
} Said;

typedef struct {
    World *world;
    unsigned index;
    char *directory;
    Identity *identity;
    Keyring *keyring;
    Store *store;
    Session *session; /* NULL: not running */
    Log *log;         /* the session's, for filling its disk */
    Connection *connection;
    int64_t flush_us; /* the round ends then */
    int64_t clock_off_ms;
    GHashTable *told; /* others' tokens that were told of in this life */
    bool told_twice;
    bool put_back; /* directs that the relay need not keep any more may be gone here */
    bool copied;   /* there is a copy of the directory as it once was */
} Node;

struct World {
    GRand *random;
    char *directory;
    int64_t now_us;
    GPtrArray *connections; /* Connection, owned, kept to the end */
    GSequence *arrivals;    /* by time */
    uint64_t order;
    Node nodes[MEMBERS_MOST];
    unsigned node_count;
    GArray *said; /* Said */
    unsigned words;
    bool relay_forgets; /* in this world the relay's disk dies; else members' are put back */
    bool clocks_jump;
    bool tracing;
    bool hostile; /* what members get is altered on the way */

    Identity *relay_identity;
    char *relay_directory;
    Log *relay_log;
    Hub *hub; /* NULL: not running */
    int64_t relay_flush_us;
    int64_t relay_clock_off_ms;
};

int world_between(World *world, int from, int to); /* both included */
/* True in so many of a hundred cases. */
bool world_chance(World *world, int percent);
/* Serves everything that is due up to then, and sets the clock to it. */
void world_run(World *world, int64_t until_us);

/* A line about what happens, when that was asked for. */
void world_trace(const World *world, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* world_network.c */
void network_dial(Node *node);
/* False: too much is under way. */
bool network_send(Connection *connection, Way way, GBytes *frame);
void network_close_member(Connection *connection);
void network_close_relay(Connection *connection);
/* Both ends learn of it. */
void network_reset(Connection *connection);
int64_t network_next_us(World *world); /* INT64_MAX: nothing under way */
void network_arrive(World *world);     /* serves the first arrival */
void network_clear(World *world);

/* world_nodes.c */
void relay_start(World *world);
void relay_crash(World *world);
void relay_stop(World *world); /* as by SIGTERM */
/* Its directory is gone: it begins anew with an empty log. */
void relay_forget(World *world);
void node_start(Node *node);
void node_crash(Node *node);
void node_quit(Node *node);
/* Copies the directory of a node that does not run, and puts that copy back later. */
void node_copy(Node *node);
void node_put_back(Node *node);
/* The round in which something happened ends a little later. */
void relay_busy(World *world);
void node_busy(Node *node);
