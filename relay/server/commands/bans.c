#include "relay/server/commands/all.h"
#include "relay/server/commands/parts.h"
#include "relay/server/show.h"

static JsonObject *tell(const Service *service, const People *people, const uint8_t *key,
                        const Verdict *verdict)
{
    const uint8_t *self = identity_key(service->identity);
    JsonObject *entry = json_object_new();
    g_autofree char *name = people_call(people, key, self);
    g_autofree char *by = people_call(people, verdict->by, self);
    parts_set_key(entry, "key", key);
    json_object_set_string_member(entry, "name", name);
    json_object_set_string_member(entry, "by", by);
    json_object_set_int_member(entry, "until_ms", verdict->until_ms);
    json_object_set_string_member(entry, "why", verdict->why);
    return entry;
}

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    Hub *hub = parts_hub(service, reply);
    if (hub == NULL)
        return;
    const Moderation *moderation = hub_moderation(hub);
    int64_t now_ms = hub_room_time_ms(hub);
    g_autoptr(People) people = parts_people(hub);
    g_autoptr(GPtrArray) listed = moderation_listed(moderation, now_ms);
    JsonArray *bans = json_array_new(), *mutes = json_array_new();
    for (guint i = 0; i < listed->len; i++) {
        const uint8_t *key = g_bytes_get_data(listed->pdata[i], NULL);
        Verdict verdict;
        if (moderation_banned(moderation, key, now_ms, &verdict)) {
            JsonObject *ban = tell(service, people, key, &verdict);
            g_autofree char *addresses = banned_addresses_of(service->banned, key);
            json_object_set_string_member(ban, "addresses", addresses);
            json_array_add_object_element(bans, ban);
        }
        if (moderation_muted(moderation, key, now_ms, &verdict))
            json_array_add_object_element(mutes, tell(service, people, key, &verdict));
    }
    JsonObject *answer = json_object_new();
    json_object_set_array_member(answer, "bans", bans);
    json_object_set_array_member(answer, "mutes", mutes);
    command_done(reply, answer);
}

static void add_rows(ShowTable *table, JsonObject *answer, const char *list, const char *what)
{
    JsonArray *entries = json_object_get_array_member(answer, list);
    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        int64_t until_ms = show_number(entry, "until_ms");
        g_autofree char *until = until_ms != 0 ? show_time(until_ms) : g_strdup("taken back");
        g_autofree char *key = g_strndup(show_text(entry, "key"), 16);
        const char *cells[] = {show_text(entry, "name"), what, until,
                               show_text(entry, "by"),   key,  show_text(entry, "addresses"),
                               show_text(entry, "why")};
        show_table_add(table, cells);
    }
}

static void show(JsonObject *answer)
{
    static const char *const titles[] = {"NAME", "WHAT",    "UNTIL", "BY",
                                         "KEY",  "ADDRESS", "WHY",   NULL};
    guint count = json_array_get_length(json_object_get_array_member(answer, "bans")) +
                  json_array_get_length(json_object_get_array_member(answer, "mutes"));
    if (count == 0) {
        show_line("Nobody is banned or muted.");
        return;
    }
    ShowTable *table = show_table_new(titles);
    add_rows(table, answer, "bans", "banned");
    add_rows(table, answer, "mutes", "muted");
    show_table_print(table);
}

const ServerCommand command_bans = {
    .name = "bans",
    .arguments = "",
    .help = "list who is banned or muted, until when and why",
    .run = run,
    .show = show,
};
