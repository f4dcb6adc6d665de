#include "app/commands/all.h"
#include "app/commands/arguments.h"

#define USAGE "Say whom, for how long and why if you like: /mute NAME [10m] [WHY]"

static void run(const CommandContext *context, const char *arguments)
{
    int64_t lasting_ms = 0;
    const SessionMember *member = arguments_take_verdict(context, &arguments, USAGE, &lasting_ms);
    if (member)
        arguments_moderate(context, ACT_MUTE, member, ROLE_MEMBER, lasting_ms, arguments);
}

const Command command_mute = {
    .name = "mute",
    .arguments = "NAME [10m] [WHY]",
    .help = "Lets somebody read and not write in rooms (admins).",
    .run = run,
};
