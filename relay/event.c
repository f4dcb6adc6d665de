/* The body is read where it lies: an Event points into the bytes that its author signed, so there
 * is nothing that could differ from them. */

#include "relay/event.h"

#include "relay/event_body.h"
#include "wire.pb-c.h"

#include <sodium.h>
#include <string.h>

#define PREFIX "backfence/event/1" /* its final NUL is part of it */
#define PREFIX_SIZE (sizeof PREFIX)

struct Event {
    gatomicrefcount references;
    GBytes *body;      /* owned */
    GBytes *signature; /* owned */
    const uint8_t *author, *prev, *place, *token, *room;
    Span content;
    uint64_t incarnation;
    uint64_t seq;
    int64_t time_ms;
    uint32_t kind;
    Lane lane;
    uint8_t hash[HASH_SIZE];
    size_t recipient_count;
    const uint8_t *recipients[];
};

bool event_verify(const uint8_t *body, size_t length, const uint8_t *signature,
                  const uint8_t *author)
{
    uint8_t message[PREFIX_SIZE + EVENT_MAX];
    memcpy(message, PREFIX, PREFIX_SIZE);
    memcpy(message + PREFIX_SIZE, body, length);
    return crypto_sign_verify_detached(signature, message, PREFIX_SIZE + length, author) == 0;
}

void event_hash_of(const uint8_t *body, size_t body_length, uint8_t *hash)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
    crypto_generichash_update(&state, (const uint8_t *)PREFIX, PREFIX_SIZE);
    crypto_generichash_update(&state, body, body_length);
    crypto_generichash_final(&state, hash, HASH_SIZE);
}

/* Where a span of `from` lies in `to`, which holds the same bytes; NULL when it is empty. */
static const uint8_t *moved(const uint8_t *at, const uint8_t *from, const uint8_t *to)
{
    return at == NULL ? NULL : to + (at - from);
}

static const uint8_t *moved_span(Span span, const uint8_t *from, const uint8_t *to)
{
    return span.length == 0 ? NULL : moved(span.bytes, from, to);
}

/* Takes both references. */
static Event *make(const EventBody *parsed, const uint8_t *from, GBytes *body, GBytes *signature)
{
    size_t count = parsed->recipient_count;
    Event *event = g_malloc0(sizeof *event + count * sizeof event->recipients[0]);
    size_t length = 0;
    const uint8_t *to = g_bytes_get_data(body, &length);
    g_atomic_ref_count_init(&event->references);
    event->body = body;
    event->signature = signature;
    event->author = moved_span(parsed->author, from, to);
    event->prev = moved_span(parsed->prev, from, to);
    event->place = moved_span(parsed->place, from, to);
    event->token = moved_span(parsed->token, from, to);
    event->room = moved_span(parsed->room, from, to);
    event->content = (Span){moved_span(parsed->content, from, to), parsed->content.length};
    event->incarnation = parsed->incarnation;
    event->lane = (Lane)parsed->lane;
    event->seq = parsed->seq;
    event->time_ms = parsed->time_ms;
    event->kind = (uint32_t)parsed->kind;
    event->recipient_count = count;
    for (size_t i = 0; i < count; i++)
        event->recipients[i] = moved(parsed->recipients[i], from, to);
    event_hash_of(to, length, event->hash);
    return event;
}

static bool verify_here(const uint8_t *body, size_t length, const uint8_t *signature,
                        const uint8_t *author, void *user)
{
    return event_verify(body, length, signature, author);
}

Event *event_open(const uint8_t *body, size_t body_length, const uint8_t *signature,
                  size_t signature_length, const uint8_t *place, const char **why)
{
    return event_open_by(body, body_length, signature, signature_length, place, verify_here, NULL,
                         why);
}

Event *event_open_by(const uint8_t *body, size_t body_length, const uint8_t *signature,
                     size_t signature_length, const uint8_t *place, EventVerify verify, void *user,
                     const char **why)
{
    EventBody parsed;
    const char *wrong = event_body_judge(&parsed, body, body_length, place);
    if (wrong == NULL && (signature_length != SIGNATURE_SIZE ||
                          !verify(body, body_length, signature, parsed.author.bytes, user)))
        wrong = "wrong signature";
    if (wrong != NULL) {
        if (why != NULL)
            *why = wrong;
        return NULL;
    }
    return make(&parsed, body, g_bytes_new(body, body_length),
                g_bytes_new(signature, signature_length));
}

Event *event_from_log(GBytes *body, GBytes *signature)
{
    EventBody parsed;
    size_t length = 0;
    const uint8_t *bytes = g_bytes_get_data(body, &length);
    if (g_bytes_get_size(signature) != SIGNATURE_SIZE ||
        event_body_read(&parsed, bytes, length) != NULL)
        return NULL;
    return make(&parsed, bytes, g_bytes_ref(body), g_bytes_ref(signature));
}

static ProtobufCBinaryData binary(const uint8_t *bytes, size_t length)
{
    return (ProtobufCBinaryData){.data = (uint8_t *)bytes, .len = bytes == NULL ? 0 : length};
}

static GBytes *encode(const Identity *identity, const EventDraft *draft)
{
    ProtobufCBinaryData recipients[RECIPIENTS_MAX];
    for (size_t i = 0; i < draft->recipient_count; i++)
        recipients[i] = binary(draft->recipients[i], KEY_SIZE);
    size_t content_length = 0;
    const uint8_t *content =
        draft->content == NULL ? NULL : g_bytes_get_data(draft->content, &content_length);
    Wire__Event event = WIRE__EVENT__INIT;
    event.author = binary(identity_key(identity), KEY_SIZE);
    event.incarnation = draft->incarnation;
    event.lane = draft->lane;
    event.seq = draft->seq;
    event.prev = binary(draft->prev, HASH_SIZE);
    event.place = binary(draft->place, PLACE_SIZE);
    event.time_ms = draft->time_ms;
    event.token = binary(draft->token, TOKEN_SIZE);
    event.kind = draft->kind;
    event.room = binary(draft->room, PLACE_SIZE);
    event.recipients = recipients;
    event.n_recipients = draft->recipient_count;
    event.content = binary(content, content_length);
    size_t length = wire__event__get_packed_size(&event);
    uint8_t *body = g_malloc(length);
    wire__event__pack(&event, body);
    return g_bytes_new_take(body, length);
}

Event *event_sign(const Identity *identity, const EventDraft *draft)
{
    if (draft->recipient_count > RECIPIENTS_MAX)
        return NULL;
    g_autoptr(GBytes) body = encode(identity, draft);
    size_t length = 0;
    const uint8_t *bytes = g_bytes_get_data(body, &length);
    EventBody parsed;
    if (event_body_judge(&parsed, bytes, length, draft->place) != NULL)
        return NULL;
    uint8_t message[PREFIX_SIZE + EVENT_MAX];
    memcpy(message, PREFIX, PREFIX_SIZE);
    memcpy(message + PREFIX_SIZE, bytes, length);
    uint8_t signature[SIGNATURE_SIZE];
    identity_sign(identity, message, PREFIX_SIZE + length, signature);
    return make(&parsed, bytes, g_steal_pointer(&body), g_bytes_new(signature, SIGNATURE_SIZE));
}

Event *event_ref(Event *event)
{
    g_atomic_ref_count_inc(&event->references);
    return event;
}

void event_unref(Event *event)
{
    if (event == NULL || !g_atomic_ref_count_dec(&event->references))
        return;
    g_bytes_unref(event->body);
    g_bytes_unref(event->signature);
    g_free(event);
}

GBytes *event_body(const Event *event)
{
    return event->body;
}

GBytes *event_signature(const Event *event)
{
    return event->signature;
}

const uint8_t *event_hash(const Event *event)
{
    return event->hash;
}

const uint8_t *event_author(const Event *event)
{
    return event->author;
}

uint64_t event_incarnation(const Event *event)
{
    return event->incarnation;
}

Lane event_lane(const Event *event)
{
    return event->lane;
}

uint64_t event_seq(const Event *event)
{
    return event->seq;
}

const uint8_t *event_prev(const Event *event)
{
    return event->prev;
}

const uint8_t *event_place(const Event *event)
{
    return event->place;
}

int64_t event_latest_ms(int64_t wall_ms)
{
    return MIN(MAX(wall_ms, TIME_FIRST_MS), TIME_MAX_MS - TIME_FAR_MS) + TIME_FAR_MS;
}

bool event_is_too_late(const Event *event, int64_t wall_ms, int64_t room_ms)
{
    int64_t latest_ms = event_latest_ms(wall_ms) + TIME_SLACK_MS;
    return event->time_ms > MAX(latest_ms, room_ms + TIME_AHEAD_MS);
}

int64_t event_time_ms(const Event *event)
{
    return event->time_ms;
}

const uint8_t *event_token(const Event *event)
{
    return event->token;
}

GBytes *event_said(const Event *event)
{
    uint8_t said[KEY_SIZE + TOKEN_SIZE];

    memcpy(said, event_author(event), KEY_SIZE);
    memcpy(said + KEY_SIZE, event_token(event), TOKEN_SIZE);
    return g_bytes_new(said, sizeof said);
}

uint32_t event_kind(const Event *event)
{
    return event->kind;
}

const uint8_t *event_room(const Event *event)
{
    return event->room;
}

size_t event_recipient_count(const Event *event)
{
    return event->recipient_count;
}

const uint8_t *event_recipient(const Event *event, size_t index)
{
    return event->recipients[index];
}

bool event_concerns(const Event *event, const uint8_t *key)
{
    return event->lane == LANE_PUBLIC ||
           event_body_addresses(event->recipients, event->recipient_count, key);
}

const uint8_t *event_content(const Event *event, size_t *length)
{
    *length = event->content.length;
    return event->content.bytes;
}
