/* Channels and their workers: how they begin, what they moved, how they end. */
#include "app/files/transfers_internal.h"

#include <sodium.h>
#include <string.h>

void entry_step(Entry *entry, Step step, int64_t until_us)
{
    entry->step = step;
    entry->until_us = until_us;
    entry_touch(entry);
}

void entry_arm(Entry *entry, int64_t now_us)
{
    entry->armed = true;
    entry->armed_until_us = now_us + TICKET_US;
}

void entry_drop_attempt(Entry *entry)
{
    Transfers *transfers = entry->transfers;

    if (entry->step == STEP_DIALLING || entry->step == STEP_MEETING)
        transfers->output->hang_up(entry->wire, transfers->user);
    g_clear_pointer(&entry->worker, transfers->output->workers->free);
    entry->step = STEP_REST;
    entry->until_us = INT64_MAX;
    entry->armed = entry->admitting = false;
    entry->rate = 0;
    entry->left_ms = -1;
}

void entry_stop(Entry *entry, Wire__Why why)
{
    if (entry->worker)
        entry->transfers->output->workers->stop(entry->worker, why);
    else
        entry_drop_attempt(entry);
    entry_tell(entry, why);
}

bool transfers_expects(Transfers *transfers, const uint8_t *transfer, const uint8_t *ticket,
                       const uint8_t *key, int64_t now_us)
{
    Entry *entry = transfers_entry_by_wire(transfers, transfer);

    if (!entry || memcmp(entry->peer, key, KEY_SIZE) != 0 || !entry->armed || entry->worker ||
        now_us >= entry->armed_until_us || entry->state != TRANSFER_WAITING ||
        entry->step != (entry->outgoing ? STEP_CALLED : STEP_TURNED) ||
        sodium_memcmp(entry->ticket, ticket, TRANSFER_SIZE) != 0)
        return false;
    entry->armed = false;
    entry->admitting = true;
    return true;
}

void transfers_dial_failed(Transfers *transfers, const uint8_t *transfer, const char *why,
                           int64_t now_us)
{
    Entry *entry = transfers_entry_by_wire(transfers, transfer);

    if (!entry || (entry->step != STEP_DIALLING && entry->step != STEP_MEETING))
        return;
    g_debug("transfers: dialling: %s", why ? why : "failed");
    /* The dialling is over: nothing to hang up. */
    entry->step = STEP_REST;
    entry_touch(entry);
    if (!entry->outgoing)
        attempt_next_way(entry, now_us);
    transfers_settle(transfers, now_us);
}

static void remember_way(const Entry *entry)
{
    static const Wire__Way ways[] = {
        [TRANSFER_WAY_DIRECT] = WIRE__WAY__DIRECT,
        [TRANSFER_WAY_REVERSE] = WIRE__WAY__REVERSE,
        [TRANSFER_WAY_RELAY] = WIRE__WAY__MEETING,
    };

    if (entry->outgoing || entry->way == TRANSFER_WAY_NONE)
        return;
    g_hash_table_insert(entry->transfers->ways, g_bytes_new(entry->peer, KEY_SIZE),
                        GUINT_TO_POINTER(ways[entry->way] + 1));
}

void entry_done(Entry *entry, unsigned missing, const char *path)
{
    g_autofree char *words = NULL;
    g_autofree char *directory = entry_state_dir(entry);

    entry->tell = -1;
    entry->told = false;
    entry->paused_here = entry->paused_there = false;
    entry->bytes = entry->total;
    entry->missing = missing;
    if (!entry->outgoing && path) {
        g_free(entry->path);
        entry->path = g_strdup(path);
    }
    if (missing)
        words = g_strdup_printf("%u %s could not be sent: changed or gone since the offer.",
                                missing, missing == 1 ? "file" : "files");
    entry_become(entry, TRANSFER_DONE, false, words);
    if (!entry->outgoing)
        landing_forget(directory);
    if (entry->asked)
        entry_tell(entry, WIRE__WHY__ARRIVED);
}

/* Trying again helps only when something outside can be put right. */
static bool can_be_retried(const char *code)
{
    static const char *const hopeless[] = {"changed", "vanished", "protocol"};

    for (size_t i = 0; i < G_N_ELEMENTS(hopeless); i++) {
        if (g_strcmp0(code, hopeless[i]) == 0)
            return false;
    }
    return true;
}

static void failed_here(Entry *entry, const WorkerResult *result)
{
    bool retryable = can_be_retried(result->code);

    entry_fail(entry, result->code ? result->code : "fault", retryable,
               *result->text ? result->text : "Something went wrong on this machine.");
    if (!retryable)
        entry_discard(entry);
}

/* It was to stop, and ended some way. */
static void ended_after_stop(Entry *entry, const WorkerResult *result)
{
    if (result->end == WORKER_STOPPED && result->opened && !entry->transfers->leaving &&
        (entry->tell == WIRE__WHY__CANCELLED || entry->tell == WIRE__WHY__PAUSED ||
         entry->tell == WIRE__WHY__WITHDRAWN)) {
        entry->tell = -1;
        entry->told = false;
    }
    if (entry->state == TRANSFER_CANCELLED)
        entry_discard(entry);
    entry_save(entry);
}

static void lost(Entry *entry, bool opened, int64_t now_us)
{
    if (entry->outgoing && entry->arrived) {
        entry_done(entry, entry->missing, NULL);
    } else if (entry->outgoing) {
        entry->broken = entry->broken || opened;
        entry_become(entry, TRANSFER_WAITING, false, NULL);
        serve_ask(entry, now_us + ASK_AFTER_US);
    } else if (opened) {
        attempt_lost(entry, now_us);
    } else {
        attempt_next_way(entry, now_us);
    }
}

static void end(Entry *entry, const WorkerResult *result, int64_t now_us)
{
    bool stopped = entry->state == TRANSFER_CANCELLED || entry->state == TRANSFER_PAUSED;

    if (result->end == WORKER_DONE)
        entry_done(entry, result->missing, result->path);
    else if (result->end == WORKER_STOPPED || (stopped && result->end != WORKER_HALTED))
        ended_after_stop(entry, result);
    else if (result->end == WORKER_HALTED && entry->state == TRANSFER_CANCELLED)
        ended_after_stop(entry, result);
    else if (result->end == WORKER_HALTED)
        entry_halted(entry, result->why, result->text ? result->text : "", now_us);
    else if (result->end == WORKER_LOST)
        lost(entry, result->opened, now_us);
    else
        failed_here(entry, result);
}

/* A long list is not kept in memory for nothing. */
static void let_listing_go(Transfers *transfers, const uint8_t *token)
{
    OwnOffer *own = transfers_own(transfers, token);

    for (guint i = 0; own && i < transfers->entries->len; i++) {
        const Entry *entry = transfers->entries->pdata[i];

        if (entry->outgoing && entry->step != STEP_REST && !memcmp(entry->offer, token, TOKEN_SIZE))
            return;
    }
    if (own)
        g_clear_pointer(&own->listing, listing_unref);
}

static void ended(const WorkerResult *result, void *user)
{
    Entry *entry = user;
    Transfers *transfers = entry->transfers;
    const TransfersWorkers *workers = transfers->output->workers;
    int64_t now_us = transfers->output->now_us(transfers->user);

    if (result->opened) {
        entry->bytes = workers->bytes(entry->worker);
        remember_way(entry);
    }
    entry->missing = result->missing;
    entry_drop_attempt(entry);
    end(entry, result, now_us);
    entry_touch(entry);
    transfers_settle(transfers, now_us);
    if (entry->outgoing)
        let_listing_go(transfers, entry->offer);
    transfers->output->touched(transfers->user);
}

static void start(Entry *entry, Opening *opening)
{
    Transfers *transfers = entry->transfers;
    WorkerConfig config = {
        .context = transfers->output->context(transfers->user),
        .ended = ended,
        .user = entry,
    };

    memcpy(config.offer, entry->offer, TOKEN_SIZE);
    memcpy(config.transfer, entry->wire, TRANSFER_SIZE);
    if (entry->outgoing) {
        OwnOffer *own = transfers_own(transfers, entry->offer);
        Listing *listing = own ? own_offer_listing(transfers, own) : NULL;

        if (listing)
            entry->worker = transfers->output->workers->send(&config, opening, listing);
        return;
    }
    g_autofree char *directory = entry_state_dir(entry);
    WorkerTarget target = {
        .state_dir = directory,
        .into = entry->into,
        .offer = entry->content,
        .left_out = entry->left_out,
    };

    entry->worker = transfers->output->workers->receive(&config, opening, &target);
}

/* The opening is emptied. */
static void work(Entry *entry, Opening *opening, TransferWay way, int64_t now_us)
{
    Transfers *transfers = entry->transfers;
    int64_t until_us = now_us + (way == TRANSFER_WAY_RELAY ? MEETING_US : OPENING_US);

    start(entry, opening);
    if (!entry->worker) {
        entry_drop_attempt(entry);
        return;
    }
    entry->way = way;
    entry->arrived = entry->asked = false;
    entry->armed = false;
    entry->samples = 0;
    entry->began_bytes = entry->bytes;
    /* A sender waits as long as its channel does: the receiver may be comparing what it has. */
    entry_step(entry, STEP_OPEN, entry->outgoing ? INT64_MAX : until_us);
    transfers->sample_us = MIN(transfers->sample_us, now_us + SAMPLE_US);
    if (transfers->sample_us <= now_us)
        transfers->sample_us = now_us + SAMPLE_US;
}

void transfers_admitted(Transfers *transfers, const uint8_t *transfer, int fd, SSL *ssl,
                        int64_t now_us)
{
    Entry *entry = transfers_entry_by_wire(transfers, transfer);
    Opening opening = {.kind = OPENING_ADMIT, .fd = fd, .ssl = ssl};

    if (entry && entry->admitting) {
        entry->admitting = false;
        work(entry, &opening, entry->outgoing ? TRANSFER_WAY_DIRECT : TRANSFER_WAY_REVERSE, now_us);
    }
    opening_clear(&opening);
    transfers_settle(transfers, now_us);
}

void transfers_dialled(Transfers *transfers, const uint8_t *transfer, int fd, SSL *ssl,
                       int64_t now_us)
{
    Entry *entry = transfers_entry_by_wire(transfers, transfer);
    Opening opening = {.kind = OPENING_PRESENT, .fd = fd, .ssl = ssl};

    if (entry && entry->step == STEP_DIALLING) {
        memcpy(opening.ticket, entry->shows, TRANSFER_SIZE);
        work(entry, &opening, entry->outgoing ? TRANSFER_WAY_REVERSE : TRANSFER_WAY_DIRECT, now_us);
    } else if (entry && entry->step == STEP_MEETING) {
        opening.kind = OPENING_MEET;
        memcpy(opening.ticket, entry->meeting, TRANSFER_SIZE);
        memcpy(opening.peer, entry->peer, KEY_SIZE);
        opening.inner = transfers->output->inner(entry->outgoing, transfers->user);
        work(entry, &opening, TRANSFER_WAY_RELAY, now_us);
    }
    opening_clear(&opening);
    transfers_settle(transfers, now_us);
}

static void take_sample(Entry *entry, int64_t now_us)
{
    if (entry->samples == SAMPLES) {
        memmove(entry->sampled, entry->sampled + 1, sizeof entry->sampled[0] * (SAMPLES - 1));
        memmove(entry->sampled_us, entry->sampled_us + 1,
                sizeof entry->sampled_us[0] * (SAMPLES - 1));
        entry->samples--;
    }
    entry->sampled[entry->samples] = entry->bytes;
    entry->sampled_us[entry->samples++] = now_us;
    int64_t span_us = now_us - entry->sampled_us[0];
    uint64_t moved = entry->bytes - MIN(entry->bytes, entry->sampled[0]);

    entry->rate = span_us > 0 ? (uint64_t)((double)moved * 1e6 / (double)span_us) : 0;
    entry->left_ms = -1;
    if (entry->rate > 0 && entry->total >= entry->bytes)
        entry->left_ms =
            (int64_t)((double)(entry->total - entry->bytes) * 1000 / (double)entry->rate);
}

static void sample(Entry *entry, int64_t now_us)
{
    const TransfersWorkers *workers = entry->transfers->output->workers;
    WorkerPhase phase = workers->phase(entry->worker);
    TransferState state = TRANSFER_WAITING;

    if (entry->state == TRANSFER_PAUSED || entry->state == TRANSFER_CANCELLED ||
        phase == WORKER_OPENING)
        return;
    if (phase == WORKER_MOVING)
        state = TRANSFER_RUNNING;
    else
        state = TRANSFER_CHECKING;
    /* Before the receiver has compared what it has, its sender does not know more than before. */
    if (!entry->outgoing || phase != WORKER_CHECKING)
        entry->bytes = workers->bytes(entry->worker);
    uint64_t total = workers->total(entry->worker);

    entry->total = total ? total : entry->total;
    if (phase == WORKER_MOVING) {
        if (entry->samples == 0)
            entry->began_bytes = entry->bytes;
        take_sample(entry, now_us);
    } else {
        entry->samples = 0;
        entry->rate = 0;
        entry->left_ms = -1;
    }
    if (entry->state != state) {
        entry->state = state;
        entry->changed_ms = entry->transfers->output->wall_ms(entry->transfers->user);
    }
    entry->failures = entry->bytes > entry->began_bytes ? 0 : entry->failures;
    entry_touch(entry);
}

void transfers_sample(Transfers *transfers, int64_t now_us)
{
    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];

        if (entry->worker)
            sample(entry, now_us);
    }
    transfers->sample_us = now_us + SAMPLE_US;
}
