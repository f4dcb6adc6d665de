/* Places that ask for a passphrase: a person is asked on the terminal, a script gave a file. */
#include "app/console/console_internal.h"
#include "app/console/editor.h"

#define EXIT_NO_PERMISSION 77 /* EX_NOPERM, sysexits.h */

static void answered(const char *answer, void *user)
{
    Console *console = user;
    if (answer) {
        member_unlock(console->member, answer);
        return;
    }
    console->printer->line("Without its passphrase the place is not joined. Enter asks again, "
                           "/quit leaves.");
}

void console_ask_passphrase(Console *console)
{
    Session *session = member_session(console->member);
    const char *name = session_locked_name(session);
    g_autofree char *question =
        *name ? g_strdup_printf("Passphrase of %s: ", name) : g_strdup("Passphrase: ");
    if (session_locked_place(session))
        editor_ask(question, answered, console);
}

void console_wants_passphrase(Console *console, const char *why)
{
    console->printer->passphrase(member_session(console->member), why);
    if (console->options->passphrase && !console->unlocked) {
        console->unlocked = true;
        member_unlock(console->member, console->options->passphrase);
    } else if (console->terminal) {
        console_ask_passphrase(console);
    } else {
        if (!console->options->passphrase)
            console->printer->error(
                "passphrase", "This place asks for a passphrase: --passphrase-file gives it.");
        console_leave(console, EXIT_NO_PERMISSION);
    }
}
