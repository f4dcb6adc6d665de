#include "relay/server/banned_addresses.h"

#include "discovery/txt.h"

#include <gio/gio.h>
#include <string.h>

typedef struct {
    char *address; /* owned; as the kernel writes it, without scope */
    uint8_t key[KEY_SIZE];
    int64_t until_ms;
} Banned;

struct BannedAddresses {
    char *path;
    GPtrArray *list; /* Banned, owned, the oldest first */
};

static void entry_free(gpointer data)
{
    g_free(((Banned *)data)->address);
    g_free(data);
}

/* One way to write each address: NULL when it is none. */
static char *canonical(const char *address)
{
    g_autofree char *bare = g_strndup(address, strcspn(address, "%"));
    g_autoptr(GInetAddress) parsed = g_inet_address_new_from_string(bare);
    return parsed != NULL ? g_inet_address_to_string(parsed) : NULL;
}

static Banned *read_line(const char *line)
{
    g_auto(GStrv) parts = g_strsplit(line, " ", 4);
    uint8_t key[KEY_SIZE];
    gint64 until_ms;
    if (g_strv_length(parts) != 3 || !txt_unhex(parts[1], strlen(parts[1]), key, KEY_SIZE) ||
        !g_ascii_string_to_signed(parts[2], 10, 0, TIME_MAX_MS, &until_ms, NULL))
        return NULL;
    char *address = canonical(parts[0]);
    if (address == NULL)
        return NULL;
    Banned *entry = g_new0(Banned, 1);
    entry->address = address;
    entry->until_ms = until_ms;
    memcpy(entry->key, key, KEY_SIZE);
    return entry;
}

static void keep(BannedAddresses *banned, Banned *entry)
{
    if (banned->list->len >= BANNED_ADDRESSES_MAX)
        g_ptr_array_remove_index(banned->list, 0);
    g_ptr_array_add(banned->list, entry);
}

BannedAddresses *banned_addresses_new(const char *directory)
{
    BannedAddresses *banned = g_new0(BannedAddresses, 1);
    g_autofree char *contents = NULL;
    banned->path = g_build_filename(directory, "banned-addresses", NULL);
    banned->list = g_ptr_array_new_with_free_func(entry_free);
    g_file_get_contents(banned->path, &contents, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(contents != NULL ? contents : "", "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        Banned *entry = read_line(*line);
        if (entry != NULL)
            keep(banned, entry);
    }
    return banned;
}

void banned_addresses_free(BannedAddresses *banned)
{
    if (banned == NULL)
        return;
    g_ptr_array_unref(banned->list);
    g_free(banned->path);
    g_free(banned);
}

static gboolean save(const BannedAddresses *banned, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < banned->list->len; i++) {
        const Banned *entry = banned->list->pdata[i];
        g_autofree char *key = txt_hex(entry->key, KEY_SIZE);
        g_string_append_printf(text, "%s %s %" G_GINT64_FORMAT "\n", entry->address, key,
                               entry->until_ms);
    }
    return g_file_set_contents_full(banned->path, text->str, (gssize)text->len,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0600, error);
}

gboolean banned_addresses_add(BannedAddresses *banned, const char *address, const uint8_t *key,
                              int64_t until_ms, GError **error)
{
    char *bare = canonical(address);
    if (bare == NULL) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s is no address", address);
        return FALSE;
    }
    Banned *entry = g_new0(Banned, 1);
    entry->address = bare;
    entry->until_ms = until_ms;
    memcpy(entry->key, key, KEY_SIZE);
    keep(banned, entry);
    if (save(banned, error))
        return TRUE;
    g_ptr_array_remove_index(banned->list, banned->list->len - 1);
    return FALSE;
}

gboolean banned_addresses_remove(BannedAddresses *banned, const uint8_t *key, GError **error)
{
    guint before = banned->list->len;
    for (guint i = before; i > 0; i--) {
        const Banned *entry = banned->list->pdata[i - 1];
        if (memcmp(entry->key, key, KEY_SIZE) == 0)
            g_ptr_array_remove_index(banned->list, i - 1);
    }
    return banned->list->len == before || save(banned, error);
}

bool banned_addresses_has(const BannedAddresses *banned, const char *address,
                          const Moderation *moderation, int64_t time_ms)
{
    g_autofree char *bare = canonical(address);
    for (guint i = 0; bare != NULL && i < banned->list->len; i++) {
        const Banned *entry = banned->list->pdata[i];
        bool over = entry->until_ms != 0 && entry->until_ms <= time_ms;
        if (!over && strcmp(entry->address, bare) == 0 &&
            moderation_banned(moderation, entry->key, time_ms, NULL))
            return true;
    }
    return false;
}

char *banned_addresses_of(const BannedAddresses *banned, const uint8_t *key)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < banned->list->len; i++) {
        const Banned *entry = banned->list->pdata[i];
        if (memcmp(entry->key, key, KEY_SIZE) == 0)
            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", entry->address);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}
