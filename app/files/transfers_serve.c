/* The sender's side of an attempt: answers who accepted, comes when called. */
#include "app/files/transfers_internal.h"

#include <string.h>

/* May this member have it? NULL: as far as it can know there is no such offer. */
static OwnOffer *offer_for(Transfers *transfers, const uint8_t *token, const uint8_t *from)
{
    OwnOffer *own = transfers_own(transfers, token);

    if (!own || own->withdrawn)
        return NULL;
    if (own->conversation.direct && memcmp(own->conversation.id, from, KEY_SIZE) != 0)
        return NULL;
    return own;
}

/* The transfer that this member means, made when it is the first time; NULL: no room. */
static Entry *entry_for(Transfers *transfers, OwnOffer *own, const uint8_t *from,
                        const uint8_t *wire)
{
    Entry *entry = transfers_entry_of(transfers, own->token, from);
    const Entry *other = transfers_entry_by_wire(transfers, wire);
    uint8_t id[TRANSFER_SIZE];

    if (other && other != entry)
        return NULL;
    if (!entry) {
        if (!transfers_make_room(transfers, from, false))
            return NULL;
        transfers->output->random(id, sizeof id, transfers->user);
        entry =
            entry_new(transfers, id, own->token, transfers->self, &own->conversation, own->content);
        memcpy(entry->peer, from, KEY_SIZE);
        entry->path = g_strdup(own->path);
    }
    if (memcmp(entry->wire, wire, TRANSFER_SIZE) != 0) {
        entry_drop_attempt(entry);
        memcpy(entry->wire, wire, TRANSFER_SIZE);
        entry->attempt = 0;
        entry->bytes = 0;
    }
    return entry;
}

static bool is_busy(Transfers *transfers, const uint8_t *peer)
{
    return transfers_under_way(transfers, true, NULL) >= WORKERS_MAX ||
           transfers_under_way(transfers, true, peer) >= SENDING_PER_PEER;
}

static void answer(Entry *entry, const Wire__Accept *accept, int64_t now_us)
{
    Transfers *transfers = entry->transfers;
    g_auto(GStrv) addresses = transfers->output->addresses(transfers->user);
    Wire__Ready ready = WIRE__READY__INIT;
    Wire__Note note = WIRE__NOTE__INIT;

    g_strfreev(entry->addresses);
    entry->addresses = g_new0(char *, accept->n_addresses + 1);
    for (size_t i = 0; i < accept->n_addresses; i++)
        entry->addresses[i] = g_strdup(accept->addresses[i]);
    memcpy(entry->shows, accept->ticket.data, TRANSFER_SIZE);
    transfers->output->random(entry->ticket, TRANSFER_SIZE, transfers->user);
    ready.transfer = (ProtobufCBinaryData){TRANSFER_SIZE, entry->wire};
    ready.attempt = entry->attempt;
    ready.addresses = addresses;
    ready.n_addresses = addresses ? MIN(g_strv_length(addresses), ADDRESSES_MAX) : 0;
    ready.ticket = (ProtobufCBinaryData){TRANSFER_SIZE, entry->ticket};
    note.body_case = WIRE__NOTE__BODY_READY;
    note.ready = &ready;
    if (!transfers->output->note(entry->peer, &note, transfers->user))
        return;
    entry_step(entry, STEP_CALLED, now_us + TICKET_US);
    entry_arm(entry, now_us);
}

/* The receiver begins an attempt with what stands: says no when it may not; true: it may. */
static bool allow(Entry *entry, OwnOffer *own)
{
    Transfers *transfers = entry->transfers;
    Wire__Why why;

    if (entry->state == TRANSFER_CANCELLED && !entry->by_peer)
        why = WIRE__WHY__CANCELLED;
    else if (!own_offer_listing(transfers, own))
        why = WIRE__WHY__WITHDRAWN;
    else if (entry->paused_here)
        why = WIRE__WHY__PAUSED;
    else if (is_busy(transfers, entry->peer))
        why = WIRE__WHY__BUSY;
    else
        return true;
    entry->busy = why == WIRE__WHY__BUSY;
    note_halt(transfers, entry->peer, entry->offer, entry->wire, why);
    return false;
}

void serve_accept(Transfers *transfers, const uint8_t *from, const Wire__Accept *accept,
                  int64_t now_us)
{
    OwnOffer *own = offer_for(transfers, accept->offer.data, from);

    if (!own) {
        note_halt(transfers, from, accept->offer.data, accept->transfer.data, WIRE__WHY__WITHDRAWN);
        return;
    }
    Entry *entry = entry_for(transfers, own, from, accept->transfer.data);

    if (!entry) {
        note_halt(transfers, from, accept->offer.data, accept->transfer.data, WIRE__WHY__BUSY);
        return;
    }
    if (accept->attempt <= entry->attempt || transfers->leaving)
        return;
    entry->attempt = accept->attempt;
    entry_drop_attempt(entry);
    entry->paused_there = false;
    if (entry->tell == WIRE__WHY__RESUMED)
        entry->tell = -1;
    bool allowed = allow(entry, own);

    if (entry->paused_here)
        entry_become(entry, TRANSFER_PAUSED, false, NULL);
    else if (entry->state != TRANSFER_CANCELLED || entry->by_peer)
        entry_become(entry, TRANSFER_WAITING, false, NULL);
    if (allowed)
        answer(entry, accept, now_us);
}

void serve_turn(Entry *entry, const Wire__Turn *turn, int64_t now_us)
{
    Transfers *transfers = entry->transfers;

    if (!entry->outgoing || turn->attempt != entry->attempt || transfers->leaving ||
        !entry->addresses ||
        (entry->state != TRANSFER_WAITING && entry->state != TRANSFER_RUNNING &&
         entry->state != TRANSFER_CHECKING))
        return;
    entry_drop_attempt(entry);
    if (turn->way == WIRE__WAY__MEETING) {
        memcpy(entry->meeting, turn->meeting.data, TRANSFER_SIZE);
        entry_step(entry, STEP_MEETING, now_us + MEETING_US);
        transfers->output->dial(entry->wire, NULL, NULL, transfers->user);
    } else if (turn->way == WIRE__WAY__REVERSE && entry->addresses[0]) {
        entry_step(entry, STEP_DIALLING, now_us + REVERSE_US);
        transfers->output->dial(entry->wire, entry->addresses, entry->peer, transfers->user);
    }
    entry_touch(entry);
}

void serve_ask(Entry *entry, int64_t at_us)
{
    if (!entry->outgoing || entry->state != TRANSFER_WAITING || entry->worker || entry->tell >= 0)
        return;
    entry_tell(entry, WIRE__WHY__RESUMED);
    entry->tell_us = at_us;
}

void serve_next(Transfers *transfers, int64_t now_us)
{
    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];

        if (!entry->outgoing || !entry->busy || entry->state != TRANSFER_WAITING ||
            entry->step != STEP_REST || !entry_may_talk(entry) || now_us < entry->again_us ||
            is_busy(transfers, entry->peer))
            continue;
        entry->busy = false;
        entry_touch(entry);
        note_halt(transfers, entry->peer, entry->offer, entry->wire, WIRE__WHY__RESUMED);
        return;
    }
}
