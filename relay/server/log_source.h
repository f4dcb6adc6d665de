#pragma once
/* In the caller's process: a copy of the log of a relay, running or not, for `backup` and `export`
 * to work on. */

#include "relay/server/command.h"

typedef struct {
    char *copy;     /* path; removed by log_source_clear() if it is still there */
    char *data_dir; /* of the relay */
    char *name;     /* of the place */
} LogSource;

/* Asks the running relay; when none runs and `options` have "data", copies that log. FALSE with a
 * sentence, and `code` (transfer full) for command_sorry(). */
gboolean log_source_take(JsonObject *options, LogSource *source, char **code, GError **error);
void log_source_clear(LogSource *source);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LogSource, log_source_clear)
