#include "relay/note.h"

#include "relay/message.h"

#include <sodium.h>
#include <string.h>

#define PREFIX "backfence/note/1" /* its final NUL is part of it */
#define TIME_SIZE 8
#define HEAD_SIZE (sizeof PREFIX + PLACE_SIZE + KEY_SIZE + TIME_SIZE)

#define BAD_UNLESS(condition, what)                                                                \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return what;                                                                           \
    } while (0)

/* What is signed; `out` has room for HEAD_SIZE + length. */
static void write_signed(uint8_t *out, const NoteScene *scene, const uint8_t *to, const void *note,
                         size_t length)
{
    uint64_t time_ms = GUINT64_TO_BE((uint64_t)scene->time_ms);
    memcpy(out, PREFIX, sizeof PREFIX);
    memcpy(out + sizeof PREFIX, scene->place, PLACE_SIZE);
    memcpy(out + sizeof PREFIX + PLACE_SIZE, to, KEY_SIZE);
    memcpy(out + HEAD_SIZE - TIME_SIZE, &time_ms, TIME_SIZE);
    memcpy(out + HEAD_SIZE, note, length);
}

static bool empty_or(ProtobufCBinaryData bytes, size_t size)
{
    return bytes.len == 0 || bytes.len == size;
}

static const char *check_attempt(ProtobufCBinaryData transfer, uint32_t attempt)
{
    BAD_UNLESS(transfer.len == TRANSFER_SIZE, "size of transfer");
    BAD_UNLESS(attempt > 0, "no attempt");
    return NULL;
}

static const char *check_addresses(char **addresses, size_t count)
{
    BAD_UNLESS(count <= ADDRESSES_MAX, "too many addresses");
    for (size_t i = 0; i < count; i++)
        BAD_UNLESS(strlen(addresses[i]) <= ADDRESS_MAX, "long address");
    return NULL;
}

static const char *check_accept(const Wire__Accept *accept)
{
    BAD_UNLESS(accept->offer.len == TOKEN_SIZE, "size of offer");
    BAD_UNLESS(accept->ticket.len == TRANSFER_SIZE, "size of ticket");
    const char *wrong = check_attempt(accept->transfer, accept->attempt);
    return wrong != NULL ? wrong : check_addresses(accept->addresses, accept->n_addresses);
}

static const char *check_ready(const Wire__Ready *ready)
{
    BAD_UNLESS(ready->ticket.len == TRANSFER_SIZE, "size of ticket");
    const char *wrong = check_attempt(ready->transfer, ready->attempt);
    return wrong != NULL ? wrong : check_addresses(ready->addresses, ready->n_addresses);
}

static const char *check_turn(const Wire__Turn *turn)
{
    bool meeting = turn->way == WIRE__WAY__MEETING;
    BAD_UNLESS(turn->meeting.len == (meeting ? TRANSFER_SIZE : 0), "size of meeting");
    return check_attempt(turn->transfer, turn->attempt);
}

static const char *check_halt(Wire__Halt *halt)
{
    if ((unsigned)halt->why > WIRE__WHY__ARRIVED)
        halt->why = WIRE__WHY__FAULT;
    BAD_UNLESS(halt->offer.len == TOKEN_SIZE, "size of offer");
    BAD_UNLESS(empty_or(halt->transfer, TRANSFER_SIZE), "size of transfer");
    BAD_UNLESS(strlen(halt->text) <= WHY_MAX, "long text");
    return NULL;
}

static const char *check(Wire__Note *note)
{
    switch (note->body_case) {
    case WIRE__NOTE__BODY_ACCEPT:
        return check_accept(note->accept);
    case WIRE__NOTE__BODY_READY:
        return check_ready(note->ready);
    case WIRE__NOTE__BODY_TURN:
        if ((unsigned)note->turn->way > WIRE__WAY__MEETING) {
            note->body_case = WIRE__NOTE__BODY__NOT_SET;
            return NULL;
        }
        return check_turn(note->turn);
    case WIRE__NOTE__BODY_HALT:
        return check_halt(note->halt);
    default:
        return NULL;
    }
}

/* The encoded SignedNote; transfer full. */
static GBytes *sign(const Wire__Note *note, const Identity *from, const NoteScene *scene,
                    const uint8_t *to)
{
    g_autoptr(GBytes) packed = message_pack(&note->base);
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(packed, &length);
    g_autofree uint8_t *text = g_malloc(HEAD_SIZE + length);
    write_signed(text, scene, to, bytes, length);
    uint8_t signature[SIGNATURE_SIZE];
    identity_sign(from, text, HEAD_SIZE + length, signature);
    Wire__SignedNote out = WIRE__SIGNED_NOTE__INIT;
    out.note = (ProtobufCBinaryData){.data = text + HEAD_SIZE, .len = length};
    out.signature = (ProtobufCBinaryData){.data = signature, .len = sizeof signature};
    out.time_ms = (uint64_t)scene->time_ms;
    return message_pack(&out.base);
}

GBytes *note_seal(const Wire__Note *note, const Identity *from, const NoteScene *scene,
                  const uint8_t *to, const uint8_t *sealing_key)
{
    g_autoptr(GBytes) signed_note = sign(note, from, scene, to);
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(signed_note, &length);
    size_t size = SEALING_HINT_SIZE + crypto_box_SEALBYTES + length;
    if (size > SIGNAL_MAX)
        return NULL;
    g_autofree uint8_t *sealed = g_malloc(size);
    memcpy(sealed, sealing_key, SEALING_HINT_SIZE);
    if (crypto_box_seal(sealed + SEALING_HINT_SIZE, bytes, length, sealing_key) != 0)
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&sealed), size);
}

/* Opens the box into the arena. */
static const char *unseal(const uint8_t *sealed, size_t length, const Keyring *keyring,
                          Arena *arena, const Wire__SignedNote **out)
{
    const size_t least = SEALING_HINT_SIZE + crypto_box_SEALBYTES;
    BAD_UNLESS(length > least && length <= SIGNAL_MAX, "size of a note");
    const uint8_t *secret = NULL, *sealing_key = NULL;
    BAD_UNLESS(keyring_find(keyring, sealed, &secret, &sealing_key),
               "sealed for a key that is not here");
    uint8_t *plain = arena_alloc(arena, length - least);
    BAD_UNLESS(plain != NULL &&
                   crypto_box_seal_open(plain, sealed + SEALING_HINT_SIZE,
                                        length - SEALING_HINT_SIZE, sealing_key, secret) == 0,
               "cannot be opened");
    *out = wire__signed_note__unpack(arena_allocator(arena), length - least, plain);
    BAD_UNLESS(*out != NULL && (*out)->signature.len == SIGNATURE_SIZE, "malformed");
    return NULL;
}

static bool is_signed_by(const Wire__SignedNote *note, const uint8_t *from, const uint8_t *place,
                         const uint8_t *to)
{
    uint8_t text[HEAD_SIZE + SIGNAL_MAX];
    NoteScene theirs = {place, (int64_t)note->time_ms};
    write_signed(text, &theirs, to, note->note.data, note->note.len);
    return crypto_sign_verify_detached(note->signature.data, text, HEAD_SIZE + note->note.len,
                                       from) == 0;
}

static bool is_of_now(const Wire__SignedNote *note, int64_t now_ms)
{
    return note->time_ms <= TIME_MAX_MS && (int64_t)note->time_ms >= now_ms - NOTE_AGE_MAX_MS &&
           (int64_t)note->time_ms <= now_ms + NOTE_AGE_MAX_MS;
}

static const char *read_note(const uint8_t *bytes, size_t length, Arena *arena, Wire__Note **out)
{
    const char *wrong = message_check_form(&wire__note__descriptor, bytes, length);
    if (wrong != NULL)
        return wrong;
    *out = wire__note__unpack(arena_allocator(arena), length, bytes);
    return *out == NULL ? "malformed or too many parts" : check(*out);
}

const Wire__Note *note_open(const uint8_t *sealed, size_t length, const Keyring *keyring,
                            const uint8_t *from, const NoteScene *scene, const uint8_t *own_key,
                            Arena *arena, const char **why)
{
    const Wire__SignedNote *signed_note = NULL;
    Wire__Note *note = NULL;
    const char *wrong = unseal(sealed, length, keyring, arena, &signed_note);
    if (wrong == NULL &&
        (signed_note->note.len == 0 || !is_signed_by(signed_note, from, scene->place, own_key)))
        wrong = "not signed by its sender for us and this place";
    if (wrong == NULL && !is_of_now(signed_note, scene->time_ms))
        wrong = "not of this time";
    if (wrong == NULL)
        wrong = read_note(signed_note->note.data, signed_note->note.len, arena, &note);
    if (wrong == NULL)
        return note;
    if (why != NULL)
        *why = wrong;
    return NULL;
}
