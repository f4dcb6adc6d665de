#pragma once
/* The console: a member whose face is lines of text. Default GMainContext. */

#include "app/console/console_files.h"
#include "app/member.h"

/* What the command line says. */
typedef struct {
    MemberOptions member;
    ConsoleFilesOptions files;
    bool json;
    const char *passphrase; /* of the place, should it ask; NULL: not given */
} ConsoleOptions;

/* Runs until the person leaves or the input ends; returns the exit code: 0, 75 when something could
 * not be sent within 10 s or was not accepted in time and goes out the next time, 69 when what was
 * sent or accepted was declined, cancelled or failed, or refused by the relay, 64 when the name or
 * address cannot be one, 77 when this person is not let in, or the place asks for a passphrase that
 * nobody here can give, 1 when it could not start (both said on standard error). */
int console_run(const ConsoleOptions *options);
