#pragma once
/* Other relay programs of the same place that rank before this one (a lower key): seen by mDNS, and
 * the one followed last, remembered in DIRECTORY/place.ini. Says which one to dial when; dials
 * nobody. Everything that is announced is a hint. Default GMainContext. */

#include "discovery/candidate.h"
#include "relay/limits.h"

#include <glib.h>

typedef struct Rivals Rivals;

typedef struct {
    uint8_t key[CANDIDATE_KEY_SIZE]; /* its beginning */
    GPtrArray *addresses;            /* GSocketAddress, best first; owned */
    /* private to rivals.c */
    bool seen, remembered;
    uint64_t epoch;
    int64_t since_us;   /* tried in vain since */
    int64_t due_us;     /* to be dialled */
    int64_t penalty_us; /* of the last time that it led nowhere */
} Rival;

/* `changed`: rivals_due() may have somebody. */
Rivals *rivals_new(const uint8_t *place, const uint8_t *self, bool mdns, const char *directory,
                   void (*changed)(void *user), void *user);
void rivals_free(Rivals *rivals);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rivals, rivals_free)

/* The lowest key among those to be dialled now, NULL when there is none; the rivals', until the
 * context runs again. */
const Rival *rivals_due(Rivals *rivals, int64_t now_us);
int64_t rivals_deadline(const Rivals *rivals); /* INT64_MAX: nobody */
/* Addresses known of this key (KEY_SIZE or its beginning), NULL: none. */
const GPtrArray *rivals_addresses(const Rivals *rivals, const uint8_t *key);

/* It was dialled and is not there, or not yet: again soon, for ten minutes, then now and then. */
void rivals_failed(Rivals *rivals, const uint8_t *key, int64_t now_us);
/* It is there and does not admit, or what it served was over after so short a time: a minute or ten
 * seconds, and twice as long each time, so that nobody keeps a place moving. */
void rivals_refused(Rivals *rivals, const uint8_t *key, int64_t now_us);
void rivals_ended(Rivals *rivals, const uint8_t *key, int64_t lasted_us, int64_t now_us);
/* It is followed (the whole key): where it was is remembered. */
void rivals_remember(Rivals *rivals, const uint8_t *key, const GPtrArray *addresses);
