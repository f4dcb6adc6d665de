/* The relay's part: what it says, and what other members said. */
#include "relay/seal.h"
#include "tests/unit/app/session_stage_internal.h"

static const uint8_t logs[2][PLACE_SIZE] = {"log one", "log two"};

static void give_bytes(SessionStage *stage, GBytes *bytes)
{
    size_t length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    session_frame(stage->session, data + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE,
                  stage->now_us);
    session_flush(stage->session, stage->now_us);
}

void session_stage_give(SessionStage *stage, Wire__Frame__BodyCase body, void *message)
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
    welcome.place = (ProtobufCBinaryData){
        PLACE_SIZE, (uint8_t *)session_stage_places[session_stage_has(traits, "place2")]};
    welcome.place_name = (char *)"Home";
    welcome.room_time_ms = session_stage_wall_ms(stage) +
                           (session_stage_has(traits, "late") ? 86400000 : 0) -
                           (session_stage_has(traits, "early") ? 86400000 : 0);
    welcome.log =
        (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)logs[session_stage_has(traits, "log2")]};
    welcome.head = stage->position;
    welcome.restored = session_stage_has(traits, "restored");
    welcome.limits = &limits;
    Wire__Head heads[2] = {WIRE__HEAD__INIT, WIRE__HEAD__INIT};
    Wire__Head *list[2];
    for (unsigned lane = 0; lane < 2 && !session_stage_has(traits, "forgot"); lane++) {
        const Event *taken = stage->taken[lane];
        if (!taken)
            continue;
        Wire__Head *head = list[welcome.n_own_heads++] = &heads[lane];
        head->incarnation = event_incarnation(taken);
        head->lane = lane;
        head->seq = session_stage_has(traits, "ahead") ? 99 : event_seq(taken);
        head->hash = (ProtobufCBinaryData){HASH_SIZE, (uint8_t *)event_hash(taken)};
    }
    welcome.own_heads = list;
    session_stage_give(stage, WIRE__FRAME__BODY_WELCOME, &welcome);
}

static Event *make(SessionStage *stage, char who, Lane lane, EventDraft *draft)
{
    Actor *self = session_stage_actor(stage, who);
    uint8_t token[TOKEN_SIZE] = {(uint8_t)who, (uint8_t)++stage->random,
                                 (uint8_t)(stage->random >> 8)};
    draft->incarnation = 1;
    draft->lane = lane;
    draft->seq = ++self->seq[lane];
    draft->prev = draft->seq > 1 ? self->hash[lane] : NULL;
    draft->place = session_stage_places[0];
    draft->time_ms = session_stage_wall_ms(stage) + (int64_t)stage->position - stage->age_ms;
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
        keys[first ? 0 : 1] = keyring_public(session_stage_actor(stage, 'a')->keyring);
        keys[first ? 1 : 0] = keyring_public(self->keyring);
        draft->recipients = recipients;
        draft->recipient_count = 2;
        g_autoptr(GBytes) sealed =
            seal_content(draft, session_stage_key(stage, who), keys, draft->kind, draft->content);
        draft->kind = EVENT_SEALED;
        draft->content = sealed;
        event = event_sign(self->identity, draft);
    }
    g_assert_nonnull(event);
    memcpy(self->hash[lane], event_hash(event), HASH_SIZE);
    return event;
}

void session_stage_age(SessionStage *stage, int64_t ms)
{
    stage->age_ms = ms;
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

void session_stage_keep(SessionStage *stage, char who, char to, uint32_t kind, GBytes *content)
{
    static const uint8_t general[PLACE_SIZE];
    EventDraft draft = {.kind = kind, .room = to ? NULL : general, .content = content};
    keep(stage, make(stage, who, to ? LANE_PRIVATE : LANE_PUBLIC, &draft));
}

void session_stage_event(SessionStage *stage, char who, char to, const char *text)
{
    g_autoptr(GBytes) content = content_message(text, false, NULL);
    session_stage_keep(stage, who, to, EVENT_MESSAGE, content);
}

static Event *make_profile(SessionStage *stage, char who, const char *name)
{
    static const uint8_t general[PLACE_SIZE];
    g_autoptr(GBytes) content =
        content_profile(name, keyring_public(session_stage_actor(stage, who)->keyring));
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
    member.presence = session_stage_has(entry, "away")   ? WIRE__PRESENCE__AWAY
                      : session_stage_has(entry, "gone") ? WIRE__PRESENCE__OFFLINE
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
    session_stage_give(stage, WIRE__FRAME__BODY_ROSTER, &roster);
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
    session_stage_give(stage, WIRE__FRAME__BODY_RECEIPT, &receipt);
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
    session_stage_give(stage, WIRE__FRAME__BODY_STATUS, &status);
}

void session_stage_part(SessionStage *stage, Wire__Parting why)
{
    Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    goodbye.why = why;
    g_ptr_array_set_size(stage->submitted, 0);
    session_stage_give(stage, WIRE__FRAME__BODY_GOODBYE, &goodbye);
}

void session_stage_pong(SessionStage *stage)
{
    Wire__Pong pong = WIRE__PONG__INIT;
    pong.nonce = stage->nonce;
    pong.room_time_ms = session_stage_wall_ms(stage);
    session_stage_give(stage, WIRE__FRAME__BODY_PONG, &pong);
}

void session_stage_junk(SessionStage *stage)
{
    session_frame(stage->session, (const uint8_t *)"\xff\xff\xff", 3, stage->now_us);
}
