#include "tests/unit/app/session_stage.h"

#include "tests/unit/app/session_stage_internal.h"

const uint8_t session_stage_places[2][PLACE_SIZE] = {"place one", "place two"};

void session_stage_tell(SessionStage *stage, const char *format, ...)
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

Actor *session_stage_actor(SessionStage *stage, char who)
{
    return &stage->actors[who - 'a'];
}

const uint8_t *session_stage_key(SessionStage *stage, char who)
{
    return identity_key(session_stage_actor(stage, who)->identity);
}

Session *session_stage_session(SessionStage *stage)
{
    return stage->session;
}

Store *session_stage_store(SessionStage *stage)
{
    return stage->store;
}

void session_stage_listen(SessionStage *stage,
                          void (*listener)(const SessionEvent *event, void *user), void *user)
{
    stage->listener = listener;
    stage->listener_user = user;
}

/* --- what comes out --- */

static void out_dial(uint64_t candidate, void *user)
{
    SessionStage *stage = user;
    stage->dialled = candidate;
    session_stage_tell(stage, "dial %d", (int)candidate);
}

static void out_hang_up(void *user)
{
    session_stage_tell(user, "hang up");
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
        session_stage_tell(stage, "> submit %d %s", seq, message.text);
    else if (event_kind(event) == EVENT_PROFILE && content_read_profile(content, length, &profile))
        session_stage_tell(stage, "> submit %d name %s", seq, profile.name);
    else if (event_kind(event) == EVENT_OFFER)
        session_stage_tell(stage, "> submit %d offer", seq);
    else
        session_stage_tell(stage, "> submit %d private", seq);
    message_content_clear(&message);
    profile_content_clear(&profile);
}

static void tell_hello(SessionStage *stage, const Wire__Hello *hello)
{
    const char *place = hello->place.len ? (char *)hello->place.data : "any";
    if (hello->mark_position > 0 && hello->mark_position < hello->position)
        session_stage_tell(stage, "> hello %.9s, holds %d but read %d", place, (int)hello->position,
                           (int)hello->mark_position);
    else
        session_stage_tell(stage, "> hello %.9s, holds %d", place, (int)hello->position);
}

static void tell_status(SessionStage *stage, const Wire__Status *status)
{
    static const char *const names[] = {"back", "away", "typing"};
    session_stage_tell(stage, "> %s", names[status->what]);
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
        session_stage_tell(stage, "> fetch %d..%d%s", (int)read->fetch->after,
                           (int)read->fetch->before, read->fetch->private_only ? " private" : "");
        break;
    case WIRE__FRAME__BODY_STATUS:
        tell_status(stage, read->status);
        break;
    case WIRE__FRAME__BODY_PING:
        stage->nonce = read->ping->nonce;
        session_stage_tell(stage, "> ping %d", (int)read->ping->position);
        break;
    case WIRE__FRAME__BODY_SIGNAL:
        session_stage_tell_signal(stage, read->signal);
        break;
    case WIRE__FRAME__BODY_HEADS:
    case WIRE__FRAME__BODY_WANT:
    case WIRE__FRAME__BODY_GIVE:
    case WIRE__FRAME__BODY_SETTLED:
        session_stage_tell_exchange(stage, read);
        break;
    default:
        session_stage_tell(stage, "> %s", frame_name(read));
    }
    return true;
}

static Log *out_open_log(const uint8_t *place, GError **error, void *user)
{
    return log_open(NULL, place, error);
}

int64_t session_stage_wall_ms(void *user)
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
    g_autofree char *shown = message->offer
                                 ? g_strdup_printf("offer of %s", message->offer->items[0].name)
                                 : g_strdup(message->text);
    if (message->delivery == DELIVERY_STATE_RECEIVED)
        session_stage_tell(stage, "%s %s%s: %s", event->live ? "message" : "old",
                           message->conversation.direct ? "to me by " : "", event->member->shown,
                           shown);
    else if (message->why)
        session_stage_tell(stage, "%s %s: %s", state, shown, message->why);
    else
        session_stage_tell(stage, "%s %s", state, shown);
}

static void tell_member(SessionStage *stage, const SessionEvent *event)
{
    static const char *const changes[] = {"known", "joined", "left", "away", "back", "renamed"};
    session_stage_tell(stage, "%s %s", event->member->shown, changes[event->change]);
}

static void out_event(const SessionEvent *event, void *user)
{
    SessionStage *stage = user;
    if (stage->listener)
        stage->listener(event, stage->listener_user);
    switch (event->type) {
    case SESSION_EVENT_STATE:
        session_stage_tell(stage, "state %s", session_state_name(session_state(stage->session)));
        break;
    case SESSION_EVENT_JOINED:
        session_stage_tell(stage, "joined");
        break;
    case SESSION_EVENT_PLACE:
        session_stage_tell(stage, "place");
        break;
    case SESSION_EVENT_MEMBER:
        tell_member(stage, event);
        break;
    case SESSION_EVENT_MESSAGE:
    case SESSION_EVENT_DELIVERY:
        tell_message(stage, event);
        break;
    case SESSION_EVENT_TYPING:
        session_stage_tell(stage, "%s %s", event->member->shown,
                           event->live ? "types" : "ceases to type");
        break;
    case SESSION_EVENT_HISTORY:
        session_stage_tell(stage, "history");
        break;
    case SESSION_EVENT_NOTICE:
        session_stage_tell(stage, "notice %s", event->code);
        break;
    case SESSION_EVENT_MOVED:
        session_stage_tell(stage, "moved: %s", event->text);
        break;
    case SESSION_EVENT_WANTS_CONNECT:
        session_stage_tell(stage, "wants connect");
        break;
    case SESSION_EVENT_NOTE:
        session_stage_tell(stage, "note of %s: attempt %d", event->member->shown,
                           event->note->body_case == WIRE__NOTE__BODY_READY
                               ? (int)event->note->ready->attempt
                               : -1);
        break;
    case SESSION_EVENT_NOTE_RETURNED:
        session_stage_tell(stage, "note to %s returned, %d", event->member->shown,
                           (int)event->retry_ms);
        break;
    case SESSION_EVENT_PASSPHRASE:
    case SESSION_EVENT_BARRED:
    case SESSION_EVENT_RULES:
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
                                         .wall_ms = session_stage_wall_ms,
                                         .random = out_random};
    SessionStage *stage = g_new0(SessionStage, 1);
    for (int i = 0; i < PEOPLE; i++) {
        uint8_t seed[32] = {(uint8_t)(i + 1)};
        stage->actors[i].identity = identity_from_seed(seed);
    }
    for (char who = 'a'; who <= 'c'; who++)
        session_stage_actor(stage, who)->keyring = keyring_open(NULL, FIRST_MS, NULL);
    stage->candidates = g_array_new(FALSE, FALSE, sizeof(SessionCandidate));
    stage->made = g_ptr_array_new_with_free_func((GDestroyNotify)event_unref);
    stage->made_at = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    stage->submitted = g_ptr_array_new_with_free_func((GDestroyNotify)event_unref);
    stage->arena = arena_new(FRAME_ARENA_SIZE);
    g_queue_init(&stage->lines);
    stage->now_us = G_USEC_PER_SEC;
    stage->store = store_open(NULL, NULL);
    store_set_setting(stage->store, SETTING_NAME, "Me", NULL);
    stage->session = session_new(session_stage_actor(stage, 'a')->identity,
                                 session_stage_actor(stage, 'a')->keyring, stage->store, &output,
                                 stage, stage->now_us, NULL);
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

bool session_stage_has(const char *traits, const char *word)
{
    return strstr(traits, word) != NULL;
}

void session_stage_find(SessionStage *stage, uint64_t id, const char *traits)
{
    for (guint i = stage->candidates->len; i-- > 0;)
        if (g_array_index(stage->candidates, SessionCandidate, i).id == id)
            g_array_remove_index(stage->candidates, i);
    SessionCandidate candidate = {.id = id,
                                  .typed = session_stage_has(traits, "typed"),
                                  .relay = session_stage_has(traits, "relay"),
                                  .remembered = session_stage_has(traits, "remembered"),
                                  .last_here = session_stage_has(traits, "here"),
                                  .chosen_here = session_stage_has(traits, "chosen"),
                                  .has_place = !session_stage_has(traits, "typed"),
                                  .has_key = session_stage_has(traits, "key")};
    memcpy(candidate.place, session_stage_places[session_stage_has(traits, "place2")], PLACE_SIZE);
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

ConversationId session_stage_with(SessionStage *stage, char to)
{
    ConversationId conversation = {.direct = to != '\0'};
    if (to)
        memcpy(conversation.id, session_stage_key(stage, to), KEY_SIZE);
    return conversation;
}

bool session_stage_say(SessionStage *stage, char to, const char *text)
{
    ConversationId conversation = session_stage_with(stage, to);
    g_autoptr(GError) error = NULL;
    if (session_say(stage->session, &conversation, text, false, NULL, stage->now_us, &error))
        return true;
    session_stage_tell(stage, "cannot: %s", error->message);
    return false;
}
