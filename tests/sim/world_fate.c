/* What people and fate do, and how all is put right. */
#include "tests/sim/world_internal.h"

#include <string.h>

#define TEN_YEARS_MS (INT64_C(3650) * 86400 * 1000)
#define FIRST_JOINING_US (4 * SECOND_US)
#define OFFER_EVERY 4 /* so many things that are said: one of them is an offer */
#define HEALING_S 300
#define GOING_S 60  /* for the rest to go on without one */
#define STAYING_S 6 /* what is well stays well */
#define DOZES_MOST_S 20
#define LATER_START 30 /* of a hundred nodes: not there from the beginning */

static Node *any_app(World *world)
{
    return &world->nodes[world_between(world, 0, (int)world->app_count - 1)];
}

static Node *any_node(World *world)
{
    return &world->nodes[world_between(world, 0, (int)world->node_count - 1)];
}

static Node *serving_node(World *world)
{
    unsigned first = (unsigned)world_between(world, 0, (int)world->node_count - 1);
    for (unsigned i = 0; i < world->node_count; i++) {
        Node *node = &world->nodes[(first + i) % world->node_count];
        if (node->hub)
            return node;
    }
    return NULL;
}

/* --- people --- */

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
    node_busy(node);
    if (!done)
        return;
    world_trace(world, "%u says %u to %d", node->index, world->said->len, to);
    g_array_append_val(world->said, said);
    g_hash_table_insert(world->said_index, g_bytes_new(said.token, TOKEN_SIZE),
                        GUINT_TO_POINTER(world->said->len));
}

static void talk(World *world)
{
    Node *node = any_app(world);
    if (!node->running || node->wakes_us > world->now_us)
        return;
    if (world_chance(world, 30)) {
        int to = world_between(world, 0, (int)world->app_count - 1);
        if (to != (int)node->index)
            say(world, node, to);
        return;
    }
    for (int more = world_chance(world, 3) ? 20 : world_between(world, 1, 2); more > 0; more--)
        say(world, node, -1);
}

static void small_things(World *world)
{
    Node *node = any_app(world);
    if (!node->running || node->wakes_us > world->now_us)
        return;
    g_autofree char *name = g_strdup_printf("Name %d", world_between(world, 1, 3));
    if (world_chance(world, 50))
        session_set_name(node->session, name, world->now_us, NULL);
    else
        session_set_away(node->session, world_chance(world, 50), world->now_us);
    node_busy(node);
}

/* --- fate --- */

static void start(Node *node)
{
    (node->relay ? relay_start : node_start)(node);
}

static void start_again(Node *node)
{
    World *world = node->world;
    if (world->disks_put_back && node->started && world_chance(world, 25))
        disk_copy(node);
    else if (node->copied && world_chance(world, 35))
        disk_put_back(node);
    else if (world->disks_put_back && node->relay && world_chance(world, 10))
        disk_lose(node);
    start(node);
}

static void crash(Node *node)
{
    bool silently = world_chance(node->world, 30);
    (node->relay ? relay_crash : node_crash)(node, silently);
}

static void quit(Node *node)
{
    if (!node->quits)
        (node->relay ? relay_stop : node_quit)(node);
}

static void change_clock(Node *node)
{
    world_trace(node->world, "%u has its clock changed", node->index);
    static const int64_t offs[] = {TEN_YEARS_MS, -TEN_YEARS_MS, 5000, -5000, 0};
    node->clock_off_ms = offs[world_between(node->world, 0, G_N_ELEMENTS(offs) - 1)];
}

static void unplug(Node *node)
{
    World *world = node->world;
    node->network_up = !node->network_up;
    world_trace(world, "%u is %s", node->index, node->network_up ? "plugged in" : "unplugged");
    network_cut(world);
    mdns_look(world);
    if (!node->relay && node->running)
        node_tell_network(node);
}

/* The machine is busy with something else, or sleeps: nothing happens there, others wait in vain.
 */
static void doze(Node *node)
{
    World *world = node->world;
    node->wakes_us = world->now_us + (int64_t)world_between(world, 1, DOZES_MOST_S) * SECOND_US;
    world_trace(world, "%u does nothing for %d s", node->index,
                (int)((node->wakes_us - world->now_us) / SECOND_US));
    node->stale = true;
}

static void wake(Node *node)
{
    node->wakes_us = node->world->now_us;
    network_wake(node);
}

static void trouble(World *world)
{
    Node *node = world_chance(world, 40) ? serving_node(world) : any_node(world);
    if (!node)
        node = any_node(world);
    if (!node->running) {
        start_again(node);
        return;
    }
    if (node->wakes_us > world->now_us)
        return;
    int dice = world_between(world, 1, world->clocks_jump ? 100 : 90);
    if (dice <= 28) {
        crash(node);
    } else if (dice <= 42) {
        quit(node);
    } else if (dice <= 49) {
        doze(node);
    } else if (dice <= 62) {
        bool silently = world_chance(world, 50);
        world_trace(world, "a link of %u %s", node->index, silently ? "falls silent" : "is reset");
        network_trouble(node, silently);
    } else if (dice <= 72) {
        disk_set_full(node, world_chance(world, 50));
    } else if (dice <= 81) {
        unplug(node);
    } else if (dice <= 90) {
        node->mdns_dead = !node->mdns_dead;
        world_trace(world, "%u %s", node->index,
                    node->mdns_dead ? "hears no announcements" : "hears announcements again");
        mdns_look(world);
    } else {
        change_clock(node);
    }
}

static void part(World *world)
{
    int groups = world_chance(world, 45) ? 1 : world_chance(world, 75) ? 2 : 3;
    g_autoptr(GString) line = g_string_new("the network is cut:");
    for (unsigned i = 0; i < world->node_count; i++) {
        world->nodes[i].group = (unsigned)world_between(world, 1, groups);
        g_string_append_printf(line, " %u", world->nodes[i].group);
    }
    world_trace(world, "%s", groups == 1 ? "the network is whole" : line->str);
    network_cut(world);
    mdns_look(world);
}

/* One misses more than a page, so that a hole remains to be filled in the background. */
static void miss_much(World *world)
{
    if (world->nodes[0].running)
        node_crash(&world->nodes[0], false);
    for (unsigned said = 0; said < PAGE_MAX * 2; said++) {
        Node *node = &world->nodes[1 + said % 2];
        if (node->running && node->wakes_us <= world->now_us)
            say(world, node, -1);
        if (said % 20 == 0)
            world_run(world, world->now_us + SECOND_US);
    }
    world_run(world, world->now_us + 5 * SECOND_US);
    node_start(&world->nodes[0]);
}

static int64_t draw_pause(World *world)
{
    int dice = world_between(world, 1, 100);
    if (dice <= 2)
        return world_between(world, 20, 90) * SECOND_US;
    return dice <= 14 ? world_between(world, 1, 12) * SECOND_US : world_between(world, 0, 400000);
}

void world_live(World *world)
{
    for (unsigned i = 0; i < world->node_count; i++) {
        if (!world_chance(world, LATER_START))
            start(&world->nodes[i]);
        if (world_chance(world, 50))
            world_run(world, world->now_us + world_between(world, 0, 1000000));
    }
    world_run(world, world->now_us + FIRST_JOINING_US);
    if (world_chance(world, 2))
        miss_much(world);
    for (int steps = world_between(world, 15, 40); steps > 0; steps--) {
        int dice = world_between(world, 1, 100);
        if (dice <= 52)
            talk(world);
        else if (dice <= 86)
            trouble(world);
        else if (dice <= 95)
            part(world);
        else
            small_things(world);
        if (world_chance(world, 40))
            moderation_happens(world);
        if (world_chance(world, 20))
            moderation_come_back(world);
        world_run(world, world->now_us + draw_pause(world));
    }
}

/* --- putting right --- */

static void put_right(World *world)
{
    world_trace(world, "all is put right");
    for (unsigned i = 0; i < world->node_count; i++) {
        Node *node = &world->nodes[i];
        node->group = 0;
        if (node->wakes_us > world->now_us)
            wake(node);
        node->stale = true;
        node->mdns_dead = false;
        if (node->running)
            disk_set_full(node, false);
        if (!node->network_up)
            unplug(node);
        if (!node->running)
            start(node);
    }
    mdns_look(world);
}

static void start_quitters(World *world, const Node *except)
{
    for (unsigned i = 0; i < world->node_count; i++)
        if (!world->nodes[i].running && &world->nodes[i] != except)
            start(&world->nodes[i]);
}

/* Awaits that all is well, and that it stays so. */
static bool settle(World *world, int seconds, const Node *except, char **why)
{
    for (int well = 0, second = 0; second < seconds; second++) {
        world_run(world, world->now_us + SECOND_US);
        start_quitters(world, except);
        moderation_come_back(world);
        if (!world_check(world, why)) {
            if (well > 0)
                world_trace(world, "it was well, and is no more: %s", *why);
            well = 0;
            continue;
        }
        g_clear_pointer(why, g_free);
        int staying = MIN(STAYING_S, seconds - second - 1);
        world_run(world, world->now_us + staying * SECOND_US);
        if (world_check(world, why)) {
            g_clear_pointer(why, g_free);
            return true;
        }
        world_trace(world, "it was well, and is no more: %s", *why);
        well = 1;
        second += staying;
    }
    return false;
}

bool world_heal(World *world, char **why)
{
    int64_t begun_us = world->now_us;
    put_right(world);
    if (!settle(world, HEALING_S, NULL, why))
        return false;
    world->healing_us = world->now_us - begun_us;
    if (!world_chance(world, 30))
        return true;
    /* Node 0 can always serve. */
    Node *goes = world_chance(world, 50) ? serving_node(world) : any_node(world);
    if (goes->index == 0)
        return true;
    world_trace(world, "one more goes");
    if (world_chance(world, 50))
        crash(goes);
    else
        quit(goes);
    return settle(world, GOING_S, goes, why);
}
