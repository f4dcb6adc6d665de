/* What sessions and hubs of the party ask for. */
#include "tests/unit/app/party_internal.h"

#define TYPED 100

/* --- hubs --- */

static bool hub_send_out(void *link, GBytes *frame, void *user)
{
    Pipe *pipe = link;
    PartyNode *node = user;
    party_step(node->party,
               (PartyStep){.kind = STEP_TO_MEMBER, .pipe = pipe, .frame = g_bytes_ref(frame)});
    return true;
}

static size_t hub_queued(void *link, void *user)
{
    return 0;
}

static void hub_close(void *link, void *user)
{
    Pipe *pipe = link;
    PartyNode *node = user;
    pipe->hub_link = NULL;
    party_step(node->party, (PartyStep){.kind = STEP_CLOSE_MEMBER, .pipe = pipe});
}

int64_t party_wall_ms(void *user)
{
    const PartyNode *node = user;
    return INT64_C(1700000000000) + node->party->now_us / 1000;
}

void party_hub_start(PartyNode *node, Log *log, int64_t room_time_ms)
{
    static const HubOutput output = {.send = hub_send_out,
                                     .queued = hub_queued,
                                     .close = hub_close,
                                     .wall_ms = party_wall_ms,
                                     .claim = party_take_claim};
    HubConfig config = {.place_name = "Party",
                        .self = identity_key(node->identity),
                        .relay_program = node->relay_program,
                        .software = "party",
                        .room_time_ms = room_time_ms};
    node->hub = hub_new(&config, log, &output, node, node->party->now_us);
    party_step(node->party, (PartyStep){.kind = STEP_SEEN});
}

void party_hub_end(PartyNode *node)
{
    for (guint i = 0; i < node->party->pipes->len; i++) {
        Pipe *pipe = node->party->pipes->pdata[i];
        if (pipe->relay == node && pipe->hub_link)
            hub_close(pipe, node);
    }
    g_clear_pointer(&node->hub, hub_free);
    party_step(node->party, (PartyStep){.kind = STEP_SEEN});
}

/* --- sessions --- */

static void out_dial(uint64_t candidate, void *user)
{
    PartyNode *node = user;
    party_step(
        node->party,
        (PartyStep){.kind = STEP_DIAL, .node = node, .candidate = candidate, .dial = ++node->dial});
}

static void out_hang_up(void *user)
{
    PartyNode *node = user;
    node->dial++;
    if (node->pipe)
        party_step(node->party, (PartyStep){.kind = STEP_CLOSE_RELAY, .pipe = node->pipe});
    node->pipe = g_steal_pointer(&node->fresh);
}

static bool out_serve(void *user)
{
    PartyNode *node = user;
    node->served++;
    if (node->unable)
        return false;
    party_hub_start(node, session_log(node->session),
                    session_room_time_ms(node->session, node->party->now_us));
    return true;
}

static const char *address_of(PartyNode *node, const uint8_t *key)
{
    for (unsigned i = 0; i < PARTY_NODES; i++)
        if (memcmp(identity_key(node->party->nodes[i].identity), key, KEY_SIZE) == 0)
            return node->party->nodes[i].address;
    return NULL;
}

static void out_retire(const uint8_t *key, char *const *addresses, void *user)
{
    PartyNode *node = user;
    const char *dialled[] = {key ? address_of(node, key) : NULL, NULL};
    HubSuccessor successor = {key, addresses ? (const char *const *)addresses : dialled};
    hub_shut_down(node->hub, key ? &successor : NULL, node->party->now_us);
    party_hub_end(node);
}

static bool out_send(GBytes *frame, void *user)
{
    PartyNode *node = user;
    if (node->pipe)
        party_step(
            node->party,
            (PartyStep){.kind = STEP_TO_RELAY, .pipe = node->pipe, .frame = g_bytes_ref(frame)});
    return node->pipe != NULL;
}

static Log *out_open_log(const uint8_t *place, GError **error, void *user)
{
    const PartyNode *node = user;
    g_autofree char *directory =
        g_strdup_printf("%s/%c-%u", node->party->directory, node->who, place[0]);
    g_mkdir_with_parents(directory, 0700);
    return log_open(directory, place, error);
}

static void out_random(void *bytes, size_t length, void *user)
{
    PartyNode *node = user;
    for (size_t i = 0; i < length; i++) {
        node->random = node->random * 6364136223846793005U + 1442695040888963407U;
        ((uint8_t *)bytes)[i] = (uint8_t)(node->random >> 56);
    }
}

static void tell(PartyNode *node, const char *format, const char *text)
{
    g_ptr_array_add(node->lines, g_strdup_printf("%s%s", format, text));
}

static void out_event(const SessionEvent *event, void *user)
{
    static const char *const changes[] = {" known", " joined", " left",
                                          " away",  " back",   " renamed"};
    PartyNode *node = user;
    if (node->listener)
        node->listener(event, node->listens);
    if (event->type == SESSION_EVENT_MESSAGE && event->message->delivery == DELIVERY_STATE_RECEIVED)
        tell(node, "heard ", event->message->text);
    else if (event->type == SESSION_EVENT_DELIVERY &&
             event->message->delivery == DELIVERY_STATE_SENT)
        tell(node, "sent ", event->message->text);
    else if (event->type == SESSION_EVENT_DELIVERY &&
             event->message->delivery == DELIVERY_STATE_REFUSED)
        tell(node, "refused ", event->message->why);
    else if (event->type == SESSION_EVENT_RULES)
        tell(node, "rules", "");
    else if (event->type == SESSION_EVENT_BARRED)
        tell(node, "barred ", event->code);
    else if (event->type == SESSION_EVENT_WANTS_CONNECT)
        tell(node, "wants connect", "");
    else if (event->type == SESSION_EVENT_MEMBER)
        tell(node, event->member->shown, changes[event->change]);
    else if (event->type == SESSION_EVENT_MOVED)
        tell(node, "moved: ", event->text);
    else if (event->type == SESSION_EVENT_STATE && node->session)
        tell(node, "state ", session_state_name(session_state(node->session)));
    else if (event->type == SESSION_EVENT_NOTICE)
        tell(node, "notice ", event->code);
    else if (event->type == SESSION_EVENT_PLACE)
        tell(node, "place", "");
}

const SessionOutput party_output = {.dial = out_dial,
                                    .hang_up = out_hang_up,
                                    .serve = out_serve,
                                    .retire = out_retire,
                                    .send = out_send,
                                    .open_log = out_open_log,
                                    .event = out_event,
                                    .wall_ms = party_wall_ms,
                                    .random = out_random};

static const uint8_t *place_of(const PartyNode *node)
{
    return node->relay_log ? log_place(node->relay_log) : session_place(node->session);
}

void party_tell_seen(PartyNode *node)
{
    if (!node->session)
        return;
    SessionCandidate seen[PARTY_NODES + 1];
    size_t count = 0;
    for (unsigned i = 0; i < PARTY_NODES; i++) {
        PartyNode *other = &node->party->nodes[i];
        bool there = other->liar || other->hub;
        bool seen_now = there && other != node && !party_is_cut(node, other) && !node->party->deaf;
        if (!seen_now && !node->remembers[i])
            continue;
        SessionCandidate candidate = {.id = i + 1,
                                      .relay = other->relay_program,
                                      .remembered = !seen_now,
                                      .has_place = true,
                                      .has_key = true};
        const uint8_t *place =
            other->liar || !there ? session_place(node->session) : place_of(other);
        if (place)
            memcpy(candidate.place, place, PLACE_SIZE);
        memcpy(candidate.key_prefix, identity_key(other->identity), 8);
        seen[count++] = candidate;
    }
    if (node->typed)
        seen[count++] =
            (SessionCandidate){.id = (uint64_t)(TYPED + node->typed - 'a'), .typed = true};
    session_candidates(node->session, seen, count, true, node->party->now_us);
}
