#pragma once
/* Every command of app/commands/, one file each. */

#include "app/command.h"

/* In the order of /help. */
extern const Command command_help;
extern const Command command_who;
extern const Command command_msg;
extern const Command command_nick;
extern const Command command_me;
extern const Command command_away;
extern const Command command_back;
extern const Command command_send;
extern const Command command_accept;
extern const Command command_decline;
extern const Command command_transfers;
extern const Command command_cancel;
extern const Command command_pause;
extern const Command command_resume;
extern const Command command_retry;
extern const Command command_history;
extern const Command command_connect;
extern const Command command_quit;
