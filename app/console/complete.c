/* Names contain blanks, so after "/msg", "/ban" and the like everything typed so far is the start
 * of a name, after
 * "/send" until a whole name stands there: then paths follow. In a text it is the last word, or the
 * last two or three if these begin a name. */
#include "app/console/complete.h"

#include "app/command.h"
#include "app/commands/arguments.h"
#include "app/console/complete_path.h"

#include <string.h>

#define NAME_WORDS 3

static bool starts_with(const char *word, const char *start)
{
    g_autofree char *left = g_utf8_casefold(word, -1);
    g_autofree char *right = g_utf8_casefold(start, -1);
    return g_str_has_prefix(left, right);
}

static void add_word(GPtrArray *words, const char *word, const char *start)
{
    if (starts_with(word, start))
        g_ptr_array_add(words, g_strconcat(word, " ", NULL));
}

static void add_commands(GPtrArray *words, const char *start)
{
    for (const Command *const *command = commands(); *command; command++) {
        g_autofree char *name = g_strdup_printf("/%s", (*command)->name);
        add_word(words, name, start);
        for (const char *const *alias = (*command)->aliases; alias && *alias; alias++)
            add_word(words, *alias, start);
    }
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return g_utf8_collate(*(const char *const *)a, *(const char *const *)b);
}

static void add_people(GPtrArray *words, Session *session, const char *start, const char *behind)
{
    g_autoptr(GPtrArray) members = session_members(session);
    for (guint i = 0; i < members->len; i++) {
        const SessionMember *member = g_ptr_array_index(members, i);
        if (member != session_self(session) && starts_with(member->shown, start))
            g_ptr_array_add(words, g_strconcat(member->shown, behind, NULL));
    }
    g_ptr_array_sort(words, by_text);
}

/* The text behind the first word when that is a command about a person. */
static const char *addressee(const char *before)
{
    static const char *const words[] = {"/msg ",  "!private ", "/kick ",   "/ban ",
                                        "/mute ", "/unban ",   "/unmute ", "/admin "};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strncasecmp(before, words[i], strlen(words[i])) == 0) {
            const char *rest = before + strlen(words[i]);
            return rest + strspn(rest, " ");
        }
    }
    return NULL;
}

/* The text behind this command, NULL when the line is none. */
static const char *behind(const char *before, const char *command)
{
    size_t length = strlen(command);
    if (g_ascii_strncasecmp(before, command, length) != 0 || before[length] != ' ')
        return NULL;
    return before + length + strspn(before + length, " ");
}

/* Returns where the part that is completed begins. */
static const char *complete_send(GPtrArray *words, Session *session, const char *arguments)
{
    const char *rest = arguments;
    g_autofree char *name = arguments_take_known_name(session, &rest);
    size_t room = g_str_has_prefix(arguments, "#general ") ? strlen("#general ") : 0;
    bool named = room > 0 || (name && *rest == ' ');
    const char *word = complete_path_word(room > 0 ? arguments + room : named ? rest : arguments);
    if (!named) {
        add_people(words, session, arguments, " ");
        add_word(words, "#general", arguments);
    }
    if (named || words->len == 0) {
        complete_path(words, word, false);
        return word;
    }
    return arguments;
}

static const char *word_before(const char *text, const char *at)
{
    while (at > text && at[-1] == ' ')
        at--;
    while (at > text && at[-1] != ' ')
        at--;
    return at;
}

GPtrArray *complete_line(Session *session, const char *before, size_t *replaced)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    const char *start = before;
    if (!g_utf8_validate(before, -1, NULL))
        return words;
    if ((before[0] == '/' || before[0] == '!') && !strchr(before, ' ')) {
        add_commands(words, before);
    } else if (behind(before, "/send")) {
        start = complete_send(words, session, behind(before, "/send"));
    } else if (behind(before, "/accept")) {
        start = complete_path_word(behind(before, "/accept"));
        complete_path(words, start, true);
    } else if (addressee(before)) {
        start = addressee(before);
        add_people(words, session, start, " ");
    } else if (!g_str_has_suffix(before, " ")) {
        const char *end = before + strlen(before);
        const char *found = end;
        start = end;
        for (unsigned i = 0; i < NAME_WORDS && start > before; i++) {
            start = word_before(before, start);
            g_autoptr(GPtrArray) fit = g_ptr_array_new_with_free_func(g_free);
            add_people(fit, session, start, start == before ? ": " : " ");
            if (fit->len > 0) {
                found = start;
                g_ptr_array_set_size(words, 0);
                g_ptr_array_extend_and_steal(words, g_steal_pointer(&fit));
            }
        }
        start = found;
    }
    *replaced = strlen(start);
    return words;
}
