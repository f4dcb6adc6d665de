/* A list of files from a stranger: what is taken keeps every promise of its header, and so do the
 * names that are made of its labels.
 */

#include "app/files/file_name.h"
#include "app/files/manifest.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_name(const char *label)
{
    const size_t short_max = 40;
    for (size_t max = short_max; max <= FILE_NAME_MAX; max += FILE_NAME_MAX - short_max) {
        g_autofree char *name = file_name_from_peer(label, max);
        size_t length = strlen(name);
        check(length > 0 && length <= max && name[0] != '.' && strchr(name, '/') == NULL &&
              name[length - 1] != '.' && g_utf8_validate(name, -1, NULL));
        g_autofree char *again = file_name_from_peer(name, max);
        check(strcmp(name, again) == 0);
        g_autofree char *numbered = file_name_numbered(name, 2);
        check(strlen(numbered) <= FILE_NAME_MAX && strcmp(numbered, name) != 0);
    }
}

static void check_entry(const Manifest *manifest, size_t index, uint64_t *total)
{
    const ManifestEntry *entry = manifest_entry(manifest, index);
    check(entry->item < manifest_items(manifest));
    check(index >= manifest_item_start(manifest, entry->item) &&
          index < manifest_item_start(manifest, entry->item + 1));
    if (entry->parent == MANIFEST_TOP) {
        check(index == manifest_item_start(manifest, entry->item));
    } else {
        const ManifestEntry *folder = manifest_entry(manifest, entry->parent);
        check(entry->parent < index && folder->folder && folder->item == entry->item);
    }
    *total += entry->size;
    check(*total <= (uint64_t)FILE_SIZE_MAX);
    check_name(entry->label);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(Manifest) manifest = manifest_read(bytes, &error);
    check((manifest == NULL) == (error != NULL));
    if (manifest == NULL)
        return 0;
    uint64_t total = 0;
    for (size_t i = 0; i < manifest_count(manifest); i++)
        check_entry(manifest, i, &total);
    check(total == manifest_wanted_bytes(manifest, NULL));
    return 0;
}
