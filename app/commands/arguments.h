#pragma once
/* What commands about people and files have in common. */

#include "app/command.h"

/* Takes a person's name off the beginning of `*rest`. Names may contain spaces: a quoted name is
 * taken as it stands, else the longest name of a member that the line begins with, else its first
 * word. Transfer full. */
char *arguments_take_name(Session *session, const char **rest);
/* As above, but only the name of somebody who is known; NULL, with `*rest` as it was, when the line
 * begins with none. */
char *arguments_take_known_name(Session *session, const char **rest);

/* Paths as a shell reads them (quotes, backslashes, a leading ~, patterns such as *.jpg), made
 * absolute. A line that is the path of something as it stands, blanks included, is that. NULL with
 * a sentence when quotes are not closed; may be empty. Transfer full. */
char **arguments_paths(const char *line, GError **error);

/* Finds the transfer that `text` names ("" the one that waits for a decision), runs `act` on it and
 * answers: `done` with the transfer's title behind it, such as "Paused". */
void arguments_act(const CommandContext *context, const char *text,
                   gboolean (*act)(Transfers *transfers, const uint8_t *id, int64_t now_us,
                                   GError **error),
                   const char *done);
