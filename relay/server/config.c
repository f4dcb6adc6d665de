#include "discovery/txt.h"
#include "relay/passphrase.h"
#include "relay/server/config_internal.h"
#include "relay/text.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_PATH "/etc/backfence/relay.conf"
#define FILE_MAX (1024 * 1024) /* of what is read here */
#define FAULTS_MAX 50
#define WORDS_MAX 64

Config *config_new(void)
{
    Config *config = g_new0(Config, 1);
    config->port = -1;
    config->mdns = true;
    config->meetings = (MeetingLimits)MEETING_LIMITS_DEFAULT;
    config->limits = (HubLimits)HUB_LIMITS_DEFAULT;
    config->keys =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    return config;
}

void config_free(Config *config)
{
    if (config == NULL)
        return;
    g_free(config->name);
    g_hash_table_unref(config->keys);
    g_free(config->passphrase_file);
    g_free(config);
}

char *config_default_path(void)
{
    return getuid() < 1000
               ? g_strdup(SYSTEM_PATH)
               : g_build_filename(g_get_user_config_dir(), "backfence", "relay.conf", NULL);
}

void config_fault(ConfigReading *reading, char *text)
{
    g_autofree char *owned = text;
    if (reading->faults->len >= FAULTS_MAX)
        return;
    g_ptr_array_add(reading->faults,
                    reading->line > 0
                        ? g_strdup_printf("%s:%u: %s", reading->path, reading->line, owned)
                        : g_strdup_printf("%s: %s", reading->path, owned));
}

/* --- what was probably meant --- */

/* Levenshtein's distance of two short words. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[WORDS_MAX + 1];
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > WORDS_MAX || b_length > WORDS_MAX)
        return WORDS_MAX;
    for (unsigned j = 0; j <= b_length; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a_length; i++) {
        unsigned corner = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b_length; j++) {
            unsigned changed = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            row[j] = MIN(MIN(row[j], row[j - 1]) + 1, changed);
        }
    }
    return row[b_length];
}

const char *config_nearest(const char *word, const char *const *words)
{
    g_autofree char *folded = g_ascii_strdown(word, -1);
    g_strdelimit(folded, "_ ", '-');
    const char *best = NULL;
    unsigned least = 1 + (unsigned)strlen(word) / 3;
    for (unsigned i = 0; words[i] != NULL; i++) {
        unsigned apart = distance(folded, words[i]);
        if (apart <= least) {
            best = words[i];
            least = apart;
        }
    }
    return best;
}

/* Groups, or the keys of a group; transfer container. */
static GPtrArray *names(const char *group)
{
    GPtrArray *all = g_ptr_array_new();
    for (const ConfigKey *key = config_keys; key->group != NULL; key++) {
        const char *name = group != NULL ? key->key : key->group;
        bool fits = group == NULL || strcmp(key->group, group) == 0;
        if (fits && !g_ptr_array_find_with_equal_func(all, name, g_str_equal, NULL))
            g_ptr_array_add(all, (gpointer)name);
    }
    g_ptr_array_add(all, NULL);
    return all;
}

/* "…; did you mean X?", or all that there are. Transfer full. */
static char *suggest(const char *word, const char *group)
{
    g_autoptr(GPtrArray) all = names(group);
    const char *meant = config_nearest(word, (const char *const *)all->pdata);
    if (meant != NULL)
        return g_strdup_printf("did you mean %s?", meant);
    g_autofree char *list = g_strjoinv(", ", (char **)all->pdata);
    return g_strdup_printf("there are %s", list);
}

/* --- lines --- */

char *config_path_from(const ConfigReading *reading, const char *path)
{
    g_autofree char *folder = g_path_get_dirname(reading->path);
    return g_path_is_absolute(path) ? g_strdup(path) : g_build_filename(folder, path, NULL);
}

static void read_group(ConfigReading *reading, const char *line)
{
    size_t length = strlen(line);
    g_clear_pointer(&reading->group, g_free);
    reading->known_group = false;
    if (line[length - 1] != ']') {
        reading->group = g_strdup("");
        config_fault(reading, g_strdup("a group ends with ]"));
        return;
    }
    reading->group = g_strndup(line + 1, length - 2);
    g_autoptr(GPtrArray) all = names(NULL);
    for (guint i = 0; i + 1 < all->len; i++)
        reading->known_group |= strcmp(all->pdata[i], reading->group) == 0;
    if (!reading->known_group) {
        g_autofree char *clean = text_escape(reading->group, strlen(reading->group));
        g_autofree char *meant = suggest(reading->group, NULL);
        config_fault(reading, g_strdup_printf("there is no group [%s]; %s", clean, meant));
    }
}

/* False: said so. */
static bool is_new(ConfigReading *reading, const char *key)
{
    g_autofree char *whole = g_strdup_printf("%s.%s", reading->group, key);
    unsigned before = GPOINTER_TO_UINT(g_hash_table_lookup(reading->seen, whole));
    if (before > 0) {
        config_fault(reading, g_strdup_printf("%s was said in line %u already", key, before));
        return false;
    }
    g_hash_table_insert(reading->seen, g_steal_pointer(&whole), GUINT_TO_POINTER(reading->line));
    return true;
}

static void take(ConfigReading *reading, Config *config, const char *name, const char *value)
{
    const ConfigKey *key = config_keys;
    while (key->group != NULL &&
           (strcmp(key->group, reading->group) != 0 || strcmp(key->key, name) != 0))
        key++;
    if (key->group == NULL) {
        g_autofree char *clean = text_escape(name, strlen(name));
        g_autofree char *meant = suggest(name, reading->group);
        config_fault(reading,
                     g_strdup_printf("[%s] knows no %s; %s", reading->group, clean, meant));
        return;
    }
    if (!is_new(reading, name))
        return;
    g_autofree char *wrong = *value != '\0' ? key->take(reading, config, key, value)
                                            : g_strdup("is empty: leave the line out instead");
    if (wrong != NULL)
        config_fault(reading, g_strdup_printf("%s %s", name, wrong));
}

static void read_line(ConfigReading *reading, Config *config, char *line)
{
    g_strstrip(line);
    if (*line == '\0' || *line == '#')
        return;
    if (*line == '[') {
        read_group(reading, line);
        return;
    }
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        config_fault(reading, g_strdup("this is neither [group] nor key = value"));
        return;
    }
    *equals = '\0';
    g_strstrip(line);
    g_strstrip(equals + 1);
    if (reading->group == NULL)
        config_fault(reading, g_strdup("a key comes after its [group]"));
    else if (reading->known_group)
        take(reading, config, line, equals + 1);
}

/* --- files --- */

/* Transfer full; NULL: said so. */
static char *read_text(ConfigReading *reading, const char *path, size_t *length)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    struct stat status;
    if (stat(path, &status) == 0 && (!S_ISREG(status.st_mode) || status.st_size > FILE_MAX))
        config_fault(reading, g_strdup_printf("%s is no file of a size that makes sense", path));
    else if (!g_file_get_contents(path, &text, length, &error))
        config_fault(reading, g_strdup(error->message));
    else if (!g_utf8_validate(text, (gssize)*length, NULL))
        config_fault(reading, g_strdup_printf("%s is no text in UTF-8", path));
    else
        return g_steal_pointer(&text);
    return NULL;
}

/* One key in hex a line; what follows it, and lines that begin with #, are remarks. */
static void read_keys(ConfigReading *reading, Config *config)
{
    size_t length = 0;
    g_autofree char *text = read_text(reading, reading->keys_file, &length);
    g_auto(GStrv) lines = text != NULL ? g_strsplit(text, "\n", -1) : NULL;
    for (unsigned i = 0; lines != NULL && lines[i] != NULL; i++) {
        char *line = g_strstrip(lines[i]);
        uint8_t key[KEY_SIZE];
        if (*line == '\0' || *line == '#')
            continue;
        line[strcspn(line, " \t#")] = '\0';
        if (txt_unhex(line, strlen(line), key, KEY_SIZE))
            g_hash_table_add(config->keys, g_bytes_new(key, KEY_SIZE));
        else
            config_fault(reading, g_strdup_printf("%s:%u: a key is 64 hexadecimal digits",
                                                  reading->keys_file, i + 1));
    }
}

/* What the keys mean together. */
static void finish(ConfigReading *reading, Config *config)
{
    reading->line = 0;
    if (reading->keys_file != NULL)
        read_keys(reading, config);
    else if (config->door == HUB_LISTED)
        config_fault(reading, g_strdup("[admission] mode = keys wants a keys-file"));
    if (config->passphrase_file != NULL) {
        g_autoptr(GError) error = NULL;
        char *passphrase = passphrase_read(config->passphrase_file, &error);
        if (passphrase == NULL)
            config_fault(reading, g_strdup(error->message));
        passphrase_free(passphrase);
    } else if (config->door == HUB_LOCKED) {
        config_fault(reading, g_strdup("[admission] mode = passphrase wants a passphrase-file"));
    }
    if (config->limits.burst < config->limits.rate)
        config_fault(reading, g_strdup("[limits] burst is less than rate"));
}

static void read_all(ConfigReading *reading, Config *config)
{
    size_t length = 0;
    g_autofree char *text = read_text(reading, reading->path, &length);
    g_auto(GStrv) lines = text != NULL ? g_strsplit(text, "\n", -1) : NULL;
    if (text != NULL && strlen(text) != length)
        config_fault(reading, g_strdup("there is a NUL byte in it"));
    for (unsigned i = 0; lines != NULL && lines[i] != NULL; i++) {
        reading->line = i + 1;
        read_line(reading, config, lines[i]);
    }
    finish(reading, config);
}

Config *config_read(const char *path, bool asked_for, GPtrArray **faults)
{
    g_autoptr(Config) config = config_new();
    ConfigReading reading = {.path = path};
    *faults = g_ptr_array_new_with_free_func(g_free);
    if (!asked_for && !g_file_test(path, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&config);
    reading.faults = *faults;
    reading.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    read_all(&reading, config);
    g_hash_table_unref(reading.seen);
    g_free(reading.group);
    g_free(reading.keys_file);
    return (*faults)->len == 0 ? g_steal_pointer(&config) : NULL;
}
