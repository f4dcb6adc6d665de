/* What is missing here: what the other's heads show it to have, asked for feed by feed in turn,
 * from the top of each feed down.
 *
 * Of a feed only a range is remembered in which something may be missing; what exactly is looked up
 * when the feed's turn comes, so others may have brought it meanwhile. When the range was walked
 * through and the sums of hashes still differ, the feed is forked, and all of it is asked for once.
 */
#include "relay/exchange.h"

#include "relay/exchange_internal.h"
#include "relay/key.h"

#include <string.h>

/* Feeds looked at in one round for something that nobody is asked for yet. */
#define TRIES 256
#define TRY_AGAIN_US (20 * INT64_C(1000))
/* Wants of one feed without an answer before it is left alone. */
#define UNANSWERED_MAX 2
/* Without one event: fewer that are gone were not too much to look at. */
#define GONE_LEAST 1024

static guint lack_hash(gconstpointer data)
{
    const Lack *lack = data;
    return key_hash(lack->head.author) ^ (guint)lack->head.incarnation ^
           (guint)lack->head.lane << 31;
}

bool exchange_same_feed(const LogHead *a, const LogHead *b)
{
    return a->incarnation == b->incarnation && a->lane == b->lane &&
           memcmp(a->author, b->author, KEY_SIZE) == 0;
}

static gboolean lack_equal(gconstpointer a, gconstpointer b)
{
    return exchange_same_feed(&((const Lack *)a)->head, &((const Lack *)b)->head);
}

Exchange *exchange_new(Log *log, const ExchangeConfig *config, const ExchangeOutput *output,
                       void *user)
{
    Exchange *exchange = g_new0(Exchange, 1);
    exchange->log = log;
    exchange->has_owner = config->owner != NULL;
    if (config->owner)
        memcpy(exchange->owner, config->owner, KEY_SIZE);
    memcpy(exchange->other, config->other, KEY_SIZE);
    exchange->takes_private = config->takes_private;
    exchange->gives_private = config->gives_private;
    exchange->output = *output;
    exchange->user = user;
    exchange->lacks = g_hash_table_new_full(lack_hash, lack_equal, g_free, NULL);
    g_queue_init(&exchange->ready);
    g_queue_init(&exchange->wants);
    exchange->answer_us = exchange->more_us = INT64_MAX;
    exchange->losses = log_losses(log);
    return exchange;
}

void exchange_free(Exchange *exchange)
{
    if (!exchange)
        return;
    exchange_answer_clear(exchange);
    g_queue_clear(&exchange->ready);
    g_hash_table_unref(exchange->lacks);
    g_free(exchange);
}

void exchange_set_gives_private(Exchange *exchange, bool gives_private)
{
    exchange->gives_private = gives_private;
}

/* --- asking for it --- */

void exchange_get_ready(Exchange *exchange, Lack *lack)
{
    if (!lack->queued)
        g_queue_push_tail(&exchange->ready, lack);
    lack->queued = true;
}

static void forget_lack(Exchange *exchange, Lack *lack)
{
    if (lack->queued)
        g_queue_remove(&exchange->ready, lack);
    g_hash_table_remove(exchange->lacks, lack);
}

void exchange_drop(Exchange *exchange)
{
    for (unsigned i = 0; i < exchange->ask_count; i++) {
        exchange->late[exchange->late_next] = exchange->asks[i].request;
        exchange->late_next = (exchange->late_next + 1) % WANTS_AT_ONCE;
    }
    exchange->ask_count = 0;
    exchange->more_us = INT64_MAX;
    g_queue_clear(&exchange->ready);
    g_hash_table_remove_all(exchange->lacks);
    exchange->owes_settled = false;
}

/* Its range was walked through and all was answered. */
static void finish(Exchange *exchange, Lack *lack)
{
    if (lack->asked > 0 || lack->queued)
        return;
    bool comparable = true;
    LogHead mine =
        log_feed_head(exchange->log, lack->head.author, lack->head.incarnation, lack->head.lane);
    bool forked = exchange_contradicts(exchange, &lack->head, &mine, &comparable);
    exchange->unsure |= !comparable && !lack->gone;
    if (!forked || lack->all || lack->gone) {
        g_hash_table_remove(exchange->lacks, lack);
        return;
    }
    lack->all = true;
    lack->first = lack->head.lane == LANE_PRIVATE ? lack->head.first : 1;
    lack->last = lack->head.seq;
    exchange_get_ready(exchange, lack);
}

/* The next part of `lack` to ask for. False: there is none. */
static bool next_part(const Exchange *exchange, Lack *lack, LogSpan *part)
{
    if (lack->last < lack->first)
        return false;
    *part = (LogSpan){lack->first, lack->last};
    if (!lack->all) {
        g_autoptr(GArray) missing =
            log_missing(exchange->log, lack->head.author, lack->head.incarnation, lack->head.lane,
                        lack->first, lack->last, 1);
        if (!missing || missing->len == 0)
            return false;
        *part = g_array_index(missing, LogSpan, 0);
    }
    if (!lack->sparse && part->last - part->first >= WANT_EVENTS)
        part->first = part->last - WANT_EVENTS + 1;
    return true;
}

/* A key that begins feed after feed is not followed. */
static bool is_too_many(const Exchange *exchange, const Lack *lack)
{
    if (log_feed_head(exchange->log, lack->head.author, lack->head.incarnation, lack->head.lane)
            .seq > 0)
        return false;
    g_autoptr(GArray) feeds = log_heads(exchange->log, lack->head.author);
    return feeds && feeds->len >= FEEDS_MAX;
}

static void send_want(Exchange *exchange, Ask *ask, int64_t now_us)
{
    exchange->request = exchange->request == UINT32_MAX ? 1 : exchange->request + 1;
    ask->request = exchange->request;
    ask->sent_us = now_us;
    Wire__Want want = WIRE__WANT__INIT;
    want.request = ask->request;
    want.author = (ProtobufCBinaryData){KEY_SIZE, ask->lack->head.author};
    want.incarnation = ask->lack->head.incarnation;
    want.lane = ask->lack->head.lane;
    want.first = ask->first;
    want.last = ask->last;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_WANT;
    frame.want = &want;
    exchange_send(exchange, &frame);
}

static bool is_asked_elsewhere(const Exchange *exchange, const Lack *lack)
{
    LogSpan rest = {lack->first, lack->last};
    return lack->first <= lack->last && exchange->output.asked_elsewhere &&
           exchange->output.asked_elsewhere(&lack->head, &rest, exchange->user);
}

static uint64_t events_asked(const Exchange *exchange)
{
    uint64_t events = 0;
    for (unsigned i = 0; i < exchange->ask_count; i++)
        events += MIN(exchange->asks[i].last - exchange->asks[i].first + 1, WANT_EVENTS);
    return events;
}

static void ask_for(Exchange *exchange, Lack *lack, int64_t now_us)
{
    LogSpan part;
    if (is_too_many(exchange, lack) || !next_part(exchange, lack, &part)) {
        lack->last = lack->first - 1;
        finish(exchange, lack);
        return;
    }
    Ask *ask = &exchange->asks[exchange->ask_count++];
    *ask = (Ask){.lack = lack, .first = part.first, .last = part.last};
    lack->asked++;
    lack->last = part.first - 1;
    if (lack->first <= lack->last)
        exchange_get_ready(exchange, lack);
    send_want(exchange, ask, now_us);
}

static void ask_more(Exchange *exchange, int64_t now_us)
{
    unsigned deferred = 0;
    exchange->more_us = INT64_MAX;
    for (unsigned tries = 0; !exchange->paused && !g_queue_is_empty(&exchange->ready); tries++) {
        if (exchange->ask_count == WANTS_AT_ONCE || events_asked(exchange) >= EVENTS_AT_ONCE)
            return;
        if (tries >= TRIES || deferred >= exchange->ready.length) {
            exchange->more_us = now_us + TRY_AGAIN_US;
            return;
        }
        Lack *lack = g_queue_pop_head(&exchange->ready);
        lack->queued = false;
        if (is_asked_elsewhere(exchange, lack)) {
            exchange_get_ready(exchange, lack);
            deferred++;
        } else {
            ask_for(exchange, lack, now_us);
        }
    }
}

/* --- what is given --- */

static Ask *find_ask(Exchange *exchange, uint32_t request)
{
    for (unsigned i = 0; i < exchange->ask_count; i++) {
        if (exchange->asks[i].request == request)
            return &exchange->asks[i];
    }
    return NULL;
}

static bool is_late(const Exchange *exchange, uint32_t request)
{
    for (unsigned i = 0; i < WANTS_AT_ONCE; i++) {
        if (exchange->late[i] == request)
            return true;
    }
    return false;
}

static void end_ask(Exchange *exchange, Ask *ask)
{
    Lack *lack = ask->lack;
    lack->asked--;
    *ask = exchange->asks[--exchange->ask_count];
    finish(exchange, lack);
}

/* Reads no more than where it stands; the signature is the user's to verify. False: it is not what
 * was asked for. */
static bool look_at(Exchange *exchange, const Ask *ask, const Wire__SignedEvent *sent,
                    uint64_t *seq, bool *new)
{
    g_autoptr(GBytes) body = g_bytes_new(sent->body.data, sent->body.len);
    g_autoptr(GBytes) signature = g_bytes_new(sent->signature.data, sent->signature.len);
    g_autoptr(Event) event = event_from_log(body, signature);
    *new = false;
    if (!event) /* of a version that knows more, perhaps */
        return true;
    LogHead feed = {.incarnation = event_incarnation(event), .lane = event_lane(event)};
    memcpy(feed.author, event_author(event), KEY_SIZE);
    bool fits = exchange_same_feed(&feed, &ask->lack->head) && event_seq(event) >= ask->first &&
                event_seq(event) <= *seq;
    *seq = event_seq(event);
    *new = fits && !log_holds(exchange->log, feed.author, feed.incarnation, feed.lane, *seq,
                              event_hash(event));
    return fits;
}

static bool take_all(Exchange *exchange, const Ask *ask, const Wire__Give *give,
                     void (*take)(const Wire__SignedEvent *event, void *user))
{
    uint64_t seq = ask->last;
    for (size_t i = 0; i < give->n_events; i++) {
        bool new = false;
        if (!look_at(exchange, ask, give->events[i], &seq, &new))
            return false;
        if (!new)
            continue;
        exchange->uncommitted = true;
        ask->lack->estimate -= MIN(ask->lack->estimate, 1);
        take(give->events[i], exchange->user);
    }
    return true;
}

bool exchange_give(Exchange *exchange, const Wire__Give *give,
                   void (*take)(const Wire__SignedEvent *event, void *user), int64_t now_us)
{
    Ask *ask = find_ask(exchange, give->request);
    if (!ask)
        return is_late(exchange, give->request);
    if (give->n_events > WANT_EVENTS || give->first < ask->first || give->first > ask->last + 1 ||
        !take_all(exchange, ask, give, take))
        return false;
    ask->lack->unanswered = 0;
    if (give->n_events == 0)
        ask->lack->sparse = true;
    ask->lack->gone |= give->gone > 0;
    if ((give->n_events > 0 || give->gone >= GONE_LEAST) && give->first > ask->first &&
        give->first <= ask->last) {
        ask->last = give->first - 1; /* it did not fit into a frame, or was too much to look at */
        send_want(exchange, ask, now_us);
    } else {
        end_ask(exchange, ask);
    }
    ask_more(exchange, now_us);
    return true;
}

/* --- as time goes by --- */

static void give_up(Exchange *exchange, unsigned index)
{
    Ask ask = exchange->asks[index];
    exchange->late[exchange->late_next] = ask.request;
    exchange->late_next = (exchange->late_next + 1) % WANTS_AT_ONCE;
    exchange->asks[index] = exchange->asks[--exchange->ask_count];
    ask.lack->asked--;
    if (++ask.lack->unanswered < UNANSWERED_MAX) {
        ask.lack->last = MAX(ask.lack->last, ask.last);
        exchange_get_ready(exchange, ask.lack);
        return;
    }
    exchange->unsure = true;
    if (ask.lack->asked == 0)
        forget_lack(exchange, ask.lack);
}

static void settle(Exchange *exchange)
{
    exchange->owes_settled = false;
    if (exchange->unsure)
        return;
    Wire__Settled settled = WIRE__SETTLED__INIT;
    settled.position = exchange->position;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_SETTLED;
    frame.settled = &settled;
    exchange_send(exchange, &frame);
    if (exchange->output.complete)
        exchange->output.complete(exchange->position, exchange->user);
}

void exchange_continue(Exchange *exchange, bool pause, int64_t now_us)
{
    exchange->paused = pause;
    if (exchange->losses != log_losses(exchange->log) && exchange->uncommitted) {
        exchange_drop(exchange);
        exchange->ask_again = true;
    }
    exchange->losses = log_losses(exchange->log);
    exchange->uncommitted = false;
    for (unsigned i = exchange->ask_count; i-- > 0;) {
        if (now_us >= exchange->asks[i].sent_us + WANT_PATIENCE_US)
            give_up(exchange, i);
    }
    exchange_answer(exchange, now_us);
    ask_more(exchange, now_us);
    if (g_hash_table_size(exchange->lacks) > 0 || exchange->naming)
        return;
    if (exchange->owes_settled)
        settle(exchange);
    if (exchange->ask_again && !pause && now_us >= exchange->ask_us + ASK_AGAIN_US)
        exchange_ask(exchange, now_us);
}

int64_t exchange_deadline(const Exchange *exchange)
{
    int64_t deadline = MIN(exchange_answer_deadline(exchange), exchange->more_us);
    for (unsigned i = 0; i < exchange->ask_count; i++)
        deadline = MIN(deadline, exchange->asks[i].sent_us + WANT_PATIENCE_US);
    if (exchange->ask_again && !exchange->paused && !exchange->naming &&
        g_hash_table_size(exchange->lacks) == 0)
        deadline = MIN(deadline, exchange->ask_us + ASK_AGAIN_US);
    return deadline;
}

bool exchange_asks(const Exchange *exchange, const LogHead *feed, const LogSpan *span)
{
    for (unsigned i = 0; i < exchange->ask_count; i++) {
        const Ask *ask = &exchange->asks[i];
        if (exchange_same_feed(&ask->lack->head, feed) && ask->first <= span->last &&
            span->first <= ask->last)
            return true;
    }
    return false;
}

bool exchange_busy(const Exchange *exchange)
{
    return g_hash_table_size(exchange->lacks) > 0 || exchange->naming || exchange->owes_settled ||
           exchange->ask_again;
}

uint64_t exchange_missing(const Exchange *exchange)
{
    uint64_t missing = 0;
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, exchange->lacks);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        missing += MIN(((const Lack *)key)->estimate, UINT64_MAX - missing);
    return missing;
}
