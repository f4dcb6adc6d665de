#pragma once
/* Work on the disk that may take long, on a thread of GLib's pool. */

#include "app/files/landing.h"
#include "app/files/listing.h"

/* Of listing_make(): `listing` and `offer` live during the call; both NULL with `why` (a sentence)
 * when it failed. */
typedef void (*ErrandListed)(uint64_t job, Listing *listing, const Offer *offer, const char *why,
                             void *user);
/* Runs listing_make(); `listed` is called on `context`, unless `cancellable` was cancelled before.
 * Paths and directory are copied. */
void errand_list(GMainContext *context, GCancellable *cancellable, uint64_t job, char *const *paths,
                 const char *directory, ErrandListed listed, void *user);
/* Runs landing_discard(); nobody hears of it. */
void errand_discard(const char *state_dir, const char *into, const uint8_t *transfer);
