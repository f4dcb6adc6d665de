#pragma once
/* The session core: a member's side of a place, as a state machine that owns no socket, thread,
 * clock or random source. Candidates, frames, typed text and the time go in; dialling, frames, log
 * and outbox writes and SessionEvents come out.
 *
 *   SEARCHING --candidate--> JOINING --Welcome--> JOINED --link gone--> LOST --back-off--> JOINING
 *       |                       ^                                         |
 *       +---nobody: serve it----+-------------the next in line: serve it--+
 *
 * A session that serves is joined to its own hub like any other member to any other relay, by a
 * link to itself. It goes on looking for nodes of the place that rank before it (relay programs,
 * then the lowest key), and when one answers it gives the place over and follows.
 *
 * It keeps one Log for the place it is in (opened by the shell through `open_log`) and the Store of
 * this data directory. One thread. */

#include "app/store.h"
#include "relay/keyring.h"
#include "relay/log.h"
#include "relay/moderation.h"
#include "relay/note.h"
#include "relay/offer.h"

#include <stdbool.h>

typedef enum {
    SESSION_SEARCHING,
    SESSION_JOINING,
    SESSION_JOINED,
    SESSION_LOST
} SessionState;
/* One lower-case word, for programs and logs. */
/* "searching", "joining", "joined", "lost". */
const char *session_state_name(SessionState state);

/* A conversation: a room id (PLACE_SIZE bytes) or the other side's key (KEY_SIZE bytes). */
typedef struct {
    bool direct;
    uint8_t id[KEY_SIZE]; /* rooms use the first PLACE_SIZE bytes, the rest zero */
} ConversationId;

typedef enum {
    MEMBER_ONLINE,
    MEMBER_AWAY,
    MEMBER_OFFLINE
} MemberPresence;

/* Somebody of the place, self included. Owned by the session. */
typedef struct {
    uint8_t key[KEY_SIZE];
    char *name;  /* valid name; the start of the key in hex until a profile came */
    char *shown; /* with a key suffix " (1a2b)" when names look alike */
    uint8_t sealing_key[SEALING_KEY_SIZE];
    bool has_sealing_key;
    MemberPresence presence;
    int64_t since_ms;
} SessionMember;

typedef enum {
    DELIVERY_STATE_RECEIVED,
    DELIVERY_STATE_QUEUED,
    DELIVERY_STATE_SENT,
    DELIVERY_STATE_REFUSED
} DeliveryState;

/* A message as faces need it; strings live during the callback. */
typedef struct {
    ConversationId conversation;
    const uint8_t *token;  /* TOKEN_SIZE: its id */
    const uint8_t *author; /* KEY_SIZE */
    /* EVENT_MESSAGE, EVENT_OFFER, EVENT_TOPIC, EVENT_MODERATION, or what cannot be shown (text ""):
     * a kind that this version does not know, EVENT_SEALED when it cannot be read. */
    uint32_t kind;
    bool action;
    /* Cleaned for showing (text_visible); of an offer: ""; of a topic or an act one sentence
     * without its stop ("Mira muted Sam for 10 minutes: too loud"), of ACT_ANNOUNCE what is
     * announced. */
    const char *text;
    Offer *offer;                 /* EVENT_OFFER: never NULL; else NULL. Reference it to keep it */
    const ModerationContent *act; /* EVENT_MODERATION; else NULL */
    bool by_relay;                /* EVENT_TOPIC, EVENT_MODERATION: of a relay program itself */
    int64_t time_ms;     /* room time; for queued ones the best guess, so that they come last */
    const uint8_t *hash; /* HASH_SIZE; NULL while unsigned */
    uint64_t position;   /* in the relay's log; 0 while unsent */
    DeliveryState delivery;
    const char *why; /* DELIVERY_STATE_REFUSED */
} SessionMessage;

typedef enum {
    SESSION_EVENT_STATE,   /* session_state() changed; text: why, plain words, or "" */
    SESSION_EVENT_JOINED,  /* Welcome, roster and first page are in */
    SESSION_EVENT_PLACE,   /* another place's log is open now: forget what was shown */
    SESSION_EVENT_MEMBER,  /* a member joined, left, went away, came back, was renamed: `change`; or
                              just known: MEMBER_KNOWN */
    SESSION_EVENT_MESSAGE, /* a message came (live) or was fetched (not live) or was queued */
    SESSION_EVENT_DELIVERY, /* queued → sent or refused: message.token, message.delivery, position,
                               why */
    SESSION_EVENT_TYPING,   /* member types in conversation (live), or ceased to (not live) */
    SESSION_EVENT_HISTORY,  /* older messages of conversation were loaded or there are none left:
                               session_history() again */
    SESSION_EVENT_NOTICE, /* one line for the person (text): clock far off, fork seen, disk full …
                           */
    SESSION_EVENT_WANTS_CONNECT, /* nothing found for 3 s, and this one cannot serve */
    SESSION_EVENT_MOVED, /* another node carries the room since a moment: `text` is one quiet line
                            for the person ("The room moved to Mira's computer."), `member` who it
                            is (NULL: a relay program; self: this node) */
    SESSION_EVENT_NOTE,  /* another member's note: `from`, `note`; both live during the call */
    SESSION_EVENT_NOTE_RETURNED, /* ours to `from` was not forwarded: `retry_ms` */
    SESSION_EVENT_PASSPHRASE, /* the place is locked: session_set_secret() or another place; `text`:
                                 "" at first, else why the last one did not do */
    SESSION_EVENT_BARRED,     /* kicked, banned, not on the list: `text` says why and until when,
                                     `code` which; nothing is dialled and nothing served for this place
                                     until then (who was kicked: until a person wants to),
                                 or session_try_now(). `text` "": that is over */
    SESSION_EVENT_RULES,      /* session_moderation() or the place's name changed */
} SessionEventType;

typedef enum {
    MEMBER_KNOWN,
    MEMBER_JOINED,
    MEMBER_LEFT,
    MEMBER_WENT_AWAY,
    MEMBER_BACK,
    MEMBER_RENAMED,
} MemberChange;

typedef struct {
    SessionEventType type;
    const char *text;
    const char *code; /* a word for programs: "disk-full", "fork", … with NOTICE */
    const SessionMember *member;
    MemberChange change;
    const char *old_name; /* MEMBER_RENAMED */
    const SessionMessage *message;
    /* MESSAGE: said now, or missed while away from a place that was read before; else history. */
    bool live;
    ConversationId conversation;
    const uint8_t *from; /* KEY_SIZE */
    const Wire__Note *note;
    uint32_t retry_ms; /* 0: that member is not here */
} SessionEvent;

/* What the session knows of a candidate; the shell maps discovery's onto it. */
typedef struct {
    uint64_t id; /* the shell's; stable for one node */
    bool typed;
    bool relay;      /* a relay program; else an app, or unknown */
    bool locked;     /* says that its place asks for a passphrase; anybody may say so */
    bool remembered; /* from an earlier joining and not seen now */
    bool has_place, has_key;
    uint8_t place[PLACE_SIZE];
    uint8_t key_prefix[8];
    bool last_here;   /* the place last joined on this network */
    bool chosen_here; /* the place that the person chose on this network */
} SessionCandidate;

/* Candidates with this bit are the session's own: nodes that it learnt of by the link. Their
 * addresses are session_addresses(). */
#define SESSION_NODE (UINT64_C(1) << 63)
/* The own hub: dialled by loopback; it has the bit above, so ask for this one first. */
#define SESSION_SELF UINT64_MAX

/* What the shell knows of the network that this machine is on. */
typedef struct {
    bool up;                   /* some interface besides loopback has an address */
    bool known;                /* it can be told from others */
    uint8_t id[PLACE_SIZE];    /* when known */
    uint8_t place[PLACE_SIZE]; /* to be served here when nobody does: the place last joined on this
                                  network, else derived from it; not known: random, made once */
} SessionNetwork;

typedef struct {
    /* Race all addresses of this candidate; the answer is session_dialled() or
     * session_dial_failed(), never from inside. One dial at a time: a new one replaces what is
     * under way. The link, if there is one, stays. The candidate linked or dialled last can be
     * dialled again by its id as long as the session lives, also when it is not seen any more. */
    void (*dial)(uint64_t candidate, void *user);
    /* Close the link, after writing out what was sent, and give the dial up. Nothing more is
     * reported of either. When called from inside session_dialled() while there is a link, that
     * link is closed and the one just dialled takes its place; without hang_up() then, the one just
     * dialled is dropped. */
    void (*hang_up)(void *user);
    /* Serve the place of session_log() from now on: SESSION_SELF can be dialled when it returns
     * true. Room time goes on from session_room_time_ms(); session_place_name() is "" when the
     * place has no name yet. NULL: cannot serve. */
    bool (*serve)(void *user);
    /* Serve no more: all members are sent to `key` at `addresses` (NULL with a key: where the
     * candidate just dialled is; both NULL: to whom they think is next). The log is the session's
     * alone when it returns. */
    void (*retire)(const uint8_t *key, char *const *addresses, void *user);
    bool (*send)(GBytes *frame, void *user);
    /* Opens (or makes) the log of a place; transfer full. */
    Log *(*open_log)(const uint8_t *place, GError **error, void *user);
    void (*event)(const SessionEvent *event, void *user);
    int64_t (*wall_ms)(void *user);
    void (*random)(void *bytes, size_t length, void *user);
    /* Of the TLS connection that was dialled last: EXPORTER_SIZE bytes. NULL: cannot join what is
     * locked. */
    void (*exporter)(uint8_t *out, void *user);
} SessionOutput;

typedef struct Session Session;

/* `identity`, `keyring`, `store` must outlive it. Opens the log of the place last joined, so that
 * history shows at once. */
Session *session_new(const Identity *identity, Keyring *keyring, Store *store,
                     const SessionOutput *output, void *user, int64_t now_us, GError **error);
/* Closes the log: whoever serves it has ended before. */
void session_free(Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)

/* All candidates that there are now. `settled`: the network has answered; before that only typed
 * and remembered ones are tried. */
void session_candidates(Session *session, const SessionCandidate *candidates, size_t count,
                        bool settled, int64_t now_us);
/* A person chose this one (or typed it): it goes before the rule, and a link elsewhere is left. */
void session_choose(Session *session, uint64_t candidate, int64_t now_us);
void session_try_now(Session *session, int64_t now_us);

/* Which network it is; at the beginning, before candidates, and when that changed. On another
 * network the place is left and searched for anew; without one nothing is served. */
void session_network(Session *session, const SessionNetwork *network, int64_t now_us);
/* Where this node would serve; NULL or empty: it cannot. Copied. Others learn it when this node
 * joins the next time, so it comes before the first candidates. */
void session_set_addresses(Session *session, char *const *addresses, int64_t now_us);
/* Of a SESSION_NODE: numeric host:port; NULL when it is not known (any more). */
char *const *session_addresses(const Session *session, uint64_t candidate);

/* TLS is up with this key. */
void session_dialled(Session *session, uint64_t candidate, const uint8_t *key, int64_t now_us);
void session_dial_failed(Session *session, uint64_t candidate, const char *why, int64_t now_us);
/* One message without header. */
void session_frame(Session *session, const uint8_t *message, size_t length, int64_t now_us);
void session_link_closed(Session *session, const char *why, int64_t now_us);

/* Commits what came; call at the end of each round. */
void session_flush(Session *session, int64_t now_us);
void session_tick(Session *session, int64_t now_us);
int64_t session_deadline(
    const Session *session); /* µs, monotonic; INT64_MAX: nothing to wait for */

/* What a person does. */
/* Queues a message (durable when it returns) and reports it by SESSION_EVENT_MESSAGE; `token`
 * (TOKEN_SIZE, may be NULL) receives its id. FALSE with a sentence when it cannot be: empty, too
 * long, nobody by that key, disk full. */
gboolean session_say(Session *session, const ConversationId *conversation, const char *text,
                     bool action, uint8_t *token, int64_t now_us, GError **error);
/* The same for an offer of files. Its thumbnail is left out of what goes to a room. */
gboolean session_offer(Session *session, const ConversationId *conversation, const Offer *offer,
                       uint8_t *token, int64_t now_us, GError **error);
/* Signs, seals and sends a note at once; false when not joined, or the member is not here or has no
 * sealing key. */
bool session_send_note(Session *session, const uint8_t *to, const Wire__Note *note, int64_t now_us);
void session_retry(Session *session, const uint8_t *token, int64_t now_us);
/* An act of moderation, queued like a message (in #general). FALSE with a sentence when this person
 * may not. `member` (KEY_SIZE) and `text` as moderation_content() says; `lasting_ms` of a ban or
 * mute, 0: until it is taken back. */
gboolean session_moderate(Session *session, ModerationAct act, const uint8_t *member, Role role,
                          int64_t lasting_ms, const char *text, int64_t now_us, GError **error);
gboolean session_set_topic(Session *session, const ConversationId *room, const char *text,
                           int64_t now_us, GError **error);
/* The code that the relay printed. What came of it is a NOTICE with code "claim". FALSE when not
 * joined. */
gboolean session_claim(Session *session, const char *code, int64_t now_us, GError **error);
/* A code was sent and not answered yet. */
bool session_claims(const Session *session);
/* SECRET_SIZE bytes, made by cpace_secret() for `place`: tried at once, and kept when it was right,
 * also for serving the place. */
void session_set_secret(Session *session, const uint8_t *place, const uint8_t *secret,
                        int64_t now_us);
gboolean session_set_name(Session *session, const char *name, int64_t now_us, GError **error);
void session_set_away(Session *session, bool away, int64_t now_us);
void session_typing(Session *session, const ConversationId *conversation, int64_t now_us);
/* Asks the relay for older events than what is held; SESSION_EVENT_HISTORY follows, also when there
 * are none. */
void session_load_older(Session *session, const ConversationId *conversation, int64_t now_us);
/* Goodbye; hangs up, and nothing happens any more. One that serves hands the place over first: that
 * is the shell's part (app/host.h), before this or after; retire() is not called. */
void session_leave(Session *session, int64_t now_us);
/* The name until the person chooses one; made valid. */
void session_suggest_name(Session *session, const char *name, int64_t now_us);

/* Questions. */
SessionState session_state(const Session *session);
const char *session_why(const Session *session);
/* 0: none. A SESSION_NODE that is also among the candidates goes by its number there. */
uint64_t session_candidate_joined(const Session *session);
const uint8_t *session_place(const Session *session); /* NULL before the first */
const char *session_place_name(const Session *session);
const SessionMember *session_self(const Session *session);
/* The person chose a name, now or earlier. */
bool session_name_chosen(const Session *session);
bool session_away(const Session *session);
bool session_relay_program(const Session *session);
/* This node carries the place. */
bool session_serving(const Session *session);
/* When the link was lost last, monotonic; with SESSION_LOST, which comes later than that. */
int64_t session_lost_us(const Session *session);
/* The machine is on no network, so that nobody can be joined. */
bool session_no_network(const Session *session);
/* Roles, bans, topics, as this node's log has them; NULL before the first place. */
const Moderation *session_moderation(const Session *session);
/* The place that waits for a passphrase (PLACE_SIZE), NULL: none does. */
const uint8_t *session_locked_place(const Session *session);
/* What that place calls itself; "" when none waits. */
const char *session_locked_name(const Session *session);
/* The secret that this place is locked with, for serving it: SECRET_SIZE bytes, NULL: it is not. */
const uint8_t *session_secret(const Session *session);
/* Why nobody lets this node in, "" when that is not so. */
const char *session_barred(const Session *session);
/* Who carries it, KEY_SIZE bytes; NULL when not joined. */
const uint8_t *session_relay_key(const Session *session);
/* NULL before the first place. For searching and read marks. */
Log *session_log(const Session *session);
/* Messages, profile changes and repairs that are not with the relay yet. */
unsigned session_unsent(const Session *session);
const SessionMember *session_member(const Session *session, const uint8_t *key);
/* By the name shown, or the bare name when only one person has it, ignoring case; NULL with a
 * sentence when nobody or several fit. */
const SessionMember *session_find_member(const Session *session, const char *name, GError **error);
/* const SessionMember*, self included; transfer container. */
GPtrArray *session_members(const Session *session);
bool session_may_have_older(const Session *session, const ConversationId *conversation);
/* The newest `limit` messages held before `before` (NULL: newest), each given to `each`, oldest
 * first. Returns how many. Queued ones are not among them. */
unsigned session_history(Session *session, const ConversationId *conversation,
                         const LogPoint *before, unsigned limit,
                         void (*each)(const SessionMessage *message, void *user), void *user);
/* Messages that wait in the outbox, oldest first. */
unsigned session_outbox(Session *session, void (*each)(const SessionMessage *message, void *user),
                        void *user);
/* Room time now. */
int64_t session_room_time_ms(const Session *session, int64_t now_us);
/* Room time minus the wall clock. */
int64_t session_room_offset_ms(const Session *session, int64_t now_us);
