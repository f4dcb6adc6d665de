#include "relay/key.h"
#include "relay/server/commands/all.h"
#include "relay/server/commands/parts.h"
#include "relay/server/show.h"

#include <string.h>

static const char *const presences[] = {
    [ROSTER_ONLINE] = "online", [ROSTER_AWAY] = "away", [ROSTER_OFFLINE] = "offline"};

static const char *role_word(Role role)
{
    return role == ROLE_KEEPER ? "keeper" : role == ROLE_ADMIN ? "admin" : "member";
}

static void note_address(const HubLinked *linked, void *user)
{
    if (linked->address != NULL)
        g_hash_table_insert(user, g_memdup2(linked->key, KEY_SIZE), g_strdup(linked->address));
}

/* Transfer full. */
static GHashTable *addresses_of(Hub *hub)
{
    GHashTable *addresses = g_hash_table_new_full(key_hash, key_equal, g_free, g_free);
    hub_each_linked(hub, note_address, addresses);
    return addresses;
}

/* What is in force: "banned": {"until_ms": …, "why": …}. */
static void tell_verdict(JsonObject *member, const char *name, const Verdict *verdict)
{
    JsonObject *object = json_object_new();
    json_object_set_int_member(object, "until_ms", verdict->until_ms);
    json_object_set_string_member(object, "why", verdict->why);
    json_object_set_object_member(member, name, object);
}

static JsonObject *tell(Hub *hub, const Person *person, GHashTable *addresses, const char *shown)
{
    const Moderation *moderation = hub_moderation(hub);
    int64_t now_ms = hub_room_time_ms(hub);
    const char *address = g_hash_table_lookup(addresses, person->key);
    JsonObject *member = json_object_new();
    Verdict verdict;
    json_object_set_string_member(member, "name", person->name);
    json_object_set_string_member(member, "shown", shown);
    parts_set_key(member, "key", person->key);
    json_object_set_string_member(member, "presence", presences[person->presence]);
    json_object_set_int_member(member, "since_ms", person->since_ms);
    json_object_set_string_member(member, "role",
                                  role_word(moderation_role(moderation, person->key)));
    if (address != NULL)
        json_object_set_string_member(member, "address", address);
    if (moderation_muted(moderation, person->key, now_ms, &verdict))
        tell_verdict(member, "muted", &verdict);
    if (moderation_banned(moderation, person->key, now_ms, &verdict))
        tell_verdict(member, "banned", &verdict);
    return member;
}

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    Hub *hub = parts_hub(service, reply);
    if (hub == NULL)
        return;
    bool all = json_object_has_member(options, "all");
    g_autoptr(People) people = parts_people(hub);
    g_autoptr(GHashTable) addresses = addresses_of(hub);
    JsonArray *members = json_array_new();
    for (guint i = 0; i < people_count(people); i++) {
        const Person *person = people_at(people, i);
        if (!all && person->presence == ROSTER_OFFLINE)
            continue;
        g_autofree char *shown = people_call(people, person->key, identity_key(service->identity));
        json_array_add_object_element(members, tell(hub, person, addresses, shown));
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
    const char *role = show_text(member, "role");
    const char *state = json_object_has_member(member, "banned")  ? "banned"
                        : json_object_has_member(member, "muted") ? "muted"
                                                                  : "";
    const char *cells[] = {show_text(member, "shown"),
                           strcmp(role, "member") == 0 ? "" : role,
                           show_text(member, "presence"),
                           since,
                           show_text(member, "address"),
                           key,
                           state};
    show_table_add(table, cells);
}

static void show(JsonObject *answer)
{
    static const char *const titles[] = {"NAME",    "ROLE", "PRESENCE", "SINCE",
                                         "ADDRESS", "KEY",  "",         NULL};
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
