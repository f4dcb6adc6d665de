#include "relay/roster.h"

#include "relay/entries.h"
#include "relay/key.h"

/* An entry is a key, a presence and a profile event of a few hundred bytes: this many stay well
 * below FRAME_MAX even with the longest names. */
#define ENTRIES_PER_FRAME 128

/* What newcomers are told of the members from a multiple of ENTRIES_PER_FRAME on: the same for many
 * of them. */
typedef struct {
    GBytes *frame; /* owned; NULL: to be built */
    unsigned count;
    bool more;
} RosterFrame;

struct Roster {
    GArray *frames;     /* RosterFrame */
    GHashTable *by_key; /* key → RosterMember, owned */
    GPtrArray *members; /* RosterMember, at its index */
    GPtrArray *changed; /* keys of members that changed; a copy each */
};

static void member_free(gpointer data)
{
    RosterMember *member = data;
    event_unref(member->profile);
    g_free(member);
}

static void frame_clear(void *data)
{
    RosterFrame *frame = data;
    g_clear_pointer(&frame->frame, g_bytes_unref);
}

Roster *roster_new(void)
{
    Roster *roster = g_new0(Roster, 1);
    roster->by_key = g_hash_table_new_full(key_hash, key_equal, NULL, member_free);
    roster->frames = g_array_new(FALSE, TRUE, sizeof(RosterFrame));
    g_array_set_clear_func(roster->frames, frame_clear);
    roster->members = g_ptr_array_new();
    roster->changed = g_ptr_array_new_with_free_func(g_free);
    return roster;
}

void roster_free(Roster *roster)
{
    if (!roster)
        return;
    g_array_unref(roster->frames);
    g_ptr_array_unref(roster->changed);
    g_ptr_array_unref(roster->members);
    g_hash_table_unref(roster->by_key);
    g_free(roster);
}

static void spoil(Roster *roster, const RosterMember *member)
{
    unsigned number = member->index / ENTRIES_PER_FRAME;
    if (number < roster->frames->len)
        g_clear_pointer(&g_array_index(roster->frames, RosterFrame, number).frame, g_bytes_unref);
}

static void note_change(Roster *roster, RosterMember *member)
{
    spoil(roster, member);
    if (member->changed)
        return;
    member->changed = true;
    g_ptr_array_add(roster->changed, g_memdup2(member->key, KEY_SIZE));
}

RosterMember *roster_find(Roster *roster, const uint8_t *key)
{
    return g_hash_table_lookup(roster->by_key, key);
}

RosterMember *roster_add(Roster *roster, const uint8_t *key)
{
    RosterMember *member = roster_find(roster, key);
    if (member)
        return member;
    if (roster->members->len >= MEMBERS_MAX)
        return NULL;
    member = g_new0(RosterMember, 1);
    memcpy(member->key, key, KEY_SIZE);
    member->presence = ROSTER_OFFLINE;
    member->index = roster->members->len;
    g_ptr_array_add(roster->members, member);
    spoil(roster, member);
    g_hash_table_insert(roster->by_key, member->key, member);
    return member;
}

void roster_set_presence(Roster *roster, RosterMember *member, RosterPresence presence,
                         int64_t now_ms)
{
    if (member->presence == presence)
        return;
    member->presence = presence;
    member->since_ms = now_ms;
    note_change(roster, member);
}

void roster_set_profile(Roster *roster, RosterMember *member, Event *profile)
{
    event_unref(member->profile);
    member->profile = event_ref(profile);
    note_change(roster, member);
}

/* A member that left without a profile is told as offline once and then forgotten. The last one
 * takes its place; it counts as changed, since a first roster under way may have passed that index.
 */
static void forget(Roster *roster, RosterMember *member)
{
    unsigned index = member->index;
    g_ptr_array_remove_index_fast(roster->members, index);
    if (index < roster->members->len) {
        RosterMember *moved = g_ptr_array_index(roster->members, index);
        moved->index = index;
        note_change(roster, moved);
    }
    g_hash_table_remove(roster->by_key, member->key);
}

void roster_set_app(Roster *roster, RosterMember *member, bool app)
{
    member->app = app;
    spoil(roster, member);
}

unsigned roster_size(const Roster *roster)
{
    return roster->members->len;
}

const RosterMember *roster_at(const Roster *roster, unsigned index)
{
    return g_ptr_array_index(roster->members, index);
}

bool roster_has_changes(const Roster *roster)
{
    return roster->changed->len > 0;
}

typedef struct {
    Wire__RosterEntry entry;
    Wire__SignedEvent profile;
} EntryStorage;

static void fill_entry(EntryStorage *storage, const RosterMember *member)
{
    wire__roster_entry__init(&storage->entry);
    storage->entry.key = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)member->key};
    storage->entry.presence = (Wire__Presence)member->presence;
    storage->entry.since_ms = member->since_ms;
    storage->entry.app = member->app;
    if (!member->profile)
        return;
    event_to_wire(member->profile, &storage->profile);
    storage->entry.profile = &storage->profile;
}

static GBytes *build(RosterMember **members, unsigned count, bool more)
{
    EntryStorage storage[ENTRIES_PER_FRAME];
    Wire__RosterEntry *entries[ENTRIES_PER_FRAME];
    for (unsigned i = 0; i < count; i++) {
        fill_entry(&storage[i], members[i]);
        entries[i] = &storage[i].entry;
    }
    Wire__Roster roster = WIRE__ROSTER__INIT;
    roster.n_entries = count;
    roster.entries = entries;
    roster.more = more;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_ROSTER;
    frame.roster = &roster;
    return frame_build(&frame);
}

static GPtrArray *build_changes(Roster *roster, bool more)
{
    GPtrArray *frames = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    RosterMember *batch[ENTRIES_PER_FRAME];
    unsigned count = 0;
    for (unsigned i = 0; i < roster->changed->len; i++) {
        RosterMember *member = roster_find(roster, g_ptr_array_index(roster->changed, i));
        if (!member)
            continue;
        batch[count++] = member;
        if (count < ENTRIES_PER_FRAME)
            continue;
        g_ptr_array_add(frames, build(batch, count, more));
        count = 0;
    }
    if (count > 0)
        g_ptr_array_add(frames, build(batch, count, more));
    return frames;
}

GPtrArray *roster_early_changes(Roster *roster)
{
    return build_changes(roster, true);
}

GPtrArray *roster_take_changes(Roster *roster)
{
    GPtrArray *frames = build_changes(roster, false);
    g_autoptr(GPtrArray) changed = g_steal_pointer(&roster->changed);
    roster->changed = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < changed->len; i++) {
        RosterMember *member = roster_find(roster, g_ptr_array_index(changed, i));
        if (member)
            member->changed = false;
    }
    for (unsigned i = 0; i < changed->len; i++) {
        RosterMember *member = roster_find(roster, g_ptr_array_index(changed, i));
        if (member && member->presence == ROSTER_OFFLINE && !member->profile)
            forget(roster, member);
    }
    return frames;
}

static GBytes *build_from(const Roster *roster, unsigned first, unsigned count, bool more)
{
    return build((RosterMember **)&roster->members->pdata[first], count, more);
}

GBytes *roster_page(Roster *roster, unsigned *cursor, bool *done)
{
    unsigned first = MIN(*cursor, roster->members->len);
    unsigned count = MIN(roster->members->len - first, ENTRIES_PER_FRAME);
    *cursor = first + count;
    *done = *cursor == roster->members->len;
    /* Who was forgotten meanwhile may have left a cursor in the middle. */
    if (first % ENTRIES_PER_FRAME != 0)
        return build_from(roster, first, count, !*done);
    unsigned number = first / ENTRIES_PER_FRAME;
    if (number >= roster->frames->len)
        g_array_set_size(roster->frames, number + 1);
    RosterFrame *frame = &g_array_index(roster->frames, RosterFrame, number);
    if (frame->frame != NULL && frame->count == count && frame->more == !*done)
        return g_bytes_ref(frame->frame);
    g_clear_pointer(&frame->frame, g_bytes_unref);
    frame->frame = build_from(roster, first, count, !*done);
    frame->count = count;
    frame->more = !*done;
    return g_bytes_ref(frame->frame);
}
