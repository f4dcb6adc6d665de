#pragma once
/* What Frame, DataFrame and Note have in common: a message that has exactly one body, whose strings
 * protobuf-c does not look at closely enough. */

#include <glib.h>
#include <protobuf-c/protobuf-c.h>

/* NULL when `bytes` encode one body, of a known number or not, and all strings in it, at any depth,
 * are UTF-8 without NUL; else static text that says what is wrong. */
const char *message_check_form(const ProtobufCMessageDescriptor *type, const uint8_t *bytes,
                               size_t length);
/* The 4-byte header of a frame and the message; transfer full. */
GBytes *message_frame(const ProtobufCMessage *message);
/* The message alone; transfer full. */
GBytes *message_pack(const ProtobufCMessage *message);
