#include "ui/preferences.h"

#define GROUP "window"

static const char *const looks_names[LOOKS_COUNT] = {"system", "dark", "light"};

Preferences preferences_default(void)
{
    return (Preferences){.zoom = 1.0};
}

static Looks looks_from(const char *name)
{
    for (int i = 0; i < LOOKS_COUNT; i++) {
        if (g_strcmp0(name, looks_names[i]) == 0)
            return (Looks)i;
    }
    return LOOKS_SYSTEM;
}

Preferences preferences_load(const char *path)
{
    Preferences out = preferences_default();
    g_autoptr(GKeyFile) file = g_key_file_new();
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return out;
    g_autofree char *looks = g_key_file_get_string(file, GROUP, "looks", NULL);
    out.looks = looks_from(looks);
    out.high_contrast = g_key_file_get_boolean(file, GROUP, "high-contrast", NULL);
    out.enter_breaks = g_key_file_get_boolean(file, GROUP, "enter-breaks", NULL);
    out.people_hidden = g_key_file_get_boolean(file, GROUP, "people-hidden", NULL);
    double zoom = g_key_file_get_double(file, GROUP, "zoom", NULL);
    if (zoom >= 0.8 && zoom <= 2.0)
        out.zoom = zoom;
    return out;
}

gboolean preferences_save(const Preferences *preferences, const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_key_file_set_string(file, GROUP, "looks", looks_names[preferences->looks]);
    g_key_file_set_boolean(file, GROUP, "high-contrast", preferences->high_contrast);
    g_key_file_set_boolean(file, GROUP, "enter-breaks", preferences->enter_breaks);
    g_key_file_set_boolean(file, GROUP, "people-hidden", preferences->people_hidden);
    g_key_file_set_double(file, GROUP, "zoom", preferences->zoom);
    return g_key_file_save_to_file(file, path, error);
}
