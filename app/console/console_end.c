/* How the program ends. At the end of input the outbox is awaited for DRAIN_MS, files that were
 * sent or accepted for as long as they move, and what nobody has decided on for as long as the
 * options say. Who accepts unattended stays. */
#include "app/console/console_internal.h"

#define EXIT_UNAVAILABLE 69 /* sysexits.h */
#define EXIT_NOT_SENT 75    /* EX_TEMPFAIL */
#define DRAIN_MS 10000

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

void console_leave(Console *console, int exit_code)
{
    if (console->leaving)
        return;
    console->leaving = console->ending = true;
    console->exit_code = exit_code;
    member_leave(console->member, left, console);
}

bool console_is_refusal(const char *code)
{
    static const char *const codes[] = {
        "cannot-offer",     "cannot-accept", "not-possible", "not-allowed",
        "no-such-transfer", "no-such-room",  "no-folder",    NULL};
    return g_strv_contains(codes, code);
}

static int verdict(Console *console)
{
    static const int codes[] = {
        [FILES_ALL_THROUGH] = 0, [FILES_KEPT] = EXIT_NOT_SENT, [FILES_FAILED] = EXIT_UNAVAILABLE};
    int code = waiting(console) > 0 ? EXIT_NOT_SENT : codes[console_files_verdict(console->files)];
    return code == 0 && console->refused ? EXIT_UNAVAILABLE : code;
}

static void tell_kept(Console *console)
{
    unsigned count = waiting(console);
    g_autofree char *text =
        g_strdup_printf("%u message%s could not be sent yet. What is kept goes out next time.",
                        count, count == 1 ? "" : "s");
    if (count > 0)
        console->printer->error("not-sent", text);
    else if (console_files_verdict(console->files) == FILES_KEPT)
        console->printer->error("not-received",
                                "Not everything was received yet. It goes on next time.");
}

/* Leaves if nothing is to be waited for any more. */
void console_settle(void *user)
{
    Console *console = user;
    bool claims = session_claims(member_session(console->member));
    bool outbox = !console->drained && (waiting(console) > 0 || claims);
    if (!console->ending || console->leaving || outbox || console_files_hold(console->files))
        return;
    tell_kept(console);
    console_leave(console, verdict(console));
}

static gboolean drain_over(gpointer user)
{
    Console *console = user;
    console->drain_timer = 0;
    console->drained = true;
    console_settle(console);
    return G_SOURCE_REMOVE;
}

/* What is queued goes out first. Asked for twice, it goes at once. */
void console_finish(void *user)
{
    Console *console = user;
    if (console->ending) {
        console_leave(console, verdict(console));
        return;
    }
    console->ending = true;
    console_files_finish(console->files);
    console_settle(console);
    if (console->leaving)
        return;
    console->drain_timer = g_timeout_add(DRAIN_MS, drain_over, console);
    if (console->terminal)
        console->printer->line("Waiting until everything is sent… Ctrl+C leaves at once; the rest "
                               "goes out next time.");
}

void console_input_over(void *user)
{
    Console *console = user;
    if (console->terminal || !console->options->files.accept_from)
        console_finish(console);
}
