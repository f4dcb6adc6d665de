/* Names are a function of the manifest alone: two labels of one folder that become one name get
 * numbers in the manifest's order. What the file system itself takes for the same (upper and lower
 * case, say) shows when the file is made, and is noted then. */

#include "app/files/file_name.h"
#include "app/files/landing_internal.h"

#include <string.h>
#include <xxhash.h>

typedef struct {
    uint32_t folder;
    const char *name;
    unsigned last; /* number given last to this name */
} Taken;

static uint64_t hash_seed;

static guint hash_taken(gconstpointer key)
{
    const Taken *taken = key;
    return (guint)XXH3_64bits_withSeed(taken->name, strlen(taken->name), hash_seed ^ taken->folder);
}

static gboolean same_taken(gconstpointer a, gconstpointer b)
{
    const Taken *left = a, *right = b;
    return left->folder == right->folder && strcmp(left->name, right->name) == 0;
}

/* The label itself where it will do. */
static const char *clean_name(Landing *landing, const ManifestEntry *entry)
{
    g_autofree char *name = file_name_from_peer(entry->label, FILE_NAME_MAX);
    return strcmp(name, entry->label) == 0 ? entry->label
                                           : g_string_chunk_insert(landing->texts, name);
}

static const char *unique_name(Landing *landing, GHashTable *all, Taken *slots, uint32_t index)
{
    const ManifestEntry *entry = manifest_entry(landing->manifest, index);
    Taken wanted = {.folder = entry->parent, .name = clean_name(landing, entry), .last = 1};
    Taken *same = g_hash_table_lookup(all, &wanted);
    const char *base = wanted.name;
    while (same != NULL && g_hash_table_contains(all, &wanted)) {
        g_autofree char *name = file_name_numbered(base, ++same->last);
        wanted.name = g_string_chunk_insert(landing->texts, name);
    }
    slots[index] = wanted;
    g_hash_table_add(all, &slots[index]);
    return wanted.name;
}

void landing_plan_names(Landing *landing)
{
    size_t count = manifest_count(landing->manifest);
    g_autofree Taken *slots = g_new0(Taken, count);
    /* Labels are chosen by strangers, who must not be able to aim at one bucket. */
    static gsize once;
    if (g_once_init_enter(&once)) {
        hash_seed = (uint64_t)g_random_int() << 32 | g_random_int();
        g_once_init_leave(&once, 1);
    }
    g_autoptr(GHashTable) all = g_hash_table_new(hash_taken, same_taken);
    for (uint32_t i = 0; i < count; i++) {
        const ManifestEntry *entry = manifest_entry(landing->manifest, i);
        landing->names[i] = entry->parent == MANIFEST_TOP ? clean_name(landing, entry)
                                                          : unique_name(landing, all, slots, i);
    }
}

char *landing_part_name(const Landing *landing, uint32_t item, unsigned attempt)
{
    const size_t around = strlen("..12345678-4294967295-4294967295.part");
    const ManifestEntry *entry =
        manifest_entry(landing->manifest, manifest_item_start(landing->manifest, item));
    g_autofree char *name = file_name_from_peer(entry->label, FILE_NAME_MAX - around);
    if (attempt > 0)
        return g_strdup_printf(".%s.%s-%u-%u.part", name, landing->mark, item, attempt);
    if (item > 0)
        return g_strdup_printf(".%s.%s-%u.part", name, landing->mark, item);
    return g_strdup_printf(".%s.%s.part", name, landing->mark);
}
