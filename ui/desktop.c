#include "ui/desktop_internal.h"

#include <string.h>

/* The bus is watched by a thread with a main context of its own, because SDL waits on the main one
 * and cannot be asked to wait on GLib's descriptors too. Only `heard` crosses, under the mutex. */

#define SETTINGS "org.freedesktop.portal.Settings"
#define APPEARANCE "org.freedesktop.appearance"
#define GNOME_INTERFACE "org.gnome.desktop.interface"

static void set_look(Desktop *desktop, bool *look, bool value)
{
    g_mutex_lock(&desktop->mutex);
    bool news = *look != value;
    *look = value;
    g_mutex_unlock(&desktop->mutex);
    if (news && desktop->wake)
        desktop->wake(desktop->data);
}

/* One setting, wrapped in as many variants as the portal likes. */
static void take_setting(Desktop *desktop, const char *space, const char *key, GVariant *value)
{
    g_autoptr(GVariant) plain = g_variant_ref(value);
    while (g_variant_is_of_type(plain, G_VARIANT_TYPE_VARIANT)) {
        GVariant *inner = g_variant_get_variant(plain);
        g_variant_unref(plain);
        plain = inner;
    }
    bool number = g_variant_is_of_type(plain, G_VARIANT_TYPE_UINT32);
    if (strcmp(space, APPEARANCE) == 0 && strcmp(key, "color-scheme") == 0 && number)
        set_look(desktop, &desktop->heard.dark, g_variant_get_uint32(plain) != 2);
    else if (strcmp(space, APPEARANCE) == 0 && strcmp(key, "contrast") == 0 && number)
        set_look(desktop, &desktop->heard.high_contrast, g_variant_get_uint32(plain) == 1);
    else if (strcmp(space, APPEARANCE) == 0 && strcmp(key, "reduced-motion") == 0 && number)
        set_look(desktop, &desktop->heard.reduced_motion, g_variant_get_uint32(plain) == 1);
    else if (strcmp(space, GNOME_INTERFACE) == 0 && strcmp(key, "enable-animations") == 0 &&
             g_variant_is_of_type(plain, G_VARIANT_TYPE_BOOLEAN))
        set_look(desktop, &desktop->heard.reduced_motion, !g_variant_get_boolean(plain));
}

static void setting_changed(GDBusConnection *bus, const char *sender, const char *path,
                            const char *interface, const char *signal, GVariant *parameters,
                            gpointer data)
{
    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(ssv)")))
        return;
    const char *space = NULL, *key = NULL;
    g_autoptr(GVariant) value = NULL;
    g_variant_get(parameters, "(&s&sv)", &space, &key, &value);
    take_setting(data, space, key, value);
}

static void settings_read(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    if (!reply) {
        g_debug("no settings from the desktop: %s", error->message);
        return;
    }
    g_autoptr(GVariant) spaces = g_variant_get_child_value(reply, 0);
    GVariantIter space_iter;
    const char *space = NULL;
    GVariant *keys = NULL;
    g_variant_iter_init(&space_iter, spaces);
    while (g_variant_iter_next(&space_iter, "{&s@a{sv}}", &space, &keys)) {
        GVariantIter key_iter;
        const char *key = NULL;
        GVariant *value = NULL;
        g_variant_iter_init(&key_iter, keys);
        while (g_variant_iter_next(&key_iter, "{&sv}", &key, &value)) {
            take_setting(data, space, key, value);
            g_variant_unref(value);
        }
        g_variant_unref(keys);
    }
}

/* Waits: whatever is asked of the bus meanwhile comes after it. */
static void find_bus(Desktop *desktop)
{
    g_autoptr(GError) error = NULL;
    desktop->bus = g_bus_get_sync(G_BUS_TYPE_SESSION, desktop->cancel, &error);
    if (!desktop->bus) {
        g_debug("no session bus: %s", error->message);
        return;
    }
    g_dbus_connection_set_exit_on_close(desktop->bus, FALSE);
    desktop->subscription = g_dbus_connection_signal_subscribe(
        desktop->bus, PORTAL, SETTINGS, "SettingChanged", PORTAL_PATH, NULL,
        G_DBUS_SIGNAL_FLAGS_NONE, setting_changed, desktop, NULL);
    const char *const spaces[] = {APPEARANCE, GNOME_INTERFACE, NULL};
    g_dbus_connection_call(desktop->bus, PORTAL, PORTAL_PATH, SETTINGS, "ReadAll",
                           g_variant_new("(^as)", spaces), G_VARIANT_TYPE("(a{sa{sv}})"),
                           G_DBUS_CALL_FLAGS_NONE, 5000, desktop->cancel, settings_read, desktop);
}

static gpointer run_bus(gpointer data)
{
    Desktop *desktop = data;
    g_main_context_push_thread_default(desktop->context);
    /* Without an address GLib would start a bus of its own. */
    if (desktop->has_bus)
        find_bus(desktop);
    g_main_loop_run(desktop->loop);
    desktop_drop_choice(desktop);
    if (desktop->bus)
        g_dbus_connection_signal_unsubscribe(desktop->bus, desktop->subscription);
    /* Let what was cancelled come back while `desktop` still stands. */
    while (g_main_context_iteration(desktop->context, FALSE))
        ;
    g_main_context_pop_thread_default(desktop->context);
    return NULL;
}

static void free_reply(gpointer data)
{
    DesktopReply *reply = data;
    g_free(reply->words);
    g_strfreev(reply->paths);
    g_free(reply);
}

static void send_reply(Desktop *desktop, DesktopReply reply)
{
    g_async_queue_push(desktop->replies, g_memdup2(&reply, sizeof reply));
    if (desktop->wake)
        desktop->wake(desktop->data);
}

void desktop_tell(Desktop *desktop, char *words)
{
    send_reply(desktop, (DesktopReply){.words = words});
}

void desktop_answer_choice(Desktop *desktop, unsigned ticket, GStrv paths, bool failed)
{
    send_reply(desktop, (DesktopReply){.ticket = ticket, .paths = paths, .failed = failed});
}

void desktop_run(Desktop *desktop, GSourceFunc work, gpointer data, GDestroyNotify free_data)
{
    g_autoptr(GSource) source = g_idle_source_new(); /* waits until the loop has begun */
    g_source_set_callback(source, work, data, free_data);
    g_source_attach(source, desktop->context);
}

void desktop_set_answers(Desktop *desktop, const DesktopAnswers *answers)
{
    desktop->answers = *answers;
}

Desktop *desktop_new(void (*changed)(void *data), void (*wake)(void *data), void *data)
{
    Desktop *desktop = g_new0(Desktop, 1);
    desktop->looks = desktop->heard = (DesktopLooks){.dark = true};
    desktop->changed = changed;
    desktop->wake = wake;
    desktop->data = data;
    g_mutex_init(&desktop->mutex);
    desktop->context = g_main_context_new();
    desktop->loop = g_main_loop_new(desktop->context, FALSE);
    desktop->cancel = g_cancellable_new();
    desktop->replies = g_async_queue_new_full(free_reply);
    desktop->has_bus = g_getenv("DBUS_SESSION_BUS_ADDRESS") || g_getenv("XDG_RUNTIME_DIR");
    desktop->thread = g_thread_new("desktop", run_bus, desktop);
    return desktop;
}

static gboolean quit_loop(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_REMOVE;
}

void desktop_free(Desktop *desktop)
{
    if (!desktop)
        return;
    g_cancellable_cancel(desktop->cancel);
    desktop_run(desktop, quit_loop, desktop->loop, NULL);
    g_thread_join(desktop->thread);
    g_async_queue_unref(desktop->replies);
    g_clear_object(&desktop->bus);
    g_object_unref(desktop->cancel);
    g_main_loop_unref(desktop->loop);
    g_main_context_unref(desktop->context);
    g_mutex_clear(&desktop->mutex);
    g_free(desktop);
}

void desktop_dispatch(Desktop *desktop)
{
    g_mutex_lock(&desktop->mutex);
    DesktopLooks heard = desktop->heard;
    g_mutex_unlock(&desktop->mutex);
    bool news = heard.dark != desktop->looks.dark ||
                heard.high_contrast != desktop->looks.high_contrast ||
                heard.reduced_motion != desktop->looks.reduced_motion;
    desktop->looks = heard;
    if (news && desktop->changed)
        desktop->changed(desktop->data);
    DesktopReply *reply;
    while ((reply = g_async_queue_try_pop(desktop->replies))) {
        const DesktopAnswers *to = &desktop->answers;
        if (reply->words && to->tell)
            to->tell(reply->words, desktop->data);
        else if (!reply->words && to->chosen)
            to->chosen(reply->ticket, (const char *const *)reply->paths, reply->failed,
                       desktop->data);
        free_reply(reply);
    }
}

DesktopLooks desktop_looks(const Desktop *desktop)
{
    return desktop->looks;
}
