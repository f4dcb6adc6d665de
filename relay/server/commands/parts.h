#pragma once
/* What commands share. */

#include "relay/server/command.h"
#include "relay/server/people.h"
#include "relay/server/service.h"

/* The core; NULL when another relay program serves, and then the reply is over. */
Hub *parts_hub(Service *service, CommandReply *reply);
/* The whole key in hex. */
void parts_set_key(JsonObject *object, const char *name, const uint8_t *key);
