/* Apps: a session each, and what app/member.h and app/host.h do around it. */
#include "tests/sim/world_internal.h"

#include <glib/gstdio.h>
#include <string.h>

#define ROUND_MOST_US 2000
#define SETTLES_LEAST_US 100000
#define SETTLES_MOST_US 1200000

int64_t node_wall_ms(const Node *node)
{
    return INT64_C(1700000000000) + node->world->now_us / 1000 + node->clock_off_ms;
}

void node_busy(Node *node)
{
    if (node->flush_us == INT64_MAX)
        node->flush_us = node->world->now_us + world_between(node->world, 0, ROUND_MOST_US);
    node->stale = true;
}

/* --- dialling --- */

static Node *node_at(World *world, const char *address)
{
    for (unsigned i = 0; i < world->node_count; i++)
        if (strcmp(world->nodes[i].address[0], address) == 0)
            return &world->nodes[i];
    return NULL;
}

/* The first address that leads anywhere wins. */
static Node *node_of(Node *node, uint64_t candidate)
{
    World *world = node->world;
    if (candidate == SESSION_SELF)
        return node;
    if ((candidate & SESSION_NODE) == 0)
        return candidate >= 1 && candidate <= world->node_count ? &world->nodes[candidate - 1]
                                                                : NULL;
    char *const *addresses = session_addresses(node->session, candidate);
    for (; addresses && *addresses; addresses++) {
        Node *found = node_at(world, *addresses);
        if (found)
            return found;
    }
    return NULL;
}

static void out_dial(uint64_t candidate, void *user)
{
    Node *node = user;
    Node *to = node_of(node, candidate);
    if (node->dial)
        network_close_dialler(node->dial);
    world_trace(node->world, "%u dials %s%d", node->index,
                candidate == SESSION_SELF        ? "itself, "
                : (candidate & SESSION_NODE) > 0 ? "the node "
                                                 : "",
                to ? (int)to->index : -1);
    node->dial = network_dial(node, to, candidate);
    node->stale = true;
}

/* Of two links, the one just dialled stays. */
static void out_hang_up(void *user)
{
    Node *node = user;
    Connection *fresh = g_steal_pointer(&node->fresh);
    if (node->link)
        network_close_dialler(node->link);
    if (node->dial)
        network_close_dialler(node->dial);
    node->link = fresh;
    node->stale = true;
}

static void remember(Node *node)
{
    if (node->link && node->link->to && node->link->to != node)
        node->remembered |= 1u << node->link->to->index;
}

void node_dialled(Node *node, Connection *connection)
{
    World *world = node->world;
    const uint8_t *key = identity_key(connection->to->identity);
    if (node->dial == connection)
        node->dial = NULL;
    if (connection->to == node && connection->candidate != SESSION_SELF) {
        network_close_dialler(connection);
        session_dial_failed(node->session, connection->candidate, "it is this one", world->now_us);
        node_busy(node);
        return;
    }
    if (node->link)
        node->fresh = connection;
    else
        node->link = connection;
    session_dialled(node->session, connection->candidate, key, world->now_us);
    if (node->fresh)
        network_close_dialler(node->fresh);
    node_busy(node);
}

void node_frame(Node *node, const uint8_t *message, size_t length)
{
    session_frame(node->session, message, length, node->world->now_us);
    node_busy(node);
}

void node_link_ended(Node *node, Connection *connection)
{
    int64_t now_us = node->world->now_us;
    if (connection->opened)
        session_link_closed(node->session, "the connection was lost", now_us);
    else
        session_dial_failed(node->session, connection->candidate, "nobody answers", now_us);
    node_busy(node);
}

/* --- what the session wants --- */

static bool out_serve(void *user)
{
    Node *node = user;
    World *world = node->world;
    node->log = session_log(node->session);
    serving_begin(node, session_room_time_ms(node->session, world->now_us));
    return true;
}

static void out_retire(const uint8_t *key, char *const *addresses, void *user)
{
    HubSuccessor successor = {.key = key, .addresses = (const char *const *)addresses};
    Node *node = user;
    if (key && !addresses && node->fresh)
        successor.addresses = (const char *const *)node->fresh->to->address;
    if (node->hub)
        serving_end(node, key ? &successor : NULL);
}

static bool out_send(GBytes *frame, void *user)
{
    Node *node = user;
    return node->link && network_send(node->link, TO_LISTENER, frame);
}

static Log *out_open_log(const uint8_t *wanted, GError **error, void *user)
{
    Node *node = user;
    g_autofree char *directory = g_build_filename(node->directory, "place", NULL);
    g_mkdir_with_parents(directory, 0700);
    node->log = log_open(directory, wanted, error);
    if (node->log)
        moderation_know_keeper(node, node->log);
    return node->log;
}

static int64_t out_wall(void *user)
{
    return node_wall_ms(user);
}

static void out_random(void *bytes, size_t length, void *user)
{
    const Node *node = user;
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)world_between(node->world, 0, 255);
}

static void out_exporter(uint8_t *out, void *user)
{
    const Node *node = user;
    memset(out, 0, EXPORTER_SIZE);
    if (node->link)
        lock_export(node->link, out);
}

static void note_told(Node *node, const SessionMessage *message)
{
    if (memcmp(message->author, identity_key(node->identity), KEY_SIZE) == 0)
        return;
    if (!g_hash_table_add(node->told, g_base64_encode(message->token, TOKEN_SIZE)))
        node->told_twice = true;
}

static void trace_event(const Node *node, const SessionEvent *event)
{
    const World *world = node->world;
    if (!world->tracing || !node->session)
        return;
    if (event->type == SESSION_EVENT_STATE)
        world_trace(world, "%u is %s (%s)", node->index,
                    session_state_name(session_state(node->session)), event->text);
    else if (event->type == SESSION_EVENT_NOTICE)
        world_trace(world, "%u notices %s: %s", node->index, event->code, event->text);
    else if (event->type == SESSION_EVENT_MOVED)
        world_trace(world, "%u says: %s", node->index, event->text);
}

static void out_event(const SessionEvent *event, void *user)
{
    Node *node = user;
    World *world = node->world;
    trace_event(node, event);
    if (event->type == SESSION_EVENT_JOINED)
        remember(node);
    node->asked |= event->type == SESSION_EVENT_PASSPHRASE;
    if (event->type == SESSION_EVENT_MESSAGE)
        note_told(node, event->message);
    if (event->type != SESSION_EVENT_DELIVERY)
        return;
    Said *said = world_find_said(world, event->message->token);
    if (!said || said->author != node->index)
        return;
    world_trace(world, "%u is told of %u: %s", node->index,
                (unsigned)(said - (Said *)(void *)world->said->data),
                event->message->delivery == DELIVERY_STATE_SENT ? "sent" : "not sent");
    said->told_sent |= event->message->delivery == DELIVERY_STATE_SENT;
    said->told_refused |= event->message->delivery == DELIVERY_STATE_REFUSED;
}

/* --- life --- */

void node_tell_network(Node *node)
{
    SessionNetwork network = {.up = node->network_up, .known = true};
    memset(network.id, 7, sizeof network.id);
    memcpy(network.place, world_place(), PLACE_SIZE);
    session_network(node->session, &network, node->world->now_us);
    node_busy(node);
}

void node_start(Node *node)
{
    static const SessionOutput able = {.dial = out_dial,
                                       .hang_up = out_hang_up,
                                       .serve = out_serve,
                                       .retire = out_retire,
                                       .send = out_send,
                                       .open_log = out_open_log,
                                       .event = out_event,
                                       .wall_ms = out_wall,
                                       .random = out_random,
                                       .exporter = out_exporter};
    SessionOutput output = able;
    if (!node->able)
        output.serve = NULL;
    World *world = node->world;
    world_trace(world, "%u starts", node->index);
    g_autoptr(GError) error = NULL;
    g_autofree char *keys = g_build_filename(node->directory, "sealing.keys", NULL);
    node->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    node->store = store_open(node->directory, &error);
    g_assert_no_error(error);
    node->keyring = keyring_open(keys, node_wall_ms(node), &error);
    g_assert_no_error(error);
    node->session = session_new(node->identity, node->keyring, node->store, &output, node,
                                world->now_us, &error);
    g_assert_no_error(error);
    node->running = node->started = true;
    node->listening = false;
    node->settle_us = world->now_us + world_between(world, SETTLES_LEAST_US, SETTLES_MOST_US);
    if (node->able)
        session_set_addresses(node->session, node->address, world->now_us);
    node_tell_network(node);
    mdns_forget(node);
    mdns_tell(node);
}

static void stop(Node *node, bool silently)
{
    if (silently)
        network_drop(node, true);
    serving_crash(node);
    network_drop(node, silently);
    g_clear_pointer(&node->session, session_free);
    g_clear_pointer(&node->keyring, keyring_free);
    g_clear_pointer(&node->store, store_close);
    g_clear_pointer(&node->told, g_hash_table_unref);
    node->log = NULL;
    node->running = node->quits = node->handed = false;
    node->flush_us = node->settle_us = INT64_MAX;
    node->stale = true;
    mdns_look(node->world);
}

/* Nothing that is not committed survives. */
void node_crash(Node *node, bool silently)
{
    world_trace(node->world, "%u crashes%s", node->index, silently ? " silently" : "");
    stop(node, silently);
}

static void handed_over(void *user)
{
    Node *node = user;
    node->handed = true;
    node->stale = true;
}

static void finish_quitting(Node *node)
{
    int64_t now_us = node->world->now_us;
    if (node->hub)
        serving_end(node, NULL);
    session_flush(node->session, now_us);
    session_leave(node->session, now_us);
    world_trace(node->world, "%u is gone", node->index);
    stop(node, false);
}

void node_quit(Node *node)
{
    world_trace(node->world, "%u quits", node->index);
    node->quits = true;
    if (!node->hub) {
        finish_quitting(node);
        return;
    }
    hub_hand_over(node->hub, handed_over, node, node->world->now_us);
    serving_busy(node);
}

/* --- its main context --- */

int64_t node_due_us(Node *node)
{
    if (!node->running)
        return INT64_MAX;
    int64_t due_us = MIN(node->settle_us, MIN(node->flush_us, session_deadline(node->session)));
    if (node->hub)
        due_us = MIN(due_us, MIN(node->hub_flush_us, hub_deadline(node->hub)));
    return node->handed || node->dirty_seen ? node->world->now_us : due_us;
}

static void serve_hub(Node *node, int64_t now_us)
{
    if (node->hub_flush_us <= now_us) {
        node->hub_flush_us = INT64_MAX;
        hub_flush(node->hub, now_us);
    }
    if (hub_deadline(node->hub) <= now_us)
        hub_tick(node->hub, now_us);
}

void node_serve(Node *node)
{
    int64_t now_us = node->world->now_us;
    node->stale = true;
    if (node->handed) {
        finish_quitting(node);
        return;
    }
    if (node->settle_us <= now_us) {
        node->settle_us = INT64_MAX;
        node->listening = true;
        node->dirty_seen = true;
    }
    if (node->dirty_seen)
        mdns_tell(node);
    if (node->flush_us <= now_us) {
        node->flush_us = INT64_MAX;
        if (node->asked)
            lock_type(node);
        session_flush(node->session, now_us);
    }
    if (session_deadline(node->session) <= now_us) {
        session_tick(node->session, now_us);
        node_busy(node);
    }
    if (node->hub)
        serve_hub(node, now_us);
}
