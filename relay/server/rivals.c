#include "relay/server/rivals.h"

#include "discovery/address.h"
#include "discovery/finder.h"
#include "discovery/txt.h"

#include <string.h>

#define GROUP "followed"
#define SOON_US (2 * INT64_C(1000000))
#define SOON_LASTS_US (600 * INT64_C(1000000))
#define NOW_AND_THEN_US (30 * INT64_C(1000000))
#define REFUSED_US (60 * INT64_C(1000000))
#define SHORT_US (60 * INT64_C(1000000)) /* what lasts less leads nowhere */
#define ENDED_US (10 * INT64_C(1000000))
#define PENALTY_MAX_US (3600 * INT64_C(1000000))
#define RIVALS_MAX 16

struct Rivals {
    uint8_t place[PLACE_SIZE];
    uint8_t self[KEY_SIZE];
    char *path;
    Finder *finder; /* NULL: no mDNS */
    GPtrArray *all; /* Rival, owned */
    void (*changed)(void *user);
    void *user;
};

static void rival_free(gpointer data)
{
    Rival *rival = data;
    g_ptr_array_unref(rival->addresses);
    g_free(rival);
}

static Rival *find(const Rivals *rivals, const uint8_t *key)
{
    for (guint i = 0; i < rivals->all->len; i++) {
        Rival *rival = rivals->all->pdata[i];
        if (memcmp(rival->key, key, CANDIDATE_KEY_SIZE) == 0)
            return rival;
    }
    return NULL;
}

static Rival *add(Rivals *rivals, const uint8_t *key)
{
    Rival *rival = find(rivals, key);
    if (rival != NULL || rivals->all->len >= RIVALS_MAX)
        return rival;
    rival = g_new0(Rival, 1);
    memcpy(rival->key, key, CANDIDATE_KEY_SIZE);
    rival->addresses = g_ptr_array_new_with_free_func(g_object_unref);
    rival->since_us = rival->due_us = g_get_monotonic_time();
    g_ptr_array_add(rivals->all, rival);
    return rival;
}

static void set_addresses(Rival *rival, const GPtrArray *addresses)
{
    GPtrArray *copy = g_ptr_array_new_with_free_func(g_object_unref);
    for (guint i = 0; i < addresses->len; i++)
        g_ptr_array_add(copy, g_object_ref(addresses->pdata[i]));
    g_ptr_array_unref(rival->addresses);
    rival->addresses = copy;
}

static void dial_now(Rival *rival)
{
    rival->since_us = rival->due_us = g_get_monotonic_time();
}

static bool ranks_before(const Rivals *rivals, const Candidate *candidate)
{
    const uint8_t *key = candidate_key(candidate), *place = candidate_place(candidate);
    return (candidate_sources(candidate) & CANDIDATE_SEEN) != 0 && key != NULL && place != NULL &&
           candidate_role(candidate) == CANDIDATE_ROLE_RELAY &&
           memcmp(place, rivals->place, PLACE_SIZE) == 0 &&
           memcmp(key, rivals->self, CANDIDATE_KEY_SIZE) < 0;
}

/* One that began anew is dialled at once, unless it made trouble more than once. */
static void see(Rivals *rivals, const Candidate *candidate)
{
    Rival *rival = add(rivals, candidate_key(candidate));
    if (rival == NULL)
        return;
    bool anew = !rival->seen || rival->epoch != candidate_epoch(candidate);
    rival->seen = true;
    rival->epoch = candidate_epoch(candidate);
    if (anew && rival->penalty_us <= ENDED_US)
        dial_now(rival);
    set_addresses(rival, candidate_addresses(candidate));
}

static void finder_changed(void *user)
{
    Rivals *rivals = user;
    g_autoptr(GPtrArray) found = finder_candidates(rivals->finder);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < found->len; i++) {
        if (!ranks_before(rivals, found->pdata[i]))
            continue;
        see(rivals, found->pdata[i]);
        g_hash_table_add(seen, find(rivals, candidate_key(found->pdata[i])));
    }
    for (guint i = rivals->all->len; i-- > 0;) {
        Rival *rival = rivals->all->pdata[i];
        rival->seen = g_hash_table_contains(seen, rival);
        /* Who made trouble is remembered for it. */
        if (!rival->seen && !rival->remembered && rival->penalty_us == 0)
            g_ptr_array_remove_index_fast(rivals->all, i);
    }
    rivals->changed(rivals->user);
}

static void finder_state_changed(FinderState state, const char *line, void *user)
{
}

static void network_changed(void *user)
{
    Rivals *rivals = user;
    for (guint i = 0; i < rivals->all->len; i++) {
        Rival *rival = rivals->all->pdata[i];
        if (rival->penalty_us == 0)
            dial_now(rival);
    }
    rivals->changed(rivals->user);
}

static void load(Rivals *rivals)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    uint8_t key[KEY_SIZE];
    if (!g_key_file_load_from_file(file, rivals->path, G_KEY_FILE_NONE, NULL))
        return;
    g_autofree char *hex = g_key_file_get_string(file, GROUP, "key", NULL);
    g_auto(GStrv) texts = g_key_file_get_string_list(file, GROUP, "addresses", NULL, NULL);
    if (hex == NULL || texts == NULL || !txt_unhex(hex, strlen(hex), key, KEY_SIZE) ||
        memcmp(key, rivals->self, KEY_SIZE) >= 0)
        return;
    Rival *rival = add(rivals, key);
    rival->remembered = true;
    for (char **text = texts; *text != NULL; text++) {
        g_auto(Address) address = {0};
        if (address_parse(*text, DEFAULT_PORT, &address, NULL) && address.literal != NULL)
            g_ptr_array_add(rival->addresses, g_object_ref(address.literal));
    }
}

Rivals *rivals_new(const uint8_t *place, const uint8_t *self, bool mdns, const char *directory,
                   void (*changed)(void *user), void *user)
{
    static const FinderEvents events = {
        .changed = finder_changed, .state = finder_state_changed, .network = network_changed};
    Rivals *rivals = g_new0(Rivals, 1);
    memcpy(rivals->place, place, PLACE_SIZE);
    memcpy(rivals->self, self, KEY_SIZE);
    rivals->path = g_build_filename(directory, "place.ini", NULL);
    rivals->all = g_ptr_array_new_with_free_func(rival_free);
    rivals->changed = changed;
    rivals->user = user;
    load(rivals);
    if (mdns) {
        rivals->finder = finder_new(NULL, NULL, true, &events, rivals);
        finder_start(rivals->finder);
    }
    return rivals;
}

void rivals_free(Rivals *rivals)
{
    if (rivals == NULL)
        return;
    finder_free(rivals->finder);
    g_ptr_array_unref(rivals->all);
    g_free(rivals->path);
    g_free(rivals);
}

/* Somebody who is not there at all is only kept for what it did. */
static bool is_wanted(const Rival *rival)
{
    return (rival->seen || rival->remembered) && rival->addresses->len > 0;
}

const Rival *rivals_due(Rivals *rivals, int64_t now_us)
{
    const Rival *first = NULL;
    for (guint i = 0; i < rivals->all->len; i++) {
        const Rival *rival = rivals->all->pdata[i];
        if (is_wanted(rival) && rival->due_us <= now_us &&
            (first == NULL || memcmp(rival->key, first->key, CANDIDATE_KEY_SIZE) < 0))
            first = rival;
    }
    return first;
}

int64_t rivals_deadline(const Rivals *rivals)
{
    int64_t deadline = INT64_MAX;
    for (guint i = 0; i < rivals->all->len; i++) {
        const Rival *rival = rivals->all->pdata[i];
        if (is_wanted(rival))
            deadline = MIN(deadline, rival->due_us);
    }
    return deadline;
}

const GPtrArray *rivals_addresses(const Rivals *rivals, const uint8_t *key)
{
    const Rival *rival = find(rivals, key);
    return rival != NULL ? rival->addresses : NULL;
}

void rivals_failed(Rivals *rivals, const uint8_t *key, int64_t now_us)
{
    Rival *rival = find(rivals, key);
    if (rival != NULL)
        rival->due_us =
            now_us + (now_us < rival->since_us + SOON_LASTS_US ? SOON_US : NOW_AND_THEN_US);
}

static void punish(Rival *rival, int64_t least_us, int64_t now_us)
{
    rival->penalty_us = CLAMP(2 * rival->penalty_us, least_us, PENALTY_MAX_US);
    rival->due_us = now_us + rival->penalty_us;
}

void rivals_refused(Rivals *rivals, const uint8_t *key, int64_t now_us)
{
    Rival *rival = find(rivals, key);
    if (rival != NULL)
        punish(rival, REFUSED_US, now_us);
}

void rivals_ended(Rivals *rivals, const uint8_t *key, int64_t lasted_us, int64_t now_us)
{
    Rival *rival = find(rivals, key);
    if (rival == NULL)
        return;
    rival->since_us = now_us;
    if (lasted_us < SHORT_US) {
        punish(rival, ENDED_US, now_us);
        return;
    }
    rival->penalty_us = 0;
    rival->due_us = now_us + SOON_US;
}

void rivals_remember(Rivals *rivals, const uint8_t *key, const GPtrArray *addresses)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *hex = txt_hex(key, KEY_SIZE);
    for (guint i = 0; i < addresses->len && i < ADDRESSES_MAX; i++)
        g_ptr_array_add(texts, address_format(addresses->pdata[i]));
    g_key_file_load_from_file(file, rivals->path, G_KEY_FILE_KEEP_COMMENTS, NULL);
    g_key_file_set_string(file, GROUP, "key", hex);
    g_key_file_set_string_list(file, GROUP, "addresses", (const char *const *)texts->pdata,
                               texts->len);
    (void)g_key_file_save_to_file(file, rivals->path, NULL); /* mDNS finds it, too */
    for (guint i = 0; i < rivals->all->len; i++)
        ((Rival *)rivals->all->pdata[i])->remembered = false;
    Rival *rival = add(rivals, key);
    if (rival == NULL)
        return;
    rival->remembered = true;
    if (rival->addresses->len == 0)
        set_addresses(rival, addresses);
}
