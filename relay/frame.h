#pragma once
/* Frames: a 4-byte big-endian length and one wire message. Cutting a byte stream into frames,
 * reading a frame into an arena, and building one. Everything read is validated beyond what
 * protobuf checks: sizes of keys and hashes, UTF-8, ranges, that a body is present
 * (relay/PROTOCOL.md). */

#include "relay/arena.h"
#include "wire.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

#define FRAME_HEADER_SIZE 4
#define FRAME_ARENA_SIZE (2 * 1024 * 1024) /* enough for every valid frame of FRAME_MAX bytes */

typedef enum {
    FRAME_OK,
    FRAME_PARTIAL, /* more bytes are needed */
    FRAME_TOO_LARGE,
    FRAME_BAD, /* does not parse or validate */
} FrameResult;

/* Looks at the first `length` bytes of a stream: FRAME_OK sets `size` to the bytes of the whole
 * frame, header included. An empty message is FRAME_BAD. */
FrameResult frame_cut(const uint8_t *bytes, size_t length, size_t max_message, size_t *size);

/* Parses the message of one frame (without the header) into the arena, where the result lives until
 * its reset. NULL when it is malformed; then `why` (static text, may be NULL) says what. body_case
 * is WIRE__FRAME__BODY__NOT_SET for a message of a newer version: skip it. Enum values of a newer
 * version are replaced by the nearest known one, so every value found is a named one. Signed events
 * inside are not looked into: event_open() judges them. */
const Wire__Frame *frame_parse(Arena *arena, const uint8_t *message, size_t length,
                               const char **why);

/* Header and message, ready to be written; transfer full. Keeping it under FRAME_MAX is the
 * caller's part. */
GBytes *frame_build(const Wire__Frame *frame);
/* "hello", "welcome", …; "unknown" for a message of a newer version. Static. */
const char *frame_name(const Wire__Frame *frame);
