/* What one transfer is, how it is stored and what faces see of it. */
#include "app/files/transfers_internal.h"
#include "relay/text.h"

#include <string.h>

static char *make_title(const Offer *content)
{
    bool all_files = true;

    if (content->item_count == 1 && !content->unlisted)
        return text_visible(content->items[0].name, strlen(content->items[0].name));
    for (size_t i = 0; i < content->item_count; i++)
        all_files = all_files && !content->items[i].folder;
    return g_strdup_printf("%" G_GUINT64_FORMAT " %s",
                           (guint64)content->item_count + content->unlisted,
                           all_files && !content->unlisted ? "files" : "items");
}

Entry *entry_new(Transfers *transfers, const uint8_t *id, const uint8_t *offer,
                 const uint8_t *author, const ConversationId *conversation, Offer *content)
{
    Entry *entry = g_new0(Entry, 1);

    entry->transfers = transfers;
    memcpy(entry->id, id, TRANSFER_SIZE);
    memcpy(entry->wire, id, TRANSFER_SIZE);
    entry->number = ++transfers->last_number;
    memcpy(entry->offer, offer, TOKEN_SIZE);
    memcpy(entry->author, author, KEY_SIZE);
    memcpy(entry->place, transfers->place, PLACE_SIZE);
    entry->conversation = *conversation;
    entry->outgoing = !memcmp(author, transfers->self, KEY_SIZE);
    if (!entry->outgoing)
        memcpy(entry->peer, author, KEY_SIZE);
    entry->content = offer_ref(content);
    entry->title = make_title(content);
    entry->total = content->bytes;
    entry->left_ms = -1;
    entry->tell = -1;
    entry->until_us = INT64_MAX;
    entry->changed_ms = transfers->output->wall_ms(transfers->user);
    entry->touched = true;
    g_ptr_array_add(transfers->entries, entry);
    return entry;
}

void entry_free(Entry *entry)
{
    if (entry->worker)
        entry->transfers->output->workers->free(entry->worker);
    offer_unref(entry->content);
    transfer_unref(entry->shown);
    g_clear_pointer(&entry->left_out, g_bytes_unref);
    g_strfreev(entry->addresses);
    g_free(entry->title);
    g_free(entry->why);
    g_free(entry->into);
    g_free(entry->path);
    g_free(entry);
}

bool entry_is_active(const Entry *entry)
{
    return entry->state != TRANSFER_OFFERED && !transfer_state_is_final(entry->state);
}

void entry_touch(Entry *entry)
{
    entry->touched = true;
}

const char *entry_peer_name(const Entry *entry)
{
    const Transfers *transfers = entry->transfers;
    const char *name = transfers->output->name(entry->peer, transfers->user);

    return name ? name : "the other side";
}

char *entry_state_dir(const Entry *entry)
{
    char hex[2 * TRANSFER_SIZE + 1];

    for (size_t i = 0; i < TRANSFER_SIZE; i++)
        g_snprintf(hex + 2 * i, 3, "%02x", entry->wire[i]);
    return g_build_filename(entry->transfers->data_dir, "transfers", hex, NULL);
}

void entry_discard(Entry *entry)
{
    const Transfers *transfers = entry->transfers;
    g_autofree char *directory = entry_state_dir(entry);

    if (!entry->outgoing && entry->into)
        transfers->output->discard(directory, entry->into, entry->wire, transfers->user);
}

void transfers_store_failed(Transfers *transfers, const GError *error)
{
    g_debug("transfers: %s", error->message);
    if (transfers->store_failed)
        return;
    transfers->store_failed = true;
    transfers->output->notice(NULL, "disk",
                              "What becomes of files cannot be stored now; it may be forgotten "
                              "when the program ends.",
                              transfers->user);
}

static int64_t stored_flags(const Entry *entry)
{
    return (entry->outgoing ? STORED_OUTGOING : 0) | (entry->by_peer ? STORED_BY_PEER : 0) |
           (entry->paused_here ? STORED_PAUSED_HERE : 0) |
           (entry->paused_there ? STORED_PAUSED_THERE : 0) |
           (entry->retryable ? STORED_RETRYABLE : 0) | (entry->prompt ? STORED_PROMPT : 0);
}

void entry_save(Entry *entry)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) content = offer_build(entry->content);
    g_autoptr(GBytes) conversation = g_bytes_new_static(
        entry->conversation.id, entry->conversation.direct ? KEY_SIZE : PLACE_SIZE);
    bool works = entry->state == TRANSFER_RUNNING || entry->state == TRANSFER_CHECKING;
    StoredTransfer row = {
        .conversation = conversation,
        .content = content,
        .flags = stored_flags(entry),
        .state = works ? TRANSFER_WAITING : entry->state,
        .way = entry->way,
        .attempt = entry->attempt,
        .tell = entry->tell,
        .bytes = (int64_t)entry->bytes,
        .total = (int64_t)entry->total,
        .missing = entry->missing,
        .changed_ms = entry->changed_ms,
        .why = entry->why,
        .code = (char *)entry->code,
        .into = entry->into,
        .path = entry->path,
        .left_out = entry->left_out,
    };

    if (!content)
        return;
    entry->kept = true;
    memcpy(row.id, entry->id, TRANSFER_SIZE);
    memcpy(row.wire, entry->wire, TRANSFER_SIZE);
    memcpy(row.offer, entry->offer, TOKEN_SIZE);
    memcpy(row.place, entry->place, PLACE_SIZE);
    memcpy(row.author, entry->author, KEY_SIZE);
    memcpy(row.peer, entry->peer, KEY_SIZE);
    if (store_put_transfer(entry->transfers->store, &row, &error))
        entry->transfers->store_failed = false;
    else
        transfers_store_failed(entry->transfers, error);
}

void entry_become(Entry *entry, TransferState state, bool by_peer, const char *why)
{
    if (state != entry->state)
        entry->changed_ms = entry->transfers->output->wall_ms(entry->transfers->user);
    entry->state = state;
    entry->by_peer = by_peer;
    entry->retryable = false;
    entry->code = NULL;
    entry->prompt = false;
    entry->rate = 0;
    entry->left_ms = -1;
    g_free(entry->why);
    entry->why = g_strdup(why);
    entry_save(entry);
    entry_touch(entry);
}

void entry_fail(Entry *entry, const char *code, bool retryable, const char *why)
{
    entry_become(entry, TRANSFER_FAILED, false, why);
    entry->retryable = retryable;
    entry->code = g_intern_string(code);
    entry_save(entry);
}

/* Waiting for what? */
static char *waiting_words(const Entry *entry)
{
    const Transfers *transfers = entry->transfers;
    const char *name = entry_peer_name(entry);

    if (transfers->placed && memcmp(entry->place, transfers->place, PLACE_SIZE) != 0)
        return g_strdup("It goes on when you are in the place of this offer again.");
    if (entry->worker)
        return g_strdup_printf("Connecting to %s.", name);
    if (!transfers->joined)
        return g_strdup("You are not connected. It goes on when you are.");
    if (!entry_may_talk(entry))
        return g_strdup_printf("%s %s offline. It goes on when %s is back.", name,
                               entry->broken ? "went" : "is", name);
    if (entry->queued)
        return g_strdup("Waits for another transfer.");
    if (entry->busy)
        return g_strdup_printf("%s is busy with other transfers. It goes on by itself.", name);
    if (!entry->outgoing && entry->failures > 0)
        return g_strdup_printf("Couldn't reach %s. Trying again.", name);
    if (entry->outgoing && entry->step == STEP_REST)
        return g_strdup_printf("Waiting for %s.", name);
    return g_strdup_printf("Connecting to %s.", name);
}

static Transfer *make_snapshot(const Entry *entry)
{
    Transfer *shown = g_new0(Transfer, 1);

    g_atomic_ref_count_init(&shown->references);
    memcpy(shown->id, entry->id, TRANSFER_SIZE);
    shown->number = entry->number;
    memcpy(shown->offer, entry->offer, TOKEN_SIZE);
    memcpy(shown->author, entry->author, KEY_SIZE);
    memcpy(shown->peer, entry->peer, KEY_SIZE);
    shown->outgoing = entry->outgoing;
    shown->in_room = !entry->conversation.direct;
    shown->content = offer_ref(entry->content);
    shown->title = g_strdup(entry->title);
    shown->state = entry->state;
    shown->by_peer = entry->by_peer;
    shown->retryable = entry->retryable;
    if (entry->state == TRANSFER_WAITING)
        shown->why = waiting_words(entry);
    else
        shown->why = g_strdup(entry->why ? entry->why : "");
    shown->code = entry->code;
    shown->way = entry->way;
    shown->prompt = entry->prompt && entry->state == TRANSFER_OFFERED;
    shown->bytes = entry->bytes;
    shown->total = entry->total;
    shown->rate = entry->rate;
    shown->left_ms = entry->left_ms;
    shown->changed_ms = entry->changed_ms;
    shown->into = g_strdup(entry->into ? entry->into : "");
    shown->left_out = entry->left_out ? g_bytes_ref(entry->left_out) : NULL;
    shown->path = g_strdup(entry->path);
    shown->missing = entry->missing;
    return shown;
}

static bool same_bytes(GBytes *a, GBytes *b)
{
    return a == b || (a && b && g_bytes_equal(a, b));
}

static bool looks_the_same(const Transfer *a, const Transfer *b)
{
    return a->state == b->state && a->by_peer == b->by_peer && a->retryable == b->retryable &&
           !strcmp(a->why, b->why) && a->code == b->code && a->way == b->way &&
           a->prompt == b->prompt && a->bytes == b->bytes && a->total == b->total &&
           a->rate == b->rate && a->left_ms == b->left_ms && a->changed_ms == b->changed_ms &&
           !strcmp(a->into, b->into) && same_bytes(a->left_out, b->left_out) &&
           g_strcmp0(a->path, b->path) == 0 && a->missing == b->missing;
}

void entry_show(Entry *entry)
{
    g_autoptr(Transfer) shown = make_snapshot(entry);

    entry->touched = false;
    if (entry->shown && looks_the_same(entry->shown, shown))
        return;
    transfer_unref(entry->shown);
    entry->shown = g_steal_pointer(&shown);
    if (entry->transfers->loaded)
        entry->transfers->output->changed(entry->shown, entry->transfers->user);
}

void transfers_drop_entry(Transfers *transfers, Entry *entry)
{
    g_autoptr(GError) error = NULL;
    uint8_t id[TRANSFER_SIZE];

    memcpy(id, entry->id, TRANSFER_SIZE);
    entry_drop_attempt(entry);
    if (entry->kept && !store_remove_transfer(transfers->store, id, &error))
        transfers_store_failed(transfers, error);
    g_ptr_array_remove(transfers->entries, entry);
    transfers->output->gone(id, transfers->user);
}

/* What may be forgotten first: offers of others that nobody asks about, then any, then ends. */
static int worth(const Entry *entry)
{
    if (entry->whole || entry_is_active(entry) || entry->worker || entry->tell >= 0)
        return 3;
    if (entry->state == TRANSFER_OFFERED)
        return entry->prompt ? 1 : 0;
    return entry->state == TRANSFER_FAILED && entry->retryable ? 3 : 2;
}

/* Drops the oldest one of least worth that is at most `most`, of this peer (NULL: of all). */
static bool drop_one(Transfers *transfers, const uint8_t *peer, int least, int most)
{
    Entry *victim = NULL;

    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];
        int its = worth(entry);

        if (its < least || its > most || (peer && memcmp(entry->peer, peer, KEY_SIZE) != 0))
            continue;
        if (!victim || its < worth(victim))
            victim = entry;
    }
    if (victim)
        transfers_drop_entry(transfers, victim);
    return victim != NULL;
}

bool transfers_make_room(Transfers *transfers, const uint8_t *peer, bool offered)
{
    unsigned theirs_offered = 0, theirs_active = 0, theirs_ended = 0, all_offered = 0;

    for (guint i = 0; i < transfers->entries->len; i++) {
        const Entry *entry = transfers->entries->pdata[i];
        bool theirs = !memcmp(entry->peer, peer, KEY_SIZE);

        if (entry->state == TRANSFER_OFFERED && !entry->outgoing) {
            all_offered++;
            theirs_offered += theirs;
        } else if (theirs && entry_is_active(entry)) {
            theirs_active++;
        } else if (theirs && !entry->whole) {
            theirs_ended++;
        }
    }
    if (!offered && theirs_active >= ACTIVE_PER_PEER)
        return false;
    if (theirs_ended >= ENDED_PER_PEER)
        drop_one(transfers, peer, 2, 2);
    if (offered && theirs_offered >= OFFERED_PER_AUTHOR && !drop_one(transfers, peer, 0, 1))
        return false;
    if (offered && all_offered >= OFFERED_MAX && !drop_one(transfers, NULL, 0, 1))
        return false;
    return transfers->entries->len < ENTRIES_MAX || drop_one(transfers, NULL, 0, 2);
}
