#pragma once
/* Where this machine may be reached, as others are told it, and what they say of theirs: numeric
 * host:port texts without scopes. */

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

/* Best first, at most ADDRESSES_MAX; loopback only when there is nothing else. Transfer full
 * (g_strfreev). */
char **addresses_own(uint16_t port);
/* GSocketAddress as others are told them, at most ADDRESSES_MAX, the same order; loopback left out.
 * Transfer full. */
char **addresses_write(const GPtrArray *addresses);
/* Has this machine an address besides loopback? */
bool addresses_any(void);
/* What the other's text means here: GSocketAddress, usable ones of this network only; link-local
 * IPv6 once for each interface; loopback only when this machine has nothing else, as then the other
 * must be on it too. Names are not resolved. Transfer full. */
GPtrArray *addresses_read(char *const *texts, size_t count);
