#include "relay/seal.h"

#include "wire.pb-c.h"

#include <sodium.h>
#include <string.h>

#define CONTENT_KEY_SIZE crypto_aead_xchacha20poly1305_ietf_KEYBYTES

#define PREFIX "backfence/sealed/1" /* its final NUL is part of it */
#define BOUND_MAX                                                                                  \
    (sizeof PREFIX + KEY_SIZE + PLACE_SIZE + 8 + 1 + 8 + 1 + RECIPIENTS_MAX * KEY_SIZE)

G_STATIC_ASSERT(SEALING_NONCE_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
G_STATIC_ASSERT(SEALING_TAG_SIZE == crypto_aead_xchacha20poly1305_ietf_ABYTES);
G_STATIC_ASSERT(SEALING_BOX_SIZE == crypto_box_SEALBYTES + CONTENT_KEY_SIZE);

/* The associated data: what the ciphertext is bound to. Numbers are big-endian. */
typedef struct {
    uint8_t bytes[BOUND_MAX];
    size_t length;
} Bound;

static void bind_bytes(Bound *bound, const void *bytes, size_t length)
{
    memcpy(bound->bytes + bound->length, bytes, length);
    bound->length += length;
}

static void bind_number(Bound *bound, uint64_t number, unsigned size)
{
    for (unsigned i = size; i > 0; i--)
        bound->bytes[bound->length++] = (uint8_t)(number >> (8 * (i - 1)));
}

static void bind_head(Bound *bound, const uint8_t *author, const uint8_t *place,
                      uint64_t incarnation, Lane lane, uint64_t seq, size_t recipients)
{
    bound->length = 0;
    bind_bytes(bound, PREFIX, sizeof PREFIX);
    bind_bytes(bound, author, KEY_SIZE);
    bind_bytes(bound, place, PLACE_SIZE);
    bind_number(bound, incarnation, 8);
    bind_number(bound, lane, 1);
    bind_number(bound, seq, 8);
    bind_number(bound, recipients, 1);
}

/* The encoded Private, 0x80, zeros (ISO/IEC 7816-4); transfer full. The last `SEALING_TAG_SIZE`
 * bytes are room for the tag. */
static uint8_t *padded(uint32_t kind, GBytes *content, size_t *length)
{
    size_t content_length = 0;
    const uint8_t *bytes = g_bytes_get_data(content, &content_length);
    Wire__Private private = WIRE__PRIVATE__INIT;
    private.kind = kind;
    private.content = (ProtobufCBinaryData){.data = (uint8_t *)bytes, .len = content_length};
    size_t packed = wire__private__get_packed_size(&private);
    size_t whole = (packed / SEALING_PAD + 1) * SEALING_PAD;
    uint8_t *plain = g_malloc0(whole + SEALING_TAG_SIZE);
    wire__private__pack(&private, plain);
    sodium_pad(length, plain, packed, SEALING_PAD, whole);
    return plain;
}

typedef struct {
    Wire__SealedKey keys[RECIPIENTS_MAX];
    Wire__SealedKey *pointers[RECIPIENTS_MAX];
    uint8_t boxes[RECIPIENTS_MAX][SEALING_BOX_SIZE];
} Boxes;

static bool box_key(Boxes *boxes, const uint8_t *content_key, const uint8_t *const *sealing_keys,
                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (crypto_box_seal(boxes->boxes[i], content_key, CONTENT_KEY_SIZE, sealing_keys[i]) != 0)
            return false;
        boxes->keys[i] = (Wire__SealedKey)WIRE__SEALED_KEY__INIT;
        boxes->keys[i].to.data = (uint8_t *)sealing_keys[i];
        boxes->keys[i].to.len = SEALING_HINT_SIZE;
        boxes->keys[i].box.data = boxes->boxes[i];
        boxes->keys[i].box.len = SEALING_BOX_SIZE;
        boxes->pointers[i] = &boxes->keys[i];
    }
    return true;
}

GBytes *seal_content(const EventDraft *draft, const uint8_t *author,
                     const uint8_t *const *sealing_keys, uint32_t kind, GBytes *content)
{
    size_t count = draft->recipient_count;
    if (count == 0 || count > RECIPIENTS_MAX)
        return NULL;
    uint8_t content_key[CONTENT_KEY_SIZE];
    uint8_t nonce[SEALING_NONCE_SIZE];
    randombytes_buf(content_key, sizeof content_key);
    randombytes_buf(nonce, sizeof nonce);
    g_autofree Boxes *boxes = g_new(Boxes, 1);
    if (!box_key(boxes, content_key, sealing_keys, count)) {
        sodium_memzero(content_key, sizeof content_key);
        return NULL;
    }
    Bound bound;
    bind_head(&bound, author, draft->place, draft->incarnation, draft->lane, draft->seq, count);
    for (size_t i = 0; i < count; i++)
        bind_bytes(&bound, draft->recipients[i], KEY_SIZE);

    size_t length = 0;
    g_autofree uint8_t *text = padded(kind, content, &length);
    crypto_aead_xchacha20poly1305_ietf_encrypt(text, NULL, text, length, bound.bytes, bound.length,
                                               NULL, nonce, content_key);
    sodium_memzero(content_key, sizeof content_key);
    Wire__Sealed sealed = WIRE__SEALED__INIT;
    sealed.algorithm = SEALING_ALGORITHM;
    sealed.nonce = (ProtobufCBinaryData){.data = nonce, .len = SEALING_NONCE_SIZE};
    sealed.keys = boxes->pointers;
    sealed.n_keys = count;
    sealed.ciphertext = (ProtobufCBinaryData){.data = text, .len = length + SEALING_TAG_SIZE};
    size_t size = wire__sealed__get_packed_size(&sealed);
    uint8_t *bytes = g_malloc(size);
    wire__sealed__pack(&sealed, bytes);
    return g_bytes_new_take(bytes, size);
}

static bool find_recipient(const Event *event, const uint8_t *key, size_t *index)
{
    for (size_t i = 0; i < event_recipient_count(event); i++) {
        if (memcmp(event_recipient(event, i), key, KEY_SIZE) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static bool has_form(const Wire__Sealed *sealed, const Event *event)
{
    if (sealed->nonce.len != SEALING_NONCE_SIZE || sealed->n_keys != event_recipient_count(event) ||
        sealed->ciphertext.len <= SEALING_TAG_SIZE)
        return false;
    for (size_t i = 0; i < sealed->n_keys; i++) {
        if (sealed->keys[i]->to.len != SEALING_HINT_SIZE ||
            sealed->keys[i]->box.len != SEALING_BOX_SIZE)
            return false;
    }
    return true;
}

/* The plaintext, transfer full, and its length without the padding; NULL when altered. */
static uint8_t *decrypt(const Wire__Sealed *sealed, const Event *event, const uint8_t *content_key,
                        size_t *length)
{
    Bound bound;
    bind_head(&bound, event_author(event), event_place(event), event_incarnation(event),
              event_lane(event), event_seq(event), event_recipient_count(event));
    for (size_t i = 0; i < event_recipient_count(event); i++)
        bind_bytes(&bound, event_recipient(event, i), KEY_SIZE);
    g_autofree uint8_t *plain = g_malloc(sealed->ciphertext.len);
    unsigned long long plain_length = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            plain, &plain_length, NULL, sealed->ciphertext.data, sealed->ciphertext.len,
            bound.bytes, bound.length, sealed->nonce.data, content_key) != 0)
        return NULL;
    if (sodium_unpad(length, plain, (size_t)plain_length, SEALING_PAD) != 0)
        return NULL;
    return g_steal_pointer(&plain);
}

static SealResult read_private(const uint8_t *plain, size_t length, uint32_t *kind,
                               GBytes **content)
{
    Wire__Private *private = wire__private__unpack(NULL, length, plain);
    if (private == NULL)
        return SEAL_BAD;
    SealResult result = private->kind == 0 ? SEAL_BAD : SEAL_OPENED;
    if (result == SEAL_OPENED) {
        *kind = private->kind;
        *content = g_bytes_new(private->content.data, private->content.len);
    }
    wire__private__free_unpacked(private, NULL);
    return result;
}

static SealResult open_with(const Keyring *keyring, const Wire__Sealed *sealed, const Event *event,
                            size_t index, uint32_t *kind, GBytes **content)
{
    if (sealed->algorithm != SEALING_ALGORITHM)
        return SEAL_UNKNOWN;
    if (!has_form(sealed, event))
        return SEAL_BAD;
    const Wire__SealedKey *mine = sealed->keys[index];
    const uint8_t *secret = NULL, *sealing_key = NULL;
    if (!keyring_find(keyring, mine->to.data, &secret, &sealing_key))
        return SEAL_NOT_FOR_ME;
    uint8_t content_key[CONTENT_KEY_SIZE];
    if (crypto_box_seal_open(content_key, mine->box.data, SEALING_BOX_SIZE, sealing_key, secret) !=
        0)
        return SEAL_BAD;
    size_t length = 0;
    g_autofree uint8_t *plain = decrypt(sealed, event, content_key, &length);
    sodium_memzero(content_key, sizeof content_key);
    return plain == NULL ? SEAL_BAD : read_private(plain, length, kind, content);
}

SealResult seal_open(const Keyring *keyring, const Event *event, const uint8_t *own_key,
                     uint32_t *kind, GBytes **content)
{
    size_t index = 0;
    if (event_kind(event) != EVENT_SEALED)
        return SEAL_BAD;
    if (!find_recipient(event, own_key, &index))
        return SEAL_NOT_FOR_ME;
    size_t length = 0;
    const uint8_t *bytes = event_content(event, &length);
    Wire__Sealed *sealed = wire__sealed__unpack(NULL, length, bytes);
    if (sealed == NULL)
        return SEAL_BAD;
    SealResult result = open_with(keyring, sealed, event, index, kind, content);
    wire__sealed__free_unpacked(sealed, NULL);
    return result;
}
