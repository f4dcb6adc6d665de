#include "app/commands/all.h"

static gint by_presence_and_name(gconstpointer a, gconstpointer b)
{
    const SessionMember *left = *(const SessionMember *const *)a;
    const SessionMember *right = *(const SessionMember *const *)b;
    if (left->presence != right->presence)
        return left->presence < right->presence ? -1 : 1;
    return g_utf8_collate(left->shown, right->shown);
}

static void run(const CommandContext *context, const char *arguments)
{
    static const char *const words[] = {
        [MEMBER_ONLINE] = "online", [MEMBER_AWAY] = "away", [MEMBER_OFFLINE] = "offline"};
    if (context->people) {
        context->people(context->user);
        return;
    }
    Session *session = member_session(context->member);
    const SessionMember *self = session_self(session);
    g_autoptr(GPtrArray) members = session_members(session);
    g_ptr_array_sort(members, by_presence_and_name);
    for (guint i = 0; i < members->len; i++) {
        const SessionMember *member = g_ptr_array_index(members, i);
        g_autofree char *line = g_strdup_printf("%-8s %s%s", words[member->presence], member->shown,
                                                member == self ? " (you)" : "");
        context->print(line, context->user);
    }
}

const Command command_who = {
    .name = "who",
    .aliases = (const char *const[]){"!online", NULL},
    .arguments = "",
    .help = "Shows who is here and who was.",
    .run = run,
};
