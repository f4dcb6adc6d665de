#pragma once
/* Members by the words that people call them: for the commands of the relay program. A picture of
 * the roster at one moment. */

#include "relay/roster.h"

typedef struct {
    uint8_t key[KEY_SIZE];
    char *name;  /* owned; "" when it never said one */
    char *shown; /* owned; with a key suffix " (1a2b)" when names look alike, as members see it */
    RosterPresence presence;
    int64_t since_ms; /* room time */
} Person;

typedef struct People People;

/* `others`: keys (GBytes of KEY_SIZE) of some who need not be on the roster; NULL: none. */
People *people_new(const Roster *roster, const GPtrArray *others);
void people_free(People *people);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(People, people_free)

/* Those who are here first, then by name. */
guint people_count(const People *people);
const Person *people_at(const People *people, guint index);
const Person *people_by_key(const People *people, const uint8_t *key); /* NULL: not known */
/* As shown, or the beginning of the key of somebody who is not known or has no name; "the relay"
 * for `self` (may be NULL). Transfer full. */
char *people_call(const People *people, const uint8_t *key, const uint8_t *self);

/* Who is meant by `words`: the name shown, or the bare name when only one has it, ignoring case, or
 * at least 8 digits of the key; all 64 also of somebody who is not known. False with a word for
 * programs and a sentence (`*sorry` transfer full) when nobody is, or several. */
bool people_find(const People *people, const char *words, uint8_t *key, const char **code,
                 char **sorry);
