/* A field that occurs twice is refused, for two readers could take different ones. */

#include "relay/event_body.h"

#include "relay/content.h"
#include "relay/fields.h"
#include "relay/moderation.h"
#include "relay/offer.h"

#include <string.h>

static bool take_recipient(EventBody *body, const Field *field)
{
    if (body->recipient_count == RECIPIENTS_MAX || field->length != KEY_SIZE)
        return false;
    body->recipients[body->recipient_count++] = field->bytes;
    return true;
}

static bool take_bytes(EventBody *body, const Field *field)
{
    Span span = {field->bytes, field->length};
    switch (field->number) {
    case 1:
        body->author = span;
        return true;
    case 5:
        body->prev = span;
        return true;
    case 6:
        body->place = span;
        return true;
    case 8:
        body->token = span;
        return true;
    case 10:
        body->room = span;
        return true;
    case 11:
        return take_recipient(body, field);
    case 12:
        body->content = span;
        return true;
    default:
        return false;
    }
}

static bool take_number(EventBody *body, const Field *field)
{
    switch (field->number) {
    case 2:
        body->incarnation = field->value;
        return true;
    case 3:
        body->lane = field->value;
        return true;
    case 4:
        body->seq = field->value;
        return true;
    case 7:
        body->time_ms = field_zigzag(field->value);
        return true;
    case 9:
        body->kind = field->value;
        return true;
    default:
        return false;
    }
}

static const char *parse(EventBody *body, const uint8_t *bytes, size_t length)
{
    const uint32_t last_known = 12, repeated = 1u << 11;
    *body = (EventBody){0};
    uint32_t seen = 0;
    FieldReader reader = field_reader(bytes, length);
    for (Field field; field_next(&reader, &field);) {
        if (field.number > last_known)
            continue;
        uint32_t bit = 1u << field.number;
        if ((seen & bit & ~repeated) != 0)
            return "a field occurs twice";
        seen |= bit;
        bool taken = field.type == FIELD_BYTES    ? take_bytes(body, &field)
                     : field.type == FIELD_VARINT ? take_number(body, &field)
                                                  : false;
        if (!taken)
            return "a field of the wrong type or size";
    }
    return reader.bad ? "malformed" : NULL;
}

static bool recipients_rise(const EventBody *body)
{
    for (size_t i = 1; i < body->recipient_count; i++) {
        if (memcmp(body->recipients[i - 1], body->recipients[i], KEY_SIZE) >= 0)
            return false;
    }
    return true;
}

bool event_body_addresses(const uint8_t *const *recipients, size_t count, const uint8_t *key)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(recipients[i], key, KEY_SIZE) == 0)
            return true;
    }
    return false;
}

static const char *check_lane(const EventBody *body)
{
    if (body->lane == LANE_PUBLIC) {
        if (body->room.length != PLACE_SIZE)
            return "no room";
        return body->recipient_count != 0 ? "recipients of a public event" : NULL;
    }
    if (body->lane != LANE_PRIVATE)
        return "unknown lane";
    if (body->room.length != 0)
        return "room of a private event";
    if (!recipients_rise(body))
        return "recipients are not ascending";
    if (!event_body_addresses(body->recipients, body->recipient_count, body->author.bytes))
        return "the author is not a recipient";
    return NULL;
}

static const char *check(const EventBody *body)
{
    if (body->author.length != KEY_SIZE)
        return "wrong size of author";
    if (body->place.length != PLACE_SIZE)
        return "wrong size of place";
    if (body->token.length != TOKEN_SIZE)
        return "wrong size of token";
    if (body->seq == 0 || body->seq > POSITION_MAX)
        return "seq out of range";
    if (body->prev.length != (body->seq == 1 ? 0 : HASH_SIZE))
        return "wrong size of prev";
    if (body->time_ms < TIME_MIN_MS || body->time_ms > TIME_MAX_MS)
        return "time out of range";
    if (body->kind == 0 || body->kind > UINT32_MAX)
        return "kind out of range";
    return check_lane(body);
}

static bool is_general(const uint8_t *room)
{
    static const uint8_t general[PLACE_SIZE];
    return memcmp(room, general, PLACE_SIZE) == 0;
}

static const char *check_content(const EventBody *body)
{
    Span content = body->content;
    bool public_lane = body->lane == LANE_PUBLIC;
    switch (body->kind) {
    case EVENT_MESSAGE:
        return public_lane && content_is_message(content.bytes, content.length) ? NULL
                                                                                : "bad message";
    case EVENT_PROFILE:
        return public_lane && content_is_profile(content.bytes, content.length) ? NULL
                                                                                : "bad profile";
    case EVENT_SEALED:
        return !public_lane &&
                       content_is_sealed(content.bytes, content.length, body->recipient_count)
                   ? NULL
                   : "bad sealed event";
    case EVENT_OFFER:
        return public_lane && content_is_offer(content.bytes, content.length) ? NULL : "bad offer";
    case EVENT_TOPIC:
        return public_lane && moderation_is_topic(content.bytes, content.length) ? NULL
                                                                                 : "bad topic";
    case EVENT_MODERATION:
        return public_lane && is_general(body->room.bytes) &&
                       moderation_is_content(content.bytes, content.length)
                   ? NULL
                   : "bad moderation";
    default:
        return NULL;
    }
}

const char *event_body_read(EventBody *body, const uint8_t *bytes, size_t length)
{
    if (length > EVENT_MAX)
        return "too large";
    const char *wrong = parse(body, bytes, length);
    if (wrong == NULL)
        wrong = check(body);
    if (wrong == NULL && body->kind == EVENT_PROFILE && length > PROFILE_MAX)
        wrong = "too large for a profile";
    return wrong;
}

const char *event_body_judge(EventBody *body, const uint8_t *bytes, size_t length,
                             const uint8_t *place)
{
    const char *wrong = event_body_read(body, bytes, length);
    if (wrong == NULL && place != NULL && memcmp(body->place.bytes, place, PLACE_SIZE) != 0)
        wrong = "of another place";
    return wrong != NULL ? wrong : check_content(body);
}
