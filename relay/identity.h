#pragma once
/* A device's Ed25519 key: made once, kept in a file of mode 0600, in locked memory while in use.
 * The one key signs events and proves the device in TLS. Immutable after opening: may be used from
 * any thread. */

#include "relay/limits.h"

#include <glib.h>

typedef struct Identity Identity;

/* Reads `path`, or makes a new key there (written aside, fsynced, renamed). Fails when the file is
 * not ours, too open (group or others may read), damaged, or the disk is. */
Identity *identity_open(const char *path, GError **error);
/* In memory only, from a 32-byte seed: for tests and simulations. */
Identity *identity_from_seed(const uint8_t *seed);
void identity_free(Identity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Identity, identity_free)

/* KEY_SIZE bytes. */
const uint8_t *identity_key(const Identity *identity);
/* `signature` receives SIGNATURE_SIZE bytes; RFC 8032, by libsodium. */
void identity_sign(const Identity *identity, const void *bytes, size_t length, uint8_t *signature);
/* The 32-byte seed for TLS; lives in locked memory of the identity. */
const uint8_t *identity_seed(const Identity *identity);
