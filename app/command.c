#include "app/command.h"

#include "app/commands/all.h"

static const Command *const table[] = {
    &command_help,    &command_who,    &command_msg,     &command_nick,      &command_me,
    &command_send,    &command_accept, &command_decline, &command_transfers, &command_cancel,
    &command_pause,   &command_resume, &command_retry,   &command_away,      &command_back,
    &command_history, &command_topic,  &command_motd,    &command_announce,  &command_kick,
    &command_ban,     &command_unban,  &command_mute,    &command_unmute,    &command_rename,
    &command_admin,   &command_claim,  &command_connect, &command_quit,      NULL,
};

const Command *const *commands(void)
{
    return table;
}

static bool is_one_of(const char *const *words, const char *word)
{
    return words && g_strv_contains(words, word);
}

/* Aliases are what people type who come from other programs; they have no slash. */
static const Command *find(const char *word, bool alone)
{
    for (const Command *const *command = table; *command; command++) {
        if (word[0] == '/' && g_ascii_strcasecmp(word + 1, (*command)->name) == 0)
            return *command;
        if (is_one_of((*command)->aliases, word) || (alone && is_one_of((*command)->alone, word)))
            return *command;
    }
    return NULL;
}

/* "/wave" is a mistyped command, "/etc/hosts" something to say. */
static bool looks_like_command(const char *word)
{
    return word[0] == '/' && g_ascii_isalpha(word[1]) && !strchr(word + 1, '/');
}

const char *command_fault(const GError *error)
{
    bool denied = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
    return denied ? "not-allowed" : "not-queued";
}

static void say(const CommandContext *context, const char *text)
{
    g_autoptr(GError) error = NULL;
    int64_t now_us = g_get_monotonic_time();
    if (!session_say(member_session(context->member), &context->here, text, false, NULL, now_us,
                     &error))
        context->fail(command_fault(error), error->message, context->user);
    member_touched(context->member);
}

void command_line(const CommandContext *context, const char *line)
{
    g_autofree char *text = g_strdup(line);
    g_strchomp(text);
    const char *start = text + strspn(text, " \t\n");
    if (*start == '\0')
        return;
    size_t length = strcspn(start, " \t\n");
    g_autofree char *word = g_strndup(start, length);
    g_autofree char *arguments = g_strstrip(g_strdup(start + length));

    const Command *command = find(word, *arguments == '\0');
    if (command) {
        command->run(context, arguments);
    } else if (g_str_has_prefix(start, "//")) {
        say(context, start + 1);
    } else if (looks_like_command(word)) {
        g_autofree char *sorry =
            g_strdup_printf("There is no command %s. /help lists them all.", word);
        context->fail("unknown-command", sorry, context->user);
    } else {
        say(context, text);
    }
}
