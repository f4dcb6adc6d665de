/* The sending side. It says only what is in its listing and what Begin asks for: first the chunks
 * of Begin.again, then the stream from Begin's point on, then what the receiver asked for once
 * more; Finished; and so on until the receiver has everything. */
#include "app/files/worker_internal.h"
#include "app/files/worker_reader.h"

#include <string.h>

/* Asked for once more, of one channel: more is no bad luck. */
#define AGAIN_IN_ALL (4 * AGAIN_MAX)

typedef struct {
    Worker *worker;
    Channel *channel; /* the worker's */
    const Manifest *manifest;
    GBytes *left_out; /* owned; NULL: nothing is left out */
    LandingPoint point;
    Reader *reader;   /* owned */
    GArray *again;    /* LandingPoint: asked for while the stream goes on */
    unsigned agains;  /* in all */
    unsigned missing; /* files that could not be given */
    Wire__Why why;    /* of the last of them */
    bool finished;    /* Finished was said */
    bool over;        /* the outcome is set */
} Sender;

static void sender_clear(Sender *sender)
{
    batches_close(sender->worker->batches);
    reader_free(sender->reader);
    g_clear_pointer(&sender->left_out, g_bytes_unref);
    g_clear_pointer(&sender->again, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sender, sender_clear)

/* A chunk that the receiver may ask for. */
static bool may_ask(const Sender *sender, uint32_t file, uint64_t chunk)
{
    if (file >= manifest_count(sender->manifest))
        return false;
    const ManifestEntry *entry = manifest_entry(sender->manifest, file);
    return !entry->folder && !manifest_left_out(sender->left_out, entry->item) &&
           chunk < manifest_chunks(entry);
}

/* What the receiver has already if it begins there: it says so itself only later. */
static uint64_t bytes_before(const Sender *sender)
{
    const Manifest *manifest = sender->manifest;
    uint64_t bytes = sender->point.chunk * CHUNK_SIZE;
    for (uint32_t i = 0; i < sender->point.file; i++) {
        const ManifestEntry *entry = manifest_entry(manifest, i);
        if (!manifest_left_out(sender->left_out, entry->item))
            bytes += entry->size;
    }
    for (guint i = 0; i < sender->again->len; i++) {
        LandingPoint hole = g_array_index(sender->again, LandingPoint, i);
        bytes -= MIN(bytes, manifest_chunk_length(manifest_entry(manifest, hole.file), hole.chunk));
    }
    return bytes;
}

/* --- what comes --- */

static bool take_begin(Sender *sender, const Wire__Begin *begin, GError **error)
{
    const WorkerConfig *config = &sender->worker->config;
    size_t count = manifest_count(sender->manifest);
    if (begin->offer.len != TOKEN_SIZE ||
        memcmp(begin->offer.data, config->offer, TOKEN_SIZE) != 0 ||
        begin->transfer.len != TRANSFER_SIZE ||
        memcmp(begin->transfer.data, config->transfer, TRANSFER_SIZE) != 0)
        return worker_broken(error, "wants something else than was agreed");
    if (begin->left_out.len > 0)
        sender->left_out = g_bytes_new(begin->left_out.data, begin->left_out.len);
    bool in_file = begin->file < count &&
                   begin->chunk < manifest_chunks(manifest_entry(sender->manifest, begin->file));
    if (!in_file && (begin->file > count || begin->chunk > 0))
        return worker_broken(error, "wants to begin where nothing is");
    sender->point = (LandingPoint){begin->file, begin->chunk};
    for (size_t i = 0; i < begin->n_again; i++) {
        LandingPoint point = {begin->again[i]->file, begin->again[i]->chunk};
        if (!may_ask(sender, point.file, point.chunk))
            return worker_broken(error, "asks for what it may not have");
        g_array_append_val(sender->again, point);
    }
    uint64_t total = manifest_wanted_bytes(sender->manifest, sender->left_out);
    atomic_store(&sender->worker->total, total);
    atomic_store(&sender->worker->bytes, MIN(bytes_before(sender), total));
    return true;
}

static void take_progress(Sender *sender, const Wire__Progress *progress)
{
    uint64_t most = atomic_load(&sender->worker->total);
    atomic_store(&sender->worker->bytes, MIN(progress->bytes, most));
}

static bool take_again(Sender *sender, const Wire__Again *again, GError **error)
{
    if (!may_ask(sender, again->file, again->chunk))
        return worker_broken(error, "asks for what it may not have");
    if (++sender->agains > AGAIN_IN_ALL)
        return worker_broken(error, "asks for the same over and over");
    LandingPoint point = {again->file, again->chunk};
    g_array_append_val(sender->again, point);
    return true;
}

/* When nothing could be given there is nothing to be done, and both know why. */
static bool nothing_given(const Sender *sender)
{
    return sender->missing > 0 &&
           sender->missing >= manifest_wanted_files(sender->manifest, sender->left_out);
}

static void take_stop(Sender *sender, const Wire__Stop *stop)
{
    sender->over = true;
    if (nothing_given(sender))
        worker_fail(sender->worker, sender->why, worker_missing_code(sender->why),
                    worker_missing_text(sender->why), "");
    else
        worker_halted(sender->worker, stop);
}

static bool take_complete(Sender *sender, GError **error)
{
    if (!sender->finished || sender->again->len > 0)
        return worker_broken(error, "claims to have what was not sent yet");
    Worker *worker = sender->worker;
    atomic_store(&worker->bytes, atomic_load(&worker->total));
    worker->outcome.end = WORKER_DONE;
    worker->outcome.missing = sender->missing;
    sender->over = true;
    return true;
}

static bool take_frame(Sender *sender, const Wire__DataFrame *frame, GError **error)
{
    switch (frame->body_case) {
    case WIRE__DATA_FRAME__BODY_PROGRESS:
        take_progress(sender, frame->progress);
        return true;
    case WIRE__DATA_FRAME__BODY_AGAIN:
        return take_again(sender, frame->again, error);
    case WIRE__DATA_FRAME__BODY_STOP:
        take_stop(sender, frame->stop);
        return true;
    case WIRE__DATA_FRAME__BODY_COMPLETE:
        return take_complete(sender, error);
    case WIRE__DATA_FRAME__BODY__NOT_SET:
        return true;
    default:
        return worker_broken(error, "said something out of turn");
    }
}

/* What has come by now, without waiting. */
static bool take_frames(Sender *sender, GError **error)
{
    g_autoptr(GError) failed = NULL;
    const Wire__DataFrame *frame;
    while (!sender->over && (frame = channel_receive_until(sender->channel, 0, &failed)) != NULL) {
        if (!take_frame(sender, frame, error))
            return false;
    }
    if (failed == NULL)
        return true;
    g_propagate_error(error, g_steal_pointer(&failed));
    return false;
}

/* The next frame before it is time for a sign of life; NULL without error: none. */
static const Wire__DataFrame *await_frame(Sender *sender, GError **error)
{
    Worker *worker = sender->worker;
    if (!worker_check_stopped(worker, error) || !worker_tick(worker, error))
        return NULL;
    return channel_receive_until(sender->channel, worker_next_tick(worker), error);
}

static bool await_begin(Sender *sender, GError **error)
{
    for (;;) {
        g_autoptr(GError) failed = NULL;
        const Wire__DataFrame *frame = await_frame(sender, &failed);
        if (failed != NULL) {
            g_propagate_error(error, g_steal_pointer(&failed));
            return false;
        }
        if (frame == NULL || frame->body_case == WIRE__DATA_FRAME__BODY_PROGRESS ||
            frame->body_case == WIRE__DATA_FRAME__BODY__NOT_SET)
            continue;
        if (frame->body_case == WIRE__DATA_FRAME__BODY_STOP) {
            take_stop(sender, frame->stop);
            return true;
        }
        if (frame->body_case != WIRE__DATA_FRAME__BODY_BEGIN)
            return worker_broken(error, "did not say what it wants");
        if (!take_begin(sender, frame->begin, error))
            return false;
        if (!frame->begin->wants_manifest)
            return true;
        gsize length = 0;
        const void *bytes = g_bytes_get_data(manifest_bytes(sender->manifest), &length);
        return channel_write(sender->channel, bytes, length, error);
    }
}

/* --- what goes --- */

static bool send_missing(Sender *sender, const BatchEntry *entry, GError **error)
{
    sender->missing++;
    sender->why = (Wire__Why)entry->why;
    Wire__Missing missing = WIRE__MISSING__INIT;
    missing.file = entry->file;
    missing.why = sender->why;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_MISSING;
    frame.missing = &missing;
    return channel_send(sender->channel, &frame, error);
}

static bool send_chunk(Sender *sender, const BatchEntry *entry, const uint8_t *bytes,
                       GError **error)
{
    Wire__Chunk chunk = WIRE__CHUNK__INIT;
    chunk.file = entry->file;
    chunk.chunk = entry->chunk;
    chunk.length = entry->length;
    chunk.sum = (ProtobufCBinaryData){CHUNK_SUM_SIZE, (uint8_t *)entry->sum};
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_CHUNK;
    frame.chunk = &chunk;
    return channel_send(sender->channel, &frame, error) &&
           channel_write(sender->channel, bytes, entry->length, error);
}

static bool send_batch(Sender *sender, const Batch *batch, GError **error)
{
    size_t at = 0;
    for (unsigned i = 0; i < batch->count; i++) {
        const BatchEntry *entry = &batch->entries[i];
        bool sent = entry->missing ? send_missing(sender, entry, error)
                                   : send_chunk(sender, entry, batch->bytes + at, error);
        if (!sent)
            return false;
        at += entry->length;
    }
    return true;
}

static bool stream(Sender *sender, GError **error)
{
    Worker *worker = sender->worker;
    while (!sender->over && !batches_at_end(worker->batches)) {
        Batch *batch = batches_take_full(worker->batches, 0);
        if (batch == NULL) {
            if (!channel_flush(sender->channel, error))
                return false;
            batch = batches_take_full(worker->batches, g_get_monotonic_time() + WORKER_LOOK_US);
        }
        bool sent = batch == NULL || send_batch(sender, batch, error);
        if (batch != NULL)
            batches_give_empty(worker->batches, batch);
        if (!sent || !worker_check_stopped(worker, error) || !worker_tick(worker, error) ||
            !take_frames(sender, error))
            return false;
    }
    return true;
}

/* After the stream: the chunks asked for once more, then Finished. */
static bool finish(Sender *sender, GError **error)
{
    while (sender->again->len > 0) {
        LandingPoint point = g_array_index(sender->again, LandingPoint, 0);
        g_array_remove_index(sender->again, 0);
        Batch *batch = batches_take_empty(sender->worker->batches, 0);
        if (batch == NULL)
            return worker_check_stopped(sender->worker, error);
        batch->length = batch->count = 0;
        reader_read_again(sender->reader, point, batch);
        bool sent = send_batch(sender, batch, error);
        batches_give_back(sender->worker->batches, batch);
        if (!sent || !worker_check_stopped(sender->worker, error))
            return false;
    }
    Wire__Finished finished = WIRE__FINISHED__INIT;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_FINISHED;
    frame.finished = &finished;
    sender->finished = true;
    return channel_send(sender->channel, &frame, error) && channel_flush(sender->channel, error);
}

static bool await_complete(Sender *sender, GError **error)
{
    while (!sender->over) {
        g_autoptr(GError) failed = NULL;
        const Wire__DataFrame *frame = await_frame(sender, &failed);
        if (failed != NULL) {
            g_propagate_error(error, g_steal_pointer(&failed));
            return false;
        }
        if (frame == NULL)
            continue;
        if (!take_frame(sender, frame, error) || !take_frames(sender, error))
            return false;
        if (sender->again->len > 0 && !sender->over && !finish(sender, error))
            return false;
    }
    return true;
}

static bool talk(Sender *sender, GError **error)
{
    Worker *worker = sender->worker;
    atomic_store(&worker->phase, WORKER_CHECKING);
    if (!await_begin(sender, error) || sender->over)
        return sender->over;
    atomic_store(&worker->phase, WORKER_MOVING);
    GArray *first = g_steal_pointer(&sender->again);
    sender->again = g_array_new(FALSE, FALSE, sizeof(LandingPoint));
    sender->reader =
        reader_new(worker->listing, sender->left_out, worker->batches, sender->point, first);
    if (!stream(sender, error) || sender->over)
        return sender->over;
    if (!worker_check_stopped(worker, error) || !finish(sender, error))
        return false;
    atomic_store(&worker->phase, WORKER_FINISHING);
    return await_complete(sender, error);
}

bool worker_run_sender(Worker *worker, GError **error)
{
    g_auto(Sender) sender = {.worker = worker,
                             .channel = worker->channel,
                             .manifest = listing_manifest(worker->listing),
                             .again = g_array_new(FALSE, FALSE, sizeof(LandingPoint))};
    g_autoptr(GError) failed = NULL;
    if (talk(&sender, &failed))
        return true;
    /* Who ends a channel says why before it closes; that may have come. */
    if (g_error_matches(failed, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED) && !sender.over)
        (void)take_frames(&sender, NULL);
    if (sender.over)
        return true;
    g_propagate_error(error, g_steal_pointer(&failed));
    return false;
}
