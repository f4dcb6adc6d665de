#include "app/commands/all.h"
#include "app/commands/arguments.h"

static void run(const CommandContext *context, const char *arguments)
{
    if (*arguments == '\0')
        context->fail("usage",
                      "Say what this place is to be called: /rename NAME. Your own name is changed "
                      "by /nick NAME.",
                      context->user);
    else
        arguments_moderate(context, ACT_RENAME, NULL, ROLE_MEMBER, 0, arguments);
}

const Command command_rename = {
    .name = "rename",
    .arguments = "NAME",
    .help = "Gives this place another name (admins).",
    .run = run,
};
