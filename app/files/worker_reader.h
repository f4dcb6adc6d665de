#pragma once
/* The sender's disk thread: reads what is asked for, in the order of the manifest, with checksums,
 * into batches. What is not any more what was offered becomes a missing file. */

#include "app/files/batches.h"
#include "app/files/landing.h"
#include "app/files/listing.h"

typedef struct Reader Reader;

/* Starts. `again` (LandingPoint, taken over) comes first, then everything wanted from `point` on;
 * then it ends the batches. All points are of files that are in the manifest and wanted. */
Reader *reader_new(Listing *listing, GBytes *left_out, Batches *batches, LandingPoint point,
                   GArray *again);
/* The batches are closed or ended. Joins. */
void reader_free(Reader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reader, reader_free)

/* After the end of the batches: one chunk once more, on the caller's thread, into an empty batch;
 * what comes of it is nothing when the file was found missing before. */
void reader_read_again(Reader *reader, LandingPoint point, Batch *batch);
