#include "relay/server/commands/all.h"
#include "relay/server/commands/parts.h"
#include "relay/text.h"

#include <string.h>

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    g_auto(ModerationContent) what = {.act = ACT_RENAME};
    if (parts_hub(service, reply) == NULL)
        return;
    g_autofree char *typed = command_text(words);
    what.text = text_make_name(typed, strlen(typed));
    if (what.text == NULL) {
        command_failed(reply, "usage", "This is no name for a place: it is empty or too long.");
        return;
    }
    if (parts_act(service, NULL, &what, reply))
        command_done(reply, parts_tell(service, NULL, &what));
}

const ServerCommand command_rename = {
    .name = "rename",
    .arguments = "NAME…",
    .help = "call the place something else",
    .least = 1,
    .most = G_MAXUINT,
    .run = run,
    .show = parts_show,
};
