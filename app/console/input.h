#pragma once
/* Lines that a person or a program types: edited on a terminal, as they come from a pipe. Uses the
 * default GMainContext. */

#include <glib.h>
#include <stdbool.h>

typedef struct {
    /* One line without its newline; bytes as they came, without NUL. */
    void (*line)(const char *line, void *user);
    /* Nothing more will come; on a terminal also each Ctrl+D in an empty line. */
    void (*end)(void *user);
    /* A person changed the line, which is this now. */
    void (*edited)(const char *line, void *user);
    /* What could stand in place of the last `*replaced` bytes of `before`, which is the line up to
     * the cursor: GPtrArray of char*, transfer full, or NULL. */
    GPtrArray *(*complete)(const char *before, size_t *replaced, void *user);
} InputEvents;

/* Begins to read. There is one input in a program. `terminal` edits lines (app/console/editor.h)
 * and keeps their history in `history_path`. */
void input_start(const InputEvents *events, void *user, bool terminal, const char *history_path);
/* Gives the terminal back as it was and keeps the history. */
void input_stop(void);
