#pragma once
/* A bounded bump allocator for parsing one frame: protobuf-c may turn a small frame into a large
 * tree, so what it takes comes from here and stops at a limit. Not thread-safe. */

#include <glib.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

typedef struct Arena Arena;

/* `limit`: bytes that all allocations between two resets may take. */
Arena *arena_new(size_t limit);
void arena_free(Arena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Arena, arena_free)

/* NULL when the limit is reached. 16-byte aligned. */
void *arena_alloc(Arena *arena, size_t size);
/* Everything allocated is gone. */
void arena_reset(Arena *arena);
/* For *_unpack(): frees nothing. */
ProtobufCAllocator *arena_allocator(Arena *arena);
