/* What the events add up to, and the questions about it: they are gone through in their order, each
 * judged by what those before it made of its author. */

#include "relay/key.h"
#include "relay/moderation_internal.h"

#include <string.h>

static void member_free(gpointer data)
{
    Member *member = data;
    g_clear_pointer(&member->bans, g_ptr_array_unref);
    g_clear_pointer(&member->mutes, g_ptr_array_unref);
    g_free(member);
}

static guint room_hash(gconstpointer room)
{
    guint hash = 0;
    memcpy(&hash, room, sizeof hash);
    return hash;
}

static gboolean room_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, PLACE_SIZE) == 0;
}

void moderation_state_init(Moderation *moderation)
{
    moderation->members = g_hash_table_new_full(key_hash, key_equal, NULL, member_free);
    moderation->topics = g_hash_table_new(room_hash, room_equal);
}

void moderation_state_clear(Moderation *moderation)
{
    g_clear_pointer(&moderation->topics, g_hash_table_unref);
    g_clear_pointer(&moderation->members, g_hash_table_unref);
}

static Member *make_member(Moderation *moderation, const uint8_t *key)
{
    Member *member = g_hash_table_lookup(moderation->members, key);
    if (member != NULL)
        return member;
    member = g_new0(Member, 1);
    memcpy(member->key, key, KEY_SIZE);
    g_hash_table_insert(moderation->members, member->key, member);
    return member;
}

static const Item *in_force(const GPtrArray *acts, guint count, int64_t time_ms)
{
    if (acts == NULL || count == 0)
        return NULL;
    const Item *last = moderation_item(acts, count - 1);
    const ModerationContent *content = &last->content;
    bool ends = content->act == ACT_UNBAN || content->act == ACT_UNMUTE;
    return !ends && (content->until_ms == 0 || time_ms < content->until_ms) ? last : NULL;
}

static const Item *ban_of(const Member *member, int64_t time_ms)
{
    const GPtrArray *bans = member != NULL ? member->bans : NULL;
    return in_force(bans, bans != NULL ? bans->len : 0, time_ms);
}

static const Item *mute_of(const Member *member, int64_t time_ms)
{
    const GPtrArray *mutes = member != NULL ? member->mutes : NULL;
    return in_force(mutes, mutes != NULL ? mutes->len : 0, time_ms);
}

static bool is_keeper(const Moderation *moderation, const uint8_t *key)
{
    return moderation->has_keeper && memcmp(key, moderation->keeper, KEY_SIZE) == 0;
}

static Role role_of(const Moderation *moderation, const Member *member, const uint8_t *key)
{
    if (is_keeper(moderation, key))
        return ROLE_KEEPER;
    return member != NULL ? member->role : ROLE_MEMBER;
}

static const char *judge_target(const Moderation *moderation, const uint8_t *author, Role role,
                                ModerationAct act, const uint8_t *key)
{
    const Member *target = g_hash_table_lookup(moderation->members, key);
    bool hard = act == ACT_KICK || act == ACT_BAN || act == ACT_MUTE;
    if (!hard && act != ACT_GRANT)
        return NULL;
    if (is_keeper(moderation, key))
        return "All roles of this place come from there: nobody can do this.";
    if (role_of(moderation, target, key) == ROLE_KEEPER && role < ROLE_KEEPER)
        return "Only a keeper may do this to a keeper.";
    if (hard && memcmp(author, key, KEY_SIZE) == 0)
        return "You cannot do this to yourself.";
    return NULL;
}

/* Why an act would not count after all that was gone through; NULL: it does. `member` may be NULL.
 */
static const char *judge(const Moderation *moderation, const uint8_t *author, ModerationAct act,
                         const uint8_t *member, int64_t time_ms)
{
    const Member *actor = g_hash_table_lookup(moderation->members, author);
    Role role = role_of(moderation, actor, author);
    if (!moderation->has_keeper)
        return "Nobody is an admin here yet.";
    if (role < ROLE_ADMIN)
        return "Only admins may do this.";
    if (ban_of(actor, time_ms) != NULL)
        return "You are banned.";
    return member != NULL ? judge_target(moderation, author, role, act, member) : NULL;
}

static void note(GPtrArray **acts, Item *item)
{
    if (*acts == NULL)
        *acts = g_ptr_array_new();
    g_ptr_array_add(*acts, item);
}

static void apply(Moderation *moderation, Item *item)
{
    const uint8_t *key = item->content.member;
    switch (item->content.act) {
    case ACT_GRANT:
        make_member(moderation, key)->role = item->content.role;
        moderation->has_grants = true;
        break;
    case ACT_BAN:
    case ACT_UNBAN:
        note(&make_member(moderation, key)->bans, item);
        break;
    case ACT_MUTE:
    case ACT_UNMUTE:
        note(&make_member(moderation, key)->mutes, item);
        break;
    case ACT_RENAME:
        moderation->name = item;
        break;
    case ACT_MOTD:
        moderation->motd = item;
        break;
    case ACT_KICK:
    case ACT_ANNOUNCE:
        break;
    default:
        g_hash_table_replace(moderation->topics, (gpointer)event_room(item->event), item);
    }
}

void moderation_go_through(Moderation *moderation, Item *item)
{
    const ModerationContent *content = &item->content;
    const uint8_t *author = event_author(item->event);
    int64_t time_ms = event_time_ms(item->event);
    bool about_somebody = content->act >= ACT_GRANT && content->act <= ACT_UNMUTE;
    item->counts = judge(moderation, author, content->act, about_somebody ? content->member : NULL,
                         time_ms) == NULL;
    if (item->counts && (int)content->act == TOPIC_ACT)
        item->counts = mute_of(g_hash_table_lookup(moderation->members, author), time_ms) == NULL;
    if (item->counts)
        apply(moderation, item);
}

const Moderation *moderation_settled(const Moderation *asked)
{
    Moderation *moderation = (Moderation *)asked;
    if (!moderation->stale)
        return asked;
    moderation->stale = moderation->has_grants = false;
    moderation->motd = moderation->name = NULL;
    g_hash_table_remove_all(moderation->members);
    g_hash_table_remove_all(moderation->topics);
    for (guint i = 0; i < moderation->items->len; i++)
        moderation_go_through(moderation, moderation_item(moderation->items, i));
    return asked;
}

/* --- questions --- */

bool moderation_has_grants(const Moderation *moderation)
{
    return moderation_settled(moderation)->has_grants;
}

bool moderation_counts(const Moderation *moderation, const Event *event)
{
    const Item *item =
        g_hash_table_lookup(moderation_settled(moderation)->by_hash, event_hash(event));
    return item != NULL && item->counts;
}

bool moderation_may(const Moderation *moderation, const uint8_t *author, ModerationAct act,
                    const uint8_t *member, const char **why)
{
    const char *wrong = judge(moderation_settled(moderation), author, act, member, INT64_MAX);
    if (wrong != NULL && why != NULL)
        *why = wrong;
    return wrong == NULL;
}

static const Member *find_member(const Moderation *moderation, const uint8_t *key)
{
    return g_hash_table_lookup(moderation_settled(moderation)->members, key);
}

Role moderation_role(const Moderation *moderation, const uint8_t *key)
{
    return role_of(moderation, find_member(moderation, key), key);
}

static bool tell(const Item *item, Verdict *verdict)
{
    if (item != NULL && verdict != NULL)
        *verdict = (Verdict){.until_ms = item->content.until_ms,
                             .by = event_author(item->event),
                             .why = item->content.text};
    return item != NULL;
}

bool moderation_banned(const Moderation *moderation, const uint8_t *key, int64_t time_ms,
                       Verdict *verdict)
{
    return tell(ban_of(find_member(moderation, key), time_ms), verdict);
}

bool moderation_muted(const Moderation *moderation, const uint8_t *key, int64_t time_ms,
                      Verdict *verdict)
{
    return tell(mute_of(find_member(moderation, key), time_ms), verdict);
}

/* Was this in force when the event was written? */
static bool was_in_force(const GPtrArray *acts, const Event *event)
{
    guint count = acts != NULL ? moderation_count_before(acts, event) : 0;
    return in_force(acts, count, event_time_ms(event)) != NULL;
}

bool moderation_silences(const Moderation *moderation, const Event *event)
{
    const Member *author = find_member(moderation, event_author(event));
    uint32_t kind = event_kind(event);
    bool said = event_room(event) != NULL && kind != EVENT_MODERATION;
    if (author == NULL || kind == EVENT_PROFILE)
        return false;
    return was_in_force(author->bans, event) || (said && was_in_force(author->mutes, event));
}

static gint by_bytes(gconstpointer a, gconstpointer b)
{
    return g_bytes_compare(*(GBytes *const *)a, *(GBytes *const *)b);
}

GPtrArray *moderation_listed(const Moderation *moderation, int64_t time_ms)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    GHashTableIter members;
    gpointer value;
    if (moderation->has_keeper)
        g_ptr_array_add(keys, g_bytes_new(moderation->keeper, KEY_SIZE));
    g_hash_table_iter_init(&members, moderation_settled(moderation)->members);
    while (g_hash_table_iter_next(&members, NULL, &value)) {
        const Member *member = value;
        bool listed = member->role > ROLE_MEMBER || ban_of(member, time_ms) != NULL ||
                      mute_of(member, time_ms) != NULL;
        if (listed && !is_keeper(moderation, member->key))
            g_ptr_array_add(keys, g_bytes_new(member->key, KEY_SIZE));
    }
    g_ptr_array_sort(keys, by_bytes);
    return keys;
}

const char *moderation_topic(const Moderation *moderation, const uint8_t *room)
{
    const Item *item = g_hash_table_lookup(moderation_settled(moderation)->topics, room);
    return item != NULL ? item->content.text : "";
}

const char *moderation_motd(const Moderation *moderation)
{
    const Moderation *now = moderation_settled(moderation);
    return now->motd != NULL ? now->motd->content.text : "";
}

const char *moderation_place_name(const Moderation *moderation)
{
    const Moderation *now = moderation_settled(moderation);
    return now->name != NULL ? now->name->content.text : NULL;
}
