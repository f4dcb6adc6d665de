#include "app/timeline.h"

#include "app/timeline_internal.h"
#include "relay/key.h"

#include <string.h>

static void person_release(gpointer person)
{
    person_unref(person);
}

static void choice_clear(gpointer data)
{
    Choice *choice = data;
    g_free((char *)choice->id);
    g_free((char *)choice->name);
    g_free((char *)choice->address);
}

/* --- conversations --- */

char *timeline_conversation_name(const ConversationId *conversation)
{
    if (!conversation->direct)
        return g_strdup("#general");
    GString *name = g_string_new("@");
    for (size_t i = 0; i < KEY_SIZE; i++)
        g_string_append_printf(name, "%02x", conversation->id[i]);
    return g_string_free(name, FALSE);
}

bool timeline_conversation(const char *id, ConversationId *out)
{
    ConversationId conversation = {0};
    if (g_strcmp0(id, "#general") != 0) {
        if (!id || id[0] != '@' || strlen(id) != 1 + 2 * KEY_SIZE)
            return false;
        conversation.direct = true;
        for (size_t i = 0; i < KEY_SIZE; i++) {
            int high = g_ascii_xdigit_value(id[1 + 2 * i]);
            int low = g_ascii_xdigit_value(id[2 + 2 * i]);
            if (high < 0 || low < 0)
                return false;
            conversation.id[i] = (uint8_t)(high << 4 | low);
        }
    }
    *out = conversation;
    return true;
}

static bool same(const ConversationId *a, const ConversationId *b)
{
    return a->direct == b->direct && memcmp(a->id, b->id, KEY_SIZE) == 0;
}

static Talk *find_talk(Timeline *timeline, const ConversationId *id)
{
    for (guint i = 0; i < timeline->talks->len; i++) {
        Talk *talk = timeline->talks->pdata[i];
        if (same(&talk->id, id))
            return talk;
    }
    return NULL;
}

static Talk *talk_named(Timeline *timeline, const char *name)
{
    ConversationId id;
    return timeline_conversation(name, &id) ? find_talk(timeline, &id) : NULL;
}

static Talk *general(Timeline *timeline)
{
    return timeline->talks->pdata[0];
}

/* Only #general and directs are shown; other rooms belong to later versions. */
static bool is_shown(const ConversationId *id)
{
    static const uint8_t zero[KEY_SIZE];
    return id->direct || memcmp(id->id, zero, KEY_SIZE) == 0;
}

static Talk *need_talk(Timeline *timeline, const ConversationId *id)
{
    Talk *talk = find_talk(timeline, id);
    if (talk || !is_shown(id))
        return talk;
    talk = talk_new(id, timeline->session, timeline->store);
    g_ptr_array_add(timeline->talks, talk);
    timeline->changed = true;
    return talk;
}

static const char *own_name(const Timeline *timeline)
{
    return session_self(timeline->session)->name;
}

static void add_waiting(const SessionMessage *message, void *user)
{
    Timeline *timeline = user;
    Talk *talk = need_talk(timeline, &message->conversation);
    if (talk)
        talk_message(talk, message, own_name(timeline));
}

static void add_direct(Timeline *timeline, GBytes *key)
{
    ConversationId id = {.direct = true};
    if (g_bytes_get_size(key) != KEY_SIZE)
        return;
    memcpy(id.id, g_bytes_get_data(key, NULL), KEY_SIZE);
    need_talk(timeline, &id);
}

static void load_place(Timeline *timeline)
{
    g_ptr_array_set_size(timeline->talks, 0);
    need_talk(timeline, &(ConversationId){0});
    Log *log = session_log(timeline->session);
    g_autoptr(GPtrArray) filed = log ? log_conversations(log, NULL) : NULL;
    for (guint i = 0; filed && i < filed->len; i++)
        add_direct(timeline, filed->pdata[i]);
    g_autoptr(GPtrArray) opened = log ? store_directs(timeline->store, log_place(log), NULL) : NULL;
    for (guint i = 0; opened && i < opened->len; i++)
        add_direct(timeline, opened->pdata[i]);
    session_outbox(timeline->session, add_waiting, timeline);
    g_hash_table_remove_all(timeline->persons);
    timeline->people_changed = timeline->changed = true;
}

Timeline *timeline_new(Session *session, Store *store, int64_t now_us)
{
    Timeline *timeline = g_new0(Timeline, 1);
    timeline->session = session;
    timeline->store = store;
    timeline->link_since_us = timeline->now_us = now_us;
    timeline->link = session_state(session);
    timeline->no_network_since_us = INT64_MAX;
    timeline->talks = g_ptr_array_new_with_free_func((GDestroyNotify)talk_free);
    timeline->persons = g_hash_table_new_full(key_hash, key_equal, NULL, person_release);
    timeline->choices = g_array_new(FALSE, FALSE, sizeof(Choice));
    g_array_set_clear_func(timeline->choices, choice_clear);
    timeline->finding_line = g_strdup("");
    timeline_transfers_init(timeline);
    load_place(timeline);
    return timeline;
}

void timeline_free(Timeline *timeline)
{
    if (!timeline)
        return;
    g_ptr_array_unref(timeline->talks);
    g_hash_table_unref(timeline->persons);
    g_array_unref(timeline->choices);
    model_unref(timeline->last);
    g_free(timeline->finding_line);
    g_free(timeline->passphrase_why);
    timeline_transfers_clear(timeline);
    g_free(timeline);
}

/* --- people --- */

static void person_changed(Timeline *timeline, const SessionMember *member)
{
    const Person *known = g_hash_table_lookup(timeline->persons, member->key);
    timeline->people_changed = timeline->changed = true;
    /* Sentences have names inside. */
    timeline->lines_changed |= !known || strcmp(known->shown, member->shown) != 0;
    if (!known)
        return;
    bool renamed = strcmp(known->shown, member->shown) != 0;
    g_hash_table_remove(timeline->persons, member->key);
    for (guint i = 0; renamed && i < timeline->talks->len; i++)
        rows_author_changed(((Talk *)timeline->talks->pdata[i])->rows, member->key);
}

/* --- events --- */

static void notice(Timeline *timeline, Talk *talk, MessageKind kind, const uint8_t *author,
                   const char *text)
{
    int64_t room_ms = session_room_time_ms(timeline->session, timeline->now_us);
    talk_notice(talk, kind, author, text, room_ms);
    timeline->changed = true;
}

static void member_event(Timeline *timeline, const SessionEvent *event)
{
    const SessionMember *member = event->member;
    g_autofree char *line = NULL;
    person_changed(timeline, member);
    switch (event->change) {
    case MEMBER_JOINED:
        line = g_strdup_printf("%s joined", member->shown);
        notice(timeline, general(timeline), MESSAGE_JOINED, member->key, line);
        break;
    case MEMBER_LEFT:
        line = g_strdup_printf("%s left", member->shown);
        notice(timeline, general(timeline), MESSAGE_LEFT, member->key, line);
        break;
    case MEMBER_RENAMED:
        if (member == session_self(timeline->session))
            break;
        line = g_strdup_printf("%s is now called %s", event->old_name, member->shown);
        notice(timeline, general(timeline), MESSAGE_NOTICE, NULL, line);
        break;
    case MEMBER_KNOWN:
    case MEMBER_WENT_AWAY:
    case MEMBER_BACK:
        break;
    }
}

/* What somebody should look into, not only know. */
static MessageKind notice_kind(const char *code)
{
    static const char *const warnings[] = {"fork", "disk-full", "relay-disk", "log-damaged",
                                           "store-damaged"};
    for (size_t i = 0; i < G_N_ELEMENTS(warnings); i++)
        if (g_strcmp0(code, warnings[i]) == 0)
            return MESSAGE_WARNING;
    return MESSAGE_NOTICE;
}

/* One line, however often the room moves before anybody says something. */
static void moved_event(Timeline *timeline, const char *text)
{
    size_t length = strlen(text);
    g_autofree char *line = g_strndup(text, length - g_str_has_suffix(text, "."));
    talk_moved(general(timeline), line, session_room_time_ms(timeline->session, timeline->now_us));
    timeline->changed = true;
}

static void message_event(Timeline *timeline, const SessionMessage *message)
{
    Talk *talk = need_talk(timeline, &message->conversation);
    if (talk)
        timeline->changed |= talk_message(talk, message, own_name(timeline));
}

static void history_event(Timeline *timeline, const ConversationId *id)
{
    Talk *talk = find_talk(timeline, id);
    if (!talk)
        return;
    talk->more_in_log = true;
    bool nothing =
        talk_load(talk, timeline->session) == 0 && rows_count(talk->rows) <= talk->loading_from;
    if (talk->loading && nothing && session_may_have_older(timeline->session, id))
        session_load_older(timeline->session, id, timeline->now_us);
    else
        talk->loading = false;
    timeline->changed = true;
}

/* Whoever is new to a place has read all that was said before. */
static void joined_event(Timeline *timeline)
{
    Talk *room = general(timeline);
    if (!room->has_mark)
        talk_mark(room, NULL, timeline->store, session_place(timeline->session));
    timeline->wants_connect = false;
    timeline->changed = true;
}

/* Also told when only the reason is another. */
static void state_event(Timeline *timeline)
{
    SessionState state = session_state(timeline->session);
    if (state != timeline->link)
        timeline->link_since_us =
            state == SESSION_LOST ? session_lost_us(timeline->session) : timeline->now_us;
    timeline->link = state;
    for (guint i = 0; i < timeline->talks->len; i++)
        g_ptr_array_set_size(((Talk *)timeline->talks->pdata[i])->typing, 0);
    timeline->changed = true;
}

static void typing_event(Timeline *timeline, const SessionEvent *event)
{
    Talk *talk = find_talk(timeline, &event->conversation);
    if (!talk)
        return;
    talk_typing(talk, event->member->key, event->live);
    timeline->changed = true;
}

void timeline_event(Timeline *timeline, const SessionEvent *event, int64_t now_us)
{
    timeline->now_us = now_us;
    switch (event->type) {
    case SESSION_EVENT_STATE:
        state_event(timeline);
        break;
    case SESSION_EVENT_JOINED:
        joined_event(timeline);
        break;
    case SESSION_EVENT_PLACE:
        load_place(timeline);
        break;
    case SESSION_EVENT_MEMBER:
        member_event(timeline, event);
        break;
    case SESSION_EVENT_MESSAGE:
    case SESSION_EVENT_DELIVERY:
        message_event(timeline, event->message);
        break;
    case SESSION_EVENT_TYPING:
        typing_event(timeline, event);
        break;
    case SESSION_EVENT_HISTORY:
        history_event(timeline, &event->conversation);
        break;
    case SESSION_EVENT_NOTICE:
        notice(timeline, general(timeline), notice_kind(event->code), NULL, event->text);
        break;
    case SESSION_EVENT_WANTS_CONNECT:
        timeline->wants_connect = timeline->changed = true;
        break;
    case SESSION_EVENT_MOVED:
        moved_event(timeline, event->text);
        break;
    case SESSION_EVENT_PASSPHRASE:
        g_free(timeline->passphrase_why);
        timeline->passphrase_why = g_strdup(event->text ? event->text : "");
        timeline->changed = true;
        break;
    case SESSION_EVENT_BARRED:
        timeline->changed = true;
        break;
    case SESSION_EVENT_RULES:
        timeline_rules_changed(timeline);
        break;
    case SESSION_EVENT_NOTE:
    case SESSION_EVENT_NOTE_RETURNED:
        break;
    }
}

/* --- what the person does --- */

void timeline_notice(Timeline *timeline, const char *conversation, const char *text)
{
    Talk *talk = talk_named(timeline, conversation);
    if (talk)
        notice(timeline, talk, MESSAGE_NOTICE, NULL, text);
}

void timeline_set_choices(Timeline *timeline, const Choice *choices, size_t count)
{
    g_array_set_size(timeline->choices, 0);
    for (size_t i = 0; i < count; i++) {
        Choice choice = choices[i];
        choice.id = g_strdup(choices[i].id);
        choice.name = g_strdup(choices[i].name);
        choice.address = g_strdup(choices[i].address);
        g_array_append_val(timeline->choices, choice);
    }
    timeline->changed = true;
}

void timeline_set_finding_line(Timeline *timeline, const char *line)
{
    g_free(timeline->finding_line);
    timeline->finding_line = g_strdup(line ? line : "");
    timeline->changed = true;
}

void timeline_set_wants_quit(Timeline *timeline)
{
    timeline->wants_quit = timeline->changed = true;
}

void timeline_load_older(Timeline *timeline, const char *conversation, int64_t now_us)
{
    Talk *talk = talk_named(timeline, conversation);
    timeline->now_us = now_us;
    if (!talk || talk->loading)
        return;
    if (talk_load(talk, timeline->session) == 0 &&
        session_may_have_older(timeline->session, &talk->id)) {
        talk->loading = true;
        talk->loading_from = rows_count(talk->rows);
        session_load_older(timeline->session, &talk->id, now_us);
    }
    timeline->changed = true;
}

void timeline_set_draft(Timeline *timeline, const char *conversation, const char *text)
{
    Talk *talk = talk_named(timeline, conversation);
    if (!talk || g_strcmp0(talk->draft ? talk->draft : "", text) == 0)
        return;
    g_free(talk->draft);
    talk->draft = g_strdup(text);
    g_autoptr(GBytes) bytes = g_bytes_new(talk->id.id, talk->id.direct ? KEY_SIZE : PLACE_SIZE);
    store_set_draft(timeline->store, session_place(timeline->session), bytes, text, NULL);
    timeline->changed = true;
}

void timeline_mark_read(Timeline *timeline, const char *conversation, const uint8_t *message_id)
{
    Talk *talk = talk_named(timeline, conversation);
    const Row *row = NULL;
    if (talk) {
        row = rows_find(talk->rows, session_self(timeline->session)->key, message_id);
        if (!row)
            row = rows_find(talk->rows, NULL, message_id);
    }
    if (row && !row->waiting &&
        talk_mark(talk, row, timeline->store, session_place(timeline->session)))
        timeline->changed = true;
}

void timeline_open_direct(Timeline *timeline, const uint8_t *key)
{
    ConversationId id = {.direct = true};
    memcpy(id.id, key, KEY_SIZE);
    const uint8_t *place = session_place(timeline->session);
    if (place)
        store_add_direct(timeline->store, place, key, NULL);
    Talk *talk = need_talk(timeline, &id);
    talk->opened_ms = session_room_time_ms(timeline->session, timeline->now_us);
    timeline->changed = true;
}
