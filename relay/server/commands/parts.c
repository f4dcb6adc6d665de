#include "relay/server/commands/parts.h"

#include "discovery/txt.h"
#include "relay/duration.h"
#include "relay/moderation_line.h"
#include "relay/server/report.h"
#include "relay/server/show.h"
#include "relay/text.h"

#include <string.h>

Hub *parts_hub(Service *service, CommandReply *reply)
{
    Hub *hub = service_hub(service);
    if (hub == NULL)
        command_failed(reply, "in-reserve",
                       "Another relay serves this place now, and this one is in reserve: ask the "
                       "other one.");
    return hub;
}

void parts_set_key(JsonObject *object, const char *name, const uint8_t *key)
{
    g_autofree char *hex = txt_hex(key, KEY_SIZE);
    json_object_set_string_member(object, name, hex);
}

People *parts_people(const Hub *hub)
{
    g_autoptr(GPtrArray) listed = moderation_listed(hub_moderation(hub), hub_room_time_ms(hub));
    return people_new(hub_roster(hub), listed);
}

char *parts_one_line(const char *typed)
{
    char *text = text_make_message(typed, strlen(typed));
    if (text == NULL)
        return g_strdup("");
    return g_strstrip(g_strdelimit(text, "\n\t", ' '));
}

bool target_find(Target *target, Service *service, const char *words, CommandReply *reply)
{
    const char *code = NULL;
    g_autofree char *sorry = NULL;
    *target = (Target){.hub = parts_hub(service, reply)};
    if (target->hub == NULL)
        return false;
    target->people = parts_people(target->hub);
    if (!people_find(target->people, words, target->key, &code, &sorry)) {
        command_failed(reply, code, sorry);
        return false;
    }
    target->called = people_call(target->people, target->key, identity_key(service->identity));
    return true;
}

void target_clear(Target *target)
{
    g_clear_pointer(&target->people, people_free);
    g_clear_pointer(&target->called, g_free);
}

bool parts_read_end(Hub *hub, char *const *words, ModerationContent *what, CommandReply *reply)
{
    g_autofree char *typed = command_text(words);
    const char *rest = typed;
    int64_t lasts_ms = 0;
    if (duration_take(&rest, &lasts_ms) == DURATION_WRONG) {
        command_failed(reply, "usage", DURATION_HELP);
        return false;
    }
    if (lasts_ms > 0)
        what->until_ms = hub_room_time_ms(hub) + lasts_ms;
    what->text = parts_one_line(rest);
    return true;
}

/* Never the text. */
static void report_act(const ModerationContent *what, const Target *target)
{
    static const char *const words[] = {
        [ACT_GRANT] = "grant",   [ACT_KICK] = "kick", [ACT_BAN] = "ban",
        [ACT_UNBAN] = "unban",   [ACT_MUTE] = "mute", [ACT_UNMUTE] = "unmute",
        [ACT_RENAME] = "rename", [ACT_MOTD] = "motd", [ACT_ANNOUNCE] = "announce",
    };
    bool concerns = target != NULL;
    g_autofree char *key = concerns ? txt_hex(target->key, CANDIDATE_KEY_SIZE) : NULL;
    g_autofree char *detail =
        g_strconcat("act=", words[what->act], concerns ? " member=" : "", key, NULL);
    report("acted", detail);
}

bool parts_act(Service *service, const Target *target, ModerationContent *what, CommandReply *reply)
{
    g_autoptr(GError) error = NULL;
    if (what->text != NULL && strlen(what->text) > REASON_MAX) {
        command_failed(reply, "usage",
                       "That is too long: " G_STRINGIFY(REASON_MAX) " bytes are the most.");
        return false;
    }
    if (target != NULL)
        memcpy(what->member, target->key, KEY_SIZE);
    gboolean done = moderator_act(service->moderator, service_hub(service), what,
                                  g_get_monotonic_time(), &error);
    service_touched(service);
    if (!done)
        command_failed(reply, "refused", error->message);
    else
        report_act(what, target);
    return done;
}

JsonObject *parts_tell(Service *service, const Target *target, const ModerationContent *what)
{
    JsonObject *answer = json_object_new();
    const ModerationNames names = {.member = target != NULL ? target->called : NULL};
    g_autofree char *line = moderation_line(what, hub_room_time_ms(service_hub(service)), &names);
    g_autofree char *text = g_strconcat(line, g_str_has_suffix(line, ".") ? "" : ".", NULL);
    json_object_set_string_member(answer, "text", text);
    if (target != NULL) {
        parts_set_key(answer, "member", target->key);
        json_object_set_string_member(answer, "name", target->called);
    }
    if (what->until_ms != 0)
        json_object_set_int_member(answer, "until_ms", what->until_ms);
    if (target != NULL && what->text != NULL && *what->text != '\0')
        json_object_set_string_member(answer, "why", what->text);
    return answer;
}

void parts_show(JsonObject *answer)
{
    show_line(show_text(answer, "text"));
}
