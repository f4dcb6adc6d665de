#include "app/commands/all.h"
#include "relay/text.h"

static void run(const CommandContext *context, const char *arguments)
{
    if (*arguments == '\0') {
        context->fail("usage", "Say where to: /connect HOST:PORT", context->user);
        return;
    }
    g_autoptr(GError) error = NULL;
    if (!member_connect(context->member, arguments, &error)) {
        context->fail("bad-address", error->message, context->user);
        return;
    }
    g_autofree char *clean = text_escape(arguments, strlen(arguments));
    g_autofree char *line = g_strdup_printf("Connecting to %s…", clean);
    context->print(line, context->user);
}

const Command command_connect = {
    .name = "connect",
    .arguments = "HOST:PORT",
    .help = "Joins the place at this address.",
    .run = run,
};
