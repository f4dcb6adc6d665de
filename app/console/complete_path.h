#pragma once
/* Completing paths on this machine, written as a shell reads them: blanks and the like behind a
 * backslash. */

#include <glib.h>
#include <stdbool.h>

#define COMPLETE_PATHS_MAX 200

/* Adds what the beginning of a path could become, each as a whole word (char*, transfer full):
 * folders with '/' behind them, files with a blank. At most COMPLETE_PATHS_MAX. */
void complete_path(GPtrArray *words, const char *start, bool folders_only);
/* Where the last word of a line begins, backslashes heeded. */
const char *complete_path_word(const char *line);
