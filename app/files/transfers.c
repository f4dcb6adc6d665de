#include "app/files/transfers_internal.h"

#include <string.h>

static void free_entries(gpointer entry)
{
    entry_free(entry);
}

Transfers *transfers_new(const char *data_dir, Store *store, const uint8_t *self,
                         const TransfersOutput *output, void *user, int64_t now_us, GError **error)
{
    g_autoptr(Transfers) transfers = g_new0(Transfers, 1);

    transfers->data_dir = g_strdup(data_dir);
    transfers->store = store;
    memcpy(transfers->self, self, KEY_SIZE);
    transfers->output = output;
    transfers->user = user;
    transfers->sample_us = now_us;
    transfers->entries = g_ptr_array_new_with_free_func(free_entries);
    transfers->offers = g_ptr_array_new_with_free_func((GDestroyNotify)own_offer_free);
    transfers->jobs = g_ptr_array_new_with_free_func((GDestroyNotify)job_free);
    transfers->here =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    transfers->ways =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    transfers->buckets =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, g_free);
    if (!transfers_load(transfers, error))
        return NULL;
    return g_steal_pointer(&transfers);
}

void transfers_free(Transfers *transfers)
{
    if (!transfers)
        return;
    g_ptr_array_unref(transfers->entries);
    g_ptr_array_unref(transfers->offers);
    g_ptr_array_unref(transfers->jobs);
    g_hash_table_unref(transfers->here);
    g_hash_table_unref(transfers->ways);
    g_hash_table_unref(transfers->buckets);
    g_free(transfers->accept_all_into);
    g_free(transfers->data_dir);
    g_free(transfers);
}

void transfers_leave(Transfers *transfers, int64_t now_us)
{
    transfers->leaving = true;
    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];

        if (entry->worker)
            transfers->output->workers->stop(entry->worker, WIRE__WHY__AWAY_FOR_NOW);
        else
            entry_drop_attempt(entry);
    }
    transfers_settle(transfers, now_us);
}

static bool is_here(Transfers *transfers, const uint8_t *key)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(key, KEY_SIZE);

    return g_hash_table_contains(transfers->here, bytes);
}

bool entry_may_talk(const Entry *entry)
{
    Transfers *transfers = entry->transfers;

    return transfers->joined && !memcmp(entry->place, transfers->place, PLACE_SIZE) &&
           is_here(transfers, entry->peer);
}

unsigned transfers_under_way(Transfers *transfers, bool outgoing, const uint8_t *peer)
{
    unsigned count = 0;

    for (guint i = 0; i < transfers->entries->len; i++) {
        const Entry *entry = transfers->entries->pdata[i];

        if (entry->step == STEP_REST || entry->outgoing != outgoing)
            continue;
        if (!peer || !memcmp(entry->peer, peer, KEY_SIZE))
            count++;
    }
    return count;
}

void transfers_settle(Transfers *transfers, int64_t now_us)
{
    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];

        entry_try_tell(entry, now_us);
        attempt_drive(entry, now_us);
    }
    serve_next(transfers, now_us);
    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];

        if (entry->touched)
            entry_show(entry);
    }
}

/* Attempts lean on notes; a channel that stands does not. */
static void forget_attempts(Transfers *transfers)
{
    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];

        entry->told = false;
        entry->tell_us = 0;
        if (entry->step != STEP_REST && !entry->worker)
            entry_drop_attempt(entry);
        entry->again_us = 0;
        entry->failures = 0;
        if (entry->state == TRANSFER_WAITING)
            entry_touch(entry);
    }
    g_hash_table_remove_all(transfers->here);
    g_hash_table_remove_all(transfers->ways);
}

void transfers_place(Transfers *transfers, const uint8_t *place, bool joined, int64_t now_us)
{
    bool same = transfers->placed && place && !memcmp(transfers->place, place, PLACE_SIZE);

    if (same && joined == transfers->joined)
        return;
    transfers->placed = place != NULL;
    if (place)
        memcpy(transfers->place, place, PLACE_SIZE);
    transfers->joined = joined && place;
    forget_attempts(transfers);
    transfers_settle(transfers, now_us);
}

static void peer_came_or_went(Entry *entry, bool here, int64_t now_us)
{
    if (here) {
        entry->failures = 0;
        entry->again_us = now_us;
        entry->tell_us = 0;
        serve_ask(entry, now_us);
    } else if (entry->step != STEP_REST && !entry->worker) {
        entry_drop_attempt(entry);
    }
    if (entry->state == TRANSFER_WAITING)
        entry_touch(entry);
}

void transfers_presence(Transfers *transfers, const uint8_t *key, bool here, int64_t now_us)
{
    g_autoptr(GBytes) bytes = g_bytes_new(key, KEY_SIZE);

    if (!transfers->joined || here == g_hash_table_contains(transfers->here, bytes))
        return;
    if (here)
        g_hash_table_add(transfers->here, g_bytes_ref(bytes));
    else
        g_hash_table_remove(transfers->here, bytes);
    g_hash_table_remove(transfers->ways, bytes);
    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];

        if (!memcmp(entry->peer, key, KEY_SIZE))
            peer_came_or_went(entry, here, now_us);
    }
    transfers_settle(transfers, now_us);
}

/* The time of a step is over. */
static void step_ended(Entry *entry, int64_t now_us)
{
    Transfers *transfers = entry->transfers;

    if (entry->step == STEP_OPEN &&
        transfers->output->workers->phase(entry->worker) != WORKER_OPENING) {
        entry->until_us = INT64_MAX;
        return;
    }
    bool stopping = entry->state == TRANSFER_PAUSED || transfer_state_is_final(entry->state);

    if (entry->outgoing || stopping) {
        entry_drop_attempt(entry);
        entry_touch(entry);
        if (entry->state == TRANSFER_CANCELLED)
            entry_discard(entry);
    } else if (entry->step == STEP_ASKED) {
        attempt_over(entry, now_us);
    } else {
        attempt_next_way(entry, now_us);
    }
}

void transfers_tick(Transfers *transfers, int64_t now_us)
{
    if (now_us >= transfers->sample_us)
        transfers_sample(transfers, now_us);
    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];

        if (entry->step != STEP_REST && now_us >= entry->until_us)
            step_ended(entry, now_us);
    }
    transfers_settle(transfers, now_us);
}

static int64_t entry_deadline(const Entry *entry)
{
    const Transfers *transfers = entry->transfers;
    int64_t deadline = INT64_MAX;

    if (entry->step != STEP_REST)
        deadline = entry->until_us;
    else if (!entry->outgoing && entry->state == TRANSFER_WAITING && !entry->queued &&
             !transfers->leaving && entry_may_talk(entry))
        deadline = entry->again_us;
    if (entry->worker)
        deadline = MIN(deadline, transfers->sample_us);
    if (entry->tell >= 0 && !entry->worker && (entry->told || entry_may_talk(entry)))
        deadline = MIN(deadline, entry->tell_us);
    return deadline;
}

int64_t transfers_deadline(const Transfers *transfers)
{
    int64_t deadline = INT64_MAX;

    for (guint i = 0; i < transfers->entries->len; i++)
        deadline = MIN(deadline, entry_deadline(transfers->entries->pdata[i]));
    return deadline;
}
