/* What is done and what is missing. */

#include "app/files/landing_internal.h"

bool landing_point_before(LandingPoint a, LandingPoint b)
{
    return a.file != b.file ? a.file < b.file : a.chunk < b.chunk;
}

bool landing_is_wanted(const Landing *landing, uint32_t item)
{
    return landing->items[item].state == ITEM_WANTED;
}

bool landing_has_holes(const Landing *landing, uint32_t first, uint32_t end)
{
    for (guint i = 0; i < landing->holes->len; i++) {
        uint32_t file = g_array_index(landing->holes, LandingPoint, i).file;
        if (file >= first && file < end)
            return true;
    }
    return false;
}

uint64_t landing_file_bytes(const Landing *landing, uint32_t index)
{
    const ManifestEntry *entry = manifest_entry(landing->manifest, index);
    if (index > landing->next.file)
        return 0;
    uint64_t done = index < landing->next.file ? entry->size
                                               : MIN(landing->next.chunk * CHUNK_SIZE, entry->size);
    for (guint i = 0; i < landing->holes->len; i++) {
        LandingPoint hole = g_array_index(landing->holes, LandingPoint, i);
        if (hole.file == index)
            done -= manifest_chunk_length(entry, hole.chunk);
    }
    return done;
}

/* Something of it is there, or it is a folder that has nothing which could be missing. */
static bool has_substance(const Landing *landing, uint32_t item)
{
    size_t end = manifest_item_start(landing->manifest, item + 1);
    bool missed = false;
    for (size_t i = manifest_item_start(landing->manifest, item); i < end; i++) {
        if (manifest_entry(landing->manifest, i)->folder)
            continue;
        if ((landing->flags[i] & FILE_MISSING) == 0)
            return true;
        missed = true;
    }
    return !missed;
}

gboolean landing_check_item(Landing *landing, uint32_t item, GError **error)
{
    size_t start = manifest_item_start(landing->manifest, item);
    size_t end = manifest_item_start(landing->manifest, item + 1);
    if (!landing_is_wanted(landing, item) || landing->next.file < end ||
        landing_has_holes(landing, (uint32_t)start, (uint32_t)end))
        return TRUE;
    LandingItem *own = &landing->items[item];
    if (!has_substance(landing, item)) {
        own->state = ITEM_NOTHING;
        if (own->part != NULL)
            disk_remove(landing->into_folder, own->part);
        return TRUE;
    }
    if (!landing_begin_item(landing, item, error))
        return FALSE;
    own->state = ITEM_READY;
    if (landing->ready->len == 0)
        landing->ready_since = g_get_monotonic_time();
    g_array_append_val(landing->ready, item);
    for (size_t i = start; i < end; i++)
        landing->ready_bytes += manifest_entry(landing->manifest, i)->size;
    return TRUE;
}

static bool is_missing_here(const Landing *landing, LandingPoint point)
{
    const ManifestEntry *entry = manifest_entry(landing->manifest, point.file);
    return point.chunk < manifest_chunks(entry) && landing_is_wanted(landing, entry->item) &&
           (landing->flags[point.file] & FILE_MISSING) == 0;
}

gboolean landing_advance(Landing *landing, GError **error)
{
    size_t count = manifest_count(landing->manifest);
    while (landing->next.file < count && !is_missing_here(landing, landing->next))
        landing->next = (LandingPoint){.file = landing->next.file + 1};
    while (landing->swept < manifest_items(landing->manifest) &&
           manifest_item_start(landing->manifest, landing->swept + 1) <= landing->next.file) {
        if (!landing_check_item(landing, landing->swept++, error))
            return FALSE;
    }
    return TRUE;
}

/* --- counting anew --- */

typedef struct {
    Landing *landing;
    const GArray *good;
    guint at;        /* in `good` */
    guint holes_now; /* holes before the last good chunk */
    uint64_t bytes;
    bool full; /* more holes than may be */
} Count;

static bool is_good(const Count *count, uint32_t file)
{
    return count->at < count->good->len &&
           g_array_index(count->good, LandingChunk, count->at).point.file == file;
}

static void add_gap(Count *count, uint32_t file, uint64_t from, uint64_t to)
{
    GArray *holes = count->landing->holes;
    for (uint64_t chunk = from; chunk < to && !count->full; chunk++) {
        LandingPoint hole = {.file = file, .chunk = chunk};
        g_array_append_val(holes, hole);
        count->full = holes->len > AGAIN_MAX;
    }
}

static void count_file(Count *count, uint32_t file, const ManifestEntry *entry)
{
    uint64_t chunk = 0;
    while (is_good(count, file) && !count->full) {
        uint64_t good = g_array_index(count->good, LandingChunk, count->at).point.chunk;
        add_gap(count, file, chunk, good);
        if (count->full)
            return;
        count->at++;
        count->bytes += manifest_chunk_length(entry, good);
        count->holes_now = count->landing->holes->len;
        chunk = good + 1;
    }
    add_gap(count, file, chunk, manifest_chunks(entry));
}

static void count_entry(Count *count, uint32_t index)
{
    const Landing *landing = count->landing;
    const ManifestEntry *entry = manifest_entry(landing->manifest, index);
    if ((landing->flags[index] & FILE_MISSING) != 0)
        return;
    if (landing->items[entry->item].state == ITEM_PLACED)
        count->bytes += entry->size;
    else if (landing_is_wanted(landing, entry->item))
        count_file(count, index, entry);
}

void landing_count(Landing *landing, const GArray *good)
{
    Count count = {.landing = landing, .good = good};
    g_array_set_size(landing->holes, 0);
    size_t end = manifest_count(landing->manifest);
    for (size_t i = 0; i < end; i++)
        count_entry(&count, (uint32_t)i);
    GArray *holes = landing->holes;
    /* What is missing behind the last good chunk is no hole. With too many holes the stream begins
     * again at the first that has no place. */
    guint kept = count.full && count.at < good->len ? AGAIN_MAX : count.holes_now;
    landing->next = holes->len > kept ? g_array_index(holes, LandingPoint, kept)
                                      : (LandingPoint){.file = (uint32_t)end};
    g_array_set_size(holes, MIN(kept, holes->len));
    atomic_store(&landing->bytes, count.bytes);
}
