#pragma once
/* What an act of moderation is told as, everywhere: one sentence without its stop, such as "Mira
 * muted Sam for 10 minutes: too loud". No thread. */

#include "relay/moderation.h"

/* Who did it and whom it concerns, as they are to be shown: "Mira", "you"; NULL: the relay. Cleaned
 * already. */
typedef struct {
    const char *author;
    const char *member; /* not looked at when the act concerns nobody */
} ModerationNames;

/* `time_ms` is the event's own: durations count from there, and "tomorrow" is the day after it.
 * Transfer full. */
char *moderation_line(const ModerationContent *content, int64_t time_ms,
                      const ModerationNames *names);
/* The same of a Topic; `room` with its '#', NULL: left out. */
char *moderation_line_topic(const char *text, const char *author, const char *room);

/* What a person is told about itself, a whole sentence: "You are muted until 18:05: too loud." `by`
 * as above; NULL: not said. `now_ms` is room time; so is `verdict->until_ms`, and both are shown
 * with `offset_ms` (room time minus the wall clock) taken off. Transfer full. */
char *moderation_say_muted(const Verdict *verdict, int64_t now_ms, int64_t offset_ms);
char *moderation_say_banned(const Verdict *verdict, const char *by, int64_t now_ms,
                            int64_t offset_ms);
