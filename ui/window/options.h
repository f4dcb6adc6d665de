#pragma once
/* The command line of the window's program. */

#include <glib.h>

typedef struct {
    char *name, *connect, *data_dir; /* owned; NULL when not given */
    gboolean no_mdns, no_serve;
} Options;

/* -1: go on. Otherwise the exit code: 0 after --help and --version, 64 after a wrong use, which was
 * told on stderr. */
int options_read(Options *options, int argc, char **argv);
void options_clear(Options *options);
/* Where what was chosen about looks is kept; transfer full. */
char *options_preferences_path(const Options *options);
