/* Questions about offers and transfers. */
#include "app/files/transfers_internal.h"

#include <string.h>

Entry *transfers_entry(Transfers *transfers, const uint8_t *id)
{
    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];

        if (!memcmp(entry->id, id, TRANSFER_SIZE))
            return entry;
    }
    return NULL;
}

Entry *transfers_entry_by_wire(Transfers *transfers, const uint8_t *wire)
{
    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];

        if (!memcmp(entry->wire, wire, TRANSFER_SIZE))
            return entry;
    }
    return NULL;
}

Entry *transfers_entry_of(Transfers *transfers, const uint8_t *offer, const uint8_t *peer)
{
    for (guint i = 0; i < transfers->entries->len; i++) {
        Entry *entry = transfers->entries->pdata[i];

        if (!memcmp(entry->offer, offer, TOKEN_SIZE) && !memcmp(entry->peer, peer, KEY_SIZE) &&
            !memcmp(entry->place, transfers->place, PLACE_SIZE))
            return entry;
    }
    return NULL;
}

OwnOffer *transfers_own(Transfers *transfers, const uint8_t *token)
{
    for (guint i = 0; i < transfers->offers->len; i++) {
        OwnOffer *own = transfers->offers->pdata[i];

        if (!memcmp(own->token, token, TOKEN_SIZE) &&
            !memcmp(own->place, transfers->place, PLACE_SIZE))
            return own;
    }
    return NULL;
}

GPtrArray *transfers_list(Transfers *transfers)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)transfer_unref);

    for (guint i = transfers->entries->len; i-- > 0;) {
        Entry *entry = transfers->entries->pdata[i];

        if (entry->shown)
            g_ptr_array_add(list, transfer_ref(entry->shown));
    }
    return list;
}

Transfer *transfers_get(Transfers *transfers, const uint8_t *id)
{
    const Entry *entry = transfers_entry(transfers, id);

    return entry && entry->shown ? transfer_ref(entry->shown) : NULL;
}

static bool has_prefix(const Entry *entry, const char *text)
{
    char hex[2 * TRANSFER_SIZE + 1];

    for (size_t i = 0; i < TRANSFER_SIZE; i++)
        g_snprintf(hex + 2 * i, 3, "%02x", entry->id[i]);
    return g_ascii_strncasecmp(hex, text, strlen(text)) == 0;
}

static bool fits(const Entry *entry, const char *text, bool *surely)
{
    guint64 number = 0;

    *surely = g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT, &number, NULL) &&
              entry->number == number;
    if (*surely)
        return true;
    if (!*text)
        return entry->prompt && entry->state == TRANSFER_OFFERED;
    return strlen(text) >= 4 && has_prefix(entry, text);
}

Transfer *transfers_find(Transfers *transfers, const char *text, GError **error)
{
    const Entry *found = NULL;
    unsigned count = 0;

    for (guint i = 0; i < transfers->entries->len; i++) {
        const Entry *entry = transfers->entries->pdata[i];
        bool surely = false;

        if (!entry->shown || !fits(entry, text, &surely))
            continue;
        found = entry;
        if (surely)
            return transfer_ref(entry->shown);
        count++;
    }
    if (count == 1)
        return transfer_ref(found->shown);
    if (!*text)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                    count ? "Several offers wait for a decision: say which by its number."
                          : "No offer waits for a decision.");
    else
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                    count ? "More than one transfer begins with \"%s\"."
                          : "There is no transfer \"%s\".",
                    text);
    return NULL;
}

GPtrArray *transfers_accepted_people(Transfers *transfers)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *people = store_accepted_people(transfers->store, &error);

    if (people)
        return people;
    transfers_store_failed(transfers, error);
    return g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
}
