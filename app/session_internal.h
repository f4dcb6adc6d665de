#pragma once
/* What the files of the session core share; nobody else includes it. */

#include "app/session_lock.h"
#include "relay/content.h"
#include "relay/exchange.h"
#include "relay/frame.h"

#include <string.h>

/* How often and how long; microseconds. */
#define SETTLE_WAIT_US (250 * INT64_C(1000))    /* from the first candidate seen to dialling */
#define DIAL_PATIENCE_US (1500 * INT64_C(1000)) /* before another candidate has its turn */
#define DIAL_MAX_US (15 * INT64_C(1000000))     /* the shell should have answered long before */
#define GREETING_US (8 * INT64_C(1000000))      /* from TLS to the first page */
#define LOYALTY_US (15 * INT64_C(1000000))      /* a lost place is not left for another before */
#define WANTS_CONNECT_US (3 * INT64_C(1000000)) /* without anything found */
#define DISK_RETRY_US (5 * INT64_C(1000000))    /* after an own disk error */
#define TYPING_EVERY_US (3 * INT64_C(1000000))  /* of one's own, for a conversation */
#define TYPING_LASTS_US (6 * INT64_C(1000000))  /* of others */
#define AWAY_LOST_US (60 * INT64_C(1000000))    /* for relays that cannot serve this member */
#define GRACE_US (8 * INT64_C(1000000))         /* for others to return to a relay that came back */
#define KEYRING_EVERY_US (3600 * INT64_C(1000000)) /* looks whether the sealing key is old */
#define LASTED_US (500 * INT64_C(1000))            /* joined for so long: the relay is a good one */
#define FIRST_BACK_OFF_US (250 * INT64_C(1000))
#define RETURN_BACK_OFF_US (1000 * INT64_C(1000)) /* at most, while a lost place may come back */
#define MAX_BACK_OFF_US (15 * INT64_C(1000000))

#define SUBMITS_IN_FLIGHT 16
#define TYPING_MAX 64                /* typing people remembered */
#define EARLY_NOTES_MAX 256          /* notes that wait for JOINED */
#define RANGES_MAX 4096              /* holes that one relay may make */
#define SHOWN_MAX 8192               /* message ids remembered against double showing */
#define CLOCK_DOUBT_MS INT64_C(2000) /* room time is measured anew when it is off by more */
#define CLOCK_OFF_MS (5 * 60 * INT64_C(1000)) /* worth a notice */

typedef enum {
    PHASE_IDLE,
    PHASE_DIALLING,
    PHASE_GREETING, /* Hello is out */
    PHASE_WELCOMED, /* roster and first page are coming */
    PHASE_JOINED,
    PHASE_LEFT, /* by the person: nothing happens any more */
} Phase;

/* A candidate and how trying it went. */
typedef struct {
    SessionCandidate seen;
    unsigned failures;
    int64_t next_try_us;
    int64_t since_us; /* seen */
    int64_t probe_us; /* next probe while serving */
} Target;

/* A node of the place that was learnt of by the link. */
typedef struct {
    uint64_t id;      /* with SESSION_NODE */
    uint64_t dial_id; /* the shell's, of one whose addresses only the shell knows; else `id` */
    uint8_t key[KEY_SIZE];
    char **addresses; /* owned, may be NULL */
    bool relay_program;
    bool probed;      /* while serving: it carried the place, or was to */
    bool carried;     /* for a while, without trouble */
    int64_t since_us; /* last named or lost */
    int64_t probe_us;
} Node;

/* One that the place is not given to for a while. */
typedef struct {
    uint8_t key[KEY_SIZE];
    unsigned times;
    int64_t until_us;
} Distrust;

/* In the timetable after a loss. */
typedef struct {
    uint64_t id; /* SESSION_SELF: serves */
    uint8_t key[KEY_SIZE];
    int64_t wait_us; /* before it begins */
    int64_t lasts_us;
} Turn;

/* How the holes in what is held of the relay's log are filled. */
typedef enum {
    WAY_UNKNOWN,
    WAY_WEIGHED, /* the relay's heads are asked for */
    WAY_FEEDS,   /* what they name is asked for, then the private events alone */
    WAY_POSITIONS,
} Way;

/* How a link ended. */
typedef enum {
    LOSS_CLOSED, /* the node may have crashed, or be there */
    LOSS_SILENT,
    LOSS_GONE, /* it said that it ends, or moves */
} Loss;

typedef struct {
    SessionMember member; /* first: given out */
    char *skeleton;
    bool has_profile;
    LogPoint profile; /* the newest one known */
    bool listed;      /* in the roster that is being read */
    int64_t grace_us; /* not 0: thought to be online until then */
    bool join_untold; /* came without a profile: told with the name */
} Known;

/* A row of the outbox of this place. */
typedef struct {
    int64_t id;
    uint8_t token[TOKEN_SIZE];
    ConversationId conversation;
    uint32_t kind;
    GBytes *content;
    int64_t queued_ms;
    char *why;    /* not NULL: refused */
    Event *event; /* NULL: not signed */
    bool in_flight;
    bool stored; /* the relay has it; gone after the next commit of the own log */
    uint64_t position;
} Item;

/* Part of an own feed that the relay lacks. */
typedef struct {
    uint64_t incarnation;
    Lane lane;
    uint64_t next, last; /* seq */
} Repair;

/* A submitted event that has no receipt yet. */
typedef struct {
    Event *event;
    int64_t item_id; /* 0: a repair */
} Flight;

/* What was appended to the log and is told after its commit. */
typedef struct {
    Event *event;
    ConversationId conversation;
    bool filed;
    uint32_t opened_kind;
    GBytes *opened;
    uint64_t position;
    bool live;
} Arrival;

/* Somebody who types, as far as is known. */
typedef struct {
    uint8_t key[KEY_SIZE];
    ConversationId conversation;
    int64_t until_us;
} Typing;

struct Session {
    const Identity *identity;
    Keyring *keyring;
    Store *store;
    SessionOutput output;
    void *user;
    Arena *arena;
    int64_t now_us;
    unsigned depth; /* of entry points: the outermost one drives */

    /* State and choosing: session.c. */
    Phase phase;
    int64_t phase_us; /* since when */
    bool was_joined;
    int64_t lost_us;
    SessionState told_state;
    char *why;
    GArray *targets; /* Target */
    bool settled;
    uint64_t chosen;
    int64_t chosen_us;
    SessionCandidate current; /* dialled or linked; id 0: none */
    int64_t first_seen_us;    /* INT64_MAX: nothing seen */
    int64_t started_us;
    bool wants_connect_told;
    int64_t quiet_us; /* no serving before: a relay is there but would not have this member */

    /* Carrying on after a loss: session_turns.c, session_nodes.c. */
    GPtrArray *nodes; /* Node */
    uint64_t last_node;
    GArray *successors; /* Turn: whom the relay named, in their order; only id and key */
    GArray *turns;      /* Turn */
    guint turn;         /* turns->len: none is left */
    int64_t turn_us;    /* it began, or begins */
    int64_t turn_try_us;
    unsigned moves;          /* followed since joined last */
    Loss loss;               /* of the link that ends now */
    uint8_t named[KEY_SIZE]; /* in its Goodbye */
    bool has_named;

    /* Serving: session_serve.c, session_probe.c. */
    bool serving;
    char **addresses;    /* where it would; NULL: cannot */
    int64_t alone_us;    /* begins alone then; 0: conditions do not hold */
    int64_t no_serve_us; /* not before */
    unsigned self_failures;
    int64_t self_try_us;
    bool by_turn;           /* `current` had its turn as a successor: nobody gave it the place */
    SessionCandidate probe; /* dialled while linked; id 0: none */
    int64_t probe_since_us;
    int64_t disk_us;   /* the own one failed last; 0: never */
    GArray *distrusts; /* Distrust */
    unsigned misled;   /* how often the place was given to somebody who did not carry it, lately */
    int64_t wary_us;   /* until then */
    unsigned losses;   /* log_losses() when that was looked at */

    SessionLock lock; /* session_lock.c */
    /* The network: session_network.c. */
    SessionNetwork network;
    bool network_told;
    uint8_t network_id[PLACE_SIZE]; /* the last that was known */
    bool has_network_id;
    int64_t doubt_us;         /* it is left then unless it returns; INT64_MAX */
    int64_t wall_ms, wall_us; /* both clocks at the last tick */

    /* Being calm: session_moved.c. */
    uint8_t relay_key[KEY_SIZE]; /* at the other end of the link */
    uint8_t carrier[KEY_SIZE];   /* who carries the place as far as was told */
    bool has_carrier;
    int64_t moved_us; /* told then; INT64_MAX */
    int64_t calm_us;  /* SESSION_LOST is not told before */
    char *calm_why;

    /* The place. */
    Log *log; /* NULL before the first */
    char *place_name;
    bool damage_untold;
    bool store_damage_told;
    bool relay_program;
    uint8_t relay_log[PLACE_SIZE]; /* of the relay joined last: the name that it has here */
    uint8_t relay_log_of[PLACE_SIZE + KEY_SIZE]; /* its id, and that relay's key */
    bool has_relay_log;
    GHashTable *members;   /* key → Known, owned */
    GHashTable *skeletons; /* skeleton → GPtrArray of Known */
    Known *self;
    int64_t grace_us; /* the next one ends */
    char *name;       /* chosen; NULL: first run */
    char *suggested_name;
    bool away;

    /* The link: session_link.c. */
    int64_t heard_us, sent_us, hello_us, ping_us, ping_after_us;
    uint64_t nonce;
    int64_t room_ms, room_us; /* room time at that moment */
    int64_t rtt_us;           /* of that measurement */
    bool room_known, clock_told;
    uint32_t page_limit;
    bool first_page; /* came, JOINED follows the commit */
    bool reading_roster;
    GArray *typings;        /* Typing */
    GPtrArray *early_notes; /* GBytes: the sender's key, then what is sealed; came before JOINED */
    int64_t typing_sent_us;
    ConversationId typing_sent;
    int64_t keyring_us;

    /* Reading: session_receive.c. */
    GArray *arrivals;      /* Arrival */
    uint64_t live_after;   /* positions above are news */
    int64_t live_after_ms; /* of a log never met before: later times are news; 0: none are */
    uint32_t request;      /* newest Fetch */
    bool fetching;
    uint64_t fetch_after, fetch_before;
    int64_t fetch_at_us; /* not before; 0 at once */
    bool waits_older;
    ConversationId older;
    GHashTable *shown;    /* author and token */
    uint64_t covered_top; /* highest position held of the relay's log */
    bool may_have_holes;
    int64_t seen_last_ms; /* of the newest event held */
    bool bad_event_told, fork_told;

    /* Catching up: session_exchange.c, session_holes.c. */
    Exchange *exchange; /* NULL: not joined, or to the own hub */
    bool in_exchange, exchange_over;
    LogOther other; /* of the relay's log; with what the next commit writes */
    bool other_changed;
    Way way;
    int64_t way_us;    /* heads were asked for */
    int64_t hint_us;   /* told last that there is more … */
    uint64_t hinted;   /* … up to here */
    bool filled;       /* something was fetched since there were no holes */
    uint64_t compared; /* what is public of the relay's log is held up to here */

    /* Roles, bans and mutes: session_moderation.c, session_barred.c. */
    Moderation *moderation;        /* NULL before the first place */
    GArray *unsure;                /* Arrival: acts that do not count, as far as is known */
    bool rules_changed, acts_lost; /* told after the commit; dropped when the disk failed */
    int64_t rules_us;              /* a ban or mute ends then; INT64_MAX */
    bool claims;        /* typed a code at this relay: it may make this person an admin */
    bool claiming;      /* and it did not answer yet */
    char *barred;       /* NULL: let in, as far as is known */
    char *own_kick;     /* serving, and sent away: why */
    uint64_t barred_id; /* the candidate that did it … */
    uint8_t barred_place[PLACE_SIZE]; /* … and its place; zeros: not known */
    int64_t barred_until_us;          /* INT64_MAX: until a person tries */
    int64_t barred_least_us;          /* which is of no use before */

    /* Sending: session_outbox.c. */
    GPtrArray *outbox;   /* Item */
    GArray *repairs;     /* Repair */
    GArray *flights;     /* Flight, in the order sent */
    int64_t progress_us; /* of the newest receipt */
    uint64_t incarnation;
    bool has_incarnation;
    LogHead tail[2]; /* of the own feed, with what is signed only */
    int64_t own_last_ms;
    bool draining;   /* something was refused for now: wait for all receipts, then begin again */
    int64_t hold_us; /* submit nothing before */
    double tokens;   /* submits that the relay's limit allows now */
    int64_t tokens_us;
    double submit_rate, submit_burst;
    unsigned bad_times;
    bool disk_told;
    unsigned gaps; /* refused as GAP since something was stored */
};

/* session.c */
void session_begin(Session *session, int64_t now_us);
/* Ends an entry point: dials, submits, fetches what is due. */
void session_end(Session *session);
void session_set_phase(Session *session, Phase phase);
/* Tells the state when it changed; `why` in plain words or NULL. */
void session_tell_state(Session *session, const char *why);
/* The link or the dial is over; tries again no earlier than `wait_us` from now, negative: by
 * back-off. */
void session_lost(Session *session, const char *why, int64_t wait_us);
/* Ends what belongs to one link. */
void session_unlink(Session *session);
/* As session_lost(), and hangs up. */
void session_drop(Session *session, const char *why, int64_t wait_us);
void session_emit(Session *session, SessionEvent event);
void session_notice(Session *session, const char *code, const char *text);
uint64_t session_random(Session *session);
/* 0 … span - 1 */
int64_t session_jitter(Session *session, int64_t span);
bool session_is_self(const Session *session, const uint8_t *key);

/* session_choose.c */
void session_dial_best(Session *session);
void session_dial(Session *session, const SessionCandidate *candidate);
bool session_of_place(const Session *session, const SessionCandidate *candidate);
/* A person chose or typed it. */
bool session_wanted(const Session *session, const SessionCandidate *candidate);
/* Who is only remembered is not waited for any longer. */
int64_t session_recall_us(const Session *session);
/* All may be tried at once. */
void session_forgive(Session *session);
/* Something may still answer, so that nothing need be served. */
bool session_hopes(const Session *session);
/* The announcement of this very node. */
bool session_is_own(const Session *session, const SessionCandidate *candidate);
/* Before the current candidate may be tried again; negative: by how often it failed. */
void session_back_off(Session *session, int64_t wait_us);
void session_offer_connect(Session *session);
int64_t session_dial_deadline(const Session *session);

/* session_place.c */
gboolean session_open_place(Session *session, const uint8_t *place, GError **error);
void session_close_place(Session *session);
/* The person should know why history is short; how much the relay keeps, if that changed. */
void session_tell_damage(Session *session);
void session_tell_history_days(Session *session, unsigned days);
/* Whose log was read last, of others. */
void session_load_relay(Session *session);
void session_remember_relay(Session *session, const uint8_t *log, const char *place_name);
/* A valid name; remembered. */
void session_set_place_name(Session *session, const char *name);
/* A setting of the store that belongs to this place; transfer full. */
char *session_setting(const Session *session, const char *name);
GBytes *conversation_bytes(const ConversationId *conversation);
ConversationId conversation_of(GBytes *bytes);
bool conversation_equal(const ConversationId *a, const ConversationId *b);
extern const ConversationId conversation_general;

/* session_people.c */
Known *session_know(Session *session, const uint8_t *key);
/* The same of who wrote something: only while there is much room. */
void session_hear_of(Session *session, const uint8_t *key);
void known_free(Known *known);
void session_load_people(Session *session);
void session_set_profile(Session *session, const Event *profile, bool tell);
void session_name_self(Session *session);
void session_roster(Session *session, const Wire__Roster *roster);
void session_roster_begins(Session *session);
void session_grace(Session *session);
int64_t session_grace_deadline(const Session *session);

/* session_part.c */
/* Says it, when linked. */
void session_goodbye(Session *session);
void session_parted(Session *session, const Wire__Goodbye *goodbye);

/* session_link.c */
bool session_send(Session *session, const Wire__Frame *frame);
void session_hello(Session *session);
void session_heartbeat(Session *session);
int64_t session_link_deadline(const Session *session);
void session_send_away(Session *session);
void session_ping(Session *session);
int64_t session_dead_after_us(const Session *session); /* … of silence */
/* An event of this time came: measures room time again when it is ahead of what is thought. */
void session_doubt_clock(Session *session, int64_t time_ms);
void session_expire_typing(Session *session);
void session_stop_typing(Session *session, const uint8_t *key, const ConversationId *conversation);

/* session_receive.c */
void session_page(Session *session, const Wire__Page *page);
void session_deliver(Session *session, const Wire__Deliver *deliver);
/* Commits and tells; false when the disk would not. */
bool session_commit(Session *session);
/* An event of another log, to be verified. */
void session_take(Session *session, const Wire__SignedEvent *sent);
/* Everything up to here of the relay's log is held. */
uint64_t session_contiguous(Session *session);
uint64_t session_covered_top(Session *session);
bool session_has_holes(const Session *session);
void session_disk_failed(Session *session, const GError *error);
void arrival_clear(gpointer data);
/* Which conversation it belongs to, and what is sealed in it. */
void session_file_arrival(const Session *session, Arrival *arrival);
void session_tell_arrival(Session *session, const Arrival *arrival);
/* A message is told once, whatever brought it: false when it was. */
bool session_first_showing(Session *session, const Event *event);

/* session_outbox.c */
void item_free(Item *item);
void flight_clear(gpointer data);
void session_load_outbox(Session *session);
void session_publish_profile(Session *session);
/* On the disk when it returns; signed at once when joined. NULL with an error; transfer none. */
Item *session_queue(Session *session, const ConversationId *conversation, uint32_t kind,
                    GBytes *content, GError **error);
void session_tell_item(Session *session, const Item *item, SessionEventType type,
                       DeliveryState state);
/* The relay will not have it: the person decides. May free `item`. */
void session_refuse(Session *session, Item *item, const char *why);
/* Queues what a person says and tells it; `token` may be NULL. */
gboolean session_queue_said(Session *session, const ConversationId *conversation, uint32_t kind,
                            GBytes *content, uint8_t *token, GError **error);

/* session_submit.c */
/* What is signed next: the profile before messages, so that others know who speaks. NULL: all are.
 */
Item *session_next_unsigned(const Session *session);
void session_submit(Session *session);
void session_receipt(Session *session, const Wire__Receipt *receipt);
/* An own event was seen in the relay's log: true when an item waited for that. */
bool session_own_seen(Session *session, const Event *event, uint64_t position);
/* After a commit, and after a failed one. */
void session_stored_items(Session *session);
void session_unstore_items(Session *session);
void session_outbox_unlinked(Session *session);
int64_t session_outbox_deadline(const Session *session);

/* session_feed.c */
void session_check_feeds(Session *session, const Wire__Welcome *welcome);
void session_new_incarnation(Session *session);
/* Looks again where the own feed ends. */
void session_measure_tail(Session *session);
bool session_can_sign(const Session *session, const Item *item);
/* Room time is behind what is held here: nothing should be signed for a moment. */
bool session_is_ahead(const Session *session);
void session_ask_time(Session *session);               /* now and then while it is so */
int64_t session_time_deadline(const Session *session); /* 0: it is not */
/* Inside a transaction of the store. */
gboolean session_sign(Session *session, Item *item, GError **error);
/* Forgets the signed bytes of `item` and of what follows it in its feed. */
void session_unsign_from(Session *session, const Item *item);
/* The relay lacks this feed from seq `from` on. */
void session_repair(Session *session, uint64_t incarnation, Lane lane, uint64_t from);
void session_give_up_repair(Session *session, uint64_t incarnation, Lane lane);
/* The next event to send again; transfer full, NULL when there is none. */
Event *session_next_repair(Session *session);

/* session_notes.c */
void session_signal(Session *session, const Wire__Signal *signal);
/* Gives out what came between Welcome and JOINED. */
void session_early_notes(Session *session);

/* session_history.c */
/* Keeps what a SessionMessage points to. */
typedef struct {
    char *text;
    Offer *offer;
    ModerationContent act;
} Held;
void held_clear(Held *held);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Held, held_clear)
/* `held` is empty before. */
void session_describe(const Session *session, const Event *event, uint32_t opened_kind,
                      GBytes *opened, const ConversationId *conversation, uint64_t position,
                      SessionMessage *out, Held *held);
void session_describe_item(const Session *session, const Item *item, SessionMessage *out,
                           Held *held);

#include "app/session_carry.h" /* its other parts */
#include "app/session_rules.h"
