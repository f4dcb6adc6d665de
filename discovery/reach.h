#pragma once
/* Where this machine may be reached, as others are told it, and what they say of theirs: numeric
 * host:port texts without scopes. */

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define REACH_MAX 8 /* texts told, and read */

/* Is it on this network? */
typedef bool (*ReachFilter)(const struct sockaddr_storage *address);

/* Best first, at most REACH_MAX; loopback only when there is nothing else. Transfer full
 * (g_strfreev). */
char **reach_own(uint16_t port, ReachFilter near);
/* GSocketAddress as others are told them, at most REACH_MAX, the same order; loopback left out.
 * Transfer full. */
char **reach_write(const GPtrArray *addresses);
/* Has this machine an address besides loopback? */
bool reach_any(ReachFilter near);
/* What the other's text means here: GSocketAddress, usable ones of this network only; link-local
 * IPv6 once for each interface; loopback only when this machine has nothing else, as then the other
 * must be on it too. Names are not resolved. Transfer full. */
GPtrArray *reach_read(char *const *texts, size_t count, ReachFilter near);
