/* A stream from a stranger: frames are cut and read; what is taken, and written and read again,
 * stays the same.
 */

#include "relay/frame.h"
#include "relay/limits.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* protobuf-c takes an unknown field number 0 but not what it writes for it, so reading again may
 * fail. */
static void read_again(Arena *arena, const Wire__Frame *frame)
{
    g_autoptr(GBytes) built = frame_build(frame);
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(built, &length);
    arena_reset(arena);
    const Wire__Frame *again =
        frame_parse(arena, bytes + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE, NULL);
    if (again == NULL)
        return;
    g_autoptr(GBytes) same = frame_build(again);
    check(g_bytes_equal(built, same));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *arena;
    if (arena == NULL)
        arena = arena_new(FRAME_ARENA_SIZE);
    size_t whole = 0;
    for (size_t at = 0; frame_cut(data + at, size - at, FRAME_MAX, &whole) == FRAME_OK;
         at += whole) {
        const char *why = NULL;
        arena_reset(arena);
        const Wire__Frame *frame =
            frame_parse(arena, data + at + FRAME_HEADER_SIZE, whole - FRAME_HEADER_SIZE, &why);
        check((frame == NULL) == (why != NULL));
        if (frame != NULL && frame_name(frame) != NULL)
            read_again(arena, frame);
    }
    return 0;
}
