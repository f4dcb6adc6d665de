#pragma once
/* What the files of the simulated world share. */

#include "app/session.h"
#include "relay/follower.h"
#include "relay/frame.h"
#include "relay/hub.h"
#include "tests/sim/world.h"

#define SECOND_US INT64_C(1000000)
#define APPS_MOST 20
#define RELAYS_MOST 2
#define NODES_MOST (APPS_MOST + RELAYS_MOST)

typedef struct Node Node;

typedef enum {
    TO_LISTENER,
    TO_DIALLER
} Way;

/* One connection; each way keeps its order, each frame takes its own time. */
typedef struct {
    World *world;
    Node *from, *to;
    uint64_t number;    /* its own */
    uint64_t candidate; /* what the dialler calls it */
    HubLink *hub_link;  /* NULL before TLS is up and after the listener's end closed */
    bool dialler_end;   /* open */
    bool opened;        /* the dialler knows that TLS is up */
    bool pulled;        /* what is sent from now on is lost, and nobody is told */
    int64_t last_us[2]; /* newest arrival, by Way */
    uint64_t read[2];   /* newest read, by Way; as `order` of the world */
    size_t queued;      /* bytes under way to the dialler */
    unsigned arrivals;  /* under way */
} Connection;

/* What a person said, and what the app told about it. */
typedef struct {
    uint8_t token[TOKEN_SIZE];
    unsigned author;
    int to; /* app, or -1: the room */
    bool told_sent;
    bool told_refused;
    /* A disk was put back, and what remains of it then nobody can be asked for: */
    bool unsaid;       /* no log held it any more: may be gone everywhere */
    bool reader_reset; /* the reader's, after it could have been delivered: may be gone there */
    bool author_reset; /* the author's, after it was said: may be gone there */
} Said;

/* An app or a relay program. */
struct Node {
    World *world;
    unsigned index;
    bool relay;
    bool able; /* can serve; relays always */
    char *directory;
    Identity *identity;
    char *address[2]; /* and NULL */

    bool running;
    bool network_up; /* what the machine itself knows */
    bool mdns_dead;  /* hears no announcements, and its own is not heard */
    bool listening;  /* settled: what is there was told to the session */
    int64_t settle_us;
    int64_t wakes_us; /* does nothing before */
    unsigned group;   /* nodes of one group reach each other */
    int64_t clock_off_ms;
    uint32_t remembered; /* nodes joined earlier, by bit; survives crashes */
    bool stale;          /* `due_us` is to be computed anew */
    int64_t due_us;

    /* An app. */
    Keyring *keyring;
    Store *store;
    Session *session;
    int64_t flush_us; /* the round ends then */
    bool dirty_seen;  /* candidates are to be given to the session */
    GHashTable *told; /* others' tokens that were told of in this life */
    bool told_twice;
    bool locks;         /* its hub, now or the last time */
    bool asked;         /* for the passphrase */
    bool quits, handed; /* hand-over is under way; is over */

    /* A relay program: */
    Follower *follower; /* in reserve; else it has a hub */
    int64_t probe_us;   /* not before: looks for the one that ranks before it */

    Log *log; /* an app's is its session's */
    Hub *hub; /* NULL: does not serve */
    int64_t hub_flush_us;

    Connection *link;  /* dialled and up */
    Connection *dial;  /* under way */
    Connection *fresh; /* up, inside session_dialled() */

    bool muted;   /* or banned, at some time: refused what another relay may have taken */
    bool started; /* at some time: it has a key to be written to */
    bool copied;  /* there is a copy of the directory as it once was */
};

/* What one node sees of another's announcement. */
typedef struct {
    bool wanted;       /* it is announced, and can be heard */
    bool seen;         /* as the one who looks knows it */
    int64_t change_us; /* `seen` becomes `wanted` then; INT64_MAX: it is */
} Sight;

struct World {
    GRand *random;
    char *directory;
    int64_t now_us;
    GPtrArray *connections; /* Connection, owned */
    GSequence *arrivals;    /* by time */
    uint64_t order;
    Node nodes[NODES_MOST]; /* apps, then relays */
    unsigned app_count, node_count;
    Sight sights[NODES_MOST][NODES_MOST]; /* [who looks][who is announced] */
    int64_t sight_us;                     /* the next change */
    GArray *said;                         /* Said */
    GHashTable *said_index;               /* token → index + 1 */
    unsigned words;
    bool moderated; /* world_moderation.c */
    uint64_t pretended;
    bool disks_put_back; /* in this world disks are put back to copies */
    bool clocks_jump;
    bool locked; /* the place asks for a passphrase */
    bool tracing;
    bool hostile;
    int64_t healing_us;
};

int world_between(World *world, int from, int to); /* both included */
/* True in so many of a hundred cases. */
bool world_chance(World *world, int percent);
/* Serves everything that is due up to then, and sets the clock to it. */
void world_run(World *world, int64_t until_us);
/* A line about what happens, when that was asked for. */
void world_trace(const World *world, const char *format, ...) G_GNUC_PRINTF(2, 3);
const uint8_t *world_place(void);
Said *world_find_said(World *world, const uint8_t *token);

/* world_network.c */
bool network_reaches(const Node *from, const Node *to);
/* Answers later; `to` NULL: nobody has that address. */
Connection *network_dial(Node *from, Node *to, uint64_t candidate);
/* False: too much is under way. */
bool network_send(Connection *connection, Way way, GBytes *frame);
/* Each end by itself. */
void network_close_dialler(Connection *connection);
void network_close_listener(Connection *connection);
/* All connections of the node end; `silently`: nobody is told. */
void network_drop(Node *node, bool silently);
/* After groups changed: connections between nodes that do not reach each other any more are reset
 * or, mostly, fall silent. */
void network_cut(World *world);
/* Of one link of the node. */
void network_trouble(Node *node, bool silently);
/* It sleeps no more: what waits for it comes at once. */
void network_wake(const Node *node);
int64_t network_next_us(World *world); /* INT64_MAX: nothing under way */
void network_arrive(World *world);     /* serves the first arrival */
void network_clear(World *world);

/* world_mdns.c */
/* Looks who announces, and who can hear it; after any change of that. */
void mdns_look(World *world);
/* The node begins to browse, with nothing seen. */
void mdns_forget(Node *node);
/* Serves changes that are due. */
void mdns_tick(World *world);
/* Of an app: tells the session what is there. */
void mdns_tell(Node *node);

/* world_nodes.c: apps */
void node_start(Node *node);
void node_crash(Node *node, bool silently);
/* As a person quits: one that serves hands over first, and stops a little later. */
void node_quit(Node *node);
int64_t node_due_us(Node *node);
void node_serve(Node *node);
/* The round in which something happened ends a little later. */
void node_busy(Node *node);
int64_t node_wall_ms(const Node *node);
/* What arrives at a node that dialled. */
void node_dialled(Node *node, Connection *connection);
void node_frame(Node *node, const uint8_t *message, size_t length);
void node_link_ended(Node *node, Connection *connection);
void node_tell_network(Node *node);

/* world_serving.c: hubs, of either */
void serving_begin(Node *node, int64_t room_time_ms);
/* Everyone is sent to the successor; NULL: as they think. */
void serving_end(Node *node, const HubSuccessor *successor);
void serving_crash(Node *node);
void serving_busy(Node *node);

/* world_lock.c */
/* What TLS would export: EXPORTER_SIZE bytes. */
void lock_export(const Connection *connection, uint8_t *out);
/* The hub of the node, which has just begun. */
void lock_hub(Node *node);
/* The person answers. */
void lock_type(Node *node);
/* FollowerOutput.unlock */
bool lock_answer(const uint8_t *relay_share, uint8_t *share, uint8_t *proof, uint8_t *expected,
                 void *user);

/* world_relay.c: relay programs */
void relay_start(Node *node);
void relay_crash(Node *node, bool silently);
void relay_stop(Node *node); /* as by SIGTERM */
int64_t relay_due_us(const Node *node);
void relay_serve(Node *node);
void relay_dialled(Node *node, Connection *connection);
void relay_frame(Node *node, const uint8_t *message, size_t length);
void relay_link_ended(Node *node, Connection *connection);

/* world_disk.c */
/* Copies the directory of a node that does not run, and puts that copy back later. */
void disk_copy(Node *node);
void disk_put_back(Node *node);
/* A new disk with nothing on it; the key was kept. */
void disk_lose(Node *node);
void disk_set_full(Node *node, bool full);

/* world_moderation.c */
/* The log was opened: it knows who is the keeper. */
void moderation_know_keeper(Node *node, Log *log);
void moderation_happens(World *world);
void moderation_come_back(World *world);
/* All say the same of roles, bans and the rest, and what was pretended counts nowhere. */
bool moderation_check(const World *world, const Node *serving, char **why);
