#pragma once
/* What relay/exchange.c (what is missing here), relay/exchange_compare.c (what the other names)
 * and relay/exchange_answer.c (what it asks for) share; nobody else includes it. */

#include "relay/bucket.h"
#include "relay/exchange.h"
#include "relay/frame.h"

/* Heads that the other may name, and feeds not known before: a second, at once. */
#define HEADS_RATE 1000
#define HEADS_BURST 40000
#define NEW_FEEDS_RATE 20
#define NEW_FEEDS_BURST LACKS_MAX
/* Before the other's heads are asked for again, because some found no room. */
#define ASK_AGAIN_US (10 * INT64_C(1000000))

/* A feed of which something may be missing here. What is asked for wanders down from its top. */
typedef struct {
    LogHead head;         /* theirs; first: its author, incarnation and lane are the key */
    uint64_t first, last; /* still to be looked at; nothing when last < first */
    uint64_t estimate;    /* events missing */
    unsigned asked;       /* Wants under way */
    unsigned unanswered;
    bool all;    /* a fork: wants what stands at known places, too */
    bool gone;   /* bodies of some are not kept at the other's side: its sums say nothing */
    bool sparse; /* the other has gaps as well: wants are not cut into windows */
    bool queued; /* in `ready` */
} Lack;

/* A Want under way. */
typedef struct {
    uint32_t request;
    Lack *lack;
    uint64_t first, last;
    int64_t sent_us;
} Ask;

struct Exchange {
    Log *log;
    uint8_t owner[KEY_SIZE], other[KEY_SIZE];
    bool has_owner, takes_private, gives_private;
    ExchangeOutput output;
    void *user;

    /* What is missing here. */
    GHashTable *lacks; /* Lack, owned */
    GQueue ready;      /* Lack: something to ask for */
    int64_t more_us;   /* looks through it again then */
    Ask asks[WANTS_AT_ONCE];
    unsigned ask_count;
    uint32_t late[WANTS_AT_ONCE]; /* given up, may be answered yet */
    unsigned late_next;
    uint32_t request; /* newest */
    bool paused;
    bool naming;       /* more Heads follow */
    bool owes_settled; /* `position` was named, Settled not said */
    bool unsure;       /* … and shall not be: something could not be compared or was not given */
    uint64_t position;
    bool ask_again; /* not all that was named found room, or what was given was lost */
    int64_t ask_us; /* when the other's heads were asked for */
    unsigned losses;
    bool uncommitted; /* something was handed over since the last commit */
    Bucket heads, new_feeds;

    /* What the other wants. */
    GQueue wants; /* Wire__Want with the author behind it, owned */
    Bucket gives, answers;
    int64_t answer_us; /* not before */
    GArray *offer;     /* LogHead; NULL: no offer under way */
    guint offered;
    uint64_t offer_position;
    bool asked; /* for all heads */
};

/* exchange_answer.c */
bool exchange_has_room(const Exchange *exchange);
/* Builds and queues it. */
void exchange_send(Exchange *exchange, const Wire__Frame *frame);

/* exchange.c */
bool exchange_same_feed(const LogHead *a, const LogHead *b);
void exchange_get_ready(Exchange *exchange, Lack *lack);

/* exchange_compare.c: is `theirs` a fork of what is here? `mine` is the same feed's head here.
 * Where the other has gaps, its sums say nothing; then `comparable` is false. */
bool exchange_contradicts(const Exchange *exchange, const LogHead *theirs, const LogHead *mine,
                          bool *comparable);

/* Answers what waits, as far as is allowed now. */
void exchange_answer(Exchange *exchange, int64_t now_us);
int64_t exchange_answer_deadline(const Exchange *exchange);
void exchange_answer_clear(Exchange *exchange);
