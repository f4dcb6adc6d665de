#pragma once
/* The relay core: a state machine that owns no socket, thread, clock or random source. Frames and
 * the time go in; frames and log writes come out. It admits members, keeps the roster, orders and
 * stores what is submitted, fans it out and answers for the past.
 *
 * Submitted events are appended to the log as they come and committed together by hub_flush(),
 * which the shell calls at the end of each round of its loop; receipts and deliveries leave only
 * after the commit. One thread. */

#include "relay/log.h"
#include "relay/moderation.h"
#include "relay/roster.h"

#include <stdbool.h>

/* Handles of links belong to whoever carries them; the hub only gives them back. */
typedef struct {
    /* Queues a whole frame (header included); false: its queue is full, and the hub will cut the
     * link off. */
    bool (*send)(void *link, GBytes *frame, void *user);
    /* Bytes that wait in the link's queue: long answers are sent piece by piece as it drains. */
    size_t (*queued)(void *link, void *user);
    /* Writes out what is queued, then closes. hub_link_closed() must not be called for it any more.
     */
    void (*close)(void *link, void *user);
    /* Wall clock, Unix milliseconds. */
    int64_t (*wall_ms)(void *user);
    /* One fact for the log of the program: `event` is a word such as "joined"; `detail` is
     * "key=value …", escaped. May be NULL. */
    void (*report)(const char *event, const char *detail, void *user);
    /* Of the link's TLS connection: EXPORTER_SIZE bytes. NULL: only where nothing is locked. */
    void (*exporter)(void *link, uint8_t *out, void *user);
    /* Where the link comes from: a numeric address without port, which limits tries to unlock and
     * tells admins; lives until the next call. May be NULL, and so may what it returns. */
    const char *(*address)(void *link, void *user);
    /* NULL: only where nothing is locked. */
    void (*random)(void *bytes, size_t length, void *user);
    /* A member typed the code that the program printed: transfer full, one sentence for it. NULL:
     * no codes are given here. */
    char *(*claim)(const uint8_t *key, const char *code, void *user);
    /* Of what is submitted: answers as event_verify() does, which is asked when this is NULL. */
    bool (*verify)(const uint8_t *body, size_t length, const uint8_t *signature,
                   const uint8_t *author, void *user);
    /* What the place is called has changed (hub_place_name()). May be NULL. */
    void (*renamed)(void *user);
} HubOutput;

typedef struct {
    const char *place_name; /* a valid name; copied */
    const uint8_t *self;    /* KEY_SIZE: the node's own key */
    bool relay_program;     /* false: an app serves */
    const char *software;
    /* An app's hub: room time so far, as its session knew it; 0: none. Room time goes on from there
     * whatever the clock says. */
    int64_t room_time_ms;
} HubConfig;

/* What members may do. */
typedef struct {
    unsigned members; /* linked at once */
    unsigned rate;    /* events a second of one member, sustained … */
    unsigned burst;   /* … and at once */
} HubLimits;

#define HUB_LIMITS_DEFAULT                                                                         \
    {                                                                                              \
        .members = MEMBERS_MAX, .rate = SUBMIT_RATE, .burst = SUBMIT_BURST                         \
    }

/* Who is let in. */
typedef enum {
    HUB_OPEN,   /* everybody whom the carrier does not turn away */
    HUB_LISTED, /* `listed` says who */
    HUB_LOCKED, /* who knows the passphrase */
} HubDoor;

typedef struct {
    HubDoor door;
    uint8_t secret[SECRET_SIZE]; /* HUB_LOCKED: cpace_secret() */
    bool (*listed)(const uint8_t *key, void *user);
    /* This address is banned (HubOutput.address); NULL: none is. */
    bool (*address_banned)(const char *address, void *user);
    void *user;
} HubAdmission;

/* Who serves next. */
typedef struct {
    const uint8_t *key;           /* KEY_SIZE */
    const char *const *addresses; /* numeric host:port, NULL-terminated */
} HubSuccessor;

typedef struct Hub Hub;
typedef struct HubLink HubLink;

/* `log` must outlive the hub. A relay program's log belongs to it meanwhile; an app's session
 * shares it (log_losses()), and is a member like all others, over a link of its own key. */
Hub *hub_new(const HubConfig *config, Log *log, const HubOutput *output, void *user,
             int64_t now_us);
void hub_free(Hub *hub);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Hub, hub_free)

/* TLS proved `key` for `link`. NULL when there is no room for it (the shell closes it). */
HubLink *hub_link_opened(Hub *hub, void *link, const uint8_t *key, int64_t now_us);
/* One whole message, header excluded. The link may be closed by the hub before this returns. */
void hub_frame(Hub *hub, HubLink *link, const uint8_t *message, size_t length, int64_t now_us);
/* The connection is gone; the handle with it. */
void hub_link_closed(Hub *hub, HubLink *link, int64_t now_us);
/* Commits what was submitted, then sends receipts, deliveries and roster changes. Cheap when there
 * is nothing to do. */
void hub_flush(Hub *hub, int64_t now_us);
/* Heartbeats, silent links, roster changes that waited. Call at hub_deadline() or later. */
void hub_tick(Hub *hub, int64_t now_us);
int64_t hub_deadline(const Hub *hub);
/* Largest message that this link may send now: before admission less. */
size_t hub_frame_max(const HubLink *link);
/* Says Goodbye to everyone and closes all links, after a last flush: MOVED with `successor`'s key
 * and addresses, or, when it is NULL, SHUTTING_DOWN with the first of the successors, if there are
 * any. Afterwards the log is not touched any more. */
void hub_shut_down(Hub *hub, const HubSuccessor *successor, int64_t now_us);
/* Before a clean end: gives the first successor that is linked what only this log may hold (private
 * events that wait for their readers). `done` (once, perhaps at once) when it has them or there is
 * nobody, at the latest after HAND_OVER_US; the hub serves on until then. It may be shut down from
 * inside `done`, not freed; when it is shut down or freed before, `done` is not called. */
#define HAND_OVER_US (700 * INT64_C(1000))
void hub_hand_over(Hub *hub, void (*done)(void *user), void *user, int64_t now_us);

/* Copied; holds from now on, for those who are linked already, too: who would not be let in any
 * more is sent away, but for passphrases, which count when a member comes. NULL: open, as at first.
 */
void hub_set_admission(Hub *hub, const HubAdmission *admission, int64_t now_us);
/* Copied; HUB_LIMITS_DEFAULT at first. Members are told when they come. */
void hub_set_limits(Hub *hub, const HubLimits *limits);
/* Told to members in Limits.history_days. */
void hub_set_history_days(Hub *hub, unsigned days);
/* An event of this node's own, signed with its key: appended as if it had been submitted, and
 * delivered after the next hub_flush(), which the caller makes. FALSE with a sentence when it does
 * not fit its feed, is not allowed, or the disk is full. */
gboolean hub_post(Hub *hub, Event *event, int64_t now_us, GError **error);
/* Sends somebody away now, without an event: an address that was banned, a command on the machine.
 * False: not linked. */
bool hub_send_away(Hub *hub, const uint8_t *key, const char *why, int64_t now_us);
/* What the log says of roles and bans. The hub's, until it is used again. */
const Moderation *hub_moderation(const Hub *hub);
const char *hub_place_name(const Hub *hub);
/* Those who are linked: key, address and since when, for each; in no order. */
typedef struct {
    const uint8_t *key;
    const char *address; /* NULL: not known */
    int64_t opened_us;
    size_t queued; /* bytes that wait for it */
    bool relay_program;
} HubLinked;
void hub_each_linked(Hub *hub, void (*each)(const HubLinked *linked, void *user), void *user);

/* Everybody who is known here, linked or not. The hub's, until it is used again. */
const Roster *hub_roster(const Hub *hub);

/* What this hub did since it was made, and how it is now. */
#define HUB_REFUSALS                                                                               \
    16 /* more than there are in wire.proto; the last stands for all from there                    \
        */
typedef struct {
    unsigned linked;                /* members */
    unsigned known;                 /* members of the roster, here or not */
    size_t slowest;                 /* bytes that wait for the member for whom the most wait */
    bool disk_failed;               /* what was submitted last could not be stored */
    uint64_t stored;                /* submitted here and committed */
    uint64_t deliveries;            /* an event counts once for each member it is sent to */
    uint64_t refused[HUB_REFUSALS]; /* by Refusal of wire.proto */
    uint64_t bytes_in, bytes_out;   /* frames, without what TLS adds */
} HubCounters;
HubCounters hub_counters(const Hub *hub);
/* The word for a refusal, such as "rate"; NULL: there is none with this number. */
const char *hub_refusal_word(unsigned refusal);

int64_t hub_room_time_ms(const Hub *hub);
unsigned hub_joined(const Hub *hub); /* members linked now */
/* Is the member with this key (KEY_SIZE bytes) linked now? */
bool hub_is_joined(const Hub *hub, const uint8_t *key);
