#include "app/files/landing.h"

#include "app/files/landing_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define STATE_MODE 0700

Manifest *landing_manifest(const char *state_dir, GError **error)
{
    g_auto(Descriptor) folder = open(state_dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    g_autoptr(GBytes) bytes = folder < 0 ? NULL : disk_load(folder, "manifest", MANIFEST_MAX);
    if (bytes != NULL)
        /* What is damaged is as good as not there: it will be sent again. */
        return manifest_read(bytes, NULL);
    if (errno != ENOENT && errno != EFBIG && errno != ELOOP)
        disk_set_error(error, errno, "Cannot read", state_dir);
    return NULL;
}

static Landing *landing_new(const LandingConfig *config)
{
    const gsize block = 16 * 1024;
    Landing *landing = g_new0(Landing, 1);
    size_t count = manifest_count(config->manifest);
    landing->manifest = manifest_ref(config->manifest);
    landing->left_out = config->left_out != NULL ? g_bytes_ref(config->left_out) : NULL;
    landing->into = g_strdup(config->into);
    landing_make_mark(config->transfer, landing->mark);
    landing->state_folder = landing->into_folder = -1;
    landing->root = landing->folder = landing->file = -1;
    landing->items = g_new0(LandingItem, manifest_items(config->manifest));
    landing->names = g_new0(const char *, count);
    landing->flags = g_new0(uint8_t, count);
    landing->texts = g_string_chunk_new(block);
    landing->holes = g_array_new(FALSE, FALSE, sizeof(LandingPoint));
    landing->ready = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    landing->numbers = g_hash_table_new(g_str_hash, g_str_equal);
    for (uint32_t i = 0; i < manifest_items(config->manifest); i++) {
        if (manifest_left_out(config->left_out, i))
            landing->items[i].state = ITEM_LEFT_OUT;
    }
    landing_plan_names(landing);
    return landing;
}

static void free_items(Landing *landing)
{
    for (size_t i = 0; i < manifest_items(landing->manifest); i++) {
        g_free(landing->items[i].part);
        g_free(landing->items[i].final);
        g_free(landing->items[i].path);
    }
    g_free(landing->items);
}

void landing_close(Landing *landing)
{
    if (landing == NULL)
        return;
    landing_close_files(landing);
    if (landing->journal != NULL && !landing->failed && !landing->doubtful)
        landing_note_clean(landing);
    journal_close(landing->journal);
    descriptor_close(&landing->into_folder);
    descriptor_close(&landing->state_folder);
    free_items(landing);
    g_free(landing->names);
    g_free(landing->flags);
    g_string_chunk_free(landing->texts);
    g_clear_pointer(&landing->inodes, g_hash_table_unref);
    g_array_unref(landing->holes);
    g_array_unref(landing->ready);
    g_hash_table_unref(landing->numbers);
    g_free(landing->into);
    g_clear_pointer(&landing->left_out, g_bytes_unref);
    manifest_unref(landing->manifest);
    g_free(landing);
}

static gboolean open_folders(Landing *landing, const LandingConfig *config, GError **error)
{
    if (g_mkdir_with_parents(config->state_dir, STATE_MODE) != 0) {
        disk_set_error(error, errno, "Cannot make", config->state_dir);
        return FALSE;
    }
    landing->state_folder =
        open(config->state_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (landing->state_folder < 0) {
        disk_set_error(error, errno, "Cannot open", config->state_dir);
        return FALSE;
    }
    landing->into_folder = open(config->into, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (landing->into_folder < 0) {
        disk_set_error(error, errno, "Cannot open the folder", config->into);
        return FALSE;
    }
    landing_choose_way(landing, config);
    return TRUE;
}

/* Bytes that are still to come. */
static uint64_t count_missing(const Landing *landing)
{
    uint64_t wanted = manifest_wanted_bytes(landing->manifest, landing->left_out);
    uint64_t gone = 0;
    for (size_t i = 0; i < manifest_count(landing->manifest); i++) {
        const ManifestEntry *entry = manifest_entry(landing->manifest, i);
        if ((landing->flags[i] & FILE_MISSING) != 0 &&
            landing->items[entry->item].state != ITEM_LEFT_OUT)
            gone += entry->size;
    }
    return wanted - MIN(wanted, gone + atomic_load(&landing->bytes));
}

/* By sizes alone: what the file system needs beside that shows when it is written. */
static gboolean check_room(Landing *landing, GError **error)
{
    struct statvfs disk;
    uint64_t missing = count_missing(landing);
    if (fstatvfs(landing->into_folder, &disk) != 0 || disk.f_blocks == 0 || disk.f_frsize == 0)
        return TRUE;
    uint64_t free_bytes = disk.f_bavail > UINT64_MAX / disk.f_frsize
                              ? UINT64_MAX
                              : (uint64_t)disk.f_bavail * disk.f_frsize;
    /* Of a chunk that was broken off some may have its place already. */
    uint64_t begun = landing->resumed ? (1 + (uint64_t)landing->holes->len) * CHUNK_SIZE : 0;
    if (missing <= free_bytes || missing - free_bytes <= begun)
        return TRUE;
    g_autofree char *shown = g_filename_display_name(landing->into);
    g_autofree char *needed = g_format_size(missing);
    g_autofree char *there = g_format_size(free_bytes);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                "There is not enough room in %s: %s are needed, %s are free", shown, needed, there);
    return FALSE;
}

Landing *landing_open(const LandingConfig *config, GError **error)
{
    g_autoptr(Landing) landing = landing_new(config);
    landing->failed = true;
    if (!open_folders(landing, config, error) || !landing_resume(landing, config, error) ||
        !check_room(landing, error) || !landing_advance(landing, error))
        return NULL;
    landing->failed = false;
    return g_steal_pointer(&landing);
}

LandingPoint landing_next(const Landing *landing)
{
    return landing->next;
}

const GArray *landing_holes(const Landing *landing)
{
    return landing->holes;
}

uint64_t landing_bytes(const Landing *landing)
{
    return atomic_load(&landing->bytes);
}

const char *landing_item_path(const Landing *landing, uint32_t item)
{
    return item < manifest_items(landing->manifest) ? landing->items[item].path : NULL;
}

gboolean landing_finish(Landing *landing, GError **error)
{
    if (landing->next.file < manifest_count(landing->manifest) || landing->holes->len > 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "Not everything has come");
        return FALSE;
    }
    landing->failed = !landing_settle(landing, error) || !journal_sync(landing->journal, error);
    return !landing->failed;
}
