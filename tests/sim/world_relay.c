/* Relay programs: a hub, or, when another one that ranks before it serves, a follower; what
 * relay/server/ does around them. */
#include "tests/sim/world_internal.h"

#include <string.h>

#define PROBE_EVERY_US (2 * SECOND_US)
#define REFUSED_US (60 * SECOND_US) /* not to be dialled, after it did not admit this one */
#define ENDED_US (10 * SECOND_US)   /* after it was followed */
#define ADMITTED_US (4 * SECOND_US) /* from TLS to Welcome */

static bool out_send(GBytes *frame, void *user)
{
    Node *node = user;
    return node->link && network_send(node->link, TO_LISTENER, frame);
}

static void out_admitted(void *user)
{
    Node *node = user;
    const Node *to = node->link->to;
    HubSuccessor successor = {.key = identity_key(to->identity),
                              .addresses = (const char *const *)to->address};
    node->remembered |= 1u << to->index;
    world_trace(node->world, "the relay %u follows %u", node->index, to->index);
    serving_end(node, &successor);
}

static void out_over(FollowerEnd why, const uint8_t *successor, char *const *addresses, void *user)
{
    Node *node = user;
    world_trace(node->world, "the relay %u follows no more (%d)", node->index, (int)why);
    node->handed = true; /* outside of its callback */
    node->stale = true;
}

/* Of two relay programs, the other one is next. */
static void stop_following(Node *node)
{
    int64_t now_us = node->world->now_us;
    int64_t room_ms = follower_room_time_ms(node->follower, now_us);
    bool admitted = follower_is_admitted(node->follower);
    if (admitted)
        follower_flush(node->follower, now_us);
    g_clear_pointer(&node->follower, follower_free);
    node->handed = false;
    if (node->link)
        network_close_dialler(node->link);
    node->probe_us = now_us + (admitted ? ENDED_US : REFUSED_US);
    if (admitted)
        serving_begin(node, room_ms);
}

void relay_start(Node *node)
{
    world_trace(node->world, "the relay %u starts", node->index);
    g_autoptr(GError) error = NULL;
    node->log = log_open(node->directory, world_place(), &error);
    g_assert_no_error(error);
    moderation_know_keeper(node, node->log);
    node->running = node->started = true;
    node->probe_us = node->world->now_us;
    serving_begin(node, 0);
    mdns_forget(node);
}

static void stop(Node *node, bool silently)
{
    if (silently)
        network_drop(node, true);
    serving_crash(node);
    network_drop(node, silently);
    g_clear_pointer(&node->follower, follower_free);
    g_clear_pointer(&node->log, log_close);
    node->running = node->handed = false;
    node->stale = true;
    mdns_look(node->world);
}

void relay_crash(Node *node, bool silently)
{
    world_trace(node->world, "the relay %u crashes%s", node->index, silently ? " silently" : "");
    stop(node, silently);
}

void relay_stop(Node *node)
{
    world_trace(node->world, "the relay %u stops", node->index);
    if (node->hub)
        serving_end(node, NULL);
    if (node->follower && follower_is_admitted(node->follower))
        follower_flush(node->follower, node->world->now_us);
    if (node->follower)
        follower_leave(node->follower);
    stop(node, false);
}

/* Another relay program that ranks before it and was seen at some time. */
static Node *better(const Node *node)
{
    World *world = node->world;
    for (unsigned i = world->app_count; i < world->node_count; i++) {
        Node *other = &world->nodes[i];
        bool known = world->sights[node->index][i].seen || (node->remembered & 1u << i) != 0;
        if (other != node && known &&
            memcmp(identity_key(other->identity), identity_key(node->identity), KEY_SIZE) < 0)
            return other;
    }
    return NULL;
}

void relay_dialled(Node *node, Connection *connection)
{
    const FollowerOutput output = {.send = out_send,
                                   .admitted = out_admitted,
                                   .unlock = node->world->locked ? lock_answer : NULL,
                                   .over = out_over};
    int64_t now_us = node->world->now_us;
    node->dial = NULL;
    node->link = connection;
    node->probe_us = now_us + ADMITTED_US;
    node->follower = follower_new(node->log, identity_key(connection->to->identity), node->address,
                                  &output, node, now_us);
    node->stale = true;
}

void relay_frame(Node *node, const uint8_t *message, size_t length)
{
    if (node->follower && !node->handed)
        follower_frame(node->follower, message, length, node->world->now_us);
    serving_busy(node);
}

void relay_link_ended(Node *node, Connection *connection)
{
    node->handed |= connection->opened && node->follower;
    node->stale = true;
}

int64_t relay_due_us(const Node *node)
{
    if (!node->running)
        return INT64_MAX;
    if (node->handed)
        return node->world->now_us;
    int64_t due_us = node->hub_flush_us;
    if (node->follower)
        due_us = MIN(due_us, follower_deadline(node->follower));
    if (node->hub)
        due_us = MIN(due_us, hub_deadline(node->hub));
    if (node->hub && !node->dial && (node->follower || better(node)))
        due_us = MIN(due_us, node->probe_us);
    return due_us;
}

static void serve_hub(Node *node, bool flush)
{
    int64_t now_us = node->world->now_us;
    if (flush)
        hub_flush(node->hub, now_us);
    if (hub_deadline(node->hub) <= now_us)
        hub_tick(node->hub, now_us);
}

static void follow(Node *node, bool flush)
{
    int64_t now_us = node->world->now_us;
    if (flush && follower_is_admitted(node->follower))
        follower_flush(node->follower, now_us);
    if (!node->handed && follower_deadline(node->follower) <= now_us) {
        follower_tick(node->follower, now_us);
        serving_busy(node);
    }
    if (node->hub && node->probe_us <= now_us)
        node->handed = true;
}

void relay_serve(Node *node)
{
    int64_t now_us = node->world->now_us;
    bool flush = node->hub_flush_us <= now_us;
    node->stale = true;
    node->dirty_seen = false;
    if (node->handed) {
        stop_following(node);
        return;
    }
    if (flush)
        node->hub_flush_us = INT64_MAX;
    if (node->hub)
        serve_hub(node, flush);
    if (node->follower) {
        follow(node, flush);
        return;
    }
    Node *to = better(node);
    if (node->dial || !to || node->probe_us > now_us)
        return;
    node->probe_us = now_us + PROBE_EVERY_US;
    node->dial = network_dial(node, to, to->index + 1);
}
