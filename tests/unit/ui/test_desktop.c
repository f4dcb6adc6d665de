#include "ui/desktop.h"

#include <check.h>
#include <gio/gio.h>
#include <stdlib.h>

/* A portal of our own on a bus of our own, served while the test waits. */

#define PORTAL_XML                                                                                 \
    "<node><interface name='org.freedesktop.portal.Settings'>"                                     \
    "<method name='ReadAll'><arg type='as' direction='in'/>"                                       \
    "<arg type='a{sa{sv}}' direction='out'/></method>"                                             \
    "<signal name='SettingChanged'><arg type='s'/><arg type='s'/><arg type='v'/></signal>"         \
    "</interface></node>"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"
#define SETTINGS "org.freedesktop.portal.Settings"

static GMainContext *context;
static int woken; /* atomic */

static void wake(void *data)
{
    g_atomic_int_inc(&woken);
    g_main_context_wakeup(context);
}

static void await_wakes(int count)
{
    while (g_atomic_int_get(&woken) < count)
        g_main_context_iteration(context, TRUE);
}

static void changed(void *data)
{
    ++*(int *)data;
}

static void answer(GDBusConnection *bus, const char *sender, const char *path,
                   const char *interface, const char *method, GVariant *parameters,
                   GDBusMethodInvocation *call, gpointer data)
{
    g_dbus_method_invocation_return_value(
        call, g_variant_new_parsed("({'org.freedesktop.appearance': {'color-scheme': <uint32 2>, "
                                   "'contrast': <uint32 1>, 'odd': <'text'>}},)"));
}

typedef struct {
    GTestDBus *bus;
    GDBusConnection *connection;
} Portal;

static void portal_start(Portal *portal)
{
    static const GDBusInterfaceVTable table = {.method_call = answer};
    g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(PORTAL_XML, NULL);
    portal->bus = g_test_dbus_new(G_TEST_DBUS_NONE);
    g_test_dbus_up(portal->bus);
    context = g_main_context_new();
    portal->connection =
        g_dbus_connection_new_for_address_sync(g_test_dbus_get_bus_address(portal->bus),
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, NULL);
    ck_assert_ptr_nonnull(portal->connection);
    g_main_context_push_thread_default(context);
    ck_assert_uint_ne(g_dbus_connection_register_object(portal->connection, PORTAL_PATH,
                                                        node->interfaces[0], &table, NULL, NULL,
                                                        NULL),
                      0);
    g_main_context_pop_thread_default(context);
    g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
        portal->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "RequestName", g_variant_new("(su)", "org.freedesktop.portal.Desktop", 0), NULL,
        G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
    ck_assert_ptr_nonnull(reply);
}

static void portal_stop(Portal *portal)
{
    g_dbus_connection_close_sync(portal->connection, NULL, NULL);
    g_object_unref(portal->connection);
    g_main_context_unref(context);
    g_test_dbus_stop(portal->bus);
    g_object_unref(portal->bus);
}

START_TEST(looks_follow_the_portal)
{
    Portal portal;
    portal_start(&portal);
    int changes = 0;
    Desktop *desktop = desktop_new(changed, wake, &changes);
    ck_assert(desktop_looks(desktop).dark);
    await_wakes(2);
    desktop_dispatch(desktop);
    ck_assert_int_eq(changes, 1);
    ck_assert(!desktop_looks(desktop).dark);
    ck_assert(desktop_looks(desktop).high_contrast);
    ck_assert(!desktop_looks(desktop).reduced_motion);
    g_dbus_connection_emit_signal(
        portal.connection, NULL, PORTAL_PATH, SETTINGS, "SettingChanged",
        g_variant_new_parsed("('org.freedesktop.appearance', 'color-scheme', <uint32 1>)"), NULL);
    await_wakes(3);
    desktop_dispatch(desktop);
    desktop_dispatch(desktop);
    ck_assert_int_eq(changes, 2);
    ck_assert(desktop_looks(desktop).dark);
    desktop_free(desktop);
    portal_stop(&portal);
}
END_TEST

START_TEST(without_a_bus_the_defaults_stay)
{
    g_setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
    for (int i = 0; i < 20; i++) {
        g_autoptr(Desktop) desktop = desktop_new(NULL, NULL, NULL);
        desktop_dispatch(desktop);
        ck_assert(desktop_looks(desktop).dark);
    }
}
END_TEST

START_TEST(only_web_links_may_be_opened)
{
    static const struct {
        const char *link;
        bool may;
    } cases[] = {
        {"https://example.lan/docs?q=1#top", true},
        {"http://10.0.4.2:8080", true},
        {"http://[fe80::1]/", true},
        {"https://user@example.lan/", true},
        {"HTTPS://example.lan", true},
        {"https://", false},
        {"https:///path", false},
        {"file:///etc/passwd", false},
        {"javascript:alert(1)", false},
        {"smb://server/share", false},
        {"x-scheme-handler/http", false},
        {"--help", false},
        {"", false},
        {"https://exa mple", false},
        {"https://a\nb", false},
        {"https://a\x1b[0m", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        ck_assert_msg(desktop_may_open(cases[i].link) == cases[i].may, "%s", cases[i].link);
    ck_assert(!desktop_may_open(NULL));
    g_autoptr(GError) error = NULL;
    ck_assert(!desktop_open("file:///etc/passwd", &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("desktop");
    TCase *cases = tcase_create("desktop");
    tcase_add_test(cases, looks_follow_the_portal);
    tcase_add_test(cases, without_a_bus_the_defaults_stay);
    tcase_add_test(cases, only_web_links_may_be_opened);
    tcase_set_timeout(cases, 30);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
