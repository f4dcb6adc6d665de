/* Golden frames of data channels and golden notes. */
#include "relay/limits.h"
#include "tests/unit/relay/golden.h"

static uint8_t offer[TOKEN_SIZE] = "offer";
static uint8_t transfer[TRANSFER_SIZE] = "transfer";
static uint8_t ticket[TRANSFER_SIZE] = "ticket";
static uint8_t meeting[TRANSFER_SIZE] = "meeting";
static uint8_t other[KEY_SIZE] = "\x22\x22\x22\x22";
static uint8_t left_out[] = {0x05};
static uint8_t sum[CHUNK_SUM_SIZE] = "sum";
static char *addresses[] = {(char *)"192.0.2.7:7667", (char *)"[2001:db8::7]:7667"};

#define BINARY(array) ((ProtobufCBinaryData){.len = sizeof(array), .data = (array)})
#define DATA(name, upper, type, ...)                                                               \
    static void fill_##name(Wire__DataFrame *frame)                                                \
    {                                                                                              \
        static Wire__##type body = WIRE__##upper##__INIT;                                          \
        __VA_ARGS__;                                                                               \
        frame->body_case = WIRE__DATA_FRAME__BODY_##upper;                                         \
        frame->name = &body;                                                                       \
    }
#define NOTE(name, upper, type, ...)                                                               \
    static void fill_note_##name(Wire__Note *note)                                                 \
    {                                                                                              \
        static Wire__##type body = WIRE__##upper##__INIT;                                          \
        __VA_ARGS__;                                                                               \
        note->body_case = WIRE__NOTE__BODY_##upper;                                                \
        note->name = &body;                                                                        \
    }

static Wire__Again **one_again(void)
{
    static Wire__Again again = WIRE__AGAIN__INIT;
    static Wire__Again *pointers[] = {&again};
    again.file = 1;
    again.chunk = 7;
    return pointers;
}

static Wire__ManifestEntry **two_entries(void)
{
    static Wire__ManifestEntry entries[2] = {WIRE__MANIFEST_ENTRY__INIT,
                                             WIRE__MANIFEST_ENTRY__INIT};
    static Wire__ManifestEntry *pointers[] = {&entries[0], &entries[1]};
    entries[0].path = (char *)"photos";
    entries[0].folder = true;
    entries[0].mtime_ns = INT64_C(1700000000123456789);
    entries[1].path = (char *)"photos/Grüße.png";
    entries[1].size = 3145729;
    entries[1].mtime_ns = -1;
    return pointers;
}

DATA(present, PRESENT, Present, body.transfer = BINARY(transfer), body.ticket = BINARY(ticket))
DATA(admitted, ADMITTED, Admitted, (void)body)
DATA(meet, MEET, Meet, body.meeting = BINARY(meeting), body.other = BINARY(other))
DATA(met, MET, Met, (void)body)
DATA(begin, BEGIN, Begin, body.offer = BINARY(offer), body.transfer = BINARY(transfer),
     body.wants_manifest = true, body.left_out = BINARY(left_out), body.file = 3, body.chunk = 4,
     body.again = one_again(), body.n_again = 1)
DATA(manifest, MANIFEST, Manifest, body.entries = two_entries(), body.n_entries = 2,
     body.last = true)
DATA(chunk, CHUNK, Chunk, body.file = 3, body.chunk = 4, body.length = CHUNK_SIZE,
     body.sum = BINARY(sum))
DATA(missing, MISSING, Missing, body.file = 3, body.why = WIRE__WHY__VANISHED)
DATA(finished, FINISHED, Finished, (void)body)
DATA(progress, PROGRESS, Progress, body.bytes = UINT64_C(5000000000))
DATA(again, AGAIN, Again, body.file = 3, body.chunk = 4)
DATA(complete, COMPLETE, Complete, (void)body)
DATA(stop, STOP, Stop, body.why = WIRE__WHY__FAULT, body.text = (char *)"The disk is full.")

static void fill_met_refused(Wire__DataFrame *frame)
{
    static Wire__Met body = WIRE__MET__INIT;
    body.refused = true;
    body.text = (char *)"The other one did not come.";
    body.retry_ms = 2000;
    frame->body_case = WIRE__DATA_FRAME__BODY_MET;
    frame->met = &body;
}

const GoldenDataFrame golden_data_frames[] = {
    {"data_present", fill_present},   {"data_admitted", fill_admitted},
    {"data_meet", fill_meet},         {"data_met", fill_met},
    {"data_begin", fill_begin},       {"data_manifest", fill_manifest},
    {"data_chunk", fill_chunk},       {"data_missing", fill_missing},
    {"data_finished", fill_finished}, {"data_progress", fill_progress},
    {"data_again", fill_again},       {"data_complete", fill_complete},
    {"data_stop", fill_stop},         {"data_met_refused", fill_met_refused},
};
const unsigned golden_data_frame_count = G_N_ELEMENTS(golden_data_frames);

NOTE(accept, ACCEPT, Accept, body.offer = BINARY(offer), body.transfer = BINARY(transfer),
     body.attempt = 1, body.addresses = addresses, body.n_addresses = G_N_ELEMENTS(addresses),
     body.ticket = BINARY(ticket))
NOTE(ready, READY, Ready, body.transfer = BINARY(transfer), body.attempt = 1,
     body.addresses = addresses, body.n_addresses = 1, body.ticket = BINARY(ticket))
NOTE(turn, TURN, Turn, body.transfer = BINARY(transfer), body.attempt = 2,
     body.way = WIRE__WAY__MEETING, body.meeting = BINARY(meeting))
NOTE(halt, HALT, Halt, body.offer = BINARY(offer), body.transfer = BINARY(transfer),
     body.why = WIRE__WHY__DECLINED, body.text = (char *)"No, thanks.")

const GoldenNote golden_notes[] = {{"note_accept", fill_note_accept},
                                   {"note_ready", fill_note_ready},
                                   {"note_turn", fill_note_turn},
                                   {"note_halt", fill_note_halt}};
const unsigned golden_note_count = G_N_ELEMENTS(golden_notes);
