#include "relay/message.h"

#include "relay/fields.h"
#include "relay/frame.h"

static bool holds_strings(const ProtobufCMessageDescriptor *type)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->type == PROTOBUF_C_TYPE_STRING ||
            (field->type == PROTOBUF_C_TYPE_MESSAGE && holds_strings(field->descriptor)))
            return true;
    }
    return false;
}

/* protobuf-c hands strings over as C strings, which hides what follows a NUL, and does not look at
 * their UTF-8. So strings are judged on the wire. No message contains itself, so the depth is that
 * of wire.proto. */
static bool strings_are_text(const ProtobufCMessageDescriptor *type, const uint8_t *bytes,
                             size_t length)
{
    FieldReader reader = field_reader(bytes, length);
    for (Field field; field_next(&reader, &field);) {
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(type, field.number);
        if (known == NULL)
            continue;
        if (known->type == PROTOBUF_C_TYPE_STRING &&
            (field.type != FIELD_BYTES ||
             !g_utf8_validate_len((const char *)field.bytes, field.length, NULL)))
            return false;
        if (known->type == PROTOBUF_C_TYPE_MESSAGE && holds_strings(known->descriptor) &&
            (field.type != FIELD_BYTES ||
             !strings_are_text(known->descriptor, field.bytes, field.length)))
            return false;
    }
    return !reader.bad;
}

const char *message_check_form(const ProtobufCMessageDescriptor *type, const uint8_t *bytes,
                               size_t length)
{
    unsigned fields = 0;
    FieldReader reader = field_reader(bytes, length);
    for (Field field; field_next(&reader, &field);) {
        if (field.type != FIELD_BYTES)
            return "a frame's body is not a message";
        if (++fields > 1)
            return "more than one body";
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(type, field.number);
        if (known != NULL && holds_strings(known->descriptor) &&
            !strings_are_text(known->descriptor, field.bytes, field.length))
            return "a string is not UTF-8 text";
    }
    if (reader.bad)
        return "malformed";
    return fields == 0 ? "no body" : NULL;
}

GBytes *message_frame(const ProtobufCMessage *message)
{
    size_t length = protobuf_c_message_get_packed_size(message);
    g_return_val_if_fail(length <= UINT32_MAX, NULL);
    uint8_t *bytes = g_malloc(FRAME_HEADER_SIZE + length);
    for (unsigned i = 0; i < FRAME_HEADER_SIZE; i++)
        bytes[i] = (uint8_t)(length >> (24 - 8 * i));
    protobuf_c_message_pack(message, bytes + FRAME_HEADER_SIZE);
    return g_bytes_new_take(bytes, FRAME_HEADER_SIZE + length);
}

GBytes *message_pack(const ProtobufCMessage *message)
{
    size_t length = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = g_malloc(length);
    protobuf_c_message_pack(message, bytes);
    return g_bytes_new_take(bytes, length);
}
