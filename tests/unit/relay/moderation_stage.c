#include "tests/unit/relay/moderation_stage.h"

#include "relay/content.h"

#include <string.h>

static Identity *identities[ACTS_MEMBERS];
static uint64_t feeds;

void acts_begin(void)
{
    feeds = 0;
    for (unsigned i = 0; i < ACTS_MEMBERS; i++) {
        uint8_t seed[32];
        memset(seed, (int)(i + 1), sizeof seed);
        identities[i] = identity_from_seed(seed);
    }
}

void acts_end(void)
{
    for (unsigned i = 0; i < ACTS_MEMBERS; i++)
        g_clear_pointer(&identities[i], identity_free);
}

const uint8_t *acts_key(unsigned who)
{
    return identity_key(identities[who]);
}

const uint8_t *acts_room(unsigned number)
{
    static uint8_t rooms[ACTS_MEMBERS][PLACE_SIZE];
    rooms[number][0] = (uint8_t)number;
    return rooms[number];
}

const uint8_t *acts_place(void)
{
    static const uint8_t place[PLACE_SIZE] = "moderation";
    return place;
}

static Event *sign(unsigned by, int64_t at, uint32_t kind, unsigned room, GBytes *content)
{
    uint8_t token[TOKEN_SIZE] = {0};
    const uint8_t *recipients[] = {acts_key(by)};
    bool private = kind == EVENT_SEALED;
    feeds++;
    memcpy(token, &feeds, sizeof feeds);
    EventDraft draft = {.incarnation = feeds,
                        .lane = private ? LANE_PRIVATE : LANE_PUBLIC,
                        .seq = 1,
                        .place = acts_place(),
                        .time_ms = at,
                        .token = token,
                        .kind = private ? 99 : kind,
                        .room = private ? NULL : acts_room(room),
                        .recipients = recipients,
                        .recipient_count = private,
                        .content = content};
    Event *event = event_sign(identities[by], &draft);
    g_assert_nonnull(event);
    return event;
}

Event *acts_sign(unsigned by, int64_t at, ModerationAct act, unsigned whom, Role role,
                 int64_t until_ms, const char *text)
{
    g_autoptr(GBytes) content = moderation_content(act, acts_key(whom), role, until_ms, text);
    g_assert_nonnull(content);
    return sign(by, at, EVENT_MODERATION, 0, content);
}

Event *acts_topic(unsigned by, int64_t at, unsigned room, const char *text)
{
    g_autoptr(GBytes) content = moderation_topic_content(text);
    return sign(by, at, EVENT_TOPIC, room, content);
}

static GBytes *something(uint32_t kind)
{
    static const uint8_t sealing_key[SEALING_KEY_SIZE] = {9};
    switch (kind) {
    case EVENT_MESSAGE:
        return content_message("hello", false, NULL);
    case EVENT_PROFILE:
        return content_profile("Somebody", sealing_key);
    case EVENT_MODERATION:
        return moderation_content(ACT_MOTD, NULL, ROLE_MEMBER, 0, "Mine");
    default:
        return g_bytes_new_static("x", 1);
    }
}

Event *acts_speech(unsigned by, int64_t at, uint32_t kind)
{
    g_autoptr(GBytes) content = something(kind);
    return sign(by, at, kind, 0, content);
}

Event *acts_private(unsigned by, int64_t at)
{
    return acts_speech(by, at, EVENT_SEALED);
}

Event *acts_raw(unsigned by, int64_t at, uint32_t kind, const void *content, size_t length)
{
    g_autoptr(GBytes) bytes = g_bytes_new(content, length);
    return sign(by, at, kind, 0, bytes);
}

int acts_compare(const Event *a, const Event *b)
{
    if (event_time_ms(a) != event_time_ms(b))
        return event_time_ms(a) < event_time_ms(b) ? -1 : 1;
    return memcmp(event_hash(a), event_hash(b), HASH_SIZE);
}

static void tell_verdict(GString *line, const char *what, bool holds, const Verdict *verdict)
{
    if (holds)
        g_string_append_printf(line, " %s until %d by %02x: %s", what, (int)verdict->until_ms,
                               verdict->by[0], verdict->why);
}

char *acts_tell(const Moderation *moderation, const GPtrArray *events)
{
    GString *line = g_string_new(NULL);
    const char *name = moderation_place_name(moderation);
    for (unsigned i = 0; i < ACTS_MEMBERS; i++) {
        Verdict verdict;
        g_string_append_printf(line, "%u: %d, %s", i, (int)moderation_role(moderation, acts_key(i)),
                               moderation_topic(moderation, acts_room(i)));
        bool banned = moderation_banned(moderation, acts_key(i), 45, &verdict);
        tell_verdict(line, "banned", banned, &verdict);
        bool muted = moderation_muted(moderation, acts_key(i), 45, &verdict);
        tell_verdict(line, "muted", muted, &verdict);
        g_string_append_c(line, '\n');
    }
    g_autoptr(GPtrArray) listed = moderation_listed(moderation, 45);
    g_string_append_printf(line, "%s, %s, %u, %d\n", moderation_motd(moderation), name ? name : "-",
                           listed->len, moderation_has_grants(moderation));
    for (guint i = 0; i < events->len; i++) {
        const Event *event = g_ptr_array_index(events, i);
        g_string_append_printf(line, "%d%d ", moderation_counts(moderation, event),
                               moderation_silences(moderation, event));
    }
    return g_string_free(line, FALSE);
}
