#pragma once
/* The X25519 keys that private events are sealed for: a new one every week, old ones deleted
 * 30 days after they were replaced, which is coarse forward secrecy. Kept in a file of mode 0600,
 * secrets in locked memory. One thread. */

#include "relay/limits.h"

#include <glib.h>
#include <stdbool.h>

typedef struct Keyring Keyring;

/* Reads or makes the file at `path`; NULL path: memory only (tests). `wall_ms` decides about
 * rotation. */
Keyring *keyring_open(const char *path, int64_t wall_ms, GError **error);
void keyring_free(Keyring *keyring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keyring, keyring_free)

/* Makes a new key when the newest is a week old and deletes those replaced more than 30 days ago;
 * TRUE when the key to publish changed. On a write error the old key stays. */
gboolean keyring_rotate(Keyring *keyring, int64_t wall_ms, gboolean *changed, GError **error);
/* SEALING_KEY_SIZE bytes: the one to publish. */
const uint8_t *keyring_public(const Keyring *keyring);
/* For opening (relay/seal.h): the secret key whose public key begins with these SEALING_HINT_SIZE
 * bytes, and that public key; false when there is none (any more). Valid until the next
 * keyring_rotate(). */
bool keyring_find(const Keyring *keyring, const uint8_t *hint, const uint8_t **secret,
                  const uint8_t **sealing_key);
