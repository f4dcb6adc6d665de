#pragma once
/* The commands, in the order of the help. */

#include "relay/server/command.h"

/* Each is described by its own `help`. */
extern const ServerCommand command_serve;
extern const ServerCommand command_status;
extern const ServerCommand command_who;
extern const ServerCommand command_check;
extern const ServerCommand command_backup;
extern const ServerCommand command_restore;
