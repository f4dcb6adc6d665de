/* What the person does. */
#include "app/files/transfers_internal.h"

#include <string.h>

static Entry *find(Transfers *transfers, const uint8_t *id, GError **error)
{
    Entry *entry = transfers_entry(transfers, id);

    if (!entry)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "There is no such transfer any more.");
    return entry;
}

char *transfers_folder(Transfers *transfers)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *chosen = store_setting(transfers->store, SETTING_FOLDER, &error);
    const char *downloads = g_get_user_special_dir(G_USER_DIRECTORY_DOWNLOAD);

    if (error)
        transfers_store_failed(transfers, error);
    if (chosen && g_path_is_absolute(chosen))
        return g_steal_pointer(&chosen);
    if (downloads)
        return g_strdup(downloads);
    return g_build_filename(g_get_home_dir(), "Downloads", NULL);
}

gboolean transfers_set_folder(Transfers *transfers, const char *folder, GError **error)
{
    if (folder && (!g_path_is_absolute(folder) || !g_file_test(folder, G_FILE_TEST_IS_DIR))) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "There is no folder %s.", folder);
        return FALSE;
    }
    return store_set_setting(transfers->store, SETTING_FOLDER, folder, error);
}

/* Where files of this member go when nothing else is said. */
static char *folder_for(Transfers *transfers, const uint8_t *author)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = NULL;
    bool accepted = false;

    if (!store_accepted_person(transfers->store, author, &accepted, &folder, &error))
        transfers_store_failed(transfers, error);
    if (accepted && folder && *folder)
        return g_steal_pointer(&folder);
    if (transfers->accept_all && transfers->accept_all_into)
        return g_strdup(transfers->accept_all_into);
    return transfers_folder(transfers);
}

/* The folder, there and absolute; NULL with a sentence. */
static char *resolve(Transfers *transfers, const uint8_t *author, const char *into, GError **error)
{
    g_autofree char *folder =
        into ? g_canonicalize_filename(into, NULL) : folder_for(transfers, author);

    if (!into)
        g_mkdir_with_parents(folder, 0755);
    if (g_file_test(folder, G_FILE_TEST_IS_DIR))
        return g_steal_pointer(&folder);
    g_autofree char *shown = g_filename_display_name(folder);

    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "There is no folder %s.", shown);
    return NULL;
}

static bool is_left_out(GBytes *left_out, size_t item)
{
    size_t length = 0;
    const uint8_t *bits = left_out ? g_bytes_get_data(left_out, &length) : NULL;

    return item / 8 < length && bits[item / 8] & (1U << item % 8);
}

/* What is wanted, as far as the offer says; false: nothing. */
static bool wanted(const Offer *content, GBytes *left_out, uint64_t *total)
{
    bool any = content->unlisted > 0;

    *total = content->bytes;
    for (size_t i = 0; i < content->item_count; i++) {
        if (is_left_out(left_out, i))
            *total -= MIN(*total, content->items[i].bytes);
        else
            any = true;
    }
    return any;
}

static gboolean may_accept(Transfers *transfers, const Entry *entry, GError **error)
{
    if (entry->outgoing) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "You offered this yourself.");
        return FALSE;
    }
    if (entry_is_active(entry) || entry->state == TRANSFER_DONE) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                    entry->state == TRANSFER_DONE ? "You have it already."
                                                  : "You accepted it already.");
        return FALSE;
    }
    if (!transfers_make_room(transfers, entry->peer, false)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    "Too many transfers with %s wait already: let some of them end first.",
                    entry_peer_name(entry));
        return FALSE;
    }
    return TRUE;
}

/* What was received under the old id may just be on its way out. */
static void begin_anew(Entry *entry)
{
    Transfers *transfers = entry->transfers;

    if (entry->state == TRANSFER_FAILED && entry->retryable)
        entry_discard(entry);
    if (entry->state != TRANSFER_OFFERED)
        transfers->output->random(entry->wire, TRANSFER_SIZE, transfers->user);
    entry->bytes = 0;
    entry->attempt = 0;
    entry->missing = 0;
    entry->way = TRANSFER_WAY_NONE;
    entry->broken = entry->paused_here = entry->paused_there = entry->busy = false;
    entry->failures = 0;
    entry->tell = -1;
    entry->told = false;
}

gboolean transfers_accept(Transfers *transfers, const uint8_t *id, const char *into,
                          GBytes *left_out, int64_t now_us, GError **error)
{
    Entry *entry = find(transfers, id, error);
    uint64_t total = 0;

    if (!entry)
        return FALSE;
    if (entry->worker) /* a cancelled one that has not let go yet */
        entry_drop_attempt(entry);
    if (!may_accept(transfers, entry, error))
        return FALSE;
    entry = find(transfers, id, error);
    if (!entry)
        return FALSE;
    if (!wanted(entry->content, left_out, &total)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "Choose at least one of the files.");
        return FALSE;
    }
    g_autofree char *folder = resolve(transfers, entry->author, into, error);

    if (!folder)
        return FALSE;
    begin_anew(entry);
    g_free(entry->into);
    entry->into = g_steal_pointer(&folder);
    g_clear_pointer(&entry->left_out, g_bytes_unref);
    entry->left_out = left_out ? g_bytes_ref(left_out) : NULL;
    entry->total = total;
    entry->again_us = now_us;
    entry_become(entry, TRANSFER_WAITING, false, NULL);
    transfers_settle(transfers, now_us);
    return TRUE;
}

gboolean transfers_decline(Transfers *transfers, const uint8_t *id, int64_t now_us, GError **error)
{
    Entry *entry = find(transfers, id, error);

    if (!entry)
        return FALSE;
    if (entry->outgoing || entry->state != TRANSFER_OFFERED) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    entry->outgoing ? "You offered this yourself: cancel it instead."
                                    : "It was decided on already.");
        return FALSE;
    }
    entry_become(entry, TRANSFER_DECLINED, false, NULL);
    entry_tell(entry, WIRE__WHY__DECLINED);
    transfers_settle(transfers, now_us);
    return TRUE;
}

static void cancel(Entry *entry)
{
    bool works = entry->worker != NULL;

    entry_become(entry, TRANSFER_CANCELLED, false, NULL);
    entry_stop(entry, WIRE__WHY__CANCELLED);
    /* Else when the worker has let go. */
    if (!works)
        entry_discard(entry);
}

gboolean transfers_cancel(Transfers *transfers, const uint8_t *id, int64_t now_us, GError **error)
{
    Entry *entry = find(transfers, id, error);

    if (!entry)
        return FALSE;
    if (!entry->outgoing && entry->state == TRANSFER_OFFERED)
        return transfers_decline(transfers, id, now_us, error);
    if (transfer_state_is_final(entry->state) &&
        !(entry->state == TRANSFER_FAILED && entry->retryable)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "It has ended already.");
        return FALSE;
    }
    OwnOffer *own = entry->outgoing ? transfers_own(transfers, entry->offer) : NULL;

    if (entry->state != TRANSFER_OFFERED)
        cancel(entry);
    if (own && (entry->whole || own->conversation.direct))
        own_offer_withdraw(transfers, own);
    else if (entry->state == TRANSFER_OFFERED)
        entry_become(entry, TRANSFER_CANCELLED, false, NULL);
    transfers_settle(transfers, now_us);
    return TRUE;
}

gboolean transfers_pause(Transfers *transfers, const uint8_t *id, int64_t now_us, GError **error)
{
    Entry *entry = find(transfers, id, error);

    if (!entry)
        return FALSE;
    if (!entry_is_active(entry) || entry->paused_here) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    entry->paused_here ? "It is paused already." : "It is not under way.");
        return FALSE;
    }
    entry->paused_here = true;
    entry_become(entry, TRANSFER_PAUSED, false, NULL);
    entry_stop(entry, WIRE__WHY__PAUSED);
    transfers_settle(transfers, now_us);
    return TRUE;
}

gboolean transfers_resume(Transfers *transfers, const uint8_t *id, int64_t now_us, GError **error)
{
    Entry *entry = find(transfers, id, error);

    if (!entry)
        return FALSE;
    if (entry->state != TRANSFER_PAUSED) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "It is not paused.");
        return FALSE;
    }
    if (!entry->paused_here) {
        const char *name = entry_peer_name(entry);

        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    "%s paused it: it goes on when %s resumes it.", name, name);
        return FALSE;
    }
    entry->paused_here = false;
    entry->failures = 0;
    entry->again_us = now_us;
    if (entry->paused_there) {
        g_autofree char *words = g_strdup_printf("%s paused it.", entry_peer_name(entry));

        entry_become(entry, TRANSFER_PAUSED, true, words);
    } else {
        entry_become(entry, TRANSFER_WAITING, false, NULL);
    }
    entry_tell(entry, WIRE__WHY__RESUMED);
    transfers_settle(transfers, now_us);
    return TRUE;
}

gboolean transfers_retry(Transfers *transfers, const uint8_t *id, int64_t now_us, GError **error)
{
    Entry *entry = find(transfers, id, error);

    if (!entry)
        return FALSE;
    if (entry->state != TRANSFER_FAILED || !entry->retryable) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    entry->state == TRANSFER_FAILED ? "Trying again is of no use: %s"
                                                    : "It did not fail%s.",
                    entry->state == TRANSFER_FAILED && entry->why ? entry->why : "");
        return FALSE;
    }
    entry->failures = 0;
    entry->again_us = now_us;
    entry_become(entry, TRANSFER_WAITING, false, NULL);
    if (entry->outgoing)
        entry_tell(entry, WIRE__WHY__RESUMED);
    transfers_settle(transfers, now_us);
    return TRUE;
}

gboolean transfers_accept_from(Transfers *transfers, const uint8_t *key, const char *into,
                               int64_t now_us, GError **error)
{
    g_autofree char *folder = into ? g_canonicalize_filename(into, NULL) : NULL;

    (void)now_us;
    if (folder && !g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "There is no folder %s.", folder);
        return FALSE;
    }
    if (key)
        return store_accept_person(transfers->store, key, folder, error);
    transfers->accept_all = true;
    g_free(transfers->accept_all_into);
    transfers->accept_all_into = g_steal_pointer(&folder);
    return TRUE;
}

gboolean transfers_accept_no_more(Transfers *transfers, const uint8_t *key, GError **error)
{
    return store_accept_person_no_more(transfers->store, key, error);
}
