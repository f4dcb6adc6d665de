#pragma once
/* Signed, immutable entries. An Event is a parsed view that keeps the bytes as they came: they are
 * never encoded again. Reference-counted (atomic), immutable. */

#include "relay/identity.h"
#include "relay/limits.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    EVENT_MESSAGE = 1,
    EVENT_PROFILE = 2,
    EVENT_SEALED = 3,
    /* 4 edit, 5 deletion, 6 reaction, 8 stroke: reserved. */
    EVENT_OFFER = 7,
    EVENT_TOPIC = 9,
    EVENT_MODERATION = 10,
} EventKind;

typedef enum {
    LANE_PUBLIC = 0,
    LANE_PRIVATE = 1
} Lane;

typedef struct Event Event;

typedef struct {
    uint64_t incarnation;
    Lane lane;
    uint64_t seq;         /* from 1 */
    const uint8_t *prev;  /* HASH_SIZE bytes; NULL at seq 1 */
    const uint8_t *place; /* PLACE_SIZE */
    int64_t time_ms;
    const uint8_t *token; /* TOKEN_SIZE */
    uint32_t kind;
    const uint8_t *room;              /* PLACE_SIZE; NULL in the private lane */
    const uint8_t *const *recipients; /* private lane: KEY_SIZE each, ascending, author included */
    size_t recipient_count;
    GBytes *content; /* not owned */
} EventDraft;

/* Encodes and signs. The draft's author is `identity`. NULL when the draft breaks a rule that
 * event_open() checks (too long, recipients not ascending, …): nothing invalid is ever signed. */
Event *event_sign(const Identity *identity, const EventDraft *draft);

/* Parses, validates every field, the content of the known kinds too, and verifies the signature:
 * NULL when anything is wrong, `why` (static text, may be NULL) says what. `place` NULL: any place.
 * The content of unknown kinds is not looked into. */
Event *event_open(const uint8_t *body, size_t body_length, const uint8_t *signature,
                  size_t signature_length, const uint8_t *place, const char **why);
/* Is the signature (SIGNATURE_SIZE bytes) over this body the author's? `length` is at most
 * EVENT_MAX. Any thread. */
bool event_verify(const uint8_t *body, size_t length, const uint8_t *signature,
                  const uint8_t *author);
/* event_open() with somebody else's word on the signature, who answers as event_verify() would. */
typedef bool (*EventVerify)(const uint8_t *body, size_t length, const uint8_t *signature,
                            const uint8_t *author, void *user);
Event *event_open_by(const uint8_t *body, size_t body_length, const uint8_t *signature,
                     size_t signature_length, const uint8_t *place, EventVerify verify, void *user,
                     const char **why);
/* The same as event_open() without verifying the signature or looking into the content: for what
 * this node's own log returns. NULL when it does not parse. Takes references. */
Event *event_from_log(GBytes *body, GBytes *signature);
/* The hash of what would be an event with this body, also when it is not valid: to refuse it by
 * name. `hash` receives HASH_SIZE bytes. */
void event_hash_of(const uint8_t *body, size_t body_length, uint8_t *hash);
Event *event_ref(Event *event);
void event_unref(Event *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Event, event_unref)

GBytes *event_body(const Event *event);      /* transfer none */
GBytes *event_signature(const Event *event); /* transfer none */
const uint8_t *event_hash(const Event *event);
const uint8_t *event_author(const Event *event);
uint64_t event_incarnation(const Event *event);
Lane event_lane(const Event *event);
uint64_t event_seq(const Event *event);
const uint8_t *event_prev(const Event *event); /* NULL at seq 1 */
const uint8_t *event_place(const Event *event);
/* Room time never goes beyond this, whatever others say: TIME_FAR_MS after the wall clock. */
int64_t event_latest_ms(int64_t wall_ms);
/* What another log holds may be this late and no later: what honest members write where room time
 * was driven that far, and what is ahead of the room by no more than may be submitted. */
bool event_is_too_late(const Event *event, int64_t wall_ms, int64_t room_ms);
int64_t event_time_ms(const Event *event);
const uint8_t *event_token(const Event *event);
/* Author and token: the same for one thing said, however often it was signed. Transfer full. */
GBytes *event_said(const Event *event);
uint32_t event_kind(const Event *event);
const uint8_t *event_room(const Event *event); /* NULL in the private lane */
size_t event_recipient_count(const Event *event);
const uint8_t *event_recipient(const Event *event, size_t index);
/* Public lane: everybody; private lane: the recipients. */
bool event_concerns(const Event *event, const uint8_t *key);
const uint8_t *event_content(const Event *event, size_t *length);
