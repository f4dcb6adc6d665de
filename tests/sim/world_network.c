/* Connections. What is cut off by a partition stays cut off: when it heals, both ends have long
 * given up, or are about to. */
#include "relay/dialer.h"
#include "tests/sim/world_internal.h"

#define DELAY_LEAST_US 50
#define DELAY_MOST_US 8000
#define DELAY_SLOW_US 200000 /* seldom */
#define LOOPBACK_MOST_US 100

typedef enum {
    ARRIVE_OPEN, /* at the listener: a handshake; at the dialler: it is done */
    ARRIVE_FRAME,
    ARRIVE_END,
    ARRIVE_TIMEOUT, /* of a dial */
} ArrivalType;

typedef struct {
    int64_t at_us;
    uint64_t order; /* among those of one time: as sent */
    ArrivalType type;
    Way way;
    Connection *connection;
    GBytes *frame;
    bool put_off; /* until the reader wakes */
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

static void post_at(Connection *connection, ArrivalType type, Way way, GBytes *frame, int64_t at_us)
{
    World *world = connection->world;
    Arrival *arrival = g_new0(Arrival, 1);
    arrival->at_us = at_us;
    arrival->order = ++world->order;
    arrival->type = type;
    arrival->way = way;
    arrival->connection = connection;
    arrival->frame = frame ? g_bytes_ref(frame) : NULL;
    connection->arrivals++;
    g_sequence_insert_sorted(world->arrivals, arrival, earlier, NULL);
}

static void post(Connection *connection, ArrivalType type, Way way, GBytes *frame)
{
    World *world = connection->world;
    if (connection->pulled || (way == TO_LISTENER && !connection->to))
        return;
    int most = connection->from == connection->to ? LOOPBACK_MOST_US
               : world_chance(world, 2)           ? DELAY_SLOW_US
                                                  : DELAY_MOST_US;
    int64_t at_us = world->now_us + world_between(world, DELAY_LEAST_US, most);
    at_us = MAX(at_us, connection->last_us[way]);
    connection->last_us[way] = at_us;
    post_at(connection, type, way, frame, at_us);
}

bool network_reaches(const Node *from, const Node *to)
{
    return from == to || (from->group == to->group && from->network_up && to->network_up);
}

Connection *network_dial(Node *from, Node *to, uint64_t candidate)
{
    World *world = from->world;
    Connection *connection = g_new0(Connection, 1);
    connection->world = world;
    connection->number = ++world->order;
    connection->from = from;
    connection->to = to;
    connection->candidate = candidate;
    connection->dialler_end = true;
    g_ptr_array_add(world->connections, connection);
    if (!to) {
        post(connection, ARRIVE_END, TO_DIALLER, NULL);
        return connection;
    }
    if (!network_reaches(from, to)) {
        if (world_chance(world, 30)) /* no route */
            post(connection, ARRIVE_END, TO_DIALLER, NULL);
        connection->pulled = true;
    }
    post(connection, ARRIVE_OPEN, TO_LISTENER, NULL);
    post_at(connection, ARRIVE_TIMEOUT, TO_DIALLER, NULL, world->now_us + DIALER_TIMEOUT_US);
    return connection;
}

bool network_send(Connection *connection, Way way, GBytes *frame)
{
    if (way == TO_DIALLER) {
        if (connection->queued + g_bytes_get_size(frame) > QUEUE_MAX)
            return false;
        if (!connection->pulled)
            connection->queued += g_bytes_get_size(frame);
    }
    post(connection, ARRIVE_FRAME, way, frame);
    return true;
}

static void release(Connection *connection)
{
    if (connection->dialler_end || connection->hub_link || connection->arrivals > 0)
        return;
    g_ptr_array_remove_fast(connection->world->connections, connection);
}

void network_close_dialler(Connection *connection)
{
    Node *node = connection->from;
    connection->dialler_end = false;
    if (node->link == connection)
        node->link = NULL;
    if (node->dial == connection)
        node->dial = NULL;
    if (node->fresh == connection)
        node->fresh = NULL;
    post(connection, ARRIVE_END, TO_LISTENER, NULL);
    release(connection);
}

void network_close_listener(Connection *connection)
{
    connection->hub_link = NULL;
    post(connection, ARRIVE_END, TO_DIALLER, NULL);
    release(connection);
}

void network_drop(Node *node, bool silently)
{
    GPtrArray *connections = node->world->connections;
    for (guint i = connections->len; i-- > 0;) {
        Connection *connection = g_ptr_array_index(connections, i);
        if (connection->from != node && connection->to != node)
            continue;
        connection->pulled |= silently;
        connection->arrivals++; /* keeps it until both ends are closed */
        if (connection->from == node && connection->dialler_end)
            network_close_dialler(connection);
        if (connection->to == node && connection->hub_link)
            network_close_listener(connection);
        connection->arrivals--;
        release(connection);
    }
}

static void lose(Connection *connection, bool silently)
{
    if (!silently) {
        post(connection, ARRIVE_END, TO_DIALLER, NULL);
        post(connection, ARRIVE_END, TO_LISTENER, NULL);
    }
    connection->pulled = true;
}

void network_cut(World *world)
{
    for (guint i = 0; i < world->connections->len; i++) {
        Connection *connection = g_ptr_array_index(world->connections, i);
        if (connection->to && !connection->pulled &&
            !network_reaches(connection->from, connection->to))
            lose(connection, world_chance(world, 80));
    }
}

void network_trouble(Node *node, bool silently)
{
    World *world = node->world;
    guint first = (guint)world_between(world, 0, (int)MAX(world->connections->len, 1) - 1);
    for (guint i = 0; i < world->connections->len; i++) {
        Connection *connection =
            g_ptr_array_index(world->connections, (first + i) % world->connections->len);
        if (connection->pulled || connection->from == connection->to ||
            (connection->from != node && connection->to != node))
            continue;
        lose(connection, silently);
        return;
    }
}

int64_t network_next_us(World *world)
{
    GSequenceIter *first = g_sequence_get_begin_iter(world->arrivals);
    return g_sequence_iter_is_end(first) ? INT64_MAX : ((Arrival *)g_sequence_get(first))->at_us;
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

static GBytes *frame_of(World *world, const Arrival *arrival)
{
    bool altered = world->hostile && world_chance(world, 20);
    return altered ? alter(world, arrival->frame) : g_bytes_ref(arrival->frame);
}

static void arrive_at_listener(World *world, const Arrival *arrival)
{
    Connection *connection = arrival->connection;
    Node *node = connection->to;
    if (arrival->type == ARRIVE_OPEN) {
        /* Who does not serve turns away. */
        if (node->hub && connection->dialler_end)
            connection->hub_link = hub_link_opened(
                node->hub, connection, identity_key(connection->from->identity), world->now_us);
        post(connection, connection->hub_link ? ARRIVE_OPEN : ARRIVE_END, TO_DIALLER, NULL);
    } else if (connection->hub_link && arrival->type == ARRIVE_FRAME) {
        g_autoptr(GBytes) frame = frame_of(world, arrival);
        gsize length;
        const uint8_t *bytes = g_bytes_get_data(frame, &length);
        hub_frame(node->hub, connection->hub_link, bytes + FRAME_HEADER_SIZE,
                  length - FRAME_HEADER_SIZE, world->now_us);
    } else if (connection->hub_link) {
        HubLink *link = g_steal_pointer(&connection->hub_link);
        hub_link_closed(node->hub, link, world->now_us);
    }
    if (node->hub)
        serving_busy(node);
}

static void arrive_at_dialler(World *world, const Arrival *arrival)
{
    Connection *connection = arrival->connection;
    Node *node = connection->from;
    if (!connection->dialler_end || (arrival->type == ARRIVE_TIMEOUT && connection->opened))
        return;
    if (arrival->type == ARRIVE_OPEN) {
        connection->opened = true;
        (node->relay ? relay_dialled : node_dialled)(node, connection);
    } else if (arrival->type == ARRIVE_FRAME) {
        g_autoptr(GBytes) frame = frame_of(world, arrival);
        gsize length;
        const uint8_t *bytes = g_bytes_get_data(frame, &length);
        (node->relay ? relay_frame : node_frame)(node, bytes + FRAME_HEADER_SIZE,
                                                 length - FRAME_HEADER_SIZE);
    } else {
        bool dialling = node->dial == connection, linked = node->link == connection;
        network_close_dialler(connection);
        if (dialling || linked)
            (node->relay ? relay_link_ended : node_link_ended)(node, connection);
    }
}

static const Node *reader_of(const Arrival *arrival)
{
    return arrival->way == TO_LISTENER ? arrival->connection->to : arrival->connection->from;
}

/* The kernel kept in order what came meanwhile; nothing that comes now may overtake it. */
void network_wake(const Node *node)
{
    World *world = node->world;
    for (GSequenceIter *iter = g_sequence_get_begin_iter(world->arrivals);
         !g_sequence_iter_is_end(iter); iter = g_sequence_iter_next(iter)) {
        Arrival *arrival = g_sequence_get(iter);
        if (arrival->put_off && reader_of(arrival) == node)
            arrival->at_us = MIN(arrival->at_us, world->now_us);
    }
    g_sequence_sort(world->arrivals, earlier, NULL);
}

void network_arrive(World *world)
{
    GSequenceIter *first = g_sequence_get_begin_iter(world->arrivals);
    g_autoptr(Arrival) arrival = g_sequence_get(first);
    g_sequence_remove(first);
    Connection *connection = arrival->connection;
    const Node *reader = reader_of(arrival);
    if (reader->wakes_us > world->now_us) {
        arrival->at_us = reader->wakes_us;
        arrival->put_off = true;
        g_sequence_insert_sorted(world->arrivals, g_steal_pointer(&arrival), earlier, NULL);
        return;
    }
    if (arrival->type != ARRIVE_TIMEOUT) { /* else the world is wrong, not the program */
        g_assert_cmpuint(arrival->order, >, connection->read[arrival->way]);
        connection->read[arrival->way] = arrival->order;
    }
    if (arrival->way == TO_LISTENER) {
        arrive_at_listener(world, arrival);
    } else {
        if (arrival->frame)
            connection->queued -= g_bytes_get_size(arrival->frame);
        arrive_at_dialler(world, arrival);
    }
    connection->arrivals--;
    release(connection);
}

void network_clear(World *world)
{
    while (!g_sequence_iter_is_end(g_sequence_get_begin_iter(world->arrivals))) {
        GSequenceIter *first = g_sequence_get_begin_iter(world->arrivals);
        arrival_free(g_sequence_get(first));
        g_sequence_remove(first);
    }
}
