#include "app/commands/arguments.h"

#include "relay/duration.h"
#include "relay/text.h"

#include <glob.h>
#include <string.h>

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

/* Bytes of the longest name of a member that the line begins with; 0: none. */
static size_t longest_name(Session *session, const char *line)
{
    size_t longest = 0;
    g_autoptr(GPtrArray) members = session_members(session);
    for (guint i = 0; i < members->len; i++) {
        const SessionMember *member = g_ptr_array_index(members, i);
        size_t shown = prefix_length(line, member->shown);
        size_t bare = prefix_length(line, member->name);
        longest = MAX(longest, MAX(shown, bare));
    }
    return longest;
}

static char *take(const char **rest, size_t length)
{
    char *name = g_strndup(*rest, length);
    *rest += length;
    return name;
}

char *arguments_take_name(Session *session, const char **rest)
{
    char *quoted = quoted_name(rest);
    if (quoted)
        return quoted;
    size_t longest = longest_name(session, *rest);
    return take(rest, longest > 0 ? longest : strcspn(*rest, " \t"));
}

char *arguments_take_known_name(Session *session, const char **rest)
{
    const char *behind = *rest;
    g_autofree char *quoted = quoted_name(&behind);
    if (quoted && longest_name(session, quoted) == strlen(quoted)) {
        *rest = behind;
        return g_steal_pointer(&quoted);
    }
    size_t longest = longest_name(session, *rest);
    return longest > 0 ? take(rest, longest) : NULL;
}

static char *absolute(const char *path)
{
    if (path[0] == '~' && (path[1] == '/' || path[1] == '\0')) {
        g_autofree char *home = g_build_filename(g_get_home_dir(), path + 1, NULL);
        return g_canonicalize_filename(home, NULL);
    }
    return g_canonicalize_filename(path, NULL);
}

static bool exists(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS) || g_file_test(path, G_FILE_TEST_IS_SYMLINK);
}

/* One word, or what it stands for when it is a pattern and no name. */
static void add_word(GStrvBuilder *paths, const char *word)
{
    g_autofree char *path = absolute(word);
    glob_t found = {0};
    bool pattern = !exists(path) && strpbrk(word, "*?[");
    if (pattern && glob(path, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            g_strv_builder_add(paths, found.gl_pathv[i]);
    } else {
        g_strv_builder_add(paths, path);
    }
    globfree(&found);
}

char **arguments_paths(const char *line, GError **error)
{
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    g_autofree char *whole = absolute(line);
    g_auto(GStrv) words = NULL;
    if (*line == '\0' || exists(whole)) {
        if (*line)
            g_strv_builder_add(paths, whole);
        return g_strv_builder_end(paths);
    }
    if (!g_shell_parse_argv(line, NULL, &words, error))
        return NULL;
    for (char **word = words; *word; word++)
        add_word(paths, *word);
    return g_strv_builder_end(paths);
}

void arguments_act(const CommandContext *context, const char *text,
                   gboolean (*act)(Transfers *transfers, const uint8_t *id, int64_t now_us,
                                   GError **error),
                   const char *done)
{
    Transfers *transfers = member_transfers(context->member);
    g_autoptr(GError) error = NULL;
    g_autoptr(Transfer) transfer = transfers_find(transfers, text, &error);
    if (!transfer) {
        context->fail("no-such-transfer", error->message, context->user);
        return;
    }
    if (!act(transfers, transfer->id, g_get_monotonic_time(), &error)) {
        context->fail("not-possible", error->message, context->user);
    } else {
        g_autofree char *title = text_escape(transfer->title, strlen(transfer->title));
        g_autofree char *line = g_strdup_printf("%s %s.", done, title);
        context->print(line, context->user);
    }
    member_touched(context->member);
}

const SessionMember *arguments_take_member(const CommandContext *context, const char **rest,
                                           const char *usage)
{
    Session *session = member_session(context->member);
    g_autofree char *name = arguments_take_name(session, rest);
    *rest += strspn(*rest, " \t");
    if (*name == '\0') {
        context->fail("usage", usage, context->user);
        return NULL;
    }
    g_autoptr(GError) error = NULL;
    const SessionMember *member = session_find_member(session, name, &error);
    if (!member)
        context->fail("no-such-member", error->message, context->user);
    return member;
}

const SessionMember *arguments_take_verdict(const CommandContext *context, const char **rest,
                                            const char *usage, int64_t *lasting_ms)
{
    const SessionMember *member = arguments_take_member(context, rest, usage);
    if (!member)
        return NULL;
    *lasting_ms = 0;
    if (member == session_self(member_session(context->member))) {
        context->fail("not-possible", "That is yourself.", context->user);
        return NULL;
    }
    if (duration_take(rest, lasting_ms) == DURATION_WRONG) {
        context->fail("usage", DURATION_HELP, context->user);
        return NULL;
    }
    return member;
}

void arguments_moderate(const CommandContext *context, ModerationAct act,
                        const SessionMember *member, Role role, int64_t lasting_ms,
                        const char *text)
{
    g_autoptr(GError) error = NULL;
    if (!session_moderate(member_session(context->member), act, member ? member->key : NULL, role,
                          lasting_ms, text, g_get_monotonic_time(), &error)) {
        bool denied = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
        context->fail(denied ? "not-allowed" : "not-possible", error->message, context->user);
    }
    member_touched(context->member);
}

bool arguments_is_admin(const CommandContext *context, const SessionMember *member)
{
    const Moderation *moderation = session_moderation(member_session(context->member));
    return moderation && moderation_role(moderation, member->key) != ROLE_MEMBER;
}
