/* Lines for people. Times are local; what comes from others is escaped, so that no one can draw on
 * another's terminal. */
#include "app/console/printer.h"
#include "relay/text.h"

static char *clock_time(int64_t time_ms)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(time_ms / 1000);
    return time ? g_date_time_format(time, "%H:%M") : g_strdup("--:--");
}

/* Lines after the first are set in, so that they cannot pass for other messages. */
static char *body(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) joined = g_string_new(NULL);
    for (char **line = lines; *line; line++) {
        g_autofree char *clean = text_escape(*line, strlen(*line));
        g_string_append_printf(joined, "%s%s", line == lines ? "" : "\n        ", clean);
    }
    return g_string_free(g_steal_pointer(&joined), FALSE);
}

static char *shown(Session *session, const uint8_t *key)
{
    const SessionMember *member = session_member(session, key);
    return member ? text_escape(member->shown, strlen(member->shown)) : g_strdup("someone");
}

static void message(Session *session, const SessionMessage *message, PrintWhen when)
{
    bool own = memcmp(message->author, session_self(session)->key, KEY_SIZE) == 0;
    if (own && when == PRINT_LIVE && !message->conversation.direct && !message->action)
        return; /* it stands where it was typed */
    g_autofree char *time = clock_time(message->time_ms);
    g_autofree char *author = shown(session, message->author);
    g_autofree char *text = body(message->text);
    g_autofree char *other =
        message->conversation.direct ? shown(session, message->conversation.id) : NULL;
    g_autofree char *way = !other ? g_strdup("")
                           : own  ? g_strdup_printf(" → %s", other)
                                  : g_strdup(" → you");
    g_autofree char *line = NULL;
    if (message->kind != EVENT_MESSAGE)
        line = g_strdup_printf("[%s] %s%s sent something that a newer version shows.", time, author,
                               way);
    else if (message->action)
        line = g_strdup_printf("[%s] * %s%s %s", time, author, way, text);
    else
        line = g_strdup_printf("[%s] %s%s: %s", time, author, way, text);
    printer_write(line);
}

static void joined(Session *session)
{
    const char *name = session_place_name(session);
    g_autofree char *place = text_escape(name, strlen(name));
    g_autoptr(GPtrArray) members = session_members(session);
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_printf(line, "-- You are in %s as %s.", place, session_self(session)->shown);
    unsigned others = 0;
    for (guint i = 0; i < members->len; i++) {
        const SessionMember *member = g_ptr_array_index(members, i);
        bool nameless = !member->has_sealing_key; /* "joined" follows with its profile */
        if (member == session_self(session) || member->presence == MEMBER_OFFLINE || nameless)
            continue;
        g_autofree char *name_here = text_escape(member->shown, strlen(member->shown));
        g_string_append_printf(line, "%s%s", others++ == 0 ? " Here: " : ", ", name_here);
    }
    g_string_append(line, others == 0 ? " No one else is here yet." : ".");
    printer_write(line->str);
}

static void delivery(Session *session, const SessionMessage *message)
{
    if (message->delivery != DELIVERY_STATE_REFUSED)
        return;
    g_autofree char *text = body(message->text);
    g_autofree char *line = g_strdup_printf("-- Not sent: %s (%s)", text, message->why);
    printer_write(line);
}

static void member(Session *session, const SessionMember *member, MemberChange change,
                   const char *old_name)
{
    static const char *const words[] = {[MEMBER_JOINED] = "joined",
                                        [MEMBER_LEFT] = "left",
                                        [MEMBER_WENT_AWAY] = "is away",
                                        [MEMBER_BACK] = "is back"};
    if (change == MEMBER_KNOWN || member == session_self(session))
        return;
    g_autofree char *name = text_escape(member->shown, strlen(member->shown));
    g_autofree char *line = NULL;
    if (change == MEMBER_RENAMED) {
        const char *before = old_name ? old_name : "";
        g_autofree char *old = text_escape(before, strlen(before));
        line = g_strdup_printf("-- %s is now %s", old, name);
    } else {
        line = g_strdup_printf("-- %s %s", name, words[change]);
    }
    printer_write(line);
}

static void link_state(SessionState state, const char *why)
{
    static const char *const words[] = {[SESSION_SEARCHING] = "Looking for people on this network…",
                                        [SESSION_LOST] =
                                            "Reconnecting… messages go out when you're back."};
    if (state != SESSION_SEARCHING && state != SESSION_LOST)
        return;
    g_autofree char *line = why && *why ? g_strdup_printf("-- %s (%s)", words[state], why)
                                        : g_strdup_printf("-- %s", words[state]);
    printer_write(line);
}

static void history_end(unsigned count)
{
    if (count == 0)
        printer_write("-- Nothing was said yet.");
}

static void line(const char *text)
{
    g_autofree char *marked = g_strdup_printf("-- %s", text);
    printer_write(marked);
}

static void error(const char *code, const char *text)
{
    g_autofree char *marked = g_strdup_printf("!! %s", text);
    printer_write(marked);
}

const Printer text_printer = {
    .joined = joined,
    .message = message,
    .delivery = delivery,
    .member = member,
    .link = link_state,
    .history_end = history_end,
    .line = line,
    .error = error,
};
