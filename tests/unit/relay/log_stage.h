#pragma once
/* Logs in directories of their own, and authors who write signed feeds. */

#include "relay/content.h"
#include "relay/log.h"

#include <check.h>

extern const uint8_t scratch_place[PLACE_SIZE];
extern const uint8_t scratch_room[PLACE_SIZE]; /* the general room */

/* Transfer full: a new directory below the one for temporary files. */
char *scratch_new(void);
/* Removes it and what is in it, then frees the path. */
void scratch_free(char *directory);

/* Fails the test with the message of `error` when there is one. */
void expect_ok(const GError *error);

/* Writes the feeds of one member. */
typedef struct {
    Identity *identity;
    uint64_t incarnation;
    uint64_t seq[2]; /* by lane: the last written */
    uint8_t hash[2][HASH_SIZE];
    int64_t time_ms; /* of the next event; grows by 1000 */
    uint64_t tokens;
} Author;

/* The key is made from the number. */
Author *author_new(uint8_t number);
void author_free(Author *author);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Author, author_free)
const uint8_t *author_key(const Author *author);
/* Continue the feed; transfer full. */
Event *author_says(Author *author, const char *text);
Event *author_profile(Author *author, const char *name);
/* A private event for the author and `to`; what is sealed is nothing. */
Event *author_seals(Author *author, const Author *const *to, size_t count);
/* Another event at the place of the last public one. */
Event *author_forks(Author *author, const char *text);

/* Appends as a relay does, filed under the general room, and expects LOG_APPENDED; returns the
 * position. */
uint64_t put(Log *log, const Event *event);
LogAppend try_put(Log *log, const Event *event, LogRule rule, uint64_t *position);
void commit(Log *log);
/* Text of the message in an entry; transfer full. */
char *entry_text(const GArray *entries, guint index);
LogEntry *entry_at(const GArray *entries, guint index);
