#pragma once
/* The control socket: DIRECTORY/control (Unix, 0600), or $RUNTIME_DIRECTORY/control under systemd.
 * JSON lines: {"command": NAME, "words": […], "options": {…}} and the answer {"ok": true, "answer":
 * {…}} or {"ok": false, "code": …, "text": …}. Only root and the user that the relay runs as are
 * answered (SO_PEERCRED); a line is at most CONTROL_LINE_MAX bytes, and CONTROL_CALLERS_MAX are
 * served at once. Default GMainContext. */

#include "relay/server/command.h"

#define CONTROL_LINE_MAX (64 * 1024)
#define CONTROL_CALLERS_MAX 16
#define CONTROL_SILENCE_S 10 /* who says nothing, or takes nothing, for so long is dropped */

typedef struct Control Control;

/* A socket that a killed process left behind is replaced; one that answers is G_IO_ERROR_EXISTS.
 * From then on, whatever comes is answered by command_run(). */
Control *control_new(Service *service, const char *path, GError **error);
void control_free(Control *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Control, control_free)

/* Where a relay of this data directory listens when it is started from here; transfer full. */
char *control_path(const char *data_dir);
/* Where to ask: of the relay of `data_dir`, or, when it is NULL, of the first that answers of one's
 * own and the one that systemd started. Transfer full. */
char *control_find(const char *data_dir);
/* Where data is kept when nobody says where; transfer full. */
char *control_default_data_dir(void);
/* Asks the running relay and waits. NULL with a sentence: not running (G_IO_ERROR_NOT_FOUND), not
 * allowed, or what it answered (the code is in `*code`, transfer full). Transfer full. */
JsonObject *control_ask(const char *path, const char *command, char *const *words,
                        JsonObject *options, char **code, GError **error);
