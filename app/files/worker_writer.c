#include "app/files/worker_writer.h"

#include "app/files/worker_internal.h"
#include "relay/urgency.h"

#define RUN_MAX 4 /* batches that are written in one step */

struct Writer {
    const LandingConfig *config;
    Batches *batches; /* not owned */
    GThread *thread;
    Landing *landing; /* owned; of the thread */
    atomic_uint_fast64_t bytes;

    GMutex mutex;
    GCond changed;
    WriterState state; /* guarded by mutex, like what follows */
    GError *error;
    LandingPoint next;
    GArray *holes;
    GArray *spoilt; /* LandingPoint; NULL: none */
    unsigned missing;
    char *path;
};

static void set_state(Writer *writer, WriterState state, GError *error)
{
    g_mutex_lock(&writer->mutex);
    writer->state = state;
    writer->error = error;
    g_cond_broadcast(&writer->changed);
    g_mutex_unlock(&writer->mutex);
    if (state == WRITER_FAILED)
        batches_close(writer->batches);
}

static bool open_landing(Writer *writer, GError **error)
{
    writer->landing = landing_open(writer->config, error);
    if (writer->landing == NULL)
        return false;
    atomic_store(&writer->bytes, landing_bytes(writer->landing));
    const GArray *holes = landing_holes(writer->landing);
    g_mutex_lock(&writer->mutex);
    writer->next = landing_next(writer->landing);
    writer->holes = g_array_new(FALSE, FALSE, sizeof(LandingPoint));
    if (holes->len > 0)
        g_array_append_vals(writer->holes, holes->data, holes->len);
    g_mutex_unlock(&writer->mutex);
    return true;
}

static void note_spoilt(Writer *writer, LandingPoint point)
{
    g_mutex_lock(&writer->mutex);
    if (writer->spoilt == NULL)
        writer->spoilt = g_array_new(FALSE, FALSE, sizeof(LandingPoint));
    g_array_append_val(writer->spoilt, point);
    g_mutex_unlock(&writer->mutex);
}

static bool write_entry(Writer *writer, const BatchEntry *entry, const uint8_t *bytes,
                        GError **error)
{
    if (entry->missing)
        return landing_missing(writer->landing, entry->file, error);
    LandingPoint point = {entry->file, entry->chunk};
    switch (landing_write(writer->landing, point, bytes, entry->length, entry->sum, error)) {
    case LANDING_OK:
        return true;
    case LANDING_SPOILT:
        note_spoilt(writer, point);
        return true;
    case LANDING_FAILED:
        break;
    }
    return false;
}

static bool write_batch(Writer *writer, const Batch *batch, GError **error)
{
    size_t at = 0;
    for (unsigned i = 0; i < batch->count; i++) {
        if (!write_entry(writer, &batch->entries[i], batch->bytes + at, error))
            return false;
        at += batch->entries[i].length;
    }
    atomic_store(&writer->bytes, landing_bytes(writer->landing));
    return true;
}

/* Nothing but one whole chunk. */
static bool is_whole_chunk(const Batch *batch)
{
    return batch->count == 1 && !batch->entries[0].missing && batch->length == CHUNK_SIZE;
}

static bool write_chunks(Writer *writer, Batch *const *batches, unsigned count, GError **error)
{
    LandingPiece pieces[RUN_MAX];
    for (unsigned i = 0; i < count; i++) {
        const BatchEntry *entry = &batches[i]->entries[0];
        pieces[i] = (LandingPiece){.point = {entry->file, entry->chunk},
                                   .bytes = batches[i]->bytes,
                                   .length = entry->length,
                                   .sum = entry->sum};
    }
    if (!landing_write_all(writer->landing, pieces, count, error))
        return false;
    for (unsigned i = 0; i < count; i++) {
        if (pieces[i].result == LANDING_SPOILT)
            note_spoilt(writer, pieces[i].point);
    }
    atomic_store(&writer->bytes, landing_bytes(writer->landing));
    return true;
}

/* Takes what has come while the disk was at work, so that it gets several large chunks in one step
 * when it is the slower one. How many; all but the last are whole chunks. */
static unsigned take_run(Writer *writer, Batch **run)
{
    unsigned count = 0;
    run[0] = batches_take_full(writer->batches, g_get_monotonic_time() + WORKER_TICK_US);
    while (run[count] != NULL && is_whole_chunk(run[count]) && count + 1 < RUN_MAX)
        run[++count] = batches_take_full(writer->batches, 0);
    return run[count] != NULL ? count + 1 : count;
}

static bool write_run(Writer *writer, Batch *const *run, unsigned count, GError **error)
{
    unsigned whole = count > 0 && is_whole_chunk(run[count - 1]) ? count : MAX(count, 1) - 1;
    return (whole == 0 || write_chunks(writer, run, whole, error)) &&
           (whole == count || write_batch(writer, run[whole], error));
}

static bool write_all(Writer *writer, GError **error)
{
    while (!batches_at_end(writer->batches)) {
        Batch *run[RUN_MAX];
        unsigned count = take_run(writer, run);
        bool written = write_run(writer, run, count, error);
        for (unsigned i = 0; i < count; i++)
            batches_give_empty(writer->batches, run[i]);
        if (!written)
            return false;
    }
    return !batches_closed(writer->batches);
}

static void take_paths(Writer *writer)
{
    g_mutex_lock(&writer->mutex);
    writer->missing = landing_missing_count(writer->landing);
    const Manifest *manifest = writer->config->manifest;
    size_t count = manifest_count(manifest);
    for (size_t i = 0; i < count && writer->path == NULL; i++)
        writer->path =
            g_strdup(landing_item_path(writer->landing, manifest_entry(manifest, i)->item));
    g_mutex_unlock(&writer->mutex);
}

/* Nothing could be given: there is nothing to put anywhere. */
static bool all_missing(const Writer *writer)
{
    unsigned missing = landing_missing_count(writer->landing);
    return missing > 0 &&
           missing >= manifest_wanted_files(writer->config->manifest, writer->config->left_out);
}

static gpointer work(gpointer user)
{
    Writer *writer = user;
    urgency_lower();
    GError *error = NULL;
    if (open_landing(writer, &error)) {
        set_state(writer, WRITER_WRITING, NULL);
        if (write_all(writer, &error) &&
            (all_missing(writer) || landing_finish(writer->landing, &error))) {
            atomic_store(&writer->bytes, landing_bytes(writer->landing));
            take_paths(writer);
            set_state(writer, WRITER_FINISHED, NULL);
        }
    }
    if (error != NULL)
        set_state(writer, WRITER_FAILED, error);
    g_clear_pointer(&writer->landing, landing_close);
    return NULL;
}

Writer *writer_new(const LandingConfig *config, Batches *batches)
{
    Writer *writer = g_new0(Writer, 1);
    writer->config = config;
    writer->batches = batches;
    g_mutex_init(&writer->mutex);
    g_cond_init(&writer->changed);
    writer->thread = g_thread_new("write", work, writer);
    return writer;
}

void writer_free(Writer *writer)
{
    if (writer == NULL)
        return;
    batches_close(writer->batches);
    g_thread_join(writer->thread);
    g_clear_error(&writer->error);
    g_clear_pointer(&writer->holes, g_array_unref);
    g_clear_pointer(&writer->spoilt, g_array_unref);
    g_free(writer->path);
    g_cond_clear(&writer->changed);
    g_mutex_clear(&writer->mutex);
    g_free(writer);
}

WriterState writer_wait(Writer *writer, WriterState other_than, int64_t until_us)
{
    g_mutex_lock(&writer->mutex);
    while (writer->state == other_than &&
           g_cond_wait_until(&writer->changed, &writer->mutex, until_us))
        continue;
    WriterState state = writer->state;
    g_mutex_unlock(&writer->mutex);
    return state;
}

const GError *writer_error(Writer *writer)
{
    g_mutex_lock(&writer->mutex);
    const GError *error = writer->error;
    g_mutex_unlock(&writer->mutex);
    return error;
}

LandingPoint writer_next(Writer *writer)
{
    g_mutex_lock(&writer->mutex);
    LandingPoint next = writer->next;
    g_mutex_unlock(&writer->mutex);
    return next;
}

GArray *writer_holes(Writer *writer)
{
    g_mutex_lock(&writer->mutex);
    GArray *holes = g_array_ref(writer->holes);
    g_mutex_unlock(&writer->mutex);
    return holes;
}

GArray *writer_take_spoilt(Writer *writer)
{
    g_mutex_lock(&writer->mutex);
    GArray *spoilt = g_steal_pointer(&writer->spoilt);
    g_mutex_unlock(&writer->mutex);
    return spoilt;
}

uint64_t writer_bytes(Writer *writer)
{
    return atomic_load(&writer->bytes);
}

void writer_finish(Writer *writer)
{
    batches_end(writer->batches);
}

unsigned writer_missing(Writer *writer)
{
    g_mutex_lock(&writer->mutex);
    unsigned missing = writer->missing;
    g_mutex_unlock(&writer->mutex);
    return missing;
}

const char *writer_path(Writer *writer)
{
    g_mutex_lock(&writer->mutex);
    const char *path = writer->path;
    g_mutex_unlock(&writer->mutex);
    return path;
}
