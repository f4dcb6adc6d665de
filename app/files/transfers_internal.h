#pragma once
/* Shared by the files of the transfers' machine only.
 *
 * Each Entry is one Transfer. A public function changes entries, marks them by entry_touch(), and
 * ends with transfers_settle(), which begins what can begin and tells faces what changed. */

#include "app/files/transfers.h"
#include "relay/bucket.h"

#define ASK_US (4 * INT64_C(1000000))      /* Accept → Ready */
#define DIAL_US (3 * INT64_C(1000000))     /* the receiver dials */
#define REVERSE_US (4 * INT64_C(1000000))  /* the sender dials */
#define MEETING_US (12 * INT64_C(1000000)) /* both come to the relay */
#define OPENING_US (5 * INT64_C(1000000))  /* a dialled channel becomes one of use */
#define TICKET_US (30 * INT64_C(1000000))
#define TOLD_US (10 * INT64_C(1000000))     /* a Halt that did not come back by then has arrived */
#define ASK_AFTER_US (2 * INT64_C(1000000)) /* a break, the sender asks how it stands */
#define SAMPLE_US (INT64_C(250000))
#define BACKOFF_MAX_US (30 * INT64_C(1000000))

#define ENTRIES_MAX 2000       /* remembered in all */
#define OFFERED_MAX 500        /* of these, offers of others that nobody decided on */
#define OFFERED_PER_AUTHOR 100 /* of these, of one author */
#define PROMPTS_PER_AUTHOR 20  /* asked about at once */
#define ACTIVE_PER_PEER 200    /* transfers with one peer that have not ended */
#define ENDED_PER_PEER 200     /* records of ended ones with one peer */
#define OWN_OFFERS_MAX 500     /* with their listings */
#define JOBS_MAX 16            /* listings made at once */
#define PATHS_MAX 4096         /* of one offer */
#define WORKERS_MAX 32         /* channels at once, in one direction */
#define SENDING_PER_PEER 8     /* of these, to one peer */
#define RECEIVING_PER_PEER 4   /* of these, from one peer */
#define NOTE_RATE 32           /* notes a second and peer */
#define NOTE_BURST 256
#define SAMPLES 13 /* of progress: the newest, and 3 s before it */

typedef enum {
    STEP_REST,     /* nothing under way; `again_us` says when to begin */
    STEP_ASKED,    /* receiver: Accept is out */
    STEP_CALLED,   /* sender: Ready is out, the receiver may come */
    STEP_DIALLING, /* dials the other */
    STEP_TURNED,   /* receiver: waits to be dialled */
    STEP_MEETING,  /* dials the relay */
    STEP_OPEN,     /* a worker has the channel */
} Step;

typedef struct {
    uint8_t token[TOKEN_SIZE];
    uint8_t place[PLACE_SIZE];
    ConversationId conversation;
    char *directory; /* name in "offers/" */
    char *path;      /* of the first item; may be NULL */
    Offer *content;
    bool withdrawn;
    int64_t made_ms;
    Listing *listing; /* NULL: not opened, or let go */
} OwnOffer;

typedef struct {
    Transfers *transfers;
    uint8_t id[TRANSFER_SIZE];
    uint8_t wire[TRANSFER_SIZE]; /* as both name it: `id` on the receiver's side, first */
    unsigned number;
    uint8_t offer[TOKEN_SIZE], place[PLACE_SIZE];
    uint8_t author[KEY_SIZE], peer[KEY_SIZE];
    ConversationId conversation;
    bool outgoing;
    bool whole; /* stands for an own offer: nothing is sent by it in a room */
    bool kept;  /* in the store */
    Offer *content;
    char *title;

    TransferState state;
    bool paused_here, paused_there;
    bool by_peer, retryable, prompt;
    char *why;        /* of an end; waiting finds its own words */
    const char *code; /* interned */
    TransferWay way;
    uint64_t bytes, total, rate;
    int64_t left_ms, changed_ms;
    char *into, *path;
    GBytes *left_out;
    unsigned missing;

    /* Of the attempt. */
    Step step;
    int64_t until_us; /* of the step */
    int64_t again_us;
    uint32_t attempt;
    unsigned failures; /* attempts in a row that moved nothing */
    unsigned tried;    /* ways of this attempt, a bit each */
    bool busy;         /* the other has too many */
    bool queued;       /* we have too many */
    bool broken;       /* it ran before */
    bool arrived; /* sender: the receiver has everything, and the channel will say so or break */
    bool asked;   /* receiver: the sender lost the channel and asked how it stands */
    uint8_t ticket[TRANSFER_SIZE]; /* what who dials us must show */
    bool armed;
    int64_t armed_until_us;
    bool admitting;
    uint8_t shows[TRANSFER_SIZE]; /* what we show when we dial */
    uint8_t meeting[TRANSFER_SIZE];
    char **addresses; /* of the other */
    bool reachable;   /* we have addresses */

    Worker *worker;
    uint64_t began_bytes; /* when the worker began */
    int64_t sampled_us[SAMPLES];
    uint64_t sampled[SAMPLES];
    unsigned samples;

    int tell; /* Wire__Why that the other has to be told; -1: nothing */
    bool told;
    int64_t tell_us; /* not before; when told: certain then */

    bool touched;
    Transfer *shown;
} Entry;

typedef struct {
    uint64_t id;
    uint8_t place[PLACE_SIZE];
    ConversationId conversation;
    char *directory; /* name in "offers/" */
    GBytes *thumbnail;
    uint32_t width, height;
} Job;

struct Transfers {
    char *data_dir;
    Store *store;
    uint8_t self[KEY_SIZE];
    const TransfersOutput *output;
    void *user;
    uint8_t place[PLACE_SIZE];
    bool loaded, placed, joined, leaving;
    GPtrArray *entries;  /* Entry, oldest first */
    GPtrArray *offers;   /* OwnOffer, oldest first */
    GPtrArray *jobs;     /* Job */
    GHashTable *here;    /* keys (GBytes) */
    GHashTable *ways;    /* key → Wire__Way + 1 that worked last */
    GHashTable *buckets; /* key → Bucket of notes */
    uint64_t last_job;
    unsigned last_number;
    bool accept_all;
    char *accept_all_into; /* may be NULL */
    int64_t sample_us;
    bool store_failed; /* said once */
};

/* --- transfers.c --- */
void transfers_settle(Transfers *transfers, int64_t now_us);
/* Joined in its place, and the other is there. */
bool entry_may_talk(const Entry *entry);
/* How many have something under way in one direction, with one peer or with all (NULL). */
unsigned transfers_under_way(Transfers *transfers, bool outgoing, const uint8_t *peer);

/* --- transfers_state.c --- */
Entry *entry_new(Transfers *transfers, const uint8_t *id, const uint8_t *offer,
                 const uint8_t *author, const ConversationId *conversation, Offer *content);
void entry_free(Entry *entry);
void entry_touch(Entry *entry);
/* Tells faces if it shows anything new. */
void entry_show(Entry *entry);
/* The state changed: says so, and stores. `why` is a sentence, or NULL. */
void entry_become(Entry *entry, TransferState state, bool by_peer, const char *why);
void entry_fail(Entry *entry, const char *code, bool retryable, const char *why);
void entry_save(Entry *entry);
bool entry_is_active(const Entry *entry); /* accepted and not ended */
/* Name of the other, for sentences. Lives until the next call. */
const char *entry_peer_name(const Entry *entry);
char *entry_state_dir(const Entry *entry); /* transfer full */
/* Removes what was received of it, aside. */
void entry_discard(Entry *entry);
/* The store could not: said once. */
void transfers_store_failed(Transfers *transfers, const GError *error);
void transfers_drop_entry(Transfers *transfers, Entry *entry);
/* Room for one more with this peer, offered or else active; drops old records for it. */
bool transfers_make_room(Transfers *transfers, const uint8_t *peer, bool offered);

/* --- transfers_load.c --- */
gboolean transfers_load(Transfers *transfers, GError **error);

/* --- transfers_find.c --- */
Entry *transfers_entry(Transfers *transfers, const uint8_t *id);
Entry *transfers_entry_by_wire(Transfers *transfers, const uint8_t *wire);
/* With this peer about that offer in this place. */
Entry *transfers_entry_of(Transfers *transfers, const uint8_t *offer, const uint8_t *peer);
OwnOffer *transfers_own(Transfers *transfers, const uint8_t *token);

/* --- transfers_offer.c --- */
void own_offer_free(OwnOffer *own);
void job_free(Job *job);
/* NULL: it is gone. Borrowed. */
Listing *own_offer_listing(Transfers *transfers, OwnOffer *own);
/* The entry that stands for the offer. */
Entry *own_offer_entry(Transfers *transfers, const OwnOffer *own);
void own_offer_withdraw(Transfers *transfers, OwnOffer *own);

/* --- transfers_attempt.c: the receiver --- */
/* Begins an attempt if it is time. */
void attempt_drive(Entry *entry, int64_t now_us);
void attempt_ready(Entry *entry, const Wire__Ready *ready, int64_t now_us);
/* This way leads nowhere: the next, or the attempt is over. */
void attempt_next_way(Entry *entry, int64_t now_us);
void attempt_over(Entry *entry, int64_t now_us);
/* A channel that stood broke. */
void attempt_lost(Entry *entry, int64_t now_us);

/* --- transfers_serve.c: the sender --- */
void serve_accept(Transfers *transfers, const uint8_t *from, const Wire__Accept *accept,
                  int64_t now_us);
void serve_turn(Entry *entry, const Wire__Turn *turn, int64_t now_us);
/* The receiver may believe that it has everything, or wait longer than it must: ask it, then. */
void serve_ask(Entry *entry, int64_t at_us);
/* A place became free: tells one that was turned away. */
void serve_next(Transfers *transfers, int64_t now_us);

/* --- transfers_note.c --- */
bool note_halt(Transfers *transfers, const uint8_t *to, const uint8_t *offer, const uint8_t *wire,
               Wire__Why why);
bool note_turn(Entry *entry, Wire__Way way);
/* What the other said by a note or on the channel. */
void entry_halted(Entry *entry, Wire__Why why, const char *text, int64_t now_us);
/* The other is to be told, now or when it is here. */
void entry_tell(Entry *entry, Wire__Why why);
void entry_try_tell(Entry *entry, int64_t now_us);

/* --- transfers_work.c --- */
/* Everything is in its place, here or there. */
void entry_done(Entry *entry, unsigned missing, const char *path);
/* Ends what is under way; the other is told why. */
void entry_stop(Entry *entry, Wire__Why why);
/* Ends what is under way without a word. */
void entry_drop_attempt(Entry *entry);
void entry_step(Entry *entry, Step step, int64_t until_us);
/* Lets the other come with `ticket` for a while. */
void entry_arm(Entry *entry, int64_t now_us);
void transfers_sample(Transfers *transfers, int64_t now_us);
