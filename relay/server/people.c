#include "relay/server/people.h"

#include "discovery/txt.h"
#include "relay/content.h"
#include "relay/key.h"
#include "relay/text.h"

#include <string.h>

#define SUFFIX_MIN 4 /* digits */
#define SUFFIX_MAX 16
#define KEY_DIGITS_MIN 8
#define CANDIDATES_NAMED 8 /* in a sentence */

struct People {
    GPtrArray *list;    /* Person, owned */
    GHashTable *by_key; /* key → Person */
};

static void person_free(gpointer data)
{
    Person *person = data;
    g_free(person->name);
    g_free(person->shown);
    g_free(person);
}

static char *key_start(const uint8_t *key, unsigned digits)
{
    return txt_hex(key, digits / 2);
}

static char *name_of(const Event *profile)
{
    size_t length;
    const uint8_t *content = profile != NULL ? event_content(profile, &length) : NULL;
    ProfileContent read = {0};
    char *name = content != NULL && content_read_profile(content, length, &read)
                     ? g_steal_pointer(&read.name)
                     : g_strdup("");
    profile_content_clear(&read);
    return name;
}

static unsigned suffix_digits(const GPtrArray *alike)
{
    for (unsigned digits = SUFFIX_MIN; digits < SUFFIX_MAX; digits += 4) {
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        bool unique = true;
        for (guint i = 0; i < alike->len && unique; i++)
            unique = g_hash_table_add(seen, key_start(((Person *)alike->pdata[i])->key, digits));
        if (unique)
            return digits;
    }
    return SUFFIX_MAX;
}

/* The same as members see: relay and apps agree, for both know all profiles. */
static void show_names(People *people)
{
    g_autoptr(GHashTable) groups =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; i < people->list->len; i++) {
        Person *person = people->list->pdata[i];
        if (*person->name == '\0') {
            person->shown = g_strdup("");
            continue;
        }
        char *skeleton = text_skeleton(person->name);
        GPtrArray *alike = g_hash_table_lookup(groups, skeleton);
        if (alike == NULL) {
            alike = g_ptr_array_new();
            g_hash_table_insert(groups, skeleton, alike);
        } else {
            g_free(skeleton);
        }
        g_ptr_array_add(alike, person);
    }
    GHashTableIter iter;
    gpointer group;
    g_hash_table_iter_init(&iter, groups);
    while (g_hash_table_iter_next(&iter, NULL, &group)) {
        const GPtrArray *alike = group;
        unsigned digits = alike->len > 1 ? suffix_digits(alike) : 0;
        for (guint i = 0; i < alike->len; i++) {
            Person *person = alike->pdata[i];
            g_autofree char *start = key_start(person->key, digits);
            person->shown = digits > 0 ? g_strdup_printf("%s (%s)", person->name, start)
                                       : g_strdup(person->name);
        }
    }
}

static gint by_presence_and_name(gconstpointer a, gconstpointer b)
{
    const Person *left = *(const Person *const *)a, *right = *(const Person *const *)b;
    if (left->presence != right->presence)
        return left->presence < right->presence ? -1 : 1;
    return g_utf8_collate(left->shown, right->shown);
}

static Person *add(People *people, const uint8_t *key, const Event *profile)
{
    Person *person = g_new0(Person, 1);
    memcpy(person->key, key, KEY_SIZE);
    person->name = name_of(profile);
    person->presence = ROSTER_OFFLINE;
    g_ptr_array_add(people->list, person);
    g_hash_table_insert(people->by_key, person->key, person);
    return person;
}

People *people_new(const Roster *roster, const GPtrArray *others)
{
    People *people = g_new0(People, 1);
    people->list = g_ptr_array_new_with_free_func(person_free);
    people->by_key = g_hash_table_new(key_hash, key_equal);
    for (unsigned i = 0; i < roster_size(roster); i++) {
        const RosterMember *member = roster_at(roster, i);
        Person *person = add(people, member->key, member->profile);
        person->presence = member->presence;
        person->since_ms = member->since_ms;
    }
    for (guint i = 0; others != NULL && i < others->len; i++) {
        const uint8_t *key = g_bytes_get_data(others->pdata[i], NULL);
        if (people_by_key(people, key) == NULL)
            add(people, key, NULL);
    }
    show_names(people);
    g_ptr_array_sort(people->list, by_presence_and_name);
    return people;
}

void people_free(People *people)
{
    if (people == NULL)
        return;
    g_hash_table_unref(people->by_key);
    g_ptr_array_unref(people->list);
    g_free(people);
}

guint people_count(const People *people)
{
    return people->list->len;
}

const Person *people_at(const People *people, guint index)
{
    return people->list->pdata[index];
}

const Person *people_by_key(const People *people, const uint8_t *key)
{
    return g_hash_table_lookup(people->by_key, key);
}

char *people_call(const People *people, const uint8_t *key, const uint8_t *self)
{
    const Person *person = people_by_key(people, key);
    if (self != NULL && memcmp(key, self, KEY_SIZE) == 0)
        return g_strdup("the relay");
    return person != NULL && *person->name != '\0' ? g_strdup(person->shown)
                                                   : key_start(key, KEY_DIGITS_MIN);
}

/* --- who is meant --- */

typedef bool (*Matches)(const Person *person, const char *folded);

static bool has_shown(const Person *person, const char *folded)
{
    g_autofree char *shown = g_utf8_casefold(person->shown, -1);
    return strcmp(shown, folded) == 0;
}

static bool has_name(const Person *person, const char *folded)
{
    g_autofree char *name = g_utf8_casefold(person->name, -1);
    return strcmp(name, folded) == 0;
}

static bool has_key(const Person *person, const char *folded)
{
    g_autofree char *key = txt_hex(person->key, KEY_SIZE);
    return strlen(folded) >= KEY_DIGITS_MIN && g_str_has_prefix(key, folded);
}

static GPtrArray *matching(const People *people, const char *folded, Matches matches)
{
    GPtrArray *found = g_ptr_array_new();
    for (guint i = 0; i < people->list->len; i++) {
        if (matches(people->list->pdata[i], folded))
            g_ptr_array_add(found, people->list->pdata[i]);
    }
    return found;
}

/* With enough of the keys that one can be picked. */
static char *say_candidates(const char *words, const GPtrArray *found)
{
    g_autoptr(GString) list = g_string_new(NULL);
    guint named = MIN(found->len, CANDIDATES_NAMED);
    for (guint i = 0; i < named; i++) {
        const Person *person = found->pdata[i];
        g_autofree char *start = key_start(person->key, SUFFIX_MAX);
        g_string_append_printf(list, "%s%s %s", i > 0 ? ", " : "",
                               *person->name != '\0' ? person->name : "(no name)", start);
    }
    if (found->len > named)
        g_string_append_printf(list, " and %u more", found->len - named);
    return g_strdup_printf("%s may be several: %s. Give the digits of the key instead.", words,
                           list->str);
}

static bool is_whole_key(const char *words, uint8_t *key)
{
    return txt_unhex(words, strlen(words), key, KEY_SIZE);
}

bool people_find(const People *people, const char *words, uint8_t *key, const char **code,
                 char **sorry)
{
    static const Matches ways[] = {has_shown, has_name, has_key};
    g_autofree char *folded = g_utf8_casefold(words, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(ways) && *words != '\0'; i++) {
        g_autoptr(GPtrArray) found = matching(people, folded, ways[i]);
        if (found->len == 1) {
            memcpy(key, ((const Person *)found->pdata[0])->key, KEY_SIZE);
            return true;
        }
        if (found->len > 1) {
            *code = "several-members";
            *sorry = say_candidates(words, found);
            return false;
        }
    }
    if (is_whole_key(words, key))
        return true;
    *code = "no-such-member";
    *sorry = g_strdup_printf("Nobody here is called %s; backfence-relay who --all lists everybody "
                             "who ever was.",
                             words);
    return false;
}
