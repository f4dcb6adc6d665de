#include "ui/path_text.h"

#include <string.h>

enum {
    ENTRIES_LOOKED_AT = 20000 /* of a folder, for completing */
};

char *path_text_read(const char *typed)
{
    g_autofree char *text = g_strstrip(g_strdup(typed));
    if (g_str_has_prefix(text, "file://"))
        return g_filename_from_uri(text, NULL, NULL);
    if (!*text)
        return NULL;
    const char *home = g_get_home_dir();
    if (g_str_has_prefix(text, "~//")) /* a whole path pasted behind the "~/" that stood there */
        return g_canonicalize_filename(text + 2, "/");
    if (text[0] == '~' && (text[1] == '/' || !text[1])) {
        g_autofree char *inside = g_build_filename(home, text + 1, NULL);
        return g_canonicalize_filename(inside, "/");
    }
    if (text[0] == '~' && !g_file_test(text, G_FILE_TEST_EXISTS))
        return NULL;
    return g_canonicalize_filename(text, home);
}

/* How far both begin alike, in whole characters. */
static size_t common(const char *a, const char *b)
{
    size_t same = 0;
    while (a[same] && a[same] == b[same])
        same++;
    while (same && ((unsigned char)a[same] & 0xc0) == 0x80)
        same--;
    return same;
}

char *path_text_complete(const char *typed, bool folders_only)
{
    if (strcmp(typed, "~") == 0)
        return g_strdup("~/");
    const char *slash = strrchr(typed, '/');
    if (!slash)
        return NULL;
    g_autofree char *before = g_strndup(typed, (size_t)(slash - typed) + 1);
    const char *begun = slash + 1;
    g_autofree char *folder = path_text_read(before);
    g_autoptr(GDir) dir = folder ? g_dir_open(folder, 0, NULL) : NULL;
    g_autofree char *found = NULL;
    unsigned matches = 0;
    const char *name;
    for (int i = 0; dir && i < ENTRIES_LOOKED_AT && (name = g_dir_read_name(dir)); i++) {
        if (!g_str_has_prefix(name, begun) || (*name == '.' && *begun != '.') ||
            !g_utf8_validate(name, -1, NULL))
            continue;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (folders_only && !g_file_test(path, G_FILE_TEST_IS_DIR))
            continue;
        matches++;
        if (!found)
            found = g_strdup(name);
        else
            found[common(found, name)] = '\0';
    }
    if (!found)
        return NULL;
    g_autofree char *whole = g_build_filename(folder, found, NULL);
    bool into = matches == 1 && g_file_test(whole, G_FILE_TEST_IS_DIR);
    if (!into && strlen(found) == strlen(begun))
        return NULL;
    return g_strconcat(before, found, into ? "/" : "", NULL);
}

char *path_text_show(const char *path)
{
    g_autofree char *shown = g_filename_display_name(path);
    const char *home = g_get_home_dir();
    size_t length = strlen(home);
    if (length > 1 && strncmp(shown, home, length) == 0 && (shown[length] == '/' || !shown[length]))
        return g_strconcat("~", shown + length, NULL);
    return g_steal_pointer(&shown);
}
