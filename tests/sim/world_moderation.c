/* Acts of moderation while things go wrong: app 0 is the keeper, whatever carries the place, and
 * makes app 1 an admin now and then; the last app pretends to be one. Those who are sent away are
 * told so, and come back. */
#include "tests/sim/world_internal.h"

#include <string.h>

#define STRANGERS 3
#define MUTED_MOST_S 20

static const uint8_t general[PLACE_SIZE];

static const uint8_t *keeper_key(const World *world)
{
    return identity_key(world->nodes[0].identity);
}

static Node *pretender(World *world)
{
    return &world->nodes[world->app_count - 1];
}

void moderation_know_keeper(Node *node, Log *log)
{
    g_autoptr(GError) error = NULL;
    if (!node->world->moderated || log_keeper(log) != NULL)
        return;
    log_set_keeper(log, keeper_key(node->world), &error);
    log_commit(log, NULL);
    g_assert_no_error(error);
}

static bool is_awake(const Node *node)
{
    return node->running && node->wakes_us <= node->world->now_us;
}

static const uint8_t *stranger(unsigned number)
{
    static uint8_t keys[STRANGERS][KEY_SIZE];
    memset(keys[number], (int)(0xe0 + number), KEY_SIZE);
    return keys[number];
}

/* --- what is done --- */

static void act(Node *node, ModerationAct what, const uint8_t *member, Role role,
                int64_t lasting_ms, const char *text)
{
    World *world = node->world;
    bool done =
        session_moderate(node->session, what, member, role, lasting_ms, text, world->now_us, NULL);
    if (done)
        world_trace(world, "%u does act %d", node->index, (int)what);
    node_busy(node);
}

static void act_on_somebody(World *world, Node *node)
{
    Node *whom = &world->nodes[world_between(world, 1, (int)world->app_count - 1)];
    const uint8_t *key = identity_key(whom->identity);
    int64_t lasting_ms = world_between(world, 1, MUTED_MOST_S) * INT64_C(1000);
    switch (world_between(world, 1, 4)) {
    case 1:
        whom->muted = true;
        act(node, ACT_MUTE, key, ROLE_MEMBER, lasting_ms, "too loud");
        break;
    case 2:
        act(node, ACT_UNMUTE, key, ROLE_MEMBER, 0, NULL);
        break;
    case 3:
        act(node, ACT_KICK, key, ROLE_MEMBER, 0, "calm down");
        break;
    default:
        whom->muted = true; /* or so: its messages are refused */
        act(node, ACT_BAN, key, ROLE_MEMBER, lasting_ms, "enough");
    }
}

static void act_on_stranger(World *world, Node *node)
{
    bool on = world_chance(world, 60);
    act(node, on ? ACT_BAN : ACT_UNBAN, stranger((unsigned)world_between(world, 0, STRANGERS - 1)),
        ROLE_MEMBER, 0, NULL);
}

static void rule_place(World *world, Node *node)
{
    g_autofree char *text = g_strdup_printf("Text %d", world_between(world, 1, 99));
    ConversationId room = {.direct = false};
    int dice = world_between(world, 1, 4);
    if (dice == 1)
        act(node, ACT_RENAME, NULL, ROLE_MEMBER, 0, text);
    else if (dice == 2)
        act(node, ACT_MOTD, NULL, ROLE_MEMBER, 0, text);
    else if (dice == 3)
        act(node, ACT_ANNOUNCE, NULL, ROLE_MEMBER, 0, text);
    else
        session_set_topic(node->session, &room, text, world->now_us, NULL);
    node_busy(node);
}

/* It does not ask its session, and no relay: the act is in its log, in a feed of its own, when it
 * comes back. (What appears there while it is joined would be taken for the relay's own.) */
static void pretend(World *world)
{
    Node *node = pretender(world);
    bool alone = is_awake(node) && session_state(node->session) != SESSION_JOINED;
    Log *log = alone ? session_log(node->session) : NULL;
    if (log == NULL || log_changed(log))
        return;
    ModerationAct what = (ModerationAct)world_between(world, ACT_GRANT, ACT_ANNOUNCE);
    const uint8_t *member = what <= ACT_UNMUTE ? stranger(0) : NULL;
    g_autoptr(GBytes) content = moderation_content(what, member, ROLE_ADMIN, 0, "Pretended");
    uint8_t token[TOKEN_SIZE];
    for (unsigned i = 0; i < TOKEN_SIZE; i++)
        token[i] = (uint8_t)world_between(world, 0, 255);
    int64_t room_ms = session_room_time_ms(node->session, world->now_us);
    EventDraft draft = {.incarnation = ++world->pretended + (UINT64_C(1) << 60),
                        .seq = 1,
                        .place = world_place(),
                        .time_ms = MAX(room_ms - world_between(world, 0, 60000), TIME_MIN_MS),
                        .token = token,
                        .kind = EVENT_MODERATION,
                        .room = general,
                        .content = content};
    g_autoptr(Event) event = event_sign(node->identity, &draft);
    uint64_t position = 0;
    g_assert_nonnull(event);
    if (log_append(log, event, LOG_RULE_SET, 0, NULL, 0, NULL, &position, NULL) == LOG_APPENDED)
        log_commit(log, NULL);
    world_trace(world, "%u pretends act %d", node->index, (int)what);
}

void moderation_happens(World *world)
{
    if (!world->moderated)
        return;
    pretend(world);
    Node *node = &world->nodes[world_chance(world, 75) ? 0 : 1];
    const uint8_t *admin = identity_key(world->nodes[1].identity);
    if (!is_awake(node))
        return;
    int dice = world_between(world, 1, 100);
    if (dice <= 35)
        act(node, ACT_GRANT, admin, world_chance(world, 70) ? ROLE_ADMIN : ROLE_MEMBER, 0, NULL);
    else if (dice <= 60)
        act_on_somebody(world, node);
    else if (dice <= 75)
        act_on_stranger(world, node);
    else
        rule_place(world, node);
}

/* The clock of who carried the place then was years ahead: so is the end. */
static void end_long_ban(Node *keeper, const uint8_t *key)
{
    const World *world = keeper->world;
    Verdict ban = {.until_ms = 0};
    int64_t room_ms = session_room_time_ms(keeper->session, world->now_us);
    if (moderation_banned(session_moderation(keeper->session), key, room_ms, &ban) &&
        ban.until_ms > room_ms + INT64_C(1000) * 2 * MUTED_MOST_S)
        act(keeper, ACT_UNBAN, key, ROLE_MEMBER, 0, NULL);
}

/* People look why, and try again. */
void moderation_come_back(World *world)
{
    for (unsigned i = 0; world->moderated && i < world->app_count; i++) {
        Node *node = &world->nodes[i];
        if (!is_awake(node) || *session_barred(node->session) == '\0')
            continue;
        if (is_awake(&world->nodes[0]))
            end_long_ban(&world->nodes[0], identity_key(node->identity));
        session_try_now(node->session, world->now_us);
        node_busy(node);
    }
}

/* --- what it adds up to --- */

static void tell_member(GString *told, const Moderation *moderation, const uint8_t *key)
{
    Verdict ban = {0}, mute = {0};
    bool banned = moderation_banned(moderation, key, 0, &ban);
    bool muted = moderation_muted(moderation, key, 0, &mute);
    g_string_append_printf(told, "%d %d %" G_GINT64_FORMAT " %d %" G_GINT64_FORMAT ", ",
                           (int)moderation_role(moderation, key), banned, ban.until_ms, muted,
                           mute.until_ms);
}

static char *tell(const World *world, const Moderation *moderation)
{
    GString *told = g_string_new(NULL);
    const char *name = moderation_place_name(moderation);
    for (unsigned i = 0; i < world->node_count; i++)
        tell_member(told, moderation, identity_key(world->nodes[i].identity));
    for (unsigned i = 0; i < STRANGERS; i++)
        tell_member(told, moderation, stranger(i));
    g_string_append_printf(told, "%s, %s, %s", name != NULL ? name : "-",
                           moderation_motd(moderation), moderation_topic(moderation, general));
    return g_string_free(told, FALSE);
}

static char *tell_log(const World *world, Log *log)
{
    g_autoptr(Moderation) moderation = moderation_new();
    log_fill_moderation(log, moderation);
    return tell(world, moderation);
}

static bool wrong(char **why, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool wrong(char **why, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_free(*why);
    *why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return false;
}

/* Nothing of what was pretended counts anywhere. */
static bool check_pretender(const World *world, const Node *serving, char **why)
{
    const uint8_t *key = identity_key(world->nodes[world->app_count - 1].identity);
    const Moderation *moderation = hub_moderation(serving->hub);
    g_autoptr(GPtrArray) events = log_moderation(serving->log, NULL);
    for (guint i = 0; events != NULL && i < events->len; i++) {
        const Event *event = g_ptr_array_index(events, i);
        if (memcmp(event_author(event), key, KEY_SIZE) == 0 && moderation_counts(moderation, event))
            return wrong(why, "what was pretended counts");
    }
    return moderation_role(moderation, key) == ROLE_MEMBER ||
           wrong(why, "who pretended became something");
}

bool moderation_check(const World *world, const Node *serving, char **why)
{
    if (!world->moderated)
        return true;
    g_autofree char *expected = tell(world, hub_moderation(serving->hub));
    for (unsigned i = 0; i < world->node_count; i++) {
        const Node *node = &world->nodes[i];
        if (!node->running)
            continue;
        g_autofree char *held = tell_log(world, node->log);
        if (strcmp(held, expected) != 0)
            return wrong(why, "the log of %u says \"%s\", the hub \"%s\"", i, held, expected);
        if (node->relay)
            continue;
        g_autofree char *known = tell(world, session_moderation(node->session));
        if (strcmp(known, expected) != 0)
            return wrong(why, "the session of %u says \"%s\", the hub \"%s\"", i, known, expected);
    }
    const char *name = moderation_place_name(hub_moderation(serving->hub));
    if (name != NULL && strcmp(name, hub_place_name(serving->hub)) != 0)
        return wrong(why, "the hub has another name");
    return check_pretender(world, serving, why);
}
