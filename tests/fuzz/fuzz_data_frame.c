/* A data channel from a stranger: frames are cut and read, raw bytes skipped; what is taken keeps
 * to the limits and stays the same when it is written and read again. */

#include "relay/data_frame.h"
#include "relay/limits.h"
#include "relay/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* How many raw bytes follow. */
static size_t check_limits(const Wire__DataFrame *frame)
{
    if (frame->body_case == WIRE__DATA_FRAME__BODY_MANIFEST) {
        check(frame->manifest->n_entries <= MANIFEST_ENTRIES_MAX);
        for (size_t i = 0; i < frame->manifest->n_entries; i++) {
            const char *path = frame->manifest->entries[i]->path;
            check(text_is_path(path, strlen(path)) && strstr(path, "//") == NULL);
        }
    } else if (frame->body_case == WIRE__DATA_FRAME__BODY_CHUNK) {
        check(frame->chunk->length <= CHUNK_SIZE && frame->chunk->sum.len == CHUNK_SUM_SIZE);
        return frame->chunk->length;
    }
    return 0;
}

/* protobuf-c takes an unknown field number 0 but not what it writes for it, so reading again may
 * fail. */
static void read_again(Arena *arena, const Wire__DataFrame *frame)
{
    g_autoptr(GBytes) built = data_frame_build(frame);
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(built, &length);
    arena_reset(arena);
    const Wire__DataFrame *again =
        data_frame_parse(arena, bytes + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE, NULL);
    if (again == NULL)
        return;
    g_autoptr(GBytes) same = data_frame_build(again);
    check(g_bytes_equal(built, same));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *arena;
    if (arena == NULL)
        arena = arena_new(DATA_ARENA_SIZE);
    size_t whole = 0;
    for (size_t at = 0; frame_cut(data + at, size - at, DATA_FRAME_MAX, &whole) == FRAME_OK;) {
        const char *why = NULL;
        arena_reset(arena);
        const Wire__DataFrame *frame =
            data_frame_parse(arena, data + at + FRAME_HEADER_SIZE, whole - FRAME_HEADER_SIZE, &why);
        check((frame == NULL) == (why != NULL));
        at += whole;
        if (frame == NULL || data_frame_name(frame) == NULL)
            continue;
        at += MIN(check_limits(frame), size - at);
        read_again(arena, frame);
    }
    return 0;
}
