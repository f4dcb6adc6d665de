#include "relay/server/commands/all.h"
#include "relay/server/commands/parts.h"

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    g_auto(ModerationContent) what = {.act = ACT_ANNOUNCE};
    if (parts_hub(service, reply) == NULL)
        return;
    g_autofree char *typed = command_text(words);
    what.text = parts_one_line(typed);
    if (*what.text == '\0')
        command_failed(reply, "usage", "Say what to announce.");
    else if (parts_act(service, NULL, &what, reply))
        command_done(reply, parts_tell(service, NULL, &what));
}

const ServerCommand command_announce = {
    .name = "announce",
    .arguments = "TEXT…",
    .help = "tell everybody something, told apart from what members say",
    .least = 1,
    .most = G_MAXUINT,
    .run = run,
    .show = parts_show,
};
