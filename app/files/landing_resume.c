/* Going on: what the journal tells is compared with what lies on the disk, and only what agrees
 * counts. Bytes are read again unless the landing was closed in order, the machine has not been
 * started anew since, and the file has not been touched since. */

#include "app/files/chunk_sum.h"
#include "app/files/landing_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define TELL_EVERY 32 /* chunks */
#define NANOSECONDS INT64_C(1000000000)

typedef struct {
    Landing *landing;
    const LandingConfig *config;
    uint8_t hash[HASH_SIZE]; /* of the manifest */
    bool begun;
    bool foreign;     /* another manifest's journal, or of another folder */
    char *old_into;   /* owned: of a foreign one */
    uint64_t device;  /* that the folder was on */
    int64_t clean_ns; /* wall clock of closing, of this boot, with nothing noted since; else 0 */
    GArray *chunks;   /* owned: LandingChunk */
    uint64_t total, done;
} Resume;

/* --- records --- */

static bool read_clean(Resume *resume, const uint8_t *payload, size_t length)
{
    char boot[LANDING_BOOT_SIZE];
    if (length == LANDING_BOOT_SIZE + 8 && landing_read_boot(boot) &&
        memcmp(boot, payload, LANDING_BOOT_SIZE) == 0)
        resume->clean_ns = (int64_t)disk_get_number(payload + LANDING_BOOT_SIZE, 8);
    return true;
}

static bool read_begin(Resume *resume, const uint8_t *payload, size_t length)
{
    if (length < HASH_SIZE + 8)
        return false;
    g_autofree char *into =
        g_strndup((const char *)payload + HASH_SIZE + 8, length - HASH_SIZE - 8);
    resume->device = disk_get_number(payload + HASH_SIZE, 8);
    resume->begun = true;
    resume->foreign =
        memcmp(payload, resume->hash, HASH_SIZE) != 0 || strcmp(into, resume->landing->into) != 0;
    if (resume->foreign)
        resume->old_into = g_steal_pointer(&into);
    return !resume->foreign;
}

/* A name out of the journal is trusted no more than one from the wire. */
static bool is_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= FILE_NAME_MAX && strchr(name, '/') == NULL &&
           strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool read_item(Landing *landing, uint32_t item, const char *name)
{
    if (item >= manifest_items(landing->manifest) || !is_name(name))
        return false;
    g_free(landing->items[item].part);
    landing->items[item].part = g_strdup(name);
    return true;
}

static bool read_name(Landing *landing, uint32_t file, const char *name)
{
    if (file >= manifest_count(landing->manifest) || !is_name(name))
        return false;
    landing->names[file] = g_string_chunk_insert(landing->texts, name);
    return true;
}

static bool read_missing(Landing *landing, uint32_t file)
{
    if (file >= manifest_count(landing->manifest))
        return false;
    landing->missing += (landing->flags[file] & FILE_MISSING) == 0;
    landing->flags[file] |= FILE_MISSING;
    return true;
}

static bool read_placing(Landing *landing, RecordKind kind, const uint8_t *payload, size_t length)
{
    uint32_t item = (uint32_t)disk_get_number(payload, 4);
    if (length < 12 || item >= manifest_items(landing->manifest))
        return false;
    g_autofree char *name = g_strndup((const char *)payload + 12, length - 12);
    if (!is_name(name))
        return false;
    LandingItem *own = &landing->items[item];
    g_free(own->final);
    own->final = g_steal_pointer(&name);
    own->inode = disk_get_number(payload + 4, 8);
    if (kind == RECORD_PLACED)
        landing_set_placed(landing, item);
    return true;
}

static bool read_chunk(Resume *resume, const uint8_t *payload, size_t length)
{
    const Manifest *manifest = resume->landing->manifest;
    LandingChunk chunk = {.point = {.file = (uint32_t)disk_get_number(payload, 4)}};
    if (length != 4 + 8 + CHUNK_SUM_SIZE || chunk.point.file >= manifest_count(manifest))
        return false;
    chunk.point.chunk = disk_get_number(payload + 4, 8);
    memcpy(chunk.sum, payload + 12, CHUNK_SUM_SIZE);
    if (chunk.point.chunk >= manifest_chunks(manifest_entry(manifest, chunk.point.file)))
        return false;
    g_array_append_val(resume->chunks, chunk);
    return true;
}

static bool read_again(Resume *resume, uint32_t item)
{
    const Manifest *manifest = resume->landing->manifest;
    if (item >= manifest_items(manifest))
        return false;
    g_clear_pointer(&resume->landing->items[item].final, g_free);
    for (guint i = resume->chunks->len; i > 0; i--) {
        const LandingChunk *chunk = &g_array_index(resume->chunks, LandingChunk, i - 1);
        if (manifest_entry(manifest, chunk->point.file)->item == item)
            g_array_remove_index_fast(resume->chunks, i - 1);
    }
    return true;
}

static bool read_record(RecordKind kind, const uint8_t *payload, size_t length, void *user)
{
    Resume *resume = user;
    Landing *landing = resume->landing;
    if (kind == RECORD_BEGIN)
        return !resume->begun && read_begin(resume, payload, length);
    if (!resume->begun || length < 4)
        return false;
    resume->clean_ns = 0;
    if (kind == RECORD_CLEAN)
        return read_clean(resume, payload, length);
    uint32_t number = (uint32_t)disk_get_number(payload, 4);
    g_autofree char *name = g_strndup((const char *)payload + 4, length - 4);
    switch (kind) {
    case RECORD_ITEM:
        return read_item(landing, number, name);
    case RECORD_NAME:
        return read_name(landing, number, name);
    case RECORD_CHUNK:
        return read_chunk(resume, payload, length);
    case RECORD_MISSING:
        return read_missing(landing, number);
    case RECORD_PLACING:
    case RECORD_PLACED:
        return read_placing(landing, kind, payload, length);
    case RECORD_AGAIN:
        return read_again(resume, number);
    default:
        return true;
    }
}

/* --- comparing --- */

static gint order_chunks(gconstpointer a, gconstpointer b)
{
    const LandingChunk *left = a, *right = b;
    if (landing_point_before(left->point, right->point))
        return -1;
    return landing_point_before(right->point, left->point) ? 1 : 0;
}

/* Rising, each once, the newest of each; only of what is still wanted. */
static void sort_chunks(Resume *resume)
{
    Landing *landing = resume->landing;
    GArray *chunks = resume->chunks;
    g_array_sort(chunks, order_chunks);
    guint kept = 0;
    for (guint i = 0; i < chunks->len; i++) {
        LandingChunk chunk = g_array_index(chunks, LandingChunk, i);
        const ManifestEntry *entry = manifest_entry(landing->manifest, chunk.point.file);
        if (!landing_is_wanted(landing, entry->item) ||
            (landing->flags[chunk.point.file] & FILE_MISSING) != 0)
            continue;
        if (kept > 0 && order_chunks(&g_array_index(chunks, LandingChunk, kept - 1), &chunk) == 0)
            kept--;
        else
            resume->total += manifest_chunk_length(entry, chunk.point.chunk);
        g_array_index(chunks, LandingChunk, kept++) = chunk;
    }
    g_array_set_size(chunks, kept);
}

/* Opens the file of an earlier time for reading; -1 when there is none that is ours. */
static int open_for_check(Landing *landing, uint32_t index)
{
    struct stat status;
    const ManifestEntry *entry = manifest_entry(landing->manifest, index);
    if (landing->items[entry->item].part == NULL)
        return -1;
    int folder = landing_folder_of(landing, index);
    g_auto(Descriptor) file =
        folder < 0
            ? -1
            : disk_open_beneath(folder, landing_name_of(landing, index), O_RDONLY | O_NOFOLLOW, 0);
    if (file < 0 || fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1)
        return -1;
    landing->flags[index] |= FILE_MADE;
    gint64 *inode = g_new(gint64, 1);
    *inode = (gint64)status.st_ino;
    g_hash_table_add(landing->inodes, inode);
    int kept = file;
    file = -1;
    return kept;
}

static bool is_whole(int file, const LandingChunk *chunk, size_t length, void *buffer)
{
    uint8_t sum[CHUNK_SUM_SIZE];
    if (disk_read(file, buffer, length, chunk->point.chunk * CHUNK_SIZE) != (ssize_t)length)
        return false;
    chunk_sum(buffer, length, sum);
    return memcmp(sum, chunk->sum, CHUNK_SUM_SIZE) == 0;
}

/* File systems whose time of change only the kernel sets and keeps; FAT, say, has none. */
static bool keeps_change_time(int file)
{
    static const uint32_t kinds[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,       BTRFS_SUPER_MAGIC,
                                     TMPFS_MAGIC,      OVERLAYFS_SUPER_MAGIC, F2FS_SUPER_MAGIC};
    struct statfs disk;
    if (fstatfs(file, &disk) != 0)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if ((uint32_t)disk.f_type == kinds[i])
            return true;
    }
    return false;
}

/* In the very tick of closing a change may have come after it. */
static bool is_untouched(const Resume *resume, int file)
{
    struct stat status;
    if (resume->clean_ns == 0 || fstat(file, &status) != 0 || !keeps_change_time(file))
        return false;
    int64_t changed = (int64_t)status.st_ctim.tv_sec * NANOSECONDS + status.st_ctim.tv_nsec;
    return changed < resume->clean_ns;
}

static bool tell(Resume *resume, size_t length, unsigned count)
{
    const LandingConfig *config = resume->config;
    resume->done += length;
    return config->checking == NULL || count % TELL_EVERY != 0 ||
           config->checking(resume->done, resume->total, config->user);
}

/* Keeps of resume->chunks what agrees with the parts. */
static gboolean compare(Resume *resume, GError **error)
{
    Landing *landing = resume->landing;
    g_autofree uint8_t *buffer = g_malloc(CHUNK_SIZE);
    g_auto(Descriptor) file = -1;
    uint32_t opened = MANIFEST_TOP;
    bool untouched = false;
    guint kept = 0;
    for (guint i = 0; i < resume->chunks->len; i++) {
        LandingChunk chunk = g_array_index(resume->chunks, LandingChunk, i);
        if (chunk.point.file != opened) {
            descriptor_close(&file);
            file = open_for_check(landing, chunk.point.file);
            opened = chunk.point.file;
            untouched = file >= 0 && is_untouched(resume, file);
        }
        size_t length =
            manifest_chunk_length(manifest_entry(landing->manifest, opened), chunk.point.chunk);
        if (file >= 0 && (untouched || is_whole(file, &chunk, length, buffer)))
            g_array_index(resume->chunks, LandingChunk, kept++) = chunk;
        if (!tell(resume, length, i)) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Stopped");
            return FALSE;
        }
    }
    landing->doubtful = kept < resume->chunks->len;
    g_array_set_size(resume->chunks, kept);
    return TRUE;
}

/* --- the whole --- */

static gboolean keep_manifest(Landing *landing, const LandingConfig *config, GError **error)
{
    gsize length = 0;
    const void *bytes = g_bytes_get_data(manifest_bytes(landing->manifest), &length);
    g_autoptr(GBytes) kept = disk_load(landing->state_folder, "manifest", MANIFEST_MAX);
    if ((kept != NULL && g_bytes_equal(kept, manifest_bytes(landing->manifest))) ||
        disk_replace(landing->state_folder, "manifest", bytes, length))
        return TRUE;
    disk_set_error(error, errno, "Cannot write into", config->state_dir);
    return FALSE;
}

/* Parts without a journal are of no use. */
static gboolean begin_anew(Resume *resume, const LandingConfig *config, GError **error)
{
    Landing *landing = resume->landing;
    landing_remove_parts(landing->into, landing->mark);
    if (resume->foreign)
        landing_remove_parts(resume->old_into, landing->mark);
    return keep_manifest(landing, config, error) && journal_reset(landing->journal, error) &&
           landing_note_begin(landing, resume->hash, error);
}

/* The folder is empty because its disk is not there: beginning anew would be for nothing. */
static gboolean check_disk(Resume *resume, GError **error)
{
    const Landing *landing = resume->landing;
    bool begun = false;
    struct stat status;
    for (uint32_t i = 0; i < manifest_items(landing->manifest); i++) {
        const LandingItem *item = &landing->items[i];
        if (item->part == NULL || item->state != ITEM_WANTED)
            continue;
        begun = true;
        if (fstatat(landing->into_folder, item->part, &status, AT_SYMLINK_NOFOLLOW) == 0)
            return TRUE;
    }
    if (!begun || resume->device == landing_device(landing))
        return TRUE;
    g_autofree char *shown = g_filename_display_name(landing->into);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                "The disk of %s is another than before: what was received so far is not on it",
                shown);
    return FALSE;
}

static gboolean take_up(Resume *resume, const LandingConfig *config, GError **error)
{
    Landing *landing = resume->landing;
    landing->journal = journal_open(landing->state_folder, read_record, resume, error);
    if (landing->journal == NULL)
        return FALSE;
    /* Nothing was taken from a foreign one: reading stopped at its beginning. */
    if (!resume->begun || resume->foreign)
        return begin_anew(resume, config, error);
    landing->resumed = true;
    landing->inodes = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (uint32_t i = 0; i < manifest_items(landing->manifest); i++) {
        if (landing->items[i].state == ITEM_WANTED)
            landing_find_placed(landing, i);
    }
    if (!check_disk(resume, error) || !keep_manifest(landing, config, error))
        return FALSE;
    sort_chunks(resume);
    return compare(resume, error);
}

gboolean landing_resume(Landing *landing, const LandingConfig *config, GError **error)
{
    Resume resume = {.landing = landing, .config = config};
    manifest_hash(manifest_bytes(landing->manifest), resume.hash);
    resume.chunks = g_array_new(FALSE, FALSE, sizeof(LandingChunk));
    gboolean good = take_up(&resume, config, error);
    if (good)
        landing_count(landing, resume.chunks);
    g_array_unref(resume.chunks);
    g_free(resume.old_into);
    return good;
}
