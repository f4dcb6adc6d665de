/* A relay program of a party that does not keep everything. */
#include "tests/unit/app/party_internal.h"

#include <check.h>

unsigned party_retain(Party *party, char relay, unsigned days)
{
    PartyNode *node = party_node(party, relay);
    unsigned sum = 0, taken = 1;
    while (taken > 0) {
        ck_assert(log_retain(node->relay_log, log_newest_time_ms(node->relay_log) + 1, 0, 64,
                             &taken, NULL));
        sum += taken;
    }
    hub_set_history_days(node->hub, days);
    return sum;
}

unsigned party_bodies(Party *party, char relay)
{
    uint64_t covered;
    g_autoptr(GArray) all = log_page(party_node(party, relay)->relay_log, NULL, 0, 0, G_MAXUINT,
                                     G_MAXSIZE, &covered, NULL);
    return all->len;
}

unsigned party_frames(const Party *party)
{
    return party->frames;
}
