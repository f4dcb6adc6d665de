#pragma once
/* For tests of data channels and workers: two members connected over loopback TCP with real TLS, a
 * folder for sources and one for what lands, and the ends of workers. */

#include "app/files/worker.h"

enum {
    RECEIVER = 0, /* dialled */
    SENDER = 1,   /* accepted */
};

/* What a worker said at its end. */
typedef struct {
    unsigned ended; /* how often */
    WorkerEnd end;
    bool opened;
    Wire__Why why;
    unsigned missing;
    char text[512], path[4096];
    const char *code;
} StageEnd;

typedef struct WorkerStage WorkerStage;

/* Of which end a worker tells. */
typedef struct {
    WorkerStage *stage;
    int who;
} StageListener;

struct WorkerStage {
    char *dir;   /* "from", "into", "state", "listing" are in there */
    char *from;  /* what is offered */
    char *into;  /* where it lands */
    char *state; /* of the receiver */
    Tls *tls[2];
    uint8_t key[2][KEY_SIZE];
    uint8_t token[TOKEN_SIZE];
    uint8_t transfer[TRANSFER_SIZE];
    Listing *listing;
    Offer *offer;
    Worker *worker[2];
    StageEnd end[2];
    StageListener listener[2];
};

WorkerStage *worker_stage_new(void);
void worker_stage_free(WorkerStage *stage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WorkerStage, worker_stage_free)

/* Two connected non-blocking sockets with TLS up. */
void worker_stage_connect(WorkerStage *stage, int fd[2], SSL *ssl[2]);
/* The same, as channels that are widened: what is said is up to the test. */
void worker_stage_channels(WorkerStage *stage, Channel *channel[2]);

/* `length` bytes that no other seed gives, as a file in `from`; folders are made. */
void worker_stage_file(WorkerStage *stage, const char *path, size_t length, unsigned seed);
void worker_stage_folder(WorkerStage *stage, const char *path);
/* Offers these (NULL-terminated, in `from`). */
void worker_stage_offer(WorkerStage *stage, const char *const *names);

/* Both workers on a new connection, or one with a channel for the test to play the other. */
void worker_stage_start(WorkerStage *stage, GBytes *left_out);
Channel *worker_stage_start_one(WorkerStage *stage, int who, GBytes *left_out);
/* Runs the main context until the worker has ended, or at most 30 s. */
void worker_stage_await(WorkerStage *stage, int who);
/* Until the worker's bytes are at least so many or it has ended. */
void worker_stage_await_bytes(WorkerStage *stage, int who, uint64_t bytes);

/* Do both trees hold the same names and bytes? */
bool worker_stage_same(const char *one, const char *other);
/* Is there a name with ".part" below `into`? */
bool worker_stage_has_parts(WorkerStage *stage);
