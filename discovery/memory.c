#include "discovery/memory.h"

#include "discovery/address.h"
#include "discovery/txt.h"

#include <string.h>

/* A group is "NETWORK KEY", both in hexadecimal digits. */
#define FILE_MAX (1024 * 1024)

struct Memory {
    char *path;     /* owned; may be NULL */
    GKeyFile *file; /* owned */
};

typedef struct {
    const char *group;
    int64_t when;
} Entry;

Memory *memory_new(const char *path)
{
    Memory *memory = g_new0(Memory, 1);
    g_autofree char *text = NULL;
    gsize size = 0;
    memory->path = g_strdup(path);
    memory->file = g_key_file_new();
    if (path && g_file_get_contents(path, &text, &size, NULL) && size <= FILE_MAX &&
        !g_key_file_load_from_data(memory->file, text, size, G_KEY_FILE_NONE, NULL)) {
        g_key_file_unref(memory->file);
        memory->file = g_key_file_new();
    }
    return memory;
}

void memory_free(Memory *memory)
{
    if (memory) {
        g_key_file_unref(memory->file);
        g_free(memory->path);
        g_free(memory);
    }
}

static gint latest_first(gconstpointer a, gconstpointer b)
{
    const Entry *x = a;
    const Entry *y = b;
    return (x->when < y->when) - (x->when > y->when);
}

/* Of the groups that begin with `prefix`; `groups` owns their names. */
static GArray *entries(const Memory *memory, char **groups, const char *prefix)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(Entry));
    for (char **group = groups; *group; group++) {
        if (g_str_has_prefix(*group, prefix)) {
            Entry entry = {*group, g_key_file_get_int64(memory->file, *group, "when", NULL)};
            g_array_append_val(found, entry);
        }
    }
    g_array_sort(found, latest_first);
    return found;
}

static void forget_oldest(Memory *memory, const char *prefix, guint keep)
{
    g_auto(GStrv) groups = g_key_file_get_groups(memory->file, NULL);
    g_autoptr(GArray) found = entries(memory, groups, prefix);
    for (guint i = keep; i < found->len; i++) {
        g_key_file_remove_group(memory->file, g_array_index(found, Entry, i).group, NULL);
    }
}

static char *prefix_of(const Network *network)
{
    g_autofree char *id = txt_hex(network->id, sizeof network->id);
    return g_strconcat(id, " ", NULL);
}

static void save(const Memory *memory)
{
    g_autoptr(GError) error = NULL;
    gsize size;
    g_autofree char *text = g_key_file_to_data(memory->file, &size, NULL);
    if (memory->path && !g_file_set_contents_full(memory->path, text, (gssize)size,
                                                  G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error)) {
        g_debug("discovery: cannot remember: %s", error->message);
    }
}

static void set_addresses(Memory *memory, const char *group, const GPtrArray *addresses)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < addresses->len; i++) {
        GSocketAddress *address = addresses->pdata[i];
        if (address_usable(address) && address_rank(address) < ADDRESS_RANK_LOOPBACK) {
            g_ptr_array_add(texts, address_format(address));
        }
    }
    g_key_file_set_string_list(memory->file, group, "addresses", (const char *const *)texts->pdata,
                               texts->len);
}

void memory_keep(Memory *memory, const Network *network, const Candidate *node, int64_t when)
{
    if (!network->has_gateway || !candidate_key(node) || !candidate_place(node)) {
        return;
    }
    g_autofree char *prefix = prefix_of(network);
    g_autofree char *key = txt_hex(candidate_key(node), CANDIDATE_KEY_SIZE);
    g_autofree char *place = txt_hex(candidate_place(node), CANDIDATE_PLACE_SIZE);
    g_autofree char *group = g_strconcat(prefix, key, NULL);
    const char *role = candidate_role(node) == CANDIDATE_ROLE_RELAY ? "relay" : "app";
    g_key_file_set_string(memory->file, group, "place", place);
    g_key_file_set_string(memory->file, group, "role", role);
    g_key_file_set_string(memory->file, group, "name", candidate_name(node));
    g_key_file_set_boolean(memory->file, group, "locked", candidate_locked(node));
    g_key_file_set_int64(memory->file, group, "when", when);
    set_addresses(memory, group, candidate_addresses(node));
    forget_oldest(memory, prefix, MEMORY_PER_NETWORK_MAX);
    forget_oldest(memory, "", MEMORY_MAX);
    save(memory);
}

static GPtrArray *get_addresses(const Memory *memory, const char *group)
{
    GPtrArray *addresses = g_ptr_array_new_with_free_func(g_object_unref);
    gsize count = 0;
    g_auto(GStrv) texts =
        g_key_file_get_string_list(memory->file, group, "addresses", &count, NULL);
    for (gsize i = 0; i < count && i < CANDIDATE_ADDRESSES_MAX; i++) {
        g_auto(Address) address = {0};
        /* An interface may be gone that a link-local address needs. */
        if (address_parse(texts[i], 0, &address, NULL) && address.literal) {
            g_ptr_array_add(addresses, g_steal_pointer(&address.literal));
        }
    }
    return addresses;
}

static Candidate *get_candidate(const Memory *memory, const char *group)
{
    g_autoptr(GPtrArray) addresses = get_addresses(memory, group);
    g_autofree char *place_text = g_key_file_get_string(memory->file, group, "place", NULL);
    g_autofree char *role = g_key_file_get_string(memory->file, group, "role", NULL);
    g_autofree char *name_text = g_key_file_get_string(memory->file, group, "name", NULL);
    const char *key_text = strchr(group, ' ') + 1;
    uint8_t place[CANDIDATE_PLACE_SIZE];
    uint8_t key[CANDIDATE_KEY_SIZE];
    char name[CANDIDATE_NAME_MAX + 1] = "";
    if (!place_text || !txt_unhex(place_text, strlen(place_text), place, sizeof place) ||
        !txt_unhex(key_text, strlen(key_text), key, sizeof key) || addresses->len == 0) {
        return NULL;
    }
    if (name_text) {
        txt_copy_name(name_text, strlen(name_text), name);
    }
    CandidateFields fields = {
        .sources = CANDIDATE_REMEMBERED,
        .role = g_strcmp0(role, "relay") == 0 ? CANDIDATE_ROLE_RELAY : CANDIDATE_ROLE_APP,
        .name = name,
        .place = place,
        .key = key,
        .addresses = addresses,
        .locked = g_key_file_get_boolean(memory->file, group, "locked", NULL),
    };
    return candidate_new(&fields);
}

GPtrArray *memory_candidates(const Memory *memory, const Network *network)
{
    GPtrArray *candidates = g_ptr_array_new_with_free_func((GDestroyNotify)candidate_unref);
    if (!network->has_gateway) {
        return candidates;
    }
    g_autofree char *prefix = prefix_of(network);
    g_auto(GStrv) groups = g_key_file_get_groups(memory->file, NULL);
    g_autoptr(GArray) found = entries(memory, groups, prefix);
    for (guint i = 0; i < found->len && i < MEMORY_PER_NETWORK_MAX; i++) {
        Candidate *candidate = get_candidate(memory, g_array_index(found, Entry, i).group);
        if (candidate) {
            g_ptr_array_add(candidates, candidate);
        }
    }
    return candidates;
}
