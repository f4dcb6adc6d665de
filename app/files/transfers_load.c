/* What the last run left: records, and directories that nobody needs any more. */
#include "app/files/transfers_internal.h"

#include <string.h>

static bool read_conversation(GBytes *bytes, ConversationId *conversation)
{
    size_t length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);

    if (length != KEY_SIZE && length != PLACE_SIZE)
        return false;
    *conversation = (ConversationId){.direct = length == KEY_SIZE};
    memcpy(conversation->id, data, length);
    return true;
}

static Offer *read_content(GBytes *bytes)
{
    size_t length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);

    return offer_read(data, length);
}

static void load_offer(Transfers *transfers, StoredOffer *row)
{
    ConversationId conversation;
    g_autoptr(Offer) content = read_content(row->content);

    if (!content || !read_conversation(row->conversation, &conversation))
        return;
    OwnOffer *own = g_new0(OwnOffer, 1);

    memcpy(own->token, row->token, TOKEN_SIZE);
    memcpy(own->place, row->place, PLACE_SIZE);
    own->conversation = conversation;
    own->directory = g_steal_pointer(&row->directory);
    own->path = g_steal_pointer(&row->path);
    own->content = g_steal_pointer(&content);
    own->withdrawn = row->withdrawn;
    own->made_ms = row->made_ms;
    g_ptr_array_add(transfers->offers, own);
}

static void load_flags(Entry *entry, int64_t flags)
{
    entry->by_peer = flags & STORED_BY_PEER;
    entry->paused_here = flags & STORED_PAUSED_HERE;
    entry->paused_there = flags & STORED_PAUSED_THERE;
    entry->retryable = flags & STORED_RETRYABLE;
    entry->prompt = flags & STORED_PROMPT;
}

static void load_transfer(Transfers *transfers, StoredTransfer *row)
{
    ConversationId conversation;
    g_autoptr(Offer) content = read_content(row->content);
    bool outgoing = !memcmp(row->author, transfers->self, KEY_SIZE);

    if (!content || !read_conversation(row->conversation, &conversation) || row->state < 0 ||
        row->state > TRANSFER_FAILED || row->way < 0 || row->way > TRANSFER_WAY_RELAY ||
        outgoing != ((row->flags & STORED_OUTGOING) != 0))
        return;
    Entry *entry = entry_new(transfers, row->id, row->offer, row->author, &conversation, content);

    memcpy(entry->wire, row->wire, TRANSFER_SIZE);
    memcpy(entry->place, row->place, PLACE_SIZE);
    memcpy(entry->peer, row->peer, KEY_SIZE);
    load_flags(entry, row->flags);
    entry->kept = true;
    entry->state = (TransferState)row->state;
    entry->way = (TransferWay)row->way;
    entry->attempt = (uint32_t)row->attempt;
    entry->tell = row->tell >= 0 && row->tell <= WIRE__WHY__ARRIVED ? (int)row->tell : -1;
    entry->bytes = (uint64_t)row->bytes;
    entry->total = (uint64_t)row->total;
    entry->missing = (unsigned)row->missing;
    entry->changed_ms = row->changed_ms;
    entry->why = g_steal_pointer(&row->why);
    entry->code = g_intern_string(row->code);
    entry->into = g_steal_pointer(&row->into);
    entry->path = g_steal_pointer(&row->path);
    entry->left_out = g_steal_pointer(&row->left_out);
}

/* A file name that this machine made: 32 hexadecimal digits. */
static bool is_made_here(const char *name)
{
    return strlen(name) == 2 * TRANSFER_SIZE &&
           strspn(name, "0123456789abcdef") == 2 * TRANSFER_SIZE;
}

static bool listing_is_known(Transfers *transfers, const char *name)
{
    for (guint i = 0; i < transfers->offers->len; i++) {
        const OwnOffer *own = transfers->offers->pdata[i];

        if (!own->withdrawn && !strcmp(own->directory, name))
            return true;
    }
    return false;
}

/* A listing whose offer was never posted, or withdrawn. */
static void sweep_listings(Transfers *transfers)
{
    g_autofree char *directory = g_build_filename(transfers->data_dir, "offers", NULL);
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);

    if (!dir)
        return;
    for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir)) {
        g_autofree char *path = g_build_filename(directory, name, NULL);

        if (is_made_here(name) && !listing_is_known(transfers, name))
            listing_forget(path);
    }
}

/* The program ended between the end of a transfer and the removal of its traces. */
static void sweep_states(Transfers *transfers)
{
    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];
        g_autofree char *directory = entry_state_dir(entry);

        if (entry->outgoing || !transfer_state_is_final(entry->state) || entry->retryable ||
            !g_file_test(directory, G_FILE_TEST_IS_DIR))
            continue;
        if (entry->state == TRANSFER_DONE)
            landing_forget(directory);
        else
            entry_discard(entry);
    }
}

static gint by_change(gconstpointer a, gconstpointer b)
{
    const Entry *first = *(Entry *const *)a, *second = *(Entry *const *)b;

    return (first->changed_ms > second->changed_ms) - (first->changed_ms < second->changed_ms);
}

gboolean transfers_load(Transfers *transfers, GError **error)
{
    g_autoptr(GArray) offers = store_offers(transfers->store, error);

    if (!offers)
        return FALSE;
    g_autoptr(GArray) rows = store_transfers(transfers->store, error);

    if (!rows)
        return FALSE;
    for (guint i = 0; i < rows->len; i++)
        load_transfer(transfers, &g_array_index(rows, StoredTransfer, i));
    for (guint i = 0; i < offers->len; i++)
        load_offer(transfers, &g_array_index(offers, StoredOffer, i));
    for (guint i = 0; i < transfers->offers->len; i++)
        own_offer_entry(transfers, transfers->offers->pdata[i]);
    g_ptr_array_sort(transfers->entries, by_change);
    for (guint i = 0; i < transfers->entries->len; i++)
        ((Entry *)transfers->entries->pdata[i])->number = i + 1;
    sweep_listings(transfers);
    sweep_states(transfers);
    for (guint i = 0; i < transfers->entries->len; i++)
        entry_show(transfers->entries->pdata[i]);
    transfers->loaded = true;
    return TRUE;
}
