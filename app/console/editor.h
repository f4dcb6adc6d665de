#pragma once
/* The line that a person edits on the terminal, by libedit. It steps aside while something is
 * printed. There is one terminal, so there is one editor. Uses the default GMainContext. */

#include "app/console/input.h"

/* True when a person sits at a terminal that can be drawn on: standard input and output. */
bool editor_is_possible(void);
/* Shows the prompt and begins to read. `history_path`: where lines are kept, or NULL. Lines arrive
 * after they were wiped from the screen: who wants to see them prints them. */
void editor_start(const InputEvents *events, void *user, const char *history_path);
/* Wipes the prompt, gives the terminal back as it was and keeps the history. */
void editor_stop(void);
/* Asks for something that is neither shown nor remembered, one line, in place of the usual prompt.
 * `done` gets it, to be wiped afterwards by nobody but this; NULL: given up by Ctrl+C or Ctrl+D, or
 * left empty. Nothing when there is no editor, or it asks already. */
void editor_ask(const char *question, void (*done)(const char *answer, void *user), void *user);
/* No answer is wanted any more; `done` is not called. */
void editor_ask_no_more(void);
/* Throws away what is typed; false when nothing was. */
bool editor_clear(void);
