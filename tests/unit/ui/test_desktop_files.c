#include "ui/desktop.h"

#include <check.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A portal and a file manager of our own on a bus of our own, served while the test waits. */

#define INTERFACES                                                                                 \
    "<node><interface name='org.freedesktop.portal.FileChooser'>"                                  \
    "<method name='OpenFile'><arg type='s' direction='in'/><arg type='s' direction='in'/>"         \
    "<arg type='a{sv}' direction='in'/><arg type='o' direction='out'/></method></interface>"       \
    "<interface name='org.freedesktop.portal.OpenURI'>"                                            \
    "<method name='OpenFile'><arg type='s' direction='in'/><arg type='h' direction='in'/>"         \
    "<arg type='a{sv}' direction='in'/><arg type='o' direction='out'/></method></interface>"       \
    "<interface name='org.freedesktop.FileManager1'>"                                              \
    "<method name='ShowItems'><arg type='as' direction='in'/><arg type='s' direction='in'/>"       \
    "</method></interface></node>"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"

static GTestDBus *bus;
static GDBusConnection *portal;
static GMainContext *context;
static Desktop *desktop;
static GString *calls; /* what the portal was asked, a line each */
static char *request;  /* path that the last chooser was to answer at */
static GString *heard; /* what the desktop answered, a line each */
static int woken;      /* atomic */

static void wake(void *data)
{
    g_atomic_int_set(&woken, 1);
    g_main_context_wakeup(context);
}

static void chosen(unsigned ticket, const char *const *paths, bool failed, void *data)
{
    g_autofree char *all = paths ? g_strjoinv(" ", (char **)paths) : g_strdup("nothing");
    g_string_append_printf(heard, "%u %s%s\n", ticket, all, failed ? " failed" : "");
}

static void told(const char *words, void *data)
{
    g_string_append_printf(heard, "%s\n", words);
}

static void await_line(const GString *where, const char *line)
{
    while (!strstr(where->str, line)) {
        g_main_context_iteration(context, TRUE);
        if (g_atomic_int_compare_and_exchange(&woken, 1, 0))
            desktop_dispatch(desktop);
    }
}

static void answer_chooser(GVariant *parameters, GDBusMethodInvocation *call)
{
    const char *parent = NULL, *title = NULL, *token = NULL;
    gboolean multiple = FALSE, directory = FALSE;
    g_autoptr(GVariant) options = NULL;
    g_variant_get(parameters, "(&s&s@a{sv})", &parent, &title, &options);
    g_variant_lookup(options, "handle_token", "&s", &token);
    g_variant_lookup(options, "multiple", "b", &multiple);
    g_variant_lookup(options, "directory", "b", &directory);
    g_autofree char *sender = g_strdup(g_dbus_method_invocation_get_sender(call) + 1);
    g_free(request);
    request = g_strdup_printf(PORTAL_PATH "/request/%s/%s", g_strdelimit(sender, ".", '_'), token);
    g_string_append_printf(calls, "choose %s %s%s%s\n", parent, title, multiple ? " multiple" : "",
                           directory ? " directory" : "");
    g_dbus_method_invocation_return_value(call, g_variant_new("(o)", request));
}

static void answer_opening(GVariant *parameters, GDBusMethodInvocation *call)
{
    GUnixFDList *fds = g_dbus_message_get_unix_fd_list(g_dbus_method_invocation_get_message(call));
    int fd = g_unix_fd_list_get(fds, 0, NULL);
    char text[16] = "";
    ck_assert_int_ge((int)read(fd, text, sizeof text - 1), 0);
    close(fd);
    g_string_append_printf(calls, "open %s\n", text);
    g_dbus_method_invocation_return_value(call, g_variant_new("(o)", PORTAL_PATH "/request/x/y"));
}

static void answer(GDBusConnection *connection, const char *sender, const char *path,
                   const char *interface, const char *method, GVariant *parameters,
                   GDBusMethodInvocation *call, gpointer data)
{
    if (g_str_has_suffix(interface, "FileChooser")) {
        answer_chooser(parameters, call);
    } else if (g_str_has_suffix(interface, "OpenURI")) {
        answer_opening(parameters, call);
    } else {
        g_autofree const char **uris = NULL;
        g_variant_get(parameters, "(^a&ss)", &uris, NULL);
        g_string_append_printf(calls, "show %s\n", uris[0]);
        g_dbus_method_invocation_return_value(call, NULL);
    }
}

static void own_name(const char *name)
{
    g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
        portal, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "RequestName", g_variant_new("(su)", name, 0), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
        NULL);
    ck_assert_ptr_nonnull(reply);
}

static void serve(void)
{
    static const GDBusInterfaceVTable table = {.method_call = answer};
    g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(INTERFACES, NULL);
    const char *const paths[] = {PORTAL_PATH, PORTAL_PATH, "/org/freedesktop/FileManager1"};
    g_main_context_push_thread_default(context);
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
        ck_assert_uint_ne(g_dbus_connection_register_object(portal, paths[i], node->interfaces[i],
                                                            &table, NULL, NULL, NULL),
                          0);
    g_main_context_pop_thread_default(context);
    own_name("org.freedesktop.portal.Desktop");
    own_name("org.freedesktop.FileManager1");
}

static void start(void)
{
    context = g_main_context_new();
    calls = g_string_new(NULL);
    heard = g_string_new(NULL);
    bus = g_test_dbus_new(G_TEST_DBUS_NONE);
    g_test_dbus_up(bus);
    portal =
        g_dbus_connection_new_for_address_sync(g_test_dbus_get_bus_address(bus),
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, NULL);
    ck_assert_ptr_nonnull(portal);
    desktop = desktop_new(NULL, wake, NULL);
    desktop_set_answers(desktop, &(DesktopAnswers){chosen, told});
}

static void stop(void)
{
    desktop_free(desktop);
    g_dbus_connection_close_sync(portal, NULL, NULL);
    g_object_unref(portal);
    g_main_context_unref(context);
    g_test_dbus_stop(bus);
    g_object_unref(bus);
    g_string_free(calls, TRUE);
    g_string_free(heard, TRUE);
    g_clear_pointer(&request, g_free);
}

static void respond(guint32 code, const char *results)
{
    g_autoptr(GVariant) options = g_variant_ref_sink(g_variant_new_parsed(results));
    g_dbus_connection_emit_signal(portal, NULL, request, "org.freedesktop.portal.Request",
                                  "Response", g_variant_new("(u@a{sv})", code, options), NULL);
}

START_TEST(chooser_of_the_portal_is_asked)
{
    serve();
    ck_assert(desktop_choose(desktop, CHOOSER_FILES, "Offer files", "Offer", "/tmp", "x11:2a", 1));
    await_line(calls, "choose x11:2a Offer files multiple\n");
    respond(0, "{'uris': <['file:///a%20b', 'https://example.lan/', 'file:///c']>}");
    await_line(heard, "1 /a b /c\n");
    desktop_choose(desktop, CHOOSER_FOLDER, "Folder", "Choose", NULL, "", 2);
    await_line(calls, "choose  Folder directory\n");
    respond(1, "@a{sv} {}");
    await_line(heard, "2 nothing\n");
    ck_assert_ptr_null(strstr(heard->str, "failed"));
    /* A newer question takes the place of one that is open. */
    desktop_choose(desktop, CHOOSER_FILES, "third", "Offer", NULL, "", 3);
    await_line(calls, "third");
    desktop_choose(desktop, CHOOSER_FILES, "fourth", "Offer", NULL, "", 4);
    await_line(calls, "fourth");
    respond(0, "{'uris': <['file:///d']>}");
    await_line(heard, "4 /d\n");
    ck_assert_ptr_null(strstr(heard->str, "3 "));
}
END_TEST

START_TEST(no_chooser_is_said_at_once)
{
    ck_assert(desktop_choose(desktop, CHOOSER_FILES, "Offer files", "Offer", NULL, "", 7));
    await_line(heard, "7 nothing failed\n");
}
END_TEST

static char *file_of(const char *folder, const char *name, const char *content)
{
    char *path = g_build_filename(folder, name, NULL);
    ck_assert(g_file_set_contents(path, content, -1, NULL));
    return path;
}

START_TEST(files_are_opened_and_programs_shown)
{
    serve();
    g_autofree char *folder = g_dir_make_tmp("open-XXXXXX", NULL);
    g_autofree char *text = file_of(folder, "notes.txt", "words");
    g_autofree char *script = file_of(folder, "innocent.txt", "#!/bin/sh\n");
    g_autofree char *shown = g_strdup_printf("show file://%s\n", script);
    desktop_open_file(desktop, text);
    desktop_open_file(desktop, script);
    await_line(heard, "Programs are not started from here.");
    await_line(calls, "open words\n");
    await_line(calls, shown);
    ck_assert_ptr_null(strstr(calls->str, "open #!"));
    g_unlink(text);
    desktop_open_file(desktop, text);
    await_line(heard, "notes.txt is no longer there.\n");
    desktop_show_in_folder(desktop, text);
    await_line(heard, "notes.txt is no longer there.\nnotes.txt is no longer there.\n");
    g_unlink(script);
    g_rmdir(folder);
}
END_TEST

START_TEST(programs_are_known)
{
    const struct {
        const char *name, *head;
        bool program;
    } cases[] = {
        {"/d/report.pdf", "%PDF-1.7", false},
        {"/d/notes.txt", "hello", false},
        {"/d/photo.jpg", "\xff\xd8\xff\xe0", false},
        {"/d/page.html", "<!doctype html>", false},
        {"/d/unknown", "data", false},
        {"/d.sh/unknown", "data", false},
        {"/d/run.sh", "echo", true},
        {"/d/RUN.SH", "echo", true},
        {"/d/photo.jpg.exe", "x", true},
        {"/d/photo.jpg", "MZ\x90", true},
        {"/d/photo.jpg", "\177ELF\2", true},
        {"/d/photo.jpg", "#!/bin/sh", true},
        {"/d/link.desktop", "", true},
        {"/d/link", "[Desktop Entry]\nExec=x", true},
        {"/d/tool.AppImage", "", true},
        {"/d/thing.py", "print", true},
        {"/d/package.deb", "!<arch>", true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        ck_assert_msg(desktop_is_program(cases[i].name, cases[i].head, strlen(cases[i].head)) ==
                          cases[i].program,
                      "%s", cases[i].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("desktop files");
    TCase *tcase = tcase_create("bus");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, chooser_of_the_portal_is_asked);
    tcase_add_test(tcase, no_chooser_is_said_at_once);
    tcase_add_test(tcase, files_are_opened_and_programs_shown);
    suite_add_tcase(suite, tcase);
    TCase *pure = tcase_create("programs");
    tcase_add_test(pure, programs_are_known);
    suite_add_tcase(suite, pure);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
