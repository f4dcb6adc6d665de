#pragma once
/* An address that a person typed, its host name resolved in the background and again when that
 * helps.
 *
 * Lives on the thread of its GMainContext; the callback fires there, never from inside a typed_*
 * call. */

#include "discovery/candidate.h"

typedef struct Typed Typed;

/* NULL with G_IO_ERROR_INVALID_ARGUMENT when `text` cannot be an address. `changed`: the candidate
 * did. */
Typed *typed_new(GMainContext *context, const char *text, uint16_t default_port,
                 void (*changed)(void *user), void *user, GError **error);
void typed_free(Typed *typed);

/* Resolve anew: the network changed, or nobody was there. */
void typed_refresh(Typed *typed);
/* Host and port are the same. */
bool typed_same(const Typed *a, const Typed *b);
/* Transfer full; without an address as long as a host name is not resolved. */
Candidate *typed_candidate(const Typed *typed);
