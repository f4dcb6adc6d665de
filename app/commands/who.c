/* Who is here, then who was, those who left last first and not more of these than one can read. */
#include "app/commands/all.h"
#include "relay/duration.h"
#include "relay/text.h"

#define OFFLINE_SHOWN 20

static gint by_presence_and_name(gconstpointer a, gconstpointer b)
{
    const SessionMember *left = *(const SessionMember *const *)a;
    const SessionMember *right = *(const SessionMember *const *)b;
    if (left->presence != right->presence)
        return left->presence < right->presence ? -1 : 1;
    if (left->presence == MEMBER_OFFLINE && left->since_ms != right->since_ms)
        return left->since_ms > right->since_ms ? -1 : 1;
    return g_utf8_collate(left->shown, right->shown);
}

/* "14:02", or the day when that was another one; NULL when it is not known. */
static char *point_in_time(int64_t time_ms)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autoptr(GDateTime) time =
        time_ms > 0 ? g_date_time_new_from_unix_local(time_ms / 1000) : NULL;
    if (!time)
        return NULL;
    bool today = g_date_time_get_year(now) == g_date_time_get_year(time) &&
                 g_date_time_get_day_of_year(now) == g_date_time_get_day_of_year(time);
    return g_date_time_format(time, today ? "%H:%M" : "%-d %B %Y");
}

/* ", admin", ", muted until 18:05"; "" for most. */
static char *standing(Session *session, const uint8_t *key)
{
    const Moderation *moderation = session_moderation(session);
    int64_t now_us = g_get_monotonic_time();
    int64_t room_ms = session_room_time_ms(session, now_us);
    int64_t offset_ms = session_room_offset_ms(session, now_us);
    Verdict verdict = {0};
    if (!moderation)
        return g_strdup("");
    const char *role = moderation_role(moderation, key) != ROLE_MEMBER ? ", admin" : "";
    bool banned = moderation_banned(moderation, key, room_ms, &verdict);
    if (!banned && !moderation_muted(moderation, key, room_ms, &verdict))
        return g_strdup(role);
    g_autofree char *end = verdict.until_ms > 0
                               ? duration_point(verdict.until_ms - offset_ms, room_ms - offset_ms)
                               : NULL;
    return g_strconcat(role, banned ? ", banned" : ", muted", end ? " until " : "", end, NULL);
}

static void print_member(const CommandContext *context, const SessionMember *member, bool self)
{
    static const char *const words[] = {
        [MEMBER_ONLINE] = "online", [MEMBER_AWAY] = "away", [MEMBER_OFFLINE] = "offline"};
    g_autofree char *name = text_escape(member->shown, strlen(member->shown));
    g_autofree char *since =
        member->presence == MEMBER_ONLINE ? NULL : point_in_time(member->since_ms);
    g_autofree char *said = standing(member_session(context->member), member->key);
    g_autofree char *line = g_strdup_printf("%-8s %s%s%s%s%s", words[member->presence], name,
                                            self ? " (you)" : "", said,
                                            !since                               ? ""
                                            : member->presence == MEMBER_OFFLINE ? ", last here "
                                                                                 : ", since ",
                                            since ? since : "");
    context->print(line, context->user);
}

static void run(const CommandContext *context, const char *arguments)
{
    if (context->people) {
        context->people(context->user);
        return;
    }
    Session *session = member_session(context->member);
    g_autoptr(GPtrArray) members = session_members(session);
    unsigned offline = 0;
    g_ptr_array_sort(members, by_presence_and_name);
    for (guint i = 0; i < members->len; i++) {
        const SessionMember *member = g_ptr_array_index(members, i);
        if (member->presence == MEMBER_OFFLINE && ++offline > OFFLINE_SHOWN)
            continue;
        print_member(context, member, member == session_self(session));
    }
    if (offline > OFFLINE_SHOWN) {
        g_autofree char *line =
            g_strdup_printf("… and %u more who are offline.", offline - OFFLINE_SHOWN);
        context->print(line, context->user);
    }
}

const Command command_who = {
    .name = "who",
    .aliases = (const char *const[]){"!online", NULL},
    .arguments = "",
    .help = "Shows who is here and who was.",
    .run = run,
};
