#pragma once
/* What `backfence-relay WORD …` can do, one file each in relay/server/commands/, in one table. Most
 * commands are asked of the running relay through its control socket (relay/server/control.h): the
 * caller's process sends what was typed, the relay answers with one JSON object, and the caller
 * prints that (--json) or what `show` makes of it. */

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

/* The parts of the running relay that commands may look at and use (relay/server/service.h). */
typedef struct Service Service;

/* The answer to one command. One of command_done() and command_failed() ends it, perhaps later than
 * the call that asked (a backup takes its time). */
typedef struct CommandReply CommandReply;
/* `answer`: transfer full; NULL: an empty one. */
void command_done(CommandReply *reply, JsonObject *answer);
/* A sentence for a person, and a word for programs such as "no-such-member". */
void command_failed(CommandReply *reply, const char *code, const char *text);

typedef struct {
    const char *name;
    const char *arguments;       /* for the help, such as "NAME [1d] [WHY]" */
    const char *help;            /* one line */
    const GOptionEntry *options; /* beside --json and --data; NULL: none. String, integer and flag
                                    options only: sent by their long names */
    unsigned least, most;        /* how many words it takes */
    /* On the running relay: `words` (NULL-terminated) and `options` (an object: long name → value)
     * as the caller typed them. NULL: not asked of it. */
    void (*run)(Service *service, char *const *words, JsonObject *options, CommandReply *reply);
    /* In the caller's process: the answer of run() for people, on stdout. NULL: "Done." */
    void (*show)(JsonObject *answer);
    /* In the caller's process, instead of run(): a command that needs no running relay. `options`
     * has "data" when a directory was named. Returns the exit code. */
    int (*alone)(char *const *words, JsonObject *options, bool json);
} ServerCommand;

/* All of them, NULL-terminated, in the order of the help. */
const ServerCommand *const *server_commands(void);
/* NULL: there is none. */
const ServerCommand *server_command_find(const char *name);

/* Called once for each command_run(), perhaps before that returns. `answer` (the caller's if it
 * takes a reference) or, when it is NULL, why not. */
typedef void (*CommandEnd)(JsonObject *answer, const char *code, const char *text, void *user);
/* On the running relay: runs what somebody asked for, if the words and options are of the right
 * number and kind. */
void command_run(Service *service, const char *name, char *const *words, JsonObject *options,
                 CommandEnd end, void *user);
/* For run(): all words from the first one on, with blanks between them; "" when there are none.
 * Transfer full. */
char *command_text(char *const *words);

/* In the caller's process: says one sentence on stderr, or, for programs, a JSON object on stdout.
 * Returns the exit code for it, by `code`: 64 "usage", 69 "not-running", 77 "not-allowed", else 1.
 */
int command_sorry(bool json, const char *code, const char *text);
/* Prints the answer for programs, one line. */
void command_print_json(JsonObject *answer);

/* Does what the command line says; returns the exit code. */
int command_main(int argc, char **argv);
