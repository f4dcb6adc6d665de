/* The end of items: synced, named, noted. The name is noted before the renaming, so that after a
 * crash in between it can be told whether it happened. */

#include "app/files/file_name.h"
#include "app/files/landing_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NUMBERS_MAX 100000
#define NANOSECONDS INT64_C(1000000000)

static uint32_t start_of(const Landing *landing, uint32_t item)
{
    return (uint32_t)manifest_item_start(landing->manifest, item);
}

static bool is_folder(const Landing *landing, uint32_t item)
{
    return manifest_entry(landing->manifest, start_of(landing, item))->folder;
}

static void set_time(int folder, const char *name, int64_t mtime_ns)
{
    int64_t nanoseconds = mtime_ns % NANOSECONDS;
    int64_t carry = nanoseconds < 0;
    struct timespec times[] = {
        {.tv_nsec = UTIME_OMIT},
        {.tv_sec = mtime_ns / NANOSECONDS - carry, .tv_nsec = nanoseconds + carry * NANOSECONDS}};
    /* A file system may not know such a time; that spoils nothing. */
    (void)utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW);
}

/* Times of folders change as long as something is put into them. */
static void set_folder_times(Landing *landing, uint32_t item)
{
    size_t end = manifest_item_start(landing->manifest, item + 1);
    for (size_t i = start_of(landing, item); i < end; i++) {
        const ManifestEntry *entry = manifest_entry(landing->manifest, i);
        int folder = entry->folder ? landing_folder_of(landing, (uint32_t)i) : -1;
        if (folder >= 0)
            set_time(folder, landing_name_of(landing, (uint32_t)i), entry->mtime_ns);
    }
}

static bool sync_one_file(Landing *landing, uint32_t item)
{
    uint32_t index = start_of(landing, item);
    if (landing->file >= 0 && landing->file_entry == index)
        return fsync(landing->file) == 0;
    g_auto(Descriptor) file =
        disk_open_beneath(landing->into_folder, landing->items[item].part, O_RDWR | O_NOFOLLOW, 0);
    return file >= 0 && fsync(file) == 0;
}

static bool sync_parts(Landing *landing)
{
    uint32_t first = g_array_index(landing->ready, uint32_t, 0);
    if (landing->ready->len == 1 && !is_folder(landing, first))
        return sync_one_file(landing, first);
    return syncfs(landing->into_folder) == 0;
}

/* After a failed sync nobody knows what of it is on the disk, and the kernel counts it as written.
 */
static void spoil_ready(Landing *landing)
{
    for (guint i = 0; i < landing->ready->len; i++)
        landing_note_file(landing, RECORD_AGAIN, g_array_index(landing->ready, uint32_t, i), "",
                          NULL);
}

static bool is_taken(const Landing *landing, const char *name)
{
    struct stat status;
    return fstatat(landing->into_folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The next name that is free; NULL when there are too many. */
static char *next_name(Landing *landing, uint32_t item)
{
    const char *base = landing->names[start_of(landing, item)];
    unsigned number = GPOINTER_TO_UINT(g_hash_table_lookup(landing->numbers, base));
    while (number < NUMBERS_MAX) {
        number++;
        g_autofree char *name = number == 1 ? g_strdup(base) : file_name_numbered(base, number);
        g_hash_table_insert(landing->numbers, (gpointer)base, GUINT_TO_POINTER(number));
        if (!is_taken(landing, name))
            return g_steal_pointer(&name);
    }
    return NULL;
}

static gboolean choose_name(Landing *landing, uint32_t item, GError **error)
{
    LandingItem *own = &landing->items[item];
    struct stat status;
    g_free(own->final);
    own->final = next_name(landing, item);
    if (own->final == NULL) {
        disk_set_error(error, EEXIST, "Cannot name", landing->names[start_of(landing, item)]);
        return FALSE;
    }
    own->inode = fstatat(landing->into_folder, own->part, &status, AT_SYMLINK_NOFOLLOW) == 0
                     ? status.st_ino
                     : 0;
    return landing_note_placing(landing, RECORD_PLACING, item, error);
}

static gboolean place(Landing *landing, uint32_t item, GError **error)
{
    LandingItem *own = &landing->items[item];
    while (!disk_place(landing->into_folder, own->part, own->final)) {
        if (errno != EEXIST) {
            int code = errno;
            landing_note_file(landing, RECORD_AGAIN, item, "", NULL);
            disk_set_error(error, code, "Cannot name what was received", own->final);
            return FALSE;
        }
        if (!choose_name(landing, item, error) || !journal_sync(landing->journal, error))
            return FALSE;
    }
    return TRUE;
}

void landing_set_placed(Landing *landing, uint32_t item)
{
    LandingItem *own = &landing->items[item];
    own->state = ITEM_PLACED;
    g_free(own->path);
    own->path = g_build_filename(landing->into, own->final, NULL);
}

/* Runs for every item that is ready. */
static gboolean for_ready(Landing *landing,
                          gboolean (*step)(Landing *landing, uint32_t item, GError **error),
                          GError **error)
{
    for (guint i = 0; i < landing->ready->len; i++) {
        if (!step(landing, g_array_index(landing->ready, uint32_t, i), error))
            return FALSE;
    }
    return TRUE;
}

static gboolean note_placed(Landing *landing, uint32_t item, GError **error)
{
    landing_set_placed(landing, item);
    return landing_note_placing(landing, RECORD_PLACED, item, error);
}

gboolean landing_settle(Landing *landing, GError **error)
{
    if (landing->ready->len == 0)
        return TRUE;
    for (guint i = 0; i < landing->ready->len; i++) {
        uint32_t item = g_array_index(landing->ready, uint32_t, i);
        if (is_folder(landing, item))
            set_folder_times(landing, item);
    }
    if (!sync_parts(landing)) {
        int code = errno;
        spoil_ready(landing);
        disk_set_error(error, code, "Cannot write into", landing->into);
        return FALSE;
    }
    landing_close_files(landing);
    if (!for_ready(landing, choose_name, error) || !journal_sync(landing->journal, error) ||
        !for_ready(landing, place, error))
        return FALSE;
    if (fsync(landing->into_folder) != 0 && errno != EINVAL) {
        disk_set_error(error, errno, "Cannot write into", landing->into);
        return FALSE;
    }
    if (!for_ready(landing, note_placed, error))
        return FALSE;
    g_array_set_size(landing->ready, 0);
    landing->ready_bytes = 0;
    return TRUE;
}

/* Where inodes do not last (FAT), size and time must do. */
static bool is_what_was_placed(const Landing *landing, uint32_t item, const struct stat *status)
{
    const int64_t coarsest = 2;
    const LandingItem *own = &landing->items[item];
    const ManifestEntry *entry = manifest_entry(landing->manifest, start_of(landing, item));
    if (own->inode != 0 && own->inode == status->st_ino)
        return true;
    int64_t apart = status->st_mtim.tv_sec - entry->mtime_ns / NANOSECONDS;
    return apart >= -coarsest && apart <= coarsest &&
           (entry->folder ? S_ISDIR(status->st_mode)
                          : S_ISREG(status->st_mode) && (uint64_t)status->st_size == entry->size);
}

void landing_find_placed(Landing *landing, uint32_t item)
{
    LandingItem *own = &landing->items[item];
    struct stat status;
    if (own->part == NULL || own->final == NULL || is_taken(landing, own->part))
        return;
    if (fstatat(landing->into_folder, own->final, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        is_what_was_placed(landing, item, &status))
        landing_set_placed(landing, item);
}
