#include "app/commands/all.h"
#include "app/commands/arguments.h"

static void run(const CommandContext *context, const char *arguments)
{
    if (*arguments == '\0')
        context->fail("usage", "Say which: /retry ID. /transfers lists them.", context->user);
    else
        arguments_act(context, arguments, transfers_retry, "Trying again:");
}

const Command command_retry = {
    .name = "retry",
    .arguments = "ID",
    .help = "Tries a failed transfer again, from where it stopped.",
    .run = run,
};
