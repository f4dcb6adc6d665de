/* Own offers: listed aside, posted, withdrawn; and offers of others as they are seen. */
#include "app/files/transfers_internal.h"

#include <glib/gstdio.h>
#include <string.h>

void own_offer_free(OwnOffer *own)
{
    offer_unref(own->content);
    listing_unref(own->listing);
    g_free(own->directory);
    g_free(own->path);
    g_free(own);
}

void job_free(Job *job)
{
    g_clear_pointer(&job->thumbnail, g_bytes_unref);
    g_free(job->directory);
    g_free(job);
}

static GBytes *conversation_bytes(const ConversationId *conversation)
{
    return g_bytes_new(conversation->id, conversation->direct ? KEY_SIZE : PLACE_SIZE);
}

static void save(Transfers *transfers, const OwnOffer *own)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) conversation = conversation_bytes(&own->conversation);
    g_autoptr(GBytes) content = offer_build(own->content);
    StoredOffer row = {
        .conversation = conversation,
        .directory = own->directory,
        .path = own->path,
        .content = content,
        .withdrawn = own->withdrawn,
        .made_ms = own->made_ms,
    };

    if (!content)
        return;
    memcpy(row.token, own->token, TOKEN_SIZE);
    memcpy(row.place, own->place, PLACE_SIZE);
    if (!store_put_offer(transfers->store, &row, &error))
        transfers_store_failed(transfers, error);
}

static char *listing_directory(Transfers *transfers, const char *name)
{
    return g_build_filename(transfers->data_dir, "offers", name, NULL);
}

static char *directory_of(Transfers *transfers, const OwnOffer *own)
{
    return listing_directory(transfers, own->directory);
}

Listing *own_offer_listing(Transfers *transfers, OwnOffer *own)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *directory = directory_of(transfers, own);

    if (own->withdrawn)
        return NULL;
    if (!own->listing)
        own->listing = listing_open(directory, &error);
    if (!own->listing)
        g_debug("transfers: %s: %s", directory, error ? error->message : "no listing");
    return own->listing;
}

Entry *own_offer_entry(Transfers *transfers, const OwnOffer *own)
{
    Entry *entry = transfers_entry(transfers, own->token);

    if (entry)
        return entry;
    entry = entry_new(transfers, own->token, own->token, transfers->self, &own->conversation,
                      own->content);
    entry->whole = !own->conversation.direct;
    if (own->conversation.direct)
        memcpy(entry->peer, own->conversation.id, KEY_SIZE);
    memcpy(entry->place, own->place, PLACE_SIZE);
    entry->path = g_strdup(own->path);
    entry->changed_ms = own->made_ms;
    if (own->withdrawn)
        entry->state = TRANSFER_CANCELLED;
    return entry;
}

/* Tells everybody who could still be asked about a room's offer, as far as they are here. */
static void tell_room(Transfers *transfers, const OwnOffer *own)
{
    GHashTableIter iter;
    gpointer key = NULL;
    unsigned told = 0;

    g_hash_table_iter_init(&iter, transfers->here);
    while (told < RECIPIENTS_MAX && g_hash_table_iter_next(&iter, &key, NULL)) {
        const uint8_t *member = g_bytes_get_data(key, NULL);

        if (!transfers_entry_of(transfers, own->token, member))
            told += note_halt(transfers, member, own->token, NULL, WIRE__WHY__WITHDRAWN);
    }
}

void own_offer_withdraw(Transfers *transfers, OwnOffer *own)
{
    g_autofree char *directory = directory_of(transfers, own);

    own->withdrawn = true;
    save(transfers, own);
    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];

        if (!entry->outgoing || memcmp(entry->offer, own->token, TOKEN_SIZE) != 0 ||
            transfer_state_is_final(entry->state))
            continue;
        entry_become(entry, TRANSFER_CANCELLED, false, NULL);
        if (!entry->whole)
            entry_stop(entry, WIRE__WHY__WITHDRAWN);
    }
    if (!own->conversation.direct && transfers->joined)
        tell_room(transfers, own);
    g_clear_pointer(&own->listing, listing_unref);
    listing_forget(directory);
}

/* The oldest own offer that nobody is fetching makes room. */
static void forget_oldest(Transfers *transfers)
{
    for (guint i = 0; i < transfers->offers->len; i++) {
        g_autoptr(GError) error = NULL;
        OwnOffer *own = transfers->offers->pdata[i];
        g_autofree char *directory = directory_of(transfers, own);
        bool used = false;

        for (guint j = 0; j < transfers->entries->len; j++) {
            const Entry *entry = transfers->entries->pdata[j];

            used = used || (entry->outgoing && entry_is_active(entry) &&
                            !memcmp(entry->offer, own->token, TOKEN_SIZE));
        }
        if (used)
            continue;
        Entry *entry = transfers_entry(transfers, own->token);

        if (entry)
            transfers_drop_entry(transfers, entry);
        if (!store_remove_offer(transfers->store, own->token, &error))
            transfers_store_failed(transfers, error);
        listing_forget(directory);
        g_ptr_array_remove_index(transfers->offers, i);
        return;
    }
}

static gboolean check_paths(const char *const *paths, GError **error)
{
    guint count = g_strv_length((char **)paths);

    if (count == 0 || count > PATHS_MAX) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    count ? "That is too much for one offer: put it into a folder."
                          : "Say which files to offer.");
        return FALSE;
    }
    for (guint i = 0; i < count; i++) {
        GStatBuf about;

        if (g_lstat(paths[i], &about) == 0)
            continue;
        g_autofree char *shown = g_filename_display_name(paths[i]);

        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "There is nothing at %s.", shown);
        return FALSE;
    }
    return TRUE;
}

static char **absolute(const char *const *paths)
{
    GPtrArray *all = g_ptr_array_new();

    for (; *paths; paths++)
        g_ptr_array_add(all, g_canonicalize_filename(*paths, NULL));
    g_ptr_array_add(all, NULL);
    return (char **)g_ptr_array_free(all, FALSE);
}

static char *random_name(Transfers *transfers)
{
    uint8_t bytes[TRANSFER_SIZE];
    char *name = g_malloc(2 * sizeof bytes + 1);

    transfers->output->random(bytes, sizeof bytes, transfers->user);
    for (size_t i = 0; i < sizeof bytes; i++)
        g_snprintf(name + 2 * i, 3, "%02x", bytes[i]);
    return name;
}

gboolean transfers_offer(Transfers *transfers, const ConversationId *conversation,
                         const char *const *paths, GBytes *thumbnail, uint32_t width,
                         uint32_t height, int64_t now_us, GError **error)
{
    (void)now_us;
    if (!check_paths(paths, error))
        return FALSE;
    if (!transfers->placed || transfers->leaving || transfers->jobs->len >= JOBS_MAX) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    transfers->placed ? "Too many offers are being made: wait a moment."
                                      : "You are in no place yet where files could be offered.");
        return FALSE;
    }
    g_auto(GStrv) full = absolute(paths);
    Job *job = g_new0(Job, 1);

    job->id = ++transfers->last_job;
    memcpy(job->place, transfers->place, PLACE_SIZE);
    job->conversation = *conversation;
    job->directory = random_name(transfers);
    if (thumbnail && conversation->direct) {
        job->thumbnail = g_bytes_ref(thumbnail);
        job->width = width;
        job->height = height;
    }
    g_ptr_array_add(transfers->jobs, job);
    g_autofree char *directory = listing_directory(transfers, job->directory);
    g_autofree char *parent = g_path_get_dirname(directory);

    g_mkdir_with_parents(parent, 0700);
    transfers->output->list(job->id, full, directory, transfers->user);
    return TRUE;
}

/* The offer with the thumbnail of its job; without, when that cannot be. */
static Offer *with_thumbnail(const Offer *offer, const Job *job)
{
    g_autoptr(GBytes) plain = offer_build(offer);
    size_t length = 0;
    const uint8_t *bytes = plain ? g_bytes_get_data(plain, &length) : NULL;
    Offer *made = bytes ? offer_read(bytes, length) : NULL;

    if (!made || !job->thumbnail)
        return made;
    made->thumbnail = g_bytes_ref(job->thumbnail);
    made->width = job->width;
    made->height = job->height;
    g_autoptr(GBytes) full = offer_build(made);

    if (full)
        return made;
    g_clear_pointer(&made->thumbnail, g_bytes_unref);
    made->width = made->height = 0;
    return made;
}

static gboolean post(Transfers *transfers, Job *job, Listing *listing, const Offer *offer,
                     GError **error)
{
    g_autoptr(Offer) content = with_thumbnail(offer, job);
    uint8_t token[TOKEN_SIZE];

    if (!content) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "These names do not fit into an offer.");
        return FALSE;
    }
    if (!transfers->placed || memcmp(job->place, transfers->place, PLACE_SIZE) != 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    "You are in another place now: nothing was offered.");
        return FALSE;
    }
    if (!transfers->output->post(&job->conversation, content, token, error, transfers->user))
        return FALSE;
    if (transfers->offers->len >= OWN_OFFERS_MAX)
        forget_oldest(transfers);
    OwnOffer *own = g_new0(OwnOffer, 1);

    memcpy(own->token, token, TOKEN_SIZE);
    memcpy(own->place, job->place, PLACE_SIZE);
    own->conversation = job->conversation;
    own->directory = g_strdup(job->directory);
    own->path = g_strdup(listing_item_path(listing, 0));
    own->content = g_steal_pointer(&content);
    own->made_ms = transfers->output->wall_ms(transfers->user);
    g_ptr_array_add(transfers->offers, own);
    save(transfers, own);
    own_offer_entry(transfers, own);
    return TRUE;
}

void transfers_listed(Transfers *transfers, uint64_t number, Listing *listing, const Offer *offer,
                      const char *why, int64_t now_us)
{
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < transfers->jobs->len; i++) {
        Job *job = transfers->jobs->pdata[i];
        g_autofree char *directory = listing_directory(transfers, job->directory);

        if (job->id != number)
            continue;
        if (!listing || !offer)
            transfers->output->notice(&job->conversation, "offer-failed",
                                      why ? why : "These files cannot be offered.",
                                      transfers->user);
        else if (!post(transfers, job, listing, offer, &error))
            transfers->output->notice(&job->conversation, "offer-failed", error->message,
                                      transfers->user);
        if (!listing || error)
            listing_forget(directory);
        g_ptr_array_remove_index(transfers->jobs, i);
        break;
    }
    transfers_settle(transfers, now_us);
}

static unsigned prompts_of(Transfers *transfers, const uint8_t *author)
{
    unsigned count = 0;

    for (guint i = 0; i < transfers->entries->len; i++) {
        const Entry *entry = transfers->entries->pdata[i];

        count += entry->prompt && !memcmp(entry->author, author, KEY_SIZE);
    }
    return count;
}

/* Does the person want everything from this member? */
static bool accepts_unasked(Transfers *transfers, const uint8_t *author)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = NULL;
    bool accepted = false;

    if (!store_accepted_person(transfers->store, author, &accepted, &folder, &error))
        transfers_store_failed(transfers, error);
    return accepted || transfers->accept_all;
}

void transfers_offer_seen(Transfers *transfers, const SessionMessage *message, bool live,
                          int64_t now_us)
{
    g_autoptr(GError) error = NULL;
    uint8_t id[TRANSFER_SIZE];

    if (!message->offer || !transfers->placed ||
        !memcmp(message->author, transfers->self, KEY_SIZE) ||
        transfers_entry_of(transfers, message->token, message->author) ||
        !transfers_make_room(transfers, message->author, true))
        return;
    transfers->output->random(id, sizeof id, transfers->user);
    bool room_for_prompt = prompts_of(transfers, message->author) < PROMPTS_PER_AUTHOR;
    Entry *entry = entry_new(transfers, id, message->token, message->author, &message->conversation,
                             message->offer);

    if (live && accepts_unasked(transfers, message->author) &&
        transfers_accept(transfers, id, NULL, NULL, now_us, &error))
        return;
    if (error)
        transfers->output->notice(&message->conversation, "accept-failed", error->message,
                                  transfers->user);
    entry->prompt = live && room_for_prompt;
    if (entry->prompt)
        entry_save(entry);
    transfers_settle(transfers, now_us);
}
