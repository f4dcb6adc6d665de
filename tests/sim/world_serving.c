/* Hubs of apps and relay programs, as relay/carrier.h carries them. */
#include "tests/sim/world_internal.h"

#define ROUND_MOST_US 2000

static bool out_send(void *link, GBytes *frame, void *user)
{
    return network_send(link, TO_DIALLER, frame);
}

static size_t out_queued(void *link, void *user)
{
    return ((Connection *)link)->queued;
}

static void out_close(void *link, void *user)
{
    network_close_listener(link);
}

static int64_t out_wall(void *user)
{
    return node_wall_ms(user);
}

static void out_exporter(void *link, uint8_t *out, void *user)
{
    lock_export(link, out);
}

static const char *out_address(void *link, void *user)
{
    return ((Connection *)link)->from->address[0];
}

static void out_random(void *bytes, size_t length, void *user)
{
    const Node *node = user;
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)world_between(node->world, 0, 255);
}

static void out_report(const char *event, const char *detail, void *user)
{
    const Node *node = user;
    world_trace(node->world, "%u's hub: %s %s", node->index, event, detail);
}

void serving_begin(Node *node, int64_t room_time_ms)
{
    HubOutput output = {.send = out_send,
                        .queued = out_queued,
                        .close = out_close,
                        .wall_ms = out_wall,
                        .exporter = out_exporter,
                        .address = out_address,
                        .random = out_random};
    if (node->world->tracing)
        output.report = out_report;
    HubConfig config = {.place_name = "Simulated",
                        .self = identity_key(node->identity),
                        .relay_program = node->relay,
                        .software = "sim",
                        .room_time_ms = room_time_ms};
    world_trace(node->world, "%u serves", node->index);
    g_assert_null(node->hub);
    node->hub = hub_new(&config, node->log, &output, node, node->world->now_us);
    lock_hub(node);
    node->stale = true;
    mdns_look(node->world);
}

/* Connections that were not closed by a word end without one. */
static void end(Node *node)
{
    World *world = node->world;
    for (guint i = world->connections->len; i-- > 0;) {
        Connection *connection = g_ptr_array_index(world->connections, i);
        if (connection->to == node && connection->hub_link)
            network_close_listener(connection);
    }
    g_clear_pointer(&node->hub, hub_free);
    node->hub_flush_us = INT64_MAX;
    node->stale = true;
}

void serving_end(Node *node, const HubSuccessor *successor)
{
    world_trace(node->world, "%u serves no more", node->index);
    hub_shut_down(node->hub, successor, node->world->now_us);
    end(node);
    mdns_look(node->world);
}

void serving_crash(Node *node)
{
    if (node->hub)
        end(node);
}

void serving_busy(Node *node)
{
    if (node->hub_flush_us == INT64_MAX)
        node->hub_flush_us = node->world->now_us + world_between(node->world, 0, ROUND_MOST_US);
    node->stale = true;
}
