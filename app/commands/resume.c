#include "app/commands/all.h"
#include "app/commands/arguments.h"

static void run(const CommandContext *context, const char *arguments)
{
    if (*arguments == '\0')
        context->fail("usage", "Say which: /resume ID. /transfers lists them.", context->user);
    else
        arguments_act(context, arguments, transfers_resume, "Going on with");
}

const Command command_resume = {
    .name = "resume",
    .arguments = "ID",
    .help = "Goes on with a paused transfer.",
    .run = run,
};
