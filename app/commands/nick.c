#include "app/commands/all.h"

static void run(const CommandContext *context, const char *arguments)
{
    if (*arguments == '\0') {
        context->fail("usage", "Say which name: /nick NAME", context->user);
        return;
    }
    g_autoptr(GError) error = NULL;
    if (!session_set_name(member_session(context->member), arguments, g_get_monotonic_time(),
                          &error))
        context->fail("bad-name", error->message, context->user);
    member_touched(context->member);
}

const Command command_nick = {
    .name = "nick",
    .arguments = "NAME",
    .help = "Changes the name that others see.",
    .run = run,
};
