/* Lines for people. Times are local; what comes from others is escaped, so that no one can draw on
 * another's terminal. */
#include "app/console/printer.h"
#include "app/transfer_line.h"
#include "relay/text.h"

#define DIM "2"
#define BOLD "1"
#define ALARM "1;31"
#define PRIVATE "35"

static bool coloured;

void text_printer_set_colours(bool colours)
{
    coloured = colours;
}

static char *paint(const char *style, const char *text)
{
    return coloured ? g_strdup_printf("\033[%sm%s\033[0m", style, text) : g_strdup(text);
}

static void write_painted(const char *style, const char *text)
{
    g_autofree char *line = paint(style, text);
    printer_write(line);
}

/* A person keeps its colour. */
static const char *colour_of(const uint8_t *key)
{
    static const char *const styles[] = {"1;32", "1;33", "1;34", "1;35",
                                         "1;36", "1;92", "1;94", "1;96"};
    return styles[key[0] % G_N_ELEMENTS(styles)];
}

static char *clock_time(GDateTime *time)
{
    g_autofree char *text = time ? g_date_time_format(time, "[%H:%M]") : g_strdup("[--:--]");
    return paint(DIM, text);
}

/* A line between messages of different days; none before today's. */
static void write_day(GDateTime *time)
{
    static int last;
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    if (!time)
        return;
    if (last == 0)
        last = g_date_time_get_year(now) * 1000 + g_date_time_get_day_of_year(now);
    int day = g_date_time_get_year(time) * 1000 + g_date_time_get_day_of_year(time);
    if (day == last)
        return;
    last = day;
    g_autofree char *text = g_date_time_format(time, "-- %A, %-d %B %Y --");
    write_painted(DIM, text);
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
    const char *name = member ? member->shown : "someone";
    g_autofree char *clean = text_escape(name, strlen(name));
    return paint(colour_of(key), clean);
}

/* " → you", " → Sam"; empty in a room. */
static char *addressed(Session *session, const SessionMessage *message, bool own)
{
    if (!message->conversation.direct)
        return g_strdup("");
    if (!own)
        return paint(PRIVATE, " → you");
    g_autofree char *arrow = paint(PRIVATE, " → ");
    g_autofree char *name = shown(session, message->conversation.id);
    return g_strconcat(arrow, name, NULL);
}

static bool mentions(Session *session, const char *text)
{
    const char *name = session_self(session)->name;
    g_autofree char *where = g_utf8_casefold(text, -1);
    g_autofree char *what = g_utf8_casefold(name, -1);
    return strstr(where, what) != NULL;
}

/* "[14:02] -- Mira muted Sam for 10 minutes: too loud", "[14:02] ** Mira announces: Tea!" */
static void act(Session *session, const SessionMessage *message, PrintWhen when)
{
    g_autoptr(GDateTime) when_said = g_date_time_new_from_unix_local(message->time_ms / 1000);
    write_day(when_said);
    g_autofree char *time = clock_time(when_said);
    g_autofree char *text = body(message->text);
    const char *waits = when == PRINT_WAITING ? " (goes out when you are back)" : "";
    bool announcement = message->act && message->act->act == ACT_ANNOUNCE;
    g_autofree char *author =
        message->by_relay ? g_strdup("The relay") : shown(session, message->author);
    g_autofree char *bold = paint(BOLD, text);
    g_autofree char *line =
        announcement ? g_strdup_printf("%s ** %s announces: %s%s", time, author, bold, waits)
                     : g_strdup_printf("%s -- %s%s", time, text, waits);
    printer_write(line);
}

static void message(Session *session, const SessionMessage *message, PrintWhen when)
{
    if (message->act || message->kind == EVENT_TOPIC) {
        act(session, message, when);
        return;
    }
    bool own = memcmp(message->author, session_self(session)->key, KEY_SIZE) == 0;
    g_autoptr(GDateTime) when_said = g_date_time_new_from_unix_local(message->time_ms / 1000);
    write_day(when_said);
    g_autofree char *time = clock_time(when_said);
    g_autofree char *author = shown(session, message->author);
    g_autofree char *way = addressed(session, message, own);
    g_autofree char *plain = body(message->text);
    g_autofree char *text =
        !own && mentions(session, message->text) ? paint(BOLD, plain) : g_strdup(plain);
    g_autofree char *waits =
        when == PRINT_WAITING ? paint(DIM, " (goes out when you are back)") : g_strdup("");
    g_autofree char *line = NULL;
    if (message->kind != EVENT_MESSAGE)
        line = g_strdup_printf("%s %s%s sent something that a newer version shows.", time, author,
                               way);
    else if (message->action)
        line = g_strdup_printf("%s * %s%s %s%s", time, author, way, text, waits);
    else
        line = g_strdup_printf("%s %s%s: %s%s", time, author, way, text, waits);
    printer_write(line);
}

/* "[14:02] Sam offers mockup.fig (18.4 MB). /accept 3 or /decline 3" */
static void offer(Session *session, const SessionMessage *message, const Transfer *transfer,
                  PrintWhen when)
{
    bool own = memcmp(message->author, session_self(session)->key, KEY_SIZE) == 0;
    g_autoptr(GDateTime) when_said = g_date_time_new_from_unix_local(message->time_ms / 1000);
    write_day(when_said);
    g_autofree char *time = clock_time(when_said);
    g_autofree char *author = shown(session, message->author);
    g_autofree char *way = addressed(session, message, own);
    g_autofree char *what = transfer_line_offer(message->offer);
    bool open = transfer && !transfer->outgoing && transfer->state == TRANSFER_OFFERED;
    g_autofree char *choice =
        open ? g_strdup_printf(" /accept %u or /decline %u", transfer->number, transfer->number)
             : g_strdup("");
    const char *waits = when == PRINT_WAITING ? " (goes out when you are back)" : "";
    g_autofree char *line =
        g_strdup_printf("%s %s%s offers %s.%s%s", time, author, way, what, choice, waits);
    printer_write(line);
}

/* Behind "-- 3: "; NULL: nothing to say, or said by the command that a person typed. */
static char *transfer_begun(const Transfer *transfer, const char *what, const char *peer)
{
    static const char *const ways[] = {[TRANSFER_WAY_REVERSE] = ", dialled the other way round",
                                       [TRANSFER_WAY_RELAY] = ", through the relay"};
    const char *way = ways[transfer->way] ? ways[transfer->way] : "";
    return transfer->outgoing ? g_strdup_printf("sending %s to %s%s.", what, peer, way)
                              : g_strdup_printf("receiving %s from %s%s.", what, peer, way);
}

static char *transfer_done(const Transfer *transfer, const char *what, const char *peer)
{
    bool several = transfer->content->item_count + transfer->content->unlisted > 1;
    const char *where = transfer->path && !several ? transfer->path : transfer->into;
    g_autofree char *path = text_escape(where, strlen(where));
    g_autofree char *missing =
        transfer->missing == 0 ? g_strdup("")
                               : g_strdup_printf(" %u file%s could not be sent.", transfer->missing,
                                                 transfer->missing == 1 ? "" : "s");
    return transfer->outgoing ? g_strdup_printf("%s has %s.%s", peer, what, missing)
                              : g_strdup_printf("%s came, to %s.%s", what, path, missing);
}

static char *transfer_sentence_of(const Transfer *transfer, const char *what, const char *peer)
{
    g_autofree char *why = text_escape(transfer->why, strlen(transfer->why));
    unsigned number = transfer->number;
    switch (transfer->state) {
    case TRANSFER_OFFERED:
        return transfer->outgoing
                   ? g_strdup_printf("offered %s. /cancel %u takes it back.", what, number)
                   : NULL;
    case TRANSFER_WAITING:
        return *why ? g_strdup_printf("%s waits. %s", what, why) : NULL;
    case TRANSFER_RUNNING:
    case TRANSFER_CHECKING:
        return transfer_begun(transfer, what, peer);
    case TRANSFER_PAUSED:
        return transfer->by_peer ? g_strdup_printf("%s was paused by %s.", what, peer) : NULL;
    case TRANSFER_DONE:
        return transfer_done(transfer, what, peer);
    case TRANSFER_DECLINED:
        return transfer->outgoing ? g_strdup_printf("%s declined %s.", peer, what) : NULL;
    case TRANSFER_CANCELLED:
        return transfer->by_peer ? g_strdup_printf("%s was cancelled by %s.", what, peer) : NULL;
    case TRANSFER_FAILED:
        return g_strdup_printf("%s failed. %s%s", what, why,
                               transfer->retryable ? " /retry tries again." : "");
    }
    return NULL;
}

static void transfer(Session *session, const Transfer *transfer, TransferNews news)
{
    if (news != TRANSFER_NEWS_STATE)
        return;
    g_autofree char *what = text_escape(transfer->title, strlen(transfer->title));
    g_autofree char *peer = shown(session, transfer->peer);
    g_autofree char *sentence = transfer_sentence_of(transfer, what, peer);
    bool failed = transfer->state == TRANSFER_FAILED;
    g_autofree char *line =
        g_strdup_printf("%s %u: %s", failed ? "!!" : "--", transfer->number, sentence);
    if (sentence)
        write_painted(failed ? ALARM : DIM, line);
}

static unsigned people_here(Session *session)
{
    g_autoptr(GPtrArray) members = session_members(session);
    unsigned here = 0;
    for (guint i = 0; i < members->len; i++)
        here += ((const SessionMember *)members->pdata[i])->presence != MEMBER_OFFLINE;
    return here;
}

/* Nothing when there is a relay program: that is what people expect. */
static void write_carried(Session *session)
{
    unsigned here = people_here(session);
    g_autofree char *people = g_strdup_printf("%u %s", here, here == 1 ? "person" : "people");
    g_autofree char *line = NULL;
    if (session_serving(session))
        line = g_strdup_printf("-- Carrying the room here: without a relay, %s.", people);
    else if (!session_relay_program(session))
        line = g_strdup_printf("-- Without a relay, %s.", people);
    if (line)
        write_painted(DIM, line);
}

static void write_if_any(const char *what, const char *text)
{
    g_autofree char *clean = body(text);
    g_autofree char *line = g_strdup_printf("-- %s: %s", what, clean);
    if (*text)
        write_painted(DIM, line);
}

static void write_rules(Session *session)
{
    static const uint8_t general[PLACE_SIZE];
    const Moderation *moderation = session_moderation(session);
    write_if_any("Topic", moderation_topic(moderation, general));
    write_if_any("Message of the day", moderation_motd(moderation));
}

static void joined(Session *session, bool again)
{
    const char *name = session_place_name(session), *self = session_self(session)->shown;
    g_autofree char *place = text_escape(name, strlen(name));
    g_autofree char *own = text_escape(self, strlen(self));
    g_autoptr(GPtrArray) members = session_members(session);
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_printf(line, "-- You are %s in %s as %s.", again ? "back" : "now", place, own);
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
    write_painted(DIM, line->str);
    if (again)
        return;
    write_carried(session);
    write_rules(session);
}

static void barred(Session *session, const char *code, const char *text)
{
    bool returns = strcmp(code, "kicked") == 0;
    g_autofree char *clean = text_escape(text, strlen(text));
    g_autofree char *line = g_strdup_printf(
        "!! %s%s", clean, returns ? " /connect HOST:PORT or a new start brings you back." : "");
    write_painted(ALARM, line);
}

static void delivery(Session *session, const SessionMessage *message)
{
    if (message->delivery != DELIVERY_STATE_REFUSED)
        return;
    g_autofree char *text =
        message->offer ? transfer_line_offer(message->offer) : body(message->text);
    g_autofree char *line = g_strdup_printf("!! Not sent: %s (%s)", text, message->why);
    write_painted(ALARM, line);
}

static void member(Session *session, const SessionMember *member, MemberChange change,
                   const char *old_name)
{
    static const char *const words[] = {[MEMBER_JOINED] = "joined",
                                        [MEMBER_LEFT] = "left",
                                        [MEMBER_WENT_AWAY] = "is away",
                                        [MEMBER_BACK] = "is back"};
    bool self = member == session_self(session);
    if (change == MEMBER_KNOWN || (self && change != MEMBER_RENAMED))
        return;
    g_autofree char *name = text_escape(member->shown, strlen(member->shown));
    g_autofree char *line = NULL;
    if (self) {
        line = g_strdup_printf("-- You are now %s", name);
    } else if (change == MEMBER_RENAMED) {
        const char *before = old_name ? old_name : "";
        g_autofree char *old = text_escape(before, strlen(before));
        line = g_strdup_printf("-- %s is now %s", old, name);
    } else {
        line = g_strdup_printf("-- %s %s", name, words[change]);
    }
    write_painted(DIM, line);
}

/* Said once until joined again, not at every try. */
static void link_state(Session *session, const char *why)
{
    SessionState state = session_state(session);
    static const char *const words[] = {[SESSION_SEARCHING] = "Looking for people on this network…",
                                        [SESSION_LOST] =
                                            "Reconnecting… messages go out when you're back."};
    static bool told[SESSION_LOST + 1];
    bool reasoned = why && *why;
    if (state == SESSION_JOINED)
        memset(told, 0, sizeof told);
    if (told[state] || state == SESSION_JOINED || (state == SESSION_JOINING && !reasoned))
        return;
    told[state] = true;
    g_autofree char *reason = reasoned ? text_escape(why, strlen(why)) : NULL;
    g_autofree char *line = state == SESSION_JOINING ? g_strdup_printf("-- No answer: %s", reason)
                            : reason ? g_strdup_printf("-- %s (%s)", words[state], reason)
                                     : g_strdup_printf("-- %s", words[state]);
    write_painted(DIM, line);
}

static void moved(Session *session, const SessionMember *who, const char *text)
{
    g_autofree char *clean = text_escape(text, strlen(text));
    g_autofree char *line = g_strdup_printf("-- %s", clean);
    write_painted(DIM, line);
}

static void passphrase(Session *session, const char *why)
{
    const char *name = session_locked_name(session);
    g_autofree char *clean = text_escape(name, strlen(name));
    g_autofree char *text = g_strdup_printf("-- %s%s%s asks for a passphrase.", why,
                                            *why ? " " : "", *clean ? clean : "The place");
    write_painted(DIM, text);
}

static void history_end(unsigned count)
{
    if (count == 0)
        write_painted(DIM, "-- Nothing was said yet.");
}

static void line(const char *text)
{
    g_autofree char *marked = g_strdup_printf("-- %s", text);
    write_painted(DIM, marked);
}

static void error(const char *code, const char *text)
{
    g_autofree char *clean = text_escape(text, strlen(text));
    g_autofree char *marked = g_strdup_printf("!! %s", clean);
    write_painted(ALARM, marked);
}

const Printer text_printer = {
    .joined = joined,
    .message = message,
    .offer = offer,
    .transfer = transfer,
    .delivery = delivery,
    .member = member,
    .link = link_state,
    .moved = moved,
    .barred = barred,
    .passphrase = passphrase,
    .history_end = history_end,
    .line = line,
    .error = error,
};
