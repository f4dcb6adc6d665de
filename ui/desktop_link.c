#include "ui/desktop.h"

#include <gio/gio.h>
#include <string.h>

enum {
    LONGEST_LINK = 8192
};

bool desktop_may_open(const char *uri)
{
    if (!uri || strlen(uri) > LONGEST_LINK)
        return false;
    for (const char *at = uri; *at; at++)
        if ((unsigned char)*at <= 0x20 || *at == 0x7f)
            return false;
    g_autoptr(GUri) parsed = g_uri_parse(uri, G_URI_FLAGS_HAS_PASSWORD, NULL);
    if (!parsed)
        return false;
    const char *scheme = g_uri_get_scheme(parsed), *host = g_uri_get_host(parsed);
    return (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) && host && *host;
}

static void open_link(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
    g_autoptr(GError) error = NULL;
    if (!g_app_info_launch_default_for_uri(data, NULL, &error))
        g_warning("link not opened: %s", error->message);
    g_task_return_boolean(task, error == NULL);
}

/* Starting a program may wait for the bus: never on the UI thread. */
bool desktop_open(const char *uri, GError **error)
{
    if (!desktop_may_open(uri)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                    "only http and https links are opened");
        return false;
    }
    g_autofree char *scheme = g_uri_parse_scheme(uri);
    g_autoptr(GAppInfo) browser = g_app_info_get_default_for_uri_scheme(scheme);
    if (!browser) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                    "no browser is set up to open this link");
        return false;
    }
    g_autoptr(GTask) task = g_task_new(NULL, NULL, NULL, NULL);
    g_task_set_task_data(task, g_strdup(uri), g_free);
    g_task_run_in_thread(task, open_link);
    return true;
}
