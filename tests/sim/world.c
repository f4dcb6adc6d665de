/* The world itself: what it is made of, and its clock. */
#include "tests/sim/world_internal.h"

#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>

int world_between(World *world, int from, int to)
{
    return g_rand_int_range(world->random, from, to + 1);
}

bool world_chance(World *world, int percent)
{
    return world_between(world, 1, 100) <= percent;
}

const uint8_t *world_place(void)
{
    static const uint8_t place[PLACE_SIZE] = "simulated place";
    return place;
}

/* --- randomness: what libsodium gives out follows from the seed as well --- */

static GRand *sodium_rand; /* of the world that lives */

static const char *random_name(void)
{
    return "simulated";
}

static uint32_t random_number(void)
{
    return g_rand_int(sodium_rand);
}

static void random_bytes(void *const buffer, const size_t size)
{
    uint8_t *bytes = buffer;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)g_rand_int(sodium_rand);
}

static void seed_sodium(guint32 *seeds)
{
    static struct randombytes_implementation implementation = {
        .implementation_name = random_name, .random = random_number, .buf = random_bytes};
    if (!sodium_rand)
        randombytes_set_implementation(&implementation);
    else
        g_rand_free(sodium_rand);
    sodium_rand = g_rand_new_with_seed_array(seeds, 2);
    g_assert_cmpint(sodium_init(), >=, 0);
}

/* --- making --- */

static void make_node(World *world, unsigned index, bool relay)
{
    Node *node = &world->nodes[index];
    uint8_t seed[32] = {0};
    for (size_t i = 0; i < sizeof seed; i++)
        seed[i] = (uint8_t)world_between(world, 0, 255);
    node->world = world;
    node->index = index;
    node->relay = relay;
    node->able = relay || index == 0 || !world_chance(world, 10);
    node->identity = identity_from_seed(seed);
    node->directory = g_strdup_printf("%s/node-%u", world->directory, index);
    node->address[0] = g_strdup_printf("10.0.0.%u:%u", index + 1, relay ? 7667u : 7669u);
    node->network_up = true;
    node->due_us = node->flush_us = node->hub_flush_us = node->settle_us = INT64_MAX;
    g_mkdir_with_parents(node->directory, 0700);
    for (unsigned j = 0; j < NODES_MOST; j++)
        world->sights[index][j].change_us = INT64_MAX;
}

static unsigned draw_apps(World *world)
{
    int dice = world_between(world, 1, 100);
    if (dice <= 82)
        return (unsigned)world_between(world, 3, 4);
    return dice <= 97 ? (unsigned)world_between(world, 5, 8)
                      : (unsigned)world_between(world, 9, APPS_MOST);
}

static unsigned draw_relays(World *world)
{
    int dice = world_between(world, 1, 100);

    return dice <= 45 ? 0 : dice <= 80 ? 1 : 2;
}

World *world_new(uint64_t seed, const char *directory)
{
    World *world = g_new0(World, 1);
    guint32 seeds[2] = {(guint32)seed, (guint32)(seed >> 32)};
    seed_sodium(seeds);
    world->random = g_rand_new_with_seed_array(seeds, 2);
    world->directory = g_strdup(directory);
    world->now_us = SECOND_US;
    world->sight_us = INT64_MAX;
    world->connections = g_ptr_array_new_with_free_func(g_free);
    world->arrivals = g_sequence_new(NULL);
    world->said = g_array_new(FALSE, FALSE, sizeof(Said));
    world->said_index =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    world->disks_put_back = world_chance(world, 50);
    world->clocks_jump = world_chance(world, 50);
    world->moderated = world_chance(world, 50);
    world->locked = world_chance(world, 40);
    world->app_count = draw_apps(world);
    world->node_count = world->app_count + draw_relays(world);
    for (unsigned i = 0; i < world->node_count; i++)
        make_node(world, i, i >= world->app_count);
    return world;
}

void world_free(World *world)
{
    if (!world)
        return;
    for (unsigned i = 0; i < world->node_count; i++) {
        Node *node = &world->nodes[i];
        if (node->running)
            (node->relay ? relay_crash : node_crash)(node, true);
        identity_free(node->identity);
        g_free(node->directory);
        g_free(node->address[0]);
    }
    network_clear(world);
    g_sequence_free(world->arrivals);
    g_ptr_array_unref(world->connections);
    g_array_unref(world->said);
    g_hash_table_unref(world->said_index);
    g_free(world->directory);
    g_rand_free(world->random);
    g_free(world);
}

void world_set_tracing(World *world)
{
    world->tracing = true;
    for (unsigned i = 0; i < world->node_count; i++)
        world_trace(world, "%s %u is %02x%02x%s", world->nodes[i].relay ? "relay" : "app", i,
                    identity_key(world->nodes[i].identity)[0],
                    identity_key(world->nodes[i].identity)[1],
                    world->nodes[i].able ? "" : ", cannot serve");
}

void world_trace(const World *world, const char *format, ...)
{
    if (!world->tracing)
        return;
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_print("%10.3f %s\n", (double)world->now_us / SECOND_US, line);
}

void world_set_hostile(World *world)
{
    world->hostile = true;
}

unsigned world_messages(const World *world)
{
    return world->said->len;
}

unsigned world_nodes(const World *world)
{
    return world->node_count;
}

int64_t world_healing_us(const World *world)
{
    return world->healing_us;
}

Said *world_find_said(World *world, const uint8_t *token)
{
    g_autoptr(GBytes) key = g_bytes_new_static(token, TOKEN_SIZE);
    guint index = GPOINTER_TO_UINT(g_hash_table_lookup(world->said_index, key));
    return index > 0 ? &g_array_index(world->said, Said, index - 1) : NULL;
}

/* --- the loops that real programs' main contexts are --- */

static int64_t due_of(Node *node)
{
    if (node->stale) {
        node->stale = false;
        int64_t due_us = node->relay ? relay_due_us(node) : node_due_us(node);
        node->due_us = MAX(due_us, node->wakes_us);
    }
    return node->due_us;
}

void world_run(World *world, int64_t until_us)
{
    for (;;) {
        int64_t arrival_us = network_next_us(world);
        int64_t next_us = MIN(arrival_us, world->sight_us);
        Node *first = NULL;
        for (unsigned i = 0; i < world->node_count; i++) {
            if (due_of(&world->nodes[i]) >= next_us)
                continue;
            first = &world->nodes[i];
            next_us = first->due_us;
        }
        if (next_us > until_us)
            break;
        world->now_us = MAX(world->now_us, next_us);
        if (first)
            (first->relay ? relay_serve : node_serve)(first);
        else if (arrival_us <= world->sight_us)
            network_arrive(world);
        else
            mdns_tick(world);
    }
    world->now_us = until_us;
}
