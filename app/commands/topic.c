#include "app/commands/all.h"

#include <string.h>

static void show(const CommandContext *context)
{
    const Moderation *moderation = session_moderation(member_session(context->member));
    bool room = moderation && !context->here.direct;
    const char *topic = room ? moderation_topic(moderation, context->here.id) : "";
    context->print(*topic ? topic : "There is no topic. /topic TEXT makes one.", context->user);
}

static void run(const CommandContext *context, const char *arguments)
{
    if (*arguments == '\0') {
        show(context);
        return;
    }
    g_autoptr(GError) error = NULL;
    if (!session_set_topic(member_session(context->member), &context->here,
                           strcmp(arguments, "-") == 0 ? "" : arguments, g_get_monotonic_time(),
                           &error)) {
        bool denied = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
        context->fail(denied ? "not-allowed" : "not-possible", error->message, context->user);
    }
    member_touched(context->member);
}

const Command command_topic = {
    .name = "topic",
    .arguments = "[TEXT]",
    .help = "Shows what this room is about, or changes it; - removes it (admins).",
    .run = run,
};
