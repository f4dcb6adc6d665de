#pragma once
/* What the console does about files by itself: says how transfers go (a person once for each change
 * of state, a program at most five times a second besides), accepts unattended, and knows whether
 * the end of input may be the end of the program. Default GMainContext. */

#include "app/console/printer.h"
#include "app/member.h"

typedef struct {
    char **accept_from; /* names or keys in hex, or "all"; NULL: nobody */
    char *into;         /* absolute; NULL: the usual folder */
    unsigned wait_s;    /* how long offers wait for a decision at the end of input */
    bool patient;       /* waiting is told only when it lasts: for people */
} ConsoleFilesOptions;

typedef struct ConsoleFiles ConsoleFiles;

/* `settled` when something changed that console_files_hold() may answer differently for. All but
 * `user` must outlive it. */
ConsoleFiles *console_files_new(Member *member, const Printer *printer,
                                const ConsoleFilesOptions *options, void (*settled)(void *user),
                                void *user);
void console_files_free(ConsoleFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConsoleFiles, console_files_free)

/* As MemberEvents.transfer(). */
void console_files_changed(ConsoleFiles *files, Transfer *transfer);
/* Somebody became known, or a place: accepts what is theirs. */
void console_files_look(ConsoleFiles *files);
/* The transfer of an offer that came; NULL: none. Transfer full. */
Transfer *console_files_of(ConsoleFiles *files, const SessionMessage *message);
/* How many wait for a decision of the person here. */
unsigned console_files_undecided(ConsoleFiles *files);

/* The input is over: from here on `wait_s` runs, and anew whenever something stops moving. */
void console_files_finish(ConsoleFiles *files);
/* Something that was sent or accepted in this run is under way, or may still be decided. */
bool console_files_hold(const ConsoleFiles *files);

typedef enum {
    FILES_ALL_THROUGH,
    FILES_KEPT,  /* something goes on the next time */
    FILES_FAILED /* something was declined, cancelled, or failed */
} FilesVerdict;
/* Of what was sent and accepted in this run. */
FilesVerdict console_files_verdict(const ConsoleFiles *files);
