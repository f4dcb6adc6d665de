/* Names may contain spaces: a quoted name is taken as it stands, else the longest name of a member
 * that the line begins with, else its first word. */
#include "app/commands/all.h"

static char *quoted_name(const char **rest)
{
    const char *end = **rest == '"' ? strchr(*rest + 1, '"') : NULL;
    if (!end)
        return NULL;
    char *name = g_strndup(*rest + 1, (gsize)(end - *rest - 1));
    *rest = end + 1;
    return name;
}

static size_t prefix_length(const char *line, const char *name)
{
    size_t length = strlen(name);
    if (strlen(line) < length || (line[length] != ' ' && line[length] != '\0'))
        return 0;
    g_autofree char *start = g_strndup(line, length);
    if (!g_utf8_validate(start, -1, NULL))
        return 0;
    g_autofree char *left = g_utf8_casefold(start, -1);
    g_autofree char *right = g_utf8_casefold(name, -1);
    return strcmp(left, right) == 0 ? length : 0;
}

static char *take_name(Session *session, const char **rest)
{
    char *quoted = quoted_name(rest);
    if (quoted)
        return quoted;
    size_t longest = 0;
    g_autoptr(GPtrArray) members = session_members(session);
    for (guint i = 0; i < members->len; i++) {
        const SessionMember *member = g_ptr_array_index(members, i);
        size_t shown = prefix_length(*rest, member->shown);
        size_t bare = prefix_length(*rest, member->name);
        longest = MAX(longest, MAX(shown, bare));
    }
    if (longest == 0)
        longest = strcspn(*rest, " \t");
    char *name = g_strndup(*rest, longest);
    *rest += longest;
    return name;
}

static void run(const CommandContext *context, const char *arguments)
{
    Session *session = member_session(context->member);
    const char *rest = arguments;
    g_autofree char *name = take_name(session, &rest);
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
        context->fail("not-queued", error->message, context->user);
    member_touched(context->member);
}

const Command command_msg = {
    .name = "msg",
    .aliases = (const char *const[]){"!private", NULL},
    .arguments = "NAME TEXT",
    .help = "Says something that only this person can read.",
    .run = run,
};
