#include "relay/throttle.h"

#include "relay/bucket.h"

#define LEAST (16 * 1024) /* bytes; less is not worth a system call */
#define BURST_S 0.02      /* what may leave at once after a rest, in seconds of the rate */

struct Throttle {
    PollerWatch *timer;
    double rate, burst; /* bytes a second, bytes; rate 0: no bound */
    Bucket bucket;
    GQueue waiting;               /* ThrottleEntry, by `node` */
    const ThrottleEntry *on_turn; /* it need not stand behind the others */
};

/* Whoever has its turn keeps its place in front. */
static void stand_in_queue(Throttle *throttle, ThrottleEntry *entry)
{
    if (entry->waiting)
        return;
    entry->waiting = true;
    entry->node.data = entry;
    if (throttle->on_turn == entry)
        g_queue_push_head_link(&throttle->waiting, &entry->node);
    else
        g_queue_push_tail_link(&throttle->waiting, &entry->node);
}

size_t throttle_take(Throttle *throttle, ThrottleEntry *entry, size_t most)
{
    if (throttle->rate == 0 || most == 0)
        return most;
    double taken = 0;
    if (throttle->waiting.length == 0 || throttle->on_turn == entry) {
        int64_t now_us = g_get_monotonic_time(), wait_us = 0;
        taken = bucket_take_some(&throttle->bucket, throttle->rate, throttle->burst,
                                 (double)MIN(most, LEAST), (double)most, now_us, &wait_us);
        if (taken == 0)
            poller_set_deadline(throttle->timer, now_us + wait_us);
    }
    if (taken == 0)
        stand_in_queue(throttle, entry);
    return (size_t)taken;
}

void throttle_give_back(Throttle *throttle, size_t unused)
{
    if (throttle->rate > 0)
        throttle->bucket.tokens += (double)unused;
}

void throttle_leave(Throttle *throttle, ThrottleEntry *entry)
{
    if (!entry->waiting)
        return;
    entry->waiting = false;
    g_queue_unlink(&throttle->waiting, &entry->node);
}

/* Everyone who waits now, once, until there is nothing left to give. */
static void give_turns(uint32_t events, void *user)
{
    Throttle *throttle = user;
    bool starved = false;
    for (unsigned left = throttle->waiting.length; left > 0 && !starved; left--) {
        if (throttle->waiting.length == 0)
            return;
        ThrottleEntry *entry = throttle->waiting.head->data;
        throttle_leave(throttle, entry);
        throttle->on_turn = entry;
        entry->turn(entry->user);
        throttle->on_turn = NULL;
        /* Then it has set the timer. It may be gone: only its address is looked at. */
        starved = throttle->waiting.length > 0 && throttle->waiting.head->data == entry;
    }
    if (!starved && throttle->waiting.length > 0)
        poller_set_deadline(throttle->timer, g_get_monotonic_time());
}

Throttle *throttle_new(Poller *poller, uint64_t rate)
{
    Throttle *throttle = g_new0(Throttle, 1);
    throttle->rate = (double)rate;
    throttle->burst = MAX(throttle->rate * BURST_S, (double)(4 * LEAST));
    throttle->timer = poller_watch(poller, -1, 0, give_turns, throttle);
    g_queue_init(&throttle->waiting);
    return throttle;
}

void throttle_free(Throttle *throttle)
{
    if (throttle == NULL)
        return;
    g_assert(throttle->waiting.length == 0);
    poller_unwatch(throttle->timer);
    g_free(throttle);
}
