#include "app/commands/all.h"

#include <string.h>

#define CODE_MAX 64

static void run(const CommandContext *context, const char *arguments)
{
    if (*arguments == '\0' || strlen(arguments) > CODE_MAX ||
        strlen(arguments) != strcspn(arguments, " \t\n")) {
        context->fail("usage",
                      "Type the code that the relay printed when it started: /claim CODE. "
                      "\"backfence-relay admin --code\" makes a new one.",
                      context->user);
        return;
    }
    g_autoptr(GError) error = NULL;
    if (!session_claim(member_session(context->member), arguments, g_get_monotonic_time(), &error))
        context->fail("not-possible", error->message, context->user);
    member_touched(context->member);
}

const Command command_claim = {
    .name = "claim",
    .arguments = "CODE",
    .help = "Makes you an admin, with the code that the relay printed.",
    .run = run,
};
