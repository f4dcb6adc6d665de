/* Acts of moderation at a party. */
#include "tests/unit/app/party_internal.h"

const char *party_why(const Party *party)
{
    return party->why ? party->why : "";
}

void party_listen(Party *party, char who, void (*listener)(const SessionEvent *event, void *user),
                  void *user)
{
    party_node(party, who)->listener = listener;
    party_node(party, who)->listens = user;
}

Store *party_store(Party *party, char who)
{
    return party_node(party, who)->store;
}

const uint8_t *party_key(Party *party, char who)
{
    return identity_key(party_node(party, who)->identity);
}

int64_t party_now_us(const Party *party)
{
    return party->now_us;
}

/* Each in a feed of its own, so that nothing need be known of earlier ones. */
static Event *sign(PartyNode *node, GBytes *content)
{
    static const uint8_t general[PLACE_SIZE];
    Party *party = node->party;
    uint64_t number = ++party->signed_events;
    uint8_t token[TOKEN_SIZE] = {0};
    memcpy(token, &number, sizeof number);
    EventDraft draft = {.incarnation = number,
                        .lane = LANE_PUBLIC,
                        .seq = 1,
                        .place = node->relay_log ? log_place(node->relay_log)
                                                 : session_place(node->session),
                        .time_ms = hub_room_time_ms(node->hub),
                        .token = token,
                        .kind = EVENT_MODERATION,
                        .room = general,
                        .content = content};
    return event_sign(node->identity, &draft);
}

static void post(PartyNode *node, ModerationAct act, const uint8_t *member, Role role,
                 int64_t lasting_ms, const char *text)
{
    int64_t until_ms = lasting_ms > 0 ? hub_room_time_ms(node->hub) + lasting_ms : 0;
    g_autoptr(GBytes) content = moderation_content(act, member, role, until_ms, text);
    g_autoptr(Event) event = content ? sign(node, content) : NULL;
    g_autoptr(GError) error = NULL;
    g_assert_nonnull(event);
    hub_post(node->hub, event, node->party->now_us, &error);
    g_assert_no_error(error);
}

void party_act(Party *party, char relay, ModerationAct act, char member, Role role,
               int64_t lasting_ms, const char *text)
{
    PartyNode *node = party_node(party, relay);
    post(node, act, member == NOBODY ? NULL : party_key(party, member), role, lasting_ms, text);
    hub_flush(node->hub, party->now_us);
}

char *party_take_claim(const uint8_t *key, const char *code, void *user)
{
    post(user, ACT_GRANT, key, ROLE_ADMIN, 0, NULL);
    return g_strdup("You are an admin now.");
}

static bool note(Party *party, bool done, const GError *error)
{
    g_free(party->why);
    party->why = g_strdup(done ? "" : error->message);
    return done;
}

bool party_moderate(Party *party, char who, ModerationAct act, char member, int64_t lasting_ms,
                    const char *text)
{
    const uint8_t *key = member == NOBODY ? NULL : party_key(party, member);
    g_autoptr(GError) error = NULL;
    bool done = session_moderate(party_session(party, who), act, key, ROLE_ADMIN, lasting_ms, text,
                                 party->now_us, &error);
    return note(party, done, error);
}

void party_claim(Party *party, char who)
{
    g_autoptr(GError) error = NULL;
    session_claim(party_session(party, who), "CODE", party->now_us, &error);
    g_assert_no_error(error);
}

bool party_may_say(Party *party, char who, const char *text)
{
    g_autoptr(GError) error = NULL;
    bool done = session_say(party_session(party, who), &(ConversationId){0}, text, false, NULL,
                            party->now_us, &error);
    return note(party, done, error);
}
