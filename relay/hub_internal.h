#pragma once
/* What the files of the hub share; nobody else includes it. */

#include "relay/arena.h"
#include "relay/bucket.h"
#include "relay/cpace.h"
#include "relay/entries.h"
#include "relay/exchange.h"
#include "relay/hub.h"
#include "relay/roster.h"

/* Frames of a batch or a page are cut here, well below FRAME_MAX. */
#define BATCH_BYTES (160 * 1024)
/* Long answers go on when less than this waits in the link's queue. */
#define PACE_BYTES (128 * 1024)

/* What a Hello said that counts when the member is let in. */
typedef struct {
    bool has_log, app, relay_program;
    uint8_t log[PLACE_SIZE];
    uint64_t position, mark_position;
    uint8_t mark[HASH_SIZE];
    unsigned page;
    char **addresses; /* owned */
} Greeting;

struct HubLink {
    Hub *hub;
    void *link;
    unsigned index; /* in hub->links */
    uint8_t key[KEY_SIZE];
    Greeting *greeting; /* owned; between Hello and Welcome, NULL before and after */
    Cpace *cpace;       /* owned; between Lock and Unlock, else NULL */
    bool joined;        /* Welcome was sent */
    bool doomed;        /* will be closed before the call into the hub returns */
    bool roster_done;   /* the first roster is out */
    bool page_due;      /* the page that follows the first roster is not out yet */
    unsigned roster_cursor;
    uint64_t page_after; /* what the member holds */
    unsigned page_limit;
    uint64_t acked;     /* the member has everything up to here on its disk */
    char **addresses;   /* owned; where it would serve, NULL: it cannot */
    bool relay_program; /* one in reserve */
    bool uninformed;    /* the newest list of successors is still to be sent */
    int64_t opened_us;
    int64_t heard_us;
    int64_t patience_us; /* for its silence */
    Bucket submits, reads, notes, typings, claims, vain_acts;
    Exchange *exchange;  /* owned; NULL before anything is compared */
    unsigned bad_events; /* gathered */
};

/* A submitted event between append and commit. */
typedef struct {
    HubLink *link; /* NULL when it is gone */
    Event *event;  /* owned */
    uint64_t position;
    bool known; /* was in the log already: a receipt only */
} Submitted;

typedef struct {
    void (*done)(void *user); /* NULL: nothing is handed over */
    void *user;
    HubLink *link;     /* to whom; NULL: to nobody yet */
    uint64_t position; /* what it is to have everything up to */
    int64_t deadline_us;
    bool settled;
} HandOver;

/* What members bring along from other logs. */
typedef struct {
    GHashTable *budgets; /* key → Gatherer, owned */
    int64_t due_us;      /* some exchange waits for this */
    int64_t disk_us;     /* nothing is asked for before: the disk is full or failing */
    unsigned exchanges;  /* links that have one */
} Gathering;

/* Wrong answers to Lock, of the last minute. */
typedef struct {
    GHashTable *by_key, *by_address; /* → Guesser, owned */
    Bucket strangers;
    int64_t sweep_us;
} HubGuesses;

struct Hub {
    char *place_name, *software;
    uint8_t self[KEY_SIZE];
    bool relay_program;
    Log *log;
    Moderation *moderation; /* of what is committed */
    GHashTable *kicked;     /* key → Kicked, owned */
    HubAdmission admission;
    HubGuesses guesses;
    HubLimits limits;
    unsigned history_days;
    HubOutput output;
    void *user;
    Arena *arena;
    GPtrArray *links;   /* HubLink, owned, at its index */
    GHashTable *by_key; /* key → joined HubLink */
    Roster *roster;
    GArray *submitted; /* Submitted */
    uint64_t told;     /* all joined links were told of positions up to here */
    uint64_t began;    /* log_head() then */
    uint64_t looked;   /* … and up to here nothing is left to tell them */
    unsigned gathered; /* events that others appended, since gathering_us */
    int64_t gathering_us;
    int64_t hint_due_us;  /* then members are told that there is a hole; INT64_MAX: none is new */
    bool moderated;       /* hub_enforce() has something to do */
    unsigned losses;      /* log_losses() when the first of them was appended */
    bool unsaved;         /* something but events waits for the commit */
    unsigned doomed;      /* links */
    unsigned unfinished;  /* joined links whose roster or page is not out yet */
    int64_t room_base_ms; /* room time at room_base_us */
    int64_t room_base_us;
    bool steady;           /* room time does not look at the wall clock */
    bool over;             /* shut down */
    bool put_back;         /* the log was, to an earlier state, as some member knows */
    bool renamed_log;      /* … and has another id since */
    int64_t now_us;        /* of the call under way */
    int64_t roster_due_us; /* changes are told then */
    int64_t tick_us;       /* next look at silent links */
    GBytes *successors;    /* the frame told last; NULL: there never were any */
    bool listed;           /* it names somebody */
    bool uninformed;       /* some link is */
    Bucket lists;
    int64_t successors_due_us; /* the list is looked at again then; INT64_MAX: it stands */
    HandOver hand_over;
    Gathering gathering;
    HubCounters counters; /* what happened; the rest is asked for */
};

/* Every public call that something can happen in begins and ends with these; one that is made from
 * callbacks does not end so, for links are gone then. */
void hub_begin(Hub *hub, int64_t now_us);
void hub_sweep(Hub *hub); /* closes what is doomed */
/* Sends, or dooms a link whose queue is full. */
void hub_send(HubLink *link, GBytes *frame);
void hub_send_frame(HubLink *link, const Wire__Frame *frame); /* builds it */
/* Says Goodbye and dooms. `text` for a person. */
void hub_part(HubLink *link, Wire__Parting why, const char *text);
/* The same with Goodbye.until_ms and .retry_ms; of a long text the beginning is said. */
void hub_part_until(HubLink *link, Wire__Parting why, const char *text, int64_t until_ms,
                    uint32_t retry_ms);
/* To every joined link but `except` (may be NULL). */
void hub_broadcast(Hub *hub, GBytes *frame, const HubLink *except);
/* Will be closed at the end of the call. */
void hub_doom(HubLink *link);
/* When a change that everybody is told should go out: in a large place some are collected. */
int64_t hub_change_due(const Hub *hub);
void hub_report(Hub *hub, const char *event, const HubLink *link, const char *detail);

/* Room time is not before the newest event that the log holds. */
void hub_follow_newest(Hub *hub);

/* hub_submit.c */
void hub_submit(HubLink *link, const Wire__Submit *submit);
/* The receipt of what was stored; nothing when `link` is NULL. */
void hub_accept(HubLink *link, const uint8_t *hash, uint64_t position);
/* Nothing of what was submitted is stored: its authors are told to try again. `error` may be NULL.
 */
void hub_fail_submitted(Hub *hub, const GError *error);
/* Did another user of the log lose what was submitted here? Before relying on a commit. */
void hub_notice_losses(Hub *hub);

/* hub_deliver.c */
/* Commits; receipts, then deliveries of everything that is new in the log, whoever appended it. */
void hub_commit(Hub *hub);
/* Does the log hold what nobody was told of? */
bool hub_has_news(const Hub *hub);
/* That much was gathered, when it is time to. */
void hub_tell_gathered(Hub *hub);

/* hub_read.c */
void hub_fetch(HubLink *link, const Wire__Fetch *fetch);
/* What follows Welcome, as far as the queue takes it. */
void hub_continue(HubLink *link);

/* hub_join.c */
void hub_hello(HubLink *link, const Wire__Hello *hello);
/* Lets in who said Hello and may be here: Welcome and what follows. `proof`: PROOF_SIZE bytes for
 * Welcome, or NULL. */
void hub_admit(HubLink *link, const uint8_t *proof);
void hub_free_greeting(HubLink *link);
void hub_leave(HubLink *link);
void hub_status(HubLink *link, const Wire__Status *status);
void hub_signal(HubLink *link, const Wire__Signal *signal);
void hub_ping(HubLink *link, const Wire__Ping *ping);

/* hub_moderation.c */
void hub_moderation_set_up(Hub *hub);
void hub_moderation_tear_down(Hub *hub);
/* The log may have got another keeper. */
void hub_follow_keeper(Hub *hub);
/* This is in the log now. */
void hub_learn_moderation(Hub *hub, Event *event);
/* Sends away who may not be here any more, and tells of a new name: when something was learnt. */
void hub_enforce(Hub *hub);
/* False: the link was told that it may not be here. */
bool hub_lets_in(HubLink *link);
/* Why this may not be written now, a sentence, transfer full; NULL: it may. */
char *hub_objection(Hub *hub, const Event *event);
/* Why a Topic or Moderation would not count, as that; NULL: it would, or it is something else. */
char *hub_objection_to_act(const Hub *hub, const Event *event);
bool hub_is_muted(const Hub *hub, const uint8_t *key);
void hub_claim(HubLink *link, const Wire__Claim *claim);

/* hub_lock.c */
/* Hello was good, nobody is against the member. True: the link has to unlock first (Lock was sent),
 * or is doomed; hub_lock_answer() calls hub_admit() then. */
bool hub_lock_asks(HubLink *link);
/* Only where hub_lock_asks() said so. */
void hub_lock_answer(HubLink *link, const Wire__Unlock *unlock);
/* The link is over, or was let in. */
void hub_lock_end(HubLink *link);
/* Hub.admission is another one: who is answering Lock has to begin anew. */
void hub_lock_changed(Hub *hub);
void hub_lock_set_up(Hub *hub);
void hub_lock_tear_down(Hub *hub);

/* hub_succession.c */
/* The link joined, with this. */
void hub_set_succession(HubLink *link, const Greeting *greeting);
/* The link is not joined any more. */
void hub_end_succession(HubLink *link);
void hub_succession_changed(Hub *hub);
/* To all who have the first roster and not the newest list. */
void hub_tell_successors(Hub *hub);
/* The Goodbye of hub_shut_down(); transfer full. */
GBytes *hub_last_word(const Hub *hub, const HubSuccessor *successor);
/* Calls `done` when it is time to: last in a call, for the hub may be shut down from there. */
void hub_go_on_handing_over(Hub *hub);
/* The member has on its disk what hub_exchange_offer_custody() named: what this log held up to
 * `position`. */
void hub_custody_settled(HubLink *link, uint64_t position);

/* hub_exchange.c */
void hub_gathering_set_up(Hub *hub);
void hub_gathering_tear_down(Hub *hub);
/* The link is over. */
void hub_end_exchange(HubLink *link);
void hub_heads(HubLink *link, const Wire__Heads *heads);
void hub_want(HubLink *link, const Wire__Want *want);
void hub_give(HubLink *link, const Wire__Give *give);
void hub_settled(HubLink *link, const Wire__Settled *settled);
/* After each commit: asks for more, answers what waited. */
void hub_go_on_exchanging(Hub *hub);
/* Names to the member the private feeds with bodies that still wait here; hub_custody_settled()
 * follows unless the link ends. False: there is nothing to name. */
bool hub_exchange_offer_custody(HubLink *link);
