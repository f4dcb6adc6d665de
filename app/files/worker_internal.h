#pragma once
/* For the files of Worker alone. The thread that talks (worker.c starts it) owns everything here
 * but what is said to be otherwise. */

#include "app/files/batches.h"
#include "app/files/worker.h"

#include <stdatomic.h>

#define WORKER_TICK_US (1 * INT64_C(1000000)) /* between two signs of life */
#define WORKER_LOOK_US (INT64_C(200000))      /* between two looks around while the disk works */
#define WORKER_TRIES 3                        /* of one chunk */

/* How it ended, to be told by ended(). */
typedef struct {
    WorkerEnd end;
    bool opened;
    Wire__Why why;
    char *text; /* owned */
    const char *code;
    unsigned missing;
    char *path; /* owned */
} WorkerOutcome;

struct Worker {
    WorkerConfig config;
    Opening opening;
    Channel *channel; /* owned; abort and hurry from any thread */
    Batches *batches; /* owned */
    GThread *thread;
    GSource *told;         /* that will tell the end; owned */
    WorkerOutcome outcome; /* of the main context when `over` */
    /* The order of writing and reading is GLib's to keep; said once more for ThreadSanitizer, which
     * does not see into GLib's locks. */
    atomic_bool over;
    bool (*run)(Worker *worker, GError **error);
    int64_t tick_us; /* when a sign of life is due */

    Listing *listing; /* sending: referenced */
    char *state_dir;  /* receiving: owned */
    char *into;
    Offer *offer;
    GBytes *left_out;

    atomic_bool freed; /* any thread, like all that follows */
    atomic_int stop;   /* Wire__Why, or -1: goes on */
    atomic_uint_fast64_t bytes, total;
    atomic_int phase;
};

/* Sending and receiving, when the channel stands; the outcome is set. FALSE: an error of the
 * channel, or one that is made an outcome by worker_fail(). */
bool worker_run_sender(Worker *worker, GError **error);
bool worker_run_receiver(Worker *worker, GError **error);
/* For tests and fuzzers: what follows the opening, on the calling thread, over a socket (taken
 * over) without TLS. Sends the listing if there is one, else receives. */
WorkerEnd worker_try(const WorkerConfig *config, int fd, Listing *listing,
                     const WorkerTarget *target);
/* Makes the channel stand. */
bool worker_open(Worker *worker, GError **error);

/* Somebody wants it to end. */
bool worker_is_stopped(const Worker *worker);
/* Sets `error` when so. */
bool worker_check_stopped(const Worker *worker, GError **error);
/* What the other broke, G_IO_ERROR_INVALID_DATA. */
bool worker_broken(GError **error, const char *what);
/* Ends FAILED: `code` is static, `text` for the person here; the other is told `why` and `told`. */
void worker_fail(Worker *worker, Wire__Why why, const char *code, const char *text,
                 const char *told);
/* The other said Stop. */
void worker_halted(Worker *worker, const Wire__Stop *stop);
/* A sign of life when one is due: Progress. */
bool worker_tick(Worker *worker, GError **error);
/* When the next is due, monotonic. */
int64_t worker_next_tick(const Worker *worker);
/* Of a file that could not be given. */
const char *worker_missing_code(Wire__Why why);
const char *worker_missing_text(Wire__Why why);

/* The first file from this one on that is wanted, manifest_count() when there is none. */
uint32_t next_wanted(const Manifest *manifest, GBytes *left_out, uint32_t file);
