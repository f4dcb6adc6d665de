#include "relay/server/commands/parts.h"

#include "discovery/txt.h"

Hub *parts_hub(Service *service, CommandReply *reply)
{
    Hub *hub = service_hub(service);
    if (hub == NULL)
        command_failed(reply, "in-reserve",
                       "Another relay serves this place now, and this one is in reserve: ask the "
                       "other one.");
    return hub;
}

void parts_set_key(JsonObject *object, const char *name, const uint8_t *key)
{
    g_autofree char *hex = txt_hex(key, KEY_SIZE);
    json_object_set_string_member(object, name, hex);
}
