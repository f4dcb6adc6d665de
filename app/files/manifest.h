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
} ManifestEntry;

typedef struct Manifest Manifest;

/* Reads and checks: count, depth, order (folders before their content, items rising), sizes, that a
 * path stands once and lies in a folder that was named. NULL with G_IO_ERROR_INVALID_DATA. */
Manifest *manifest_read(GBytes *bytes, GError **error);
Manifest *manifest_ref(Manifest *manifest);
void manifest_unref(Manifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Manifest, manifest_unref)

size_t manifest_count(const Manifest *manifest);
/* Owned by the manifest. */
const ManifestEntry *manifest_entry(const Manifest *manifest, size_t index);
/* One GBytes of whole frames for the wire. */
GBytes *manifest_bytes(const Manifest *manifest); /* transfer none */
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
/* Frees the writer; transfer full. */
GBytes *manifest_writer_end(ManifestWriter *writer);
void manifest_writer_free(ManifestWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ManifestWriter, manifest_writer_free)
