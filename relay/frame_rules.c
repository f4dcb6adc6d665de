#include "relay/frame_rules.h"

#include "relay/limits.h"

#include <stdbool.h>
#include <string.h>

#define BAD_UNLESS(condition, what)                                                                \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return what;                                                                           \
    } while (0)

static bool empty_or(ProtobufCBinaryData bytes, size_t size)
{
    return bytes.len == 0 || bytes.len == size;
}

static bool is_time(int64_t time_ms)
{
    return time_ms >= TIME_MIN_MS && time_ms <= TIME_MAX_MS;
}

static bool is_event(const Wire__SignedEvent *event)
{
    return event != NULL && event->body.len > 0;
}

static bool is_head(const Wire__Head *head)
{
    return head != NULL && empty_or(head->author, KEY_SIZE) && head->lane <= 1 &&
           head->seq <= POSITION_MAX && head->hash.len == (head->seq == 0 ? 0 : HASH_SIZE) &&
           head->count <= POSITION_MAX && empty_or(head->sum, SUM_SIZE) && head->first <= head->seq;
}

static bool are_addresses(char **addresses, size_t count)
{
    if (count > ADDRESSES_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strlen(addresses[i]) > ADDRESS_MAX)
            return false;
    }
    return true;
}

static const char *check_hello(Wire__Hello *hello)
{
    BAD_UNLESS(strlen(hello->software) <= SOFTWARE_MAX, "long software");
    BAD_UNLESS(empty_or(hello->place, PLACE_SIZE), "size of place");
    BAD_UNLESS(empty_or(hello->log, PLACE_SIZE), "size of log");
    BAD_UNLESS(hello->position <= POSITION_MAX, "position out of range");
    BAD_UNLESS(are_addresses(hello->addresses, hello->n_addresses), "bad addresses");
    BAD_UNLESS(hello->mark_position <= POSITION_MAX, "position out of range");
    BAD_UNLESS(hello->mark.len == (hello->mark_position == 0 ? 0 : HASH_SIZE), "size of mark");
    return NULL;
}

static const char *check_welcome(Wire__Welcome *welcome)
{
    BAD_UNLESS(strlen(welcome->software) <= SOFTWARE_MAX, "long software");
    BAD_UNLESS(welcome->place.len == PLACE_SIZE, "size of place");
    BAD_UNLESS(strlen(welcome->place_name) <= NAME_MAX_BYTES, "long place name");
    BAD_UNLESS(is_time(welcome->room_time_ms), "time out of range");
    BAD_UNLESS(welcome->log.len == PLACE_SIZE, "size of log");
    BAD_UNLESS(welcome->head <= POSITION_MAX, "head out of range");
    BAD_UNLESS(welcome->limits != NULL, "no limits");
    for (size_t i = 0; i < welcome->n_own_heads; i++)
        BAD_UNLESS(is_head(welcome->own_heads[i]), "bad head");
    BAD_UNLESS(empty_or(welcome->keeper, KEY_SIZE), "size of keeper");
    BAD_UNLESS(empty_or(welcome->proof, PROOF_SIZE), "size of proof");
    return NULL;
}

static const char *check_lock(Wire__Lock *lock)
{
    BAD_UNLESS(lock->share.len == SHARE_SIZE, "size of share");
    BAD_UNLESS(strlen(lock->place_name) <= NAME_MAX_BYTES, "long place name");
    BAD_UNLESS(lock->place.len == PLACE_SIZE, "size of place");
    return NULL;
}

static const char *check_unlock(Wire__Unlock *unlock)
{
    BAD_UNLESS(unlock->share.len == SHARE_SIZE, "size of share");
    BAD_UNLESS(unlock->proof.len == PROOF_SIZE, "size of proof");
    return NULL;
}

static const char *check_claim(Wire__Claim *claim)
{
    BAD_UNLESS(claim->code[0] != '\0' && strlen(claim->code) <= CLAIM_MAX, "size of code");
    return NULL;
}

static const char *check_advice(Wire__Advice *advice)
{
    BAD_UNLESS(strlen(advice->code) <= ADVICE_CODE_MAX, "long code");
    BAD_UNLESS(strlen(advice->text) <= NOTE_MAX, "long text");
    return NULL;
}

static const char *check_submit(Wire__Submit *submit)
{
    BAD_UNLESS(is_event(submit->event), "no event");
    return NULL;
}

static const char *check_receipt(Wire__Receipt *receipt)
{
    if ((unsigned)receipt->refusal > WIRE__REFUSAL__DISK)
        receipt->refusal = WIRE__REFUSAL__NOT_ALLOWED;
    bool taken = receipt->refusal == WIRE__REFUSAL__NONE;
    bool wants_head =
        receipt->refusal == WIRE__REFUSAL__GAP || receipt->refusal == WIRE__REFUSAL__FORK;
    BAD_UNLESS(receipt->hash.len == HASH_SIZE, "size of hash");
    BAD_UNLESS(!taken || (receipt->position > 0 && receipt->position <= POSITION_MAX),
               "position out of range");
    BAD_UNLESS(strlen(receipt->text) <= NOTE_MAX, "long text");
    BAD_UNLESS(receipt->head == NULL ? !wants_head : is_head(receipt->head), "bad head");
    return NULL;
}

static const char *check_entries(Wire__Entry **entries, size_t count, uint64_t after,
                                 uint64_t through)
{
    BAD_UNLESS(after <= through && through <= POSITION_MAX, "bad range of positions");
    uint64_t last = after;
    for (size_t i = 0; i < count; i++) {
        BAD_UNLESS(entries[i]->position > last && entries[i]->position <= through,
                   "positions do not rise");
        BAD_UNLESS(is_event(entries[i]->event), "no event");
        last = entries[i]->position;
    }
    return NULL;
}

static const char *check_deliver(Wire__Deliver *deliver)
{
    return check_entries(deliver->entries, deliver->n_entries, deliver->after, deliver->through);
}

static const char *check_fetch(Wire__Fetch *fetch)
{
    BAD_UNLESS(fetch->request != 0, "no request number");
    BAD_UNLESS(fetch->after <= POSITION_MAX && fetch->before <= POSITION_MAX,
               "position out of range");
    BAD_UNLESS(fetch->before == 0 || fetch->before > fetch->after, "bad range of positions");
    BAD_UNLESS(fetch->limit != 0, "no limit");
    return NULL;
}

static const char *check_page(Wire__Page *page)
{
    BAD_UNLESS(page->retry_ms == 0 || page->n_entries == 0, "entries of a refused page");
    return check_entries(page->entries, page->n_entries, page->after, page->through);
}

static const char *check_heads(Wire__Heads *heads)
{
    for (size_t i = 0; i < heads->n_heads; i++) {
        const Wire__Head *head = heads->heads[i];
        BAD_UNLESS(is_head(head) && head->author.len == KEY_SIZE, "bad head");
        BAD_UNLESS(head->seq > 0 && head->count > 0 && head->sum.len == SUM_SIZE,
                   "head of nothing");
    }
    BAD_UNLESS(heads->position <= POSITION_MAX, "position out of range");
    BAD_UNLESS(!heads->more || heads->position == 0, "position before the last heads");
    return NULL;
}

static const char *check_want(Wire__Want *want)
{
    BAD_UNLESS(want->request != 0, "no request number");
    BAD_UNLESS(want->author.len == KEY_SIZE, "size of author");
    BAD_UNLESS(want->lane <= 1, "unknown lane");
    BAD_UNLESS(want->first > 0 && want->first <= want->last && want->last <= POSITION_MAX,
               "bad range of a feed");
    return NULL;
}

static const char *check_give(Wire__Give *give)
{
    BAD_UNLESS(give->request != 0, "no request number");
    BAD_UNLESS(give->first > 0 && give->first <= POSITION_MAX, "bad range of a feed");
    for (size_t i = 0; i < give->n_events; i++)
        BAD_UNLESS(is_event(give->events[i]), "no event");
    return NULL;
}

static const char *check_settled(Wire__Settled *settled)
{
    BAD_UNLESS(settled->position <= POSITION_MAX, "position out of range");
    return NULL;
}

static const char *check_successors(Wire__Successors *successors)
{
    BAD_UNLESS(successors->n_successors <= SUCCESSORS_MAX, "too many successors");
    for (size_t i = 0; i < successors->n_successors; i++) {
        const Wire__Successor *successor = successors->successors[i];
        BAD_UNLESS(successor->key.len == KEY_SIZE, "size of key");
        BAD_UNLESS(are_addresses(successor->addresses, successor->n_addresses), "bad addresses");
    }
    return NULL;
}

static const char *check_roster(Wire__Roster *roster)
{
    for (size_t i = 0; i < roster->n_entries; i++) {
        Wire__RosterEntry *entry = roster->entries[i];
        if ((unsigned)entry->presence > WIRE__PRESENCE__OFFLINE)
            entry->presence = WIRE__PRESENCE__ONLINE;
        BAD_UNLESS(entry->key.len == KEY_SIZE, "size of key");
        BAD_UNLESS(is_time(entry->since_ms), "time out of range");
        BAD_UNLESS(entry->profile == NULL || is_event(entry->profile), "empty profile");
    }
    return NULL;
}

static const char *check_status(Wire__Status *status)
{
    BAD_UNLESS(empty_or(status->from, KEY_SIZE), "size of from");
    BAD_UNLESS(empty_or(status->room, PLACE_SIZE), "size of room");
    BAD_UNLESS(empty_or(status->to, KEY_SIZE), "size of to");
    bool somewhere = (status->room.len != 0) != (status->to.len != 0);
    BAD_UNLESS(status->what != WIRE__STATUS__WHAT__TYPING || somewhere, "typing nowhere");
    return NULL;
}

static const char *check_signal(Wire__Signal *signal)
{
    BAD_UNLESS(signal->to.len == KEY_SIZE, "size of to");
    BAD_UNLESS(empty_or(signal->from, KEY_SIZE), "size of from");
    BAD_UNLESS(signal->returned == (signal->sealed.len == 0) && signal->sealed.len <= SIGNAL_MAX,
               "size of sealed");
    return NULL;
}

static const char *check_ping(Wire__Ping *ping)
{
    BAD_UNLESS(ping->position <= POSITION_MAX, "position out of range");
    return NULL;
}

static const char *check_pong(Wire__Pong *pong)
{
    BAD_UNLESS(is_time(pong->room_time_ms), "time out of range");
    BAD_UNLESS(pong->ping_after_ms <= PING_AFTER_MAX_MS, "silence out of range");
    return NULL;
}

static const char *check_goodbye(Wire__Goodbye *goodbye)
{
    if ((unsigned)goodbye->why > WIRE__PARTING__LOCKED)
        goodbye->why = WIRE__PARTING__LEAVING;
    BAD_UNLESS(strlen(goodbye->text) <= NOTE_MAX, "long text");
    BAD_UNLESS(empty_or(goodbye->successor, KEY_SIZE), "size of successor");
    BAD_UNLESS(are_addresses(goodbye->addresses, goodbye->n_addresses), "bad addresses");
    BAD_UNLESS(is_time(goodbye->until_ms), "time out of range");
    return NULL;
}

/* A body may be present and empty on the wire, but a pointer is always there. */
const char *frame_check(Wire__Frame *frame)
{
    switch (frame->body_case) {
    case WIRE__FRAME__BODY_HELLO:
        return check_hello(frame->hello);
    case WIRE__FRAME__BODY_WELCOME:
        return check_welcome(frame->welcome);
    case WIRE__FRAME__BODY_SUBMIT:
        return check_submit(frame->submit);
    case WIRE__FRAME__BODY_RECEIPT:
        return check_receipt(frame->receipt);
    case WIRE__FRAME__BODY_DELIVER:
        return check_deliver(frame->deliver);
    case WIRE__FRAME__BODY_FETCH:
        return check_fetch(frame->fetch);
    case WIRE__FRAME__BODY_PAGE:
        return check_page(frame->page);
    case WIRE__FRAME__BODY_HEADS:
        return check_heads(frame->heads);
    case WIRE__FRAME__BODY_WANT:
        return check_want(frame->want);
    case WIRE__FRAME__BODY_GIVE:
        return check_give(frame->give);
    case WIRE__FRAME__BODY_SETTLED:
        return check_settled(frame->settled);
    case WIRE__FRAME__BODY_SUCCESSORS:
        return check_successors(frame->successors);
    case WIRE__FRAME__BODY_ROSTER:
        return check_roster(frame->roster);
    case WIRE__FRAME__BODY_STATUS:
        if ((unsigned)frame->status->what > WIRE__STATUS__WHAT__TYPING) {
            frame->body_case = WIRE__FRAME__BODY__NOT_SET;
            return NULL;
        }
        return check_status(frame->status);
    case WIRE__FRAME__BODY_SIGNAL:
        return check_signal(frame->signal);
    case WIRE__FRAME__BODY_PING:
        return check_ping(frame->ping);
    case WIRE__FRAME__BODY_PONG:
        return check_pong(frame->pong);
    case WIRE__FRAME__BODY_GOODBYE:
        return check_goodbye(frame->goodbye);
    case WIRE__FRAME__BODY_LOCK:
        return check_lock(frame->lock);
    case WIRE__FRAME__BODY_UNLOCK:
        return check_unlock(frame->unlock);
    case WIRE__FRAME__BODY_CLAIM:
        return check_claim(frame->claim);
    case WIRE__FRAME__BODY_ADVICE:
        return check_advice(frame->advice);
    default:
        return NULL;
    }
}
