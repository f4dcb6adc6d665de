/* Which place a person chose on this network. Nodes of it are joined before others, whatever the
 * rule says, the next time, too. */
#include "app/member_internal.h"

#include <sodium.h>
#include <string.h>

static char *setting(Member *member)
{
    Network network = finder_network(member->finder);
    char hex[2 * NETWORK_ID_SIZE + 1];
    sodium_bin2hex(hex, sizeof hex, network.id, NETWORK_ID_SIZE);
    return g_strconcat("chosen-place:", network.has_gateway ? hex : "unknown", NULL);
}

void member_load_choice(Member *member)
{
    g_autofree char *name = setting(member);
    g_autofree char *hex = store_setting(member->store, name, NULL);
    size_t length = 0;
    member->has_chosen_place = hex &&
                               sodium_hex2bin(member->chosen_place, PLACE_SIZE, hex, strlen(hex),
                                              NULL, &length, NULL) == 0 &&
                               length == PLACE_SIZE;
}

const uint8_t *member_chosen_place(const Member *member)
{
    return member->has_chosen_place ? member->chosen_place : NULL;
}

void member_choose(Member *member, uint64_t id)
{
    const Candidate *candidate = member_candidate(member, id);
    const uint8_t *place = candidate ? candidate_place(candidate) : NULL;
    member->chosen = id;
    member->chosen_has_place = place != NULL;
    if (place)
        memcpy(member->choice, place, PLACE_SIZE);
    session_choose(member->session, id, g_get_monotonic_time());
    member_touched(member);
}

/* What was chosen and could not be joined is no choice to keep. */
void member_keep_choice(Member *member)
{
    const uint8_t *place = session_place(member->session);
    if (member->chosen == 0 || !place)
        return;
    bool same = member->chosen_has_place
                    ? memcmp(member->choice, place, PLACE_SIZE) == 0
                    : session_candidate_joined(member->session) == member->chosen;
    if (!same)
        return;
    member->chosen = 0;
    g_autofree char *name = setting(member);
    char hex[2 * PLACE_SIZE + 1];
    sodium_bin2hex(hex, sizeof hex, place, PLACE_SIZE);
    store_set_setting(member->store, name, hex, NULL);
    member_load_choice(member);
}
