/* Walking what is offered. A folder's files come first, sorted, then its folders, each followed by
 * what is in it; so all of one folder stands together. Names of one folder are held while it is
 * walked, and of those around it; nothing else but the list itself grows. */

#include "app/files/disk.h"
#include "app/files/file_name.h"
#include "app/files/listing.h"
#include "app/files/listing_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

typedef struct {
    ManifestWriter *writer; /* owned */
    GByteArray *sources;    /* owned */
    GArray *items;          /* owned: OfferItem; their names owned until the offer takes them */
    GCancellable *cancellable;
    uint32_t count; /* entries so far */
    uint32_t item;
    uint64_t files, bytes; /* of this item */
    uint64_t total;
} Walk;

/* Something in a folder. */
typedef struct {
    char *name;  /* owned */
    char *label; /* owned */
    bool folder;
    uint64_t size;
    int64_t mtime_ns;
} Found;

static void clear_found(gpointer data)
{
    Found *found = data;
    g_free(found->name);
    g_free(found->label);
}

static gboolean fail(GError **error, GIOErrorEnum code, const char *text)
{
    g_set_error_literal(error, G_IO_ERROR, (gint)code, text);
    return FALSE;
}

static void append_number(GByteArray *out, uint64_t number, unsigned size)
{
    uint8_t bytes[8];
    disk_put_number(bytes, number, size);
    g_byte_array_append(out, bytes, size);
}

static void add_source(Walk *walk, const char *name)
{
    size_t length = strlen(name);
    append_number(walk->sources, walk->count, 4);
    append_number(walk->sources, length, 4);
    g_byte_array_append(walk->sources, (const uint8_t *)name, (guint)length);
}

static gboolean add(Walk *walk, const Found *found, const char *path, GError **error)
{
    ManifestEntry entry = {.path = path,
                           .item = walk->item,
                           .folder = found->folder,
                           .size = found->size,
                           .mtime_ns = found->mtime_ns};
    if (walk->count == FILES_MAX) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    "These are more than %d files and folders: offer them in parts", FILES_MAX);
        return FALSE;
    }
    if (found->size > (uint64_t)FILE_SIZE_MAX - walk->total ||
        manifest_writer_size(walk->writer) + 2 * FILE_PATH_MAX > MANIFEST_MAX)
        return fail(error, G_IO_ERROR_FAILED, "That is too much for one offer: offer it in parts");
    manifest_writer_add(walk->writer, &entry);
    walk->count++;
    walk->files += !found->folder;
    walk->bytes += found->size;
    walk->total += found->size;
    return TRUE;
}

static void fill(Found *found, const struct stat *status)
{
    found->folder = S_ISDIR(status->st_mode);
    found->size = found->folder ? 0 : (uint64_t)status->st_size;
    found->mtime_ns = (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

static gint order_found(gconstpointer a, gconstpointer b)
{
    const Found *left = a, *right = b;
    if (left->folder != right->folder)
        return left->folder ? 1 : -1;
    int order = strcmp(left->label, right->label);
    return order != 0 ? order : strcmp(left->name, right->name);
}

/* Different bytes can become one label. */
static void number_labels(GArray *all)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < all->len; i++) {
        Found *found = &g_array_index(all, Found, i);
        for (unsigned number = 2; g_hash_table_contains(seen, found->label); number++) {
            g_autofree char *clean = file_name_to_label(found->name);
            g_free(found->label);
            found->label = file_name_numbered(clean, number);
        }
        g_hash_table_add(seen, found->label);
    }
}

/* 0 or errno. What vanishes meanwhile was not there. */
static int read_entries(DIR *entries, GArray *all)
{
    while (all->len <= FILES_MAX) {
        struct stat status;
        errno = 0;
        const struct dirent *entry = readdir(entries);
        if (entry == NULL)
            return errno;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (fstatat(dirfd(entries), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno != ENOENT)
                return errno;
            continue;
        }
        if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
            continue;
        Found found = {.name = g_strdup(entry->d_name), .label = file_name_to_label(entry->d_name)};
        fill(&found, &status);
        g_array_append_val(all, found);
    }
    return 0;
}

/* What is in the folder, sorted; closes it. NULL with errno. */
static GArray *read_folder(int folder)
{
    DIR *entries = fdopendir(folder);
    if (entries == NULL) {
        close(folder);
        return NULL;
    }
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Found));
    g_array_set_clear_func(all, clear_found);
    int code = read_entries(entries, all);
    closedir(entries);
    errno = code;
    if (code != 0)
        return NULL;
    g_array_sort(all, order_found);
    number_labels(all);
    return g_steal_pointer(&all);
}

static gboolean walk_folder(Walk *walk, int folder, const char *name, GString *path,
                            GString *label_path, unsigned depth, GError **error);

static gboolean walk_found(Walk *walk, int folder, const Found *found, GString *path,
                           GString *labels, unsigned depth, GError **error)
{
    if (g_cancellable_set_error_if_cancelled(walk->cancellable, error))
        return FALSE;
    gsize path_before = path->len, labels_before = labels->len;
    g_string_append_printf(path, "/%s", found->name);
    g_string_append_printf(labels, "/%s", found->label);
    if (depth > FILE_DEPTH_MAX || labels->len > FILE_PATH_MAX || path->len >= 2 * FILE_PATH_MAX) {
        g_autofree char *shown = g_filename_display_name(path->str);
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG,
                    "Folders lie too deep in each other: %s", shown);
        return FALSE;
    }
    if (strcmp(found->name, found->label) != 0)
        add_source(walk, found->name);
    gboolean good =
        add(walk, found, labels->str, error) &&
        (!found->folder || walk_folder(walk, folder, found->name, path, labels, depth, error));
    g_string_truncate(path, path_before);
    g_string_truncate(labels, labels_before);
    return good;
}

/* `name` in `folder`; `path` and `labels` are its own, `depth` counts its labels. */
static gboolean walk_folder(Walk *walk, int folder, const char *name, GString *path,
                            GString *labels, unsigned depth, GError **error)
{
    g_auto(Descriptor) own =
        disk_open_beneath(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    int listed = own < 0 ? -1 : fcntl(own, F_DUPFD_CLOEXEC, 0);
    g_autoptr(GArray) all = listed < 0 ? NULL : read_folder(listed);
    if (all == NULL) {
        disk_set_error(error, errno, "Cannot read the folder", path->str);
        return FALSE;
    }
    for (guint i = 0; i < all->len; i++) {
        if (!walk_found(walk, own, &g_array_index(all, Found, i), path, labels, depth + 1, error))
            return FALSE;
    }
    return TRUE;
}

/* The label is what the person named, the path where that really is. */
static gboolean find_item(const char *given, char **real, Found *found, GError **error)
{
    struct stat status;
    g_autofree char *resolved = NULL;
    char *owned = realpath(given, NULL);
    if (owned != NULL) {
        resolved = g_strdup(owned);
        free(owned);
    }
    if (resolved == NULL || lstat(resolved, &status) != 0) {
        disk_set_error(error, errno, "Cannot offer", given);
        return FALSE;
    }
    g_autofree char *shown = g_filename_display_name(given);
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
                    "%s is neither a file nor a folder", shown);
        return FALSE;
    }
    if (strcmp(resolved, "/") == 0)
        return fail(error, G_IO_ERROR_FAILED, "The whole disk cannot be offered");
    if (access(resolved, S_ISDIR(status.st_mode) ? R_OK | X_OK : R_OK) != 0) {
        disk_set_error(error, errno, "Cannot read", given);
        return FALSE;
    }
    g_autofree char *name = g_path_get_basename(given);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "/") == 0) {
        g_free(name);
        name = g_path_get_basename(resolved);
    }
    found->label = file_name_to_label(name);
    fill(found, &status);
    *real = g_steal_pointer(&resolved);
    return TRUE;
}

static gboolean walk_item(Walk *walk, const char *given, GError **error)
{
    g_autofree char *real = NULL;
    Found found = {0};
    if (!find_item(given, &real, &found, error)) {
        clear_found(&found);
        return FALSE;
    }
    g_autoptr(GString) path = g_string_new(real);
    g_autoptr(GString) labels = g_string_new(found.label);
    walk->files = walk->bytes = 0;
    add_source(walk, real);
    gboolean good = add(walk, &found, labels->str, error);
    if (good && found.folder) {
        g_auto(Descriptor) folder = disk_open_real(real, O_PATH | O_DIRECTORY);
        good = walk_folder(walk, folder, ".", path, labels, 1, error);
    }
    if (good) {
        OfferItem item = {.name = g_steal_pointer(&found.label),
                          .folder = found.folder,
                          .files = walk->files,
                          .bytes = walk->bytes};
        g_array_append_val(walk->items, item);
        walk->item++;
    }
    clear_found(&found);
    return good;
}

static Offer *make_offer(Walk *walk, GBytes *manifest)
{
    Offer *offer = g_new0(Offer, 1);
    g_atomic_ref_count_init(&offer->references);
    for (guint i = 0; i < walk->items->len; i++) {
        offer->files += g_array_index(walk->items, OfferItem, i).files;
        offer->bytes += g_array_index(walk->items, OfferItem, i).bytes;
    }
    offer->item_count = MIN(walk->items->len, OFFER_ITEMS_MAX);
    offer->unlisted = (uint32_t)(walk->items->len - offer->item_count);
    offer->items = g_new0(OfferItem, offer->item_count);
    for (guint i = 0; i < walk->items->len; i++) {
        OfferItem *item = &g_array_index(walk->items, OfferItem, i);
        if (i < offer->item_count)
            offer->items[i] = *item;
        else
            g_free(item->name);
        item->name = NULL;
    }
    manifest_hash(manifest, offer->manifest);
    return offer;
}

static gboolean keep(const char *directory, GBytes *manifest, GBytes *sources, GError **error)
{
    const mode_t mode = 0700;
    gsize manifest_length = 0, sources_length = 0;
    const void *manifest_data = g_bytes_get_data(manifest, &manifest_length);
    const void *sources_data = g_bytes_get_data(sources, &sources_length);
    if (mkdir(directory, mode) == 0 || errno == EEXIST) {
        g_auto(Descriptor) folder =
            open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder >= 0 && disk_replace(folder, LISTING_MANIFEST, manifest_data, manifest_length) &&
            disk_replace(folder, LISTING_SOURCES, sources_data, sources_length))
            return TRUE;
    }
    disk_set_error(error, errno, "Cannot keep the list of files in", directory);
    return FALSE;
}

static Listing *end_walk(Walk *walk, const char *directory, Offer **offer, GError **error)
{
    g_autoptr(GBytes) manifest = manifest_writer_end(g_steal_pointer(&walk->writer));
    append_number(walk->sources, XXH3_64bits(walk->sources->data, walk->sources->len),
                  LISTING_CHECK_SIZE);
    g_autoptr(GBytes) sources = g_bytes_new(walk->sources->data, walk->sources->len);
    g_autoptr(Listing) listing = listing_take(manifest, sources, error);
    if (listing == NULL || !keep(directory, manifest, sources, error))
        return NULL;
    *offer = make_offer(walk, manifest);
    return g_steal_pointer(&listing);
}

static void clear_walk(Walk *walk)
{
    for (guint i = 0; i < walk->items->len; i++)
        g_free(g_array_index(walk->items, OfferItem, i).name);
    g_array_unref(walk->items);
    g_byte_array_unref(walk->sources);
    manifest_writer_free(walk->writer);
}

Listing *listing_make(const char *const *paths, const char *directory, GCancellable *cancellable,
                      Offer **offer, GError **error)
{
    Walk walk = {.writer = manifest_writer_new(),
                 .sources = g_byte_array_new(),
                 .items = g_array_new(FALSE, FALSE, sizeof(OfferItem)),
                 .cancellable = cancellable};
    g_byte_array_append(walk.sources, (const uint8_t *)LISTING_MAGIC, LISTING_MAGIC_SIZE);
    gboolean good = TRUE;
    for (size_t i = 0; paths[i] != NULL && good; i++)
        good = !g_cancellable_set_error_if_cancelled(cancellable, error) &&
               walk_item(&walk, paths[i], error);
    if (good && walk.count == 0)
        good = fail(error, G_IO_ERROR_NOT_FOUND, "There is nothing to offer");
    Listing *listing = good ? end_walk(&walk, directory, offer, error) : NULL;
    clear_walk(&walk);
    return listing;
}
