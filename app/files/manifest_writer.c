/* Gathers entries into frames, none longer than a reader takes. */

#include "app/files/manifest.h"
#include "relay/data_frame.h"

struct ManifestWriter {
    GByteArray *out;     /* owned: frames that are done */
    GPtrArray *entries;  /* owned: Wire__ManifestEntry of the frame to come */
    GStringChunk *texts; /* owned: their paths */
    size_t size;         /* an upper bound of the frame's message */
};

/* Tags and numbers of an entry, and those of the frame around them. */
#define ENTRY_OVERHEAD 64
#define FRAME_OVERHEAD 32

ManifestWriter *manifest_writer_new(void)
{
    const gsize block = 64 * 1024;
    ManifestWriter *writer = g_new0(ManifestWriter, 1);
    writer->out = g_byte_array_new();
    writer->entries = g_ptr_array_new_with_free_func(g_free);
    writer->texts = g_string_chunk_new(block);
    return writer;
}

void manifest_writer_free(ManifestWriter *writer)
{
    if (writer == NULL)
        return;
    g_byte_array_unref(writer->out);
    g_ptr_array_unref(writer->entries);
    g_string_chunk_free(writer->texts);
    g_free(writer);
}

static void flush(ManifestWriter *writer, bool last)
{
    Wire__Manifest manifest = WIRE__MANIFEST__INIT;
    manifest.entries = (Wire__ManifestEntry **)writer->entries->pdata;
    manifest.n_entries = writer->entries->len;
    manifest.last = last;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_MANIFEST;
    frame.manifest = &manifest;
    g_autoptr(GBytes) bytes = data_frame_build(&frame);
    gsize length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    g_byte_array_append(writer->out, data, (guint)length);
    g_ptr_array_set_size(writer->entries, 0);
    g_string_chunk_clear(writer->texts);
    writer->size = 0;
}

void manifest_writer_add(ManifestWriter *writer, const ManifestEntry *entry)
{
    size_t size = strlen(entry->path) + ENTRY_OVERHEAD;
    if (writer->entries->len == MANIFEST_ENTRIES_MAX ||
        writer->size + size + FRAME_OVERHEAD > DATA_FRAME_MAX)
        flush(writer, false);
    Wire__ManifestEntry *wire = g_new(Wire__ManifestEntry, 1);
    wire__manifest_entry__init(wire);
    wire->path = g_string_chunk_insert(writer->texts, entry->path);
    wire->item = entry->item;
    wire->folder = entry->folder;
    wire->size = entry->size;
    wire->mtime_ns = entry->mtime_ns;
    g_ptr_array_add(writer->entries, wire);
    writer->size += size;
}

size_t manifest_writer_size(const ManifestWriter *writer)
{
    return writer->out->len + writer->size;
}

GBytes *manifest_writer_end(ManifestWriter *writer)
{
    flush(writer, true);
    GBytes *bytes = g_byte_array_free_to_bytes(writer->out);
    writer->out = g_byte_array_new();
    manifest_writer_free(writer);
    return bytes;
}
