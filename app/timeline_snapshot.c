/* Snapshots: from what the timeline keeps and the session says now. */
#include "app/timeline_internal.h"

#include <string.h>

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

bool timeline_changed(const Timeline *timeline)
{
    return timeline->changed || timeline->progressed;
}

bool timeline_only_progress(const Timeline *timeline)
{
    return timeline->progressed && !timeline->changed;
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

/* On a move the state stays joined while there is no key: the words stay, too, until it is known
 * who has the room. */
static void build_carrier(Timeline *timeline, ModelBuilder *builder)
{
    const Session *session = timeline->session;
    const uint8_t *key = session_relay_key(session);
    if (session_state(session) != SESSION_JOINED) {
        timeline->carried_by = CARRIED_BY_NOBODY;
    } else if (key) {
        bool self = memcmp(key, session_self(session)->key, KEY_SIZE) == 0;
        timeline->carried_by = self                             ? CARRIED_BY_SELF
                               : session_relay_program(session) ? CARRIED_BY_RELAY
                                                                : CARRIED_BY_PERSON;
        memcpy(timeline->carrier, key, KEY_SIZE);
    }
    model_builder_set_carrier(builder, timeline->carried_by, timeline->carrier);
}

/* However often the link goes from one state to another meanwhile. */
static void build_network(Timeline *timeline, ModelBuilder *builder, int64_t now_us)
{
    if (!session_no_network(timeline->session))
        timeline->no_network_since_us = INT64_MAX;
    else if (timeline->no_network_since_us == INT64_MAX)
        timeline->no_network_since_us = now_us;
    model_builder_set_no_network(builder, timeline->no_network_since_us);
}

static void build_link(Timeline *timeline, ModelBuilder *builder, int64_t now_us)
{
    static const LinkState links[] = {LINK_SEARCHING, LINK_JOINING, LINK_JOINED, LINK_LOST};
    const Session *session = timeline->session;
    model_builder_set_link(builder, links[session_state(session)], timeline->link_since_us,
                           session_why(session));
    model_builder_set_place(builder, session_place_name(session));
    build_network(timeline, builder, now_us);
    build_carrier(timeline, builder);
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
    timeline_transfers_build(timeline, builder);
    g_autoptr(GPtrArray) directs = g_ptr_array_new();
    for (guint i = 1; i < timeline->talks->len; i++)
        g_ptr_array_add(directs, timeline->talks->pdata[i]);
    g_ptr_array_sort(directs, newest_first);
    build_talk(timeline, builder, timeline->talks->pdata[0]);
    for (guint i = 0; i < directs->len; i++)
        build_talk(timeline, builder, directs->pdata[i]);
    model_unref(timeline->last);
    timeline->last = model_ref(model_builder_finish(builder));
    timeline->changed = false;
    return timeline->last;
}
