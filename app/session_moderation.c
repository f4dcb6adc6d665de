/* Roles, bans and mutes from this member's side: what the log says of them, acts that wait in the
 * outbox like messages, and not being let in.
 *
 * An act may come before the grant that makes it count (pages are read newest first): such acts are
 * kept, and shown when they do. */
#include "app/session_internal.h"
#include "relay/moderation_line.h"
#include "relay/text.h"

#define UNSURE_MAX 1024

static bool is_act(uint32_t kind)
{
    return kind == EVENT_MODERATION || kind == EVENT_TOPIC;
}

const Moderation *session_moderation(const Session *session)
{
    return session->moderation;
}

static const uint8_t *self_key(const Session *session)
{
    return identity_key(session->identity);
}

/* --- what the log says --- */

/* When the next ban or mute ends, and faces are to look again. */
static void plan_end(Session *session)
{
    session->rules_us = INT64_MAX;
    int64_t room_ms = session_room_time_ms(session, session->now_us);
    g_autoptr(GPtrArray) keys = moderation_listed(session->moderation, room_ms);
    for (guint i = 0; i < keys->len; i++) {
        const uint8_t *key = g_bytes_get_data(keys->pdata[i], NULL);
        Verdict verdicts[2] = {0};
        moderation_banned(session->moderation, key, room_ms, &verdicts[0]);
        moderation_muted(session->moderation, key, room_ms, &verdicts[1]);
        for (size_t j = 0; j < G_N_ELEMENTS(verdicts); j++) {
            int64_t left_ms = verdicts[j].until_ms - room_ms;
            if (verdicts[j].until_ms > 0 && left_ms < INT64_MAX / 2000)
                session->rules_us =
                    MIN(session->rules_us, session->now_us + MAX(left_ms + 1, 1) * 1000);
        }
    }
}

static void take_place_name(Session *session)
{
    const char *name = moderation_place_name(session->moderation);
    if (name && strcmp(name, session->place_name) != 0)
        session_set_place_name(session, name);
}

void session_tell_rules(Session *session)
{
    take_place_name(session);
    plan_end(session);
    session_emit(session, (SessionEvent){.type = SESSION_EVENT_RULES});
}

void session_load_moderation(Session *session)
{
    session->moderation = moderation_new();
    session->rules_us = INT64_MAX;
    log_fill_moderation(session->log, session->moderation);
    take_place_name(session);
    plan_end(session);
}

void session_forget_moderation(Session *session)
{
    g_clear_pointer(&session->moderation, moderation_free);
    g_array_set_size(session->unsure, 0);
    session->rules_us = INT64_MAX;
    session->claims = false;
}

void session_adopt_keeper(Session *session, const Wire__Welcome *welcome)
{
    const uint8_t *known = log_keeper(session->log);
    bool settled = known && moderation_has_grants(session->moderation);
    if (welcome->keeper.len != KEY_SIZE || settled || session->current.id == SESSION_SELF ||
        (known && memcmp(known, welcome->keeper.data, KEY_SIZE) == 0))
        return;
    g_autoptr(GError) error = NULL;
    if (!log_set_keeper(session->log, welcome->keeper.data, &error)) {
        session_disk_failed(session, error);
        return;
    }
    moderation_set_keeper(session->moderation, welcome->keeper.data);
    session->rules_changed = true;
}

/* --- acts that come --- */

/* This person's code was taken by a relay that has no say here yet: now it has. */
static void vouch_for_relay(Session *session, const Event *event)
{
    g_auto(ModerationContent) act = {0};
    size_t length = 0;
    const uint8_t *content = event_content(event, &length);
    if (!session->claims || event_kind(event) != EVENT_MODERATION ||
        memcmp(event_author(event), session->relay_key, KEY_SIZE) != 0 ||
        !moderation_read(content, length, &act) || act.act != ACT_GRANT ||
        act.role == ROLE_MEMBER || !session_is_self(session, act.member))
        return;
    session->claims = false;
    if (moderation_role(session->moderation, session->relay_key) != ROLE_KEEPER &&
        moderation_may(session->moderation, self_key(session), ACT_GRANT, session->relay_key, NULL))
        session_moderate(session, ACT_GRANT, session->relay_key, ROLE_KEEPER, 0, NULL,
                         session->now_us, NULL);
}

static bool add(Session *session, Event *event)
{
    return is_act(event_kind(event)) && event_lane(event) == LANE_PUBLIC &&
           moderation_add(session->moderation, event);
}

bool session_count_acts(Session *session)
{
    for (guint i = 0; i < session->outbox->len; i++) {
        const Item *item = session->outbox->pdata[i];
        if (item->stored && item->event)
            session->rules_changed |= add(session, item->event);
    }
    for (guint i = 0; i < session->arrivals->len; i++)
        session->rules_changed |= add(session, g_array_index(session->arrivals, Arrival, i).event);
    if (moderation_lacks(session->moderation) || session->acts_lost)
        session->rules_changed |= log_fill_moderation(session->log, session->moderation);
    session->acts_lost = false;
    bool changed = session->rules_changed;
    session->rules_changed = false;
    if (changed)
        session_tell_rules(session);
    return changed;
}

/* Acts that did not count when they came, and do now. */
static void show_sure(Session *session)
{
    for (guint i = 0; i < session->unsure->len;) {
        Arrival arrival = g_array_index(session->unsure, Arrival, i);
        if (session_hides(session, arrival.event)) {
            i++;
            continue;
        }
        event_ref(arrival.event);
        g_array_remove_index(session->unsure, i);
        session_tell_arrival(session, &arrival);
        event_unref(arrival.event);
    }
}

void session_acts_told(Session *session, const GArray *arrivals, bool changed)
{
    if (changed)
        show_sure(session);
    for (guint i = 0; i < arrivals->len; i++) {
        const Event *event = g_array_index(arrivals, Arrival, i).event;
        vouch_for_relay(session, event);
        session_note_own_kick(session, event);
    }
}

void session_keep_unsure(Session *session, const Arrival *arrival)
{
    if (!is_act(event_kind(arrival->event)) || session->unsure->len >= UNSURE_MAX)
        return;
    Arrival kept = {.event = event_ref(arrival->event),
                    .conversation = arrival->conversation,
                    .filed = true,
                    .position = arrival->position};
    g_array_append_val(session->unsure, kept);
}

bool session_hides(const Session *session, const Event *event)
{
    if (event_lane(event) != LANE_PUBLIC)
        return false;
    return is_act(event_kind(event)) ? !moderation_counts(session->moderation, event)
                                     : moderation_silences(session->moderation, event);
}

/* --- showing them --- */

bool session_is_relay_program(const Session *session, const uint8_t *key)
{
    const Known *known = g_hash_table_lookup(session->members, key);
    return session->moderation && !(known && known->has_profile) &&
           !session_is_self(session, key) &&
           moderation_role(session->moderation, key) == ROLE_KEEPER;
}

/* NULL: the relay. Transfer full. */
static char *name_of(const Session *session, const uint8_t *key, const char *self)
{
    if (session_is_self(session, key))
        return g_strdup(self);
    if (session_is_relay_program(session, key))
        return NULL;
    const SessionMember *member = session_member(session, key);
    return member ? g_strdup(member->shown)
                  : g_strdup_printf("%02x%02x%02x%02x", key[0], key[1], key[2], key[3]);
}

void session_describe_act(const Session *session, const uint8_t *content, size_t length,
                          SessionMessage *out, Held *held)
{
    g_autofree char *author = name_of(session, out->author, "You");
    out->by_relay = author == NULL;
    if (out->kind == EVENT_TOPIC) {
        g_autofree char *topic = moderation_read_topic(content, length);
        g_autofree char *clean = topic ? text_visible(topic, strlen(topic)) : NULL;
        held->text = clean ? moderation_line_topic(clean, author, NULL) : NULL;
        return;
    }
    if (!moderation_read(content, length, &held->act))
        return;
    out->act = &held->act;
    if (held->act.act == ACT_ANNOUNCE) {
        held->text = g_strdup(held->act.text);
        return;
    }
    g_autofree char *member = name_of(session, held->act.member, "you");
    ModerationNames names = {author, member};
    held->text = moderation_line(&held->act, out->time_ms, &names);
}

/* --- what a person does --- */

static gboolean refuse(GError **error, const char *why)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                        why ? why : "Only admins may do this.");
    return FALSE;
}

/* Without a keeper nobody is known to be an admin: the relay may know more. */
static gboolean check_may(const Session *session, ModerationAct act, const uint8_t *member,
                          GError **error)
{
    const char *why = NULL;
    if (!session->moderation)
        return refuse(error, "No place was joined yet.");
    if (moderation_keeper(session->moderation) &&
        !moderation_may(session->moderation, self_key(session), act, member, &why))
        return refuse(error, why);
    return TRUE;
}

/* One line, as people paste it. Transfer full; NULL when nothing is left. */
static char *clean_line(const char *text)
{
    g_autofree char *clean = text ? text_make_message(text, strlen(text)) : NULL;
    if (clean)
        g_strstrip(g_strdelimit(clean, "\r\n\t", ' '));
    return clean && *clean ? g_steal_pointer(&clean) : NULL;
}

/* Transfer full; NULL with a sentence. */
static GBytes *make_content(const Session *session, ModerationAct act, const uint8_t *member,
                            Role role, int64_t lasting_ms, const char *text, GError **error)
{
    g_autofree char *clean = NULL;
    if (act == ACT_RENAME)
        clean = text_make_name(text ? text : "", text ? strlen(text) : 0);
    else if (act == ACT_ANNOUNCE || act == ACT_MOTD)
        clean = text && *text ? text_make_message(text, strlen(text)) : NULL;
    else
        clean = clean_line(text);
    int64_t until_ms =
        lasting_ms > 0 ? session_room_time_ms(session, session->now_us) + lasting_ms : 0;
    GBytes *content =
        moderation_content(act, member, role, MIN(until_ms, TIME_MAX_MS), clean ? clean : "");
    if (content)
        return content;
    const char *why = act == ACT_RENAME     ? "A place's name has 1 to 32 letters, digits or signs."
                      : act == ACT_ANNOUNCE ? "Say what, in 1024 bytes at most."
                                            : "A reason can have 1024 bytes at most.";
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, why);
    return NULL;
}

gboolean session_moderate(Session *session, ModerationAct act, const uint8_t *member, Role role,
                          int64_t lasting_ms, const char *text, int64_t now_us, GError **error)
{
    session_begin(session, now_us);
    gboolean done = check_may(session, act, member, error);
    g_autoptr(GBytes) content =
        done ? make_content(session, act, member, role, lasting_ms, text, error) : NULL;
    done = content && session_queue_said(session, &conversation_general, EVENT_MODERATION, content,
                                         NULL, error);
    session_end(session);
    return done;
}

static gboolean set_topic(Session *session, const ConversationId *room, const char *text,
                          GError **error)
{
    if (room->direct) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                            "Only rooms have a topic.");
        return FALSE;
    }
    /* Who may rename the place may say what a room is about. */
    if (!check_may(session, ACT_RENAME, NULL, error))
        return FALSE;
    g_autofree char *clean = clean_line(text);
    g_autoptr(GBytes) content = moderation_topic_content(clean ? clean : "");
    if (!content) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                            "A topic can have 512 bytes at most.");
        return FALSE;
    }
    return session_queue_said(session, room, EVENT_TOPIC, content, NULL, error);
}

gboolean session_set_topic(Session *session, const ConversationId *room, const char *text,
                           int64_t now_us, GError **error)
{
    session_begin(session, now_us);
    gboolean done = set_topic(session, room, text, error);
    session_end(session);
    return done;
}

gboolean session_claim(Session *session, const char *code, int64_t now_us, GError **error)
{
    session_begin(session, now_us);
    bool joined = session->phase == PHASE_JOINED;
    if (!joined) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
                            "The code is for the relay, and there is no link to it now.");
    } else {
        Wire__Claim claim = WIRE__CLAIM__INIT;
        claim.code = (char *)code;
        Wire__Frame frame = WIRE__FRAME__INIT;
        frame.body_case = WIRE__FRAME__BODY_CLAIM;
        frame.claim = &claim;
        session->claims = session->claiming = true;
        session_send(session, &frame);
    }
    session_end(session);
    return joined;
}

bool session_claims(const Session *session)
{
    return session->claiming;
}

void session_advice(Session *session, const Wire__Advice *advice)
{
    size_t letters = strspn(advice->code, "abcdefghijklmnopqrstuvwxyz-");
    bool word = letters > 0 && advice->code[letters] == '\0';
    g_autofree char *text = text_visible(advice->text, strlen(advice->text));
    session->claiming &= strcmp(advice->code, "claim") != 0;
    if (*text)
        session_notice(session, word ? advice->code : "advice", text);
}

gboolean session_may_write(const Session *session, const ConversationId *conversation,
                           GError **error)
{
    int64_t room_ms = session_room_time_ms(session, session->now_us);
    Verdict verdict = {0};
    if (session->barred)
        return refuse(error, session->barred);
    if (conversation->direct || !session->moderation ||
        !moderation_muted(session->moderation, self_key(session), room_ms, &verdict))
        return TRUE;
    g_autofree char *why =
        moderation_say_muted(&verdict, room_ms, session_room_offset_ms(session, session->now_us));
    return refuse(error, why);
}
