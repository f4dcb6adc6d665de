#include "app/files/worker_reader.h"

#include "app/files/chunk_sum.h"
#include "app/files/disk.h"
#include "app/files/worker_internal.h"
#include "relay/urgency.h"

#include <fcntl.h>
#include <unistd.h>

/* A file of this size would push everything else out of the memory. */
#define LARGE_BYTES (UINT64_C(64) * 1024 * 1024)

struct Reader {
    Listing *listing;
    const Manifest *manifest;
    GBytes *left_out;
    Batches *batches; /* not owned */
    LandingPoint point;
    GArray *again;
    uint8_t *gone; /* owned: for each file whether it was found missing */
    Batch *batch;  /* being filled; NULL: none */
    bool direct;   /* the file being read may be read past the memory */
    GThread *thread;
};

static Wire__Why why_of(SourceResult result)
{
    switch (result) {
    case SOURCE_CHANGED:
        return WIRE__WHY__CHANGED;
    case SOURCE_VANISHED:
        return WIRE__WHY__VANISHED;
    case SOURCE_NO_ACCESS:
        return WIRE__WHY__NO_ACCESS;
    default:
        return WIRE__WHY__FAULT;
    }
}

/* From the disk itself, past the memory, what only we will read and is not there already. */
static ssize_t read_some(Reader *reader, int fd, uint8_t *bytes, size_t length, uint64_t offset)
{
    if (reader->direct && length == CHUNK_SIZE && !listing_is_shared(reader->listing) &&
        !disk_is_in_memory(fd, length, offset))
        return disk_read_direct(fd, bytes, length, offset, &reader->direct);
    return disk_read(fd, bytes, length, offset);
}

static SourceResult read_all(Reader *reader, int fd, uint8_t *bytes, size_t length, uint64_t offset)
{
    ssize_t got = read_some(reader, fd, bytes, length, offset);
    if (got < 0)
        return SOURCE_FAULT;
    return (size_t)got == length ? SOURCE_OK : SOURCE_CHANGED; /* shorter than it was */
}

static void add_missing(Reader *reader, Batch *batch, uint32_t file, SourceResult result)
{
    reader->gone[file] = 1;
    batch->entries[batch->count++] =
        (BatchEntry){.missing = true, .why = (int)why_of(result), .file = file};
}

/* The chunk at the end of the batch. `check`: the source is looked at once more afterwards, so that
 * bytes read while it changed are not sent. */
static SourceResult add_chunk(Reader *reader, Batch *batch, int fd, LandingPoint point, bool check)
{
    const ManifestEntry *entry = manifest_entry(reader->manifest, point.file);
    uint32_t length = (uint32_t)manifest_chunk_length(entry, point.chunk);
    uint8_t *bytes = batch->bytes + batch->length;
    SourceResult result = read_all(reader, fd, bytes, length, point.chunk * CHUNK_SIZE);
    if (result == SOURCE_OK && check)
        result = listing_check_source(reader->listing, point.file, fd);
    if (result != SOURCE_OK)
        return result;
    BatchEntry *added = &batch->entries[batch->count++];
    *added = (BatchEntry){.file = point.file, .chunk = point.chunk, .length = length};
    chunk_sum(bytes, length, added->sum);
    batch->length += length;
    return SOURCE_OK;
}

static SourceResult open_source(Reader *reader, uint32_t file, int *fd)
{
    SourceResult result = listing_open_source(reader->listing, file, fd);
    if (result != SOURCE_OK)
        return result;
    result = listing_check_source(reader->listing, file, *fd);
    if (result != SOURCE_OK)
        close(*fd);
    return result;
}

void reader_read_again(Reader *reader, LandingPoint point, Batch *batch)
{
    if (reader->gone[point.file] != 0)
        return;
    int fd = -1;
    SourceResult result = open_source(reader, point.file, &fd);
    if (result == SOURCE_OK) {
        result = add_chunk(reader, batch, fd, point, true);
        close(fd);
    }
    if (result != SOURCE_OK)
        add_missing(reader, batch, point.file, result);
}

static void hand_over(Reader *reader)
{
    if (reader->batch != NULL)
        batches_give_full(reader->batches, g_steal_pointer(&reader->batch));
}

/* A batch with room; false when the batches are closed. */
static bool make_room(Reader *reader, size_t length)
{
    if (reader->batch != NULL && !batch_has_room(reader->batch, length))
        hand_over(reader);
    while (reader->batch == NULL && !batches_closed(reader->batches))
        reader->batch =
            batches_take_empty(reader->batches, g_get_monotonic_time() + WORKER_TICK_US);
    return reader->batch != NULL && !batches_closed(reader->batches);
}

static bool read_chunks(Reader *reader, int fd, uint32_t file, uint64_t chunk)
{
    const ManifestEntry *entry = manifest_entry(reader->manifest, file);
    uint64_t count = manifest_chunks(entry);
    for (; chunk < count; chunk++) {
        if (!make_room(reader, manifest_chunk_length(entry, chunk)))
            return false;
        SourceResult result =
            add_chunk(reader, reader->batch, fd, (LandingPoint){file, chunk}, chunk + 1 == count);
        if (result != SOURCE_OK) {
            add_missing(reader, reader->batch, file, result);
            return true;
        }
        if (reader->batch->length >= CHUNK_SIZE / 2)
            hand_over(reader);
    }
    return true;
}

static bool read_file(Reader *reader, uint32_t file, uint64_t chunk)
{
    int fd = -1;
    SourceResult result = open_source(reader, file, &fd);
    if (result != SOURCE_OK) {
        if (!make_room(reader, 0))
            return false;
        add_missing(reader, reader->batch, file, result);
        return true;
    }
    uint64_t size = manifest_entry(reader->manifest, file)->size;
    reader->direct = size >= LARGE_BYTES && disk_is_direct(fd);
    if (size > CHUNK_SIZE)
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    bool goes_on = read_chunks(reader, fd, file, chunk);
    close(fd);
    return goes_on;
}

static gpointer read_in_order(gpointer user)
{
    Reader *reader = user;
    for (unsigned i = 0; i < reader->again->len; i++) {
        if (!make_room(reader, CHUNK_SIZE))
            return NULL;
        reader_read_again(reader, g_array_index(reader->again, LandingPoint, i), reader->batch);
    }
    size_t count = manifest_count(reader->manifest);
    uint64_t chunk = reader->point.chunk;
    uint32_t file = next_wanted(reader->manifest, reader->left_out, reader->point.file);
    if (file != reader->point.file)
        chunk = 0;
    while (file < count) {
        if (reader->gone[file] == 0 && !read_file(reader, file, chunk))
            return NULL;
        chunk = 0;
        file = next_wanted(reader->manifest, reader->left_out, file + 1);
    }
    hand_over(reader);
    batches_end(reader->batches);
    return NULL;
}

static gpointer work(gpointer user)
{
    urgency_lower();
    return read_in_order(user);
}

Reader *reader_new(Listing *listing, GBytes *left_out, Batches *batches, LandingPoint point,
                   GArray *again)
{
    Reader *reader = g_new0(Reader, 1);
    reader->listing = listing_ref(listing);
    reader->manifest = listing_manifest(listing);
    reader->left_out = left_out != NULL ? g_bytes_ref(left_out) : NULL;
    reader->batches = batches;
    reader->point = point;
    reader->again = again;
    reader->gone = g_malloc0(manifest_count(reader->manifest) + 1);
    listing_begin_reading(listing);
    reader->thread = g_thread_new("read", work, reader);
    return reader;
}

void reader_free(Reader *reader)
{
    if (reader == NULL)
        return;
    g_thread_join(reader->thread);
    listing_end_reading(reader->listing);
    listing_unref(reader->listing);
    g_clear_pointer(&reader->left_out, g_bytes_unref);
    g_array_unref(reader->again);
    g_free(reader->gone);
    g_free(reader);
}
