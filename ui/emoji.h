#pragma once
/* Emoji by name (":tada:"). Constant tables; any thread. */

#include <stddef.h>

#define EMOJI_NAME_MAX 48

typedef struct {
    const char *name;  /* without colons */
    const char *emoji; /* UTF-8 */
    int common;        /* one of those that people use every day */
} Emoji;

/* By exact name of `length` bytes; NULL when there is none. */
const Emoji *emoji_find(const char *name, size_t length);
/* The best matches of what was typed so far, at most `max`: the same name, then names that begin
 * so, then names with a word that begins so; common ones first. An empty prefix gives common ones.
 * Returns how many were written to `out`. */
size_t emoji_match(const char *prefix, size_t length, const Emoji **out, size_t max);
