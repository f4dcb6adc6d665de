/* The relay's side of relay/server/command.h. Whoever asks has shown that it may; what it sent is
 * looked at all the same, so that no command has to. */
#include "relay/server/command.h"

#include <string.h>

struct CommandReply {
    CommandEnd end;
    void *user;
};

static void reply(CommandReply *reply, JsonObject *answer, const char *code, const char *text)
{
    reply->end(answer, code, text, reply->user);
    g_free(reply);
}

void command_done(CommandReply *to, JsonObject *answer)
{
    g_autoptr(JsonObject) owned = answer != NULL ? answer : json_object_new();
    reply(to, owned, NULL, NULL);
}

void command_failed(CommandReply *to, const char *code, const char *text)
{
    reply(to, NULL, code, text);
}

const ServerCommand *server_command_find(const char *name)
{
    for (const ServerCommand *const *command = server_commands(); *command != NULL; command++) {
        if (strcmp((*command)->name, name) == 0)
            return *command;
    }
    return NULL;
}

char *command_text(char *const *words)
{
    return g_strjoinv(" ", (char **)words);
}

static bool is_of_kind(const GOptionEntry *entry, JsonNode *value)
{
    GType type = json_node_get_value_type(value);
    switch (entry->arg) {
    case G_OPTION_ARG_NONE:
        return type == G_TYPE_BOOLEAN;
    case G_OPTION_ARG_INT:
        return type == G_TYPE_INT64;
    default:
        return type == G_TYPE_STRING;
    }
}

static bool options_fit(const ServerCommand *command, JsonObject *options)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;
    json_object_iter_init(&iter, options);
    while (json_object_iter_next(&iter, &name, &value)) {
        const GOptionEntry *entry = command->options;
        while (entry != NULL && entry->long_name != NULL && strcmp(entry->long_name, name) != 0)
            entry++;
        if (entry == NULL || entry->long_name == NULL || !is_of_kind(entry, value))
            return false;
    }
    return true;
}

void command_run(Service *service, const char *name, char *const *words, JsonObject *options,
                 CommandEnd end, void *user)
{
    const ServerCommand *command = server_command_find(name);
    guint count = g_strv_length((char **)words);
    if (command == NULL || command->run == NULL) {
        end(NULL, "usage", "This relay has no such command: it may be of another version.", user);
    } else if (count < command->least || count > command->most || !options_fit(command, options)) {
        end(NULL, "usage", "These are not the words that this command takes.", user);
    } else {
        CommandReply *reply = g_new0(CommandReply, 1);
        *reply = (CommandReply){.end = end, .user = user};
        command->run(service, words, options, reply);
    }
}
