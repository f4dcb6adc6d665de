#include "relay/key.h"

#include <string.h>

guint key_hash(gconstpointer key)
{
    guint hash;
    memcpy(&hash, key, sizeof hash);
    return hash;
}

gboolean key_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, KEY_SIZE) == 0;
}
