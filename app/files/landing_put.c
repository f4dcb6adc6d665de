/* How bytes reach the disk. Small files go by way of the memory, where whoever opens them next will
 * find them. A large file would push everything else out of there, and is seldom read at once: its
 * whole chunks go straight from the buffers that they were received into to the disk, where the
 * file system can do that, and its end like a small file. Where it cannot, the kernel is asked not
 * to keep what was written (Linux 6.14). */

#include "app/files/landing_internal.h"

#include <errno.h>
#include <fcntl.h>

/* So much is gathered before the disk is asked to begin, so that the last sync is short. */
#define FLUSH_BYTES (8 * 1024 * 1024)
#define DEFAULT_LARGE (UINT64_C(64) * 1024 * 1024)

void landing_choose_way(Landing *landing, const LandingConfig *config)
{
    landing->large = config->large != 0 ? config->large : DEFAULT_LARGE;
    landing->direct = disk_is_direct(landing->into_folder);
    landing->past_memory = true;
}

/* Straight from the buffers: whole chunks only, so that everything is aligned. */
static bool put_directly(Landing *landing, const LandingPiece *pieces, unsigned count,
                         uint64_t offset)
{
    struct iovec vectors[LANDING_RUN_MAX];
    for (unsigned i = 0; i < count; i++)
        vectors[i] = (struct iovec){(void *)pieces[i].bytes, pieces[i].length};
    return disk_write_direct(landing->file, vectors, count, offset, &landing->direct);
}

static void flush(Landing *landing, uint64_t end)
{
    if (landing->unflushed < FLUSH_BYTES)
        return;
    uint64_t from = end >= landing->unflushed ? end - landing->unflushed : 0;
    (void)sync_file_range(landing->file, (off_t)from, (off_t)landing->unflushed,
                          SYNC_FILE_RANGE_WRITE);
    landing->unflushed = 0;
}

static bool put_one(Landing *landing, const LandingPiece *piece, bool large, uint64_t offset)
{
    bool put = large ? disk_write_past(landing->file, piece->bytes, piece->length, offset,
                                       &landing->past_memory)
                     : disk_write(landing->file, piece->bytes, piece->length, offset);
    landing->unflushed += piece->length;
    if (put)
        flush(landing, offset + piece->length);
    return put;
}

gboolean landing_put(Landing *landing, const LandingPiece *pieces, unsigned count, GError **error)
{
    LandingPoint point = pieces[0].point;
    const ManifestEntry *entry = manifest_entry(landing->manifest, point.file);
    uint64_t offset = point.chunk * CHUNK_SIZE;
    bool large = entry->size >= landing->large;
    if (!landing_open_file(landing, point.file, error))
        return FALSE;
    unsigned whole = pieces[count - 1].length == CHUNK_SIZE ? count : count - 1;
    unsigned direct = large && landing->direct ? whole : 0;
    bool put = direct == 0 || put_directly(landing, pieces, direct, offset);
    for (unsigned i = direct; i < count && put; i++)
        put = put_one(landing, &pieces[i], large, offset + i * CHUNK_SIZE);
    if (!put)
        disk_set_error(error, errno, "Cannot write", entry->path);
    return put;
}
