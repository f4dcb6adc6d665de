#pragma once
/* Who is let in by what the command line says: everybody of this network, or who knows the
 * passphrase in a file. */

#include "relay/hub.h"
#include "relay/server/options.h"

/* Takes a fifth of a second and 64 MiB when there is a passphrase. FALSE with a sentence: its file
 * cannot be used, or memory is short. */
gboolean door_read(const Options *options, const uint8_t *place, HubAdmission *door,
                   GError **error);
