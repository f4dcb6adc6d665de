#pragma once
/* Durations as people type them ("30s", "10m", "2h", "1d", "2w", "1h30m", "10 minutes") and as they
 * read them. Locale: local time, 24 hours, as everywhere in this program. */

#include <stdbool.h>
#include <stdint.h>

#define DURATION_MAX_MS (INT64_C(3650) * 24 * 3600 * 1000) /* ten years */
/* The sentence for DURATION_WRONG. */
#define DURATION_HELP                                                                              \
    "Say how long as in 30s, 10m, 2h, 1d or 2w, ten years at most. Without that it lasts until "   \
    "it is taken back."

typedef enum {
    DURATION_NONE,  /* the text does not begin with one */
    DURATION_TAKEN, /* one was taken off */
    DURATION_WRONG, /* it begins with a number that was meant as one, perhaps: without a unit, with
                       an unknown one, nothing, too much */
} DurationResult;

/* Takes a duration and the blanks behind it off the beginning of `*rest`; `*rest` and `*ms` stay as
 * they are otherwise. */
DurationResult duration_take(const char **rest, int64_t *ms);
/* The whole of a word; false when it is none. */
bool duration_parse(const char *word, int64_t *ms);

/* "10 minutes", "1 hour 30 minutes", "2 weeks": rounded to the two largest units. Transfer full. */
char *duration_say(int64_t ms);
/* A point in time as seen from another: "18:00", "tomorrow 18:00", "5 December 18:00",
 * "5 December 2027 18:00". Unix milliseconds, any value. Transfer full. */
char *duration_point(int64_t time_ms, int64_t now_ms);
