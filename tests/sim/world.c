#include "tests/sim/world_internal.h"

#include <glib/gstdio.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define TEN_YEARS_MS (INT64_C(3650) * 86400 * 1000)
#define FIRST_JOINING_US (20 * SECOND_US)
#define HEALING_S 300

int world_between(World *world, int from, int to)
{
    return g_rand_int_range(world->random, from, to + 1);
}

bool world_chance(World *world, int percent)
{
    return world_between(world, 1, 100) <= percent;
}

static void make_node(World *world, unsigned index)
{
    Node *node = &world->nodes[index];
    uint8_t seed[32];
    memset(seed, (int)index + 1, sizeof seed);
    node->world = world;
    node->index = index;
    node->identity = identity_from_seed(seed);
    node->directory = g_strdup_printf("%s/member-%u", world->directory, index);
    node->flush_us = INT64_MAX;
    g_mkdir_with_parents(node->directory, 0700);
}

World *world_new(uint64_t seed, const char *directory)
{
    World *world = g_new0(World, 1);
    uint8_t relay_seed[32] = {99};
    guint32 seeds[2] = {(guint32)seed, (guint32)(seed >> 32)};
    world->random = g_rand_new_with_seed_array(seeds, 2);
    world->directory = g_strdup(directory);
    world->relay_directory = g_build_filename(directory, "relay", NULL);
    g_mkdir_with_parents(world->relay_directory, 0700);
    world->relay_identity = identity_from_seed(relay_seed);
    world->now_us = SECOND_US;
    world->connections = g_ptr_array_new_with_free_func(g_free);
    world->arrivals = g_sequence_new(NULL);
    world->said = g_array_new(FALSE, FALSE, sizeof(Said));
    world->relay_forgets = world_chance(world, 30);
    world->clocks_jump = world_chance(world, 50);
    world->node_count = (unsigned)world_between(world, 3, MEMBERS_MOST);
    relay_start(world);
    for (unsigned i = 0; i < world->node_count; i++) {
        make_node(world, i);
        node_start(&world->nodes[i]);
    }
    return world;
}

void world_free(World *world)
{
    if (!world)
        return;
    for (unsigned i = 0; i < world->node_count; i++) {
        Node *node = &world->nodes[i];
        if (node->session)
            node_crash(node);
        identity_free(node->identity);
        g_free(node->directory);
    }
    if (world->hub)
        relay_crash(world);
    network_clear(world);
    g_sequence_free(world->arrivals);
    g_ptr_array_unref(world->connections);
    g_array_unref(world->said);
    identity_free(world->relay_identity);
    g_free(world->relay_directory);
    g_free(world->directory);
    g_rand_free(world->random);
    g_free(world);
}

void world_set_tracing(World *world)
{
    world->tracing = true;
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

/* --- the loop that a real program's main context is --- */

static int64_t node_due_us(const Node *node)
{
    return node->session ? MIN(node->flush_us, session_deadline(node->session)) : INT64_MAX;
}

static void node_serve(Node *node)
{
    int64_t now_us = node->world->now_us;
    if (node->flush_us <= now_us) {
        node->flush_us = INT64_MAX;
        session_flush(node->session, now_us);
    }
    if (session_deadline(node->session) <= now_us) {
        session_tick(node->session, now_us);
        node_busy(node);
    }
}

static void relay_serve(World *world)
{
    if (world->relay_flush_us <= world->now_us) {
        world->relay_flush_us = INT64_MAX;
        hub_flush(world->hub, world->now_us);
    }
    if (hub_deadline(world->hub) <= world->now_us)
        hub_tick(world->hub, world->now_us);
}

void world_run(World *world, int64_t until_us)
{
    for (;;) {
        int64_t arrival_us = network_next_us(world);
        int64_t relay_us =
            world->hub ? MIN(world->relay_flush_us, hub_deadline(world->hub)) : INT64_MAX;
        int64_t next_us = MIN(arrival_us, relay_us);
        Node *first = NULL;
        for (unsigned i = 0; i < world->node_count; i++) {
            if (node_due_us(&world->nodes[i]) >= next_us)
                continue;
            first = &world->nodes[i];
            next_us = node_due_us(first);
        }
        if (next_us > until_us)
            break;
        world->now_us = MAX(world->now_us, next_us);
        if (first)
            node_serve(first);
        else if (relay_us <= arrival_us)
            relay_serve(world);
        else
            network_arrive(world);
    }
    world->now_us = until_us;
}

/* --- what people and fate do --- */

static Node *any_node(World *world)
{
    return &world->nodes[world_between(world, 0, (int)world->node_count - 1)];
}

#define OFFER_EVERY 4 /* so many things that are said: one of them is an offer */

static bool offer(World *world, Node *node, const ConversationId *to, const char *name,
                  uint8_t *token)
{
    OfferItem item = {.name = (char *)name, .files = 1, .bytes = world->words};
    Offer what = {.items = &item, .item_count = 1, .files = 1, .bytes = world->words};
    return session_offer(node->session, to, &what, token, world->now_us, NULL);
}

static void say(World *world, Node *node, int to)
{
    Said said = {.author = node->index, .to = to};
    ConversationId conversation = {.direct = to >= 0};
    if (to >= 0)
        memcpy(conversation.id, identity_key(world->nodes[to].identity), KEY_SIZE);
    g_autofree char *text = g_strdup_printf("word %u of %u", ++world->words, node->index);
    bool done = world->words % OFFER_EVERY == 0
                    ? offer(world, node, &conversation, text, said.token)
                    : session_say(node->session, &conversation, text, false, said.token,
                                  world->now_us, NULL);
    if (!done)
        return;
    world_trace(world, "%u says %u to %d", node->index, world->said->len, to);
    g_array_append_val(world->said, said);
    node_busy(node);
}

static void talk(World *world)
{
    Node *node = any_node(world);
    if (!node->session)
        return;
    if (world_chance(world, 20)) {
        int to = world_between(world, 0, (int)world->node_count - 1);
        if (to != (int)node->index)
            say(world, node, to);
        return;
    }
    for (int more = world_chance(world, 5) ? 20 : world_between(world, 1, 2); more > 0; more--)
        say(world, node, -1);
}

static void trouble_node(World *world)
{
    Node *node = any_node(world);
    if (!node->session) {
        if (!world->relay_forgets && world_chance(world, 20))
            node_copy(node);
        else if (!world->relay_forgets && node->copied && world_chance(world, 30))
            node_put_back(node);
        node_start(node);
        return;
    }
    switch (world_between(world, 0, world->clocks_jump ? 6 : 5)) {
    case 0:
    case 1:
        node_crash(node);
        break;
    case 2:
        node_quit(node);
        break;
    case 3:
        world_trace(world, "%u is cut off", node->index);
        if (node->connection)
            network_reset(node->connection);
        break;
    case 4:
        world_trace(world, "%u has its cable pulled", node->index);
        if (node->connection)
            node->connection->pulled = true;
        break;
    case 5:
        world_trace(world, "%u has its disk filled or emptied", node->index);
        if (node->log)
            log_set_size_limit(node->log, world_chance(world, 50) ? 1 : UINT64_MAX);
        break;
    case 6:
        world_trace(world, "%u has its clock changed", node->index);
        node->clock_off_ms = world_chance(world, 50) ? TEN_YEARS_MS : -TEN_YEARS_MS;
        break;
    }
}

static void trouble_relay(World *world)
{
    if (!world->hub) {
        relay_start(world);
        return;
    }
    switch (world_between(world, 0, world->clocks_jump && !world->relay_forgets ? 4 : 3)) {
    case 0:
    case 1:
        if (world->relay_forgets && world_chance(world, 40))
            relay_forget(world);
        else
            relay_crash(world);
        break;
    case 2:
        relay_stop(world);
        break;
    case 3:
        world_trace(world, "the relay's disk is filled or emptied");
        log_set_size_limit(world->relay_log, world_chance(world, 50) ? 1 : UINT64_MAX);
        break;
    case 4:
        world_trace(world, "the relay's clock is changed");
        world->relay_clock_off_ms = world_chance(world, 50) ? -TEN_YEARS_MS : SECOND_US;
        break;
    }
}

static void small_things(World *world)
{
    Node *node = any_node(world);
    if (!node->session)
        return;
    g_autofree char *name = g_strdup_printf("Name %d", world_between(world, 1, 3));
    if (world_chance(world, 50))
        session_set_name(node->session, name, world->now_us, NULL);
    else
        session_set_away(node->session, world_chance(world, 50), world->now_us);
    node_busy(node);
}

/* One misses more than a page, so that a hole remains to be filled in the background. */
static void miss_much(World *world)
{
    node_crash(&world->nodes[0]);
    for (unsigned said = 0; said < PAGE_MAX * 2; said++) {
        say(world, &world->nodes[1 + said % 2], -1);
        if (said % 20 == 0)
            world_run(world, world->now_us + SECOND_US);
    }
    world_run(world, world->now_us + 10 * SECOND_US);
    node_start(&world->nodes[0]);
}

void world_live(World *world)
{
    world_run(world, world->now_us + FIRST_JOINING_US);
    if (world_chance(world, 4))
        miss_much(world);
    for (int steps = world_between(world, 20, 60); steps > 0; steps--) {
        int dice = world_between(world, 1, 100);
        if (dice <= 65)
            talk(world);
        else if (dice <= 80)
            trouble_node(world);
        else if (dice <= 92)
            trouble_relay(world);
        else
            small_things(world);
        int64_t pause_us = world_chance(world, 10) ? world_between(world, 1, 15) * SECOND_US
                                                   : world_between(world, 0, 400000);
        world_run(world, world->now_us + pause_us);
    }
}

static bool at_rest(World *world, char **why)
{
    for (unsigned i = 0; i < world->node_count; i++) {
        const Session *session = world->nodes[i].session;
        if (session_state(session) == SESSION_JOINED && session_unsent(session) == 0)
            continue;
        g_free(*why);
        *why = g_strdup_printf("member %u is %s (%s) with %u unsent", i,
                               session_state_name(session_state(session)), session_why(session),
                               session_unsent(session));
        return false;
    }
    return true;
}

bool world_heal(World *world, char **why)
{
    world_trace(world, "all is put right");
    if (!world->hub)
        relay_start(world);
    log_set_size_limit(world->relay_log, UINT64_MAX);
    for (unsigned i = 0; i < world->node_count; i++) {
        Node *node = &world->nodes[i];
        if (!node->session)
            node_start(node);
        if (node->log)
            log_set_size_limit(node->log, UINT64_MAX);
    }
    for (int second = 0; second < HEALING_S; second++) {
        world_run(world, world->now_us + SECOND_US);
        if (at_rest(world, why) && world_check(world, why)) {
            g_clear_pointer(why, g_free);
            return true;
        }
    }
    return false;
}
