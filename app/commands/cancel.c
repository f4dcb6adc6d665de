#include "app/commands/all.h"
#include "app/commands/arguments.h"

static void run(const CommandContext *context, const char *arguments)
{
    if (*arguments == '\0')
        context->fail("usage", "Say which: /cancel ID. /transfers lists them.", context->user);
    else
        arguments_act(context, arguments, transfers_cancel, "Cancelled");
}

const Command command_cancel = {
    .name = "cancel",
    .arguments = "ID",
    .help = "Ends a transfer for good, or takes an offer back.",
    .run = run,
};
