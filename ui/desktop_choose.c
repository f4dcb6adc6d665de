#include "ui/desktop_internal.h"

#include <string.h>

/* A portal's dialog is a Request object: the call only opens it, its Response signal brings what
 * was chosen. The object's path is known beforehand from the token, so that no Response is missed.
 */

#define FILE_CHOOSER "org.freedesktop.portal.FileChooser"
#define REQUEST "org.freedesktop.portal.Request"

enum {
    OPEN_TIMEOUT_MS = 5000, /* for the dialog to be opened, not for the person to choose */
    CHOSEN_MAX = 4096
};

struct DesktopChoice {
    Desktop *desktop;
    ChooserKind kind;
    char *title, *accept, *folder, *parent; /* owned */
    unsigned ticket;
    char *request; /* owned; path of the Request, NULL: not asked yet */
    guint subscription;
};

static void free_choice(DesktopChoice *choice)
{
    g_free(choice->title);
    g_free(choice->accept);
    g_free(choice->folder);
    g_free(choice->parent);
    g_free(choice->request);
    g_free(choice);
}

static void free_choice_data(gpointer data)
{
    free_choice(data);
}

static void unsubscribe(DesktopChoice *choice)
{
    if (choice->subscription)
        g_dbus_connection_signal_unsubscribe(choice->desktop->bus, choice->subscription);
    choice->subscription = 0;
}

/* Ends the choice of the desktop with an answer; takes `paths`. */
static void finish(Desktop *desktop, GStrv paths, bool failed)
{
    DesktopChoice *choice = g_steal_pointer(&desktop->choice);
    unsubscribe(choice);
    desktop_answer_choice(desktop, choice->ticket, paths, failed);
    free_choice(choice);
}

void desktop_drop_choice(Desktop *desktop)
{
    DesktopChoice *choice = g_steal_pointer(&desktop->choice);
    if (!choice)
        return;
    unsubscribe(choice);
    g_dbus_connection_call(desktop->bus, PORTAL, choice->request, REQUEST, "Close", NULL, NULL,
                           G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
    free_choice(choice);
}

/* What is on this machine of the URIs; NULL when nothing is. */
static GStrv local_paths(GVariant *results)
{
    g_autofree const char **uris = NULL;
    if (!g_variant_lookup(results, "uris", "^a&s", &uris))
        return NULL;
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    unsigned count = 0;
    for (size_t i = 0; uris[i] && count < CHOSEN_MAX; i++) {
        g_autofree char *path = g_filename_from_uri(uris[i], NULL, NULL);
        if (path) {
            g_strv_builder_add(paths, path);
            count++;
        }
    }
    return count ? g_strv_builder_end(paths) : NULL;
}

static void responded(GDBusConnection *bus, const char *sender, const char *path,
                      const char *interface, const char *signal, GVariant *parameters,
                      gpointer data)
{
    Desktop *desktop = data;
    if (!desktop->choice || strcmp(desktop->choice->request, path) != 0 ||
        !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(ua{sv})")))
        return;
    guint32 code = 2;
    g_autoptr(GVariant) results = NULL;
    g_variant_get(parameters, "(u@a{sv})", &code, &results);
    finish(desktop, code == 0 ? local_paths(results) : NULL, false);
}

static void subscribe(DesktopChoice *choice)
{
    unsubscribe(choice);
    choice->subscription = g_dbus_connection_signal_subscribe(
        choice->desktop->bus, PORTAL, REQUEST, "Response", choice->request, NULL,
        G_DBUS_SIGNAL_FLAGS_NONE, responded, choice->desktop, NULL);
}

typedef struct {
    Desktop *desktop;
    unsigned ticket;
} Asked;

static void opened(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autofree Asked *asked = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    DesktopChoice *choice = asked->desktop->choice;
    if (!choice || choice->ticket != asked->ticket)
        return; /* answered or dropped meanwhile */
    if (!reply) {
        g_debug("no chooser of the desktop: %s", error->message);
        finish(asked->desktop, NULL, true);
        return;
    }
    const char *path = NULL;
    g_variant_get(reply, "(&o)", &path);
    if (strcmp(path, choice->request) == 0)
        return;
    /* Portals before 0.9 named it themselves. */
    g_free(choice->request);
    choice->request = g_strdup(path);
    subscribe(choice);
}

static GVariant *options(const DesktopChoice *choice, const char *token)
{
    GVariantBuilder builder;
    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "handle_token", g_variant_new_string(token));
    g_variant_builder_add(&builder, "{sv}", "accept_label", g_variant_new_string(choice->accept));
    g_variant_builder_add(&builder, "{sv}", "modal", g_variant_new_boolean(TRUE));
    g_variant_builder_add(&builder, "{sv}", "multiple",
                          g_variant_new_boolean(choice->kind == CHOOSER_FILES));
    g_variant_builder_add(&builder, "{sv}", "directory",
                          g_variant_new_boolean(choice->kind == CHOOSER_FOLDER));
    if (choice->folder)
        g_variant_builder_add(&builder, "{sv}", "current_folder",
                              g_variant_new_bytestring(choice->folder));
    return g_variant_builder_end(&builder);
}

static gboolean open_chooser(gpointer data)
{
    DesktopChoice *asked = data;
    Desktop *desktop = asked->desktop;
    desktop_drop_choice(desktop);
    if (!desktop->bus) {
        desktop_answer_choice(desktop, asked->ticket, NULL, true);
        return G_SOURCE_REMOVE;
    }
    DesktopChoice *choice = g_new0(DesktopChoice, 1);
    *choice = *asked;
    *asked = (DesktopChoice){0};
    desktop->choice = choice;
    g_autofree char *token =
        g_strdup_printf("backfence%u_%u", choice->ticket, (unsigned)g_random_int());
    g_autofree char *sender = g_strdup(g_dbus_connection_get_unique_name(desktop->bus) + 1);
    choice->request =
        g_strconcat(PORTAL_PATH "/request/", g_strdelimit(sender, ".", '_'), "/", token, NULL);
    subscribe(choice);
    Asked *to = g_new0(Asked, 1);
    *to = (Asked){desktop, choice->ticket};
    g_dbus_connection_call(
        desktop->bus, PORTAL, PORTAL_PATH, FILE_CHOOSER, "OpenFile",
        g_variant_new("(ss@a{sv})", choice->parent, choice->title, options(choice, token)),
        G_VARIANT_TYPE("(o)"), G_DBUS_CALL_FLAGS_NONE, OPEN_TIMEOUT_MS, desktop->cancel, opened,
        to);
    return G_SOURCE_REMOVE;
}

bool desktop_choose(Desktop *desktop, ChooserKind kind, const char *title, const char *accept,
                    const char *folder, const char *parent, unsigned ticket)
{
    if (!desktop->has_bus)
        return false;
    DesktopChoice *choice = g_new0(DesktopChoice, 1);
    *choice = (DesktopChoice){.desktop = desktop,
                              .kind = kind,
                              .title = g_strdup(title),
                              .accept = g_strdup(accept),
                              .folder = g_strdup(folder),
                              .parent = g_strdup(parent),
                              .ticket = ticket};
    desktop_run(desktop, open_chooser, choice, free_choice_data);
    return true;
}
