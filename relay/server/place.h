#pragma once
/* Which place this program keeps: decided at its first start, and the same from then on. Remembered
 * in DIRECTORY/place.ini, so that a log that had to be set aside begins anew as the same place. */

#include "relay/limits.h"
#include "relay/server/options.h"

#include <glib.h>

typedef enum {
    PLACE_KEPT,      /* of an earlier start */
    PLACE_NEW,       /* --new-place */
    PLACE_ANNOUNCED, /* somebody announced it on this network: it is taken over */
    PLACE_GATEWAY,   /* nobody did: derived from the gateway's hardware address, as apps do */
    PLACE_RANDOM,    /* there is no gateway either */
} PlaceOrigin;

typedef struct {
    PlaceOrigin origin;
    uint8_t id[PLACE_SIZE];
    char *name; /* owned; a valid name */
} Place;

/* At most so long for what is announced, less when mDNS says that it has told all. */
#define PLACE_LOOK_MS 2500

/* Decides. `self` (KEY_SIZE) is the own key. Looks around only without a log, on the default
 * GMainContext, which it runs meanwhile; gives up looking when `*leaving` becomes true.
 * G_IO_ERROR_EXISTS when a new place is wanted where one is kept. */
gboolean place_choose(const Options *options, const uint8_t *self, const bool *leaving,
                      Place *place, GError **error);
/* Remembers `id`, which is the log's, and the name. */
gboolean place_save(const char *directory, const uint8_t *id, const char *name, GError **error);
void place_clear(Place *place);
const char *place_origin_word(PlaceOrigin origin);
