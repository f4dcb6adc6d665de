#include "relay/server/door.h"

#include "relay/cpace.h"
#include "relay/passphrase.h"

#include <gio/gio.h>

gboolean door_read(const Options *options, const uint8_t *place, HubAdmission *door, GError **error)
{
    *door = (HubAdmission){.door = HUB_OPEN};
    if (options->passphrase_file == NULL)
        return TRUE;
    char *passphrase = passphrase_read(options->passphrase_file, error);
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
