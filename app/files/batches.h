#pragma once
/* What two threads of a worker hand to each other: buffers of one chunk's size, each filled with a
 * large chunk or with many small files, in order. Bounded: who fills waits for who empties. One
 * thread fills and one empties; batches_close() is for any. */

#include "relay/limits.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define BATCH_ENTRIES 512

typedef struct {
    bool missing; /* the file, or the rest of it, will not come; else a chunk */
    int why;      /* Wire__Why, of a missing one */
    uint32_t file;
    uint64_t chunk;
    uint32_t length; /* bytes; they lie one after the other in the batch */
    uint8_t sum[CHUNK_SUM_SIZE];
} BatchEntry;

typedef struct {
    uint8_t *bytes; /* CHUNK_SIZE of them, aligned to that */
    size_t length;
    unsigned count;
    BatchEntry entries[BATCH_ENTRIES];
} Batch;

typedef struct Batches Batches;

Batches *batches_new(void);
/* Nobody waits in it any more. */
void batches_free(Batches *batches);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Batches, batches_free)

/* Who fills: an empty one; NULL when none is free at that monotonic time, or after closing. */
Batch *batches_take_empty(Batches *batches, int64_t until_us);
/* It is not needed after all. */
void batches_give_back(Batches *batches, Batch *batch);
/* Hands over what was taken, in order. */
void batches_give_full(Batches *batches, Batch *batch);
/* Nothing more will be given. */
void batches_end(Batches *batches);
/* All that was given has been emptied, at that time. */
bool batches_wait_drained(Batches *batches, int64_t until_us);

/* Who empties: the next one; NULL when there is none at that time, after the last, or after
 * closing. */
Batch *batches_take_full(Batches *batches, int64_t until_us);
/* Gives it back, emptied. */
void batches_give_empty(Batches *batches, Batch *batch);
/* The last one was taken. */
bool batches_at_end(Batches *batches);

/* Both sides give up: nobody waits from here on. Any thread. */
void batches_close(Batches *batches);
bool batches_closed(Batches *batches); /* any thread */

/* Has this batch room for a chunk of `length` bytes, or for the news of a missing file (0)? */
bool batch_has_room(const Batch *batch, size_t length);
