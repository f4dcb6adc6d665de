#include "relay/server/commands/all.h"
#include "relay/server/commands/parts.h"

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    g_auto(Target) target = {0};
    g_auto(ModerationContent) what = {.act = ACT_UNMUTE};
    if (!target_find(&target, service, words[0], reply))
        return;
    if (!moderation_muted(hub_moderation(target.hub), target.key, hub_room_time_ms(target.hub),
                          NULL)) {
        g_autofree char *sorry = g_strdup_printf("%s is not muted.", target.called);
        command_failed(reply, "not-muted", sorry);
        return;
    }
    if (parts_act(service, &target, &what, reply))
        command_done(reply, parts_tell(service, &target, &what));
}

const ServerCommand command_unmute = {
    .name = "unmute",
    .arguments = "NAME",
    .help = "let a member write again",
    .least = 1,
    .most = 1,
    .run = run,
    .show = parts_show,
};
