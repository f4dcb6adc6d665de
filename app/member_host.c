/* Carrying the room from here, and which network it would be carried on.
 *
 * A place that nobody has begun yet is named after its network: everybody derives the same id from
 * the gateway, so that two who start together carry one place. A network without a gateway cannot
 * be told from others. There the place that was last joined on any such network is gone on with,
 * at first one of a random id: two machines on one cable find their history again, at the price
 * that all networks without a gateway count as one. */
#include "app/addresses.h"
#include "app/member_internal.h"

#include <sodium.h>
#include <string.h>

#define GATEWAY_WAIT_MS 1000
#define SETTING_UNKNOWN_NETWORK "place-of-unknown-network"
#define FIRST_NAME                                                                                 \
    "Local network" /* of a place begun here: people see it before anybody named it */

bool member_serve(void *user)
{
    Member *member = user;
    Log *log = session_log(member->session);
    if (!member->host || !log || member->leaving)
        return false;
    const char *name = session_place_name(member->session);
    int64_t room_ms = session_room_time_ms(member->session, g_get_monotonic_time());
    g_autoptr(GError) error = NULL;
    const uint8_t *secret = session_secret(member->session);
    if (host_serve(member->host, log, name && *name ? name : FIRST_NAME, room_ms, secret, &error))
        return true;
    g_message("The room cannot be carried here: %s", error->message);
    return false;
}

/* Where the one that was dialled last is: what answered first. Transfer full. */
static char **addresses_dialled(Member *member)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    Candidate *candidate = member_candidate(member, member->dialling);
    const GPtrArray *others = candidate ? candidate_addresses(candidate) : NULL;
    if (member->answered_last)
        g_ptr_array_add(all, member->answered_last);
    for (guint i = 0; others && i < others->len; i++)
        g_ptr_array_add(all, others->pdata[i]);
    return addresses_write(all);
}

void member_retire(const uint8_t *key, char *const *addresses, void *user)
{
    Member *member = user;
    g_auto(GStrv) dialled = key && !addresses ? addresses_dialled(member) : NULL;
    HubSuccessor successor = {.key = key,
                              .addresses = (const char *const *)(addresses ? addresses : dialled)};
    if (member->host)
        host_retire(member->host, key ? &successor : NULL);
}

static void keep_unknown(Member *member, const uint8_t *place)
{
    char hex[2 * PLACE_SIZE + 1];
    sodium_bin2hex(hex, sizeof hex, place, PLACE_SIZE);
    g_autofree char *kept = store_setting(member->store, SETTING_UNKNOWN_NETWORK, NULL);
    if (g_strcmp0(kept, hex) != 0)
        store_set_setting(member->store, SETTING_UNKNOWN_NETWORK, hex, NULL);
}

static void place_of_unknown(Member *member, uint8_t *place)
{
    g_autofree char *hex = store_setting(member->store, SETTING_UNKNOWN_NETWORK, NULL);
    size_t length = 0;
    if (hex && sodium_hex2bin(place, PLACE_SIZE, hex, strlen(hex), NULL, &length, NULL) == 0 &&
        length == PLACE_SIZE)
        return;
    randombytes_buf(place, PLACE_SIZE);
    keep_unknown(member, place);
}

void member_stop_waiting(Member *member)
{
    if (member->gateway_wait)
        g_source_destroy(member->gateway_wait);
    g_clear_pointer(&member->gateway_wait, g_source_unref);
}

static gboolean waited(gpointer user)
{
    Member *member = user;
    g_clear_pointer(&member->gateway_wait, g_source_unref);
    member_tell_network(member);
    return G_SOURCE_REMOVE;
}

/* A machine that has just come to a network knows its gateway in a moment; nothing is begun on the
 * guess that there is none. */
static bool waits_for_gateway(Member *member, const Network *network)
{
    if (network->has_gateway || !network->unanswered) {
        member_stop_waiting(member);
        member->gateways[0] = '\0';
        return false;
    }
    if (strcmp(member->gateways, network->routes) == 0)
        return member->gateway_wait != NULL;
    member_stop_waiting(member);
    g_strlcpy(member->gateways, network->routes, sizeof member->gateways);
    member->gateway_wait = g_timeout_source_new(GATEWAY_WAIT_MS);
    g_source_set_callback(member->gateway_wait, waited, member, NULL);
    g_source_attach(member->gateway_wait, member->context);
    return true;
}

void member_tell_network(Member *member)
{
    G_STATIC_ASSERT(PLACE_SIZE == NETWORK_ID_SIZE && PLACE_SIZE == CANDIDATE_PLACE_SIZE);
    Network network = finder_network(member->finder);
    const uint8_t *last = finder_last_place(member->finder);
    member_load_choice(member);
    const uint8_t *chosen = member_chosen_place(member);
    SessionNetwork told = {.up = (addresses_any() || member->loopback) &&
                                 !waits_for_gateway(member, &network),
                           .known = network.has_gateway};
    memcpy(told.id, network.id, PLACE_SIZE);
    if (!network.has_gateway)
        place_of_unknown(member, told.place);
    else
        memcpy(told.place, chosen ? chosen : last ? last : network.id, PLACE_SIZE);
    int64_t now_us = g_get_monotonic_time();
    if (member->host) {
        g_auto(GStrv) addresses = host_addresses(member->host);
        session_set_addresses(member->session, addresses, now_us);
    }
    session_network(member->session, &told, now_us);
    member_touched(member);
}

char **member_addresses(Member *member)
{
    return member->host ? host_addresses(member->host) : NULL;
}

/* Where the link leads, then what else is known of that node. Transfer full. */
static GPtrArray *addresses_joined(Member *member)
{
    g_autoptr(GPtrArray) own = NULL;
    GPtrArray *all = g_ptr_array_new_with_free_func(g_object_unref);
    const GPtrArray *others = NULL;
    if (member->linked == SESSION_SELF) {
        g_auto(GStrv) texts = host_addresses(member->host);
        others = own = addresses_read(texts, g_strv_length(texts));
    } else {
        Candidate *candidate = member_candidate(member, member->linked);
        g_ptr_array_add(all, g_object_ref(member->answered));
        others = candidate ? candidate_addresses(candidate) : NULL;
    }
    for (guint i = 0; others && i < others->len; i++)
        g_ptr_array_add(all, g_object_ref(others->pdata[i]));
    return all;
}

void member_keep_place(Member *member)
{
    const uint8_t *place = session_place(member->session);
    if (!member->link || !place)
        return;
    if (!finder_network(member->finder).has_gateway)
        keep_unknown(member, place);
    member_keep_choice(member);
    CandidateRole role =
        session_relay_program(member->session) ? CANDIDATE_ROLE_RELAY : CANDIDATE_ROLE_APP;
    g_autoptr(GPtrArray) addresses = addresses_joined(member);
    finder_remember(member->finder, place, member->peer, role, session_place_name(member->session),
                    addresses);
}
