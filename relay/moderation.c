/* The events are kept sorted; what they add up to is found by going through them once, each judged
 * by what those before it made of its author. An event newer than all others goes on from there.
 *
 * "Trusted" is whom a chain of grants leads to from the keeper, whatever the order and whether they
 * count: a set that only grows with the events, and outside of it nothing can count. */

#include "relay/key.h"
#include "relay/moderation_internal.h"

#include <string.h>

#define OTHERS_MAX (MODERATION_MAX / 2) /* of all who are not trusted */

static void item_free(gpointer data)
{
    Item *item = data;
    event_unref(item->event);
    moderation_content_clear(&item->content);
    g_free(item);
}

static Item *item_new(Event *event)
{
    ModerationContent content = {.text = NULL};
    size_t length = 0;
    const uint8_t *bytes = event_content(event, &length);
    if (event_lane(event) != LANE_PUBLIC)
        return NULL;
    if (event_kind(event) == EVENT_TOPIC)
        content.text = moderation_read_topic(bytes, length);
    else if (event_kind(event) != EVENT_MODERATION || !moderation_read(bytes, length, &content))
        return NULL;
    if (content.text == NULL)
        return NULL;
    Item *item = g_new0(Item, 1);
    item->event = event_ref(event);
    item->content = content;
    return item;
}

static bool makes_something(const Item *item)
{
    return item->content.act == ACT_GRANT && item->content.role >= ROLE_ADMIN;
}

int moderation_compare(const Event *a, const Event *b)
{
    if (event_time_ms(a) != event_time_ms(b))
        return event_time_ms(a) < event_time_ms(b) ? -1 : 1;
    return memcmp(event_hash(a), event_hash(b), HASH_SIZE);
}

guint moderation_count_before(const GPtrArray *items, const Event *event)
{
    guint low = 0, high = items->len;
    if (high > 0 && moderation_compare(moderation_item(items, high - 1)->event, event) < 0)
        return high;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (moderation_compare(moderation_item(items, middle)->event, event) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

Moderation *moderation_new(void)
{
    Moderation *moderation = g_new0(Moderation, 1);
    moderation->items = g_ptr_array_new_with_free_func(item_free);
    moderation->by_hash = g_hash_table_new(key_hash, key_equal);
    moderation->authors = g_hash_table_new_full(key_hash, key_equal, NULL, g_free);
    moderation_state_init(moderation);
    return moderation;
}

void moderation_free(Moderation *moderation)
{
    if (moderation == NULL)
        return;
    moderation_state_clear(moderation);
    g_hash_table_unref(moderation->authors);
    g_hash_table_unref(moderation->by_hash);
    g_ptr_array_unref(moderation->items);
    g_clear_pointer(&moderation->left_out, event_unref);
    g_free(moderation);
}

static Author *make_author(Moderation *moderation, const uint8_t *key)
{
    Author *author = g_hash_table_lookup(moderation->authors, key);
    if (author != NULL)
        return author;
    author = g_new0(Author, 1);
    memcpy(author->key, key, KEY_SIZE);
    g_hash_table_insert(moderation->authors, author->key, author);
    return author;
}

static bool is_trusted(const Moderation *moderation, const uint8_t *key)
{
    const Author *author = g_hash_table_lookup(moderation->authors, key);
    return author != NULL && author->trusted;
}

static void trust(Moderation *moderation, const uint8_t *key)
{
    Author *author = make_author(moderation, key);
    if (author->trusted)
        return;
    author->trusted = true;
    moderation->others -= author->kept;
    for (guint i = 0; author->kept > 0 && i < moderation->items->len; i++) {
        const Item *item = moderation_item(moderation->items, i);
        if (makes_something(item) && memcmp(event_author(item->event), key, KEY_SIZE) == 0)
            trust(moderation, item->content.member);
    }
}

/* Of what was left out, something may come after this. */
static void heed_grant(Moderation *moderation, const Item *item)
{
    const Event *left_out = moderation->left_out;
    if (left_out != NULL && moderation_compare(item->event, left_out) < 0)
        moderation->lacks = true;
    trust(moderation, item->content.member);
}

void moderation_set_keeper(Moderation *moderation, const uint8_t *key)
{
    bool same =
        key != NULL && moderation->has_keeper && memcmp(moderation->keeper, key, KEY_SIZE) == 0;
    if (same || (key == NULL && !moderation->has_keeper))
        return;
    moderation->has_keeper = key != NULL;
    if (key != NULL)
        memcpy(moderation->keeper, key, KEY_SIZE);
    moderation->stale = true;
    moderation->lacks = moderation->lacks || moderation->trimmed || moderation->left_out != NULL;
    moderation->others = moderation->items->len;
    GHashTableIter authors;
    gpointer author;
    g_hash_table_iter_init(&authors, moderation->authors);
    while (g_hash_table_iter_next(&authors, NULL, &author))
        ((Author *)author)->trusted = false;
    if (key != NULL)
        trust(moderation, moderation->keeper);
}

void moderation_reset(Moderation *moderation)
{
    g_hash_table_remove_all(moderation->by_hash);
    g_hash_table_remove_all(moderation->authors);
    g_ptr_array_set_size(moderation->items, 0);
    g_clear_pointer(&moderation->left_out, event_unref);
    moderation->others = 0;
    moderation->trimmed = moderation->lacks = false;
    moderation->stale = true;
    moderation_settled(moderation);
    if (moderation->has_keeper)
        trust(moderation, moderation->keeper);
}

static void leave_out(Moderation *moderation, Event *event)
{
    if (moderation->left_out != NULL && moderation_compare(moderation->left_out, event) > 0)
        return;
    g_clear_pointer(&moderation->left_out, event_unref);
    moderation->left_out = event_ref(event);
}

static void remove_item(Moderation *moderation, guint at)
{
    Item *item = moderation_item(moderation->items, at);
    Author *author = g_hash_table_lookup(moderation->authors, event_author(item->event));
    author->kept--;
    if (author->trusted) {
        moderation->trimmed = true;
    } else {
        moderation->others--;
        leave_out(moderation, item->event);
        if (author->kept == 0)
            g_hash_table_remove(moderation->authors, author->key);
    }
    moderation->stale = moderation->stale || item->counts;
    g_hash_table_remove(moderation->by_hash, event_hash(item->event));
    g_ptr_array_remove_index(moderation->items, at);
}

static const Author *most_eager(const Moderation *moderation)
{
    const Author *most = NULL;
    GHashTableIter authors;
    gpointer value;
    g_hash_table_iter_init(&authors, moderation->authors);
    while (g_hash_table_iter_next(&authors, NULL, &value)) {
        const Author *author = value;
        if (most == NULL || author->kept > most->kept ||
            (author->kept == most->kept && memcmp(author->key, most->key, KEY_SIZE) < 0))
            most = author;
    }
    return most;
}

/* Others first, then who did most loses the oldest of it; what was granted goes last. */
static void make_room(Moderation *moderation)
{
    for (guint i = moderation->items->len; moderation->others > 0 && i-- > 0;) {
        if (!is_trusted(moderation, event_author(moderation_item(moderation->items, i)->event)))
            remove_item(moderation, i);
    }
    if (moderation->items->len < MODERATION_MAX)
        return;
    const Author *eager = most_eager(moderation);
    guint victim = 0;
    bool found = false;
    for (guint i = 0; !found && i < moderation->items->len; i++) {
        const Item *item = moderation_item(moderation->items, i);
        if (memcmp(event_author(item->event), eager->key, KEY_SIZE) != 0)
            continue;
        victim = i;
        found = item->content.act != ACT_GRANT;
    }
    remove_item(moderation, victim);
}

static bool has_room(Moderation *moderation, const Event *event)
{
    const Author *author = g_hash_table_lookup(moderation->authors, event_author(event));
    if (author == NULL || !author->trusted)
        return (author == NULL || author->kept < MODERATION_MAX_OF_OTHERS) &&
               moderation->others < OTHERS_MAX && moderation->items->len < MODERATION_MAX;
    if (moderation->items->len >= MODERATION_MAX)
        make_room(moderation);
    return true;
}

/* True: behind all others. */
static bool insert(Moderation *moderation, Item *item)
{
    guint at = moderation_count_before(moderation->items, item->event);
    bool newest = at == moderation->items->len;
    g_ptr_array_insert(moderation->items, (gint)at, item);
    g_hash_table_insert(moderation->by_hash, (gpointer)event_hash(item->event), item);
    Author *author = make_author(moderation, event_author(item->event));
    author->kept++;
    moderation->others += !author->trusted;
    return newest;
}

bool moderation_add(Moderation *moderation, Event *event)
{
    if (g_hash_table_contains(moderation->by_hash, event_hash(event)))
        return false;
    Item *item = item_new(event);
    if (item == NULL)
        return false;
    if (!has_room(moderation, event)) {
        leave_out(moderation, event);
        item_free(item);
        return false;
    }
    bool newest = insert(moderation, item);
    if (!is_trusted(moderation, event_author(event)))
        return false;
    if (makes_something(item))
        heed_grant(moderation, item);
    if (newest && !moderation->stale) {
        moderation_go_through(moderation, item);
        return item->counts;
    }
    moderation->lacks = moderation->lacks || (moderation->trimmed && !newest);
    moderation->stale = true;
    return true;
}

const uint8_t *moderation_keeper(const Moderation *moderation)
{
    return moderation->has_keeper ? moderation->keeper : NULL;
}

bool moderation_lacks(const Moderation *moderation)
{
    return moderation->lacks;
}
