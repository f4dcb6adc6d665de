#include "app/commands/all.h"
#include "app/commands/arguments.h"

#include <string.h>

static void show(const CommandContext *context)
{
    const Moderation *moderation = session_moderation(member_session(context->member));
    const char *motd = moderation ? moderation_motd(moderation) : "";
    context->print(*motd ? motd : "There is no message of the day. /motd TEXT makes one.",
                   context->user);
}

static void run(const CommandContext *context, const char *arguments)
{
    if (*arguments == '\0')
        show(context);
    else
        arguments_moderate(context, ACT_MOTD, NULL, ROLE_MEMBER, 0,
                           strcmp(arguments, "-") == 0 ? "" : arguments);
}

const Command command_motd = {
    .name = "motd",
    .arguments = "[TEXT]",
    .help = "Shows the message of the day, or changes it; - removes it (admins).",
    .run = run,
};
