/* Notes: what comes is given to who it concerns; pauses and ends are told until they arrived. */
#include "app/files/transfers_internal.h"
#include "relay/text.h"

#include <string.h>

#define BUCKETS_MAX 4096
#define TELL_AGAIN_US (5 * INT64_C(1000000))
#define BUSY_US (5 * INT64_C(1000000))

bool note_halt(Transfers *transfers, const uint8_t *to, const uint8_t *offer, const uint8_t *wire,
               Wire__Why why)
{
    Wire__Halt halt = WIRE__HALT__INIT;
    Wire__Note note = WIRE__NOTE__INIT;

    halt.offer = (ProtobufCBinaryData){TOKEN_SIZE, (uint8_t *)offer};
    if (wire)
        halt.transfer = (ProtobufCBinaryData){TRANSFER_SIZE, (uint8_t *)wire};
    halt.why = why;
    note.body_case = WIRE__NOTE__BODY_HALT;
    note.halt = &halt;
    return transfers->output->note(to, &note, transfers->user);
}

bool note_turn(Entry *entry, Wire__Way way)
{
    Transfers *transfers = entry->transfers;
    Wire__Turn turn = WIRE__TURN__INIT;
    Wire__Note note = WIRE__NOTE__INIT;

    turn.transfer = (ProtobufCBinaryData){TRANSFER_SIZE, entry->wire};
    turn.attempt = entry->attempt;
    turn.way = way;
    if (way == WIRE__WAY__MEETING)
        turn.meeting = (ProtobufCBinaryData){TRANSFER_SIZE, entry->meeting};
    note.body_case = WIRE__NOTE__BODY_TURN;
    note.turn = &turn;
    return transfers->output->note(entry->peer, &note, transfers->user);
}

void entry_tell(Entry *entry, Wire__Why why)
{
    entry->tell = (int)why;
    entry->told = false;
    entry->tell_us = 0;
    entry_save(entry);
}

/* A note has no receipt: it arrived if it was not returned and the link stood for a while. */
void entry_try_tell(Entry *entry, int64_t now_us)
{
    if (entry->tell < 0 || entry->worker || now_us < entry->tell_us || !entry_may_talk(entry))
        return;
    if (entry->told) {
        entry->tell = -1;
        entry->told = false;
        entry_save(entry);
        return;
    }
    /* Who has not accepted an offer yet names no transfer. */
    bool accepted = !entry->outgoing || memcmp(entry->wire, entry->id, TRANSFER_SIZE) != 0;

    entry->told = note_halt(entry->transfers, entry->peer, entry->offer,
                            accepted ? entry->wire : NULL, (Wire__Why)entry->tell);
    entry->tell_us = now_us + (entry->told ? TOLD_US : TELL_AGAIN_US);
}

void transfers_note_returned(Transfers *transfers, const uint8_t *to, uint32_t retry_ms,
                             int64_t now_us)
{
    int64_t again_us = now_us + MAX(retry_ms, 1000) * INT64_C(1000);

    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];

        if (memcmp(entry->peer, to, KEY_SIZE) != 0)
            continue;
        if (entry->told) {
            entry->told = false;
            entry->tell_us = again_us;
        }
        if (entry->step == STEP_ASKED) {
            attempt_over(entry, now_us);
            entry->again_us = MAX(entry->again_us, again_us);
        }
    }
    transfers_settle(transfers, now_us);
}

static void ended_by_peer(Entry *entry, Wire__Why why)
{
    const char *name = entry_peer_name(entry);
    g_autofree char *words = NULL;

    if (why == WIRE__WHY__DECLINED)
        words = g_strdup_printf("%s declined it.", name);
    else if (why == WIRE__WHY__WITHDRAWN)
        words = g_strdup_printf("%s no longer offers it.", name);
    else
        words = g_strdup_printf("%s cancelled it.", name);
    entry_drop_attempt(entry);
    entry->tell = -1;
    entry->told = false;
    entry_become(entry, why == WIRE__WHY__DECLINED ? TRANSFER_DECLINED : TRANSFER_CANCELLED, true,
                 words);
    entry_discard(entry);
}

static void failed_there(Entry *entry, Wire__Why why, const char *text)
{
    const char *name = entry_peer_name(entry);
    g_autofree char *theirs = text_escape(text, strlen(text));
    g_autofree char *words = NULL;
    bool retryable = false;
    const char *code = "fault";

    if (why == WIRE__WHY__CHANGED) {
        code = "changed";
        words = g_strdup_printf("It was changed on the machine of %s after it was offered.", name);
    } else if (why == WIRE__WHY__VANISHED) {
        code = "vanished";
        words = g_strdup_printf("It is no longer there on the machine of %s.", name);
    } else if (why == WIRE__WHY__NO_ACCESS) {
        code = "no-access";
        retryable = true;
        words = g_strdup_printf("It may not be read on the machine of %s.", name);
    } else {
        retryable = true;
        words = *theirs ? g_strdup_printf("On the machine of %s: %s", name, theirs)
                        : g_strdup_printf("Something went wrong on the machine of %s.", name);
    }
    entry_drop_attempt(entry);
    entry_fail(entry, code, retryable && !entry->outgoing, words);
    if (!retryable)
        entry_discard(entry);
}

static void resumed(Entry *entry, int64_t now_us)
{
    bool goes_on = entry->state == TRANSFER_PAUSED || entry->state == TRANSFER_WAITING ||
                   (entry->state == TRANSFER_FAILED && entry->retryable);

    entry->paused_there = false;
    if (entry->state == TRANSFER_DONE && !entry->outgoing)
        entry_tell(entry, WIRE__WHY__ARRIVED);
    /* It will be told at the end: what is in the buffers may be all. */
    entry->asked = !entry->outgoing && entry->worker;
    /* One that waits keeps its own time, so that nothing is tried in a hurry again and again. */
    if (!goes_on || (entry->state == TRANSFER_WAITING && !entry->busy))
        return;
    if (entry->step == STEP_REST)
        entry->again_us = now_us;
    entry->failures = 0;
    entry->busy = false;
    if (entry->paused_here)
        entry_become(entry, TRANSFER_PAUSED, false, NULL);
    else
        entry_become(entry, TRANSFER_WAITING, false, NULL);
}

static void arrived(Entry *entry)
{
    if (!entry->outgoing || !entry_is_active(entry))
        return;
    entry->arrived = true;
    if (entry->worker) /* it says more, such as what was missing */
        return;
    entry_drop_attempt(entry);
    entry_done(entry, entry->missing, NULL);
}

static void paused(Entry *entry)
{
    g_autofree char *words = NULL;

    if (!entry_is_active(entry) && !(entry->state == TRANSFER_FAILED && entry->retryable))
        return;
    words = g_strdup_printf("%s paused it.", entry_peer_name(entry));
    entry_drop_attempt(entry);
    entry->paused_there = true;
    entry_become(entry, TRANSFER_PAUSED, !entry->paused_here, entry->paused_here ? NULL : words);
}

/* Not now: later. */
static void put_off(Entry *entry, int64_t now_us, bool busy)
{
    if (!entry_is_active(entry) || entry->state == TRANSFER_PAUSED)
        return;
    entry_drop_attempt(entry);
    entry->busy = busy;
    entry->broken = entry->broken || !busy;
    entry->again_us = now_us + BUSY_US;
    entry_become(entry, TRANSFER_WAITING, false, NULL);
}

void entry_halted(Entry *entry, Wire__Why why, const char *text, int64_t now_us)
{
    bool over = transfer_state_is_final(entry->state) &&
                !(entry->state == TRANSFER_FAILED && entry->retryable);

    switch (why) {
    case WIRE__WHY__PAUSED:
        paused(entry);
        break;
    case WIRE__WHY__RESUMED:
        resumed(entry, now_us);
        break;
    case WIRE__WHY__ARRIVED:
        arrived(entry);
        break;
    case WIRE__WHY__BUSY:
        put_off(entry, now_us, true);
        break;
    case WIRE__WHY__AWAY_FOR_NOW:
        put_off(entry, now_us, false);
        break;
    case WIRE__WHY__CANCELLED:
    case WIRE__WHY__DECLINED:
    case WIRE__WHY__WITHDRAWN:
        if (!over)
            ended_by_peer(entry, why);
        break;
    default:
        if (!over && entry->state != TRANSFER_OFFERED)
            failed_there(entry, why, text);
    }
}

/* Somebody who never accepted declines an offer in a room: remembered, so that it can be shown. */
static Entry *entry_for_decline(Transfers *transfers, const uint8_t *from, const Wire__Halt *halt)
{
    OwnOffer *own = transfers_own(transfers, halt->offer.data);
    uint8_t id[TRANSFER_SIZE];

    if (!own || own->withdrawn || own->conversation.direct || halt->why != WIRE__WHY__DECLINED ||
        !transfers_make_room(transfers, from, false))
        return NULL;
    transfers->output->random(id, sizeof id, transfers->user);
    Entry *entry =
        entry_new(transfers, id, own->token, transfers->self, &own->conversation, own->content);

    memcpy(entry->peer, from, KEY_SIZE);
    entry->path = g_strdup(own->path);
    return entry;
}

static void halt(Transfers *transfers, const uint8_t *from, const Wire__Halt *halt, int64_t now_us)
{
    Entry *entry = transfers_entry_of(transfers, halt->offer.data, from);

    if (!entry)
        entry = entry_for_decline(transfers, from, halt);
    if (!entry)
        return;
    /* It speaks of an earlier acceptance. Before one, ids do not agree yet. */
    if (halt->transfer.len && entry_is_active(entry) &&
        memcmp(halt->transfer.data, entry->wire, TRANSFER_SIZE) != 0)
        return;
    entry_halted(entry, halt->why, halt->text, now_us);
}

static bool too_many(Transfers *transfers, const uint8_t *from, int64_t now_us)
{
    g_autoptr(GBytes) key = g_bytes_new(from, KEY_SIZE);
    Bucket *bucket = g_hash_table_lookup(transfers->buckets, key);

    if (!bucket) {
        if (g_hash_table_size(transfers->buckets) >= BUCKETS_MAX)
            g_hash_table_remove_all(transfers->buckets);
        bucket = g_new0(Bucket, 1);
        g_hash_table_insert(transfers->buckets, g_bytes_ref(key), bucket);
    }
    return bucket_take(bucket, NOTE_RATE, NOTE_BURST, now_us) > 0;
}

static Entry *named(Transfers *transfers, const uint8_t *from, const ProtobufCBinaryData *wire)
{
    Entry *entry = transfers_entry_by_wire(transfers, wire->data);

    if (!entry || memcmp(entry->peer, from, KEY_SIZE) != 0 || !entry_may_talk(entry))
        return NULL;
    return entry;
}

void transfers_note(Transfers *transfers, const uint8_t *from, const Wire__Note *note,
                    int64_t now_us)
{
    Entry *entry = NULL;

    if (!transfers->joined || !memcmp(from, transfers->self, KEY_SIZE) ||
        too_many(transfers, from, now_us))
        return;
    /* Who writes is here, whatever came first. */
    transfers_presence(transfers, from, true, now_us);
    switch (note->body_case) {
    case WIRE__NOTE__BODY_ACCEPT:
        serve_accept(transfers, from, note->accept, now_us);
        break;
    case WIRE__NOTE__BODY_READY:
        entry = named(transfers, from, &note->ready->transfer);
        if (entry)
            attempt_ready(entry, note->ready, now_us);
        break;
    case WIRE__NOTE__BODY_TURN:
        entry = named(transfers, from, &note->turn->transfer);
        if (entry)
            serve_turn(entry, note->turn, now_us);
        break;
    case WIRE__NOTE__BODY_HALT:
        halt(transfers, from, note->halt, now_us);
        break;
    default:
        break;
    }
    transfers_settle(transfers, now_us);
}
