/* lint: file-length the words for all that members do and are told */
#include "tests/unit/relay/hub_stage.h"

#include "relay/content.h"
#include "relay/entries.h"

#include <string.h>

typedef struct {
    Identity *identity;
    HubLink *link;
    GQueue lines;
    int room;
    size_t queued;
    const char *address;
    uint64_t seq[2];
    uint8_t prev[2][HASH_SIZE];
    Event *last;
} Actor;

struct Stage {
    Log *log;
    Hub *hub;
    int64_t now_us;
    int64_t wall_ms;
    Actor actors[STAGE_MEMBERS];
    Actor relay; /* 'R' */
    bool more;
    unsigned renamed;
    char *told;
    uint8_t tokens;
    int64_t ahead_ms;
};

static const uint8_t place[PLACE_SIZE] = "the stage's id.";
static const uint8_t general[PLACE_SIZE];

static Actor *actor(Stage *stage, char who)
{
    return who == 'R' ? &stage->relay : &stage->actors[who - 'a'];
}

const uint8_t *stage_key(Stage *stage, char who)
{
    return identity_key(actor(stage, who)->identity);
}

static char name_of(Stage *stage, const uint8_t *key)
{
    for (char who = 'a'; who < 'a' + STAGE_MEMBERS; who++)
        if (memcmp(key, stage_key(stage, who), KEY_SIZE) == 0)
            return who;
    return memcmp(key, stage_key(stage, 'R'), KEY_SIZE) == 0 ? 'R' : '?';
}

static void tell_entries(Stage *stage, GString *line, Wire__Entry *const *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const Wire__SignedEvent *bytes = entries[i]->event;
        g_autoptr(Event) event =
            event_open(bytes->body.data, bytes->body.len, bytes->signature.data,
                       bytes->signature.len, place, NULL);
        g_assert_nonnull(event);
        size_t length;
        const uint8_t *content = event_content(event, &length);
        MessageContent message = {.text = NULL};
        bool readable =
            event_kind(event) == EVENT_MESSAGE && content_read_message(content, length, &message);
        g_string_append_printf(line, " %d:%c:%s", (int)entries[i]->position,
                               name_of(stage, event_author(event)), readable ? message.text : "*");
        message_content_clear(&message);
    }
}

static void tell_roster(Stage *stage, GString *line, const Wire__Roster *roster)
{
    static const char *const words[] = {"online", "away", "offline"};
    for (size_t i = 0; i < roster->n_entries; i++)
        g_string_append_printf(line, " %c=%s%s", name_of(stage, roster->entries[i]->key.data),
                               words[roster->entries[i]->presence],
                               roster->entries[i]->profile ? "+" : "");
    if (roster->more)
        g_string_append(line, " more");
}

static void tell_receipt(Stage *stage, GString *line, const Wire__Receipt *receipt)
{
    static const char *const words[] = {"",         "GAP",       "FORK",        "RATE", "TOO_LARGE",
                                        "BAD_TIME", "BAD_EVENT", "NOT_ALLOWED", "DISK"};
    if (receipt->refusal == WIRE__REFUSAL__NONE)
        g_string_append_printf(line, " %d", (int)receipt->position);
    else
        g_string_append_printf(line, " %s", words[receipt->refusal]);
    if (receipt->head)
        g_string_append_printf(line, " head=%d", (int)receipt->head->seq);
    if (receipt->retry_ms > 0)
        g_string_append(line, " later");
    if (stage->more && receipt->refusal != WIRE__REFUSAL__NONE)
        g_string_append_printf(line, " \"%s\"", receipt->text);
}

static void tell_addresses(GString *line, char *const *addresses, size_t count)
{
    for (size_t i = 0; i < count; i++)
        g_string_append_printf(line, "%s%s", i > 0 ? "," : "@", addresses[i]);
}

static void tell_goodbye(Stage *stage, GString *line, const Wire__Goodbye *goodbye)
{
    g_string_append_printf(line, " %d", (int)goodbye->why);
    if (goodbye->successor.len > 0)
        g_string_append_printf(line, " %c", name_of(stage, goodbye->successor.data));
    tell_addresses(line, goodbye->addresses, goodbye->n_addresses);
    if (stage->more && goodbye->until_ms > 0)
        g_string_append_printf(line, " until +%d", (int)(goodbye->until_ms - stage->wall_ms));
    if (stage->more && goodbye->retry_ms > 0)
        g_string_append_printf(line, " in %d", (int)goodbye->retry_ms);
    if (stage->more)
        g_string_append_printf(line, " \"%s\"", goodbye->text);
}

static void tell_welcome(Stage *stage, GString *line, const Wire__Welcome *welcome)
{
    g_string_append_printf(line, " head=%d members=%d own=%d", (int)welcome->head,
                           (int)welcome->members, (int)welcome->n_own_heads);
    if (welcome->restored)
        g_string_append(line, " restored");
    if (stage->more)
        g_string_append_printf(line, " %s keeper=%c days=%d", welcome->place_name,
                               welcome->keeper.len > 0 ? name_of(stage, welcome->keeper.data) : '-',
                               (int)welcome->limits->history_days);
}

/* In capitals: a relay program. */
static void tell_successors(Stage *stage, GString *line, const Wire__Successors *successors)
{
    for (size_t i = 0; i < successors->n_successors; i++) {
        const Wire__Successor *next = successors->successors[i];
        char name = name_of(stage, next->key.data);
        g_string_append_printf(line, " %c", next->relay_program ? g_ascii_toupper(name) : name);
        tell_addresses(line, next->addresses, next->n_addresses);
    }
}

static char *tell(Stage *stage, const Wire__Frame *frame)
{
    GString *line = g_string_new(frame_name(frame));
    switch (frame->body_case) {
    case WIRE__FRAME__BODY_WELCOME:
        tell_welcome(stage, line, frame->welcome);
        break;
    case WIRE__FRAME__BODY_ROSTER:
        tell_roster(stage, line, frame->roster);
        break;
    case WIRE__FRAME__BODY_PAGE:
        g_string_append_printf(line, " %d (%d,%d]", (int)frame->page->request,
                               (int)frame->page->after, (int)frame->page->through);
        tell_entries(stage, line, frame->page->entries, frame->page->n_entries);
        break;
    case WIRE__FRAME__BODY_DELIVER:
        g_string_append_printf(line, " (%d,%d]", (int)frame->deliver->after,
                               (int)frame->deliver->through);
        tell_entries(stage, line, frame->deliver->entries, frame->deliver->n_entries);
        break;
    case WIRE__FRAME__BODY_RECEIPT:
        tell_receipt(stage, line, frame->receipt);
        break;
    case WIRE__FRAME__BODY_STATUS:
        g_string_append_printf(line, " %c", name_of(stage, frame->status->from.data));
        break;
    case WIRE__FRAME__BODY_SIGNAL:
        if (frame->signal->returned)
            g_string_append_printf(line, " to %c returned%s",
                                   name_of(stage, frame->signal->to.data),
                                   frame->signal->retry_ms > 0 ? " later" : "");
        else
            g_string_append_printf(line, " %c", name_of(stage, frame->signal->from.data));
        break;
    case WIRE__FRAME__BODY_PONG:
        g_string_append_printf(line, " %d", (int)frame->pong->nonce);
        break;
    case WIRE__FRAME__BODY_HEADS:
        g_string_append_printf(line, " %d", (int)frame->heads->n_heads);
        break;
    case WIRE__FRAME__BODY_GOODBYE:
        tell_goodbye(stage, line, frame->goodbye);
        break;
    case WIRE__FRAME__BODY_SUCCESSORS:
        tell_successors(stage, line, frame->successors);
        break;
    case WIRE__FRAME__BODY_ADVICE:
        g_string_append_printf(line, " %s \"%s\"", frame->advice->code, frame->advice->text);
        break;
    default:
        break;
    }
    return g_string_free(line, FALSE);
}

static bool out_send(void *link, GBytes *bytes, void *user)
{
    Actor *to = link;
    if (to->room == 0)
        return false;
    if (to->room > 0)
        to->room--;
    gsize length;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    g_assert_cmpuint(length, <=, FRAME_MAX + FRAME_HEADER_SIZE);
    g_autoptr(Arena) arena = arena_new(FRAME_ARENA_SIZE);
    const Wire__Frame *frame =
        frame_parse(arena, data + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE, NULL);
    g_assert_nonnull(frame);
    g_queue_push_tail(&to->lines, tell(user, frame));
    return true;
}

static size_t out_queued(void *link, void *user)
{
    return ((Actor *)link)->queued;
}

static void out_close(void *link, void *user)
{
    Actor *to = link;
    to->link = NULL;
    g_queue_push_tail(&to->lines, g_strdup("closed"));
}

static int64_t out_wall(void *user)
{
    return ((Stage *)user)->wall_ms;
}

static const char *out_address(void *link, void *user)
{
    return ((Actor *)link)->address;
}

static char *out_claim(const uint8_t *key, const char *code, void *user)
{
    return g_strdup_printf("%c said %s.", name_of(user, key), code);
}

static void out_renamed(void *user)
{
    ((Stage *)user)->renamed++;
}

static void begin_hub(Stage *stage, const uint8_t *app, int64_t room_time_ms)
{
    const HubOutput output = {.send = out_send,
                              .queued = out_queued,
                              .close = out_close,
                              .wall_ms = out_wall,
                              .address = out_address,
                              .claim = app ? NULL : out_claim,
                              .renamed = out_renamed};
    HubConfig config = {.place_name = "Stage",
                        .self = app ? app : stage_key(stage, 'R'),
                        .relay_program = !app,
                        .software = "test",
                        .room_time_ms = room_time_ms};
    stage->hub = hub_new(&config, stage->log, &output, stage, stage->now_us);
}

static Stage *make_stage(void)
{
    Stage *stage = g_new0(Stage, 1);
    stage->now_us = G_USEC_PER_SEC;
    stage->wall_ms = INT64_C(1700000000000);
    stage->log = log_open(NULL, place, NULL);
    g_assert_nonnull(stage->log);
    uint8_t own_seed[32] = {1};
    stage->relay.identity = identity_from_seed(own_seed);
    for (int i = 0; i < STAGE_MEMBERS; i++) {
        uint8_t seed[32];
        memset(seed, 'a' + i, sizeof seed);
        stage->actors[i].identity = identity_from_seed(seed);
        stage->actors[i].room = -1;
        g_queue_init(&stage->actors[i].lines);
    }
    return stage;
}

Stage *stage_new(void)
{
    Stage *stage = make_stage();
    begin_hub(stage, NULL, 0);
    return stage;
}

Stage *stage_new_carried(char who)
{
    Stage *stage = make_stage();
    begin_hub(stage, stage_key(stage, who), 0);
    return stage;
}

void stage_free(Stage *stage)
{
    if (!stage)
        return;
    hub_free(stage->hub);
    log_close(stage->log);
    for (int i = 0; i < STAGE_MEMBERS; i++) {
        g_queue_clear_full(&stage->actors[i].lines, g_free);
        identity_free(stage->actors[i].identity);
        event_unref(stage->actors[i].last);
    }
    identity_free(stage->relay.identity);
    event_unref(stage->relay.last);
    g_free(stage->told);
    g_free(stage);
}

Log *stage_log(Stage *stage)
{
    return stage->log;
}

Hub *stage_hub(Stage *stage)
{
    return stage->hub;
}

void stage_pass(Stage *stage, int64_t ms)
{
    stage->now_us += ms * 1000;
    stage->wall_ms += ms;
    hub_tick(stage->hub, stage->now_us);
}

void stage_flush(Stage *stage)
{
    hub_flush(stage->hub, stage->now_us);
}

static void restart(Stage *stage, const uint8_t *app, int64_t room_time_ms)
{
    hub_free(stage->hub);
    for (int i = 0; i < STAGE_MEMBERS; i++)
        stage->actors[i].link = NULL;
    begin_hub(stage, app, room_time_ms);
}

void stage_restart(Stage *stage)
{
    restart(stage, NULL, 0);
}

void stage_serve(Stage *stage, char who, int64_t room_time_ms)
{
    restart(stage, stage_key(stage, who), room_time_ms);
}

void stage_open(Stage *stage, char who)
{
    Actor *opener = actor(stage, who);
    opener->link = hub_link_opened(stage->hub, opener, stage_key(stage, who), stage->now_us);
    g_assert_nonnull(opener->link);
}

void stage_bytes(Stage *stage, char who, const uint8_t *bytes, size_t length)
{
    hub_frame(stage->hub, actor(stage, who)->link, bytes, length, stage->now_us);
}

void stage_frame(Stage *stage, char who, const Wire__Frame *frame)
{
    g_autoptr(GBytes) bytes = frame_build(frame);
    gsize length;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    stage_bytes(stage, who, data + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE);
}

void stage_hello_as(Stage *stage, char who, Wire__Hello *hello)
{
    stage_open(stage, who);
    hello->version = PROTOCOL_VERSION;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HELLO;
    frame.hello = hello;
    stage_frame(stage, who, &frame);
}

void stage_hello(Stage *stage, char who, uint64_t position)
{
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.log = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)log_id(stage->log)};
    hello.position = position;
    hello.page = 100;
    stage_hello_as(stage, who, &hello);
}

void stage_cut(Stage *stage, char who)
{
    hub_link_closed(stage->hub, actor(stage, who)->link, stage->now_us);
    actor(stage, who)->link = NULL;
}

static void submit(Stage *stage, char who, const Event *event)
{
    Wire__SignedEvent signed_event;
    event_to_wire(event, &signed_event);
    Wire__Submit body = WIRE__SUBMIT__INIT;
    body.event = &signed_event;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_SUBMIT;
    frame.submit = &body;
    stage_frame(stage, who, &frame);
}

static void sign(Stage *stage, char who, char to, uint32_t kind, GBytes *content)
{
    Actor *author = actor(stage, who);
    Lane lane = to ? LANE_PRIVATE : LANE_PUBLIC;
    const uint8_t *recipients[2] = {stage_key(stage, who), stage_key(stage, to ? to : who)};
    if (memcmp(recipients[0], recipients[1], KEY_SIZE) > 0) {
        const uint8_t *swap = recipients[0];
        recipients[0] = recipients[1];
        recipients[1] = swap;
    }
    uint8_t token[TOKEN_SIZE] = {++stage->tokens, (uint8_t)who};
    author->seq[lane]++;
    EventDraft draft = {
        .incarnation = 7,
        .lane = lane,
        .seq = author->seq[lane],
        .prev = author->seq[lane] > 1 ? author->prev[lane] : NULL,
        .place = place,
        .time_ms = hub_room_time_ms(stage->hub) + stage->ahead_ms,
        .token = token,
        .kind = kind,
        .room = to ? NULL : general,
        .recipients = to ? recipients : NULL,
        .recipient_count = to ? 2 : 0,
        .content = content,
    };
    Event *event = event_sign(author->identity, &draft);
    g_assert_nonnull(event);
    memcpy(author->prev[lane], event_hash(event), HASH_SIZE);
    event_unref(author->last);
    author->last = event;
}

static void sign_and_submit(Stage *stage, char who, char to, uint32_t kind, GBytes *content)
{
    sign(stage, who, to, kind, content);
    submit(stage, who, actor(stage, who)->last);
}

static bool sign_and_append(Stage *stage, char who, char to, uint32_t kind, GBytes *content)
{
    sign(stage, who, to, kind, content);
    uint64_t position = 0;
    LogAppend result = log_append(stage->log, actor(stage, who)->last, LOG_RULE_SET, 0, NULL, 0,
                                  NULL, &position, NULL);
    g_assert_true(result == LOG_APPENDED || result == LOG_FAILED);
    return result == LOG_APPENDED;
}

/* The hub never looks into what is private: an unknown kind stands for it. */
static GBytes *message(char to, const char *text)
{
    return to ? g_bytes_new(text, strlen(text)) : content_message(text, false, NULL);
}

static GBytes *profile(const char *name)
{
    uint8_t sealing_key[SEALING_KEY_SIZE] = {9};
    return content_profile(name, sealing_key);
}

void stage_say(Stage *stage, char who, char to, const char *text, unsigned skip)
{
    g_autoptr(GBytes) content = message(to, text);
    actor(stage, who)->seq[to ? LANE_PRIVATE : LANE_PUBLIC] += skip;
    sign_and_submit(stage, who, to, to ? 99 : EVENT_MESSAGE, content);
}

void stage_profile(Stage *stage, char who, const char *name)
{
    g_autoptr(GBytes) content = profile(name);
    sign_and_submit(stage, who, '\0', EVENT_PROFILE, content);
}

void stage_set_ahead(Stage *stage, int64_t ms)
{
    stage->ahead_ms = ms;
}

bool stage_gather(Stage *stage, char who, char to, const char *text)
{
    g_autoptr(GBytes) content = message(to, text);
    return sign_and_append(stage, who, to, to ? 99 : EVENT_MESSAGE, content);
}

bool stage_gather_profile(Stage *stage, char who, const char *name)
{
    g_autoptr(GBytes) content = profile(name);
    return sign_and_append(stage, who, '\0', EVENT_PROFILE, content);
}

static GBytes *act_content(Stage *stage, ModerationAct act, char whom, Role role, int64_t until_ms,
                           const char *text)
{
    const uint8_t *member = act <= ACT_UNMUTE ? stage_key(stage, whom) : NULL;
    GBytes *content = moderation_content(act, member, role, until_ms, text);
    g_assert_nonnull(content);
    return content;
}

void stage_act(Stage *stage, char who, ModerationAct act, char whom, Role role, int64_t until_ms,
               const char *text)
{
    g_autoptr(GBytes) content = act_content(stage, act, whom, role, until_ms, text);
    sign_and_submit(stage, who, '\0', EVENT_MODERATION, content);
}

bool stage_gather_act(Stage *stage, char who, ModerationAct act, char whom, Role role,
                      const char *text)
{
    g_autoptr(GBytes) content = act_content(stage, act, whom, role, 0, text);
    return sign_and_append(stage, who, '\0', EVENT_MODERATION, content);
}

void stage_topic(Stage *stage, char who, const char *text)
{
    g_autoptr(GBytes) content = moderation_topic_content(text);
    sign_and_submit(stage, who, '\0', EVENT_TOPIC, content);
}

void stage_say_raw(Stage *stage, char who, uint32_t kind, const void *content, size_t length)
{
    g_autoptr(GBytes) bytes = g_bytes_new(content, length);
    sign_and_submit(stage, who, '\0', kind, bytes);
}

const char *stage_post_last(Stage *stage, char who)
{
    g_autoptr(GError) error = NULL;
    g_clear_pointer(&stage->told, g_free);
    if (!hub_post(stage->hub, actor(stage, who)->last, stage->now_us, &error))
        stage->told = g_strdup(error->message);
    return stage->told ? stage->told : "";
}

const char *stage_post(Stage *stage, ModerationAct act, char whom, Role role, const char *text)
{
    g_autoptr(GBytes) content = act_content(stage, act, whom, role, 0, text);
    sign(stage, 'R', '\0', EVENT_MODERATION, content);
    return stage_post_last(stage, 'R');
}

void stage_tell_more(Stage *stage)
{
    stage->more = true;
}

unsigned stage_renamed(Stage *stage)
{
    return stage->renamed;
}

void stage_set_address(Stage *stage, char who, const char *address)
{
    actor(stage, who)->address = address;
}

void stage_again(Stage *stage, char who)
{
    submit(stage, who, actor(stage, who)->last);
}

void stage_steal(Stage *stage, char who, char author)
{
    submit(stage, who, actor(stage, author)->last);
}

void stage_unsay(Stage *stage, char who)
{
    Actor *author = actor(stage, who);
    Lane lane = event_lane(author->last);
    author->seq[lane]--;
    if (event_prev(author->last))
        memcpy(author->prev[lane], event_prev(author->last), HASH_SIZE);
}

void stage_typing(Stage *stage, char who, char to)
{
    Wire__Status status = WIRE__STATUS__INIT;
    status.what = WIRE__STATUS__WHAT__TYPING;
    if (to)
        status.to = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)stage_key(stage, to)};
    else
        status.room = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)general};
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_STATUS;
    frame.status = &status;
    stage_frame(stage, who, &frame);
}

void stage_claim(Stage *stage, char who, const char *code)
{
    Wire__Claim claim = WIRE__CLAIM__INIT;
    claim.code = (char *)code;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_CLAIM;
    frame.claim = &claim;
    stage_frame(stage, who, &frame);
}

void stage_fork(Stage *stage, char who, const char *text)
{
    stage_unsay(stage, who);
    stage_say(stage, who, '\0', text, 0);
}

void stage_set_room(Stage *stage, char who, int frames)
{
    actor(stage, who)->room = frames;
}

void stage_set_queued(Stage *stage, char who, size_t bytes)
{
    actor(stage, who)->queued = bytes;
}

const char *stage_next(Stage *stage, char who)
{
    g_free(stage->told);
    stage->told = g_queue_pop_head(&actor(stage, who)->lines);
    return stage->told ? stage->told : "";
}
