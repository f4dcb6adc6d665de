#pragma once
/* What making and asking a listing share: the file of sources.
 *
 *   "BFLIST1\n", then for each entry that needs one: index (4 bytes, little-endian) · length (4) ·
 *   bytes; at the end the XXH3-64 of everything before it (8 bytes).
 *
 * An item's own entry has its absolute path, an entry within one its name where that is another
 * than its label. */

#include "app/files/listing.h"

#define LISTING_MANIFEST "manifest"
#define LISTING_SOURCES "sources"
#define LISTING_MAGIC "BFLIST1\n"
#define LISTING_MAGIC_SIZE 8
#define LISTING_CHECK_SIZE 8
#define LISTING_RECORD_SIZE 8 /* before the bytes */

/* Of bytes already checked: what listing_make() wrote. NULL: damaged. */
Listing *listing_take(GBytes *manifest, GBytes *sources, GError **error);
