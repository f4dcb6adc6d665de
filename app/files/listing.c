#include "app/files/listing.h"

#include "app/files/disk.h"
#include "app/files/listing_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* Absolute paths and odd names of all that is offered. */
#define SOURCES_MAX (MANIFEST_MAX + PATH_MAX * (size_t)FILES_MAX)

struct Listing {
    gatomicrefcount references;
    atomic_uint readers;
    Manifest *manifest; /* owned */
    GHashTable *names;  /* owned: index of an entry → its name here (owned) */
};

Listing *listing_ref(Listing *listing)
{
    g_atomic_ref_count_inc(&listing->references);
    return listing;
}

void listing_unref(Listing *listing)
{
    if (listing == NULL || !g_atomic_ref_count_dec(&listing->references))
        return;
    manifest_unref(listing->manifest);
    g_hash_table_unref(listing->names);
    g_free(listing);
}

static bool read_sources(Listing *listing, const uint8_t *at, size_t length)
{
    if (length < LISTING_MAGIC_SIZE + LISTING_CHECK_SIZE ||
        memcmp(at, LISTING_MAGIC, LISTING_MAGIC_SIZE) != 0)
        return false;
    const uint8_t *end = at + length - LISTING_CHECK_SIZE;
    if (disk_get_number(end, LISTING_CHECK_SIZE) != XXH3_64bits(at, (size_t)(end - at)))
        return false;
    at += LISTING_MAGIC_SIZE;
    while (at < end) {
        if (end - at < LISTING_RECORD_SIZE)
            return false;
        uint64_t index = disk_get_number(at, 4), size = disk_get_number(at + 4, 4);
        at += LISTING_RECORD_SIZE;
        if (size > (size_t)(end - at) || index >= manifest_count(listing->manifest))
            return false;
        g_hash_table_insert(listing->names, GUINT_TO_POINTER((guint)index),
                            g_strndup((const char *)at, size));
        at += size;
    }
    for (uint32_t item = 0; item < manifest_items(listing->manifest); item++) {
        if (listing_item_path(listing, item) == NULL)
            return false;
    }
    return true;
}

Listing *listing_take(GBytes *manifest, GBytes *sources, GError **error)
{
    g_autoptr(Listing) listing = g_new0(Listing, 1);
    g_atomic_ref_count_init(&listing->references);
    listing->names = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    listing->manifest = manifest_read(manifest, error);
    if (listing->manifest == NULL)
        return NULL;
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(sources, &length);
    if (read_sources(listing, bytes, length))
        return g_steal_pointer(&listing);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The list of files is damaged");
    return NULL;
}

Listing *listing_open(const char *directory, GError **error)
{
    g_auto(Descriptor) folder = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    g_autoptr(GBytes) manifest =
        folder < 0 ? NULL : disk_load(folder, LISTING_MANIFEST, MANIFEST_MAX);
    g_autoptr(GBytes) sources =
        manifest == NULL ? NULL : disk_load(folder, LISTING_SOURCES, SOURCES_MAX);
    if (sources == NULL) {
        disk_set_error(error, errno, "Cannot read the list of files in", directory);
        return NULL;
    }
    return listing_take(manifest, sources, error);
}

void listing_forget(const char *directory)
{
    static const char *const names[] = {LISTING_MANIFEST, LISTING_SOURCES, LISTING_MANIFEST ".new",
                                        LISTING_SOURCES ".new", NULL};
    disk_remove_ours(directory, names);
}

const Manifest *listing_manifest(const Listing *listing)
{
    return listing->manifest;
}

const char *listing_item_path(const Listing *listing, uint32_t item)
{
    if (item >= manifest_items(listing->manifest))
        return NULL;
    size_t start = manifest_item_start(listing->manifest, item);
    return g_hash_table_lookup(listing->names, GUINT_TO_POINTER((guint)start));
}

/* --- sources --- */

static void append_path(const Listing *listing, uint32_t index, GString *path)
{
    const ManifestEntry *entry = manifest_entry(listing->manifest, index);
    const char *name = g_hash_table_lookup(listing->names, GUINT_TO_POINTER(index));
    if (entry->parent == MANIFEST_TOP)
        return;
    append_path(listing, entry->parent, path);
    g_string_append_c(path, '/');
    g_string_append(path, name != NULL ? name : entry->label);
}

/* By its path, of which no part may be a symbolic link (nor "..", which no folder lists): so what
 * lies in an item is found below it or not at all. */
static int open_entry(const Listing *listing, uint32_t index)
{
    const int flags = O_RDONLY | O_NOFOLLOW;
    const ManifestEntry *entry = manifest_entry(listing->manifest, index);
    const char *root = listing_item_path(listing, entry->item);
    if (entry->parent == MANIFEST_TOP)
        return disk_open_real(root, flags);
    g_autoptr(GString) path = g_string_new(root);
    append_path(listing, index, path);
    if (path->len < PATH_MAX)
        return disk_open_real(path->str, flags);
    g_auto(Descriptor) folder = disk_open_real(root, O_PATH | O_DIRECTORY);
    return folder < 0 ? -1 : disk_open_beneath(folder, path->str + strlen(root) + 1, flags, 0);
}

static SourceResult judge(int code)
{
    switch (code) {
    case ENOENT:
    case ENOTDIR:
        return SOURCE_VANISHED;
    case ELOOP: /* became a symbolic link */
    case EXDEV:
    case ENXIO: /* became a socket */
        return SOURCE_CHANGED;
    case EACCES:
    case EPERM:
        return SOURCE_NO_ACCESS;
    default:
        return SOURCE_FAULT;
    }
}

SourceResult listing_open_source(const Listing *listing, size_t index, int *fd)
{
    if (index >= manifest_count(listing->manifest) ||
        manifest_entry(listing->manifest, index)->folder)
        return SOURCE_VANISHED;
    g_auto(Descriptor) file = open_entry(listing, (uint32_t)index);
    if (file < 0)
        return judge(errno);
    SourceResult result = listing_check_source(listing, index, file);
    if (result == SOURCE_OK) {
        *fd = file;
        file = -1;
    }
    return result;
}

void listing_begin_reading(Listing *listing)
{
    atomic_fetch_add(&listing->readers, 1);
}

void listing_end_reading(Listing *listing)
{
    atomic_fetch_sub(&listing->readers, 1);
}

bool listing_is_shared(const Listing *listing)
{
    return atomic_load(&listing->readers) > 1;
}

SourceResult listing_check_source(const Listing *listing, size_t index, int fd)
{
    struct stat status;
    const ManifestEntry *entry = manifest_entry(listing->manifest, index);
    if (fstat(fd, &status) != 0)
        return SOURCE_FAULT;
    int64_t mtime_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
    if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size != entry->size ||
        mtime_ns != entry->mtime_ns)
        return SOURCE_CHANGED;
    return SOURCE_OK;
}
