#include "relay/server/moderator.h"

#include "relay/bucket.h"

#include <gio/gio.h>
#include <sodium.h>
#include <string.h>

#define CODE_LENGTH 8 /* 39 bits, and five tries a minute */

/* Without 0 and O, 1, I and L, U and V, which people mistake for each other. */
static const char alphabet[] = "23456789ABCDEFGHJKMNPQRSTWXYZ";

struct Moderator {
    const Identity *identity;
    Log *log;
    bool begun; /* the feed */
    uint64_t incarnation;
    uint64_t seq; /* of the newest event that was posted; 0: none */
    uint8_t hash[HASH_SIZE];
    int64_t time_ms;            /* of it */
    char code[CODE_LENGTH + 1]; /* "" when none is good */
    int64_t code_until_us;
    Bucket tries;
};

Moderator *moderator_new(const Identity *identity, Log *log)
{
    Moderator *moderator = g_new0(Moderator, 1);
    moderator->identity = identity;
    moderator->log = log;
    return moderator;
}

void moderator_free(Moderator *moderator)
{
    if (moderator == NULL)
        return;
    sodium_memzero(moderator->code, sizeof moderator->code);
    g_free(moderator);
}

/* --- events --- */

static Event *sign(const Moderator *moderator, const Hub *hub, uint32_t kind, const uint8_t *room,
                   GBytes *content)
{
    uint8_t token[TOKEN_SIZE];
    randombytes_buf(token, sizeof token);
    const EventDraft draft = {
        .incarnation = moderator->incarnation,
        .lane = LANE_PUBLIC,
        .seq = moderator->seq + 1,
        .prev = moderator->seq > 0 ? moderator->hash : NULL,
        .place = log_place(moderator->log),
        /* Of two in one millisecond any might count as the later one. */
        .time_ms = MAX(hub_room_time_ms(hub), moderator->time_ms + 1),
        .token = token,
        .kind = kind,
        .room = room,
        .content = content,
    };
    return event_sign(moderator->identity, &draft);
}

/* Transfer full; NULL with a sentence. */
static Event *post(Moderator *moderator, Hub *hub, uint32_t kind, const uint8_t *room,
                   GBytes *content, int64_t now_us, GError **error)
{
    if (!moderator->begun) {
        randombytes_buf(&moderator->incarnation, sizeof moderator->incarnation);
        moderator->seq = 0;
    }
    g_autoptr(Event) event = sign(moderator, hub, kind, room, content);
    if (event == NULL) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                            "That cannot be said in this place.");
        return NULL;
    }
    if (!hub_post(hub, event, now_us, error))
        return NULL;
    moderator->begun = true;
    moderator->seq++;
    moderator->time_ms = event_time_ms(event);
    memcpy(moderator->hash, event_hash(event), HASH_SIZE);
    return g_steal_pointer(&event);
}

/* The next act begins another feed when this one's last event did not get to the disk. */
static gboolean post_and_commit(Moderator *moderator, Hub *hub, uint32_t kind, const uint8_t *room,
                                GBytes *content, int64_t now_us, GError **error)
{
    g_autoptr(Event) event = post(moderator, hub, kind, room, content, now_us, error);
    if (event == NULL)
        return FALSE;
    hub_flush(hub, now_us);
    uint64_t position = log_find(moderator->log, event);
    if (position != 0 && position <= log_head(moderator->log))
        return TRUE;
    moderator->begun = false;
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                        "The disk did not take that: try again when it has room.");
    return FALSE;
}

static GBytes *content_of(const ModerationContent *what)
{
    static const uint8_t nobody[KEY_SIZE];
    bool concerns = memcmp(what->member, nobody, KEY_SIZE) != 0;
    return moderation_content(what->act, concerns ? what->member : NULL, what->role, what->until_ms,
                              what->text);
}

static gboolean too_long(GError **error)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                "That is empty, too long, or no name: a reason may have %d bytes, a topic %d.",
                REASON_MAX, TOPIC_MAX);
    return FALSE;
}

static const uint8_t general[PLACE_SIZE];

gboolean moderator_act(Moderator *moderator, Hub *hub, const ModerationContent *what,
                       int64_t now_us, GError **error)
{
    g_autoptr(GBytes) content = content_of(what);
    return content != NULL
               ? post_and_commit(moderator, hub, EVENT_MODERATION, general, content, now_us, error)
               : too_long(error);
}

gboolean moderator_set_topic(Moderator *moderator, Hub *hub, const uint8_t *room, const char *text,
                             int64_t now_us, GError **error)
{
    g_autoptr(GBytes) content = moderation_topic_content(text);
    return content != NULL
               ? post_and_commit(moderator, hub, EVENT_TOPIC, room, content, now_us, error)
               : too_long(error);
}

/* --- codes --- */

char *moderator_new_code(Moderator *moderator, int64_t now_us)
{
    for (size_t i = 0; i < CODE_LENGTH; i++)
        moderator->code[i] = alphabet[randombytes_uniform(sizeof alphabet - 1)];
    moderator->code_until_us = now_us + CLAIM_LASTS_US;
    return g_strdup_printf("%.4s-%s", moderator->code, moderator->code + 4);
}

/* As people type it: small letters, with or without the dash. */
static void read_code(const char *typed, char *code)
{
    size_t length = 0;
    for (; *typed != '\0' && length < CODE_LENGTH; typed++) {
        if (*typed != '-' && !g_ascii_isspace(*typed))
            code[length++] = g_ascii_toupper(*typed);
    }
    for (; *typed == '-' || g_ascii_isspace(*typed); typed++)
        ;
    if (*typed != '\0')
        code[0] = '\0'; /* longer than any */
}

static bool is_right(Moderator *moderator, const char *typed, int64_t now_us)
{
    char code[CODE_LENGTH + 1] = "";
    if (now_us >= moderator->code_until_us)
        moderator->code[0] = '\0';
    read_code(typed, code);
    return moderator->code[0] != '\0' && sodium_memcmp(code, moderator->code, CODE_LENGTH) == 0;
}

char *moderator_claim(Moderator *moderator, Hub *hub, const uint8_t *key, const char *code,
                      int64_t now_us)
{
    g_autoptr(GError) error = NULL;
    if (moderation_role(hub_moderation(hub), key) != ROLE_MEMBER)
        return g_strdup("You are an admin of this place already.");
    if (bucket_take(&moderator->tries, CLAIM_TRIES_A_MINUTE / 60.0, CLAIM_TRIES_A_MINUTE, now_us) >
        0)
        return g_strdup("There were too many tries: wait a minute.");
    if (!is_right(moderator, code, now_us))
        return g_strdup("This is not the code, or it is not good any more. Whoever runs the relay "
                        "gets a new one by backfence-relay admin --code.");
    ModerationContent grant = {.act = ACT_GRANT, .role = ROLE_ADMIN};
    memcpy(grant.member, key, KEY_SIZE);
    g_autoptr(GBytes) content = content_of(&grant);
    g_autoptr(Event) event =
        post(moderator, hub, EVENT_MODERATION, general, content, now_us, &error);
    if (event == NULL)
        return g_strdup_printf("The code is right, but: %s", error->message);
    sodium_memzero(moderator->code, sizeof moderator->code);
    return g_strdup("You are an admin of this place now. /help lists what admins may do.");
}
