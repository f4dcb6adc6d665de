#pragma once
/* Catching up between two logs of a place over one link: both name the heads of their feeds, each
 * asks for what it lacks, newest first, and says when it has everything. The same core at both
 * ends, socket-free; relay/hub_exchange.c and app/session_exchange.c are its users. PROTOCOL.md,
 * "Catching up".
 *
 * It reads the log, never writes it: what was given is handed to the user, who verifies and appends
 * it. One thread. */

#include "relay/log.h"
#include "wire.pb-c.h"

#include <stdbool.h>

#define WANTS_AT_ONCE 16 /* Wants without a Give … */
#define WANT_EVENTS 64   /* events of a Give: so many signatures are verified between two rounds */
#define EVENTS_AT_ONCE (2 * WANT_EVENTS) /* … for no more events than this, as far as is known */
#define WANT_PATIENCE_US (10 * INT64_C(1000000))
#define LACKS_MAX 8192 /* feeds that one link may make this node remember */

typedef struct Exchange Exchange;

/* All but `send` may be NULL. */
typedef struct {
    /* Queues a frame. False: the link is over. */
    bool (*send)(GBytes *frame, void *user);
    /* Is there room for a long frame in the link's queue? Else exchange_continue() goes on later.
     */
    bool (*has_room)(void *user);
    /* Is somebody else being asked for some of this at the moment? */
    bool (*asked_elsewhere)(const LogHead *feed, const LogSpan *span, void *user);
    /* The last of a row of Heads came; it goes up to `position`. Before anything is asked for. */
    void (*named)(uint64_t position, void *user);
    /* Everything that the other's Heads named up to `position` is committed here, or the other
     * turned out not to have it. Settled was sent. */
    void (*complete)(uint64_t position, void *user);
    /* The other said Settled: it holds everything of this log up to `position`. */
    void (*settled)(uint64_t position, void *user);
} ExchangeOutput;

typedef struct {
    const uint8_t *owner; /* KEY_SIZE, may be NULL: whose own private feeds are always named, and
                             taken back */
    const uint8_t *other; /* KEY_SIZE: whom the link is with */
    /* Takes private events of others into custody: relays do, and who may become one. */
    bool takes_private;
    /* Names and gives private events that do not concern the other: to who serves the place, and to
     * who is about to. */
    bool gives_private;
} ExchangeConfig;

/* `log` must outlive it; the keys are copied. */
Exchange *exchange_new(Log *log, const ExchangeConfig *config, const ExchangeOutput *output,
                       void *user);
void exchange_free(Exchange *exchange);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Exchange, exchange_free)
void exchange_set_gives_private(Exchange *exchange, bool gives_private);

/* Names the heads of what came after `position` of the own log (log_heads_since()). */
void exchange_offer(Exchange *exchange, uint64_t position, int64_t now_us);
/* Names the private feeds with bodies still here, whoever wrote them: to who will keep them for
 * their readers. They may be given from now on. False: there are none, nothing was sent. */
bool exchange_offer_custody(Exchange *exchange, int64_t now_us);
/* Wants the other's heads, of everything. */
void exchange_ask(Exchange *exchange, int64_t now_us);
/* The other's frames. False: it asks or answers for what makes no sense, and the link should end.
 * Heads with `ask` are answered by an offer of everything, soon. */
bool exchange_heads(Exchange *exchange, const Wire__Heads *heads, int64_t now_us);
bool exchange_want(Exchange *exchange, const Wire__Want *want, int64_t now_us);
/* `take` is called for each event that is not here yet; it was asked for, but is not verified.
 * What it appends is committed before exchange_continue(); if log_losses() tells there that it was
 * not, everything begins anew. */
bool exchange_give(Exchange *exchange, const Wire__Give *give,
                   void (*take)(const Wire__SignedEvent *event, void *user), int64_t now_us);
void exchange_is_settled(Exchange *exchange, const Wire__Settled *settled);

/* After each commit, and at exchange_deadline(): asks for what is still missing, gives up what is
 * not answered, answers what waited, says Settled. Cheap when there is nothing to do. `pause`: asks
 * for nothing new (the disk is full, too much came). */
void exchange_continue(Exchange *exchange, bool pause, int64_t now_us);
int64_t exchange_deadline(const Exchange *exchange); /* INT64_MAX: waits for nothing */
/* Asks for nothing more of what the other named; it is not settled. */
void exchange_drop(Exchange *exchange);

/* Is some of this part of the feed being asked for here? For asked_elsewhere() of others. */
bool exchange_asks(const Exchange *exchange, const LogHead *feed, const LogSpan *span);
/* Something named by the other is still missing here, or an answer owed. */
bool exchange_busy(const Exchange *exchange);
/* About how many events are missing here, as far as the other's heads tell. */
uint64_t exchange_missing(const Exchange *exchange);
