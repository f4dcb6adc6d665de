#pragma once
/* Catching up between two logs of a place over one link: both name the heads of their feeds, each
 * asks for what it lacks, newest first, and says when it has everything. The same core at both
 * ends, socket-free; relay/hub_exchange.c and app/session_exchange.c are its users. PROTOCOL.md
 * §5a.
 *
 * It reads the log, never writes it: what was given is handed to the user, who verifies and appends
 * it. One thread. */

#include "relay/log.h"

#include <stdbool.h>

#define WANTS_AT_ONCE 2 /* Wants without a Give */
#define WANT_EVENTS 64  /* events of a Give: so many signatures are verified between two rounds */
#define WANT_PATIENCE_US (10 * INT64_C(1000000))
#define LACKS_MAX 8192 /* parts of feeds that one link may make this node remember */

typedef struct Exchange Exchange;

typedef struct {
    /* Queues a frame. False: the link is over. */
    bool (*send)(GBytes *frame, void *user);
    /* Is somebody else being asked for this at the moment? May be NULL. */
    bool (*asked_elsewhere)(const LogHead *feed, const LogSpan *span, void *user);
    /* Everything that the other's Heads named up to its last `position` is committed here, or the
     * other turned out not to have it. Settled was sent. May be NULL. */
    void (*complete)(uint64_t position, void *user);
    /* The other said Settled: it holds everything of this log up to `position`. May be NULL. */
    void (*settled)(uint64_t position, void *user);
} ExchangeOutput;

/* `log` must outlive it. `private_feeds`: also takes private events of others into custody: relays
 * do, and who is about to be one. */
Exchange *exchange_new(Log *log, bool private_feeds, const ExchangeOutput *output, void *user);
void exchange_free(Exchange *exchange);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Exchange, exchange_free)

/* Names the heads of what came after `position` of the own log (log_heads_since()); `ask`: and
 * wants the other's. */
void exchange_offer(Exchange *exchange, uint64_t position, const uint8_t *owner, bool ask);
/* The other's frames. False: it asks or answers for what makes no sense, and the link should end.
 */
bool exchange_heads(Exchange *exchange, const Wire__Heads *heads, int64_t now_us);
bool exchange_want(Exchange *exchange, const Wire__Want *want);
/* `take` is called for each event, still to be verified; what it appends is committed before
 * exchange_continue(). */
bool exchange_give(Exchange *exchange, const Wire__Give *give,
                   void (*take)(const Wire__SignedEvent *event, void *user), int64_t now_us);
void exchange_is_settled(Exchange *exchange, const Wire__Settled *settled);

/* After each commit, and at exchange_deadline(): asks for what is still missing, gives up what is
 * not answered, says Settled. Cheap when there is nothing to do. `pause`: asks for nothing new (the
 * disk is full, the queue is). */
void exchange_continue(Exchange *exchange, bool pause, int64_t now_us);
int64_t exchange_deadline(const Exchange *exchange); /* INT64_MAX: waits for nothing */

/* Is this part of the feed being asked for here? For asked_elsewhere() of others. */
bool exchange_asks(const Exchange *exchange, const LogHead *feed, const LogSpan *span);
/* Something named by the other is still missing here. */
bool exchange_busy(const Exchange *exchange);
/* How many events are missing here, as far as the other's heads tell. */
uint64_t exchange_missing(const Exchange *exchange);
