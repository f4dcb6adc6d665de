#include "relay/server/door.h"

#include "relay/cpace.h"
#include "relay/passphrase.h"

#include <gio/gio.h>

gboolean door_read(const Options *options, const Config *config, const uint8_t *place,
                   HubAdmission *door, GError **error)
{
    const char *path = options->passphrase_file;
    if (path == NULL && config->door == HUB_LOCKED)
        path = config->passphrase_file;
    if (path == NULL) {
        door->door = config->door;
        return TRUE;
    }
    char *passphrase = passphrase_read(path, error);
    if (passphrase == NULL)
        return FALSE;
    bool made = cpace_secret(passphrase, place, door->secret);
    passphrase_free(passphrase);
    if (!made) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    "There is too little memory to read the passphrase: 64 MiB are needed.");
        return FALSE;
    }
    door->door = HUB_LOCKED;
    return TRUE;
}
