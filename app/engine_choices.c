/* Where one could go: the nodes that are found, as places. Each place is one choice, whatever the
 * number of its nodes, and is joined by its best one. */
#include "app/engine_internal.h"
#include "relay/text.h"

#include <sodium.h>
#include <string.h>

#define ID_LENGTH ((size_t)2 * PLACE_SIZE) /* of a choice with a known place: in hex */

typedef struct {
    const Candidate *best; /* NULL: only by the link */
    uint8_t place[PLACE_SIZE];
    bool has_place, here, relay;
} Found;

static bool is_seen(const Candidate *candidate)
{
    return candidate_sources(candidate) & (CANDIDATE_SEEN | CANDIDATE_TYPED);
}

static bool is_relay(const Candidate *candidate)
{
    return candidate_role(candidate) == CANDIDATE_ROLE_RELAY;
}

/* To join the place by: one that is there; a relay before an app; the lowest key. */
static bool better(const Candidate *a, const Candidate *b)
{
    if (is_seen(a) != is_seen(b))
        return is_seen(a);
    if (is_relay(a) != is_relay(b))
        return is_relay(a);
    const uint8_t *left = candidate_key(a), *right = candidate_key(b);
    if (!left || !right)
        return left && !right;
    return memcmp(left, right, CANDIDATE_KEY_SIZE) < 0;
}

static Found *find_place(GArray *found, const uint8_t *place)
{
    for (guint i = 0; place && i < found->len; i++) {
        Found *known = &g_array_index(found, Found, i);
        if (known->has_place && memcmp(known->place, place, PLACE_SIZE) == 0)
            return known;
    }
    return NULL;
}

static Found *add_place(GArray *found, const uint8_t *place)
{
    Found new = {.has_place = place != NULL};
    if (place)
        memcpy(new.place, place, PLACE_SIZE);
    g_array_append_val(found, new);
    return &g_array_index(found, Found, found->len - 1);
}

/* The place that one is in comes first, under what is known of it by the link. */
static void add_here(Engine *engine, GArray *found)
{
    Session *session = member_session(engine->member);
    SessionState state = session_state(session);
    const uint8_t *place = session_place(session);
    if (!place || (state != SESSION_JOINED && state != SESSION_LOST))
        return;
    Found *here = add_place(found, place);
    here->here = true;
    here->relay = session_relay_program(session);
}

/* Found; transfer full. `candidates` must outlive it. */
static GArray *gather(Engine *engine, const GPtrArray *candidates)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(Found));
    uint64_t current = session_candidate_joined(member_session(engine->member));
    add_here(engine, found);
    bool joined = found->len > 0;
    for (guint i = 0; i < candidates->len; i++) {
        const Candidate *candidate = candidates->pdata[i];
        uint64_t id = member_candidate_id(engine->member, candidate);
        if (joined && id != 0 && id == current) {
            g_array_index(found, Found, 0).best = candidate;
            continue;
        }
        const uint8_t *place = candidate_place(candidate);
        Found *known = find_place(found, place);
        if (!known)
            known = add_place(found, place);
        if (known->here || (known->best && !better(candidate, known->best)))
            continue;
        known->best = candidate;
        known->relay = is_relay(candidate);
    }
    return found;
}

static int rank(const Found *found)
{
    bool seen = found->best && is_seen(found->best);
    return found->here ? 0 : seen && found->relay ? 1 : seen ? 2 : found->relay ? 3 : 4;
}

static gint by_rank(gconstpointer a, gconstpointer b)
{
    const Found *left = a, *right = b;
    int difference = rank(left) - rank(right);
    return difference ? difference : memcmp(left->place, right->place, PLACE_SIZE);
}

static char *best_address(const Candidate *candidate)
{
    const GPtrArray *addresses = candidate_addresses(candidate);
    if (addresses->len == 0)
        return g_strdup("");
    return g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(addresses->pdata[0]));
}

/* Where the place is; of one that is carried here, where others find it. */
static char *address_of(Engine *engine, const Found *found)
{
    if (found->best)
        return best_address(found->best);
    if (!found->here || !session_serving(member_session(engine->member)))
        return g_strdup("");
    g_auto(GStrv) own = member_addresses(engine->member);
    return g_strdup(own && own[0] ? own[0] : "");
}

static char *id_of(Engine *engine, const Found *found)
{
    if (!found->has_place)
        return g_strdup_printf("%" G_GUINT64_FORMAT,
                               member_candidate_id(engine->member, found->best));
    char hex[ID_LENGTH + 1];
    return g_strdup(sodium_bin2hex(hex, sizeof hex, found->place, PLACE_SIZE));
}

static Choice describe(Engine *engine, const Found *found)
{
    const char *name = found->here   ? session_place_name(member_session(engine->member))
                       : found->best ? candidate_name(found->best)
                                     : "";
    Choice choice = {
        .id = id_of(engine, found),
        .name = text_make_name(name, strlen(name)),
        .address = address_of(engine, found),
        .relay = found->relay,
        .joined = found->here,
        .locked = found->best && candidate_locked(found->best),
        .remembered = !found->here && found->best && !is_seen(found->best),
    };
    return choice;
}

static void choice_clear(gpointer data)
{
    Choice *choice = data;
    g_free((char *)choice->id);
    g_free((char *)choice->name);
    g_free((char *)choice->address);
}

void engine_list_choices(Engine *engine)
{
    g_autoptr(GPtrArray) candidates = member_candidates(engine->member);
    g_autoptr(GArray) found = gather(engine, candidates);
    g_autoptr(GArray) choices = g_array_new(FALSE, FALSE, sizeof(Choice));
    g_array_set_clear_func(choices, choice_clear);
    g_array_sort(found, by_rank);
    for (guint i = 0; i < found->len; i++) {
        Choice choice = describe(engine, &g_array_index(found, Found, i));
        g_array_append_val(choices, choice);
    }
    timeline_set_choices(engine->timeline, (const Choice *)choices->data, choices->len);
    engine_changed(engine);
}

uint64_t engine_choice(Engine *engine, const char *id)
{
    guint64 number = 0;
    uint8_t place[PLACE_SIZE];
    size_t length = 0;
    if (strlen(id) != ID_LENGTH ||
        sodium_hex2bin(place, sizeof place, id, ID_LENGTH, NULL, &length, NULL) != 0)
        return g_ascii_string_to_unsigned(id, 10, 1, G_MAXUINT64, &number, NULL) ? number : 0;
    g_autoptr(GPtrArray) candidates = member_candidates(engine->member);
    g_autoptr(GArray) found = gather(engine, candidates);
    const Found *known = find_place(found, place);
    return known && known->best ? member_candidate_id(engine->member, known->best) : 0;
}
