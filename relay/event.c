/* The body is read where it lies: an Event points into the bytes that its author signed, so there
 * is nothing that could differ from them. A field that occurs twice is refused, for two readers
 * could take different ones. */

#include "relay/event.h"

#include "relay/content.h"
#include "relay/fields.h"
#include "wire.pb-c.h"

#include <sodium.h>
#include <string.h>

#define PREFIX "backfence/event/1" /* its final NUL is part of it */
#define PREFIX_SIZE (sizeof PREFIX)

typedef struct {
    const uint8_t *bytes;
    size_t length;
} Span;

/* What the fields of a body say, pointing into it. */
typedef struct {
    Span author, prev, place, token, room, content;
    uint64_t incarnation, lane, seq, kind;
    int64_t time_ms;
    const uint8_t *recipients[RECIPIENTS_MAX];
    size_t recipient_count;
} Parsed;

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

static bool take_recipient(Parsed *parsed, const Field *field)
{
    if (parsed->recipient_count == RECIPIENTS_MAX || field->length != KEY_SIZE)
        return false;
    parsed->recipients[parsed->recipient_count++] = field->bytes;
    return true;
}

static bool take_bytes(Parsed *parsed, const Field *field)
{
    Span span = {field->bytes, field->length};
    switch (field->number) {
    case 1:
        parsed->author = span;
        return true;
    case 5:
        parsed->prev = span;
        return true;
    case 6:
        parsed->place = span;
        return true;
    case 8:
        parsed->token = span;
        return true;
    case 10:
        parsed->room = span;
        return true;
    case 11:
        return take_recipient(parsed, field);
    case 12:
        parsed->content = span;
        return true;
    default:
        return false;
    }
}

static bool take_number(Parsed *parsed, const Field *field)
{
    switch (field->number) {
    case 2:
        parsed->incarnation = field->value;
        return true;
    case 3:
        parsed->lane = field->value;
        return true;
    case 4:
        parsed->seq = field->value;
        return true;
    case 7:
        parsed->time_ms = field_zigzag(field->value);
        return true;
    case 9:
        parsed->kind = field->value;
        return true;
    default:
        return false;
    }
}

static const char *parse(Parsed *parsed, const uint8_t *body, size_t length)
{
    const uint32_t last_known = 12, repeated = 1u << 11;
    *parsed = (Parsed){0};
    uint32_t seen = 0;
    FieldReader reader = field_reader(body, length);
    for (Field field; field_next(&reader, &field);) {
        if (field.number > last_known)
            continue;
        uint32_t bit = 1u << field.number;
        if ((seen & bit & ~repeated) != 0)
            return "a field occurs twice";
        seen |= bit;
        bool taken = field.type == FIELD_BYTES    ? take_bytes(parsed, &field)
                     : field.type == FIELD_VARINT ? take_number(parsed, &field)
                                                  : false;
        if (!taken)
            return "a field of the wrong type or size";
    }
    return reader.bad ? "malformed" : NULL;
}

static bool recipients_rise(const Parsed *parsed)
{
    for (size_t i = 1; i < parsed->recipient_count; i++) {
        if (memcmp(parsed->recipients[i - 1], parsed->recipients[i], KEY_SIZE) >= 0)
            return false;
    }
    return true;
}

static bool is_recipient(const uint8_t *const *recipients, size_t count, const uint8_t *key)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(recipients[i], key, KEY_SIZE) == 0)
            return true;
    }
    return false;
}

static const char *check_lane(const Parsed *parsed)
{
    if (parsed->lane == LANE_PUBLIC) {
        if (parsed->room.length != PLACE_SIZE)
            return "no room";
        return parsed->recipient_count != 0 ? "recipients of a public event" : NULL;
    }
    if (parsed->lane != LANE_PRIVATE)
        return "unknown lane";
    if (parsed->room.length != 0)
        return "room of a private event";
    if (!recipients_rise(parsed))
        return "recipients are not ascending";
    if (!is_recipient(parsed->recipients, parsed->recipient_count, parsed->author.bytes))
        return "the author is not a recipient";
    return NULL;
}

static const char *check(const Parsed *parsed)
{
    if (parsed->author.length != KEY_SIZE)
        return "wrong size of author";
    if (parsed->place.length != PLACE_SIZE)
        return "wrong size of place";
    if (parsed->token.length != TOKEN_SIZE)
        return "wrong size of token";
    if (parsed->seq == 0 || parsed->seq > POSITION_MAX)
        return "seq out of range";
    if (parsed->prev.length != (parsed->seq == 1 ? 0 : HASH_SIZE))
        return "wrong size of prev";
    if (parsed->time_ms < TIME_MIN_MS || parsed->time_ms > TIME_MAX_MS)
        return "time out of range";
    if (parsed->kind == 0 || parsed->kind > UINT32_MAX)
        return "kind out of range";
    return check_lane(parsed);
}

static const char *check_content(const Parsed *parsed)
{
    Span content = parsed->content;
    bool public_lane = parsed->lane == LANE_PUBLIC;
    switch (parsed->kind) {
    case EVENT_MESSAGE:
        return public_lane && content_is_message(content.bytes, content.length) ? NULL
                                                                                : "bad message";
    case EVENT_PROFILE:
        return public_lane && content_is_profile(content.bytes, content.length) ? NULL
                                                                                : "bad profile";
    case EVENT_SEALED:
        return !public_lane &&
                       content_is_sealed(content.bytes, content.length, parsed->recipient_count)
                   ? NULL
                   : "bad sealed event";
    default:
        return NULL;
    }
}

static bool verify(const uint8_t *body, size_t length, const uint8_t *signature,
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
static Event *make(const Parsed *parsed, const uint8_t *from, GBytes *body, GBytes *signature)
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

static const char *judge(Parsed *parsed, const uint8_t *body, size_t body_length,
                         const uint8_t *place)
{
    if (body_length > EVENT_MAX)
        return "too large";
    const char *wrong = parse(parsed, body, body_length);
    if (wrong == NULL)
        wrong = check(parsed);
    if (wrong == NULL && parsed->kind == EVENT_PROFILE && body_length > PROFILE_MAX)
        wrong = "too large for a profile";
    if (wrong == NULL && place != NULL && memcmp(parsed->place.bytes, place, PLACE_SIZE) != 0)
        wrong = "of another place";
    return wrong != NULL ? wrong : check_content(parsed);
}

Event *event_open(const uint8_t *body, size_t body_length, const uint8_t *signature,
                  size_t signature_length, const uint8_t *place, const char **why)
{
    Parsed parsed;
    const char *wrong = judge(&parsed, body, body_length, place);
    if (wrong == NULL && (signature_length != SIGNATURE_SIZE ||
                          !verify(body, body_length, signature, parsed.author.bytes)))
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
    Parsed parsed;
    size_t length = 0;
    const uint8_t *bytes = g_bytes_get_data(body, &length);
    if (length > EVENT_MAX || g_bytes_get_size(signature) != SIGNATURE_SIZE ||
        parse(&parsed, bytes, length) != NULL || check(&parsed) != NULL)
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
    Parsed parsed;
    if (judge(&parsed, bytes, length, draft->place) != NULL)
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

int64_t event_time_ms(const Event *event)
{
    return event->time_ms;
}

const uint8_t *event_token(const Event *event)
{
    return event->token;
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
           is_recipient(event->recipients, event->recipient_count, key);
}

const uint8_t *event_content(const Event *event, size_t *length)
{
    *length = event->content.length;
    return event->content.bytes;
}
