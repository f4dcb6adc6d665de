#include "relay/data_frame.h"

#include "relay/limits.h"
#include "relay/message.h"
#include "relay/text.h"

#include <string.h>

#define BAD_UNLESS(condition, what)                                                                \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return what;                                                                           \
    } while (0)

#define CHUNKS_MAX ((uint64_t)FILE_SIZE_MAX / CHUNK_SIZE)
#define LEFT_OUT_MAX ((FILES_MAX + 7) / 8)

static void know_why(Wire__Why *why)
{
    if ((unsigned)*why > WIRE__WHY__ARRIVED)
        *why = WIRE__WHY__FAULT;
}

static const char *check_present(const Wire__Present *present)
{
    BAD_UNLESS(present->transfer.len == TRANSFER_SIZE, "size of transfer");
    BAD_UNLESS(present->ticket.len == TRANSFER_SIZE, "size of ticket");
    return NULL;
}

static const char *check_meet(const Wire__Meet *meet)
{
    BAD_UNLESS(meet->meeting.len == TRANSFER_SIZE, "size of meeting");
    BAD_UNLESS(meet->other.len == KEY_SIZE, "size of other");
    return NULL;
}

static const char *check_met(const Wire__Met *met)
{
    BAD_UNLESS(strlen(met->text) <= WHY_MAX, "long text");
    return NULL;
}

static bool is_point(uint32_t file, uint64_t chunk)
{
    return file < FILES_MAX && chunk < CHUNKS_MAX;
}

static const char *check_begin(const Wire__Begin *begin)
{
    BAD_UNLESS(begin->offer.len == TOKEN_SIZE, "size of offer");
    BAD_UNLESS(begin->transfer.len == TRANSFER_SIZE, "size of transfer");
    BAD_UNLESS(begin->left_out.len <= LEFT_OUT_MAX, "too much left out");
    /* Behind the last file nothing is missing but what stands in `again`. */
    BAD_UNLESS(begin->file <= FILES_MAX && begin->chunk <= CHUNKS_MAX, "begins out of range");
    BAD_UNLESS(begin->n_again <= AGAIN_MAX, "too many missing chunks");
    for (size_t i = 0; i < begin->n_again; i++) {
        const Wire__Again *again = begin->again[i];
        BAD_UNLESS(is_point(again->file, again->chunk), "chunk out of range");
        BAD_UNLESS(again->file < begin->file ||
                       (again->file == begin->file && again->chunk < begin->chunk),
                   "a missing chunk is not before the beginning");
    }
    return NULL;
}

static const char *check_manifest(const Wire__Manifest *manifest)
{
    BAD_UNLESS(manifest->n_entries > 0 || manifest->last, "no entries");
    BAD_UNLESS(manifest->n_entries <= MANIFEST_ENTRIES_MAX, "too many entries");
    for (size_t i = 0; i < manifest->n_entries; i++) {
        const Wire__ManifestEntry *entry = manifest->entries[i];
        BAD_UNLESS(text_is_path(entry->path, strlen(entry->path)), "bad path");
        BAD_UNLESS(entry->item < FILES_MAX, "item out of range");
        BAD_UNLESS(entry->size <= (entry->folder ? 0 : (uint64_t)FILE_SIZE_MAX),
                   "size out of range");
    }
    return NULL;
}

static const char *check_chunk(const Wire__Chunk *chunk)
{
    BAD_UNLESS(is_point(chunk->file, chunk->chunk), "chunk out of range");
    BAD_UNLESS(chunk->length <= CHUNK_SIZE, "long chunk");
    BAD_UNLESS(chunk->length > 0 || chunk->chunk == 0, "empty chunk");
    BAD_UNLESS(chunk->sum.len == CHUNK_SUM_SIZE, "size of sum");
    return NULL;
}

static const char *check_missing(Wire__Missing *missing)
{
    know_why(&missing->why);
    BAD_UNLESS(missing->file < FILES_MAX, "file out of range");
    return NULL;
}

static const char *check_progress(const Wire__Progress *progress)
{
    BAD_UNLESS(progress->bytes <= (uint64_t)FILE_SIZE_MAX, "bytes out of range");
    return NULL;
}

static const char *check_again(const Wire__Again *again)
{
    BAD_UNLESS(is_point(again->file, again->chunk), "chunk out of range");
    return NULL;
}

static const char *check_stop(Wire__Stop *stop)
{
    know_why(&stop->why);
    BAD_UNLESS(strlen(stop->text) <= WHY_MAX, "long text");
    return NULL;
}

/* A body may be present and empty on the wire, but a pointer is always there. */
static const char *check(Wire__DataFrame *frame)
{
    switch (frame->body_case) {
    case WIRE__DATA_FRAME__BODY_PRESENT:
        return check_present(frame->present);
    case WIRE__DATA_FRAME__BODY_MEET:
        return check_meet(frame->meet);
    case WIRE__DATA_FRAME__BODY_MET:
        return check_met(frame->met);
    case WIRE__DATA_FRAME__BODY_BEGIN:
        return check_begin(frame->begin);
    case WIRE__DATA_FRAME__BODY_MANIFEST:
        return check_manifest(frame->manifest);
    case WIRE__DATA_FRAME__BODY_CHUNK:
        return check_chunk(frame->chunk);
    case WIRE__DATA_FRAME__BODY_MISSING:
        return check_missing(frame->missing);
    case WIRE__DATA_FRAME__BODY_PROGRESS:
        return check_progress(frame->progress);
    case WIRE__DATA_FRAME__BODY_AGAIN:
        return check_again(frame->again);
    case WIRE__DATA_FRAME__BODY_STOP:
        return check_stop(frame->stop);
    default:
        return NULL;
    }
}

const Wire__DataFrame *data_frame_parse(Arena *arena, const uint8_t *message, size_t length,
                                        const char **why)
{
    Wire__DataFrame *frame = NULL;
    const char *wrong = message_check_form(&wire__data_frame__descriptor, message, length);
    if (wrong == NULL) {
        frame = wire__data_frame__unpack(arena_allocator(arena), length, message);
        wrong = frame == NULL ? "malformed or too many parts" : check(frame);
    }
    if (wrong == NULL)
        return frame;
    if (why != NULL)
        *why = wrong;
    return NULL;
}

GBytes *data_frame_build(const Wire__DataFrame *frame)
{
    return message_frame(&frame->base);
}

const char *data_frame_name(const Wire__DataFrame *frame)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
        &wire__data_frame__descriptor, (unsigned)frame->body_case);
    return field == NULL ? "unknown" : field->name;
}
