#include "app/commands/all.h"
#include "app/commands/arguments.h"

static void run(const CommandContext *context, const char *arguments)
{
    arguments_act(context, arguments, transfers_decline, "Declined");
}

const Command command_decline = {
    .name = "decline",
    .arguments = "[ID]",
    .help = "Does not want the files offered; without ID, the only ones.",
    .run = run,
};
