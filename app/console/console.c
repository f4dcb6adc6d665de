/* Ties a Member to a printer and to the input.
 *
 * A pipe is read only once the place is joined (or START_WAIT_MS have passed), so that "/who" or
 * "/msg Sam hello" from a script find the people they name. At the end of input the outbox is
 * awaited for DRAIN_MS. */
#include "app/console/console.h"

#include "app/command.h"
#include "app/console/input.h"

#include <glib-unix.h>
#include <stdio.h>

#define EXIT_NOT_SENT 75 /* EX_TEMPFAIL of sysexits.h */
#define START_WAIT_MS 5000
#define DRAIN_MS 10000
#define FIRST_HISTORY 20

typedef struct {
    Member *member;
    const Printer *printer;
    GMainLoop *loop;
    bool json, terminal;
    bool reading;    /* input was started */
    bool greeted;    /* joined once */
    bool ending;     /* waits for the outbox, or leaves */
    bool leaving;    /* Goodbye is under way */
    unsigned wanted; /* messages that /history still waits for; 0: none */
    guint start_timer, drain_timer;
    int exit_code;
} Console;

static const ConversationId general = {.direct = false};

static void add_queued(const SessionMessage *message, void *user)
{
    if (message->delivery == DELIVERY_STATE_QUEUED)
        ++*(unsigned *)user;
}

static unsigned waiting(Console *console)
{
    unsigned count = 0;
    session_outbox(member_session(console->member), add_queued, &count);
    return count;
}

static void left(void *user)
{
    g_main_loop_quit(((Console *)user)->loop);
}

static void leave(Console *console, int exit_code)
{
    if (console->leaving)
        return;
    console->leaving = console->ending = true;
    console->exit_code = exit_code;
    member_leave(console->member, left, console);
}

static gboolean drain_over(gpointer user)
{
    Console *console = user;
    console->drain_timer = 0;
    unsigned count = waiting(console);
    if (count > 0) {
        g_autofree char *text = g_strdup_printf(
            "%u messages could not be sent yet. They are kept and go out next time.", count);
        console->printer->error("not-sent", text);
    }
    leave(console, count > 0 ? EXIT_NOT_SENT : 0);
    return G_SOURCE_REMOVE;
}

/* The input is over: what is queued goes out first. Asked for twice, it goes at once. */
static void finish(void *user)
{
    Console *console = user;
    if (console->ending) {
        leave(console, waiting(console) > 0 ? EXIT_NOT_SENT : 0);
        return;
    }
    console->ending = true;
    if (waiting(console) == 0)
        leave(console, 0);
    else
        console->drain_timer = g_timeout_add(DRAIN_MS, drain_over, console);
}

static void print_history(const SessionMessage *message, void *user)
{
    Console *console = user;
    console->printer->message(member_session(console->member), message, PRINT_HISTORY);
}

static void count_history(const SessionMessage *message, void *user)
{
}

/* Prints what /history asked for once enough is held, else asks the relay for more. */
static void continue_history(Console *console)
{
    Session *session = member_session(console->member);
    unsigned held = session_history(session, &general, NULL, console->wanted, count_history, NULL);
    if (held < console->wanted && session_state(session) == SESSION_JOINED &&
        session_may_have_older(session, &general)) {
        session_load_older(session, &general, g_get_monotonic_time());
        member_touched(console->member);
        return;
    }
    unsigned wanted = console->wanted;
    console->wanted = 0;
    console->printer->history_end(
        session_history(session, &general, NULL, wanted, print_history, console));
}

static void command_history(unsigned count, void *user)
{
    Console *console = user;
    console->wanted = count;
    continue_history(console);
}

static void command_people(void *user)
{
    Console *console = user;
    console->printer->people(member_session(console->member));
}

static void command_print(const char *line, void *user)
{
    ((Console *)user)->printer->line(line);
}

static void command_fail(const char *code, const char *text, void *user)
{
    ((Console *)user)->printer->error(code, text);
}

static void typed(const char *line, void *user)
{
    Console *console = user;
    CommandContext context = {
        .member = console->member,
        .here = general,
        .print = command_print,
        .fail = command_fail,
        .quit = finish,
        .history = command_history,
        .people = console->printer->people ? command_people : NULL,
        .user = console,
    };
    if (!console->leaving)
        command_line(&context, line);
    if (!printer_alive())
        leave(console, 1);
}

static void add_if_fits(GPtrArray *words, const char *word, const char *start)
{
    if (g_ascii_strncasecmp(word, start, strlen(start)) == 0)
        g_ptr_array_add(words, g_strdup(word));
}

static GPtrArray *complete(const char *start, void *user)
{
    Console *console = user;
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    for (const Command *const *command = commands(); *command; command++) {
        g_autofree char *word = g_strdup_printf("/%s", (*command)->name);
        add_if_fits(words, word, start);
    }
    g_autoptr(GPtrArray) members = session_members(member_session(console->member));
    for (guint i = 0; i < members->len; i++)
        add_if_fits(words, ((SessionMember *)g_ptr_array_index(members, i))->shown, start);
    return words;
}

static void start_reading(Console *console)
{
    static const InputEvents events = {.line = typed, .end = finish, .complete = complete};
    if (console->reading)
        return;
    console->reading = true;
    g_clear_handle_id(&console->start_timer, g_source_remove);
    g_autofree char *history =
        g_build_filename(g_get_user_state_dir(), "backfence", "console-history", NULL);
    g_autofree char *folder = g_path_get_dirname(history);
    g_mkdir_with_parents(folder, 0700);
    input_start(&events, console, console->terminal, history);
}

static gboolean start_anyway(gpointer user)
{
    Console *console = user;
    console->start_timer = 0;
    start_reading(console);
    return G_SOURCE_REMOVE;
}

static void greet(Console *console)
{
    Session *session = member_session(console->member);
    console->printer->joined(session);
    if (!console->json && !console->greeted)
        session_history(session, &general, NULL, FIRST_HISTORY, print_history, console);
    console->greeted = true;
    start_reading(console);
}

/* People see the last page when they join; what fills older holes would only disturb its order.
 * Programs get everything that is new to them. */
static void show_message(Console *console, const SessionEvent *event)
{
    const SessionMessage *message = event->message;
    Session *session = member_session(console->member);
    if (message->delivery == DELIVERY_STATE_QUEUED)
        console->printer->delivery(session, message);
    else if (event->live)
        console->printer->message(session, message, PRINT_LIVE);
    else if (console->json || message->conversation.direct)
        console->printer->message(session, message, PRINT_MISSED);
}

static void show_delivery(Console *console, const SessionMessage *message)
{
    Session *session = member_session(console->member);
    console->printer->delivery(session, message);
    if (message->delivery == DELIVERY_STATE_SENT)
        console->printer->message(session, message, PRINT_LIVE);
    if (console->ending && waiting(console) == 0)
        leave(console, 0);
}

static void on_event(const SessionEvent *event, void *user)
{
    Console *console = user;
    switch (event->type) {
    case SESSION_EVENT_STATE:
        if (!console->leaving)
            console->printer->link(session_state(member_session(console->member)), event->text);
        break;
    case SESSION_EVENT_JOINED:
        greet(console);
        break;
    case SESSION_EVENT_MEMBER:
        console->printer->member(member_session(console->member), event->member, event->change,
                                 event->old_name);
        break;
    case SESSION_EVENT_MESSAGE:
        show_message(console, event);
        break;
    case SESSION_EVENT_DELIVERY:
        show_delivery(console, event->message);
        break;
    case SESSION_EVENT_HISTORY:
        if (console->wanted > 0)
            continue_history(console);
        break;
    case SESSION_EVENT_NOTICE:
        console->printer->error(event->code ? event->code : "notice", event->text);
        break;
    case SESSION_EVENT_WANTS_CONNECT:
        if (!console->json)
            console->printer->line("Nothing was found yet. /connect HOST:PORT joins by address.");
        break;
    case SESSION_EVENT_PLACE:
    case SESSION_EVENT_TYPING:
        break;
    }
    if (!printer_alive())
        leave(console, 1);
}

static void on_choices(void *user)
{
}

static void on_finding(FinderState state, const char *line, void *user)
{
    if (state == FINDER_UNAVAILABLE && line)
        ((Console *)user)->printer->line(line);
}

static gboolean on_signal(gpointer user)
{
    Console *console = user;
    leave(console, 0);
    return G_SOURCE_CONTINUE;
}

int console_run(const ConsoleOptions *options)
{
    static const MemberEvents events = {
        .event = on_event, .choices = on_choices, .finding = on_finding};
    Console console = {
        .printer = options->json ? &json_printer : &text_printer,
        .json = options->json,
        .terminal = !options->json && input_is_terminal(),
    };
    g_autoptr(GError) error = NULL;
    console.member = member_new(NULL, &options->member, &events, &console, &error);
    if (!console.member) {
        fprintf(stderr, "backfence-console: %s\n", error->message);
        return 1;
    }
    console.loop = g_main_loop_new(NULL, FALSE);
    guint interrupt = g_unix_signal_add(SIGINT, on_signal, &console);
    guint terminate = g_unix_signal_add(SIGTERM, on_signal, &console);
    if (console.terminal)
        start_reading(&console);
    else
        console.start_timer = g_timeout_add(START_WAIT_MS, start_anyway, &console);
    member_start(console.member);
    g_main_loop_run(console.loop);

    input_stop();
    g_source_remove(terminate);
    g_source_remove(interrupt);
    g_clear_handle_id(&console.start_timer, g_source_remove);
    g_clear_handle_id(&console.drain_timer, g_source_remove);
    member_free(console.member);
    g_main_loop_unref(console.loop);
    return console.exit_code;
}
