#pragma once
/* What a face shows: an immutable snapshot of place, people, conversations and messages.
 *
 * The network thread makes a new snapshot after changes and hands it over; unchanged parts are
 * shared between snapshots. Every struct here is read-only for faces and lives as long as the
 * snapshot that it was reached through (reference counts are atomic). All strings are valid UTF-8,
 * already cleaned by relay/text.h. */

#include "app/files/transfer.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_KEY_SIZE 32 /* a member's Ed25519 public key */
#define MODEL_ID_SIZE 16  /* a message's id */

typedef enum {
    LINK_SEARCHING, /* no candidate yet */
    LINK_JOINING,   /* dialling or waiting for Welcome */
    LINK_JOINED,
    LINK_LOST, /* was joined; trying again */
} LinkState;

/* Who carries the room. */
typedef enum {
    CARRIED_BY_NOBODY, /* or not known: not joined */
    CARRIED_BY_RELAY,  /* a relay program */
    CARRIED_BY_PERSON, /* somebody's app: model_carrier() */
    CARRIED_BY_SELF,   /* this one */
} CarriedBy;

typedef enum {
    PRESENCE_ONLINE,
    PRESENCE_AWAY,
    PRESENCE_OFFLINE
} Presence;

/* A member of the place. */
typedef struct {
    uint8_t key[MODEL_KEY_SIZE];
    const char *name;   /* the label that this person chose */
    const char *shown;  /* name, with a key suffix when another person has the same one or one that
                           looks alike */
    const char *suffix; /* that suffix alone, "" otherwise */
    Presence presence;
    int64_t since_ms; /* room time: away since, or last seen when offline; 0 unknown */
    bool self;
    bool admin;  /* or keeper: may moderate */
    bool muted;  /* now */
    bool banned; /* now */
} Person;

typedef enum {
    DELIVERY_RECEIVED, /* somebody else's */
    DELIVERY_SENDING,  /* in the outbox */
    DELIVERY_SENT,     /* on the relay's disk */
    DELIVERY_FAILED,   /* refused; `why` says what happened */
} Delivery;

typedef enum {
    MESSAGE_TEXT,
    MESSAGE_ACTION,  /* /me */
    MESSAGE_NOTICE,  /* a line of the program's own: command output, a warning; author NULL */
    MESSAGE_OFFER,   /* files: see `offer` and model_transfers_of(); text is "" */
    MESSAGE_UNKNOWN, /* an event kind of a newer version: shown as one quiet line */
    MESSAGE_WARNING, /* the same about something that is wrong with the room */
    MESSAGE_JOINED,  /* author came; text is one whole sentence ("Mira joined"). Faces fold
                        neighbours into one line */
    MESSAGE_LEFT,    /* author went; as above */
    /* What an admin did ("Mira muted Sam until 18:00: too loud"): author is the admin, text one
     * sentence without its stop. A relay program's own has no author. */
    MESSAGE_MODERATION,
    MESSAGE_ANNOUNCEMENT, /* by an admin to everybody; author as above */
    MESSAGE_MOVED /* another node carries the room; author NULL, text one sentence without its
                     stop, folded with the two above. One at most among neighbours */
} MessageKind;

typedef struct {
    uint8_t id[MODEL_ID_SIZE];
    /* NULL for notices. Its name is that of the snapshot; its presence may be older: see
     * model_people(). */
    const Person *author;
    MessageKind kind;
    Delivery delivery;
    int64_t time_ms; /* room time, Unix milliseconds; range-checked: always formattable */
    const char *text;
    size_t length;      /* bytes of text */
    const char *why;    /* DELIVERY_FAILED: one sentence; else NULL */
    uint64_t position;  /* in the relay's log; 0 while unsent */
    bool mention;       /* names me */
    const Offer *offer; /* MESSAGE_OFFER; NULL otherwise */
} Message;

/* A room or a direct. */
typedef struct {
    const char *id;                   /* stable: "#general", or "@" and the other's key in hex */
    const Person *person;             /* the other side of a direct; NULL for a room */
    const char *name;                 /* room name without '#', or person->shown */
    const char *topic;                /* "" when none */
    unsigned unread;                  /* messages after the read mark, not one's own */
    unsigned mentions;                /* of these, that name me */
    uint8_t read_mark[MODEL_ID_SIZE]; /* newest message seen when the conversation was last left;
                                         all zero: none */
    bool more_before;                 /* older messages exist: ask by member_load_older() */
    bool loading_before;
    const char *draft;       /* text kept in the composer, on disk */
    const GPtrArray *typing; /* const Person*; who types here now */
    size_t message_count;
} Conversation;

/* Where one could go. */
typedef struct {
    const char *id;      /* names it to engine_join(); "": only `joined` */
    const char *name;    /* cleaned; "" unknown */
    const char *address; /* the best address, host:port, cleaned */
    bool relay;          /* a relay program; else an app */
    bool joined;         /* the one we are in, or dialling */
    bool locked;
    bool remembered; /* not seen now */
} Choice;

typedef struct Model Model;

Model *model_ref(Model *model);
void model_unref(Model *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Model, model_unref)

/* Grows with every snapshot. */
uint64_t model_version(const Model *model);
LinkState model_link(const Model *model);
/* Monotonic µs since when the link has been in its state. */
int64_t model_link_since_us(const Model *model);
/* Why, in one plain sentence, "" when there is nothing to say. */
const char *model_link_why(const Model *model);
/* Monotonic µs since when this machine is on no network, so that nobody can be reached and nothing
 * is wrong with the others; INT64_MAX: it is on one. */
int64_t model_no_network_since_us(const Model *model);
/* "" before the first joining. */
const char *model_place_name(const Model *model);
const Person *model_self(const Model *model);
/* While the room moves it is still the former one, so that nothing flickers. */
CarriedBy model_carried_by(const Model *model);
/* Whose app carries the room; self when it is this one; NULL when it is a relay program, or not
 * known. */
const Person *model_carrier(const Model *model);
/* People who are here now, away ones and self included. */
unsigned model_people_here(const Model *model);
/* The name was never chosen by the person: ask for it. */
bool model_first_run(const Model *model);
/* "" when there is none. */
const char *model_motd(const Model *model);
/* This person may moderate. */
bool model_admin(const Model *model);
/* Why this person may not write in rooms now (muted), one sentence; "" when it may. */
const char *model_silenced(const Model *model);
/* Kicked, banned or not on the list: why, in one or two sentences; "" when that is not so. */
const char *model_barred(const Model *model);
/* The place asks for its passphrase: its name. NULL: none does. */
const char *model_wants_passphrase(const Model *model);
/* With it: why the last one did not do, "" at first. */
const char *model_passphrase_why(const Model *model);
/* The connect dialog wants to be shown: nothing was found for 3 s. */
bool model_wants_connect(const Model *model);
/* The person typed /quit: close. */
bool model_wants_quit(const Model *model);
/* One-line notice about finding ("Avahi is not running: …"), "" when fine. */
const char *model_finding_line(const Model *model);

/* const Person*, online first, then by name; self included. */
const GPtrArray *model_people(const Model *model);
/* NULL when nobody has this key. */
const Person *model_person(const Model *model, const uint8_t *key);
/* const Conversation*, rooms first, then directs, newest first. */
const GPtrArray *model_conversations(const Model *model);
/* const Choice*. */
const GPtrArray *model_choices(const Model *model);
/* const Transfer*, newest first. */
const GPtrArray *model_transfers(const Model *model);
/* Those of one offer, by the id of its message: the one of a received offer, or one for each
 * receiver of an own one; transfer container. */
GPtrArray *model_transfers_of(const Model *model, const uint8_t *message_id);
/* By Transfer.id; NULL when there is none. */
const Transfer *model_find_transfer(const Model *model, const uint8_t *id);
/* Keys (GBytes) of those whose files are accepted unasked. */
const GPtrArray *model_accepted_people(const Model *model);
/* Where files go when nothing else is said. */
const char *model_folder(const Model *model);
/* By id; NULL when there is none. */
const Conversation *model_find_conversation(const Model *model, const char *id);
/* Message `index`, 0 the oldest that is loaded, in the order shown. O(log n). */
const Message *model_message(const Model *model, const Conversation *conversation, size_t index);
/* The room's own clock now, Unix milliseconds, for relative times; from the wall clock given. */
int64_t model_room_time(const Model *model, int64_t wall_ms);
