#pragma once
/* The control socket: DIRECTORY/control (Unix, 0600), or $RUNTIME_DIRECTORY/control under systemd.
 * JSON lines: {"command": NAME, "words": […], "options": {…}} and the answer {"ok": true, "answer":
 * {…}} or {"ok": false, "code": …, "text": …}. Only root and the user that the relay runs as are
 * answered (SO_PEERCRED); a line is at most CONTROL_LINE_MAX bytes, and CONTROL_CALLERS_MAX are
 * served at once. Default GMainContext. */

#include "relay/server/command.h"

#define CONTROL_LINE_MAX (64 * 1024)
#define CONTROL_CALLERS_MAX 16

typedef struct Control Control;

/* A socket that a killed process left behind is replaced; one that answers is G_IO_ERROR_EXISTS. */
Control *control_new(Service *service, const char *path, GError **error);
void control_free(Control *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Control, control_free)

/* Where the relay of this data directory listens; transfer full. */
char *control_path(const char *data_dir);
/* Asks the running relay and waits. NULL with a sentence: not running (G_IO_ERROR_NOT_FOUND), not
 * allowed, or what it answered (the code is in `*code`, transfer full). Transfer full. */
JsonObject *control_ask(const char *path, const char *command, char *const *words,
                        JsonObject *options, char **code, GError **error);
