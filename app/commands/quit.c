#include "app/commands/all.h"

static void run(const CommandContext *context, const char *arguments)
{
    context->quit(context->user);
}

const Command command_quit = {
    .name = "quit",
    .aliases = (const char *const[]){"!bye", NULL},
    .alone = (const char *const[]){"q", "quit", NULL},
    .arguments = "",
    .help = "Leaves. What is not sent yet goes out first, or next time.",
    .run = run,
};
