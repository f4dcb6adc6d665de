#include "app/commands/all.h"

#define DEFAULT_COUNT 20
#define COUNT_MAX 10000

static void run(const CommandContext *context, const char *arguments)
{
    guint64 count = DEFAULT_COUNT;
    if (*arguments != '\0' &&
        !g_ascii_string_to_unsigned(arguments, 10, 1, COUNT_MAX, &count, NULL)) {
        context->fail("usage", "Say how many messages, 1 to 10000: /history N", context->user);
        return;
    }
    context->history((unsigned)count, context->user);
}

const Command command_history = {
    .name = "history",
    .arguments = "[N]",
    .help = "Shows the last N messages, 20 if you do not say.",
    .run = run,
};
