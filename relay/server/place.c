#include "relay/server/place.h"

#include "discovery/finder.h"
#include "discovery/txt.h"
#include "relay/text.h"

#include <sodium.h>
#include <string.h>

#define GROUP "place"

G_STATIC_ASSERT(PLACE_SIZE == CANDIDATE_PLACE_SIZE && PLACE_SIZE == NETWORK_ID_SIZE);

/* A look around, while the main context runs. */
typedef struct {
    Finder *finder;
    bool over;
} Look;

static char *path_of(const char *directory)
{
    return g_build_filename(directory, "place.ini", NULL);
}

static char *valid_name(const char *name)
{
    return name != NULL ? text_make_name(name, strlen(name)) : NULL;
}

static char *host_name(void)
{
    char *name = valid_name(g_get_host_name());
    return name != NULL ? name : g_strdup("Backfence");
}

/* What an earlier start remembered; false: nothing. */
static bool load(const char *directory, Place *place)
{
    g_autofree char *path = path_of(directory);
    g_autoptr(GKeyFile) file = g_key_file_new();
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return false;
    g_autofree char *id = g_key_file_get_string(file, GROUP, "id", NULL);
    g_autofree char *name = g_key_file_get_string(file, GROUP, "name", NULL);
    if (id == NULL || !txt_unhex(id, strlen(id), place->id, PLACE_SIZE))
        return false;
    place->name = valid_name(name);
    return true;
}

gboolean place_save(const char *directory, const uint8_t *id, const char *name, GError **error)
{
    g_autofree char *path = path_of(directory);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *hex = txt_hex(id, PLACE_SIZE);
    g_key_file_load_from_file(file, path, G_KEY_FILE_KEEP_COMMENTS, NULL);
    g_autofree char *old_id = g_key_file_get_string(file, GROUP, "id", NULL);
    g_autofree char *old_name = g_key_file_get_string(file, GROUP, "name", NULL);
    if (g_strcmp0(old_id, hex) == 0 && g_strcmp0(old_name, name) == 0)
        return TRUE; /* a full disk is no reason not to start */
    g_key_file_set_string(file, GROUP, "id", hex);
    g_key_file_set_string(file, GROUP, "name", name);
    return g_key_file_save_to_file(file, path, error);
}

static void look_changed(void *user)
{
}

/* Only "all for now" ends it early: without mDNS, it may come up meanwhile. */
static void look_state(FinderState state, const char *line, void *user)
{
    Look *look = user;
    look->over = look->over || state == FINDER_SETTLED;
}

static gboolean look_timeout(void *user)
{
    ((Look *)user)->over = true;
    return G_SOURCE_CONTINUE;
}

/* Transfer full. */
static GPtrArray *look_around(const bool *leaving)
{
    static const FinderEvents events = {.changed = look_changed, .state = look_state};
    Look look = {0};
    look.finder = finder_new(NULL, NULL, true, &events, &look);
    finder_start(look.finder);
    guint timeout = g_timeout_add(PLACE_LOOK_MS, look_timeout, &look);
    while (!look.over && !*leaving)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timeout);
    GPtrArray *found = finder_candidates(look.finder);
    finder_free(look.finder);
    return found;
}

/* A locked place is not one to take over unasked: it would not be locked any more. */
static bool is_adoptable(const Candidate *candidate, const uint8_t *self)
{
    return (candidate_sources(candidate) & CANDIDATE_SEEN) != 0 &&
           candidate_place(candidate) != NULL && candidate_key(candidate) != NULL &&
           !candidate_locked(candidate) &&
           memcmp(candidate_key(candidate), self, CANDIDATE_KEY_SIZE) != 0;
}

/* A relay program before an app, then the lowest key. */
static bool ranks_before(const Candidate *a, const Candidate *b)
{
    bool a_relay = candidate_role(a) == CANDIDATE_ROLE_RELAY;
    bool b_relay = candidate_role(b) == CANDIDATE_ROLE_RELAY;
    if (a_relay != b_relay)
        return a_relay;
    return memcmp(candidate_key(a), candidate_key(b), CANDIDATE_KEY_SIZE) < 0;
}

static bool adopt(const uint8_t *self, const bool *leaving, Place *place)
{
    g_autoptr(GPtrArray) found = look_around(leaving);
    const Candidate *best = NULL;
    for (guint i = 0; i < found->len; i++) {
        const Candidate *candidate = found->pdata[i];
        if (is_adoptable(candidate, self) && (best == NULL || ranks_before(candidate, best)))
            best = candidate;
    }
    if (best == NULL)
        return false;
    place->origin = PLACE_ANNOUNCED;
    memcpy(place->id, candidate_place(best), PLACE_SIZE);
    place->name = valid_name(candidate_name(best));
    return true;
}

static void derive(Place *place)
{
    Network network = network_current();
    place->origin = network.has_gateway ? PLACE_GATEWAY : PLACE_RANDOM;
    if (network.has_gateway)
        memcpy(place->id, network.id, PLACE_SIZE);
    else
        randombytes_buf(place->id, PLACE_SIZE);
}

gboolean place_choose(const Options *options, const uint8_t *self, const bool *leaving,
                      Place *place, GError **error)
{
    g_autofree char *log = g_build_filename(options->data_dir, "log.db", NULL);
    bool has_log = g_file_test(log, G_FILE_TEST_EXISTS);
    Place chosen = {0};
    bool kept = load(options->data_dir, &chosen);
    if (options->new_place && (has_log || kept)) {
        place_clear(&chosen);
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                    "%s keeps a place already: give a new one a directory of its own with --data",
                    options->data_dir);
        return FALSE;
    }
    if (options->new_place) {
        chosen.origin = PLACE_NEW;
        randombytes_buf(chosen.id, PLACE_SIZE);
    } else if (!kept && (has_log || !options->mdns || !adopt(self, leaving, &chosen))) {
        derive(&chosen);
    }
    if (has_log)
        chosen.origin = PLACE_KEPT;
    if (options->name != NULL || chosen.name == NULL) {
        g_free(chosen.name);
        chosen.name = options->name != NULL ? g_strdup(options->name) : host_name();
    }
    *place = chosen;
    return TRUE;
}

void place_clear(Place *place)
{
    g_clear_pointer(&place->name, g_free);
}

const char *place_origin_word(PlaceOrigin origin)
{
    switch (origin) {
    case PLACE_KEPT:
        return "kept";
    case PLACE_NEW:
        return "new";
    case PLACE_ANNOUNCED:
        return "announced";
    case PLACE_GATEWAY:
        return "gateway";
    case PLACE_RANDOM:
        return "random";
    }
    return "";
}
