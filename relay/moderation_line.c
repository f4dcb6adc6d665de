#include "relay/moderation_line.h"

#include "relay/duration.h"

#include <string.h>

#define LONG_MS (INT64_C(24) * 3600 * 1000) /* from here on the end is said, not the duration */

/* " for 10 minutes", " until tomorrow 18:00", "" without an end. */
static char *lasting(int64_t until_ms, int64_t time_ms)
{
    if (until_ms <= 0)
        return g_strdup("");
    int64_t lasts_ms = MAX(until_ms - time_ms, 0);
    g_autofree char *words =
        lasts_ms < LONG_MS ? duration_say(lasts_ms) : duration_point(until_ms, time_ms);
    return g_strconcat(lasts_ms < LONG_MS ? " for " : " until ", words, NULL);
}

static char *grant_line(Role role, const char *author, const char *member)
{
    switch (role) {
    case ROLE_ADMIN:
        return g_strdup_printf("%s made %s an admin", author, member);
    case ROLE_KEEPER:
        return g_strdup_printf("%s made %s keeper of this place", author, member);
    case ROLE_MEMBER:
        break;
    }
    return g_strdup_printf("%s took the admin role from %s", author, member);
}

/* Without the reason. */
static char *act_line(const ModerationContent *content, int64_t time_ms, const char *author,
                      const char *member)
{
    g_autofree char *how_long = lasting(content->until_ms, time_ms);
    switch (content->act) {
    case ACT_GRANT:
        return grant_line(content->role, author, member);
    case ACT_KICK:
        return g_strdup_printf("%s removed %s", author, member);
    case ACT_BAN:
        return g_strdup_printf("%s banned %s%s", author, member, how_long);
    case ACT_UNBAN:
        return g_strdup_printf("%s lifted the ban on %s", author, member);
    case ACT_MUTE:
        return g_strdup_printf("%s muted %s%s", author, member, how_long);
    case ACT_UNMUTE:
        return g_strdup_printf("%s unmuted %s", author, member);
    case ACT_RENAME:
        return g_strdup_printf("%s renamed the place to %s", author, content->text);
    case ACT_MOTD:
        return g_strdup_printf("%s %s the message of the day", author,
                               *content->text ? "changed" : "removed");
    case ACT_ANNOUNCE:
        return g_strdup_printf("%s announced", author);
    }
    return g_strdup_printf("%s did something that this version does not know", author);
}

char *moderation_line(const ModerationContent *content, int64_t time_ms,
                      const ModerationNames *names)
{
    const char *author = names->author ? names->author : "The relay";
    const char *member = names->member ? names->member : "the relay";
    g_autofree char *line = act_line(content, time_ms, author, member);
    if (content->act == ACT_RENAME || !content->text || *content->text == '\0')
        return g_steal_pointer(&line);
    return g_strconcat(line, ": ", content->text, NULL);
}

char *moderation_line_topic(const char *text, const char *author, const char *room)
{
    const char *who = author ? author : "The relay";
    const char *of = room ? " of " : "";
    if (*text == '\0')
        return g_strdup_printf("%s removed the topic%s%s", who, of, room ? room : "");
    return g_strdup_printf("%s changed the topic%s%s: %s", who, of, room ? room : "", text);
}

/* "until 18:05", or `otherwise`. */
static char *until(int64_t until_ms, int64_t now_ms, int64_t offset_ms, const char *otherwise)
{
    if (until_ms <= 0)
        return g_strdup(otherwise);
    g_autofree char *point = duration_point(until_ms - offset_ms, now_ms - offset_ms);
    return g_strconcat(" until ", point, NULL);
}

static char *with_reason(const char *sentence, const char *why)
{
    const char *end = why && g_str_has_suffix(why, ".") ? "" : ".";
    return why && *why ? g_strconcat(sentence, ": ", why, end, NULL)
                       : g_strconcat(sentence, ".", NULL);
}

char *moderation_say_muted(const Verdict *verdict, int64_t now_ms, int64_t offset_ms)
{
    g_autofree char *end =
        until(verdict->until_ms, now_ms, offset_ms, " until an admin takes that back");
    g_autofree char *sentence = g_strconcat("You are muted", end, NULL);
    return with_reason(sentence, verdict->why);
}

char *moderation_say_banned(const Verdict *verdict, const char *by, int64_t now_ms,
                            int64_t offset_ms)
{
    g_autofree char *end = until(verdict->until_ms, now_ms, offset_ms, "");
    g_autofree char *sentence = g_strconcat("You were banned", end, by ? " by " : "", by, NULL);
    return with_reason(sentence, verdict->why);
}
