#pragma once
/* Lines that a person or a program types: edited by libedit on a terminal, as they come from a
 * pipe. Uses the default GMainContext. */

#include <glib.h>
#include <stdbool.h>

typedef struct {
    /* One line without its newline; bytes as they came. */
    void (*line)(const char *line, void *user);
    /* Nothing more will come. */
    void (*end)(void *user);
    /* Words that could follow `start` (names, commands): GPtrArray of char*, transfer full, or
     * NULL. */
    GPtrArray *(*complete)(const char *start, void *user);
} InputEvents;

/* True when a person sits at a terminal: both standard input and output are one. */
bool input_is_terminal(void);
/* Begins to read. There is one input in a program. `terminal` edits lines and keeps their history
 * in `history_path`. */
void input_start(const InputEvents *events, void *user, bool terminal, const char *history_path);
/* Gives the terminal back as it was and keeps the history. */
void input_stop(void);
