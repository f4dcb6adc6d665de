/* Announcements: each serving node is seen by each node that can hear it, a little later; what
 * vanished without a word lingers as long as mDNS keeps its records. */
#include "tests/sim/world_internal.h"

#include <string.h>

#define APPEARS_LEAST_US 100000
#define APPEARS_MOST_US 1500000
#define WITHDRAWN_MOST_US 300000
#define LINGERS_MOST_S 120

static bool hears(const Node *who, const Node *whom)
{
    return who->running && !who->mdns_dead && !whom->mdns_dead && network_reaches(who, whom);
}

static void plan(World *world, Sight *sight, bool withdrawn)
{
    if (sight->wanted == sight->seen)
        sight->change_us = INT64_MAX;
    else if (sight->wanted)
        sight->change_us = world->now_us + world_between(world, APPEARS_LEAST_US, APPEARS_MOST_US);
    else if (withdrawn)
        sight->change_us = world->now_us + world_between(world, 1, WITHDRAWN_MOST_US);
    else
        sight->change_us = world->now_us + world_between(world, 0, LINGERS_MOST_S) * SECOND_US;
    world->sight_us = MIN(world->sight_us, sight->change_us);
}

void mdns_look(World *world)
{
    for (unsigned i = 0; i < world->node_count; i++) {
        for (unsigned j = 0; j < world->node_count; j++) {
            const Node *who = &world->nodes[i], *whom = &world->nodes[j];
            Sight *sight = &world->sights[i][j];
            bool wanted = whom->hub && hears(who, whom);
            if (wanted == sight->wanted)
                continue;
            sight->wanted = wanted;
            plan(world, sight, hears(who, whom) && (whom->running || world_chance(world, 50)));
        }
    }
}

void mdns_forget(Node *node)
{
    for (unsigned j = 0; j < node->world->node_count; j++)
        node->world->sights[node->index][j] = (Sight){.change_us = INT64_MAX};
    mdns_look(node->world);
}

void mdns_tick(World *world)
{
    world->sight_us = INT64_MAX;
    for (unsigned i = 0; i < world->node_count; i++) {
        Node *node = &world->nodes[i];
        bool changed = false;
        for (unsigned j = 0; j < world->node_count; j++) {
            Sight *sight = &world->sights[i][j];
            if (sight->change_us <= world->now_us) {
                sight->change_us = INT64_MAX;
                sight->seen = sight->wanted;
                changed = true;
            }
            world->sight_us = MIN(world->sight_us, sight->change_us);
        }
        if (!changed || !node->running)
            continue;
        node->dirty_seen = true;
        node->stale = true;
    }
}

void mdns_tell(Node *node)
{
    World *world = node->world;
    SessionCandidate candidates[NODES_MOST];
    size_t count = 0;
    node->dirty_seen = false;
    for (unsigned j = 0; j < world->node_count; j++) {
        const Node *other = &world->nodes[j];
        bool seen = world->sights[node->index][j].seen;
        bool remembered = (node->remembered & 1u << j) != 0;
        if (!seen && !remembered)
            continue;
        SessionCandidate *candidate = &candidates[count++];
        *candidate = (SessionCandidate){.id = j + 1,
                                        .relay = other->relay,
                                        .locked = other->locks,
                                        .remembered = !seen,
                                        .has_place = true,
                                        .has_key = true,
                                        .last_here = true};
        memcpy(candidate->place, world_place(), PLACE_SIZE);
        memcpy(candidate->key_prefix, identity_key(other->identity), sizeof candidate->key_prefix);
    }
    session_candidates(node->session, candidates, count, node->listening, world->now_us);
    node_busy(node);
}
