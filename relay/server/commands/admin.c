#include "relay/server/commands/all.h"
#include "relay/server/commands/parts.h"
#include "relay/server/show.h"

static const char *role_word(Role role)
{
    return role == ROLE_KEEPER ? "keeper" : role == ROLE_ADMIN ? "admin" : "member";
}

static void list(Service *service, const Hub *hub, CommandReply *reply)
{
    const Moderation *moderation = hub_moderation(hub);
    g_autoptr(People) people = parts_people(hub);
    g_autoptr(GPtrArray) listed = moderation_listed(moderation, hub_room_time_ms(hub));
    JsonArray *admins = json_array_new();
    for (guint i = 0; i < listed->len; i++) {
        const uint8_t *key = g_bytes_get_data(listed->pdata[i], NULL);
        Role role = moderation_role(moderation, key);
        if (role == ROLE_MEMBER)
            continue;
        JsonObject *admin = json_object_new();
        g_autofree char *name = people_call(people, key, identity_key(service->identity));
        parts_set_key(admin, "key", key);
        json_object_set_string_member(admin, "name", name);
        json_object_set_string_member(admin, "role", role_word(role));
        json_array_add_object_element(admins, admin);
    }
    JsonObject *answer = json_object_new();
    json_object_set_array_member(answer, "admins", admins);
    command_done(reply, answer);
}

static void give_code(Service *service, CommandReply *reply)
{
    JsonObject *answer = json_object_new();
    g_autofree char *code = moderator_new_code(service->moderator, g_get_monotonic_time());
    g_autofree char *text = g_strdup_printf(
        "Type /claim %s in the chat within an hour: whoever does first is an admin.", code);
    json_object_set_string_member(answer, "code", code);
    json_object_set_string_member(answer, "text", text);
    command_done(reply, answer);
}

static void change(Service *service, const char *words, Role role, CommandReply *reply)
{
    g_auto(Target) target = {0};
    g_auto(ModerationContent) what = {.act = ACT_GRANT, .role = role};
    if (!target_find(&target, service, words, reply))
        return;
    Role now = moderation_role(hub_moderation(target.hub), target.key);
    if (now == role || (role == ROLE_ADMIN && now == ROLE_KEEPER)) {
        g_autofree char *sorry = g_strdup_printf(
            role == ROLE_ADMIN ? "%s is an admin already." : "%s is no admin.", target.called);
        command_failed(reply, role == ROLE_ADMIN ? "admin-already" : "no-admin", sorry);
        return;
    }
    if (parts_act(service, &target, &what, reply))
        command_done(reply, parts_tell(service, &target, &what));
}

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    bool remove = json_object_has_member(options, "remove");
    bool code = json_object_has_member(options, "code");
    Hub *hub = parts_hub(service, reply);
    if (hub == NULL)
        return;
    if ((code && (remove || words[0] != NULL)) || (remove && words[0] == NULL))
        command_failed(reply, "usage",
                       "Write admin NAME, admin --remove NAME, admin --code or admin alone.");
    else if (code)
        give_code(service, reply);
    else if (words[0] == NULL)
        list(service, hub, reply);
    else
        change(service, words[0], remove ? ROLE_MEMBER : ROLE_ADMIN, reply);
}

static void show(JsonObject *answer)
{
    static const char *const titles[] = {"NAME", "ROLE", "KEY", NULL};
    if (!json_object_has_member(answer, "admins")) {
        parts_show(answer);
        return;
    }
    JsonArray *admins = json_object_get_array_member(answer, "admins");
    ShowTable *table = show_table_new(titles);
    for (guint i = 0; i < json_array_get_length(admins); i++) {
        JsonObject *admin = json_array_get_object_element(admins, i);
        g_autofree char *key = g_strndup(show_text(admin, "key"), 16);
        const char *cells[] = {show_text(admin, "name"), show_text(admin, "role"), key};
        show_table_add(table, cells);
    }
    show_table_print(table);
}

static const GOptionEntry entries[] = {
    {"code", 0, 0, G_OPTION_ARG_NONE, NULL,
     "Print a code that makes whoever types it an admin, once, within an hour", NULL},
    {"remove", 0, 0, G_OPTION_ARG_NONE, NULL, "The member is no admin any more", NULL},
    {NULL},
};

const ServerCommand command_admin = {
    .name = "admin",
    .arguments = "[NAME]",
    .help = "list the admins, make a member one, or print a code that does",
    .options = entries,
    .most = 1,
    .run = run,
    .show = show,
};
