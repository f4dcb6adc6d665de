#include "tests/sim/world_internal.h"

#include <string.h>

typedef struct {
    int64_t time_ms;
    uint8_t hash[HASH_SIZE];
    uint8_t token[TOKEN_SIZE];
} Line;

static void fail(char **why, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void fail(char **why, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_free(*why);
    *why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

static gint by_order_shown(gconstpointer a, gconstpointer b)
{
    const Line *left = a, *right = b;
    if (left->time_ms != right->time_ms)
        return left->time_ms < right->time_ms ? -1 : 1;
    return memcmp(left->hash, right->hash, HASH_SIZE);
}

static unsigned count_of(const GArray *lines, const uint8_t *token)
{
    unsigned count = 0;
    for (guint i = 0; i < lines->len; i++)
        count += memcmp(g_array_index(lines, Line, i).token, token, TOKEN_SIZE) == 0;
    return count;
}

static GArray *relay_lines(World *world)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));
    uint64_t covered;
    g_autoptr(GArray) page =
        log_page(world->relay_log, NULL, 0, 0, G_MAXUINT, G_MAXSIZE, &covered, NULL);
    for (guint i = 0; page && i < page->len; i++) {
        const Event *event = g_array_index(page, LogEntry, i).event;
        bool said = event_kind(event) == EVENT_MESSAGE || event_kind(event) == EVENT_OFFER;
        if (!said || event_lane(event) != LANE_PUBLIC)
            continue;
        Line line = {.time_ms = event_time_ms(event)};
        memcpy(line.hash, event_hash(event), HASH_SIZE);
        memcpy(line.token, event_token(event), TOKEN_SIZE);
        g_array_append_val(lines, line);
    }
    g_array_sort(lines, by_order_shown);
    return lines;
}

static void collect(const SessionMessage *message, void *user)
{
    g_assert_true(message->offer != NULL || *message->text != '\0');
    Line line = {.time_ms = message->time_ms};
    if (message->hash)
        memcpy(line.hash, message->hash, HASH_SIZE);
    memcpy(line.token, message->token, TOKEN_SIZE);
    g_array_append_val((GArray *)user, line);
}

static GArray *node_lines(Node *node, int with)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));
    ConversationId conversation = {.direct = with >= 0};
    if (with >= 0)
        memcpy(conversation.id, identity_key(node->world->nodes[with].identity), KEY_SIZE);
    session_history(node->session, &conversation, NULL, 100000, collect, lines);
    return lines;
}

/* Every member shows the room as the relay holds it, in the same order. */
static bool check_room(World *world, Node *node, const GArray *expected, char **why)
{
    g_autoptr(GArray) lines = node_lines(node, -1);
    if (lines->len != expected->len) {
        fail(why, "member %u shows %u messages of the room's %u", node->index, lines->len,
             expected->len);
        return false;
    }
    for (guint i = 0; i < lines->len; i++) {
        if (memcmp(g_array_index(lines, Line, i).token, g_array_index(expected, Line, i).token,
                   TOKEN_SIZE) == 0)
            continue;
        fail(why, "member %u shows another message at %u", node->index, i);
        return false;
    }
    return true;
}

static bool holds_direct(const Node *node, const Said *said, unsigned count)
{
    if (count == 0 && (node->put_back || said->unsaid))
        return true;
    return count == (said->told_refused ? 0 : 1);
}

static bool check_direct(World *world, const Said *said, char **why)
{
    Node *author = &world->nodes[said->author], *reader = &world->nodes[said->to];
    g_autoptr(GArray) written = node_lines(author, said->to);
    g_autoptr(GArray) read = node_lines(reader, (int)said->author);
    unsigned kept = count_of(written, said->token), got = count_of(read, said->token);
    if (!holds_direct(author, said, kept) || !holds_direct(reader, said, got)) {
        fail(why, "a direct of %u to %d is there %u times for its author, %u for its reader",
             said->author, said->to, kept, got);
        return false;
    }
    for (int i = 0; i < (int)world->node_count; i++) {
        if (i == said->to || i == (int)said->author)
            continue;
        g_autoptr(GArray) others = node_lines(&world->nodes[i], (int)said->author);
        if (count_of(others, said->token) > 0) {
            fail(why, "member %d reads a direct of %u to %d", i, said->author, said->to);
            return false;
        }
    }
    return true;
}

static gint place_of(const GArray *lines, const uint8_t *token)
{
    for (guint i = 0; i < lines->len; i++)
        if (memcmp(g_array_index(lines, Line, i).token, token, TOKEN_SIZE) == 0)
            return (gint)i;
    return -1;
}

/* What one member said to the room is shown in the order said. */
static bool check_order(World *world, const GArray *lines, char **why)
{
    gint last[MEMBERS_MOST];
    memset(last, -1, sizeof last);
    for (guint i = 0; i < world->said->len; i++) {
        const Said *said = &g_array_index(world->said, Said, i);
        gint place = said->to < 0 ? place_of(lines, said->token) : -1;
        if (place < 0)
            continue;
        if (place < last[said->author]) {
            fail(why, "message %u of member %u is shown before one said earlier", i, said->author);
            return false;
        }
        last[said->author] = place;
    }
    return true;
}

bool world_check(World *world, char **why)
{
    g_autoptr(GArray) expected = relay_lines(world);
    if (!world->relay_forgets && !check_order(world, expected, why))
        return false;
    for (guint i = 0; i < world->said->len; i++) {
        const Said *said = &g_array_index(world->said, Said, i);
        if (said->told_sent && said->told_refused) {
            fail(why, "message %u was told as sent and as refused", i);
            return false;
        }
        unsigned count = count_of(expected, said->token);
        if (said->to < 0 && said->unsaid && count == 0)
            continue;
        if (said->to < 0 && count != (said->told_refused ? 0 : 1)) {
            fail(why, "message %u of member %u (%s) is there %u times", i, said->author,
                 said->told_sent ? "told as sent" : "not told as sent", count);
            return false;
        }
        if (said->to >= 0 && !check_direct(world, said, why))
            return false;
    }
    for (unsigned i = 0; i < world->node_count; i++) {
        Node *node = &world->nodes[i];
        if (!check_room(world, node, expected, why))
            return false;
        if (node->told_twice) {
            fail(why, "member %u was told of a message twice", i);
            return false;
        }
    }
    return true;
}
