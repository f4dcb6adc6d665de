#pragma once
/* Addresses that come under a ban of a member: DIRECTORY/banned-addresses, one a line, the address,
 * the member's key and the end (Unix milliseconds of room time, 0: none). Addresses never enter
 * events, so this holds here only, and no longer than the ban of the key. */

#include "relay/moderation.h"

#include <glib.h>

#define BANNED_ADDRESSES_MAX 1024 /* the oldest goes when there are more */

typedef struct BannedAddresses BannedAddresses;

/* Reads what an earlier process wrote; lines that make no sense are left out. */
BannedAddresses *banned_addresses_new(const char *directory);
void banned_addresses_free(BannedAddresses *banned);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BannedAddresses, banned_addresses_free)

/* `address`: numeric, without port. The file is replaced as a whole; FALSE: it could not be
 * written, and the address is not banned. */
gboolean banned_addresses_add(BannedAddresses *banned, const char *address, const uint8_t *key,
                              int64_t until_ms, GError **error);
/* Forgets those of a member. FALSE: the file could not be written; they are forgotten until the
 * next start. */
gboolean banned_addresses_remove(BannedAddresses *banned, const uint8_t *key, GError **error);
/* Is a member banned now whose address this was? */
bool banned_addresses_has(const BannedAddresses *banned, const char *address,
                          const Moderation *moderation, int64_t time_ms);
/* Of a member, with blanks between them; "" when there are none. Transfer full. */
char *banned_addresses_of(const BannedAddresses *banned, const uint8_t *key);
