#pragma once
/* The commands, in the order of the help. */

#include "relay/server/command.h"

/* Each is described by its own `help`. */
extern const ServerCommand command_serve;
extern const ServerCommand command_status;
extern const ServerCommand command_who;
extern const ServerCommand command_check;
extern const ServerCommand command_doctor;
extern const ServerCommand command_backup;
extern const ServerCommand command_restore;
extern const ServerCommand command_export;
extern const ServerCommand command_rooms;
extern const ServerCommand command_announce;
extern const ServerCommand command_kick;
extern const ServerCommand command_ban;
extern const ServerCommand command_unban;
extern const ServerCommand command_bans;
extern const ServerCommand command_mute;
extern const ServerCommand command_unmute;
extern const ServerCommand command_rename;
extern const ServerCommand command_motd;
extern const ServerCommand command_admin;
