#include "relay/server/commands/all.h"
#include "relay/server/commands/parts.h"
#include "relay/server/show.h"

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    static const uint8_t general[PLACE_SIZE];
    Hub *hub = parts_hub(service, reply);
    if (hub == NULL)
        return;
    JsonObject *room = json_object_new();
    json_object_set_string_member(room, "name", "general");
    json_object_set_string_member(room, "topic", moderation_topic(hub_moderation(hub), general));
    json_object_set_int_member(room, "messages", (gint64)log_said(service->log));
    JsonArray *rooms = json_array_new();
    json_array_add_object_element(rooms, room);
    JsonObject *answer = json_object_new();
    json_object_set_array_member(answer, "rooms", rooms);
    command_done(reply, answer);
}

static void show(JsonObject *answer)
{
    static const char *const titles[] = {"ROOM", "MESSAGES", "TOPIC", NULL};
    JsonArray *rooms = json_object_get_array_member(answer, "rooms");
    ShowTable *table = show_table_new(titles);
    for (guint i = 0; i < json_array_get_length(rooms); i++) {
        JsonObject *room = json_array_get_object_element(rooms, i);
        g_autofree char *name = g_strconcat("#", show_text(room, "name"), NULL);
        g_autofree char *count =
            g_strdup_printf("%" G_GINT64_FORMAT, show_number(room, "messages"));
        const char *cells[] = {name, count, show_text(room, "topic")};
        show_table_add(table, cells);
    }
    show_table_print(table);
}

const ServerCommand command_rooms = {
    .name = "rooms",
    .arguments = "",
    .help = "list the rooms with their topics",
    .run = run,
    .show = show,
};
