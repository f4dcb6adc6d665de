#include "relay/server/commands/all.h"
#include "relay/server/commands/parts.h"

#include <string.h>

typedef struct {
    const uint8_t *key;
    char *address; /* owned; NULL: not linked, or not known */
} Sought;

static void look(const HubLinked *linked, void *user)
{
    Sought *sought = user;
    if (memcmp(linked->key, sought->key, KEY_SIZE) == 0 && sought->address == NULL)
        sought->address = g_strdup(linked->address);
}

/* The member has gone, and with it others from the same address. */
static void ban_address(Service *service, const Target *target, const char *address,
                        int64_t until_ms, JsonObject *answer)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    const char *done = json_object_get_string_member(answer, "text");
    if (banned_addresses_add(service->banned, address, target->key, until_ms, &error)) {
        json_object_set_string_member(answer, "address", address);
        text = g_strdup_printf("%s Nobody comes in from %s meanwhile.", done, address);
        service_admission_changed(service);
    } else {
        text = g_strdup_printf("%s The address is not banned, for that could not be written: %s.",
                               done, error->message);
    }
    json_object_set_string_member(answer, "text", text);
}

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    g_auto(Target) target = {0};
    g_auto(ModerationContent) what = {.act = ACT_BAN};
    if (!target_find(&target, service, words[0], reply) ||
        !parts_read_end(target.hub, words + 1, &what, reply))
        return;
    Sought sought = {.key = target.key};
    hub_each_linked(target.hub, look, &sought);
    g_autofree char *address = sought.address;
    if (json_object_has_member(options, "address") && address == NULL) {
        g_autofree char *sorry = g_strdup_printf(
            "%s is not here now, so the address is not known; ban without --address.",
            target.called);
        command_failed(reply, "no-address", sorry);
        return;
    }
    if (!parts_act(service, &target, &what, reply))
        return;
    JsonObject *answer = parts_tell(service, &target, &what);
    if (json_object_has_member(options, "address"))
        ban_address(service, &target, address, what.until_ms, answer);
    command_done(reply, answer);
}

static const GOptionEntry entries[] = {
    {"address", 0, 0, G_OPTION_ARG_NONE, NULL,
     "Nobody else may come from the member's address either", NULL},
    {NULL},
};

const ServerCommand command_ban = {
    .name = "ban",
    .arguments = "NAME [1d] [WHY…]",
    .help = "keep a member away, for a time or until unban",
    .options = entries,
    .least = 1,
    .most = G_MAXUINT,
    .run = run,
    .show = parts_show,
};
