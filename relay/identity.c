#include "relay/identity.h"

#include "relay/secret_file.h"

#include <sodium.h>
#include <string.h>

/* The file: this mark, the seed, the public key. The latter finds damage. */
#define FILE_MARK "bf-key1\n"
#define MARK_SIZE (sizeof FILE_MARK - 1)
#define FILE_SIZE (MARK_SIZE + crypto_sign_SEEDBYTES + KEY_SIZE)

struct Identity {
    uint8_t
        *secret; /* owned, locked memory: the seed, then the public key, as libsodium keeps them */
};

G_STATIC_ASSERT(crypto_sign_SECRETKEYBYTES == crypto_sign_SEEDBYTES + KEY_SIZE);

Identity *identity_from_seed(const uint8_t *seed)
{
    if (sodium_init() < 0)
        g_error("libsodium does not start");
    Identity *identity = g_new0(Identity, 1);
    identity->secret = sodium_malloc(crypto_sign_SECRETKEYBYTES);
    g_assert(identity->secret != NULL);
    uint8_t key[KEY_SIZE];
    crypto_sign_seed_keypair(key, identity->secret, seed);
    sodium_mprotect_readonly(identity->secret);
    return identity;
}

static Identity *make_new(const char *path, GError **error)
{
    uint8_t *bytes = sodium_malloc(FILE_SIZE);
    g_assert(bytes != NULL);
    memcpy(bytes, FILE_MARK, MARK_SIZE);
    randombytes_buf(bytes + MARK_SIZE, crypto_sign_SEEDBYTES);
    g_autoptr(Identity) identity = identity_from_seed(bytes + MARK_SIZE);
    memcpy(bytes + MARK_SIZE + crypto_sign_SEEDBYTES, identity_key(identity), KEY_SIZE);
    gboolean written = secret_file_write(path, bytes, FILE_SIZE, error);
    secret_free(bytes);
    return written ? g_steal_pointer(&identity) : NULL;
}

static Identity *from_file(const char *path, const uint8_t *bytes, size_t length, GError **error)
{
    g_autoptr(Identity) identity = NULL;
    if (length == FILE_SIZE && memcmp(bytes, FILE_MARK, MARK_SIZE) == 0)
        identity = identity_from_seed(bytes + MARK_SIZE);
    if (identity == NULL ||
        memcmp(identity_key(identity), bytes + MARK_SIZE + crypto_sign_SEEDBYTES, KEY_SIZE) != 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is damaged: no key in it", path);
        return NULL;
    }
    return g_steal_pointer(&identity);
}

Identity *identity_open(const char *path, GError **error)
{
    if (sodium_init() < 0)
        g_error("libsodium does not start");
    g_autoptr(GError) reading = NULL;
    size_t length = 0;
    uint8_t *bytes = secret_file_read(path, FILE_SIZE, &length, &reading);
    if (bytes != NULL) {
        Identity *identity = from_file(path, bytes, length, error);
        secret_free(bytes);
        return identity;
    }
    if (g_error_matches(reading, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return make_new(path, error);
    g_propagate_error(error, g_steal_pointer(&reading));
    return NULL;
}

void identity_free(Identity *identity)
{
    if (identity == NULL)
        return;
    sodium_free(identity->secret);
    g_free(identity);
}

const uint8_t *identity_key(const Identity *identity)
{
    return identity->secret + crypto_sign_SEEDBYTES;
}

void identity_sign(const Identity *identity, const void *bytes, size_t length, uint8_t *signature)
{
    crypto_sign_detached(signature, NULL, bytes, length, identity->secret);
}

const uint8_t *identity_seed(const Identity *identity)
{
    return identity->secret;
}
