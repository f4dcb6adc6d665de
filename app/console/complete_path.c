#include "app/console/complete_path.h"

#include <string.h>

#define SPECIAL " \t\"'\\*?[]#&;|<>()$`!{}~"

const char *complete_path_word(const char *line)
{
    const char *word = line;
    for (const char *at = line; *at; at++) {
        if (*at == '\\' && at[1])
            at++;
        else if (*at == ' ')
            word = at + 1;
    }
    return word;
}

static char *unescape(const char *word)
{
    g_autoptr(GString) plain = g_string_new(NULL);
    for (const char *at = word; *at; at++) {
        if (*at == '\\' && at[1])
            at++;
        g_string_append_c(plain, *at);
    }
    return g_string_free(g_steal_pointer(&plain), FALSE);
}

static char *escape(const char *name)
{
    g_autoptr(GString) word = g_string_new(NULL);
    for (const char *at = name; *at; at++) {
        if (strchr(SPECIAL, *at))
            g_string_append_c(word, '\\');
        g_string_append_c(word, *at);
    }
    return g_string_free(g_steal_pointer(&word), FALSE);
}

static char *folder_of(const char *written)
{
    if (*written == '\0')
        return g_strdup(".");
    if (written[0] == '~' && written[1] == '/')
        return g_build_filename(g_get_home_dir(), written + 2, NULL);
    return g_strdup(written);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void complete_path(GPtrArray *words, const char *start, bool folders_only)
{
    g_autofree char *plain = unescape(start);
    const char *slash = strrchr(plain, '/');
    const char *name = slash ? slash + 1 : plain;
    g_autofree char *written = g_strndup(plain, (gsize)(name - plain));
    g_autofree char *folder = folder_of(written);
    const char *raw_slash = strrchr(start, '/');
    g_autofree char *before =
        raw_slash ? g_strndup(start, (gsize)(raw_slash + 1 - start)) : g_strdup("");
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    const char *entry = NULL;
    guint first = words->len;
    while (directory && words->len - first < COMPLETE_PATHS_MAX &&
           (entry = g_dir_read_name(directory)) != NULL) {
        bool hidden = entry[0] == '.' && name[0] != '.';
        if (hidden || !g_str_has_prefix(entry, name) || !g_utf8_validate(entry, -1, NULL))
            continue;
        g_autofree char *path = g_build_filename(folder, entry, NULL);
        bool is_folder = g_file_test(path, G_FILE_TEST_IS_DIR);
        g_autofree char *escaped = escape(entry);
        if (is_folder || !folders_only)
            g_ptr_array_add(words, g_strconcat(before, escaped, is_folder ? "/" : " ", NULL));
    }
    g_ptr_array_sort(words, by_text);
}
