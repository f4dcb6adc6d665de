/* A note from a member who signs and seals well, but says what he likes; and the same bytes as a
 * box that nobody sealed. */

#include "relay/frame.h"
#include "relay/message.h"
#include "relay/note.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "backfence/note/1"
#define TIME_SIZE 8 /* of time 0 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t place[PLACE_SIZE] = "place";
static Identity *from, *to;
static Keyring *keyring;
static Arena *arena;

static void prepare(void)
{
    const uint8_t seeds[2][32] = {{1}, {2}};
    from = identity_from_seed(seeds[0]);
    to = identity_from_seed(seeds[1]);
    keyring = keyring_open(NULL, 0, NULL);
    arena = arena_new(FRAME_ARENA_SIZE);
}

static const Wire__Note *open_box(const uint8_t *sealed, size_t length)
{
    const char *why = NULL;
    arena_reset(arena);
    const NoteScene scene = {place, 0};
    const Wire__Note *note = note_open(sealed, length, keyring, identity_key(from), &scene,
                                       identity_key(to), arena, &why);
    if ((note == NULL) != (why != NULL))
        abort();
    return note;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t text[sizeof PREFIX + PLACE_SIZE + KEY_SIZE + TIME_SIZE + SIGNAL_MAX] = PREFIX;
    uint8_t signature[SIGNATURE_SIZE], sealed[2 * SIGNAL_MAX];
    if (from == NULL)
        prepare();
    if (open_box(data, size) != NULL)
        abort();
    if (size > SIGNAL_MAX)
        return 0;
    const size_t head = sizeof text - SIGNAL_MAX;
    memcpy(text + sizeof PREFIX, place, PLACE_SIZE);
    memcpy(text + sizeof PREFIX + PLACE_SIZE, identity_key(to), KEY_SIZE);
    memcpy(text + head, data, size);
    identity_sign(from, text, head + size, signature);
    Wire__SignedNote out = WIRE__SIGNED_NOTE__INIT;
    out.note = (ProtobufCBinaryData){size, text + head};
    out.signature = (ProtobufCBinaryData){sizeof signature, signature};
    g_autoptr(GBytes) packed = message_pack(&out.base);
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(packed, &length);
    memcpy(sealed, keyring_public(keyring), SEALING_HINT_SIZE);
    crypto_box_seal(sealed + SEALING_HINT_SIZE, bytes, length, keyring_public(keyring));
    const Wire__Note *note = open_box(sealed, SEALING_HINT_SIZE + crypto_box_SEALBYTES + length);
    if (note != NULL && note->body_case == WIRE__NOTE__BODY_ACCEPT &&
        note->accept->n_addresses > ADDRESSES_MAX)
        abort();
    return 0;
}
