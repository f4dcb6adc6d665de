#include "app/timeline.h"

#include "app/model_build.h"
#include "app/talk.h"

#include <string.h>

struct Timeline {
    Session *session; /* borrowed */
    Store *store;     /* borrowed */
    bool changed;
    uint64_t version;
    GPtrArray *talks;    /* Talk, owned; the first is #general */
    GHashTable *persons; /* key → Person, owned reference; built when asked for */
    Model *last;         /* owned; its people are shared while nobody changed */
    bool people_changed;
    int64_t link_since_us;
    int64_t now_us; /* of the call under way */
    bool wants_connect, wants_quit;
    GArray *choices; /* Choice with owned strings */
    char *finding_line;
};

static guint key_hash(gconstpointer key)
{
    guint hash = 0;
    memcpy(&hash, key, sizeof hash); /* keys are random enough */
    return hash;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, KEY_SIZE) == 0;
}

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
    timeline->talks = g_ptr_array_new_with_free_func((GDestroyNotify)talk_free);
    timeline->persons = g_hash_table_new_full(key_hash, key_equal, NULL, person_release);
    timeline->choices = g_array_new(FALSE, FALSE, sizeof(Choice));
    g_array_set_clear_func(timeline->choices, choice_clear);
    timeline->finding_line = g_strdup("");
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
    g_free(timeline);
}

/* --- people --- */

static const Person *person_of(const uint8_t *key, void *user)
{
    static const Presence presences[] = {PRESENCE_ONLINE, PRESENCE_AWAY, PRESENCE_OFFLINE};
    Timeline *timeline = user;
    const Person *known = g_hash_table_lookup(timeline->persons, key);
    if (known)
        return known;
    const SessionMember *member = session_member(timeline->session, key);
    Person person = {.name = "?", .presence = PRESENCE_OFFLINE};
    memcpy(person.key, key, MODEL_KEY_SIZE);
    if (member) {
        person.name = member->name;
        person.shown = member->shown;
        person.suffix = member->shown + strlen(member->name);
        person.presence = presences[member->presence];
        person.since_ms = member->since_ms;
        person.self = member == session_self(timeline->session);
    }
    known = person_new(&person);
    g_hash_table_insert(timeline->persons, (gpointer)known->key, (gpointer)known);
    return known;
}

static void person_changed(Timeline *timeline, const SessionMember *member)
{
    const Person *known = g_hash_table_lookup(timeline->persons, member->key);
    timeline->people_changed = timeline->changed = true;
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
    bool nothing = talk_load(talk, timeline->session) == 0;
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
        timeline->link_since_us = now_us;
        for (guint i = 0; i < timeline->talks->len; i++)
            g_ptr_array_set_size(((Talk *)timeline->talks->pdata[i])->typing, 0);
        timeline->changed = true;
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
        notice(timeline, general(timeline), MESSAGE_NOTICE, NULL, event->text);
        break;
    case SESSION_EVENT_WANTS_CONNECT:
        timeline->wants_connect = timeline->changed = true;
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

/* --- snapshots --- */

bool timeline_changed(const Timeline *timeline)
{
    return timeline->changed;
}

void timeline_touch(Timeline *timeline)
{
    timeline->changed = true;
}

static gint newest_first(gconstpointer a, gconstpointer b)
{
    int64_t first = talk_newest_ms(*(Talk *const *)a), second = talk_newest_ms(*(Talk *const *)b);
    return first == second ? 0 : first < second ? 1 : -1;
}

static void build_talk(Timeline *timeline, ModelBuilder *builder, Talk *talk)
{
    talk_count(talk, session_self(timeline->session)->key);
    const Person *person = talk->id.direct ? person_of(talk->id.id, timeline) : NULL;
    g_autoptr(GPtrArray) typing = g_ptr_array_new();
    for (guint i = 0; i < talk->typing->len; i++)
        g_ptr_array_add(typing, (gpointer)person_of(talk->typing->pdata[i], timeline));
    Conversation conversation = {
        .id = talk->name,
        .person = person,
        .name = person ? person->shown : "general",
        .topic = "",
        .unread = talk->unread,
        .mentions = talk->mentions,
        .more_before = talk->more_in_log || session_may_have_older(timeline->session, &talk->id),
        .loading_before = talk->loading,
        .draft = talk->draft,
        .typing = typing,
    };
    if (talk->has_mark)
        memcpy(conversation.read_mark, talk->mark.token, MODEL_ID_SIZE);
    model_builder_conversation(builder, &conversation);
    rows_build(talk->rows, builder, person_of, timeline);
}

static void build_people(Timeline *timeline, ModelBuilder *builder)
{
    if (timeline->last && !timeline->people_changed) {
        model_builder_share_people(builder, timeline->last);
        return;
    }
    g_autoptr(GPtrArray) members = session_members(timeline->session);
    for (guint i = 0; i < members->len; i++)
        model_builder_add_person(
            builder, person_of(((const SessionMember *)members->pdata[i])->key, timeline));
    timeline->people_changed = false;
}

static void build_link(Timeline *timeline, ModelBuilder *builder, int64_t now_us)
{
    static const LinkState links[] = {LINK_SEARCHING, LINK_JOINING, LINK_JOINED, LINK_LOST};
    const Session *session = timeline->session;
    model_builder_set_link(builder, links[session_state(session)], timeline->link_since_us,
                           session_why(session));
    model_builder_set_place(builder, session_place_name(session));
    model_builder_set_first_run(builder, !session_name_chosen(session));
    model_builder_set_wants_connect(builder, timeline->wants_connect);
    model_builder_set_wants_quit(builder, timeline->wants_quit);
    model_builder_set_finding_line(builder, timeline->finding_line);
    model_builder_set_room_offset(builder, session_room_offset_ms(session, now_us));
    for (guint i = 0; i < timeline->choices->len; i++)
        model_builder_choice(builder, &g_array_index(timeline->choices, Choice, i));
}

Model *timeline_snapshot(Timeline *timeline, int64_t now_us)
{
    timeline->now_us = now_us;
    ModelBuilder *builder = model_builder_new(++timeline->version);
    build_link(timeline, builder, now_us);
    build_people(timeline, builder);
    g_autoptr(GPtrArray) directs = g_ptr_array_new();
    for (guint i = 1; i < timeline->talks->len; i++)
        g_ptr_array_add(directs, timeline->talks->pdata[i]);
    g_ptr_array_sort(directs, newest_first);
    build_talk(timeline, builder, general(timeline));
    for (guint i = 0; i < directs->len; i++)
        build_talk(timeline, builder, directs->pdata[i]);
    model_unref(timeline->last);
    timeline->last = model_ref(model_builder_finish(builder));
    timeline->changed = false;
    return timeline->last;
}
