#pragma once
/* A transfer at work: a thread that opens its end of a data channel and sends from a Listing or
 * receives into a Landing. A second thread of it reads, or checks and writes, the disk, so that
 * disk, checksums and encryption overlap. Both run at lower priority than the chat.
 *
 * Made, stopped and freed on the thread of `context`, where ended() is called. */

#include "app/files/channel.h"
#include "app/files/landing.h"
#include "app/files/listing.h"

typedef enum {
    OPENING_PRESENT, /* TLS is up with the right key; we dialled: show the ticket */
    OPENING_ADMIT,   /* TLS is up; the other dialled and showed a good ticket: say Admitted */
    OPENING_MEET,    /* TLS is up with the relay: meet the other there, then TLS with it */
} OpeningKind;

/* How the channel begins. */
typedef struct {
    OpeningKind kind;
    int fd;                        /* taken over */
    SSL *ssl;                      /* taken over */
    uint8_t ticket[TRANSFER_SIZE]; /* PRESENT: ticket; MEET: meeting id */
    uint8_t peer[KEY_SIZE];        /* MEET: who must be there */
    SSL *inner;                    /* MEET: of tls_accept() for the sender, tls_connect() for the
                                      receiver; taken over */
} Opening;
/* Closes and frees what was not taken over. */
void opening_clear(Opening *opening);

typedef enum {
    WORKER_OPENING,
    WORKER_CHECKING, /* compares what was received earlier */
    WORKER_MOVING,
    WORKER_FINISHING, /* syncs and renames */
} WorkerPhase;

typedef enum {
    WORKER_DONE,    /* everything is in its place, both know */
    WORKER_STOPPED, /* by worker_stop() */
    WORKER_HALTED,  /* by the other: `why` */
    WORKER_LOST,    /* the connection: try again */
    WORKER_FAILED,  /* here: `text`; trying again by itself is of no use */
} WorkerEnd;

typedef struct {
    WorkerEnd end;
    bool opened;      /* the channel stood: the way was good */
    Wire__Why why;    /* HALTED */
    const char *text; /* a sentence for a person, or "" */
    const char *code; /* FAILED: "disk-full", "no-permission", "changed", …; else NULL */
    unsigned missing; /* files that the sender could not give */
    const char *path; /* receiving, DONE: of the first item */
} WorkerResult;

/* Fires once, unless the worker is freed before; free it in there. What `result` points to lives
 * during the call. */
typedef void (*WorkerEnded)(const WorkerResult *result, void *user);

/* Whose transfer it is, and who hears of its end. */
typedef struct {
    GMainContext *context;
    uint8_t offer[TOKEN_SIZE];
    uint8_t transfer[TRANSFER_SIZE];
    WorkerEnded ended;
    void *user;
} WorkerConfig;

typedef struct Worker Worker;

/* `opening` is emptied. `listing` is referenced. */
Worker *worker_send(const WorkerConfig *config, Opening *opening, Listing *listing);
typedef struct {
    const char *state_dir; /* copied, like `into` */
    const char *into;
    Offer *offer;     /* referenced: the manifest has to fit it */
    GBytes *left_out; /* referenced; may be NULL */
} WorkerTarget;
Worker *worker_receive(const WorkerConfig *config, Opening *opening, const WorkerTarget *target);
/* Stops at once, without a word, and joins. */
void worker_free(Worker *worker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Worker, worker_free)
/* Tells the other why (PAUSED, CANCELLED, AWAY_FOR_NOW), ends; ended() follows. */
void worker_stop(Worker *worker, Wire__Why why);

/* Any thread. Bytes on the receiver's disk as far as this side knows, of those wanted. */
uint64_t worker_bytes(const Worker *worker);
uint64_t worker_total(const Worker *worker); /* 0 until known */
WorkerPhase worker_phase(const Worker *worker);
