#pragma once
/* Who is let in: by the command line, else by the configuration file. */

#include "relay/hub.h"
#include "relay/server/options.h"

/* Fills in door, secret and list; the list reads what is `config` by then, through `user`. Takes a
 * fifth of a second and 64 MiB when there is a passphrase. FALSE with a sentence, nothing changed:
 * its file cannot be used, or memory is short. */
gboolean door_read(const Options *options, const Config *config, const uint8_t *place,
                   HubAdmission *door, GError **error);
