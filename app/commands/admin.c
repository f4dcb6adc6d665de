/* Grants and takes back; without a name, who the admins are. */
#include "app/commands/all.h"
#include "app/commands/arguments.h"
#include "relay/text.h"

#include <string.h>

#define USAGE "Say whom: /admin NAME, or /admin -NAME to take it back"

static void show(const CommandContext *context)
{
    g_autoptr(GPtrArray) members = session_members(member_session(context->member));
    bool any = false;
    for (guint i = 0; i < members->len; i++) {
        const SessionMember *member = g_ptr_array_index(members, i);
        if (!arguments_is_admin(context, member))
            continue;
        g_autofree char *name = text_escape(member->shown, strlen(member->shown));
        g_autofree char *line = g_strconcat(name, " is an admin.", NULL);
        context->print(line, context->user);
        any = true;
    }
    if (!any)
        context->print("Nobody here is an admin. Who has the relay's code becomes one: /claim CODE",
                       context->user);
}

static void run(const CommandContext *context, const char *arguments)
{
    bool back = *arguments == '-';
    const char *rest = arguments + (back ? 1 : 0);
    rest += strspn(rest, " \t");
    if (*arguments == '\0') {
        show(context);
        return;
    }
    const SessionMember *member = arguments_take_member(context, &rest, USAGE);
    if (!member)
        return;
    if (*rest != '\0') {
        context->fail("usage", USAGE, context->user);
    } else if (arguments_is_admin(context, member) != back) {
        g_autofree char *sorry =
            g_strconcat(member->shown, back ? " is no admin." : " is an admin already.", NULL);
        context->fail("not-possible", sorry, context->user);
    } else {
        arguments_moderate(context, ACT_GRANT, member, back ? ROLE_MEMBER : ROLE_ADMIN, 0, NULL);
    }
}

const Command command_admin = {
    .name = "admin",
    .arguments = "[-][NAME]",
    .help = "Makes somebody an admin, or shows who is; -NAME takes it back (admins).",
    .run = run,
};
