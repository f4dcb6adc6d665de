#pragma once
/* Where a transfer lands on the receiver's disk.
 *
 * Each item is built under a hidden name in the folder that the person chose ("INTO/.NAME.ID.part",
 * a folder for a folder), so that it is whole when it appears: synced, then renamed without ever
 * overwriting (a number is added when the name is taken). A journal in `state_dir` records the
 * checksum of each chunk after it was written; after a crash the part is read again and compared
 * with it, and what does not agree counts as missing. Nothing is deleted but what this made.
 *
 * Large files are written past the memory, as far as the file system allows it, so that receiving
 * one does not push out what the person works with; best from buffers aligned to DISK_BLOCK.
 *
 * Used by one thread at a time (a worker's); all calls may wait for the disk. Errors are
 * G_IO_ERROR with a sentence for a person: NO_SPACE, PERMISSION_DENIED, READ_ONLY, NOT_FOUND (the
 * folder is gone), FILENAME_TOO_LONG, FAILED. */

#include "app/files/manifest.h"

#include <gio/gio.h>

typedef struct Landing Landing;

typedef struct {
    uint32_t file; /* index in the manifest */
    uint64_t chunk;
} LandingPoint;

/* Is there something to go on with? The manifest as it was received; NULL without error: none. */
Manifest *landing_manifest(const char *state_dir, GError **error);

typedef struct {
    const char *state_dir;   /* made when missing; this transfer's own */
    const char *into;        /* folder chosen, absolute; must exist */
    const uint8_t *transfer; /* TRANSFER_SIZE: names the parts */
    Manifest *manifest;
    GBytes *left_out; /* may be NULL */
    uint64_t large;   /* bytes: files of this size and more go past the memory; 0: 64 MiB */
    /* Called now and then while bytes are compared: `done` of `total`; false gives up
     * (G_IO_ERROR_CANCELLED). May be NULL. */
    bool (*checking)(uint64_t done, uint64_t total, void *user);
    void *user;
} LandingConfig;

/* Begins, or goes on with what the journal says after comparing it. Checks that there is room for
 * the rest. */
Landing *landing_open(const LandingConfig *config, GError **error);
/* Keeps the parts and the journal. */
void landing_close(Landing *landing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Landing, landing_close)

/* From here on everything wanted is missing; file == manifest_count() when nothing is. */
LandingPoint landing_next(const Landing *landing);
/* LandingPoint: missing chunks before that, at most AGAIN_MAX (else landing_next() is earlier). */
const GArray *landing_holes(const Landing *landing);
/* Bytes that are well on the disk, of those wanted. Any thread. */
uint64_t landing_bytes(const Landing *landing);

typedef enum {
    LANDING_OK,
    LANDING_SPOILT, /* the sum is another: nothing was written; ask for it again */
    LANDING_FAILED  /* error is set; what was written before stays good */
} LandingResult;
typedef struct {
    LandingPoint point;
    const void *bytes;
    size_t length;
    const uint8_t *sum;
    LandingResult result; /* set by landing_write_all() */
} LandingPiece;
/* Compares, writes, records. Chunks come in the manifest's order, or fill holes; those skipped
 * become holes, at most AGAIN_MAX. One that is there already, or that nobody wants, is LANDING_OK.
 * `point.file` must be an index of the manifest; a chunk that it does not have is LANDING_SPOILT.
 * After LANDING_FAILED close the landing. */
LandingResult landing_write(Landing *landing, LandingPoint point, const void *bytes, size_t length,
                            const uint8_t *sum, GError **error);
/* The same for several; neighbours reach the disk in one step. FALSE: LANDING_FAILED. */
gboolean landing_write_all(Landing *landing, LandingPiece *pieces, unsigned count, GError **error);
/* The sender cannot give this file: what came of it is removed. Must come before the last chunk of
 * an item, which may be placed with it: so the sender looks whether a source has changed before it
 * sends the last chunk. */
gboolean landing_missing(Landing *landing, uint32_t file, GError **error);
unsigned landing_missing_count(const Landing *landing);
/* All was written: syncs what was not yet, puts times, renames. Items that are complete earlier are
 * finished earlier. */
gboolean landing_finish(Landing *landing, GError **error);
/* Where an item is now; NULL before it is finished, or left out. */
const char *landing_item_path(const Landing *landing, uint32_t item);

/* Removes all parts and the state of a transfer; finished items stay. Also for one that is not open
 * and whose state is damaged: then what its name identifies is removed. */
void landing_discard(const char *state_dir, const char *into, const uint8_t *transfer);
/* After landing_finish(): removes the state alone. */
void landing_forget(const char *state_dir);
