#pragma once
/* Frames of a data channel: a 4-byte big-endian length and one DataFrame, cut by frame_cut(). Every
 * field is checked here (relay/PROTOCOL.md); what only the state of a transfer can judge (is this
 * file in the manifest, was this chunk asked for) is the reader's part. */

#include "relay/arena.h"
#include "relay/frame.h"

#define DATA_ARENA_SIZE (512 * 1024) /* enough for every valid frame of DATA_FRAME_MAX bytes */

/* As frame_parse(). body_case is NOT_SET for a message of a newer version: skip it. */
const Wire__DataFrame *data_frame_parse(Arena *arena, const uint8_t *message, size_t length,
                                        const char **why);
/* Header and message; transfer full. */
GBytes *data_frame_build(const Wire__DataFrame *frame);
/* "present", "chunk", …; static. */
const char *data_frame_name(const Wire__DataFrame *frame);
