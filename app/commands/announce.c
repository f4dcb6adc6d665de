#include "app/commands/all.h"
#include "app/commands/arguments.h"

static void run(const CommandContext *context, const char *arguments)
{
    if (*arguments == '\0')
        context->fail("usage", "Say what everybody is to see: /announce TEXT", context->user);
    else
        arguments_moderate(context, ACT_ANNOUNCE, NULL, ROLE_MEMBER, 0, arguments);
}

const Command command_announce = {
    .name = "announce",
    .arguments = "TEXT",
    .help = "Tells everybody, so that nobody overlooks it (admins).",
    .run = run,
};
