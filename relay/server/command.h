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
    /* In the caller's process, instead of run(): a command that needs no running relay. Returns the
     * exit code. */
    int (*alone)(char *const *words, JsonObject *options, bool json);
} ServerCommand;

/* All of them, NULL-terminated, in the order of the help. */
const ServerCommand *const *server_commands(void);
/* Does what the command line says; returns the exit code. */
int command_main(int argc, char **argv);
