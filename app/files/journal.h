#pragma once
/* What a transfer has done so far, append-only. Each record carries a check over its bytes and its
 * place, so that a torn tail, zeroes and stale blocks end the journal instead of being believed.
 *
 *   file:    "BFJRNL1\n", then records
 *   record:  check (8 bytes, XXH3-64, seed: offset of the record) · kind (1) · length (2) · payload
 *
 * All numbers are little-endian. Records of chunks are gathered: what a kill loses is at most
 * JOURNAL_GATHERED of them, or those of JOURNAL_GATHERED_BYTES of content; such chunks are simply
 * received again. One thread. */

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#define JOURNAL_GATHERED 256
#define JOURNAL_GATHERED_BYTES (1024 * 1024)
#define JOURNAL_PAYLOAD_MAX 8192

typedef enum {
    RECORD_BEGIN = 1, /* hash of the manifest, device of the folder chosen, its path */
    RECORD_ITEM,      /* number, then the name of its part: written before it is made */
    RECORD_NAME,      /* file, then its name where it is another than expected: before it is made */
    RECORD_CHUNK,     /* file, chunk, sum: after it was written */
    RECORD_MISSING,   /* file */
    RECORD_PLACING,   /* item, then its final name: before it is renamed */
    RECORD_PLACED,    /* item, then its final name */
    RECORD_AGAIN,     /* item: nothing of it is good any more */
    RECORD_CLEAN,     /* boot and time of closing in order: until then everything was noted */
} RecordKind;

/* `payload` lives during the call; false ends the reading there, as if nothing followed. */
typedef bool (*JournalRead)(RecordKind kind, const uint8_t *payload, size_t length, void *user);

typedef struct Journal Journal;

/* Opens or makes it in `folder` (not taken over), reads what is in it, and cuts off what is no
 * record. */
Journal *journal_open(int folder, JournalRead read, void *user, GError **error);
/* Writes what was gathered, as far as that goes. */
void journal_close(Journal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_close)

/* Written at once, with everything gathered before it. */
gboolean journal_add(Journal *journal, RecordKind kind, const void *payload, size_t length,
                     GError **error);
/* A record of a chunk of `bytes` bytes, gathered. */
gboolean journal_add_chunk(Journal *journal, const void *payload, size_t length, size_t bytes,
                           GError **error);
/* Everything added is on the disk. */
gboolean journal_sync(Journal *journal, GError **error);
/* Begins anew, empty. */
gboolean journal_reset(Journal *journal, GError **error);
