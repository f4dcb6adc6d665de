/* Who belongs to the place: from the profiles in the log, and from what the relay says of presence.
 * The relay is believed about presence only; names and sealing keys come from signed profiles. */
#include "app/session_internal.h"
#include "relay/key.h"
#include "relay/text.h"

#define SUFFIX_MIN 4 /* hex digits of a key behind a name that is not unique */
#define SUFFIX_MAX 16

void known_free(Known *known)
{
    g_free(known->member.name);
    g_free(known->member.shown);
    g_free(known->skeleton);
    g_free(known);
}

static char *key_start(const uint8_t *key, unsigned digits)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < digits / 2; i++)
        g_string_append_printf(text, "%02x", key[i]);
    return g_string_free(text, FALSE);
}

static void tell_member(Session *session, const Known *known, MemberChange change,
                        const char *old_name)
{
    session_emit(session, (SessionEvent){.type = SESSION_EVENT_MEMBER,
                                         .member = &known->member,
                                         .change = change,
                                         .old_name = old_name});
}

/* Digits of the key that tell all of these apart. */
static unsigned suffix_digits(const GPtrArray *alike)
{
    unsigned digits = SUFFIX_MIN;
    for (; digits < SUFFIX_MAX; digits += 4) {
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        bool unique = true;
        for (guint i = 0; i < alike->len && unique; i++)
            unique =
                g_hash_table_add(seen, key_start(((Known *)alike->pdata[i])->member.key, digits));
        if (unique)
            break;
    }
    return digits;
}

/* Gives everybody with this skeleton the name to be shown. */
static void show_names(Session *session, const GPtrArray *alike, const Known *silent, bool tell)
{
    unsigned digits = alike->len > 1 ? suffix_digits(alike) : 0;
    for (guint i = 0; i < alike->len; i++) {
        Known *known = alike->pdata[i];
        g_autofree char *start = key_start(known->member.key, digits);
        g_autofree char *shown = digits > 0 ? g_strdup_printf("%s (%s)", known->member.name, start)
                                            : g_strdup(known->member.name);
        if (g_strcmp0(shown, known->member.shown) == 0)
            continue;
        g_free(known->member.shown);
        known->member.shown = g_steal_pointer(&shown);
        if (tell && known != silent)
            tell_member(session, known, MEMBER_KNOWN, NULL);
    }
}

static void leave_skeleton(Session *session, Known *known, bool tell)
{
    if (!known->skeleton)
        return;
    GPtrArray *alike = g_hash_table_lookup(session->skeletons, known->skeleton);
    g_ptr_array_remove_fast(alike, known);
    if (alike->len == 0)
        g_hash_table_remove(session->skeletons, known->skeleton);
    else
        show_names(session, alike, NULL, tell);
    g_clear_pointer(&known->skeleton, g_free);
}

/* `tell`: others who must be shown differently now are told of; `known` itself never is. */
static void set_name(Session *session, Known *known, const char *name, bool tell)
{
    char *skeleton = text_skeleton(name);
    if (g_strcmp0(skeleton, known->skeleton) != 0) {
        leave_skeleton(session, known, tell);
        known->skeleton = g_strdup(skeleton);
    }
    g_free(known->member.name);
    known->member.name = g_strdup(name);
    GPtrArray *alike = g_hash_table_lookup(session->skeletons, skeleton);
    if (!alike) {
        alike = g_ptr_array_new();
        g_hash_table_insert(session->skeletons, g_strdup(skeleton), alike);
    }
    if (!g_ptr_array_find(alike, known, NULL))
        g_ptr_array_add(alike, known);
    show_names(session, alike, known, tell);
    g_free(skeleton);
}

Known *session_know(Session *session, const uint8_t *key)
{
    Known *known = g_hash_table_lookup(session->members, key);
    if (known || g_hash_table_size(session->members) >= MEMBERS_MAX)
        return known;
    known = g_new0(Known, 1);
    memcpy(known->member.key, key, KEY_SIZE);
    known->member.presence = MEMBER_OFFLINE;
    g_hash_table_insert(session->members, known->member.key, known);
    g_autofree char *name = key_start(key, 8);
    set_name(session, known, name, false);
    return known;
}

/* As in hubs: of whom only events tell, there may be no end. */
static Known *hear_of(Session *session, const uint8_t *key)
{
    bool full = g_hash_table_size(session->members) >= MEMBERS_HEARD_OF;
    return full ? g_hash_table_lookup(session->members, key) : session_know(session, key);
}

void session_hear_of(Session *session, const uint8_t *key)
{
    hear_of(session, key);
}

static int compare_points(const LogPoint *a, const LogPoint *b)
{
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    return memcmp(a->hash, b->hash, HASH_SIZE);
}

void session_set_profile(Session *session, const Event *profile, bool tell)
{
    size_t length = 0;
    const uint8_t *content = event_content(profile, &length);
    LogPoint point = {.time_ms = event_time_ms(profile)};
    memcpy(point.hash, event_hash(profile), HASH_SIZE);
    Known *known = hear_of(session, event_author(profile));
    ProfileContent read = {0};
    if (!known || (known->has_profile && compare_points(&point, &known->profile) <= 0) ||
        !content_read_profile(content, length, &read))
        return;
    bool had_profile = known->has_profile;
    known->has_profile = true;
    known->profile = point;
    memcpy(known->member.sealing_key, read.sealing_key, SEALING_KEY_SIZE);
    known->member.has_sealing_key = true;
    /* One's own name is what one chose, not what was published last. */
    if (known != session->self && strcmp(read.name, known->member.name) != 0) {
        g_autofree char *old_name = g_strdup(known->member.name);
        set_name(session, known, read.name, session->phase >= PHASE_WELCOMED);
        if (tell && !known->join_untold)
            tell_member(session, known, had_profile ? MEMBER_RENAMED : MEMBER_KNOWN, old_name);
    }
    if (known->join_untold) {
        known->join_untold = false;
        tell_member(session, known, MEMBER_JOINED, NULL);
    }
    profile_content_clear(&read);
}

void session_name_self(Session *session)
{
    const char *name = session->name ? session->name : session->suggested_name;
    if (name && strcmp(name, session->self->member.name) != 0)
        set_name(session, session->self, name, true);
}

void session_load_people(Session *session)
{
    g_clear_pointer(&session->skeletons, g_hash_table_unref);
    g_clear_pointer(&session->members, g_hash_table_unref);
    session->members = g_hash_table_new_full(key_hash, key_equal, NULL, (GDestroyNotify)known_free);
    session->skeletons =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    session->self = session_know(session, identity_key(session->identity));
    session->self->member.presence = session->away ? MEMBER_AWAY : MEMBER_ONLINE;
    session_name_self(session);
    g_autoptr(GArray) members = session->log ? log_members(session->log) : NULL;
    for (guint i = 0; members && i < members->len; i++) {
        const LogMember *member = &g_array_index(members, LogMember, i);
        g_autoptr(Event) profile = log_profile(session->log, member->key);
        Known *known = profile ? hear_of(session, member->key) : NULL;
        if (!known)
            continue;
        session_set_profile(session, profile, false);
        if (known != session->self)
            known->member.since_ms = member->last_seen_ms;
    }
}

static MemberChange change_of(MemberPresence before, MemberPresence now)
{
    if (now == MEMBER_OFFLINE)
        return MEMBER_LEFT;
    if (before == MEMBER_OFFLINE)
        return MEMBER_JOINED;
    return now == MEMBER_AWAY ? MEMBER_WENT_AWAY : MEMBER_BACK;
}

static void set_presence(Session *session, Known *known, MemberPresence presence, int64_t since_ms,
                         bool tell)
{
    MemberPresence before = known->member.presence;
    known->grace_us = 0;
    known->member.presence = presence;
    known->member.since_ms = CLAMP(since_ms, TIME_MIN_MS, TIME_MAX_MS);
    known->join_untold = known != session->self && presence != MEMBER_OFFLINE &&
                         before == MEMBER_OFFLINE && !known->has_profile;
    if (known->join_untold && tell)
        tell_member(session, known, MEMBER_KNOWN, NULL);
    else if (!known->join_untold && presence != before && tell)
        tell_member(session, known, change_of(before, presence), NULL);
    if (presence == MEMBER_OFFLINE)
        session_stop_typing(session, known->member.key, NULL);
}

static void learn_profile(Session *session, const Wire__RosterEntry *entry, bool tell)
{
    if (!entry->profile)
        return;
    const Wire__SignedEvent *sent = entry->profile;
    g_autoptr(Event) profile = event_open(sent->body.data, sent->body.len, sent->signature.data,
                                          sent->signature.len, log_place(session->log), NULL);
    if (profile && event_kind(profile) == EVENT_PROFILE &&
        memcmp(event_author(profile), entry->key.data, KEY_SIZE) == 0)
        session_set_profile(session, profile, tell);
}

void session_roster_begins(Session *session)
{
    session->reading_roster = true;
    GHashTableIter iter;
    void *value = NULL;
    for (g_hash_table_iter_init(&iter, session->members);
         g_hash_table_iter_next(&iter, NULL, &value);)
        ((Known *)value)->listed = false;
}

static void give_grace(Session *session, Known *known)
{
    known->grace_us = session->now_us + GRACE_US;
    session->grace_us = known->grace_us; /* all of one joining end together */
}

/* Who was online before the link was lost gets a moment to find the relay again, so that a restart
 * of the relay does not look like everybody leaving and coming. */
static void first_roster_ends(Session *session)
{
    session->reading_roster = false;
    GHashTableIter iter;
    void *value = NULL;
    for (g_hash_table_iter_init(&iter, session->members);
         g_hash_table_iter_next(&iter, NULL, &value);) {
        Known *known = value;
        bool present = known->member.presence != MEMBER_OFFLINE;
        if (known == session->self || known->listed || !present)
            continue;
        give_grace(session, known);
    }
}

static void read_entry(Session *session, const Wire__RosterEntry *entry)
{
    static const MemberPresence presences[] = {MEMBER_ONLINE, MEMBER_AWAY, MEMBER_OFFLINE};
    bool first = session->reading_roster;
    bool new = !g_hash_table_contains(session->members, entry->key.data);
    Known *known = session_know(session, entry->key.data);
    if (!known)
        return;
    learn_profile(session, entry, !first && !new);
    known->listed = true;
    if (known == session->self)
        return;
    MemberPresence presence = presences[MIN((unsigned)entry->presence, 2U)];
    bool was_present = known->member.presence != MEMBER_OFFLINE;
    if (first && presence == MEMBER_OFFLINE && was_present) {
        give_grace(session, known);
        return;
    }
    MemberPresence before = known->member.presence;
    set_presence(session, known, presence, entry->since_ms, !first);
    if (first && (new || before != presence))
        tell_member(session, known, MEMBER_KNOWN, NULL);
}

void session_roster(Session *session, const Wire__Roster *roster)
{
    for (size_t i = 0; i < roster->n_entries; i++)
        read_entry(session, roster->entries[i]);
    if (session->reading_roster && !roster->more)
        first_roster_ends(session);
}

void session_grace(Session *session)
{
    g_autoptr(GPtrArray) gone = g_ptr_array_new();
    GHashTableIter iter;
    void *value = NULL;
    for (g_hash_table_iter_init(&iter, session->members);
         g_hash_table_iter_next(&iter, NULL, &value);) {
        Known *known = value;
        if (known->grace_us > 0 && known->grace_us <= session->now_us &&
            session->phase == PHASE_JOINED)
            g_ptr_array_add(gone, known);
    }
    session->grace_us = INT64_MAX;
    for (guint i = 0; i < gone->len; i++)
        set_presence(session, gone->pdata[i], MEMBER_OFFLINE,
                     session_room_time_ms(session, session->now_us), true);
}

int64_t session_grace_deadline(const Session *session)
{
    return session->phase == PHASE_JOINED ? session->grace_us : INT64_MAX;
}

/* --- questions --- */

const SessionMember *session_self(const Session *session)
{
    return &session->self->member;
}

const SessionMember *session_member(const Session *session, const uint8_t *key)
{
    const Known *known = g_hash_table_lookup(session->members, key);
    return known ? &known->member : NULL;
}

GPtrArray *session_members(const Session *session)
{
    GPtrArray *members = g_ptr_array_new();
    GHashTableIter iter;
    void *value = NULL;
    for (g_hash_table_iter_init(&iter, session->members);
         g_hash_table_iter_next(&iter, NULL, &value);)
        g_ptr_array_add(members, &((Known *)value)->member);
    return members;
}

static const SessionMember *find_by(const Session *session, const char *folded, bool shown,
                                    unsigned *count)
{
    const SessionMember *found = NULL;
    *count = 0;
    GHashTableIter iter;
    void *value = NULL;
    for (g_hash_table_iter_init(&iter, session->members);
         g_hash_table_iter_next(&iter, NULL, &value);) {
        const SessionMember *member = &((Known *)value)->member;
        g_autofree char *name = g_utf8_casefold(shown ? member->shown : member->name, -1);
        if (strcmp(name, folded) != 0)
            continue;
        found = member;
        (*count)++;
    }
    return *count == 1 ? found : NULL;
}

const SessionMember *session_find_member(const Session *session, const char *name, GError **error)
{
    g_autofree char *normal = g_utf8_normalize(name, -1, G_NORMALIZE_NFC);
    g_autofree char *folded = g_utf8_casefold(normal ? normal : "", -1);
    unsigned count = 0;
    const SessionMember *found = find_by(session, folded, true, &count);
    if (!found)
        found = find_by(session, folded, false, &count);
    if (found)
        return found;
    if (count > 1)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "Several people are called %s; add what stands in parentheses behind the name.",
                    name);
    else
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "Nobody here is called %s.", name);
    return NULL;
}
