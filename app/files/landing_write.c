/* A chunk's way onto the disk. */

#include "app/files/chunk_sum.h"
#include "app/files/landing_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SETTLE_BYTES (64 * 1024 * 1024)
#define SETTLE_ITEMS 512
#define SETTLE_US (2 * INT64_C(1000000))

static bool is_sum(const void *bytes, size_t length, const uint8_t *sum)
{
    uint8_t own[CHUNK_SUM_SIZE];
    chunk_sum(bytes, length, own);
    return memcmp(own, sum, CHUNK_SUM_SIZE) == 0;
}

static bool find_hole(const Landing *landing, LandingPoint point, guint *at)
{
    for (guint i = 0; i < landing->holes->len; i++) {
        LandingPoint hole = g_array_index(landing->holes, LandingPoint, i);
        if (hole.file == point.file && hole.chunk == point.chunk) {
            *at = i;
            return true;
        }
    }
    return false;
}

static bool is_wanted_chunk(const Landing *landing, LandingPoint point)
{
    const ManifestEntry *entry = manifest_entry(landing->manifest, point.file);
    return landing_is_wanted(landing, entry->item) &&
           (landing->flags[point.file] & FILE_MISSING) == 0;
}

static bool is_whole(const Landing *landing, uint32_t file)
{
    return landing->next.file > file && !landing_has_holes(landing, file, file + 1);
}

/* Everything from `next` to before `point` becomes holes. */
static gboolean skip_to(Landing *landing, LandingPoint point, GError **error)
{
    while (landing_point_before(landing->next, point)) {
        if (landing->holes->len == AGAIN_MAX) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                        "Too much was lost on the way at once");
            return FALSE;
        }
        g_array_append_val(landing->holes, landing->next);
        landing->next.chunk++;
        if (!landing_advance(landing, error))
            return FALSE;
    }
    return TRUE;
}

/* The last step for a file: the size (an earlier time may have left more), and the time. */
static gboolean end_file(Landing *landing, uint32_t index, GError **error)
{
    const int64_t second = 1000000000;
    const ManifestEntry *entry = manifest_entry(landing->manifest, index);
    struct stat status;
    int64_t nanoseconds = entry->mtime_ns % second;
    int64_t carry = nanoseconds < 0;
    struct timespec times[] = {
        {.tv_nsec = UTIME_OMIT},
        {.tv_sec = entry->mtime_ns / second - carry, .tv_nsec = nanoseconds + carry * second}};
    bool good = !landing->resumed || (fstat(landing->file, &status) == 0 &&
                                      ((uint64_t)status.st_size == entry->size ||
                                       ftruncate(landing->file, (off_t)entry->size) == 0));
    if (!good) {
        disk_set_error(error, errno, "Cannot write", entry->path);
        return FALSE;
    }
    /* A file system may not know such a time; that spoils nothing. */
    (void)futimens(landing->file, times);
    if (entry->parent != MANIFEST_TOP)
        descriptor_close(&landing->file);
    return TRUE;
}

/* It is there: no hole any more, or `next` goes on. */
static gboolean count_done(Landing *landing, LandingPoint point, size_t length, GError **error)
{
    guint hole = 0;
    uint32_t item = manifest_entry(landing->manifest, point.file)->item;
    if (find_hole(landing, point, &hole))
        g_array_remove_index(landing->holes, hole);
    else
        landing->next.chunk++;
    const ManifestEntry *entry = manifest_entry(landing->manifest, point.file);
    atomic_fetch_add(&landing->bytes, length);
    /* The file is ended before its item can become ready. */
    bool last = landing->next.file == point.file && landing->next.chunk == manifest_chunks(entry);
    if (last ? !landing_has_holes(landing, point.file, point.file + 1)
             : is_whole(landing, point.file)) {
        if (!end_file(landing, point.file, error))
            return FALSE;
    }
    return landing_advance(landing, error) && landing_check_item(landing, item, error);
}

static bool is_time_to_settle(const Landing *landing)
{
    return landing->ready->len > 0 &&
           (landing->ready_bytes >= SETTLE_BYTES || landing->ready->len >= SETTLE_ITEMS ||
            g_get_monotonic_time() - landing->ready_since >= SETTLE_US);
}

/* --- writing --- */

static LandingResult judge(const Landing *landing, const LandingPiece *piece)
{
    const ManifestEntry *entry = manifest_entry(landing->manifest, piece->point.file);
    bool whole = piece->point.chunk < manifest_chunks(entry) &&
                 piece->length == manifest_chunk_length(entry, piece->point.chunk) &&
                 is_sum(piece->bytes, piece->length, piece->sum);
    return whole ? LANDING_OK : LANDING_SPOILT;
}

static bool is_to_write(const Landing *landing, const LandingPiece *piece)
{
    guint hole = 0;
    return piece->result == LANDING_OK && is_wanted_chunk(landing, piece->point) &&
           (!landing_point_before(piece->point, landing->next) ||
            find_hole(landing, piece->point, &hole));
}

/* How many of them lie one after the other in a file. */
static unsigned run_length(const Landing *landing, const LandingPiece *pieces, unsigned count)
{
    unsigned length = 0;
    while (length < MIN(count, LANDING_RUN_MAX) && is_to_write(landing, &pieces[length]) &&
           pieces[length].point.file == pieces[0].point.file &&
           pieces[length].point.chunk == pieces[0].point.chunk + length)
        length++;
    return length;
}

static gboolean write_run(Landing *landing, const LandingPiece *pieces, unsigned count,
                          GError **error)
{
    if (!skip_to(landing, pieces[0].point, error) || !landing_put(landing, pieces, count, error))
        return FALSE;
    for (unsigned i = 0; i < count; i++) {
        const LandingPiece *piece = &pieces[i];
        if (!landing_note_chunk(landing, piece->point, piece->length, piece->sum, error) ||
            !count_done(landing, piece->point, piece->length, error))
            return FALSE;
    }
    return !is_time_to_settle(landing) || landing_settle(landing, error);
}

gboolean landing_write_all(Landing *landing, LandingPiece *pieces, unsigned count, GError **error)
{
    for (unsigned i = 0; i < count; i++)
        pieces[i].result = judge(landing, &pieces[i]);
    for (unsigned i = 0; i < count;) {
        unsigned run = run_length(landing, pieces + i, count - i);
        if (run > 0 && !write_run(landing, pieces + i, run, error)) {
            landing->failed = true;
            return FALSE;
        }
        i += MAX(run, 1);
    }
    return TRUE;
}

LandingResult landing_write(Landing *landing, LandingPoint point, const void *bytes, size_t length,
                            const uint8_t *sum, GError **error)
{
    LandingPiece piece = {.point = point, .bytes = bytes, .length = length, .sum = sum};
    return landing_write_all(landing, &piece, 1, error) ? piece.result : LANDING_FAILED;
}

/* --- what does not come --- */

static void drop_holes(Landing *landing, uint32_t file)
{
    for (guint i = landing->holes->len; i > 0; i--) {
        if (g_array_index(landing->holes, LandingPoint, i - 1).file == file)
            g_array_remove_index(landing->holes, i - 1);
    }
}

static void remove_file(Landing *landing, uint32_t file)
{
    if ((landing->flags[file] & FILE_MADE) == 0)
        return;
    if (landing->file_entry == file)
        descriptor_close(&landing->file);
    int folder = landing_folder_of(landing, file);
    if (folder >= 0)
        unlinkat(folder, landing_name_of(landing, file), 0);
    landing->flags[file] &= (uint8_t)~FILE_MADE;
}

gboolean landing_missing(Landing *landing, uint32_t file, GError **error)
{
    const ManifestEntry *entry = manifest_entry(landing->manifest, file);
    if (entry->folder || !is_wanted_chunk(landing, (LandingPoint){.file = file}))
        return TRUE;
    if (!landing_note_file(landing, RECORD_MISSING, file, "", error))
        return FALSE;
    atomic_fetch_sub(&landing->bytes, landing_file_bytes(landing, file));
    drop_holes(landing, file);
    remove_file(landing, file);
    landing->flags[file] |= FILE_MISSING;
    landing->missing++;
    return landing_advance(landing, error) && landing_check_item(landing, entry->item, error);
}

unsigned landing_missing_count(const Landing *landing)
{
    return landing->missing;
}
