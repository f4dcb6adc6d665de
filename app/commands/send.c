/* Who is meant stands first: a member's name, which may contain blanks, or a room. What begins with
 * neither is paths alone, offered where the line was typed; a file that is called as somebody is
 * "./Sam". */
#include "app/commands/all.h"
#include "app/commands/arguments.h"
#include "relay/text.h"

#include <string.h>

#define USAGE "Say to whom and what: /send NAME PATH…, /send #general PATH…"

static bool take_room(const CommandContext *context, const char **rest, ConversationId *to)
{
    size_t length = strcspn(*rest, " \t");
    g_autofree char *name = g_strndup(*rest, length);
    if (g_ascii_strcasecmp(name, "#general") != 0) {
        g_autofree char *clean = text_escape(name, length);
        g_autofree char *sorry = g_strdup_printf("There is no room %s.", clean);
        context->fail("no-such-room", sorry, context->user);
        return false;
    }
    *to = (ConversationId){.direct = false};
    *rest += length;
    return true;
}

/* Leaves `*to` as it is when the line begins with paths. */
static bool take_addressee(const CommandContext *context, const char **rest, ConversationId *to)
{
    Session *session = member_session(context->member);
    if (**rest == '#')
        return take_room(context, rest, to);
    g_autofree char *name = arguments_take_known_name(session, rest);
    if (!name)
        return true;
    g_autoptr(GError) error = NULL;
    const SessionMember *member = session_find_member(session, name, &error);
    if (!member) {
        context->fail("cannot-offer", error->message, context->user);
        return false;
    }
    if (member == session_self(session)) {
        context->fail("cannot-offer", "That is you.", context->user);
        return false;
    }
    to->direct = true;
    memcpy(to->id, member->key, KEY_SIZE);
    return true;
}

/* "/send Sma notes.txt" shall not complain about a file called Sma. */
static void tell_failure(const CommandContext *context, bool addressed, char *const *paths,
                         const GError *error)
{
    if (addressed || g_strv_length((char **)paths) < 2 ||
        g_file_test(paths[0], G_FILE_TEST_EXISTS)) {
        context->fail("cannot-offer", error->message, context->user);
        return;
    }
    g_autofree char *first = g_path_get_basename(paths[0]);
    g_autofree char *clean = text_escape(first, strlen(first));
    g_autofree char *sorry =
        g_strdup_printf("There is nobody called %s here, and no such file.", clean);
    context->fail("cannot-offer", sorry, context->user);
}

static void run(const CommandContext *context, const char *arguments)
{
    const char *rest = arguments;
    ConversationId to = context->here;
    if (!take_addressee(context, &rest, &to))
        return;
    bool addressed = rest > arguments;
    rest += strspn(rest, " \t");
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) paths = arguments_paths(rest, &error);
    if (!paths || !paths[0]) {
        context->fail("usage", error ? error->message : USAGE, context->user);
        return;
    }
    if (!transfers_offer(member_transfers(context->member), &to, (const char *const *)paths, NULL,
                         0, 0, g_get_monotonic_time(), &error))
        tell_failure(context, addressed, paths, error);
    member_touched(context->member);
}

const Command command_send = {
    .name = "send",
    .arguments = "[NAME|#room] PATH…",
    .help = "Offers files and folders; nothing leaves before they are accepted.",
    .run = run,
};
