#include "tests/sim/world_internal.h"

#include <string.h>

typedef struct {
    int64_t time_ms;
    uint8_t hash[HASH_SIZE];
    uint8_t token[TOKEN_SIZE];
} Line;

static bool fail(char **why, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool fail(char **why, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_free(*why);
    *why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return false;
}

/* --- who carries the place, and who is there --- */

static const Node *lowest_relay(const World *world)
{
    const Node *lowest = NULL;
    for (unsigned i = world->app_count; i < world->node_count; i++) {
        const Node *node = &world->nodes[i];
        if (node->running && (!lowest || memcmp(identity_key(node->identity),
                                                identity_key(lowest->identity), KEY_SIZE) < 0))
            lowest = node;
    }
    return lowest;
}

static const Node *check_serving(const World *world, char **why)
{
    const Node *serving = NULL, *relay = lowest_relay(world);
    for (unsigned i = 0; i < world->node_count; i++) {
        const Node *node = &world->nodes[i];
        if (!node->hub)
            continue;
        if (serving) {
            fail(why, "%u and %u both serve", serving->index, i);
            return NULL;
        }
        serving = node;
    }
    if (!serving)
        fail(why, "nobody serves");
    else if (relay && serving != relay)
        fail(why, "%u serves although the relay %u runs", serving->index, relay->index);
    else
        return serving;
    return NULL;
}

static bool check_joined(const Node *node, const Node *serving, char **why)
{
    if (node->relay)
        return node == serving || (node->follower && follower_is_level(node->follower)) ||
               fail(why, "the relay %u is not level", node->index);
    const Session *session = node->session;
    const uint8_t *relay = session_relay_key(session);
    if (session_state(session) != SESSION_JOINED || session_unsent(session) > 0)
        return fail(why, "%u is %s (%s) with %u unsent", node->index,
                    session_state_name(session_state(session)), session_why(session),
                    session_unsent(session));
    if (!relay || memcmp(relay, identity_key(serving->identity), KEY_SIZE) != 0)
        return fail(why, "%u thinks that another than %u serves", node->index, serving->index);
    if (session_serving(session) != (node == serving))
        return fail(why, "%u is wrong about whether it serves", node->index);
    return node == serving || node->link != NULL || fail(why, "%u has no link", node->index);
}

static MemberPresence presence_of(const Node *node)
{
    if (!node->running)
        return MEMBER_OFFLINE;
    return session_away(node->session) ? MEMBER_AWAY : MEMBER_ONLINE;
}

static const Node *node_with(const World *world, const uint8_t *key)
{
    for (unsigned i = 0; i < world->node_count; i++)
        if (memcmp(identity_key(world->nodes[i].identity), key, KEY_SIZE) == 0)
            return &world->nodes[i];
    return NULL;
}

static bool check_people(const Node *node, char **why)
{
    const World *world = node->world;
    g_autoptr(GPtrArray) members = session_members(node->session);
    unsigned seen = 0;
    for (guint i = 0; i < members->len; i++) {
        const SessionMember *member = g_ptr_array_index(members, i);
        const Node *who = node_with(world, member->key);
        if (!who || who->relay)
            return fail(why, "%u shows somebody who is nobody", node->index);
        if (member->presence != presence_of(who))
            return fail(why, "%u thinks that %u is %s", node->index, who->index,
                        member->presence == MEMBER_ONLINE ? "here"
                        : member->presence == MEMBER_AWAY ? "away"
                                                          : "not here");
        if ((seen & 1u << who->index) != 0)
            return fail(why, "%u shows %u twice", node->index, who->index);
        seen |= 1u << who->index;
    }
    for (unsigned i = 0; i < world->app_count; i++)
        if (world->nodes[i].running && (seen & 1u << i) == 0)
            return fail(why, "%u does not see %u", node->index, i);
    return true;
}

/* --- the logs --- */

static gint by_feed(gconstpointer a, gconstpointer b)
{
    const LogHead *left = a, *right = b;
    int authors = memcmp(left->author, right->author, KEY_SIZE);
    if (authors != 0)
        return authors;
    return left->incarnation < right->incarnation ? -1 : left->incarnation > right->incarnation;
}

static GArray *public_heads(const Node *node)
{
    GArray *heads = log_heads(node->log, NULL);
    for (guint i = heads->len; i-- > 0;)
        if (g_array_index(heads, LogHead, i).lane != LANE_PUBLIC)
            g_array_remove_index(heads, i);
    g_array_sort(heads, by_feed);
    return heads;
}

static bool check_heads(const Node *node, const GArray *expected, char **why)
{
    g_autoptr(GArray) heads = public_heads(node);
    uint64_t held = 0, wanted = 0;
    bool same = heads->len == expected->len;
    for (guint i = 0; i < MAX(heads->len, expected->len); i++) {
        const LogHead *here =
            i < heads->len ? &g_array_index(heads, LogHead, i) : &(LogHead){.seq = 0};
        const LogHead *there =
            i < expected->len ? &g_array_index(expected, LogHead, i) : &(LogHead){.seq = 0};
        held += here->held;
        wanted += there->held;
        same &= by_feed(here, there) == 0 && here->seq == there->seq && here->held == there->held &&
                memcmp(here->sum, there->sum, SUM_SIZE) == 0 &&
                memcmp(here->hash, there->hash, HASH_SIZE) == 0;
    }
    return same || fail(why, "%u holds %u public events in %u feeds, not the %u in %u that are",
                        node->index, (unsigned)held, heads->len, (unsigned)wanted, expected->len);
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

/* Of what was signed twice the newest is shown. */
static void remove_repeated(GArray *lines)
{
    for (guint i = lines->len; i-- > 0;)
        if (count_of(lines, g_array_index(lines, Line, i).token) > 1) {
            g_autoptr(GArray) newer = g_array_new(FALSE, FALSE, sizeof(Line));
            g_array_append_vals(newer, &g_array_index(lines, Line, i + 1), lines->len - i - 1);
            if (count_of(newer, g_array_index(lines, Line, i).token) > 0)
                g_array_remove_index(lines, i);
        }
}

/* `shown`: without those that members are not shown; NULL: all. */
static GArray *lines_of_log(Log *log, const Moderation *shown)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));
    uint64_t covered;
    g_autoptr(GArray) page = log_page(log, NULL, 0, 0, G_MAXUINT, G_MAXSIZE, &covered, NULL);
    for (guint i = 0; page && i < page->len; i++) {
        const Event *event = g_array_index(page, LogEntry, i).event;
        bool said = event_kind(event) == EVENT_MESSAGE || event_kind(event) == EVENT_OFFER;
        if (!said || event_lane(event) != LANE_PUBLIC ||
            (shown && moderation_silences(shown, event)))
            continue;
        Line line = {.time_ms = event_time_ms(event)};
        memcpy(line.hash, event_hash(event), HASH_SIZE);
        memcpy(line.token, event_token(event), TOKEN_SIZE);
        g_array_append_val(lines, line);
    }
    g_array_sort(lines, by_order_shown);
    if (shown)
        remove_repeated(lines);
    return lines;
}

static void collect(const SessionMessage *message, void *user)
{
    Line line = {.time_ms = message->time_ms};
    if (message->kind == EVENT_TOPIC || message->kind == EVENT_MODERATION)
        return;
    if (message->hash)
        memcpy(line.hash, message->hash, HASH_SIZE);
    /* What cannot be read is not there. */
    if (message->offer || *message->text != '\0')
        memcpy(line.token, message->token, TOKEN_SIZE);
    g_array_append_val((GArray *)user, line);
}

static GArray *lines_shown(const Node *node, int with)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));
    ConversationId conversation = {.direct = with >= 0};
    if (with >= 0)
        memcpy(conversation.id, identity_key(node->world->nodes[with].identity), KEY_SIZE);
    session_history(node->session, &conversation, NULL, 100000, collect, lines);
    return lines;
}

/* Every member shows the room as the logs hold it, in the same order. */
static bool check_room(const Node *node, const GArray *expected, char **why)
{
    g_autoptr(GArray) lines = lines_shown(node, -1);
    if (lines->len != expected->len)
        return fail(why, "%u shows %u messages of the room's %u", node->index, lines->len,
                    expected->len);
    for (guint i = 0; i < lines->len; i++)
        if (memcmp(g_array_index(lines, Line, i).token, g_array_index(expected, Line, i).token,
                   TOKEN_SIZE) != 0)
            return fail(why, "%u shows another message at %u", node->index, i);
    return true;
}

/* Who has no part in a direct cannot have it readable. */
static bool check_secrets(const Node *node, char **why)
{
    uint64_t covered;
    g_autoptr(GArray) page = log_page(node->log, NULL, 0, 0, G_MAXUINT, G_MAXSIZE, &covered, NULL);
    for (guint i = 0; page && i < page->len; i++) {
        const LogEntry *entry = &g_array_index(page, LogEntry, i);
        const Said *said = world_find_said(node->world, event_token(entry->event));
        if (said && said->to >= 0 && entry->opened && said->author != node->index &&
            said->to != (int)node->index)
            return fail(why, "%u reads a direct of %u to %d", node->index, said->author, said->to);
    }
    return true;
}

/* --- what was said --- */

static bool fits(unsigned count, const Said *said, bool reset)
{
    if (count == 0 && (reset || said->unsaid))
        return true;
    return count == (said->told_refused ? 0 : 1);
}

/* Directs as `node` shows them, each conversation read once. */
typedef struct {
    GArray *lines[APPS_MOST][APPS_MOST];
} Directs;

static unsigned shown(Directs *directs, const Node *node, unsigned with, const uint8_t *token)
{
    GArray **lines = &directs->lines[node->index][with];
    if (!*lines)
        *lines = lines_shown(node, (int)with);
    return count_of(*lines, token);
}

static bool check_direct(World *world, Directs *directs, guint index, char **why)
{
    const Said *said = &g_array_index(world->said, Said, index);
    const Node *author = &world->nodes[said->author], *reader = &world->nodes[said->to];
    unsigned kept = author->running ? shown(directs, author, reader->index, said->token) : 1;
    unsigned got = reader->running ? shown(directs, reader, author->index, said->token) : 1;
    bool well = (!author->running || fits(kept, said, said->author_reset)) &&
                (!reader->running || fits(got, said, said->reader_reset));
    return well || fail(why,
                        "%u, a direct of %u to %d (%s), is there %u times for its author, %u for "
                        "its reader",
                        index, said->author, said->to,
                        said->told_refused ? "told as refused"
                        : said->told_sent  ? "told as sent"
                                           : "not told as sent",
                        kept, got);
}

static bool check_said(World *world, const GArray *room, char **why)
{
    Directs directs = {0};
    bool well = true;
    for (guint i = 0; well && i < world->said->len; i++) {
        const Said *said = &g_array_index(world->said, Said, i);
        unsigned count = said->to < 0 ? count_of(room, said->token) : 0;
        bool muted = world->nodes[said->author].muted;
        if (said->told_refused && muted && count <= 1)
            continue; /* one relay took it, the next one must not */
        if (said->told_sent && said->told_refused)
            well = fail(why, "%u was told as sent and as refused", i);
        else if (said->to >= 0)
            well = check_direct(world, &directs, i, why);
        else if (!fits(count, said, false) && !(said->author_reset && count == 2))
            well = fail(why, "%u of %u (%s) is there %u times", i, said->author,
                        said->told_sent ? "told as sent" : "not told as sent", count);
    }
    for (unsigned i = 0; i < APPS_MOST; i++)
        for (unsigned j = 0; j < APPS_MOST; j++)
            g_clear_pointer(&directs.lines[i][j], g_array_unref);
    return well;
}

/* Was it said while the room's clock was ahead by more than members follow? What comes after the
 * clock was put right is shown before it. */
static bool is_misdated(const GArray *lines, gint earlier, gint later)
{
    const Line *first = &g_array_index(lines, Line, earlier);
    const Line *second = &g_array_index(lines, Line, later);
    return first->time_ms - second->time_ms >= TIME_AHEAD_MS - 2000;
}

/* What one member said to the room is shown in the order said, unless it was put back and could not
 * know of what it had said later. */
static bool check_order(World *world, const GArray *lines, char **why)
{
    gint last[APPS_MOST];
    memset(last, -1, sizeof last);
    g_autoptr(GHashTable) places = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < lines->len; i++)
        g_hash_table_insert(places, world_find_said(world, g_array_index(lines, Line, i).token),
                            GUINT_TO_POINTER(i + 1));
    for (guint i = 0; i < world->said->len; i++) {
        Said *said = &g_array_index(world->said, Said, i);
        gint place = GPOINTER_TO_INT(g_hash_table_lookup(places, said)) - 1;
        if (said->to >= 0 || place < 0)
            continue;
        if (place < last[said->author] && !world->nodes[said->author].copied &&
            !is_misdated(lines, last[said->author], place))
            return fail(why, "%u of %u is shown before one said earlier", i, said->author);
        last[said->author] = MAX(place, last[said->author]);
    }
    return true;
}

/* From what is cheap to see to what is not: this is asked every second. */
bool world_check(World *world, char **why)
{
    const Node *serving = check_serving(world, why);
    if (!serving)
        return false;
    for (unsigned i = 0; i < world->node_count; i++) {
        const Node *node = &world->nodes[i];
        if (node->running && !check_joined(node, serving, why))
            return false;
        if (node->told_twice)
            return fail(why, "%u was told of a message twice", i);
    }
    g_autoptr(GArray) heads = public_heads(serving);
    for (unsigned i = 0; i < world->node_count; i++)
        if (world->nodes[i].running && !check_heads(&world->nodes[i], heads, why))
            return false;
    g_autoptr(GArray) room = lines_of_log(serving->log, NULL);
    g_autoptr(GArray) shown = lines_of_log(serving->log, hub_moderation(serving->hub));
    for (unsigned i = 0; i < world->app_count; i++) {
        const Node *node = &world->nodes[i];
        if (node->running && (!check_people(node, why) || !check_room(node, shown, why) ||
                              !check_secrets(node, why)))
            return false;
    }
    return moderation_check(world, serving, why) && check_said(world, room, why) &&
           check_order(world, room, why);
}
