/* Snapshots: from what the timeline keeps and the session says now. */
#include "app/timeline_internal.h"
#include "relay/moderation_line.h"
#include "relay/text.h"

#include <string.h>

/* What the place's rules say of somebody now. */
static void judge(const Timeline *timeline, Person *person)
{
    const Moderation *moderation = session_moderation(timeline->session);
    if (!moderation)
        return;
    int64_t room_ms = session_room_time_ms(timeline->session, timeline->now_us);
    person->admin = moderation_role(moderation, person->key) != ROLE_MEMBER;
    person->muted = moderation_muted(moderation, person->key, room_ms, NULL);
    person->banned = moderation_banned(moderation, person->key, room_ms, NULL);
}

void timeline_rules_changed(Timeline *timeline)
{
    GHashTableIter iter;
    void *value = NULL;
    for (g_hash_table_iter_init(&iter, timeline->persons);
         g_hash_table_iter_next(&iter, NULL, &value);) {
        const Person *known = value;
        Person now = *known;
        judge(timeline, &now);
        if (now.admin == known->admin && now.muted == known->muted && now.banned == known->banned)
            continue;
        for (guint i = 0; i < timeline->talks->len; i++)
            rows_author_changed(((Talk *)timeline->talks->pdata[i])->rows, known->key);
        g_hash_table_iter_remove(&iter);
        timeline->people_changed = true;
    }
    timeline->changed = true;
}

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
    judge(timeline, &person);
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

static char *shown_line(const char *text)
{
    return text_visible(text, strlen(text));
}

static void build_talk(Timeline *timeline, ModelBuilder *builder, Talk *talk)
{
    talk_count(talk, session_self(timeline->session)->key);
    const Person *person = talk->id.direct ? person_of(talk->id.id, timeline) : NULL;
    g_autoptr(GPtrArray) typing = g_ptr_array_new();
    for (guint i = 0; i < talk->typing->len; i++)
        g_ptr_array_add(typing, (gpointer)person_of(talk->typing->pdata[i], timeline));
    const Moderation *moderation = session_moderation(timeline->session);
    g_autofree char *topic =
        person || !moderation ? NULL : shown_line(moderation_topic(moderation, talk->id.id));
    Conversation conversation = {
        .id = talk->name,
        .person = person,
        .name = person ? person->shown : "general",
        .topic = topic ? topic : "",
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

/* Why this person may not write in rooms. Transfer full; NULL when it may. */
static char *silenced(const Timeline *timeline, const Moderation *moderation, int64_t now_us)
{
    const Session *session = timeline->session;
    int64_t room_ms = session_room_time_ms(session, now_us);
    Verdict verdict = {0};
    if (!moderation || !moderation_muted(moderation, session_self(session)->key, room_ms, &verdict))
        return NULL;
    return moderation_say_muted(&verdict, room_ms, session_room_offset_ms(session, now_us));
}

/* The name of a place that is seen on the network. */
static const char *place_called(const Timeline *timeline, const uint8_t *place)
{
    const char *name = session_locked_name(timeline->session);
    return place && name && *name ? name : "this place";
}

static void build_rules(Timeline *timeline, ModelBuilder *builder, int64_t now_us)
{
    const Session *session = timeline->session;
    const Moderation *moderation = session_moderation(session);
    g_autofree char *motd = moderation ? shown_line(moderation_motd(moderation)) : NULL;
    g_autofree char *why = silenced(timeline, moderation, now_us);
    const uint8_t *locked = session_locked_place(session);
    model_builder_set_motd(builder, motd);
    model_builder_set_silenced(builder, why);
    model_builder_set_barred(builder, session_barred(session));
    model_builder_set_passphrase(builder, locked ? place_called(timeline, locked) : NULL,
                                 timeline->passphrase_why);
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
    if (timeline->lines_changed)
        talk_renew_acts(timeline->talks->pdata[0], timeline->session);
    timeline->lines_changed = false;
    ModelBuilder *builder = model_builder_new(++timeline->version);
    build_link(timeline, builder, now_us);
    build_rules(timeline, builder, now_us);
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
