#include "relay/server/commands/all.h"
#include "relay/server/commands/parts.h"
#include "relay/server/report.h"

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    g_auto(Target) target = {0};
    g_auto(ModerationContent) what = {.act = ACT_UNBAN};
    if (!target_find(&target, service, words[0], reply))
        return;
    if (!moderation_banned(hub_moderation(target.hub), target.key, hub_room_time_ms(target.hub),
                           NULL)) {
        g_autofree char *sorry = g_strdup_printf("%s is not banned.", target.called);
        command_failed(reply, "not-banned", sorry);
        return;
    }
    if (!parts_act(service, &target, &what, reply))
        return;
    g_autoptr(GError) error = NULL;
    if (!banned_addresses_remove(service->banned, target.key, &error))
        report_value("disk-error", "why", error->message);
    command_done(reply, parts_tell(service, &target, &what));
}

const ServerCommand command_unban = {
    .name = "unban",
    .arguments = "NAME",
    .help = "let somebody come again",
    .least = 1,
    .most = 1,
    .run = run,
    .show = parts_show,
};
