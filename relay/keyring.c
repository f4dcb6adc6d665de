#include "relay/keyring.h"

#include "relay/secret_file.h"

#include <sodium.h>
#include <string.h>

/* The file: this mark, then for each key, oldest first, its making time (Unix milliseconds, 8 bytes
 * big-endian) and its secret. Public keys are computed. */
#define FILE_MARK "bf-seal1"
#define MARK_SIZE (sizeof FILE_MARK - 1)
#define SEALING_SECRET_SIZE crypto_box_SECRETKEYBYTES
#define RECORD_SIZE (8 + SEALING_SECRET_SIZE)
#define KEYS_MAX 8 /* a new one every 7 days, kept for 30 */

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define FRESH_MS (7 * DAY_MS)
#define KEPT_MS (30 * DAY_MS)

typedef struct {
    int64_t made_ms;
    uint8_t secret[SEALING_SECRET_SIZE];
    uint8_t key[SEALING_KEY_SIZE];
} Pair;

typedef struct {
    size_t count;
    Pair pairs[KEYS_MAX]; /* oldest first */
} Pairs;

struct Keyring {
    char *path;   /* owned; NULL: memory only */
    Pairs *pairs; /* owned, locked memory */
};

static Pairs *pairs_new(void)
{
    Pairs *pairs = sodium_malloc(sizeof *pairs);
    g_assert(pairs != NULL);
    memset(pairs, 0, sizeof *pairs);
    return pairs;
}

static gboolean parse(Pairs *pairs, const uint8_t *bytes, size_t length)
{
    if (length < MARK_SIZE + RECORD_SIZE || memcmp(bytes, FILE_MARK, MARK_SIZE) != 0 ||
        (length - MARK_SIZE) % RECORD_SIZE != 0 || (length - MARK_SIZE) / RECORD_SIZE > KEYS_MAX)
        return FALSE;
    pairs->count = (length - MARK_SIZE) / RECORD_SIZE;
    for (size_t i = 0; i < pairs->count; i++) {
        const uint8_t *record = bytes + MARK_SIZE + i * RECORD_SIZE;
        Pair *pair = &pairs->pairs[i];
        uint64_t made = 0;
        for (size_t k = 0; k < 8; k++)
            made = made << 8 | record[k];
        pair->made_ms = (int64_t)MIN(made, (uint64_t)TIME_MAX_MS);
        memcpy(pair->secret, record + 8, SEALING_SECRET_SIZE);
        crypto_scalarmult_base(pair->key, pair->secret);
    }
    return TRUE;
}

static gboolean save(const char *path, const Pairs *pairs, GError **error)
{
    if (path == NULL)
        return TRUE;
    size_t length = MARK_SIZE + pairs->count * RECORD_SIZE;
    uint8_t *bytes = sodium_malloc(length);
    g_assert(bytes != NULL);
    memcpy(bytes, FILE_MARK, MARK_SIZE);
    for (size_t i = 0; i < pairs->count; i++) {
        uint8_t *record = bytes + MARK_SIZE + i * RECORD_SIZE;
        for (size_t k = 0; k < 8; k++)
            record[k] = (uint8_t)((uint64_t)pairs->pairs[i].made_ms >> (56 - 8 * k));
        memcpy(record + 8, pairs->pairs[i].secret, SEALING_SECRET_SIZE);
    }
    gboolean saved = secret_file_write(path, bytes, length, error);
    secret_free(bytes);
    return saved;
}

/* A key goes 30 days after the next one was made, not after its own making: whoever was away for
 * longer, or had a clock that leapt ahead, still reads what was sealed meanwhile.
 *
 * What the keys become at `wall_ms`; true when the key to publish changes. */
static bool renew(const Pairs *old, int64_t wall_ms, Pairs *renewed)
{
    renewed->count = 0;
    for (size_t i = 0; i < old->count; i++) {
        Pair pair = old->pairs[i];
        bool newest = i + 1 == old->count;
        /* A clock that was ahead once must not keep a key for ever. */
        pair.made_ms = MIN(pair.made_ms, wall_ms);
        if (newest || wall_ms - MIN(old->pairs[i + 1].made_ms, wall_ms) < KEPT_MS)
            renewed->pairs[renewed->count++] = pair;
        sodium_memzero(&pair, sizeof pair);
    }
    if (renewed->count > 0 && wall_ms - renewed->pairs[renewed->count - 1].made_ms < FRESH_MS)
        return false;
    if (renewed->count == KEYS_MAX) {
        memmove(renewed->pairs, renewed->pairs + 1, (KEYS_MAX - 1) * sizeof renewed->pairs[0]);
        renewed->count--;
    }
    Pair *pair = &renewed->pairs[renewed->count++];
    pair->made_ms = wall_ms;
    crypto_box_keypair(pair->key, pair->secret);
    return true;
}

gboolean keyring_rotate(Keyring *keyring, int64_t wall_ms, gboolean *changed, GError **error)
{
    Pairs *renewed = pairs_new();
    bool published = renew(keyring->pairs, wall_ms, renewed);
    bool different = sodium_memcmp(renewed, keyring->pairs, sizeof *renewed) != 0;
    if (different && !save(keyring->path, renewed, error)) {
        sodium_free(renewed);
        return FALSE;
    }
    sodium_free(keyring->pairs);
    keyring->pairs = renewed;
    *changed = published;
    return TRUE;
}

static gboolean load(Keyring *keyring, GError **error)
{
    g_autoptr(GError) reading = NULL;
    size_t length = 0;
    uint8_t *bytes =
        secret_file_read(keyring->path, MARK_SIZE + KEYS_MAX * RECORD_SIZE, &length, &reading);
    if (bytes == NULL && g_error_matches(reading, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
    if (bytes == NULL) {
        g_propagate_error(error, g_steal_pointer(&reading));
        return FALSE;
    }
    gboolean good = parse(keyring->pairs, bytes, length);
    secret_free(bytes);
    if (!good)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is damaged: no keys in it",
                    keyring->path);
    return good;
}

Keyring *keyring_open(const char *path, int64_t wall_ms, GError **error)
{
    if (sodium_init() < 0)
        g_error("libsodium does not start");
    g_autoptr(Keyring) keyring = g_new0(Keyring, 1);
    keyring->path = g_strdup(path);
    keyring->pairs = pairs_new();
    if (path != NULL && !load(keyring, error))
        return NULL;
    gboolean changed = FALSE;
    if (!keyring_rotate(keyring, wall_ms, &changed, error))
        return NULL;
    return g_steal_pointer(&keyring);
}

void keyring_free(Keyring *keyring)
{
    if (keyring == NULL)
        return;
    sodium_free(keyring->pairs);
    g_free(keyring->path);
    g_free(keyring);
}

const uint8_t *keyring_public(const Keyring *keyring)
{
    return keyring->pairs->pairs[keyring->pairs->count - 1].key;
}

bool keyring_find(const Keyring *keyring, const uint8_t *hint, const uint8_t **secret,
                  const uint8_t **sealing_key)
{
    for (size_t i = keyring->pairs->count; i > 0; i--) {
        const Pair *pair = &keyring->pairs->pairs[i - 1];
        if (memcmp(pair->key, hint, SEALING_HINT_SIZE) == 0) {
            *secret = pair->secret;
            *sealing_key = pair->key;
            return true;
        }
    }
    return false;
}
