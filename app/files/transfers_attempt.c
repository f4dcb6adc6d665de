/* The receiver's side of an attempt: asks, then tries one way after the other. */
#include "app/files/transfers_internal.h"

#include <string.h>

#define WAYS 3

static int64_t jittered(const Transfers *transfers, int64_t base_us)
{
    uint16_t random = 0;

    transfers->output->random(&random, sizeof random, transfers->user);
    return base_us * 3 / 4 + base_us / 2 * random / UINT16_MAX;
}

static int64_t back_off(const Entry *entry)
{
    unsigned doublings = MIN(entry->failures ? entry->failures - 1 : 0, 5);

    return jittered(entry->transfers, MIN((INT64_C(1000000)) << doublings, BACKOFF_MAX_US));
}

void attempt_over(Entry *entry, int64_t now_us)
{
    entry_drop_attempt(entry);
    entry->failures++;
    entry->again_us = now_us + back_off(entry);
    entry_touch(entry);
}

void attempt_lost(Entry *entry, int64_t now_us)
{
    bool moved = entry->bytes > entry->began_bytes;

    entry_drop_attempt(entry);
    entry->broken = true;
    if (moved)
        entry->failures = 0;
    entry->again_us = entry->failures ? now_us + back_off(entry) : now_us;
    entry->failures++;
    if (entry->state != TRANSFER_PAUSED)
        entry_become(entry, TRANSFER_WAITING, false, NULL);
}

static bool slot_is_free(const Entry *entry)
{
    Transfers *transfers = entry->transfers;

    return transfers_under_way(transfers, false, NULL) < WORKERS_MAX &&
           transfers_under_way(transfers, false, entry->peer) < RECEIVING_PER_PEER;
}

static void ask(Entry *entry, int64_t now_us)
{
    Transfers *transfers = entry->transfers;
    g_auto(GStrv) addresses = transfers->output->addresses(transfers->user);
    Wire__Accept accept = WIRE__ACCEPT__INIT;
    Wire__Note note = WIRE__NOTE__INIT;

    entry->attempt++;
    entry->tried = 0;
    entry->busy = false;
    transfers->output->random(entry->ticket, TRANSFER_SIZE, transfers->user);
    entry_save(entry);
    accept.offer = (ProtobufCBinaryData){TOKEN_SIZE, entry->offer};
    accept.transfer = (ProtobufCBinaryData){TRANSFER_SIZE, entry->wire};
    accept.attempt = entry->attempt;
    accept.addresses = addresses;
    accept.n_addresses = addresses ? MIN(g_strv_length(addresses), ADDRESSES_MAX) : 0;
    accept.ticket = (ProtobufCBinaryData){TRANSFER_SIZE, entry->ticket};
    entry->reachable = accept.n_addresses > 0;
    note.body_case = WIRE__NOTE__BODY_ACCEPT;
    note.accept = &accept;
    if (!transfers->output->note(entry->peer, &note, transfers->user)) {
        attempt_over(entry, now_us);
        return;
    }
    entry_step(entry, STEP_ASKED, now_us + ASK_US);
}

void attempt_drive(Entry *entry, int64_t now_us)
{
    bool queued = false;

    if (entry->outgoing || entry->state != TRANSFER_WAITING || entry->step != STEP_REST ||
        entry->worker)
        return;
    if (!entry->transfers->leaving && entry_may_talk(entry) && now_us >= entry->again_us) {
        queued = !slot_is_free(entry);
        if (!queued)
            ask(entry, now_us);
    }
    if (queued != entry->queued)
        entry_touch(entry);
    entry->queued = queued;
}

void attempt_ready(Entry *entry, const Wire__Ready *ready, int64_t now_us)
{
    if (entry->outgoing || entry->step != STEP_ASKED || ready->attempt != entry->attempt)
        return;
    g_strfreev(entry->addresses);
    entry->addresses = g_new0(char *, ready->n_addresses + 1);
    for (size_t i = 0; i < ready->n_addresses; i++)
        entry->addresses[i] = g_strdup(ready->addresses[i]);
    memcpy(entry->shows, ready->ticket.data, TRANSFER_SIZE);
    attempt_next_way(entry, now_us);
}

/* The way that led to this member before, else in their order; WAYS: none is left. */
static unsigned choose_way(const Entry *entry)
{
    g_autoptr(GBytes) key = g_bytes_new_static(entry->peer, KEY_SIZE);
    unsigned known = GPOINTER_TO_UINT(g_hash_table_lookup(entry->transfers->ways, key));

    if (known && !(entry->tried & (1U << (known - 1))))
        return known - 1;
    for (unsigned way = 0; way < WAYS; way++) {
        if (!(entry->tried & (1U << way)))
            return way;
    }
    return WAYS;
}

/* Blocked after all. */
static void forget_way(const Entry *entry)
{
    g_autoptr(GBytes) key = g_bytes_new_static(entry->peer, KEY_SIZE);
    unsigned known = GPOINTER_TO_UINT(g_hash_table_lookup(entry->transfers->ways, key));

    if (known && entry->tried & (1U << (known - 1)))
        g_hash_table_remove(entry->transfers->ways, key);
}

static bool try_direct(Entry *entry, int64_t now_us)
{
    Transfers *transfers = entry->transfers;

    if (!entry->addresses || !entry->addresses[0])
        return false;
    entry_step(entry, STEP_DIALLING, now_us + DIAL_US);
    transfers->output->dial(entry->wire, entry->addresses, entry->peer, transfers->user);
    return true;
}

static bool try_reverse(Entry *entry, int64_t now_us)
{
    if (!entry->reachable || !note_turn(entry, WIRE__WAY__REVERSE))
        return false;
    entry_step(entry, STEP_TURNED, now_us + REVERSE_US);
    entry_arm(entry, now_us);
    return true;
}

static bool try_meeting(Entry *entry, int64_t now_us)
{
    Transfers *transfers = entry->transfers;

    transfers->output->random(entry->meeting, TRANSFER_SIZE, transfers->user);
    if (!note_turn(entry, WIRE__WAY__MEETING))
        return false;
    entry_step(entry, STEP_MEETING, now_us + MEETING_US);
    transfers->output->dial(entry->wire, NULL, NULL, transfers->user);
    return true;
}

void attempt_next_way(Entry *entry, int64_t now_us)
{
    static bool (*const tries[WAYS])(Entry * entry, int64_t now_us) = {
        [WIRE__WAY__DIRECT] = try_direct,
        [WIRE__WAY__REVERSE] = try_reverse,
        [WIRE__WAY__MEETING] = try_meeting,
    };

    entry_drop_attempt(entry);
    forget_way(entry);
    for (unsigned way = choose_way(entry); way < WAYS; way = choose_way(entry)) {
        entry->tried |= 1U << way;
        if (tries[way](entry, now_us))
            return;
    }
    attempt_over(entry, now_us);
}
