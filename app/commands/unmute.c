#include "app/commands/all.h"
#include "app/commands/arguments.h"

static void run(const CommandContext *context, const char *arguments)
{
    Session *session = member_session(context->member);
    const SessionMember *member =
        arguments_take_member(context, &arguments, "Say whom: /unmute NAME");
    if (!member)
        return;
    const Moderation *moderation = session_moderation(session);
    int64_t room_ms = session_room_time_ms(session, g_get_monotonic_time());
    if (moderation && !moderation_muted(moderation, member->key, room_ms, NULL)) {
        g_autofree char *sorry = g_strdup_printf("%s is not muted.", member->shown);
        context->fail("not-possible", sorry, context->user);
        return;
    }
    arguments_moderate(context, ACT_UNMUTE, member, ROLE_MEMBER, 0, arguments);
}

const Command command_unmute = {
    .name = "unmute",
    .arguments = "NAME",
    .help = "Lets somebody write again (admins).",
    .run = run,
};
