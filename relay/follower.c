#include "relay/follower.h"

#include "relay/arena.h"
#include "relay/cpace.h"
#include "relay/frame.h"

#include <sodium.h>
#include <string.h>

/* A relay compares feeds with a member once in five seconds (HEADS_RATE in relay/hub_read.c). */
#define ASK_EVERY_US (6 * INT64_C(1000000))
/* What was left out comes in bursts: it is asked for when they are over. */
#define ASK_PAUSE_US (500 * INT64_C(1000))
#define DISK_RETRY_US (5 * INT64_C(1000000))

struct Follower {
    Log *log;
    FollowerOutput output;
    void *user;
    uint8_t other[KEY_SIZE];
    Arena *arena;
    Exchange *exchange; /* NULL before it is admitted */
    GPtrArray *successors;
    bool unlocking; /* Unlock was sent, and this is to come: */
    uint8_t expected[PROOF_SIZE];
    bool over;
    bool failed;      /* something that came could not be stored */
    bool awaits;      /* Heads were asked for, and not all have come */
    uint64_t through; /* the other's log was delivered up to here */
    int64_t ask_us;   /* Heads are asked for again then; INT64_MAX: nothing is missing */
    int64_t asked_us;
    int64_t retry_us; /* the disk is given a rest until then */
    int64_t heard_us, pinged_us;
    uint64_t nonce;
    int64_t room_ms, room_us; /* room time, and when it was that; 0: not known */
    int64_t now_us;           /* of the call under way */
};

static void successor_free(gpointer data)
{
    FollowerSuccessor *successor = data;
    g_strfreev(successor->addresses);
    g_free(successor);
}

static void end(Follower *follower, FollowerEnd why, const uint8_t *successor,
                char *const *addresses)
{
    static char *const nowhere[] = {NULL};
    if (follower->over)
        return;
    follower->over = true;
    follower->output.over(why, successor, addresses != NULL ? addresses : nowhere, follower->user);
}

static void send_frame(Follower *follower, const Wire__Frame *frame)
{
    g_autoptr(GBytes) bytes = frame_build(frame);
    if (!follower->over && !follower->output.send(bytes, follower->user))
        end(follower, FOLLOWER_SILENT, NULL, NULL);
}

static void say_hello(Follower *follower, char *const *addresses)
{
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.version = PROTOCOL_VERSION;
    hello.software = (char *)"backfence-relay/" BACKFENCE_VERSION;
    hello.place = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)log_place(follower->log)};
    hello.app = true;
    hello.relay_program = true;
    hello.addresses = (char **)addresses;
    hello.n_addresses = MIN(g_strv_length((char **)addresses), ADDRESSES_MAX);
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HELLO;
    frame.hello = &hello;
    send_frame(follower, &frame);
}

static bool exchange_sends(GBytes *frame, void *user)
{
    Follower *follower = user;
    return !follower->over && follower->output.send(frame, follower->user);
}

static bool exchange_has_room(void *user)
{
    Follower *follower = user;
    return follower->output.has_room(follower->user);
}

Follower *follower_new(Log *log, const uint8_t *other, char *const *addresses,
                       const FollowerOutput *output, void *user, int64_t now_us)
{
    Follower *follower = g_new0(Follower, 1);
    follower->log = log;
    follower->output = *output;
    follower->user = user;
    memcpy(follower->other, other, KEY_SIZE);
    follower->arena = arena_new(FRAME_ARENA_SIZE);
    follower->successors = g_ptr_array_new_with_free_func(successor_free);
    follower->ask_us = INT64_MAX;
    follower->heard_us = follower->pinged_us = follower->now_us = now_us;
    say_hello(follower, addresses);
    return follower;
}

void follower_free(Follower *follower)
{
    if (follower == NULL)
        return;
    exchange_free(follower->exchange);
    g_ptr_array_unref(follower->successors);
    arena_free(follower->arena);
    sodium_memzero(follower->expected, PROOF_SIZE);
    g_free(follower);
}

static void set_room_time(Follower *follower, int64_t room_ms)
{
    follower->room_ms = CLAMP(room_ms, TIME_MIN_MS, TIME_MAX_MS);
    follower->room_us = follower->now_us;
}

int64_t follower_room_time_ms(const Follower *follower, int64_t now_us)
{
    if (follower->room_ms == 0)
        return 0;
    return MIN(follower->room_ms + (now_us - follower->room_us) / 1000, TIME_MAX_MS);
}

static void ask(Follower *follower)
{
    follower->awaits = true;
    follower->ask_us = INT64_MAX;
    follower->asked_us = follower->now_us;
    exchange_ask(follower->exchange, follower->now_us);
}

static void ask_later(Follower *follower, int64_t pause_us)
{
    follower->ask_us = MAX(follower->now_us + pause_us, follower->asked_us + ASK_EVERY_US);
}

static void exchange_named(uint64_t position, void *user)
{
    ((Follower *)user)->awaits = false;
}

static void begin_exchange(Follower *follower)
{
    const ExchangeOutput output = {
        .send = exchange_sends,
        .has_room = follower->output.has_room != NULL ? exchange_has_room : NULL,
        .named = exchange_named,
    };
    const ExchangeConfig config = {
        .other = follower->other, .takes_private = true, .gives_private = true};
    follower->exchange = exchange_new(follower->log, &config, &output, follower);
}

/* False: it is not what it should be, or this one is not told what to say. */
static bool answer(Follower *follower, const Wire__Lock *lock)
{
    uint8_t share[SHARE_SIZE], proof[PROOF_SIZE];
    if (follower->output.unlock == NULL || follower->unlocking || follower->exchange != NULL ||
        memcmp(lock->place.data, log_place(follower->log), PLACE_SIZE) != 0 ||
        !follower->output.unlock(lock->share.data, share, proof, follower->expected,
                                 follower->user))
        return false;
    follower->unlocking = true;
    Wire__Unlock unlock = WIRE__UNLOCK__INIT;
    unlock.share = (ProtobufCBinaryData){SHARE_SIZE, share};
    unlock.proof = (ProtobufCBinaryData){PROOF_SIZE, proof};
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_UNLOCK;
    frame.unlock = &unlock;
    send_frame(follower, &frame);
    return true;
}

/* Who serves a locked place proves to know what it is locked with. */
static bool is_proved(const Follower *follower, const Wire__Welcome *welcome)
{
    if (follower->output.unlock == NULL)
        return true;
    return follower->unlocking && welcome->proof.len == PROOF_SIZE &&
           cpace_confirm(follower->expected, welcome->proof.data);
}

static void welcome(Follower *follower, const Wire__Welcome *welcome)
{
    if (follower->exchange != NULL || !is_proved(follower, welcome) ||
        welcome->version != PROTOCOL_VERSION || !welcome->relay_program ||
        memcmp(welcome->place.data, log_place(follower->log), PLACE_SIZE) != 0) {
        end(follower, FOLLOWER_REFUSED, NULL, NULL);
        return;
    }
    set_room_time(follower, welcome->room_time_ms);
    follower->through = welcome->head;
    begin_exchange(follower);
    follower->output.admitted(follower->user);
    if (welcome->keeper.len == KEY_SIZE &&
        !log_adopt_keeper(follower->log, welcome->keeper.data, NULL))
        follower->failed = true;
    exchange_offer(follower->exchange, 0, follower->now_us);
    ask(follower);
}

/* Judged as what a stranger says. */
static void take(const Wire__SignedEvent *wire, void *user)
{
    Follower *follower = user;
    if (follower->failed || wire->body.len > EVENT_MAX)
        return;
    g_autoptr(Event) event = event_open(wire->body.data, wire->body.len, wire->signature.data,
                                        wire->signature.len, log_place(follower->log), NULL);
    if (event == NULL)
        return;
    const uint8_t *room = event_room(event);
    g_autoptr(GBytes) conversation = room != NULL ? g_bytes_new(room, PLACE_SIZE) : NULL;
    uint64_t position = 0;
    LogAppend result =
        log_append(follower->log, event, LOG_RULE_SET, 0, conversation, 0, NULL, &position, NULL);
    follower->failed = result == LOG_FAILED;
}

/* What is not for members comes by comparing, and so does what is too much to be delivered. */
static void deliver(Follower *follower, const Wire__Deliver *deliver)
{
    if (deliver->after > follower->through)
        ask_later(follower, ASK_PAUSE_US);
    for (size_t i = 0; i < deliver->n_entries; i++)
        take(deliver->entries[i]->event, follower);
    follower->through = MAX(follower->through, deliver->through);
}

static void take_successors(Follower *follower, const Wire__Successors *successors)
{
    g_ptr_array_set_size(follower->successors, 0);
    for (size_t i = 0; i < successors->n_successors; i++) {
        const Wire__Successor *from = successors->successors[i];
        FollowerSuccessor *successor = g_new0(FollowerSuccessor, 1);
        g_autoptr(GStrvBuilder) addresses = g_strv_builder_new();
        memcpy(successor->key, from->key.data, KEY_SIZE);
        successor->relay_program = from->relay_program;
        for (size_t j = 0; j < from->n_addresses; j++)
            g_strv_builder_add(addresses, from->addresses[j]);
        successor->addresses = g_strv_builder_end(addresses);
        g_ptr_array_add(follower->successors, successor);
    }
}

static void goodbye(Follower *follower, const Wire__Goodbye *goodbye)
{
    const uint8_t *successor = goodbye->successor.len == KEY_SIZE ? goodbye->successor.data : NULL;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (size_t i = 0; successor != NULL && i < goodbye->n_addresses; i++)
        g_strv_builder_add(builder, goodbye->addresses[i]);
    g_auto(GStrv) addresses = g_strv_builder_end(builder);
    switch (goodbye->why) {
    case WIRE__PARTING__MOVED:
        end(follower, FOLLOWER_MOVED, successor, addresses);
        break;
    case WIRE__PARTING__LEAVING:
    case WIRE__PARTING__SHUTTING_DOWN:
        end(follower, FOLLOWER_LEFT, successor, addresses);
        break;
    case WIRE__PARTING__TOO_SLOW:
    case WIRE__PARTING__SILENT:
        end(follower, FOLLOWER_SILENT, NULL, NULL);
        break;
    default:
        end(follower, FOLLOWER_REFUSED, NULL, NULL);
    }
}

/* False: it makes no sense. */
static bool dispatch(Follower *follower, const Wire__Frame *frame)
{
    switch (frame->body_case) {
    case WIRE__FRAME__BODY_DELIVER:
        deliver(follower, frame->deliver);
        return true;
    case WIRE__FRAME__BODY_HEADS:
        return exchange_heads(follower->exchange, frame->heads, follower->now_us);
    case WIRE__FRAME__BODY_WANT:
        return exchange_want(follower->exchange, frame->want, follower->now_us);
    case WIRE__FRAME__BODY_GIVE:
        return exchange_give(follower->exchange, frame->give, take, follower->now_us);
    case WIRE__FRAME__BODY_SETTLED:
        exchange_is_settled(follower->exchange, frame->settled);
        return true;
    case WIRE__FRAME__BODY_SUCCESSORS:
        take_successors(follower, frame->successors);
        return true;
    case WIRE__FRAME__BODY_PONG:
        set_room_time(follower, frame->pong->room_time_ms);
        return true;
    default: /* what is for people, or of a newer version */
        return true;
    }
}

void follower_frame(Follower *follower, const uint8_t *message, size_t length, int64_t now_us)
{
    if (follower->over)
        return;
    follower->now_us = follower->heard_us = now_us;
    arena_reset(follower->arena);
    const Wire__Frame *frame =
        length <= FRAME_MAX ? frame_parse(follower->arena, message, length, NULL) : NULL;
    if (frame == NULL)
        end(follower, FOLLOWER_REFUSED, NULL, NULL);
    else if (frame->body_case == WIRE__FRAME__BODY_GOODBYE)
        goodbye(follower, frame->goodbye);
    else if (frame->body_case == WIRE__FRAME__BODY_WELCOME)
        welcome(follower, frame->welcome);
    else if (frame->body_case == WIRE__FRAME__BODY_LOCK && answer(follower, frame->lock))
        return;
    else if (follower->exchange == NULL || !dispatch(follower, frame))
        end(follower, FOLLOWER_REFUSED, NULL, NULL);
}

/* What could not be stored is asked for again after a while. */
static bool commit(Follower *follower)
{
    bool stored = !follower->failed && log_commit(follower->log, NULL);
    follower->failed = false;
    if (!stored) {
        follower->retry_us = follower->now_us + DISK_RETRY_US;
        ask_later(follower, DISK_RETRY_US);
    }
    return stored;
}

void follower_flush(Follower *follower, int64_t now_us)
{
    follower->now_us = MAX(now_us, follower->now_us);
    if (follower->exchange == NULL)
        return;
    bool stored = commit(follower);
    if (!follower->over)
        exchange_continue(follower->exchange, !stored || follower->now_us < follower->retry_us,
                          follower->now_us);
}

static void ping(Follower *follower)
{
    /* Position 0: that this one holds it does not mean that the readers do. */
    Wire__Ping ping = WIRE__PING__INIT;
    ping.nonce = ++follower->nonce;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_PING;
    frame.ping = &ping;
    follower->pinged_us = follower->now_us;
    send_frame(follower, &frame);
}

void follower_tick(Follower *follower, int64_t now_us)
{
    follower_flush(follower, now_us);
    if (follower->over)
        return;
    if (follower->now_us >= follower->heard_us + FOLLOWER_SILENT_US) {
        end(follower, FOLLOWER_SILENT, NULL, NULL);
        return;
    }
    if (follower->exchange == NULL)
        return;
    if (follower->now_us >= MAX(follower->heard_us, follower->pinged_us) + FOLLOWER_PING_US)
        ping(follower);
    if (follower->now_us >= follower->ask_us && !follower->over)
        ask(follower);
}

int64_t follower_deadline(const Follower *follower)
{
    if (follower->over)
        return INT64_MAX;
    int64_t deadline = follower->heard_us + FOLLOWER_SILENT_US;
    if (follower->exchange == NULL)
        return deadline;
    deadline = MIN(deadline, MAX(follower->heard_us, follower->pinged_us) + FOLLOWER_PING_US);
    deadline = MIN(deadline, follower->ask_us);
    return MIN(deadline, exchange_deadline(follower->exchange));
}

void follower_leave(Follower *follower)
{
    Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    goodbye.why = WIRE__PARTING__LEAVING;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_GOODBYE;
    frame.goodbye = &goodbye;
    send_frame(follower, &frame);
    follower->over = true;
}

bool follower_is_admitted(const Follower *follower)
{
    return follower->exchange != NULL;
}

bool follower_is_level(const Follower *follower)
{
    return follower->exchange != NULL && !follower->awaits && follower->ask_us == INT64_MAX &&
           !exchange_busy(follower->exchange);
}

const GPtrArray *follower_successors(const Follower *follower)
{
    return follower->successors;
}
