#include "app/commands/all.h"

static void run(const CommandContext *context, const char *arguments)
{
    if (*arguments == '\0') {
        context->fail("usage", "Say where to: /connect HOST:PORT", context->user);
        return;
    }
    g_autoptr(GError) error = NULL;
    if (!member_connect(context->member, arguments, &error))
        context->fail("bad-address", error->message, context->user);
}

const Command command_connect = {
    .name = "connect",
    .arguments = "HOST:PORT",
    .help = "Joins the place at this address.",
    .run = run,
};
