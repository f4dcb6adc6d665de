#pragma once
/* Ed25519 public keys (KEY_SIZE bytes) as keys of hash tables. */

#include "relay/limits.h"

#include <glib.h>

/* For g_hash_table_new(). Keys are as good as random: their first bytes will do. */
guint key_hash(gconstpointer key);
gboolean key_equal(gconstpointer a, gconstpointer b);
