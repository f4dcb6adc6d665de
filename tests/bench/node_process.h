#pragma once
/* Apps without a face (node.h), each a process with a directory of its own, from the side of who
 * measures. On the default GMainContext; faults end this program. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    NODE_NOWHERE,
    NODE_LINKED,
    NODE_SERVING,
} NodeWhere;

typedef struct {
    unsigned number;
    GPid pid; /* 0: does not run */
    bool leaving;
    int in, out;
    guint watch;
    GString *input;
    char *directory;    /* owned; stays when it is killed */
    int64_t joining_us; /* the last time; 0: not yet */
    int64_t joined_us;
    char *heard; /* the last message that was told live; owned, may be NULL */
    int64_t heard_us;
    int64_t newest_us; /* had seen the newest page of a history; 0: not yet */
    uint64_t held;
    NodeWhere where; /* as last told */
    char *relay_key; /* in hex; owned, may be NULL */
    char *address;   /* of the relay; owned, may be NULL */
} NodeProcess;

/* `parent`: directories are made in there. */
NodeProcess *node_process_new(const char *parent, unsigned number);
/* Kills it. */
void node_process_free(NodeProcess *node);
/* `connect` may be NULL; `newest`: number of the newest message of a history, or 0. */
void node_process_start(NodeProcess *node, const char *connect, uint64_t newest);
void node_process_kill(NodeProcess *node);
/* As when a person quits. Then: until it ended by itself. */
void node_process_leave(NodeProcess *node);
void node_process_await_end(NodeProcess *node);
void node_process_tell(NodeProcess *node, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* With everything in it. */
void node_remove_directory(const char *path);

/* Iterates until `holds`, at most so long; whether it does. */
bool node_await(bool (*holds)(void *user), void *user, double seconds);
/* Runs, and stays. */
bool node_process_stays(const NodeProcess *node);
/* Asks all of them where they are until all that run are with the same one; that one, or NULL: it
 * is none of them. Ends this program when they do not agree in time. */
NodeProcess *node_await_agreement(NodeProcess **nodes, unsigned count, double seconds);
