#pragma once
/* Where this machine is reached, as others are told it, and what they say of theirs: numeric
 * host:port without scopes, which mean nothing on another machine. */

#include <gio/gio.h>
#include <stdint.h>

/* Those of this machine, best first, at most ADDRESSES_MAX; loopback when there is nothing else.
 * Free with g_strfreev(). */
char **reach_own(uint16_t port);
/* Addresses as they are told; free with g_strfreev(). */
char **reach_texts(const GPtrArray *addresses);
/* GSocketAddress; link-local IPv6 once for each interface. Transfer full. */
GPtrArray *reach_read(char *const *texts);
