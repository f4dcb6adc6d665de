#pragma once
/* What this machine offers: a manifest and where each entry lies here. Made once, when something is
 * offered, by walking folders (names, sizes and times only; nothing is opened), kept in a directory
 * of its own so that a restart loses nothing, and asked by those who send. Immutable, any thread.
 */

#include "app/files/manifest.h"

#include <gio/gio.h>

typedef struct Listing Listing;

/* Walks `paths` (in the file system's own encoding; NULL-terminated; folders whole, symbolic links
 * inside them and what is no regular file left out) and writes the result to `directory`, which it
 * makes. May take long: for a worker's thread. Fails with a sentence for a person: nothing there,
 * no access, more than FILES_MAX. `offer` receives what the event will say (transfer full). */
Listing *listing_make(const char *const *paths, const char *directory, GCancellable *cancellable,
                      Offer **offer, GError **error);
/* As kept by listing_make(). */
Listing *listing_open(const char *directory, GError **error);
Listing *listing_ref(Listing *listing);
void listing_unref(Listing *listing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Listing, listing_unref)
/* Removes what listing_make() kept; the files offered are never touched. */
void listing_forget(const char *directory);

const Manifest *listing_manifest(const Listing *listing);
/* Where an item lies here; for "Show in folder". */
const char *listing_item_path(const Listing *listing, uint32_t item);

typedef enum {
    SOURCE_OK,
    SOURCE_CHANGED, /* another size, time or kind than offered */
    SOURCE_VANISHED,
    SOURCE_NO_ACCESS,
    SOURCE_FAULT /* the disk */
} SourceResult;
/* Opens a file of it for reading: below the path offered, never through a symbolic link
 * (openat2(2)). */
SourceResult listing_open_source(const Listing *listing, size_t index, int *fd);
/* Who reads from it says so, that several at once leave to each other what they have read. */
void listing_begin_reading(Listing *listing);
void listing_end_reading(Listing *listing);
bool listing_is_shared(const Listing *listing);
/* Is it still what was offered? Before and after its bytes were read. */
SourceResult listing_check_source(const Listing *listing, size_t index, int fd);
