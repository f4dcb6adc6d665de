#include "relay/server/commands/all.h"
#include "relay/server/commands/parts.h"

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    g_auto(Target) target = {0};
    g_auto(ModerationContent) what = {.act = ACT_KICK};
    if (!target_find(&target, service, words[0], reply))
        return;
    if (!hub_is_joined(target.hub, target.key)) {
        g_autofree char *sorry = g_strdup_printf(
            "%s is not here now; backfence-relay ban keeps somebody away.", target.called);
        command_failed(reply, "not-here", sorry);
        return;
    }
    g_autofree char *why = command_text(words + 1);
    what.text = parts_one_line(why);
    if (parts_act(service, &target, &what, reply))
        command_done(reply, parts_tell(service, &target, &what));
}

const ServerCommand command_kick = {
    .name = "kick",
    .arguments = "NAME [WHY…]",
    .help = "send a member away for a minute",
    .least = 1,
    .most = G_MAXUINT,
    .run = run,
    .show = parts_show,
};
