#include "relay/frame.h"

#include "relay/frame_rules.h"
#include "relay/message.h"

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

const Wire__Frame *frame_parse(Arena *arena, const uint8_t *message, size_t length,
                               const char **why)
{
    Wire__Frame *frame = NULL;
    const char *wrong = message_check_form(&wire__frame__descriptor, message, length);
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
    return message_frame(&frame->base);
}

const char *frame_name(const Wire__Frame *frame)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
        &wire__frame__descriptor, (unsigned)frame->body_case);
    return field == NULL ? "unknown" : field->name;
}
