/* No dead controls: every key and every control of every screen names an action that exists; what
 * was chosen is kept. */

#include "tests/unit/ui/driver.h"
#include "ui/actions.h"
#include "ui/keys.h"

#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(every_key_has_an_action)
{
    size_t count;
    const KeyBinding *table = keys_table(&count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(actions_find(table[i].action) != NULL, "%s", table[i].action);
        ck_assert_ptr_eq(keys_find(table[i].key, table[i].mods), &table[i]);
        ck_assert(!table[i].shown == !table[i].help);
    }
    ck_assert_ptr_null(keys_find(SDLK_k, KMOD_NONE));
    ck_assert_ptr_null(keys_find(SDLK_k, KMOD_LCTRL | KMOD_LSHIFT));
    ck_assert_ptr_nonnull(keys_find(SDLK_k, KMOD_RCTRL | KMOD_NUM));
}
END_TEST

/* What the keyboard reaches does something. */
static void check_controls(const Node *node)
{
    for (; node; node = node->next) {
        bool acts = node->command || node->role == ROLE_LINK || node->role == ROLE_FIELD ||
                    node->role == ROLE_PANE;
        if (node->state & NODE_FOCUSABLE && !(node->state & NODE_DISABLED))
            ck_assert_msg(acts, "nothing happens at \"%s\"", node->name);
        if (node->command)
            ck_assert_msg(actions_find(node->command) != NULL, "%s", node->command);
        check_controls(node->first);
    }
}

START_TEST(every_control_does_something)
{
    static const char *const screens[] = {"connect-dialog", "switcher", "settings", "shortcuts",
                                          "transfers",      "files",    "close",    "emoji"};
    static const int widths[] = {400, 800, 1100};
    for (size_t w = 0; w < G_N_ELEMENTS(widths); w++) {
        drive_open(&(Sample){.link = LINK_JOINED, .deliveries = true, .choices = 4}, widths[w],
                   720);
        check_controls(node_tree_root(face_nodes(face)));
        for (size_t i = 0; i < G_N_ELEMENTS(screens); i++) {
            ck_assert(face_run(face, screens[i], NULL));
            face_draw(face);
            check_controls(node_tree_root(face_nodes(face)));
        }
        drive_close();
    }
    drive_open(&(Sample){.link = LINK_LOST, .link_since_us = 1, .first_run = true}, 1100, 720);
    check_controls(node_tree_root(face_nodes(face)));
}
END_TEST

START_TEST(every_control_of_files_does_something)
{
    static const char *const scenes[] = {"coming", "ended", "failed", "room", "prompts"};
    for (size_t i = 0; i < G_N_ELEMENTS(scenes); i++) {
        drive_open(&(Sample){.link = LINK_JOINED, .files = scenes[i], .accepted = 3}, 900, 1200);
        check_controls(node_tree_root(face_nodes(face)));
        drive_key(SDLK_j, KMOD_LCTRL);
        check_controls(node_tree_root(face_nodes(face)));
        drive_close();
    }
}
END_TEST

static const char asked[] =
    "back choose complete connect-join direct first-name latest link looks next "
    "next-pane oldest open page-down page-up people previous retry name-save send "
    "switch switcher try-now escape next-unread settings shortcuts emoji escape "
    "zoom-in zoom-out zoom-reset connect-dialog unlock accept-no-more file-open file-show "
    "files folder-change transfer-accept transfer-cancel transfer-decline "
    "transfer-pause transfer-resume transfer-retry transfers prompt-accept "
    "prompt-always prompt-change prompt-decline prompt-item prompt-later prompt-open";

/* No action needs a state that may not be there. */
START_TEST(every_action_can_be_asked_at_any_time)
{
    static const Sample samples[] = {{.no_place = true, .alone = true},
                                     {.link = LINK_JOINED, .alone = true},
                                     {.link = LINK_JOINED, .files = "prompts"},
                                     {.link = LINK_JOINED, .deliveries = true}};
    g_auto(GStrv) names = g_strsplit(asked, " ", -1);
    for (size_t s = 0; s < G_N_ELEMENTS(samples); s++) {
        drive_open(&samples[s], 600, 500);
        for (size_t i = 0; names[i]; i++) {
            ck_assert(face_run(face, names[i], NULL));
            face_draw(face);
            ck_assert(face_run(face, names[i], "nonsense"));
            face_draw(face);
        }
        drive_key(SDLK_TAB, KMOD_NONE);
        drive_type("x");
        drive_close();
    }
    ck_assert_ptr_null(actions_find("no-such-action"));
}
END_TEST

START_TEST(preferences_are_kept)
{
    g_autofree char *folder = g_dir_make_tmp("backfence-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "window.ini", NULL);
    Preferences kept = preferences_load(path);
    ck_assert_double_eq(kept.zoom, 1.0);
    ck_assert_int_eq(kept.looks, LOOKS_SYSTEM);
    kept.looks = LOOKS_LIGHT;
    kept.zoom = 1.3;
    kept.enter_breaks = kept.high_contrast = kept.people_hidden = true;
    ck_assert(preferences_save(&kept, path, NULL));
    Preferences again = preferences_load(path);
    ck_assert_int_eq(again.looks, LOOKS_LIGHT);
    ck_assert_double_eq_tol(again.zoom, 1.3, 0.0001);
    ck_assert(again.enter_breaks && again.high_contrast && again.people_hidden);
    ck_assert(g_file_set_contents(path, "[window]\nzoom=99\nlooks=plaid\n", -1, NULL));
    again = preferences_load(path);
    ck_assert_double_eq(again.zoom, 1.0);
    ck_assert_int_eq(again.looks, LOOKS_SYSTEM);
    g_remove(path);
    g_rmdir(folder);
}
END_TEST

int main(void)
{
    g_setenv("TZ", "UTC", TRUE);
    Suite *suite = suite_create("actions");
    TCase *tcase = tcase_create("table");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, drive_close);
    tcase_add_test(tcase, every_key_has_an_action);
    tcase_add_test(tcase, every_control_does_something);
    tcase_add_test(tcase, every_control_of_files_does_something);
    tcase_add_test(tcase, every_action_can_be_asked_at_any_time);
    tcase_add_test(tcase, preferences_are_kept);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
