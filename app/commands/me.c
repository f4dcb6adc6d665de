#include "app/commands/all.h"

static void run(const CommandContext *context, const char *arguments)
{
    if (*arguments == '\0') {
        context->fail("usage", "Say what you do: /me TEXT", context->user);
        return;
    }
    g_autoptr(GError) error = NULL;
    if (!session_say(member_session(context->member), &context->here, arguments, true, NULL,
                     g_get_monotonic_time(), &error))
        context->fail(command_fault(error), error->message, context->user);
    member_touched(context->member);
}

const Command command_me = {
    .name = "me",
    .arguments = "TEXT",
    .help = "Tells what you do: * Mira waves.",
    .run = run,
};
