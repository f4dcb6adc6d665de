/* Everything is hashed as it is put together, so that no copy of a secret is left to be wiped but
 * the hash's own state. */
#include "relay/cpace_group.h"

#include <sodium.h>
#include <string.h>

#define DSI "CPaceRistretto255"
#define HASH_BLOCK 128 /* of SHA-512 */

_Static_assert(CPACE_POINT_SIZE == crypto_core_ristretto255_BYTES, "a point's encoding");
_Static_assert(CPACE_SCALAR_SIZE == crypto_core_ristretto255_SCALARBYTES, "a scalar's encoding");
_Static_assert(CPACE_ISK_SIZE == crypto_hash_sha512_BYTES, "a hash");
_Static_assert(CPACE_TAG_SIZE == crypto_auth_hmacsha512_BYTES, "an authenticator");
_Static_assert(crypto_core_ristretto255_HASHBYTES == crypto_hash_sha512_BYTES, "a hash is mapped");

/* LEB128; returns how many bytes. */
static size_t encode_length(size_t length, uint8_t *out)
{
    size_t size = 0;
    do {
        out[size++] = (uint8_t)((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
        length >>= 7;
    } while (length > 0);
    return size;
}

static size_t prefixed_size(size_t length)
{
    uint8_t prefix[10];
    return encode_length(length, prefix) + length;
}

/* prepend_len() */
static void hash_prefixed(crypto_hash_sha512_state *hash, CpaceString string)
{
    uint8_t prefix[10];
    crypto_hash_sha512_update(hash, prefix, encode_length(string.length, prefix));
    crypto_hash_sha512_update(hash, string.bytes, string.length);
}

static CpaceString string_of(const char *text)
{
    return (CpaceString){(const uint8_t *)text, strlen(text)};
}

void cpace_generator(CpaceString prs, CpaceString ci, CpaceString sid, uint8_t *generator)
{
    static const uint8_t zeros[HASH_BLOCK];
    size_t taken = 1 + prefixed_size(prs.length) + prefixed_size(strlen(DSI));
    CpaceString padding = {zeros, taken < HASH_BLOCK ? HASH_BLOCK - taken : 0};
    crypto_hash_sha512_state hash;
    uint8_t digest[crypto_hash_sha512_BYTES];
    crypto_hash_sha512_init(&hash);
    hash_prefixed(&hash, string_of(DSI));
    hash_prefixed(&hash, prs);
    hash_prefixed(&hash, padding);
    hash_prefixed(&hash, ci);
    hash_prefixed(&hash, sid);
    crypto_hash_sha512_final(&hash, digest);
    crypto_core_ristretto255_from_hash(generator, digest);
    sodium_memzero(&hash, sizeof hash);
    sodium_memzero(digest, sizeof digest);
}

bool cpace_multiply(const uint8_t *scalar, const uint8_t *point, uint8_t *product)
{
    /* libsodium 1.0.18 does not look at the highest bit, which no encoding has set (RFC 9496). */
    bool canonical = (point[CPACE_POINT_SIZE - 1] & 0x80) == 0;
    return canonical && crypto_scalarmult_ristretto255(product, scalar, point) == 0;
}

static void hash_sent(crypto_hash_sha512_state *hash, CpaceSent sent)
{
    hash_prefixed(hash, (CpaceString){sent.share, CPACE_POINT_SIZE});
    hash_prefixed(hash, sent.data);
}

void cpace_isk(CpaceString sid, const uint8_t *k, CpaceSent initiator, CpaceSent responder,
               uint8_t *isk)
{
    crypto_hash_sha512_state hash;
    crypto_hash_sha512_init(&hash);
    hash_prefixed(&hash, string_of(DSI "_ISK"));
    hash_prefixed(&hash, sid);
    hash_prefixed(&hash, (CpaceString){k, CPACE_POINT_SIZE});
    hash_sent(&hash, initiator);
    hash_sent(&hash, responder);
    crypto_hash_sha512_final(&hash, isk);
    sodium_memzero(&hash, sizeof hash);
}

void cpace_tag(CpaceString sid, const uint8_t *isk, CpaceSent sent, uint8_t *tag)
{
    crypto_hash_sha512_state hash;
    uint8_t key[crypto_hash_sha512_BYTES];
    crypto_hash_sha512_init(&hash);
    crypto_hash_sha512_update(&hash, (const uint8_t *)"CPaceMac", strlen("CPaceMac"));
    crypto_hash_sha512_update(&hash, sid.bytes, sid.length);
    crypto_hash_sha512_update(&hash, isk, CPACE_ISK_SIZE);
    crypto_hash_sha512_final(&hash, key);

    crypto_auth_hmacsha512_state authenticator;
    uint8_t prefix[10];
    crypto_auth_hmacsha512_init(&authenticator, key, sizeof key);
    crypto_auth_hmacsha512_update(&authenticator, prefix, encode_length(CPACE_POINT_SIZE, prefix));
    crypto_auth_hmacsha512_update(&authenticator, sent.share, CPACE_POINT_SIZE);
    crypto_auth_hmacsha512_update(&authenticator, prefix, encode_length(sent.data.length, prefix));
    crypto_auth_hmacsha512_update(&authenticator, sent.data.bytes, sent.data.length);
    crypto_auth_hmacsha512_final(&authenticator, tag);
    sodium_memzero(&hash, sizeof hash);
    sodium_memzero(&authenticator, sizeof authenticator);
    sodium_memzero(key, sizeof key);
}
