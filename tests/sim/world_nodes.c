#include "tests/sim/world_internal.h"

#include <glib/gstdio.h>
#include <string.h>

#define ROUND_MOST_US 2000

static const uint8_t place[PLACE_SIZE] = "simulated place";

static int64_t wall_ms(const World *world, int64_t off_ms)
{
    return INT64_C(1700000000000) + world->now_us / 1000 + off_ms;
}

/* Of directories with one level below. */
static void remove_files(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name = NULL;
    while (directory && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR))
            remove_files(child);
        else
            g_unlink(child);
    }
}

static void copy_files(const char *from, const char *to)
{
    g_autoptr(GDir) directory = g_dir_open(from, 0, NULL);
    const char *name = NULL;
    g_mkdir_with_parents(to, 0700);
    while (directory && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL);
        if (g_file_test(source, G_FILE_TEST_IS_DIR)) {
            copy_files(source, target);
            continue;
        }
        g_autofree char *bytes = NULL;
        size_t length = 0;
        g_assert_true(g_file_get_contents(source, &bytes, &length, NULL));
        g_assert_true(g_file_set_contents_full(target, bytes, (gssize)length,
                                               G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    }
}

/* --- the relay --- */

static bool hub_out_send(void *link, GBytes *frame, void *user)
{
    return network_send(link, TO_MEMBER, frame);
}

static size_t hub_out_queued(void *link, void *user)
{
    return ((Connection *)link)->queued;
}

static void hub_out_close(void *link, void *user)
{
    network_close_relay(link);
}

static int64_t hub_out_wall(void *user)
{
    const World *world = user;
    return wall_ms(world, world->relay_clock_off_ms);
}

void relay_start(World *world)
{
    world_trace(world, "the relay starts");
    static const HubOutput output = {.send = hub_out_send,
                                     .queued = hub_out_queued,
                                     .close = hub_out_close,
                                     .wall_ms = hub_out_wall};
    g_autoptr(GError) error = NULL;
    world->relay_log = log_open(world->relay_directory, place, &error);
    g_assert_no_error(error);
    HubConfig config = {.place_name = "Simulated",
                        .self = identity_key(world->relay_identity),
                        .relay_program = true,
                        .software = "sim"};
    world->hub = hub_new(&config, world->relay_log, &output, world, world->now_us);
    world->relay_flush_us = INT64_MAX;
}

static void drop_connections(World *world)
{
    for (guint i = 0; i < world->connections->len; i++) {
        Connection *connection = g_ptr_array_index(world->connections, i);
        if (connection->hub_link)
            network_close_relay(connection);
    }
}

/* Nothing that is not committed survives. */
void relay_crash(World *world)
{
    world_trace(world, "the relay is gone");
    drop_connections(world);
    g_clear_pointer(&world->hub, hub_free);
    g_clear_pointer(&world->relay_log, log_close);
    world->relay_flush_us = INT64_MAX;
}

void relay_stop(World *world)
{
    hub_shut_down(world->hub, NULL, world->now_us);
    relay_crash(world);
}

void relay_forget(World *world)
{
    world_trace(world, "the relay's disk dies");
    relay_crash(world);
    remove_files(world->relay_directory);
}

void relay_busy(World *world)
{
    if (world->relay_flush_us == INT64_MAX)
        world->relay_flush_us = world->now_us + world_between(world, 0, ROUND_MOST_US);
}

/* --- members --- */

static void out_dial(uint64_t candidate, void *user)
{
    Node *node = user;
    if (node->connection)
        network_close_member(node->connection);
    network_dial(node);
}

static void out_hang_up(void *user)
{
    Node *node = user;
    if (node->connection)
        network_close_member(node->connection);
}

static bool out_send(GBytes *frame, void *user)
{
    Node *node = user;
    return node->connection && network_send(node->connection, TO_RELAY, frame);
}

static Log *out_open_log(const uint8_t *wanted, GError **error, void *user)
{
    Node *node = user;
    g_autofree char *directory = g_build_filename(node->directory, "place", NULL);
    g_mkdir_with_parents(directory, 0700);
    node->log = log_open(directory, wanted, error);
    return node->log;
}

static int64_t out_wall(void *user)
{
    const Node *node = user;
    return wall_ms(node->world, node->clock_off_ms);
}

static void out_random(void *bytes, size_t length, void *user)
{
    const Node *node = user;
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)world_between(node->world, 0, 255);
}

static Said *find_said(World *world, const uint8_t *token)
{
    for (guint i = 0; i < world->said->len; i++) {
        Said *said = &g_array_index(world->said, Said, i);
        if (memcmp(said->token, token, TOKEN_SIZE) == 0)
            return said;
    }
    return NULL;
}

static void note_told(Node *node, const SessionMessage *message)
{
    if (memcmp(message->author, identity_key(node->identity), KEY_SIZE) == 0)
        return;
    char *token = g_base64_encode(message->token, TOKEN_SIZE);
    if (!g_hash_table_add(node->told, token))
        node->told_twice = true;
}

static void trace_event(const Node *node, const SessionEvent *event)
{
    if (event->type == SESSION_EVENT_STATE && node->session)
        world_trace(node->world, "%u is %s (%s)", node->index,
                    session_state_name(session_state(node->session)), event->text);
    else if (event->type == SESSION_EVENT_NOTICE)
        world_trace(node->world, "%u notices %s: %s", node->index, event->code, event->text);
}

static void out_event(const SessionEvent *event, void *user)
{
    Node *node = user;
    trace_event(node, event);
    if (event->type == SESSION_EVENT_MESSAGE)
        note_told(node, event->message);
    if (event->type != SESSION_EVENT_DELIVERY)
        return;
    Said *said = find_said(node->world, event->message->token);
    if (!said)
        return;
    world_trace(node->world, "%u is told of %u: %s", node->index,
                (unsigned)(said - (Said *)node->world->said->data),
                event->message->delivery == DELIVERY_STATE_SENT ? "sent" : "not sent");
    said->told_sent |= event->message->delivery == DELIVERY_STATE_SENT;
    said->told_refused |= event->message->delivery == DELIVERY_STATE_REFUSED;
}

void node_start(Node *node)
{
    static const SessionOutput output = {.dial = out_dial,
                                         .hang_up = out_hang_up,
                                         .send = out_send,
                                         .open_log = out_open_log,
                                         .event = out_event,
                                         .wall_ms = out_wall,
                                         .random = out_random};
    World *world = node->world;
    g_autoptr(GError) error = NULL;
    g_autofree char *keys = g_build_filename(node->directory, "sealing.keys", NULL);
    node->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    node->store = store_open(node->directory, &error);
    g_assert_no_error(error);
    node->keyring = keyring_open(keys, out_wall(node), &error);
    g_assert_no_error(error);
    node->session = session_new(node->identity, node->keyring, node->store, &output, node,
                                world->now_us, &error);
    g_assert_no_error(error);
    SessionCandidate relay = {.id = 1, .relay = true, .has_place = true, .has_key = true};
    memcpy(relay.place, place, PLACE_SIZE);
    memcpy(relay.key_prefix, identity_key(world->relay_identity), sizeof relay.key_prefix);
    session_candidates(node->session, &relay, 1, true, world->now_us);
    node_busy(node);
}

static void stop(Node *node)
{
    world_trace(node->world, "%u stops", node->index);
    if (node->connection)
        network_close_member(node->connection);
    g_clear_pointer(&node->session, session_free);
    g_clear_pointer(&node->keyring, keyring_free);
    g_clear_pointer(&node->store, store_close);
    g_clear_pointer(&node->told, g_hash_table_unref);
    node->log = NULL;
    node->flush_us = INT64_MAX;
}

void node_crash(Node *node)
{
    stop(node);
}

void node_quit(Node *node)
{
    session_flush(node->session, node->world->now_us);
    session_leave(node->session, node->world->now_us);
    stop(node);
}

void node_busy(Node *node)
{
    if (node->flush_us == INT64_MAX)
        node->flush_us = node->world->now_us + world_between(node->world, 0, ROUND_MOST_US);
}

static char *copy_of(const Node *node)
{
    return g_strdup_printf("%s/copy-%u", node->world->directory, node->index);
}

void node_copy(Node *node)
{
    world_trace(node->world, "%u is copied", node->index);
    g_autofree char *copy = copy_of(node);
    remove_files(copy);
    copy_files(node->directory, copy);
    node->copied = true;
}

void node_put_back(Node *node)
{
    World *world = node->world;
    world_trace(world, "%u is put back", node->index);
    g_autofree char *copy = copy_of(node);
    remove_files(node->directory);
    copy_files(copy, node->directory);
    node->put_back = true;
    for (guint i = 0; i < world->said->len; i++) {
        Said *said = &g_array_index(world->said, Said, i);
        said->unsaid |= said->author == node->index && !said->told_sent;
    }
}
