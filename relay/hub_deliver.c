/* The commit, and what follows from it: receipts and deliveries.
 *
 * Nothing is told before the commit. A Deliver covers a range of positions; all links share one
 * frame for what is public, and only those who get private events of the batch have one of their
 * own.
 *
 * Not everything in the log was submitted here: what other logs held is gathered into it
 * (hub_exchange.c), and an app's session shares it. A few such events are delivered like all
 * others. Of many the positions are left out of what Delivers cover, and members, told by an empty
 * one, look in their own time for what they lack: most of them hold most of it. */
#include "relay/hub_internal.h"

#define GATHERED_AT_ONCE 512 /* delivered to everybody within GATHERING_US */
#define GATHERING_US (10 * INT64_C(1000000))
#define HINT_PAUSE_US (200 * INT64_C(1000))

typedef struct {
    Hub *hub;
    HubLink *reader;    /* NULL: all but those in `except` */
    GHashTable *except; /* or NULL */
    Entries *entries;
    uint64_t after, through; /* what the next Deliver covers */
} Batch;

static void send_batch(Batch *batch)
{
    if (entries_count(batch->entries) == 0)
        return;
    uint64_t *deliveries = &batch->hub->counters.deliveries;
    unsigned events = entries_count(batch->entries);
    g_autoptr(GBytes) frame = entries_deliver(batch->entries, batch->after, batch->through);
    entries_clear(batch->entries);
    batch->after = batch->through;
    if (batch->reader) {
        hub_send(batch->reader, frame);
        *deliveries += events;
        return;
    }
    for (guint i = 0; i < batch->hub->links->len; i++) {
        HubLink *link = g_ptr_array_index(batch->hub->links, i);
        if (link->joined && !(batch->except && g_hash_table_contains(batch->except, link))) {
            hub_send(link, frame);
            *deliveries += events;
        }
    }
}

/* Returns the position that everybody addressed was told up to. `holes`: what stands between the
 * submitted events is not covered. */
static uint64_t deliver_batch(Hub *hub, HubLink *reader, GHashTable *except, bool holes)
{
    g_autoptr(Entries) entries = entries_new();
    Batch batch = {hub, reader, except, entries, hub->told, hub->told};
    uint64_t last = hub->looked;
    for (guint i = 0; i < hub->submitted->len; i++) {
        const Submitted *submitted = &g_array_index(hub->submitted, Submitted, i);
        if (submitted->known)
            continue;
        if (holes && submitted->position > last + 1) {
            send_batch(&batch);
            batch.after = submitted->position - 1;
        }
        last = batch.through = submitted->position;
        bool wanted =
            event_lane(submitted->event) == LANE_PUBLIC ||
            (reader && (reader->relay_program || event_concerns(submitted->event, reader->key)));
        if (!wanted)
            continue;
        entries_add(entries, submitted->position, submitted->event);
        if (entries_bytes(entries) >= BATCH_BYTES)
            send_batch(&batch);
    }
    send_batch(&batch);
    return batch.after;
}

static void add_reader(GHashTable **readers, HubLink *link)
{
    if (!*readers)
        *readers = g_hash_table_new(NULL, NULL);
    g_hash_table_add(*readers, link);
}

/* Links that get private events of this batch: their readers, and relay programs in reserve, which
 * keep them for readers who come later. NULL when there are none. */
static GHashTable *private_readers(Hub *hub)
{
    GHashTable *readers = NULL;
    bool any = false;
    for (guint i = 0; i < hub->submitted->len; i++) {
        const Submitted *submitted = &g_array_index(hub->submitted, Submitted, i);
        if (submitted->known || event_lane(submitted->event) == LANE_PUBLIC)
            continue;
        any = true;
        for (size_t r = 0; r < event_recipient_count(submitted->event); r++) {
            HubLink *link = g_hash_table_lookup(hub->by_key, event_recipient(submitted->event, r));
            if (link)
                add_reader(&readers, link);
        }
    }
    for (guint i = 0; any && i < hub->links->len; i++) {
        HubLink *link = g_ptr_array_index(hub->links, i);
        if (link->joined && link->relay_program)
            add_reader(&readers, link);
    }
    return readers;
}

/* In the order of the links, and not of their addresses: simulations are the same each time. */
static uint64_t deliver_to_everybody(Hub *hub, bool holes)
{
    g_autoptr(GHashTable) readers = private_readers(hub);
    for (guint i = 0; readers && i < hub->links->len; i++) {
        HubLink *link = g_ptr_array_index(hub->links, i);
        if (g_hash_table_contains(readers, link))
            deliver_batch(hub, link, NULL, holes);
    }
    return deliver_batch(hub, NULL, readers, holes);
}

/* What was gathered may be older than what is known of the author. */
static void learn_profile(Hub *hub, const Event *event)
{
    if (event_kind(event) != EVENT_PROFILE)
        return;
    bool met = roster_find(hub->roster, event_author(event)) != NULL;
    if (!met && roster_size(hub->roster) >= MEMBERS_HEARD_OF)
        return;
    RosterMember *member = roster_add(hub->roster, event_author(event));
    g_autoptr(Event) newest = member ? log_profile(hub->log, member->key) : NULL;
    if (!newest)
        return;
    if (!met)
        member->since_ms = event_time_ms(newest);
    if (!member->profile || memcmp(event_hash(member->profile), event_hash(newest), HASH_SIZE) != 0)
        roster_set_profile(hub->roster, member, newest);
}

static void learn(Hub *hub)
{
    for (guint i = 0; i < hub->submitted->len; i++) {
        const Submitted *submitted = &g_array_index(hub->submitted, Submitted, i);
        if (submitted->known)
            continue;
        learn_profile(hub, submitted->event);
        hub_learn_moderation(hub, submitted->event);
    }
}

static void submitted_from(Hub *hub, const GArray *page)
{
    g_array_set_size(hub->submitted, 0);
    for (guint i = 0; i < page->len; i++) {
        const LogEntry *entry = &g_array_index(page, LogEntry, i);
        Submitted stored = {.event = event_ref(entry->event), .position = entry->position};
        g_array_append_val(hub->submitted, stored);
    }
}

/* Goes by what the log holds above `from`, page by page. What cannot be read is a hole. */
static void walk_log(Hub *hub, uint64_t from, bool deliver)
{
    uint64_t head = log_head(hub->log);
    while (from < head) {
        uint64_t covered = 0, before = MIN(head, from + PAGE_MAX) + 1;
        g_autoptr(GArray) page =
            log_page(hub->log, NULL, from, before, PAGE_MAX, G_MAXSIZE, &covered, NULL);
        if (!page)
            break;
        submitted_from(hub, page);
        if (deliver)
            hub->told = deliver_to_everybody(hub, false);
        learn(hub);
        from = before - 1;
    }
    g_array_set_size(hub->submitted, 0);
    if (!deliver || from < head)
        hub->told = head;
    hub->looked = head;
}

/* How many events stand above `looked` that were not submitted here. */
static uint64_t count_gathered(const Hub *hub)
{
    uint64_t own = 0;
    for (guint i = 0; i < hub->submitted->len; i++) {
        const Submitted *submitted = &g_array_index(hub->submitted, Submitted, i);
        own += !submitted->known && submitted->position > hub->looked;
    }
    uint64_t all = log_head(hub->log) - MIN(hub->looked, log_head(hub->log));
    return all - MIN(own, all);
}

static bool are_too_many(Hub *hub, uint64_t count)
{
    if (hub->now_us - hub->gathering_us > GATHERING_US) {
        hub->gathering_us = hub->now_us;
        hub->gathered = 0;
    }
    hub->gathered += (unsigned)MIN(count, G_MAXINT);
    return hub->gathered > GATHERED_AT_ONCE;
}

static void tell_news(Hub *hub)
{
    uint64_t gathered = count_gathered(hub);
    if (gathered == 0) {
        hub->told = deliver_to_everybody(hub, false);
        learn(hub);
        g_array_set_size(hub->submitted, 0);
        hub->looked = log_head(hub->log);
        return;
    }
    /* The part of the room that comes back may have been ahead. */
    hub_follow_newest(hub);
    if (!are_too_many(hub, gathered)) {
        walk_log(hub, hub->told, true);
    } else {
        deliver_to_everybody(hub, true);
        walk_log(hub, hub->looked, false);
        if (hub->hint_due_us == INT64_MAX)
            hub->hint_due_us = hub->now_us + HINT_PAUSE_US;
    }
}

bool hub_has_news(const Hub *hub)
{
    return log_head(hub->log) > hub->looked;
}

void hub_tell_gathered(Hub *hub)
{
    if (hub->now_us < hub->hint_due_us)
        return;
    hub->hint_due_us = INT64_MAX;
    g_autoptr(Entries) nothing = entries_new();
    g_autoptr(GBytes) frame = entries_deliver(nothing, hub->told, hub->told);
    hub_broadcast(hub, frame, NULL);
}

/* A commit that failed half-known: what the log says it holds was stored after all, and others must
 * hear of it. Its authors are told to try again, and then get the receipt of what is known. */
static void tell_what_is_left(Hub *hub, const GError *error)
{
    hub_fail_submitted(hub, error);
    hub->losses = log_losses(hub->log);
    walk_log(hub, hub->told, true);
    hub_enforce(hub);
}

void hub_commit(Hub *hub)
{
    g_autoptr(GError) error = NULL;
    hub_notice_losses(hub);
    if (!log_commit(hub->log, &error)) {
        tell_what_is_left(hub, error);
        return;
    }
    hub->unsaved = false;
    for (guint i = 0; i < hub->submitted->len; i++) {
        const Submitted *submitted = &g_array_index(hub->submitted, Submitted, i);
        hub->counters.stored += !submitted->known;
        hub->counters.disk_failed = hub->counters.disk_failed && submitted->known;
        hub_accept(submitted->link, event_hash(submitted->event), submitted->position);
    }
    tell_news(hub);
    hub_enforce(hub);
}
