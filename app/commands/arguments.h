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

/* Takes the name of somebody of this place off the beginning of `*rest`, and the blanks behind it.
 * NULL when it has failed: without a name (`usage` is the sentence), or nobody is called that. */
const SessionMember *arguments_take_member(const CommandContext *context, const char **rest,
                                           const char *usage);
/* The same of a name, a duration if there is one, and a reason: for bans and mutes. `*lasting_ms`
 * 0: none was said. */
const SessionMember *arguments_take_verdict(const CommandContext *context, const char **rest,
                                            const char *usage, int64_t *lasting_ms);
/* session_moderate(), failing with its sentence. */
void arguments_moderate(const CommandContext *context, ModerationAct act,
                        const SessionMember *member, Role role, int64_t lasting_ms,
                        const char *text);
/* Is this an admin, or a keeper? */
bool arguments_is_admin(const CommandContext *context, const SessionMember *member);
