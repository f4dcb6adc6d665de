#include "relay/frame.h"

#include "relay/fields.h"
#include "relay/frame_rules.h"
#include "relay/limits.h"

#include <string.h>

FrameResult frame_cut(const uint8_t *bytes, size_t length, size_t max_message, size_t *size)
{
    if (length < FRAME_HEADER_SIZE)
        return FRAME_PARTIAL;
    size_t message =
        (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
    if (message == 0)
        return FRAME_BAD;
    if (message > max_message)
        return FRAME_TOO_LARGE;
    if (length - FRAME_HEADER_SIZE < message)
        return FRAME_PARTIAL;
    *size = FRAME_HEADER_SIZE + message;
    return FRAME_OK;
}

/* protobuf-c hands strings over as C strings, which hides what follows a NUL, and does not look at
 * their UTF-8. So strings are judged on the wire; they stand directly in a frame's body and nowhere
 * deeper. */
static bool strings_are_text(const ProtobufCMessageDescriptor *type, const Field *body)
{
    FieldReader reader = field_reader(body->bytes, body->length);
    for (Field field; field_next(&reader, &field);) {
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(type, field.number);
        if (known != NULL && known->type == PROTOBUF_C_TYPE_STRING &&
            (field.type != FIELD_BYTES ||
             !g_utf8_validate_len((const char *)field.bytes, field.length, NULL)))
            return false;
    }
    return !reader.bad;
}

static bool has_strings(const ProtobufCMessageDescriptor *type)
{
    return type == &wire__hello__descriptor || type == &wire__welcome__descriptor ||
           type == &wire__receipt__descriptor || type == &wire__goodbye__descriptor;
}

/* One body, known or not; its strings are text. */
static const char *check_form(const uint8_t *message, size_t length)
{
    unsigned fields = 0;
    FieldReader reader = field_reader(message, length);
    for (Field field; field_next(&reader, &field);) {
        if (field.type != FIELD_BYTES)
            return "a frame's body is not a message";
        if (++fields > 1)
            return "more than one body";
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(&wire__frame__descriptor, field.number);
        if (known != NULL && has_strings(known->descriptor) &&
            !strings_are_text(known->descriptor, &field))
            return "a string is not UTF-8 text";
    }
    if (reader.bad)
        return "malformed";
    return fields == 0 ? "no body" : NULL;
}

const Wire__Frame *frame_parse(Arena *arena, const uint8_t *message, size_t length,
                               const char **why)
{
    Wire__Frame *frame = NULL;
    const char *wrong = check_form(message, length);
    if (wrong == NULL) {
        frame = wire__frame__unpack(arena_allocator(arena), length, message);
        wrong = frame == NULL ? "malformed or too many parts" : frame_check(frame);
    }
    if (wrong == NULL)
        return frame;
    if (why != NULL)
        *why = wrong;
    return NULL;
}

GBytes *frame_build(const Wire__Frame *frame)
{
    size_t length = wire__frame__get_packed_size(frame);
    g_return_val_if_fail(length <= UINT32_MAX, NULL);
    uint8_t *bytes = g_malloc(FRAME_HEADER_SIZE + length);
    for (unsigned i = 0; i < FRAME_HEADER_SIZE; i++)
        bytes[i] = (uint8_t)(length >> (24 - 8 * i));
    wire__frame__pack(frame, bytes + FRAME_HEADER_SIZE);
    return g_bytes_new_take(bytes, FRAME_HEADER_SIZE + length);
}

const char *frame_name(const Wire__Frame *frame)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
        &wire__frame__descriptor, (unsigned)frame->body_case);
    return field == NULL ? "unknown" : field->name;
}
