#include "app/commands/all.h"
#include "app/commands/arguments.h"

#define USAGE "Say whom to remove, and why if you like: /kick NAME [WHY]"

static void run(const CommandContext *context, const char *arguments)
{
    const SessionMember *member = arguments_take_member(context, &arguments, USAGE);
    if (!member)
        return;
    if (member == session_self(member_session(context->member)))
        context->fail("not-possible", "That is yourself. /quit leaves.", context->user);
    else
        arguments_moderate(context, ACT_KICK, member, ROLE_MEMBER, 0, arguments);
}

const Command command_kick = {
    .name = "kick",
    .arguments = "NAME [WHY]",
    .help = "Sends somebody away, who may return after a minute (admins).",
    .run = run,
};
