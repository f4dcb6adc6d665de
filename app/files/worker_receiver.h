#pragma once
/* For the files of a receiving Worker alone. All on the thread that talks. */

#include "app/files/worker_internal.h"
#include "app/files/worker_writer.h"

typedef struct {
    LandingPoint point;
    unsigned tries; /* how often it came spoilt */
    bool awaited;   /* asked for and not here yet */
} Asked;

typedef struct {
    Worker *worker;
    Channel *channel;   /* the worker's */
    Manifest *manifest; /* referenced */
    LandingConfig landing;
    Writer *writer;    /* owned */
    LandingPoint next; /* of the stream; file == manifest_count(): its end was reached */
    GArray *asked;     /* Asked */
    unsigned awaited;  /* of these */
    unsigned rounds;   /* Finished that may still come */
    unsigned missing;  /* files, on this channel */
    Wire__Why why;     /* of the last of them */
    Batch *batch;      /* being filled; NULL: none */
    bool over;         /* the outcome is set */
} Receiver;

/* Opens the landing, compares what is there, asks for the rest (and for the manifest when there is
 * none yet). FALSE: an error, or over. */
bool receiver_begin(Receiver *receiver, GError **error);

/* This chunk is asked for outside the stream; it came spoilt so often. */
void receiver_await(Receiver *receiver, LandingPoint point, unsigned tries);
/* The stream goes on at the first wanted file from this one on. */
void receiver_set_next(Receiver *receiver, uint32_t file, uint64_t chunk);
/* The next frame before it is time for a sign of life; NULL without error: none. */
const Wire__DataFrame *receiver_await_frame(Receiver *receiver, GError **error);
/* The other ends it; true. */
bool receiver_take_stop(Receiver *receiver, const Wire__Stop *stop);
/* The disk ends it. */
void receiver_fail_by_disk(Receiver *receiver, const GError *error);
/* Until the writer is in another state than this one, with signs of life; `listen`: the other may
 * say Stop, and nothing else. FALSE: an error, or over. */
bool receiver_await_writer(Receiver *receiver, WriterState state, bool listen, GError **error);
