/* What the other's heads say of what is missing here. */
#include "relay/exchange_internal.h"

#include <string.h>

static bool is_wanted(const Exchange *exchange, const LogHead *head)
{
    return head->lane == LANE_PUBLIC || exchange->takes_private ||
           (exchange->has_owner && memcmp(head->author, exchange->owner, KEY_SIZE) == 0);
}

bool exchange_contradicts(const Exchange *exchange, const LogHead *theirs, const LogHead *mine,
                          bool *comparable)
{
    *comparable = true;
    if (theirs->lane == LANE_PUBLIC && mine->seq == theirs->seq) {
        bool same = mine->held == theirs->held && memcmp(mine->sum, theirs->sum, SUM_SIZE) == 0;
        *comparable = same || theirs->held >= theirs->seq;
        return !same && *comparable;
    }
    if (mine->seq < theirs->seq)
        return false;
    if (!log_holds(exchange->log, theirs->author, theirs->incarnation, theirs->lane, theirs->seq,
                   theirs->hash))
        return true;
    /* Forks below its head that are not here: as many events as it has cannot stand there. */
    uint64_t above = mine->seq - theirs->seq;
    return theirs->lane == LANE_PUBLIC && theirs->held > theirs->seq &&
           mine->held < theirs->held + MIN(above, UINT64_MAX - theirs->held);
}

/* About how many events of it are missing; 0: none. */
static uint64_t estimate(const Exchange *exchange, const LogHead *theirs, const LogHead *mine)
{
    bool comparable = true;
    uint64_t more = 0;
    if (theirs->lane == LANE_PUBLIC && mine->seq == theirs->seq && mine->held == theirs->held &&
        memcmp(mine->sum, theirs->sum, SUM_SIZE) == 0)
        return 0;
    if (theirs->lane == LANE_PRIVATE)
        more = theirs->seq > mine->seq ? theirs->seq - MAX(mine->seq, theirs->first) : 0;
    else if (theirs->held > mine->held)
        more = theirs->held - mine->held;
    else if (theirs->seq > mine->seq)
        more = MIN(theirs->seq - mine->seq, theirs->held);
    bool gaps = mine->held < mine->seq;
    bool differs = exchange_contradicts(exchange, theirs, mine, &comparable);
    return MAX(more, gaps || differs || !comparable || theirs->seq > mine->seq ? 1 : 0);
}

static LogHead head_from_wire(const Wire__Head *head)
{
    LogHead theirs = {.incarnation = head->incarnation,
                      .lane = (Lane)head->lane,
                      .seq = head->seq,
                      .held = head->count,
                      .first = MAX(head->first, 1)};
    memcpy(theirs.author, head->author.data, KEY_SIZE);
    memcpy(theirs.hash, head->hash.data, HASH_SIZE);
    memcpy(theirs.sum, head->sum.data, SUM_SIZE);
    return theirs;
}

static void compare(Exchange *exchange, const Wire__Head *head, int64_t now_us)
{
    Lack key = {.head = head_from_wire(head)};
    if (!is_wanted(exchange, &key.head))
        return;
    LogHead mine =
        log_feed_head(exchange->log, key.head.author, key.head.incarnation, key.head.lane);
    uint64_t missing = estimate(exchange, &key.head, &mine);
    Lack *lack = g_hash_table_lookup(exchange->lacks, &key);
    if (missing == 0 && !lack)
        return;
    if (!lack) {
        bool full = g_hash_table_size(exchange->lacks) >= LACKS_MAX;
        if (full || (mine.seq == 0 && bucket_take(&exchange->new_feeds, NEW_FEEDS_RATE,
                                                  NEW_FEEDS_BURST, now_us) > 0)) {
            exchange->unsure = exchange->ask_again = true;
            return;
        }
        lack = g_new0(Lack, 1);
        lack->head = key.head;
        g_hash_table_add(exchange->lacks, lack);
    }
    lack->head = key.head;
    lack->first = key.head.lane == LANE_PRIVATE ? key.head.first : 1;
    lack->last = key.head.seq;
    lack->estimate = missing;
    lack->all = lack->gone = false;
    lack->sparse = key.head.lane == LANE_PRIVATE || key.head.held < key.head.seq;
    exchange_get_ready(exchange, lack);
}

bool exchange_heads(Exchange *exchange, const Wire__Heads *heads, int64_t now_us)
{
    int64_t unused = 0;
    double count = (double)heads->n_heads;
    if (!exchange->naming)
        exchange->unsure = false;
    exchange->naming = heads->more;
    bool room = count < 1 || bucket_take_some(&exchange->heads, HEADS_RATE, HEADS_BURST, count,
                                              count, now_us, &unused) > 0;
    for (size_t i = 0; room && i < heads->n_heads; i++)
        compare(exchange, heads->heads[i], now_us);
    if (!room)
        exchange->unsure = exchange->ask_again = true;
    if (heads->ask) {
        exchange->asked = true;
        exchange_answer(exchange, now_us);
    }
    if (!heads->more && (heads->position > 0 || !heads->ask)) {
        exchange->position = heads->position;
        exchange->owes_settled = true;
        if (exchange->output.named)
            exchange->output.named(heads->position, exchange->user);
    }
    return true;
}

void exchange_ask(Exchange *exchange, int64_t now_us)
{
    Wire__Heads heads = WIRE__HEADS__INIT;
    heads.ask = true;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HEADS;
    frame.heads = &heads;
    exchange->ask_again = false;
    exchange->ask_us = now_us;
    exchange_send(exchange, &frame);
}
