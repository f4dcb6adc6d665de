#include "app/commands/all.h"
#include "app/commands/arguments.h"

#define USAGE "Say whom, for how long and why if you like: /ban NAME [1d] [WHY]"

static void run(const CommandContext *context, const char *arguments)
{
    int64_t lasting_ms = 0;
    const SessionMember *member = arguments_take_verdict(context, &arguments, USAGE, &lasting_ms);
    if (member)
        arguments_moderate(context, ACT_BAN, member, ROLE_MEMBER, lasting_ms, arguments);
}

const Command command_ban = {
    .name = "ban",
    .arguments = "NAME [1d] [WHY]",
    .help = "Keeps somebody out, for a day or until it is taken back (admins).",
    .run = run,
};
