#include "app/commands/all.h"

static void run(const CommandContext *context, const char *arguments)
{
    for (const Command *const *command = commands(); *command; command++) {
        g_autofree char *usage = g_strdup_printf("/%s %s", (*command)->name, (*command)->arguments);
        g_autofree char *line = g_strdup_printf("%-24s %s", usage, (*command)->help);
        context->print(line, context->user);
    }
    context->print("Everything else is said; //text says /text. Also known: !online, !private, "
                   "!help, !bye, q.",
                   context->user);
}

const Command command_help = {
    .name = "help",
    .aliases = (const char *const[]){"!help", NULL},
    .arguments = "",
    .help = "Lists the commands.",
    .run = run,
};
