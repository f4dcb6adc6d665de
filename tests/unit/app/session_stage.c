#include "tests/unit/app/session_stage.h"

#include "relay/content.h"
#include "relay/entries.h"
#include "relay/seal.h"

#include <string.h>

#define FIRST_MS INT64_C(1700000000000)
#define PEOPLE 26

typedef struct {
    Identity *identity;
    Keyring *keyring;
    uint64_t seq[2];
    uint8_t hash[2][HASH_SIZE];
} Actor;

struct SessionStage {
    Session *session;
    Store *store;
    Actor actors[PEOPLE];
    GArray *candidates; /* SessionCandidate */
    bool settled;
    uint64_t dialled;
    int64_t now_us;
    uint64_t random;
    uint64_t position;
    GPtrArray *made;      /* Event: for the next page or delivery */
    GArray *made_at;      /* uint64_t: their positions */
    Event *taken[2];      /* the session's newest that is stored, by lane; owned */
    GPtrArray *submitted; /* Event: not answered */
    uint32_t request;     /* newest Fetch */
    uint64_t nonce;       /* newest Ping */
    Arena *arena;
    GQueue lines;
    char *line;
};

static const uint8_t places[2][PLACE_SIZE] = {"place one", "place two"};
static const uint8_t logs[2][PLACE_SIZE] = {"log one", "log two"};

static void tell(SessionStage *stage, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void tell(SessionStage *stage, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_queue_push_tail(&stage->lines, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

const char *session_stage_next(SessionStage *stage)
{
    g_free(stage->line);
    stage->line = g_queue_pop_head(&stage->lines);
    return stage->line ? stage->line : "";
}

static Actor *actor(SessionStage *stage, char who)
{
    return &stage->actors[who - 'a'];
}

const uint8_t *session_stage_key(SessionStage *stage, char who)
{
    return identity_key(actor(stage, who)->identity);
}

Session *session_stage_session(SessionStage *stage)
{
    return stage->session;
}

/* --- what comes out --- */

static void out_dial(uint64_t candidate, void *user)
{
    SessionStage *stage = user;
    stage->dialled = candidate;
    tell(stage, "dial %d", (int)candidate);
}

static void out_hang_up(void *user)
{
    tell(user, "hang up");
}

static void tell_submit(SessionStage *stage, const Wire__SignedEvent *sent)
{
    const char *why = "";
    Event *event = event_open(sent->body.data, sent->body.len, sent->signature.data,
                              sent->signature.len, NULL, &why);
    g_assert_nonnull(event);
    g_ptr_array_add(stage->submitted, event);
    size_t length = 0;
    const uint8_t *content = event_content(event, &length);
    MessageContent message = {0};
    ProfileContent profile = {0};
    int seq = (int)event_seq(event);
    if (event_kind(event) == EVENT_MESSAGE && content_read_message(content, length, &message))
        tell(stage, "> submit %d %s", seq, message.text);
    else if (event_kind(event) == EVENT_PROFILE && content_read_profile(content, length, &profile))
        tell(stage, "> submit %d name %s", seq, profile.name);
    else
        tell(stage, "> submit %d private", seq);
    message_content_clear(&message);
    profile_content_clear(&profile);
}

static void tell_hello(SessionStage *stage, const Wire__Hello *hello)
{
    tell(stage, "> hello %.9s, holds %d", hello->place.len ? (char *)hello->place.data : "any",
         (int)hello->position);
}

static void tell_status(SessionStage *stage, const Wire__Status *status)
{
    static const char *const names[] = {"back", "away", "typing"};
    tell(stage, "> %s", names[status->what]);
}

static bool out_send(GBytes *frame, void *user)
{
    SessionStage *stage = user;
    size_t length = 0;
    const uint8_t *bytes = g_bytes_get_data(frame, &length);
    arena_reset(stage->arena);
    const Wire__Frame *read =
        frame_parse(stage->arena, bytes + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE, NULL);
    g_assert_nonnull(read);
    switch (read->body_case) {
    case WIRE__FRAME__BODY_HELLO:
        tell_hello(stage, read->hello);
        break;
    case WIRE__FRAME__BODY_SUBMIT:
        tell_submit(stage, read->submit->event);
        break;
    case WIRE__FRAME__BODY_FETCH:
        stage->request = read->fetch->request;
        tell(stage, "> fetch %d..%d", (int)read->fetch->after, (int)read->fetch->before);
        break;
    case WIRE__FRAME__BODY_STATUS:
        tell_status(stage, read->status);
        break;
    case WIRE__FRAME__BODY_PING:
        stage->nonce = read->ping->nonce;
        tell(stage, "> ping %d", (int)read->ping->position);
        break;
    default:
        tell(stage, "> %s", frame_name(read));
    }
    return true;
}

static Log *out_open_log(const uint8_t *place, GError **error, void *user)
{
    return log_open(NULL, place, error);
}

static int64_t out_wall_ms(void *user)
{
    const SessionStage *stage = user;
    return FIRST_MS + stage->now_us / 1000;
}

static void out_random(void *bytes, size_t length, void *user)
{
    SessionStage *stage = user;
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)(i == 0 ? ++stage->random : i);
}

static void tell_message(SessionStage *stage, const SessionEvent *event)
{
    static const char *const states[] = {"message", "queued", "sent", "refused"};
    const SessionMessage *message = event->message;
    const char *state = states[message->delivery];
    if (message->delivery == DELIVERY_STATE_RECEIVED)
        tell(stage, "%s %s%s: %s", event->live ? "message" : "old",
             message->conversation.direct ? "to me by " : "", event->member->shown, message->text);
    else if (message->why)
        tell(stage, "%s %s: %s", state, message->text, message->why);
    else
        tell(stage, "%s %s", state, message->text);
}

static void tell_member(SessionStage *stage, const SessionEvent *event)
{
    static const char *const changes[] = {"known", "joined", "left", "away", "back", "renamed"};
    tell(stage, "%s %s", event->member->shown, changes[event->change]);
}

static void out_event(const SessionEvent *event, void *user)
{
    SessionStage *stage = user;
    switch (event->type) {
    case SESSION_EVENT_STATE:
        tell(stage, "state %s", session_state_name(session_state(stage->session)));
        break;
    case SESSION_EVENT_JOINED:
        tell(stage, "joined");
        break;
    case SESSION_EVENT_PLACE:
        tell(stage, "place");
        break;
    case SESSION_EVENT_MEMBER:
        tell_member(stage, event);
        break;
    case SESSION_EVENT_MESSAGE:
    case SESSION_EVENT_DELIVERY:
        tell_message(stage, event);
        break;
    case SESSION_EVENT_TYPING:
        tell(stage, "%s %s", event->member->shown, event->live ? "types" : "ceases to type");
        break;
    case SESSION_EVENT_HISTORY:
        tell(stage, "history");
        break;
    case SESSION_EVENT_NOTICE:
        tell(stage, "notice %s", event->code);
        break;
    case SESSION_EVENT_WANTS_CONNECT:
        tell(stage, "wants connect");
        break;
    }
}

/* --- life --- */

SessionStage *session_stage_new(void)
{
    static const SessionOutput output = {.dial = out_dial,
                                         .hang_up = out_hang_up,
                                         .send = out_send,
                                         .open_log = out_open_log,
                                         .event = out_event,
                                         .wall_ms = out_wall_ms,
                                         .random = out_random};
    SessionStage *stage = g_new0(SessionStage, 1);
    for (int i = 0; i < PEOPLE; i++) {
        uint8_t seed[32] = {(uint8_t)(i + 1)};
        stage->actors[i].identity = identity_from_seed(seed);
    }
    for (char who = 'a'; who <= 'c'; who++)
        actor(stage, who)->keyring = keyring_open(NULL, FIRST_MS, NULL);
    stage->candidates = g_array_new(FALSE, FALSE, sizeof(SessionCandidate));
    stage->made = g_ptr_array_new_with_free_func((GDestroyNotify)event_unref);
    stage->made_at = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    stage->submitted = g_ptr_array_new_with_free_func((GDestroyNotify)event_unref);
    stage->arena = arena_new(FRAME_ARENA_SIZE);
    g_queue_init(&stage->lines);
    stage->now_us = G_USEC_PER_SEC;
    stage->store = store_open(NULL, NULL);
    store_set_setting(stage->store, SETTING_NAME, "Me", NULL);
    stage->session = session_new(actor(stage, 'a')->identity, actor(stage, 'a')->keyring,
                                 stage->store, &output, stage, stage->now_us, NULL);
    return stage;
}

void session_stage_free(SessionStage *stage)
{
    session_free(stage->session);
    store_close(stage->store);
    for (int i = 0; i < PEOPLE; i++) {
        keyring_free(stage->actors[i].keyring);
        identity_free(stage->actors[i].identity);
    }
    event_unref(stage->taken[0]);
    event_unref(stage->taken[1]);
    g_array_unref(stage->candidates);
    g_ptr_array_unref(stage->made);
    g_array_unref(stage->made_at);
    g_ptr_array_unref(stage->submitted);
    arena_free(stage->arena);
    g_queue_clear_full(&stage->lines, g_free);
    g_free(stage->line);
    g_free(stage);
}

void session_stage_pass(SessionStage *stage, int64_t ms)
{
    int64_t end_us = stage->now_us + ms * 1000;
    for (;;) {
        int64_t due_us = session_deadline(stage->session);
        if (due_us > end_us)
            break;
        g_assert_cmpint(stage->random, <, 100000);
        stage->random++; /* a core that never comes to rest is found by the line above */
        stage->now_us = MAX(stage->now_us, due_us);
        session_tick(stage->session, stage->now_us);
    }
    stage->now_us = end_us;
    session_flush(stage->session, stage->now_us);
}

/* --- candidates and links --- */

static void tell_candidates(SessionStage *stage)
{
    session_candidates(stage->session, (SessionCandidate *)stage->candidates->data,
                       stage->candidates->len, stage->settled, stage->now_us);
}

void session_stage_gone(SessionStage *stage, uint64_t id)
{
    for (guint i = stage->candidates->len; i-- > 0;)
        if (g_array_index(stage->candidates, SessionCandidate, i).id == id)
            g_array_remove_index(stage->candidates, i);
    tell_candidates(stage);
}

static bool has(const char *traits, const char *word)
{
    return strstr(traits, word) != NULL;
}

void session_stage_find(SessionStage *stage, uint64_t id, const char *traits)
{
    for (guint i = stage->candidates->len; i-- > 0;)
        if (g_array_index(stage->candidates, SessionCandidate, i).id == id)
            g_array_remove_index(stage->candidates, i);
    SessionCandidate candidate = {.id = id,
                                  .typed = has(traits, "typed"),
                                  .relay = has(traits, "relay"),
                                  .remembered = has(traits, "remembered"),
                                  .last_here = has(traits, "here"),
                                  .has_place = !has(traits, "typed"),
                                  .has_key = has(traits, "key")};
    memcpy(candidate.place, places[has(traits, "place2")], PLACE_SIZE);
    memcpy(candidate.key_prefix, session_stage_key(stage, 'r'), sizeof candidate.key_prefix);
    g_array_append_val(stage->candidates, candidate);
    tell_candidates(stage);
}

void session_stage_settle(SessionStage *stage)
{
    stage->settled = true;
    tell_candidates(stage);
}

void session_stage_up(SessionStage *stage, char who)
{
    session_dialled(stage->session, stage->dialled, session_stage_key(stage, who), stage->now_us);
}

void session_stage_fail(SessionStage *stage)
{
    session_dial_failed(stage->session, stage->dialled, "nobody there", stage->now_us);
}

void session_stage_cut(SessionStage *stage)
{
    g_ptr_array_set_size(stage->submitted, 0);
    session_link_closed(stage->session, "cut", stage->now_us);
}

/* --- frames to the session --- */

static void give_bytes(SessionStage *stage, GBytes *bytes)
{
    size_t length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    session_frame(stage->session, data + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE,
                  stage->now_us);
    session_flush(stage->session, stage->now_us);
}

static void give(SessionStage *stage, Wire__Frame__BodyCase body, void *message)
{
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = body;
    frame.hello = message; /* all members of the union are pointers */
    g_autoptr(GBytes) bytes = frame_build(&frame);
    give_bytes(stage, bytes);
}

void session_stage_welcome(SessionStage *stage, const char *traits)
{
    Wire__Limits limits = WIRE__LIMITS__INIT;
    limits.frame = FRAME_MAX;
    limits.text = TEXT_MAX;
    limits.name = NAME_MAX_GRAPHEMES;
    limits.page = PAGE_MAX;
    limits.submit_rate = SUBMIT_RATE;
    limits.submit_burst = SUBMIT_BURST;
    Wire__Welcome welcome = WIRE__WELCOME__INIT;
    welcome.version = PROTOCOL_VERSION;
    welcome.place = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)places[has(traits, "place2")]};
    welcome.place_name = (char *)"Home";
    welcome.room_time_ms = out_wall_ms(stage) + (has(traits, "late") ? 86400000 : 0);
    welcome.log = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)logs[has(traits, "log2")]};
    welcome.head = stage->position;
    welcome.limits = &limits;
    Wire__Head heads[2] = {WIRE__HEAD__INIT, WIRE__HEAD__INIT};
    Wire__Head *list[2];
    for (unsigned lane = 0; lane < 2 && !has(traits, "forgot"); lane++) {
        const Event *taken = stage->taken[lane];
        if (!taken)
            continue;
        Wire__Head *head = list[welcome.n_own_heads++] = &heads[lane];
        head->incarnation = event_incarnation(taken);
        head->lane = lane;
        head->seq = has(traits, "ahead") ? 99 : event_seq(taken);
        head->hash = (ProtobufCBinaryData){HASH_SIZE, (uint8_t *)event_hash(taken)};
    }
    welcome.own_heads = list;
    give(stage, WIRE__FRAME__BODY_WELCOME, &welcome);
}

static Event *make(SessionStage *stage, char who, Lane lane, EventDraft *draft)
{
    Actor *self = actor(stage, who);
    uint8_t token[TOKEN_SIZE] = {(uint8_t)who, (uint8_t)++stage->random,
                                 (uint8_t)(stage->random >> 8)};
    draft->incarnation = 1;
    draft->lane = lane;
    draft->seq = ++self->seq[lane];
    draft->prev = draft->seq > 1 ? self->hash[lane] : NULL;
    draft->place = places[0];
    draft->time_ms = out_wall_ms(stage) + (int64_t)stage->position;
    draft->token = token;
    Event *event = NULL;
    if (lane == LANE_PUBLIC) {
        event = event_sign(self->identity, draft);
    } else {
        const uint8_t *keys[2];
        bool first =
            memcmp(session_stage_key(stage, 'a'), session_stage_key(stage, who), KEY_SIZE) < 0;
        const uint8_t *recipients[2];
        recipients[first ? 0 : 1] = session_stage_key(stage, 'a');
        recipients[first ? 1 : 0] = session_stage_key(stage, who);
        keys[first ? 0 : 1] = keyring_public(actor(stage, 'a')->keyring);
        keys[first ? 1 : 0] = keyring_public(self->keyring);
        draft->recipients = recipients;
        draft->recipient_count = 2;
        g_autoptr(GBytes) sealed =
            seal_content(draft, session_stage_key(stage, who), keys, EVENT_MESSAGE, draft->content);
        draft->kind = EVENT_SEALED;
        draft->content = sealed;
        event = event_sign(self->identity, draft);
    }
    g_assert_nonnull(event);
    memcpy(self->hash[lane], event_hash(event), HASH_SIZE);
    return event;
}

static void keep(SessionStage *stage, Event *event)
{
    stage->position++;
    g_ptr_array_add(stage->made, event);
    g_array_append_val(stage->made_at, stage->position);
}

void session_stage_at(SessionStage *stage, uint64_t position)
{
    stage->position = position - 1;
}

void session_stage_event(SessionStage *stage, char who, char to, const char *text)
{
    static const uint8_t general[PLACE_SIZE];
    g_autoptr(GBytes) content = content_message(text, false, NULL);
    EventDraft draft = {.kind = EVENT_MESSAGE, .room = to ? NULL : general, .content = content};
    keep(stage, make(stage, who, to ? LANE_PRIVATE : LANE_PUBLIC, &draft));
}

static Event *make_profile(SessionStage *stage, char who, const char *name)
{
    static const uint8_t general[PLACE_SIZE];
    g_autoptr(GBytes) content = content_profile(name, keyring_public(actor(stage, who)->keyring));
    EventDraft draft = {.kind = EVENT_PROFILE, .room = general, .content = content};
    return make(stage, who, LANE_PUBLIC, &draft);
}

void session_stage_profile(SessionStage *stage, char who, const char *name)
{
    keep(stage, make_profile(stage, who, name));
}

void session_stage_damage(SessionStage *stage)
{
    Event *event = stage->made->pdata[stage->made->len - 1];
    size_t length = 0;
    g_autofree uint8_t *signature = g_bytes_unref_to_data(
        g_bytes_new_from_bytes(event_signature(event), 0, SIGNATURE_SIZE), &length);
    signature[3] ^= 1;
    g_autoptr(GBytes) damaged = g_bytes_new(signature, length);
    stage->made->pdata[stage->made->len - 1] = event_from_log(event_body(event), damaged);
    event_unref(event);
}

static Entries *take_made(SessionStage *stage)
{
    Entries *entries = entries_new();
    for (guint i = 0; i < stage->made->len; i++)
        entries_add(entries, g_array_index(stage->made_at, uint64_t, i), stage->made->pdata[i]);
    return entries;
}

static void drop_made(SessionStage *stage)
{
    g_ptr_array_set_size(stage->made, 0);
    g_array_set_size(stage->made_at, 0);
}

void session_stage_page(SessionStage *stage, bool asked, uint64_t after, uint64_t through)
{
    g_autoptr(Entries) entries = take_made(stage);
    g_autoptr(GBytes) frame = entries_page(entries, asked ? stage->request : 0, after, through);
    give_bytes(stage, frame);
    drop_made(stage);
}

void session_stage_deliver(SessionStage *stage, uint64_t after, uint64_t through)
{
    g_autoptr(Entries) entries = take_made(stage);
    g_autoptr(GBytes) frame = entries_deliver(entries, after, through);
    give_bytes(stage, frame);
    drop_made(stage);
}

void session_stage_roster(SessionStage *stage, const char *entry, bool more)
{
    Wire__RosterEntry member = WIRE__ROSTER_ENTRY__INIT;
    member.key = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)session_stage_key(stage, entry[0])};
    member.presence = has(entry, "away")   ? WIRE__PRESENCE__AWAY
                      : has(entry, "gone") ? WIRE__PRESENCE__OFFLINE
                                           : WIRE__PRESENCE__ONLINE;
    Wire__SignedEvent profile = WIRE__SIGNED_EVENT__INIT;
    const char *name = strstr(entry, "named ");
    g_autoptr(Event) event = name ? make_profile(stage, entry[0], name + strlen("named ")) : NULL;
    if (event) {
        event_to_wire(event, &profile);
        member.profile = &profile;
    }
    Wire__RosterEntry *members[] = {&member};
    Wire__Roster roster = WIRE__ROSTER__INIT;
    roster.entries = members;
    roster.n_entries = entry[0] == '-' ? 0 : 1;
    roster.more = more;
    give(stage, WIRE__FRAME__BODY_ROSTER, &roster);
}

static Event *take_submitted(SessionStage *stage)
{
    g_assert_cmpuint(stage->submitted->len, >, 0);
    return g_ptr_array_steal_index(stage->submitted, 0);
}

static void take(SessionStage *stage, Event *event)
{
    Event **taken = &stage->taken[event_lane(event)];
    event_unref(*taken);
    *taken = event_ref(event);
}

void session_stage_receipt(SessionStage *stage, Wire__Refusal refusal, uint64_t seq)
{
    g_autoptr(Event) event = take_submitted(stage);
    Wire__Head head = WIRE__HEAD__INIT;
    head.incarnation = event_incarnation(event);
    head.lane = event_lane(event);
    head.seq = seq;
    if (seq > 0)
        head.hash = (ProtobufCBinaryData){HASH_SIZE, (uint8_t *)event_hash(event)};
    Wire__Receipt receipt = WIRE__RECEIPT__INIT;
    receipt.hash = (ProtobufCBinaryData){HASH_SIZE, (uint8_t *)event_hash(event)};
    receipt.refusal = refusal;
    receipt.text = (char *)(refusal == WIRE__REFUSAL__NONE ? "" : "no");
    if (refusal == WIRE__REFUSAL__NONE)
        receipt.position = ++stage->position;
    if (refusal == WIRE__REFUSAL__GAP || refusal == WIRE__REFUSAL__FORK)
        receipt.head = &head;
    if (refusal == WIRE__REFUSAL__RATE || refusal == WIRE__REFUSAL__DISK)
        receipt.retry_ms = 2000;
    if (refusal == WIRE__REFUSAL__NONE)
        take(stage, event);
    give(stage, WIRE__FRAME__BODY_RECEIPT, &receipt);
}

void session_stage_echo(SessionStage *stage)
{
    uint64_t before = stage->position;
    Event *event = take_submitted(stage);
    take(stage, event);
    keep(stage, event);
    session_stage_deliver(stage, before, stage->position);
}

void session_stage_typing(SessionStage *stage, char who)
{
    static const uint8_t general[PLACE_SIZE];
    Wire__Status status = WIRE__STATUS__INIT;
    status.what = WIRE__STATUS__WHAT__TYPING;
    status.from = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)session_stage_key(stage, who)};
    status.room = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)general};
    give(stage, WIRE__FRAME__BODY_STATUS, &status);
}

void session_stage_part(SessionStage *stage, Wire__Parting why)
{
    Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    goodbye.why = why;
    g_ptr_array_set_size(stage->submitted, 0);
    give(stage, WIRE__FRAME__BODY_GOODBYE, &goodbye);
}

void session_stage_pong(SessionStage *stage)
{
    Wire__Pong pong = WIRE__PONG__INIT;
    pong.nonce = stage->nonce;
    pong.room_time_ms = out_wall_ms(stage);
    give(stage, WIRE__FRAME__BODY_PONG, &pong);
}

void session_stage_junk(SessionStage *stage)
{
    session_frame(stage->session, (const uint8_t *)"\xff\xff\xff", 3, stage->now_us);
}

bool session_stage_say(SessionStage *stage, char to, const char *text)
{
    ConversationId conversation = {.direct = to != '\0'};
    if (to)
        memcpy(conversation.id, session_stage_key(stage, to), KEY_SIZE);
    g_autoptr(GError) error = NULL;
    if (session_say(stage->session, &conversation, text, false, NULL, stage->now_us, &error))
        return true;
    tell(stage, "cannot: %s", error->message);
    return false;
}
