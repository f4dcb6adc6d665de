#include "relay/server/commands/all.h"
#include "relay/server/commands/parts.h"

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    g_auto(Target) target = {0};
    g_auto(ModerationContent) what = {.act = ACT_MUTE};
    if (target_find(&target, service, words[0], reply) &&
        parts_read_end(target.hub, words + 1, &what, reply) &&
        parts_act(service, &target, &what, reply))
        command_done(reply, parts_tell(service, &target, &what));
}

const ServerCommand command_mute = {
    .name = "mute",
    .arguments = "NAME [10m] [WHY…]",
    .help = "let a member read and not write in the rooms",
    .least = 1,
    .most = G_MAXUINT,
    .run = run,
    .show = parts_show,
};
