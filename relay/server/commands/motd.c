#include "relay/server/commands/all.h"
#include "relay/server/commands/parts.h"
#include "relay/server/show.h"

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    g_auto(ModerationContent) what = {.act = ACT_MOTD};
    Hub *hub = parts_hub(service, reply);
    if (hub == NULL)
        return;
    bool remove = json_object_has_member(options, "remove");
    if (remove && words[0] != NULL) {
        command_failed(reply, "usage", "Give a new message or --remove, not both.");
        return;
    }
    g_autofree char *typed = command_text(words);
    what.text = parts_one_line(typed);
    bool change = remove || words[0] != NULL;
    if (change && !parts_act(service, NULL, &what, reply))
        return;
    JsonObject *answer = change ? parts_tell(service, NULL, &what) : json_object_new();
    json_object_set_string_member(answer, "motd", moderation_motd(hub_moderation(hub)));
    command_done(reply, answer);
}

static void show(JsonObject *answer)
{
    const char *motd = show_text(answer, "motd");
    if (json_object_has_member(answer, "text"))
        parts_show(answer);
    else
        show_line(*motd != '\0' ? motd : "There is no message of the day.");
}

static const GOptionEntry entries[] = {
    {"remove", 0, 0, G_OPTION_ARG_NONE, NULL, "Show none any more", NULL},
    {NULL},
};

const ServerCommand command_motd = {
    .name = "motd",
    .arguments = "[TEXT…]",
    .help = "show or change the message of the day, which everybody sees who comes",
    .options = entries,
    .most = G_MAXUINT,
    .run = run,
    .show = show,
};
