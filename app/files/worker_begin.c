/* How a receiving worker finds out what it has, and says what it wants. */
#include "app/files/worker_receiver.h"

void receiver_await(Receiver *receiver, LandingPoint point, unsigned tries)
{
    Asked asked = {.point = point, .tries = tries, .awaited = true};
    g_array_append_val(receiver->asked, asked);
    receiver->awaited++;
}

void receiver_set_next(Receiver *receiver, uint32_t file, uint64_t chunk)
{
    uint32_t wanted = next_wanted(receiver->manifest, receiver->worker->left_out, file);
    receiver->next = (LandingPoint){wanted, wanted == file ? chunk : 0};
}

/* --- the disk --- */

typedef struct {
    int code;
    const char *word, *told;
} DiskFault;

static const DiskFault disk_faults[] = {
    {G_IO_ERROR_NO_SPACE, "disk-full", "There is no room left on the other side's disk."},
    {G_IO_ERROR_PERMISSION_DENIED, "no-permission", "The other side may not write there."},
    {G_IO_ERROR_READ_ONLY, "no-permission", "The other side may not write there."},
    {G_IO_ERROR_NOT_FOUND, "folder-gone", "The other side's folder is not there any more."},
    {G_IO_ERROR_FILENAME_TOO_LONG, "name-too-long", "A name is too long for the other side."},
};

void receiver_fail_by_disk(Receiver *receiver, const GError *error)
{
    DiskFault fault = {0, "disk", "The other side's disk failed."};
    for (size_t i = 0; i < G_N_ELEMENTS(disk_faults); i++) {
        if (g_error_matches(error, G_IO_ERROR, disk_faults[i].code))
            fault = disk_faults[i];
    }
    receiver->over = true;
    worker_fail(receiver->worker, WIRE__WHY__FAULT, fault.word, error->message, fault.told);
}

/* On the writer's thread. */
static bool checking(uint64_t done, uint64_t total, void *user)
{
    Worker *worker = user;
    atomic_store(&worker->bytes, done);
    return !worker_is_stopped(worker);
}

bool receiver_take_stop(Receiver *receiver, const Wire__Stop *stop)
{
    receiver->over = true;
    worker_halted(receiver->worker, stop);
    return true;
}

/* While only the disk works: signs of life, and whether the other has had enough. */
static bool look_around(Receiver *receiver, GError **error)
{
    Worker *worker = receiver->worker;
    if (!worker_check_stopped(worker, error) || !worker_tick(worker, error))
        return false;
    g_autoptr(GError) failed = NULL;
    const Wire__DataFrame *frame;
    while (!receiver->over &&
           (frame = channel_receive_until(receiver->channel, 0, &failed)) != NULL) {
        if (frame->body_case == WIRE__DATA_FRAME__BODY_STOP)
            receiver_take_stop(receiver, frame->stop);
        else if (frame->body_case != WIRE__DATA_FRAME__BODY_PROGRESS &&
                 frame->body_case != WIRE__DATA_FRAME__BODY__NOT_SET)
            return worker_broken(error, "said something out of turn");
    }
    if (failed == NULL)
        return true;
    g_propagate_error(error, g_steal_pointer(&failed));
    return false;
}

bool receiver_await_writer(Receiver *receiver, WriterState state, bool listen, GError **error)
{
    Worker *worker = receiver->worker;
    for (;;) {
        int64_t until_us = g_get_monotonic_time() + WORKER_LOOK_US;
        WriterState now = writer_wait(receiver->writer, state, until_us);
        if (now == WRITER_FAILED && !worker_is_stopped(worker))
            receiver_fail_by_disk(receiver, writer_error(receiver->writer));
        if (receiver->over)
            return false;
        if (now != state && now != WRITER_FAILED)
            return true;
        bool fine = listen ? look_around(receiver, error)
                           : worker_check_stopped(worker, error) && worker_tick(worker, error);
        if (!fine || receiver->over)
            return false;
    }
}

static bool open_landing(Receiver *receiver, bool listen, GError **error)
{
    Worker *worker = receiver->worker;
    receiver->landing = (LandingConfig){.state_dir = worker->state_dir,
                                        .into = worker->into,
                                        .transfer = worker->config.transfer,
                                        .manifest = receiver->manifest,
                                        .left_out = worker->left_out,
                                        .checking = checking,
                                        .user = worker};
    atomic_store(&worker->total, manifest_wanted_bytes(receiver->manifest, worker->left_out));
    receiver->writer = writer_new(&receiver->landing, worker->batches);
    if (!receiver_await_writer(receiver, WRITER_OPENING, listen, error))
        return false;
    atomic_store(&worker->bytes, writer_bytes(receiver->writer));
    return true;
}

/* --- beginning --- */

static bool begin(Receiver *receiver, bool wants_manifest, const GArray *holes, GError **error)
{
    Worker *worker = receiver->worker;
    Wire__Begin body = WIRE__BEGIN__INIT;
    body.offer = (ProtobufCBinaryData){TOKEN_SIZE, worker->config.offer};
    body.transfer = (ProtobufCBinaryData){TRANSFER_SIZE, worker->config.transfer};
    body.wants_manifest = wants_manifest;
    if (worker->left_out != NULL) {
        gsize length = 0;
        const uint8_t *bits = g_bytes_get_data(worker->left_out, &length);
        body.left_out = (ProtobufCBinaryData){length, (uint8_t *)bits};
    }
    body.file = receiver->next.file;
    body.chunk = receiver->next.chunk;
    g_autofree Wire__Again *again = g_new0(Wire__Again, AGAIN_MAX);
    g_autofree Wire__Again **pointers = g_new0(Wire__Again *, AGAIN_MAX);
    for (size_t i = 0; holes != NULL && i < holes->len && i < AGAIN_MAX; i++) {
        LandingPoint point = g_array_index(holes, LandingPoint, i);
        wire__again__init(&again[i]);
        again[i].file = point.file;
        again[i].chunk = point.chunk;
        pointers[body.n_again++] = &again[i];
        receiver_await(receiver, point, 0);
    }
    body.again = pointers;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_BEGIN;
    frame.begin = &body;
    return channel_send(receiver->channel, &frame, error) &&
           channel_flush(receiver->channel, error);
}

const Wire__DataFrame *receiver_await_frame(Receiver *receiver, GError **error)
{
    Worker *worker = receiver->worker;
    if (!worker_check_stopped(worker, error) || !worker_tick(worker, error))
        return NULL;
    return channel_receive_until(receiver->channel, worker_next_tick(worker), error);
}

/* One step of the manifest: TRUE with `last` when it is whole. */
static bool take_manifest(Receiver *receiver, GByteArray *bytes, bool *last, GError **error)
{
    g_autoptr(GError) failed = NULL;
    const Wire__DataFrame *frame = receiver_await_frame(receiver, &failed);
    if (failed != NULL) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return false;
    }
    if (frame == NULL || frame->body_case == WIRE__DATA_FRAME__BODY_PROGRESS ||
        frame->body_case == WIRE__DATA_FRAME__BODY__NOT_SET)
        return true;
    if (frame->body_case == WIRE__DATA_FRAME__BODY_STOP)
        return receiver_take_stop(receiver, frame->stop);
    if (frame->body_case != WIRE__DATA_FRAME__BODY_MANIFEST)
        return worker_broken(error, "did not say what it has");
    size_t length = 0;
    const uint8_t *whole = channel_frame_bytes(receiver->channel, &length);
    if (bytes->len + length > MANIFEST_MAX)
        return worker_broken(error, "has a list of files that is too long");
    g_byte_array_append(bytes, whole, (unsigned)length);
    *last = frame->manifest->last;
    return true;
}

static bool receive_manifest(Receiver *receiver, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    for (bool last = false; !last && !receiver->over;) {
        if (!take_manifest(receiver, bytes, &last, error))
            return false;
    }
    if (receiver->over)
        return false;
    g_autoptr(GBytes) whole = g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
    receiver->manifest = manifest_read(whole, NULL);
    if (receiver->manifest == NULL || !manifest_fits(receiver->manifest, receiver->worker->offer))
        return worker_broken(error, "has other files than were offered");
    return true;
}

/* What is left of an earlier attempt, if it is of this offer. What is damaged is begun anew. */
static void find_manifest(Receiver *receiver)
{
    Worker *worker = receiver->worker;
    g_autoptr(GError) error = NULL;
    g_autoptr(Manifest) manifest = landing_manifest(worker->state_dir, &error);
    if (manifest != NULL && manifest_fits(manifest, worker->offer))
        receiver->manifest = g_steal_pointer(&manifest);
    else if (manifest != NULL || error != NULL)
        landing_discard(worker->state_dir, worker->into, worker->config.transfer);
}

static bool go_on(Receiver *receiver, GError **error)
{
    if (!open_landing(receiver, true, error))
        return false;
    LandingPoint point = writer_next(receiver->writer);
    receiver_set_next(receiver, point.file, point.chunk);
    g_autoptr(GArray) holes = writer_holes(receiver->writer);
    return begin(receiver, false, holes, error);
}

static bool start(Receiver *receiver, GError **error)
{
    if (!begin(receiver, true, NULL, error) || !receive_manifest(receiver, error))
        return false;
    receiver_set_next(receiver, 0, 0);
    return open_landing(receiver, false, error);
}

bool receiver_begin(Receiver *receiver, GError **error)
{
    find_manifest(receiver);
    return receiver->manifest != NULL ? go_on(receiver, error) : start(receiver, error);
}
