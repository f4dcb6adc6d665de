#include "app/files/manifest.h"

#include "relay/data_frame.h"

#include <gio/gio.h>
#include <sodium.h>
#include <string.h>
#include <xxhash.h>

struct Manifest {
    gatomicrefcount references;
    GBytes *bytes;       /* owned: whole frames */
    GStringChunk *texts; /* owned: the paths */
    GArray *entries;     /* owned: ManifestEntry */
    GArray *starts;      /* owned: uint32_t, index of each item's own entry */
};

/* What is needed while reading. */
typedef struct {
    Manifest *manifest;
    GHashTable *folders; /* of this item: path (of the manifest) → index + 1; files have 0 */
    uint64_t total;
    bool last;
} Reading;

Manifest *manifest_ref(Manifest *manifest)
{
    g_atomic_ref_count_inc(&manifest->references);
    return manifest;
}

void manifest_unref(Manifest *manifest)
{
    if (manifest == NULL || !g_atomic_ref_count_dec(&manifest->references))
        return;
    g_clear_pointer(&manifest->bytes, g_bytes_unref);
    g_string_chunk_free(manifest->texts);
    g_array_unref(manifest->entries);
    g_array_unref(manifest->starts);
    g_free(manifest);
}

static Manifest *manifest_new(GBytes *bytes)
{
    const gsize block = 64 * 1024;
    Manifest *manifest = g_new0(Manifest, 1);
    g_atomic_ref_count_init(&manifest->references);
    manifest->bytes = g_bytes_ref(bytes);
    manifest->texts = g_string_chunk_new(block);
    manifest->entries = g_array_new(FALSE, FALSE, sizeof(ManifestEntry));
    manifest->starts = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    return manifest;
}

/* Paths are chosen by strangers, who must not be able to aim at one bucket. */
static guint hash_path(gconstpointer path)
{
    static gsize once;
    static uint64_t seed;
    if (g_once_init_enter(&once)) {
        seed = (uint64_t)g_random_int() << 32 | g_random_int();
        g_once_init_leave(&once, 1);
    }
    return (guint)XXH3_64bits_withSeed(path, strlen(path), seed);
}

static const char *find_place(Reading *reading, ManifestEntry *entry)
{
    const GArray *starts = reading->manifest->starts;
    const char *slash = strrchr(entry->path, '/');
    entry->parent = MANIFEST_TOP;
    entry->label = entry->path;
    if (slash == NULL) {
        if (entry->item != starts->len)
            return "items do not rise one by one";
        return NULL;
    }
    g_autofree char *folder = g_strndup(entry->path, (gsize)(slash - entry->path));
    gpointer index = g_hash_table_lookup(reading->folders, folder);
    entry->label = slash + 1;
    if (index == NULL || entry->item + 1 != starts->len)
        return "an entry lies in no folder that was named";
    entry->parent = GPOINTER_TO_UINT(index) - 1;
    return NULL;
}

static const char *read_entry(Reading *reading, const Wire__ManifestEntry *wire)
{
    Manifest *manifest = reading->manifest;
    uint32_t index = manifest->entries->len;
    if (index == FILES_MAX)
        return "too many files";
    ManifestEntry entry = {.path = g_string_chunk_insert(manifest->texts, wire->path),
                           .item = wire->item,
                           .folder = wire->folder,
                           .size = wire->size,
                           .mtime_ns = wire->mtime_ns};
    if (entry.size > (uint64_t)FILE_SIZE_MAX - reading->total || (entry.folder && entry.size != 0))
        return "too many bytes";
    reading->total += entry.size;
    const char *wrong = find_place(reading, &entry);
    if (wrong != NULL)
        return wrong;
    /* Items may have one name; what stands in them is told apart by the item. */
    if (entry.parent == MANIFEST_TOP)
        g_hash_table_remove_all(reading->folders);
    if (!g_hash_table_insert(reading->folders, (gpointer)entry.path,
                             GUINT_TO_POINTER(entry.folder ? index + 1 : 0)))
        return "a path stands twice";
    if (entry.parent == MANIFEST_TOP)
        g_array_append_val(manifest->starts, index);
    g_array_append_val(manifest->entries, entry);
    return NULL;
}

static const char *read_frame(Reading *reading, Arena *arena, const uint8_t *message, size_t length)
{
    const char *wrong = "malformed";
    arena_reset(arena);
    const Wire__DataFrame *frame = data_frame_parse(arena, message, length, &wrong);
    if (frame == NULL)
        return wrong;
    if (frame->body_case != WIRE__DATA_FRAME__BODY_MANIFEST || reading->last)
        return "something else than a manifest";
    wrong = NULL;
    for (size_t i = 0; i < frame->manifest->n_entries && wrong == NULL; i++)
        wrong = read_entry(reading, frame->manifest->entries[i]);
    reading->last = frame->manifest->last;
    return wrong;
}

static const char *read_frames(Reading *reading, GBytes *bytes)
{
    g_autoptr(Arena) arena = arena_new(DATA_ARENA_SIZE);
    gsize length = 0;
    const uint8_t *at = g_bytes_get_data(bytes, &length);
    if (length > MANIFEST_MAX)
        return "too long";
    while (length > 0) {
        size_t size = 0;
        if (frame_cut(at, length, DATA_FRAME_MAX, &size) != FRAME_OK)
            return "cut off";
        const char *wrong =
            read_frame(reading, arena, at + FRAME_HEADER_SIZE, size - FRAME_HEADER_SIZE);
        if (wrong != NULL)
            return wrong;
        at += size;
        length -= size;
    }
    if (!reading->last)
        return "without an end";
    return reading->manifest->entries->len == 0 ? "empty" : NULL;
}

Manifest *manifest_read(GBytes *bytes, GError **error)
{
    g_autoptr(Manifest) manifest = manifest_new(bytes);
    g_autoptr(GHashTable) folders = g_hash_table_new(hash_path, g_str_equal);
    Reading reading = {.manifest = manifest, .folders = folders};
    const char *wrong = read_frames(&reading, bytes);
    if (wrong == NULL)
        return g_steal_pointer(&manifest);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the list of files is not valid: %s",
                wrong);
    return NULL;
}

size_t manifest_count(const Manifest *manifest)
{
    return manifest->entries->len;
}

size_t manifest_items(const Manifest *manifest)
{
    return manifest->starts->len;
}

size_t manifest_item_start(const Manifest *manifest, uint32_t item)
{
    return item < manifest->starts->len ? g_array_index(manifest->starts, uint32_t, item)
                                        : manifest->entries->len;
}

const ManifestEntry *manifest_entry(const Manifest *manifest, size_t index)
{
    g_return_val_if_fail(index < manifest->entries->len, NULL);
    return &g_array_index(manifest->entries, ManifestEntry, index);
}

uint64_t manifest_chunks(const ManifestEntry *entry)
{
    if (entry->folder)
        return 0;
    return entry->size == 0 ? 1 : (entry->size + CHUNK_SIZE - 1) / CHUNK_SIZE;
}

size_t manifest_chunk_length(const ManifestEntry *entry, uint64_t chunk)
{
    return (size_t)MIN(entry->size - chunk * CHUNK_SIZE, CHUNK_SIZE);
}

GBytes *manifest_bytes(const Manifest *manifest)
{
    return manifest->bytes;
}

bool manifest_left_out(GBytes *left_out, uint32_t item)
{
    if (left_out == NULL)
        return false;
    gsize length = 0;
    const uint8_t *bits = g_bytes_get_data(left_out, &length);
    return item / 8 < length && (bits[item / 8] >> item % 8 & 1) != 0;
}

/* Files and bytes of the entries from `start` to before `end`. */
static void count(const Manifest *manifest, size_t start, size_t end, uint64_t *files,
                  uint64_t *bytes)
{
    for (size_t i = start; i < end; i++) {
        const ManifestEntry *entry = manifest_entry(manifest, i);
        *files += !entry->folder;
        *bytes += entry->size;
    }
}

static void count_wanted(const Manifest *manifest, GBytes *left_out, uint64_t *files,
                         uint64_t *bytes)
{
    for (uint32_t item = 0; item < manifest->starts->len; item++) {
        if (!manifest_left_out(left_out, item))
            count(manifest, manifest_item_start(manifest, item),
                  manifest_item_start(manifest, item + 1), files, bytes);
    }
}

uint64_t manifest_wanted_bytes(const Manifest *manifest, GBytes *left_out)
{
    uint64_t files = 0, bytes = 0;
    count_wanted(manifest, left_out, &files, &bytes);
    return bytes;
}

uint64_t manifest_wanted_files(const Manifest *manifest, GBytes *left_out)
{
    uint64_t files = 0, bytes = 0;
    count_wanted(manifest, left_out, &files, &bytes);
    return files;
}

void manifest_hash(GBytes *bytes, uint8_t *hash)
{
    gsize length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    crypto_generichash(hash, HASH_SIZE, data, length, NULL, 0);
}

static bool item_fits(const Manifest *manifest, uint32_t item, const OfferItem *offered)
{
    uint64_t files = 0, bytes = 0;
    size_t start = manifest_item_start(manifest, item);
    const ManifestEntry *entry = manifest_entry(manifest, start);
    count(manifest, start, manifest_item_start(manifest, item + 1), &files, &bytes);
    return strcmp(entry->path, offered->name) == 0 && entry->folder == offered->folder &&
           files == offered->files && bytes == offered->bytes;
}

bool manifest_fits(const Manifest *manifest, const Offer *offer)
{
    uint8_t hash[HASH_SIZE];
    manifest_hash(manifest->bytes, hash);
    if (memcmp(hash, offer->manifest, HASH_SIZE) != 0 ||
        manifest_wanted_files(manifest, NULL) != offer->files ||
        manifest_wanted_bytes(manifest, NULL) != offer->bytes ||
        manifest->starts->len != offer->item_count + offer->unlisted)
        return false;
    for (uint32_t item = 0; item < offer->item_count; item++) {
        if (!item_fits(manifest, item, &offer->items[item]))
            return false;
    }
    return true;
}
