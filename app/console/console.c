/* Ties a Member to a printer and to the input.
 *
 * A pipe is read only once the place is joined (or START_WAIT_MS have passed), so that "/who" or
 * "/msg Sam hello" from a script find the people they name. */
#include "app/console/console.h"

#include "app/command.h"
#include "app/console/complete.h"
#include "app/console/console_internal.h"
#include "app/console/editor.h"
#include "app/console/input.h"
#include "relay/text.h"

#include <glib-unix.h>
#include <stdio.h>

#define EXIT_USAGE 64 /* sysexits.h */
#define START_WAIT_MS 5000
#define FIRST_HISTORY 20
#define FIRST_HISTORY_MAX 200
#define HISTORY_MAX 10000
#define SKIPPED_QUIET_MS 300 /* how long nothing older came before its number is told */

static const ConversationId general = {.direct = false};

/* Offers know their transfer. */
static void print(Console *console, const SessionMessage *message, PrintWhen when)
{
    Session *session = member_session(console->member);
    g_autoptr(Transfer) transfer =
        message->offer ? console_files_of(console->files, message) : NULL;
    if (message->offer)
        console->printer->offer(session, message, transfer, when);
    else
        console->printer->message(session, message, when);
}

static void print_history(const SessionMessage *message, void *user)
{
    print(user, message, PRINT_HISTORY);
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

static void command_transfers(void *user)
{
    Console *console = user;
    g_autoptr(GPtrArray) list = transfers_list(member_transfers(console->member));
    console->printer->transfers(member_session(console->member), list);
}

static void command_print(const char *line, void *user)
{
    ((Console *)user)->printer->line(line);
}

static void command_fail(const char *code, const char *text, void *user)
{
    Console *console = user;
    console->refused |= console_is_refusal(code);
    console->printer->error(code, text);
}

static void typed(const char *line, void *user)
{
    Console *console = user;
    CommandContext context = {
        .member = console->member,
        .here = general,
        .print = command_print,
        .fail = command_fail,
        .quit = console_finish,
        .history = command_history,
        .people = console->printer->people ? command_people : NULL,
        .transfers = console->printer->transfers ? command_transfers : NULL,
        .into = console->options->files.into,
        .user = console,
    };
    if (console->leaving)
        return;
    if (console->terminal && *line == '\0')
        console_ask_passphrase(console);
    if (console->terminal && *line != '\0') {
        g_autofree char *clean = text_escape(line, strlen(line));
        g_autofree char *echo = g_strdup_printf("> %s", clean);
        printer_set_echo(echo);
    }
    command_line(&context, line);
    printer_set_echo(NULL);
    if (!printer_alive())
        console_leave(console, EXIT_FAILED);
}

/* Others see that something is being written to them; commands are nobody's business. */
static void edited(const char *line, void *user)
{
    Console *console = user;
    if (console->leaving || line[0] == '\0' || line[0] == '/' || line[0] == '!')
        return;
    session_typing(member_session(console->member), &general, g_get_monotonic_time());
    member_touched(console->member);
}

static GPtrArray *complete(const char *before, size_t *replaced, void *user)
{
    return complete_line(member_session(((Console *)user)->member), before, replaced);
}

static void start_reading(Console *console)
{
    static const InputEvents events = {
        .line = typed, .end = console_input_over, .edited = edited, .complete = complete};
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

static void tell_undecided(Console *console)
{
    unsigned count = console_files_undecided(console->files);
    g_autofree char *text =
        g_strdup_printf("%u offer%s for your decision: /transfers shows %s.", count,
                        count == 1 ? " waits" : "s wait", count == 1 ? "it" : "them");
    if (count > 0 && !console->json && !console->options->files.accept_from)
        console->printer->line(text);
}

/* The last page, or all that was missed if that is more. */
static void greet(Console *console)
{
    Session *session = member_session(console->member);
    if (console->json || !console->greeted || console->lost)
        console->printer->joined(session, console->greeted);
    console->lost = false;
    editor_ask_no_more();
    if (!console->json && !console->greeted)
        session_history(session, &general, NULL,
                        CLAMP(console->missed, FIRST_HISTORY, FIRST_HISTORY_MAX), print_history,
                        console);
    printer_release();
    if (console->waits)
        console->printer->line("What waited goes out now.");
    console->waits = false;
    tell_undecided(console);
    console->greeted = true;
    console_files_look(console->files);
    start_reading(console);
}

static gboolean tell_skipped(gpointer user)
{
    Console *console = user;
    console->skipped_timer = 0;
    g_autofree char *text =
        g_strdup_printf("%u more %s said while you were away; /history %u shows them.",
                        console->skipped, console->skipped == 1 ? "was" : "were",
                        MIN(console->skipped + FIRST_HISTORY_MAX, HISTORY_MAX));
    console->printer->line(text);
    console->skipped = 0;
    return G_SOURCE_REMOVE;
}

/* True when this message to #general must not be shown to a person now: the last page comes with
 * the greeting, and what fills older holes would only disturb its order. */
static bool passes_by(Console *console, const SessionEvent *event)
{
    const SessionMessage *message = event->message;
    if (message->conversation.direct)
        return false;
    bool older = message->position > 0 && message->position < console->newest;
    console->newest = MAX(console->newest, message->position);
    if (console->greeted && !older)
        return !event->live;
    if (!event->live)
        return true;
    if (!console->greeted) {
        console->missed++;
        return true;
    }
    console->skipped++;
    g_clear_handle_id(&console->skipped_timer, g_source_remove);
    console->skipped_timer = g_timeout_add(SKIPPED_QUIET_MS, tell_skipped, console);
    return true;
}

/* Programs are told everything that is new to them, people what they can follow. */
static void show_message(Console *console, const SessionEvent *event)
{
    const SessionMessage *message = event->message;
    Session *session = member_session(console->member);
    if (message->delivery == DELIVERY_STATE_QUEUED) {
        console->printer->delivery(session, message);
        if (!console->terminal)
            return;
        bool waits = session_state(session) != SESSION_JOINED;
        bool act = message->kind == EVENT_MODERATION || message->kind == EVENT_TOPIC;
        if (act && !waits) /* shown when it counts */
            return;
        console->waits |= waits;
        printer_set_echo(NULL); /* the message stands for what was typed */
        print(console, message, waits ? PRINT_WAITING : PRINT_LIVE);
        g_hash_table_add(console->typed, g_bytes_new(message->token, TOKEN_SIZE));
    } else if (console->json || !passes_by(console, event)) {
        printer_hold(!console->json && !console->greeted); /* private ones follow the greeting */
        print(console, message, event->live ? PRINT_LIVE : PRINT_MISSED);
        printer_hold(false);
    }
}

static void show_delivery(Console *console, const SessionMessage *message)
{
    Session *session = member_session(console->member);
    g_autoptr(GBytes) token = g_bytes_new(message->token, TOKEN_SIZE);
    bool shown = g_hash_table_contains(console->typed, token);
    console->printer->delivery(session, message);
    console->refused |= message->delivery == DELIVERY_STATE_REFUSED;
    if (message->delivery == DELIVERY_STATE_SENT && !shown)
        print(console, message, PRINT_LIVE);
    console_settle(console);
}

static void show_member(Console *console, const SessionEvent *event)
{
    console_files_look(console->files);
    if (!console->json && !console->greeted)
        return; /* the greeting names who is here */
    console->printer->member(member_session(console->member), event->member, event->change,
                             event->old_name);
}

/* What became of a code is an answer, not a fault. */
static void show_notice(Console *console, const SessionEvent *event)
{
    const char *code = event->code ? event->code : "notice";
    console->refused |= console_is_refusal(code);
    if (strcmp(code, "claim") == 0 && !console->json)
        console->printer->line(event->text);
    else
        console->printer->error(code, event->text);
    console_settle(console);
}

static void on_event(const SessionEvent *event, void *user)
{
    Console *console = user;
    switch (event->type) {
    case SESSION_EVENT_STATE:
        console->lost |= session_state(member_session(console->member)) == SESSION_LOST;
        if (!console->leaving)
            console->printer->link(member_session(console->member), event->text);
        break;
    case SESSION_EVENT_JOINED:
        greet(console);
        break;
    case SESSION_EVENT_MEMBER:
        show_member(console, event);
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
        show_notice(console, event);
        break;
    case SESSION_EVENT_WANTS_CONNECT:
        if (!console->json)
            console->printer->line(
                "No one was found yet; still looking. /connect HOST:PORT joins by address.");
        break;
    case SESSION_EVENT_PLACE:
        console->greeted = false;
        console->newest = 0;
        console->missed = console->skipped = 0;
        break;
    case SESSION_EVENT_MOVED:
        console->printer->moved(member_session(console->member), event->member, event->text);
        break;
    case SESSION_EVENT_BARRED:
        console_barred(console, event);
        break;
    case SESSION_EVENT_RULES:
        console_rules(console);
        break;
    case SESSION_EVENT_PASSPHRASE:
        if (!console->leaving)
            console_wants_passphrase(console, event->text);
        break;
    case SESSION_EVENT_TYPING:
    case SESSION_EVENT_NOTE:
    case SESSION_EVENT_NOTE_RETURNED:
        break;
    }
    if (!printer_alive())
        console_leave(console, EXIT_FAILED);
}

static void on_transfer(Transfer *transfer, void *user)
{
    Console *console = user;
    if (!console->leaving)
        console_files_changed(console->files, transfer);
}

static void on_choices(void *user)
{
}

static void on_finding(FinderState state, const char *line, void *user)
{
    if (state == FINDER_UNAVAILABLE && line)
        ((Console *)user)->printer->line(line);
}

static gboolean terminated(gpointer user)
{
    console_leave(user, 0);
    return G_SOURCE_CONTINUE;
}

/* Ctrl+C clears what is typed; in an empty line, or twice, it leaves. */
static gboolean interrupted(gpointer user)
{
    Console *console = user;
    if (!console->terminal)
        console_leave(console, 0);
    else if (!editor_clear())
        console_finish(console);
    return G_SOURCE_CONTINUE;
}

static void prepare_screen(Console *console)
{
    const char *off = g_getenv("NO_COLOR"); /* https://no-color.org */
    console->terminal = !console->json && editor_is_possible();
    text_printer_set_colours(console->terminal && !(off && *off));
}

static void run(Console *console)
{
    guint interrupt = g_unix_signal_add(SIGINT, interrupted, console);
    guint terminate = g_unix_signal_add(SIGTERM, terminated, console);
    guint hang_up = g_unix_signal_add(SIGHUP, terminated, console);
    if (console->terminal)
        start_reading(console);
    else
        console->start_timer = g_timeout_add(START_WAIT_MS, start_anyway, console);
    member_start(console->member);
    g_main_loop_run(console->loop);

    input_stop();
    g_source_remove(hang_up);
    g_source_remove(terminate);
    g_source_remove(interrupt);
    g_clear_handle_id(&console->start_timer, g_source_remove);
    g_clear_handle_id(&console->drain_timer, g_source_remove);
    g_clear_handle_id(&console->skipped_timer, g_source_remove);
}

int console_run(const ConsoleOptions *options)
{
    static const MemberEvents events = {
        .event = on_event,
        .choices = on_choices,
        .finding = on_finding,
        .transfer = on_transfer,
    };
    Console console = {
        .options = options,
        .printer = options->json ? &json_printer : &text_printer,
        .json = options->json,
    };
    g_autoptr(GError) error = NULL;
    prepare_screen(&console);
    console.typed =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    console.loop = g_main_loop_new(NULL, FALSE);
    console.member = member_new(NULL, &options->member, &events, &console, &error);
    if (console.member) {
        console.files = console_files_new(console.member, console.printer, &options->files,
                                          console_settle, &console);
        run(&console);
    } else {
        fprintf(stderr, "backfence-console: %s\n", error->message);
    }
    console_files_free(console.files);
    member_free(console.member);
    g_main_loop_unref(console.loop);
    g_hash_table_unref(console.typed);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT))
        return EXIT_USAGE;
    return error ? EXIT_FAILED : console.exit_code;
}
