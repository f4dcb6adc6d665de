/* The receiving side. What may come is known at each moment: the next chunk of the stream, which
 * has one order only, or one of those that were asked for again. Everything else is a fault of the
 * other, and ends the transfer. */
#include "app/files/worker_receiver.h"

#include <string.h>

static void receiver_clear(Receiver *receiver)
{
    writer_free(receiver->writer);
    g_clear_pointer(&receiver->manifest, manifest_unref);
    g_clear_pointer(&receiver->asked, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Receiver, receiver_clear)

static size_t file_count(const Receiver *receiver)
{
    return manifest_count(receiver->manifest);
}

static Asked *find_asked(const Receiver *receiver, LandingPoint point)
{
    for (unsigned i = 0; i < receiver->asked->len; i++) {
        Asked *asked = &g_array_index(receiver->asked, Asked, i);
        if (asked->point.file == point.file && asked->point.chunk == point.chunk)
            return asked;
    }
    return NULL;
}

/* --- the stream --- */

static void hand_over(Receiver *receiver)
{
    if (receiver->batch != NULL)
        batches_give_full(receiver->worker->batches, g_steal_pointer(&receiver->batch));
}

static bool ask_again(Receiver *receiver, LandingPoint point, GError **error)
{
    Asked *asked = find_asked(receiver, point);
    if (asked == NULL) {
        if (receiver->asked->len >= AGAIN_MAX) {
            worker_broken(error, "sends too much that is spoilt");
            return false;
        }
        receiver_await(receiver, point, 1);
    } else {
        asked->tries++;
        asked->awaited = true;
        receiver->awaited++;
        if (asked->tries >= WORKER_TRIES) {
            receiver->over = true;
            worker_fail(receiver->worker, WIRE__WHY__FAULT, "spoilt",
                        "A part of it came spoilt again and again.",
                        "A part of it came spoilt again and again.");
            return true;
        }
    }
    receiver->rounds++;
    Wire__Again again = WIRE__AGAIN__INIT;
    again.file = point.file;
    again.chunk = point.chunk;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_AGAIN;
    frame.again = &again;
    return channel_send(receiver->channel, &frame, error) &&
           channel_flush(receiver->channel, error);
}

/* What the disk thread has to say, and a sign of life when one is due. */
static bool look_at_disk(Receiver *receiver, GError **error)
{
    Worker *worker = receiver->worker;
    if (batches_closed(worker->batches) && !worker_is_stopped(worker)) {
        if (writer_wait(receiver->writer, WRITER_WRITING, 0) == WRITER_FAILED)
            receiver_fail_by_disk(receiver, writer_error(receiver->writer));
        return true;
    }
    g_autoptr(GArray) spoilt = writer_take_spoilt(receiver->writer);
    for (unsigned i = 0; spoilt != NULL && i < spoilt->len && !receiver->over; i++) {
        if (!ask_again(receiver, g_array_index(spoilt, LandingPoint, i), error))
            return false;
    }
    atomic_store(&worker->bytes, writer_bytes(receiver->writer));
    return worker_check_stopped(worker, error) && worker_tick(worker, error);
}

static bool make_room(Receiver *receiver, size_t length, GError **error)
{
    if (receiver->batch != NULL && !batch_has_room(receiver->batch, length))
        hand_over(receiver);
    while (receiver->batch == NULL) {
        receiver->batch =
            batches_take_empty(receiver->worker->batches, g_get_monotonic_time() + WORKER_LOOK_US);
        if (receiver->batch == NULL && (!look_at_disk(receiver, error) || receiver->over))
            return false;
    }
    return true;
}

static bool read_bytes(Receiver *receiver, uint8_t *bytes, size_t length, GError **error)
{
    while (length > 0) {
        size_t got = 0;
        if (!channel_read(receiver->channel, bytes, length, worker_next_tick(receiver->worker),
                          &got, error))
            return false;
        bytes += got;
        length -= got;
        if (got == 0 && (!look_at_disk(receiver, error) || receiver->over))
            return false;
    }
    return true;
}

/* Is it this chunk's turn? */
static bool expect_chunk(Receiver *receiver, LandingPoint point)
{
    if (point.file == receiver->next.file && point.chunk == receiver->next.chunk &&
        point.file < file_count(receiver)) {
        const ManifestEntry *entry = manifest_entry(receiver->manifest, point.file);
        if (point.chunk + 1 < manifest_chunks(entry))
            receiver->next.chunk++;
        else
            receiver_set_next(receiver, point.file + 1, 0);
        return true;
    }
    Asked *asked = find_asked(receiver, point);
    if (asked == NULL || !asked->awaited)
        return false;
    asked->awaited = false;
    receiver->awaited--;
    return true;
}

static bool take_chunk(Receiver *receiver, const Wire__Chunk *chunk, GError **error)
{
    LandingPoint point = {chunk->file, chunk->chunk};
    if (!expect_chunk(receiver, point))
        return worker_broken(error, "sends what was not asked for");
    const ManifestEntry *entry = manifest_entry(receiver->manifest, point.file);
    BatchEntry added = {.file = point.file, .chunk = point.chunk, .length = chunk->length};
    if (added.length != manifest_chunk_length(entry, point.chunk) ||
        chunk->sum.len != CHUNK_SUM_SIZE)
        return worker_broken(error, "sends another size than was offered");
    memcpy(added.sum, chunk->sum.data, CHUNK_SUM_SIZE);
    if (!make_room(receiver, added.length, error))
        return receiver->over;
    Batch *batch = receiver->batch;
    if (!read_bytes(receiver, batch->bytes + batch->length, added.length, error))
        return receiver->over;
    batch->entries[batch->count++] = added;
    batch->length += added.length;
    if (batch->length >= CHUNK_SIZE / 2)
        hand_over(receiver);
    return true;
}

/* Nothing of that file is awaited any more; was anything? */
static bool forget_asked(Receiver *receiver, uint32_t file)
{
    bool was = false;
    for (unsigned i = 0; i < receiver->asked->len; i++) {
        Asked *asked = &g_array_index(receiver->asked, Asked, i);
        if (asked->point.file != file || !asked->awaited)
            continue;
        asked->awaited = false;
        receiver->awaited--;
        was = true;
    }
    return was;
}

static bool take_missing(Receiver *receiver, const Wire__Missing *missing, GError **error)
{
    uint32_t file = missing->file;
    bool is_next = file == receiver->next.file && file < file_count(receiver);
    if (!forget_asked(receiver, file) && !is_next)
        return worker_broken(error, "misses what was not asked for");
    if (is_next)
        receiver_set_next(receiver, file + 1, 0);
    receiver->missing++;
    receiver->why = missing->why;
    if (!make_room(receiver, 0, error))
        return receiver->over;
    receiver->batch->entries[receiver->batch->count++] =
        (BatchEntry){.missing = true, .why = (int)missing->why, .file = file};
    return true;
}

/* All that came is on the disk: is it everything? */
static bool take_finished(Receiver *receiver, bool *whole, GError **error)
{
    if (receiver->next.file < file_count(receiver))
        return worker_broken(error, "ended before everything was there");
    if (receiver->rounds-- == 0)
        return worker_broken(error, "ends again and again");
    hand_over(receiver);
    while (
        !batches_wait_drained(receiver->worker->batches, g_get_monotonic_time() + WORKER_LOOK_US)) {
        if (!look_at_disk(receiver, error))
            return false;
        if (receiver->over)
            return true;
    }
    if (!look_at_disk(receiver, error))
        return false;
    *whole = !receiver->over && receiver->awaited == 0;
    return true;
}

static bool take_frame(Receiver *receiver, const Wire__DataFrame *frame, bool *whole,
                       GError **error)
{
    switch (frame->body_case) {
    case WIRE__DATA_FRAME__BODY_CHUNK:
        return take_chunk(receiver, frame->chunk, error);
    case WIRE__DATA_FRAME__BODY_MISSING:
        return take_missing(receiver, frame->missing, error);
    case WIRE__DATA_FRAME__BODY_FINISHED:
        return take_finished(receiver, whole, error);
    case WIRE__DATA_FRAME__BODY_STOP:
        return receiver_take_stop(receiver, frame->stop);
    case WIRE__DATA_FRAME__BODY_PROGRESS:
    case WIRE__DATA_FRAME__BODY__NOT_SET:
        return true;
    default:
        return worker_broken(error, "said something out of turn");
    }
}

static bool stream(Receiver *receiver, GError **error)
{
    for (bool whole = false; !whole && !receiver->over;) {
        if (!look_at_disk(receiver, error))
            return false;
        if (receiver->over)
            return true;
        g_autoptr(GError) failed = NULL;
        const Wire__DataFrame *frame = channel_receive_until(receiver->channel, 0, &failed);
        if (frame == NULL && failed == NULL) {
            /* The network rests: what is here goes to the disk. */
            hand_over(receiver);
            frame = receiver_await_frame(receiver, &failed);
        }
        if (failed != NULL) {
            g_propagate_error(error, g_steal_pointer(&failed));
            return false;
        }
        if (frame != NULL && !take_frame(receiver, frame, &whole, error))
            return false;
    }
    return true;
}

/* --- the end --- */

static bool finish(Receiver *receiver, GError **error)
{
    Worker *worker = receiver->worker;
    atomic_store(&worker->phase, WORKER_FINISHING);
    writer_finish(receiver->writer);
    if (!receiver_await_writer(receiver, WRITER_WRITING, true, error))
        return receiver->over;
    atomic_store(&worker->bytes, writer_bytes(receiver->writer));
    WorkerOutcome *outcome = &worker->outcome;
    outcome->missing = writer_missing(receiver->writer);
    receiver->over = true;
    if (outcome->missing > 0 &&
        outcome->missing >= manifest_wanted_files(receiver->manifest, worker->left_out)) {
        Wire__Why why = receiver->missing > 0 ? receiver->why : WIRE__WHY__VANISHED;
        worker_fail(worker, why, worker_missing_code(why), worker_missing_text(why), "");
        return true;
    }
    outcome->end = WORKER_DONE;
    outcome->path = g_strdup(writer_path(receiver->writer));
    Wire__Complete complete = WIRE__COMPLETE__INIT;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_COMPLETE;
    frame.complete = &complete;
    /* Everything is in its place, whether the other hears of it or not. */
    if (channel_send(receiver->channel, &frame, NULL))
        (void)channel_flush(receiver->channel, NULL);
    return true;
}

static bool talk(Receiver *receiver, GError **error)
{
    Worker *worker = receiver->worker;
    atomic_store(&worker->phase, WORKER_CHECKING);
    if (!receiver_begin(receiver, error))
        return receiver->over;
    atomic_store(&worker->phase, WORKER_MOVING);
    if (!stream(receiver, error) || receiver->over)
        return receiver->over;
    return finish(receiver, error);
}

bool worker_run_receiver(Worker *worker, GError **error)
{
    g_auto(Receiver) receiver = {.worker = worker,
                                 .channel = worker->channel,
                                 .rounds = 1,
                                 .asked = g_array_new(FALSE, FALSE, sizeof(Asked))};
    return talk(&receiver, error);
}
