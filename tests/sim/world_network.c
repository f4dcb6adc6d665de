#include "tests/sim/world_internal.h"

#define DELAY_LEAST_US 50
#define DELAY_MOST_US 20000

typedef enum {
    ARRIVE_OPEN, /* to the relay: a handshake; to the member: it is done */
    ARRIVE_FRAME,
    ARRIVE_END,
} ArrivalType;

typedef struct {
    int64_t at_us;
    uint64_t order; /* among those of one time: as sent */
    ArrivalType type;
    Way way;
    Connection *connection;
    GBytes *frame;
} Arrival;

static void arrival_free(Arrival *arrival)
{
    g_clear_pointer(&arrival->frame, g_bytes_unref);
    g_free(arrival);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Arrival, arrival_free)

static gint earlier(gconstpointer a, gconstpointer b, gpointer user)
{
    const Arrival *left = a, *right = b;
    if (left->at_us != right->at_us)
        return left->at_us < right->at_us ? -1 : 1;
    return left->order < right->order ? -1 : left->order > right->order;
}

static void post(Connection *connection, ArrivalType type, Way way, GBytes *frame)
{
    World *world = connection->world;
    if (connection->pulled)
        return;
    Arrival *arrival = g_new0(Arrival, 1);
    int64_t delay = world_between(world, DELAY_LEAST_US, DELAY_MOST_US);
    arrival->at_us = MAX(world->now_us + delay, connection->last_us[way]);
    connection->last_us[way] = arrival->at_us;
    arrival->order = ++world->order;
    arrival->type = type;
    arrival->way = way;
    arrival->connection = connection;
    arrival->frame = frame ? g_bytes_ref(frame) : NULL;
    g_sequence_insert_sorted(world->arrivals, arrival, earlier, NULL);
}

void network_dial(Node *node)
{
    Connection *connection = g_new0(Connection, 1);
    connection->world = node->world;
    connection->member = node->index;
    connection->member_end = true;
    g_ptr_array_add(node->world->connections, connection);
    node->connection = connection;
    post(connection, ARRIVE_OPEN, TO_RELAY, NULL);
}

bool network_send(Connection *connection, Way way, GBytes *frame)
{
    if (way == TO_MEMBER) {
        if (connection->queued + g_bytes_get_size(frame) > QUEUE_MAX)
            return false;
        connection->queued += g_bytes_get_size(frame);
    }
    post(connection, ARRIVE_FRAME, way, frame);
    return true;
}

void network_close_member(Connection *connection)
{
    connection->member_end = false;
    connection->world->nodes[connection->member].connection = NULL;
    post(connection, ARRIVE_END, TO_RELAY, NULL);
}

void network_close_relay(Connection *connection)
{
    connection->hub_link = NULL;
    post(connection, ARRIVE_END, TO_MEMBER, NULL);
}

void network_reset(Connection *connection)
{
    post(connection, ARRIVE_END, TO_MEMBER, NULL);
    post(connection, ARRIVE_END, TO_RELAY, NULL);
    connection->pulled = true;
}

int64_t network_next_us(World *world)
{
    GSequenceIter *first = g_sequence_get_begin_iter(world->arrivals);
    return g_sequence_iter_is_end(first) ? INT64_MAX : ((Arrival *)g_sequence_get(first))->at_us;
}

static void arrive_at_relay(World *world, const Arrival *arrival)
{
    Connection *connection = arrival->connection;
    Node *node = &world->nodes[connection->member];
    if (arrival->type == ARRIVE_OPEN && world->hub && connection->member_end) {
        connection->hub_link =
            hub_link_opened(world->hub, connection, identity_key(node->identity), world->now_us);
        post(connection, ARRIVE_OPEN, TO_MEMBER, NULL);
    } else if (arrival->type == ARRIVE_OPEN) {
        post(connection, ARRIVE_END, TO_MEMBER, NULL);
    } else if (arrival->type == ARRIVE_FRAME && connection->hub_link) {
        gsize length;
        const uint8_t *bytes = g_bytes_get_data(arrival->frame, &length);
        hub_frame(world->hub, connection->hub_link, bytes + FRAME_HEADER_SIZE,
                  length - FRAME_HEADER_SIZE, world->now_us);
    } else if (arrival->type == ARRIVE_END && connection->hub_link) {
        HubLink *link = g_steal_pointer(&connection->hub_link);
        hub_link_closed(world->hub, link, world->now_us);
    }
    if (world->hub)
        relay_busy(world);
}

/* A few bytes are others, or the end is missing. */
static GBytes *alter(World *world, GBytes *frame)
{
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(frame, &length);
    uint8_t *copy = g_memdup2(bytes, length);
    for (int changes = world_between(world, 1, 4); changes > 0; changes--)
        copy[world_between(world, FRAME_HEADER_SIZE, (int)length - 1)] =
            (uint8_t)world_between(world, 0, 255);
    if (world_chance(world, 10))
        length = (gsize)world_between(world, FRAME_HEADER_SIZE + 1, (int)length);
    return g_bytes_new_take(copy, length);
}

static void arrive_at_member(World *world, const Arrival *arrival, bool dialling)
{
    Connection *connection = arrival->connection;
    Node *node = &world->nodes[connection->member];
    if (!connection->member_end)
        return;
    if (arrival->type == ARRIVE_OPEN) {
        session_dialled(node->session, 1, identity_key(world->relay_identity), world->now_us);
    } else if (arrival->type == ARRIVE_FRAME) {
        gsize length;
        bool altered = world->hostile && world_chance(world, 20);
        g_autoptr(GBytes) frame =
            altered ? alter(world, arrival->frame) : g_bytes_ref(arrival->frame);
        const uint8_t *bytes = g_bytes_get_data(frame, &length);
        session_frame(node->session, bytes + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE,
                      world->now_us);
    } else {
        connection->member_end = false;
        node->connection = NULL;
        if (dialling)
            session_dial_failed(node->session, 1, "nobody answers", world->now_us);
        else
            session_link_closed(node->session, "the connection was lost", world->now_us);
    }
    node_busy(node);
}

void network_arrive(World *world)
{
    GSequenceIter *first = g_sequence_get_begin_iter(world->arrivals);
    g_autoptr(Arrival) arrival = g_sequence_get(first);
    g_sequence_remove(first);
    Connection *connection = arrival->connection;
    if (arrival->way == TO_RELAY) {
        arrive_at_relay(world, arrival);
        return;
    }
    if (arrival->frame)
        connection->queued -= g_bytes_get_size(arrival->frame);
    bool dialling = !connection->opened;
    if (arrival->type == ARRIVE_OPEN)
        connection->opened = true;
    arrive_at_member(world, arrival, dialling);
}

void network_clear(World *world)
{
    while (!g_sequence_iter_is_end(g_sequence_get_begin_iter(world->arrivals))) {
        GSequenceIter *first = g_sequence_get_begin_iter(world->arrivals);
        arrival_free(g_sequence_get(first));
        g_sequence_remove(first);
    }
}
