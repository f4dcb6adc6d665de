#include "relay/server/commands/all.h"
#include "relay/server/commands/parts.h"
#include "relay/server/show.h"

#include <string.h>

static const char *const presences[] = {
    [ROSTER_ONLINE] = "online", [ROSTER_AWAY] = "away", [ROSTER_OFFLINE] = "offline"};

static JsonObject *tell(const Person *person)
{
    JsonObject *member = json_object_new();
    json_object_set_string_member(member, "name", person->name);
    json_object_set_string_member(member, "shown", person->shown);
    parts_set_key(member, "key", person->key);
    json_object_set_string_member(member, "presence", presences[person->presence]);
    json_object_set_int_member(member, "since_ms", person->since_ms);
    return member;
}

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    Hub *hub = parts_hub(service, reply);
    if (hub == NULL)
        return;
    bool all = json_object_has_member(options, "all");
    g_autoptr(People) people = people_new(hub_roster(hub));
    JsonArray *members = json_array_new();
    for (guint i = 0; i < people_count(people); i++) {
        const Person *person = people_at(people, i);
        if (all || person->presence != ROSTER_OFFLINE)
            json_array_add_object_element(members, tell(person));
    }
    JsonObject *answer = json_object_new();
    json_object_set_array_member(answer, "members", members);
    json_object_set_int_member(answer, "known", people_count(people));
    command_done(reply, answer);
}

static void show_member(ShowTable *table, JsonObject *member)
{
    g_autofree char *since = show_time(show_number(member, "since_ms"));
    g_autofree char *key = g_strndup(show_text(member, "key"), 16);
    const char *cells[] = {show_text(member, "shown"), show_text(member, "presence"), since, key};
    show_table_add(table, cells);
}

static void show(JsonObject *answer)
{
    static const char *const titles[] = {"NAME", "PRESENCE", "SINCE", "KEY", NULL};
    JsonArray *members = json_object_get_array_member(answer, "members");
    guint count = json_array_get_length(members);
    if (count == 0) {
        show_line("Nobody is here.");
        return;
    }
    ShowTable *table = show_table_new(titles);
    for (guint i = 0; i < count; i++)
        show_member(table, json_array_get_object_element(members, i));
    show_table_print(table);
}

static const GOptionEntry entries[] = {
    {"all", 'a', 0, G_OPTION_ARG_NONE, NULL, "Those too who are not here now", NULL},
    {NULL},
};

const ServerCommand command_who = {
    .name = "who",
    .arguments = "",
    .help = "list the members who are here",
    .options = entries,
    .run = run,
    .show = show,
};
