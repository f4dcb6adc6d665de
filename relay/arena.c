#include "relay/arena.h"

#define ARENA_ALIGNMENT 16

struct Arena {
    ProtobufCAllocator allocator;
    size_t limit;
    size_t used;
    uint8_t *memory; /* owned; pages are taken by the kernel as they are first touched */
};

static void *allocate(void *user, size_t size)
{
    return arena_alloc(user, size);
}

static void release(void *user, void *memory)
{
    /* arena_reset() releases everything at once. */
}

Arena *arena_new(size_t limit)
{
    Arena *arena = g_new0(Arena, 1);
    arena->allocator =
        (ProtobufCAllocator){.alloc = allocate, .free = release, .allocator_data = arena};
    arena->limit = limit & ~(size_t)(ARENA_ALIGNMENT - 1);
    arena->memory = g_malloc(MAX(arena->limit, ARENA_ALIGNMENT));
    return arena;
}

void arena_free(Arena *arena)
{
    if (arena == NULL)
        return;
    g_free(arena->memory);
    g_free(arena);
}

void *arena_alloc(Arena *arena, size_t size)
{
    if (size > arena->limit - arena->used)
        return NULL;
    /* `limit` is a multiple of the alignment, so rounding up stays within it. A request of nothing
     * still gets an address of its own. */
    size_t rounded = (MAX(size, 1) + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    if (rounded > arena->limit - arena->used)
        return NULL;
    void *memory = arena->memory + arena->used;
    arena->used += rounded;
    return memory;
}

void arena_reset(Arena *arena)
{
    arena->used = 0;
}

ProtobufCAllocator *arena_allocator(Arena *arena)
{
    return &arena->allocator;
}
