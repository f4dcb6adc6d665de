#pragma once
/* Writes a log out for people and for other programs: streaming, an event at a time.
 *
 * JSON lines: one object an event, in the order of the log: position, time (ISO 8601, UTC), room,
 * kind, author (key) and name, text, and where it stands in its feed. HTML: a directory with a page
 * for each month of a room, in the order shown, and an index; no scripts, nothing from elsewhere.
 * What is sealed is named as that: nobody but its recipients can read it. */

#include "relay/log.h"

#include <stdio.h>

typedef enum {
    EXPORT_JSON,
    EXPORT_HTML,
} ExportFormat;

/* `path` must not exist (G_IO_ERROR_EXISTS); "-": JSON on stdout. It gets its name when it is
 * whole. `events` is how many were written. */
gboolean export_log(Log *log, ExportFormat format, const char *place_name, const char *path,
                    uint64_t *events, GError **error);
