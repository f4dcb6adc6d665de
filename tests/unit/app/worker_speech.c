#include "tests/unit/app/worker_speech.h"

#include <check.h>
#include <string.h>
#include <xxhash.h>

Channel *speech_channel;
WorkerStage *speech_stage;

void say(Wire__DataFrame__BodyCase kind, void *body)
{
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = kind;
    frame.chunk = body;
    if (channel_send(speech_channel, &frame, NULL))
        (void)channel_flush(speech_channel, NULL);
}

void say_chunk(uint32_t file, uint64_t number, uint32_t length, bool spoilt)
{
    static const char *const names[] = {"first", "second", "third"};
    g_autofree uint8_t *bytes = g_malloc0(CHUNK_SIZE + 1);
    g_autofree char *path = g_build_filename(speech_stage->from, names[file % 3], NULL);
    g_autofree char *content = NULL;
    gsize size = 0;
    ck_assert(g_file_get_contents(path, &content, &size, NULL));
    if (number * CHUNK_SIZE < size)
        memcpy(bytes, content + number * CHUNK_SIZE, MIN(CHUNK_SIZE, size - number * CHUNK_SIZE));
    XXH128_canonical_t sum;
    XXH128_canonicalFromHash(&sum, XXH3_128bits(bytes, length));
    sum.digest[0] ^= spoilt ? 1 : 0;
    Wire__Chunk chunk = WIRE__CHUNK__INIT;
    chunk.file = file;
    chunk.chunk = number;
    chunk.length = length;
    chunk.sum = (ProtobufCBinaryData){sizeof sum.digest, sum.digest};
    say(WIRE__DATA_FRAME__BODY_CHUNK, &chunk);
    if (channel_write(speech_channel, bytes, length, NULL))
        (void)channel_flush(speech_channel, NULL);
}

void say_first(void)
{
    say_chunk(0, 0, CHUNK_SIZE, false);
    say_chunk(0, 1, CHUNK_SIZE, false);
    say_chunk(0, 2, SPEECH_FIRST_SIZE - 2 * CHUNK_SIZE, false);
}

void say_missing(uint32_t file)
{
    Wire__Missing missing = WIRE__MISSING__INIT;
    missing.file = file;
    missing.why = WIRE__WHY__VANISHED;
    say(WIRE__DATA_FRAME__BODY_MISSING, &missing);
}

void say_finished(void)
{
    Wire__Finished finished = WIRE__FINISHED__INIT;
    say(WIRE__DATA_FRAME__BODY_FINISHED, &finished);
}

void say_manifest(void)
{
    gsize length = 0;
    const void *bytes =
        g_bytes_get_data(manifest_bytes(listing_manifest(speech_stage->listing)), &length);
    ck_assert(channel_write(speech_channel, bytes, length, NULL) &&
              channel_flush(speech_channel, NULL));
}

void say_other_manifest(void)
{
    ManifestWriter *writer = manifest_writer_new();
    manifest_writer_add(writer, &(ManifestEntry){.path = "secret", .size = 5});
    g_autoptr(GBytes) bytes = manifest_writer_end(writer);
    gsize length = 0;
    const void *data = g_bytes_get_data(bytes, &length);
    ck_assert(channel_write(speech_channel, data, length, NULL) &&
              channel_flush(speech_channel, NULL));
}

Wire__Begin make_begin(void)
{
    Wire__Begin begin = WIRE__BEGIN__INIT;
    begin.offer = (ProtobufCBinaryData){TOKEN_SIZE, speech_stage->token};
    begin.transfer = (ProtobufCBinaryData){TRANSFER_SIZE, speech_stage->transfer};
    return begin;
}

void say_begin(uint32_t file, uint64_t number)
{
    Wire__Begin begin = make_begin();
    begin.file = file;
    begin.chunk = number;
    say(WIRE__DATA_FRAME__BODY_BEGIN, &begin);
}

void say_again(uint32_t file, uint64_t number)
{
    Wire__Again again = WIRE__AGAIN__INIT;
    again.file = file;
    again.chunk = number;
    say(WIRE__DATA_FRAME__BODY_AGAIN, &again);
}
