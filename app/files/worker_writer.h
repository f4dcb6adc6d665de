#pragma once
/* The receiver's disk thread: opens the Landing (which compares what came before a break), writes
 * the batches, and finishes. The Landing is used by this thread alone. */

#include "app/files/batches.h"
#include "app/files/landing.h"

typedef enum {
    WRITER_OPENING,
    WRITER_WRITING,
    WRITER_FINISHED, /* everything is in its place */
    WRITER_FAILED,   /* see writer_error() */
} WriterState;

typedef struct Writer Writer;

/* Starts. `config` lives as long as the writer does, and so do the batches; its `checking` is
 * called on the writer's thread. */
Writer *writer_new(const LandingConfig *config, Batches *batches);
/* Closes the batches and joins. */
void writer_free(Writer *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Writer, writer_free)

/* Waits until it is in another state than this one, or until that time. */
WriterState writer_wait(Writer *writer, WriterState other_than, int64_t until_us);
/* FAILED: why; transfer none. */
const GError *writer_error(Writer *writer);
/* After OPENING: where to begin, and LandingPoint: what is missing before; transfer full. */
LandingPoint writer_next(Writer *writer);
GArray *writer_holes(Writer *writer);
/* Chunks that came spoilt since the last call: LandingPoint; NULL: none; transfer full. */
GArray *writer_take_spoilt(Writer *writer);
/* Bytes on the disk. */
uint64_t writer_bytes(Writer *writer);

/* After the last batch: FINISHED or FAILED follows. When every file that is wanted is missing,
 * nothing is put anywhere. */
void writer_finish(Writer *writer);
/* FINISHED: files that the sender could not give; path of the first item that is there, or NULL. */
unsigned writer_missing(Writer *writer);
const char *writer_path(Writer *writer);
