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
extern const Command command_announce;
extern const Command command_kick;
extern const Command command_ban;
extern const Command command_unban;
extern const Command command_mute;
extern const Command command_unmute;
extern const Command command_motd;
extern const Command command_topic;
extern const Command command_rename;
extern const Command command_claim;
extern const Command command_admin;
extern const Command command_quit;
