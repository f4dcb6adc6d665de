#pragma once
/* The list of everything in an offer: each folder and file with size and time, in the order sent.
 * Its bytes are Manifest frames as they travel, 4-byte lengths included; their hash stands in the
 * signed offer, so that nobody can show different people different lists. Immutable, any thread. */

#include "relay/offer.h"

typedef struct {
    const char *path; /* labels with '/' between; the first is the item's */
    uint32_t item;
    bool folder;
    uint64_t size; /* bytes; 0 for a folder */
    int64_t mtime_ns;
    /* Set by manifest_read(). */
    const char *label; /* the last one, in `path` */
    uint32_t parent;   /* index of the folder it lies in; MANIFEST_TOP for an item */
} ManifestEntry;

#define MANIFEST_TOP UINT32_MAX

typedef struct Manifest Manifest;

/* Reads and checks: count, depth, order (folders before their content, items rising from 0), sizes,
 * that a path stands once and lies in a folder that was named. NULL with G_IO_ERROR_INVALID_DATA.
 * Of what stays under MANIFEST_MAX; a reader from the network stops there. */
Manifest *manifest_read(GBytes *bytes, GError **error);
Manifest *manifest_ref(Manifest *manifest);
void manifest_unref(Manifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Manifest, manifest_unref)

size_t manifest_count(const Manifest *manifest);
size_t manifest_items(const Manifest *manifest);
/* Index of the item's own entry; up to that of the next item its content follows.
 * `item` may be manifest_items(): then it is manifest_count(). */
size_t manifest_item_start(const Manifest *manifest, uint32_t item);
/* Owned by the manifest. */
const ManifestEntry *manifest_entry(const Manifest *manifest, size_t index);
/* How many chunks a file has: one for an empty file, none for a folder. */
uint64_t manifest_chunks(const ManifestEntry *entry);
/* Bytes of one of them. */
size_t manifest_chunk_length(const ManifestEntry *entry, uint64_t chunk);
/* One GBytes of whole frames for the wire. */
GBytes *manifest_bytes(const Manifest *manifest); /* transfer none */
/* BLAKE2b-256 of them: HASH_SIZE bytes. */
void manifest_hash(GBytes *bytes, uint8_t *hash);
/* Hash, number of files, bytes and items are those of the offer. */
bool manifest_fits(const Manifest *manifest, const Offer *offer);
/* The bytes of what is not left out (a bit for each item, may be NULL). */
uint64_t manifest_wanted_bytes(const Manifest *manifest, GBytes *left_out);
uint64_t manifest_wanted_files(const Manifest *manifest, GBytes *left_out);
bool manifest_left_out(GBytes *left_out, uint32_t item);

/* Making one: entries in the order that manifest_read() asks for. */
typedef struct ManifestWriter ManifestWriter;
ManifestWriter *manifest_writer_new(void);
void manifest_writer_add(ManifestWriter *writer, const ManifestEntry *entry);
/* About the bytes that there would be now, rather more: stop before MANIFEST_MAX. */
size_t manifest_writer_size(const ManifestWriter *writer);
/* Frees the writer; transfer full. Whether it is valid says manifest_read(). */
GBytes *manifest_writer_end(ManifestWriter *writer);
void manifest_writer_free(ManifestWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ManifestWriter, manifest_writer_free)
