#include "app/commands/all.h"
#include "app/commands/arguments.h"

#include <string.h>

static void run(const CommandContext *context, const char *arguments)
{
    Session *session = member_session(context->member);
    const char *rest = arguments;
    g_autofree char *name = arguments_take_name(session, &rest);
    rest += strspn(rest, " \t");
    if (*name == '\0' || *rest == '\0') {
        context->fail("usage", "Say to whom and what: /msg NAME TEXT", context->user);
        return;
    }
    g_autoptr(GError) error = NULL;
    const SessionMember *to = session_find_member(session, name, &error);
    if (!to) {
        context->fail("no-such-member", error->message, context->user);
        return;
    }
    ConversationId conversation = {.direct = true};
    memcpy(conversation.id, to->key, KEY_SIZE);
    if (!session_say(session, &conversation, rest, false, NULL, g_get_monotonic_time(), &error))
        context->fail(command_fault(error), error->message, context->user);
    member_touched(context->member);
}

const Command command_msg = {
    .name = "msg",
    .aliases = (const char *const[]){"!private", NULL},
    .arguments = "NAME TEXT",
    .help = "Says something that only this person can read.",
    .run = run,
};
