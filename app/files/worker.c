/* A worker's thread opens the channel, talks until the end, and hands the outcome to the main
 * context; nothing else goes from it to the owner but the numbers that anybody may read. */
#include "app/files/worker_internal.h"
#include "relay/urgency.h"

#include <openssl/ssl.h>
#include <string.h>
#include <unistd.h>

void opening_clear(Opening *opening)
{
    if (opening->fd >= 0)
        close(opening->fd);
    g_clear_pointer(&opening->ssl, tls_ssl_free);
    g_clear_pointer(&opening->inner, tls_ssl_free);
    opening->fd = -1;
}

/* --- what the other files use --- */

bool worker_is_stopped(const Worker *worker)
{
    return atomic_load(&worker->freed) || atomic_load(&worker->stop) >= 0;
}

bool worker_check_stopped(const Worker *worker, GError **error)
{
    if (!worker_is_stopped(worker))
        return true;
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped");
    return false;
}

bool worker_broken(GError **error, const char *what)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The other side %s.", what);
    return false;
}

static void say_stop(Worker *worker, Wire__Why why, const char *text)
{
    Wire__Stop stop = WIRE__STOP__INIT;
    stop.why = why;
    stop.text = (char *)text;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_STOP;
    frame.stop = &stop;
    if (channel_send(worker->channel, &frame, NULL))
        (void)channel_flush(worker->channel, NULL);
}

void worker_fail(Worker *worker, Wire__Why why, const char *code, const char *text,
                 const char *told)
{
    WorkerOutcome *outcome = &worker->outcome;
    outcome->end = WORKER_FAILED;
    outcome->code = code;
    g_free(outcome->text);
    outcome->text = g_strdup(text);
    channel_hurry(worker->channel);
    say_stop(worker, why, told);
}

void worker_halted(Worker *worker, const Wire__Stop *stop)
{
    worker->outcome.end = WORKER_HALTED;
    worker->outcome.why = stop->why;
    g_free(worker->outcome.text);
    worker->outcome.text = g_strdup(stop->text);
}

int64_t worker_next_tick(const Worker *worker)
{
    return worker->tick_us;
}

bool worker_tick(Worker *worker, GError **error)
{
    int64_t now_us = g_get_monotonic_time();
    if (now_us < worker->tick_us)
        return true;
    worker->tick_us = now_us + WORKER_TICK_US;
    Wire__Progress progress = WIRE__PROGRESS__INIT;
    progress.bytes = worker->listing != NULL ? 0 : atomic_load(&worker->bytes);
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_PROGRESS;
    frame.progress = &progress;
    return channel_send(worker->channel, &frame, error) && channel_flush(worker->channel, error);
}

const char *worker_missing_code(Wire__Why why)
{
    switch (why) {
    case WIRE__WHY__CHANGED:
        return "changed";
    case WIRE__WHY__VANISHED:
        return "vanished";
    case WIRE__WHY__NO_ACCESS:
        return "no-access";
    default:
        return "unreadable";
    }
}

const char *worker_missing_text(Wire__Why why)
{
    switch (why) {
    case WIRE__WHY__CHANGED:
        return "What was offered has changed since.";
    case WIRE__WHY__VANISHED:
        return "What was offered is not there any more.";
    case WIRE__WHY__NO_ACCESS:
        return "What was offered may not be read any more.";
    default:
        return "What was offered could not be read.";
    }
}

uint32_t next_wanted(const Manifest *manifest, GBytes *left_out, uint32_t file)
{
    size_t count = manifest_count(manifest);
    for (; file < count; file++) {
        const ManifestEntry *entry = manifest_entry(manifest, file);
        if (!entry->folder && !manifest_left_out(left_out, entry->item))
            break;
    }
    return (uint32_t)MIN(file, count);
}

/* --- the thread --- */

static void take_error(Worker *worker, const GError *error)
{
    WorkerOutcome *outcome = &worker->outcome;
    g_free(outcome->text);
    outcome->text = g_strdup(error->message);
    if (worker_is_stopped(worker) || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        outcome->end = WORKER_STOPPED;
        int why = atomic_load(&worker->stop);
        if (why >= 0)
            say_stop(worker, (Wire__Why)why, "");
    } else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA)) {
        g_autofree char *text = g_strdup(error->message);
        worker_fail(worker, WIRE__WHY__FAULT, "protocol", text, "What came was not as agreed.");
    } else {
        outcome->end = WORKER_LOST;
    }
}

static gboolean tell_end(gpointer user)
{
    Worker *worker = user;
    g_return_val_if_fail(atomic_load(&worker->over), G_SOURCE_REMOVE);
    const WorkerOutcome *outcome = &worker->outcome;
    g_autofree char *text = g_steal_pointer(&worker->outcome.text); /* outlive the worker */
    g_autofree char *path = g_steal_pointer(&worker->outcome.path);
    WorkerResult result = {.end = outcome->end,
                           .opened = outcome->opened,
                           .why = outcome->why,
                           .text = text != NULL ? text : "",
                           .code = outcome->code,
                           .missing = outcome->missing,
                           .path = path};
    worker->config.ended(&result, worker->config.user);
    return G_SOURCE_REMOVE;
}

/* The channel stands. */
static void converse(Worker *worker)
{
    g_autoptr(GError) error = NULL;
    worker->tick_us = g_get_monotonic_time() + WORKER_TICK_US;
    worker->outcome.opened = true;
    channel_widen(worker->channel);
    if (!worker->run(worker, &error) && error != NULL)
        take_error(worker, error);
    if (!atomic_load(&worker->freed))
        channel_close(worker->channel);
}

static gpointer talk(gpointer user)
{
    Worker *worker = user;
    urgency_lower();
    g_autoptr(GError) error = NULL;
    if (worker_open(worker, &error)) {
        converse(worker);
    } else {
        worker->outcome.end = worker_is_stopped(worker) ? WORKER_STOPPED : WORKER_LOST;
        worker->outcome.text = g_strdup(error->message);
    }
    atomic_store(&worker->over, true);
    g_source_attach(worker->told, worker->config.context);
    return NULL;
}

static Worker *worker_new(const WorkerConfig *config, Channel *channel)
{
    Worker *worker = g_new0(Worker, 1);
    worker->config = *config;
    worker->opening.fd = -1;
    worker->channel = channel;
    worker->batches = batches_new();
    worker->stop = -1;
    worker->outcome.end = WORKER_LOST;
    worker->told = g_idle_source_new();
    g_source_set_priority(worker->told, G_PRIORITY_DEFAULT);
    g_source_set_callback(worker->told, tell_end, worker, NULL);
    return worker;
}

static void take_opening(Worker *worker, Opening *opening)
{
    worker->opening = *opening;
    worker->opening.fd = -1; /* the channel's */
    *opening = (Opening){.fd = -1};
}

static void set_listing(Worker *worker, Listing *listing)
{
    worker->listing = listing_ref(listing);
    worker->run = worker_run_sender;
}

static void set_target(Worker *worker, const WorkerTarget *target)
{
    worker->state_dir = g_strdup(target->state_dir);
    worker->into = g_strdup(target->into);
    worker->offer = offer_ref(target->offer);
    worker->left_out = target->left_out != NULL ? g_bytes_ref(target->left_out) : NULL;
    worker->run = worker_run_receiver;
}

Worker *worker_send(const WorkerConfig *config, Opening *opening, Listing *listing)
{
    Worker *worker = worker_new(config, channel_new(opening->fd));
    take_opening(worker, opening);
    set_listing(worker, listing);
    worker->thread = g_thread_new("send", talk, worker);
    return worker;
}

Worker *worker_receive(const WorkerConfig *config, Opening *opening, const WorkerTarget *target)
{
    Worker *worker = worker_new(config, channel_new(opening->fd));
    take_opening(worker, opening);
    set_target(worker, target);
    worker->thread = g_thread_new("receive", talk, worker);
    return worker;
}

WorkerEnd worker_try(const WorkerConfig *config, int fd, Listing *listing,
                     const WorkerTarget *target)
{
    g_autoptr(Worker) worker = worker_new(config, channel_new_plain(fd));
    if (listing != NULL)
        set_listing(worker, listing);
    else
        set_target(worker, target);
    converse(worker);
    return worker->outcome.end;
}

void worker_free(Worker *worker)
{
    if (worker == NULL)
        return;
    atomic_store(&worker->freed, true);
    channel_abort(worker->channel);
    batches_close(worker->batches);
    if (worker->thread != NULL)
        g_thread_join(worker->thread);
    g_source_destroy(worker->told);
    g_source_unref(worker->told);
    channel_free(worker->channel);
    batches_free(worker->batches);
    opening_clear(&worker->opening);
    g_clear_pointer(&worker->listing, listing_unref);
    g_clear_pointer(&worker->offer, offer_unref);
    g_clear_pointer(&worker->left_out, g_bytes_unref);
    g_free(worker->state_dir);
    g_free(worker->into);
    g_free(worker->outcome.text);
    g_free(worker->outcome.path);
    g_free(worker);
}

void worker_stop(Worker *worker, Wire__Why why)
{
    int goes_on = -1;
    if (atomic_compare_exchange_strong(&worker->stop, &goes_on, (int)why))
        channel_hurry(worker->channel);
}

uint64_t worker_bytes(const Worker *worker)
{
    return atomic_load(&worker->bytes);
}

uint64_t worker_total(const Worker *worker)
{
    return atomic_load(&worker->total);
}

WorkerPhase worker_phase(const Worker *worker)
{
    return (WorkerPhase)atomic_load(&worker->phase);
}
