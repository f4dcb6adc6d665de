#include "app/commands/all.h"
#include "app/commands/arguments.h"

static void run(const CommandContext *context, const char *arguments)
{
    if (*arguments == '\0')
        context->fail("usage", "Say which: /pause ID. /transfers lists them.", context->user);
    else
        arguments_act(context, arguments, transfers_pause, "Paused");
}

const Command command_pause = {
    .name = "pause",
    .arguments = "ID",
    .help = "Stops a transfer until /resume.",
    .run = run,
};
