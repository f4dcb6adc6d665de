/* Who carries the room, and where else one could be: what the face says, and its menu. */

#include "tests/unit/ui/driver.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void check_place(const char *name)
{
    const Node *place = node_find(face_nodes(face), "place");
    ck_assert_ptr_nonnull(place);
    ck_assert_str_eq(place->name, name);
}

static void drive_joined(CarriedBy carried, unsigned choices)
{
    drive_open(&(Sample){.link = LINK_JOINED, .carried = carried, .choices = choices}, 1100, 720);
}

START_TEST(says_who_carries_the_room)
{
    drive_joined(CARRIED_BY_RELAY, 0);
    check_place("Studio LAN, Relay · 4 people");
    drive_model(&(Sample){.link = LINK_JOINED, .carried = CARRIED_BY_PERSON});
    check_place("Studio LAN, Without a relay · 4 people");
    drive_model(&(Sample){.link = LINK_JOINED, .carried = CARRIED_BY_SELF, .alone = true});
    check_place("Studio LAN, Without a relay · 1 person");
}
END_TEST

START_TEST(moves_and_leaves_are_one_row)
{
    drive_open(&(Sample){.link = LINK_JOINED, .moves = true}, 1100, 720);
    drive_find(ROLE_ITEM, "Jonas Weiß left · The room moved to Mira Okafor's computer");
    drive_find(ROLE_ITEM, "The room moved to the relay");
    /* Nobody is called, and nothing is new, because of a move. */
    drive_model(&(Sample){.link = LINK_JOINED});
    face_set_focused(face, false);
    unsigned attentions = recorder->attentions;
    drive_model(&(Sample){.link = LINK_JOINED, .moves = true});
    ck_assert_uint_eq(recorder->attentions, attentions);
}
END_TEST

START_TEST(a_fork_is_a_warning)
{
    drive_open(&(Sample){.link = LINK_JOINED, .fork = true}, 420, 720);
    const Node *row = NULL;
    for (const Node *node = drive_first_row(); node; node = node->next)
        row = g_str_has_prefix(node->name, "Warning: Jonas Weiß has signed") ? node : row;
    ck_assert_ptr_nonnull(row);
}
END_TEST

static void to_place_name(void)
{
    for (int i = 0; i < 40 && strcmp(face_focus(face), "place") != 0; i++)
        drive_key(SDLK_TAB, KMOD_NONE);
    ck_assert_str_eq(face_focus(face), "place");
}

START_TEST(menu_by_keyboard)
{
    drive_joined(CARRIED_BY_PERSON, 4);
    to_place_name();
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_assert(drive_exists(ROLE_DIALOG, "Places"));
    ck_assert(drive_exists(ROLE_TEXT, "Mira Okafor's computer carries the room."));
    ck_assert_str_eq(face_focus(face), "place/1");
    const Node *here =
        drive_find(ROLE_ITEM, "Studio LAN, Without a relay · 4 people · 10.0.4.2:7667, joined");
    ck_assert(here->state & NODE_CHECKED);
    drive_find(ROLE_ITEM, "Holiday house, Without a relay · 192.168.7.2:7667, remembered");
    drive_key(SDLK_DOWN, KMOD_NONE);
    ck_assert_str_eq(face_focus(face), "place/2");
    drive_key(SDLK_SPACE, KMOD_NONE);
    ck_told("join 2");
    ck_assert(!drive_exists(ROLE_DIALOG, "Places"));
    ck_assert_str_eq(face_focus(face), "place");
}
END_TEST

START_TEST(menu_keeps_the_focus_and_goes)
{
    drive_joined(CARRIED_BY_RELAY, 2);
    to_place_name();
    drive_key(SDLK_SPACE, KMOD_NONE);
    for (int i = 0; i < 7; i++) {
        drive_key(SDLK_TAB, i % 2 ? KMOD_LSHIFT : KMOD_NONE);
        Node *focus = node_find(face_nodes(face), face_focus(face));
        ck_assert_ptr_nonnull(node_ancestor(focus, ROLE_DIALOG));
    }
    drive_key(SDLK_ESCAPE, KMOD_NONE);
    ck_assert(!drive_exists(ROLE_DIALOG, "Places"));
    ck_assert_str_eq(face_focus(face), "place");
    /* Where one is, one stays. */
    drive_click(ROLE_BUTTON, "Studio LAN, Relay · 4 people");
    drive_click(ROLE_ITEM, "Studio LAN, Relay · 4 people · 10.0.4.2:7667, joined");
    ck_assert_ptr_null(strstr(recorder->log->str, "join"));
    ck_assert(!drive_exists(ROLE_DIALOG, "Places"));
}
END_TEST

START_TEST(menu_leads_to_the_dialog)
{
    drive_joined(CARRIED_BY_SELF, 3);
    drive_click(ROLE_BUTTON, "Studio LAN, Without a relay · 4 people");
    ck_assert(drive_exists(ROLE_TEXT, "This computer carries the room."));
    drive_click(ROLE_ITEM, "Connect to another place…");
    ck_assert(drive_exists(ROLE_DIALOG, "Connect"));
    /* What is proposed is not where one is already. */
    ck_assert(drive_find(ROLE_CHECK, "Workshop, Without a relay · [fe80::1c2a]:7667")->state &
              NODE_CHECKED);
    drive_click(ROLE_BUTTON, "Join");
    ck_told("join 2");
}
END_TEST

START_TEST(what_is_chosen_and_gone_is_not_joined)
{
    drive_joined(CARRIED_BY_SELF, 2);
    face_run(face, "connect-dialog", NULL);
    face_draw(face);
    drive_model(&(Sample){.link = LINK_JOINED, .carried = CARRIED_BY_SELF, .choices = 1});
    ck_assert(drive_find(ROLE_BUTTON, "Join")->state & NODE_DISABLED);
}
END_TEST

START_TEST(no_network_is_said_after_a_moment)
{
    Sample away = {.link = LINK_LOST, .link_since_us = SAMPLE_NOW_US, .no_network = true};
    drive_open(&away, 1100, 720);
    check_place("Studio LAN, Reconnecting…");
    drive_time(2 * G_USEC_PER_SEC);
    check_place("Studio LAN, No network");
    ck_assert(drive_exists(ROLE_STATUS, "No network. Messages go out when there is one."));
    drive_time(40 * G_USEC_PER_SEC);
    ck_assert_ptr_null(node_find(face_nodes(face), "pill"));
    drive_type("later");
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general later");
    /* No dialog asks for an address that could not be reached. */
    drive_model(&(Sample){.no_place = true, .no_network = true, .wants_connect = true});
    ck_assert(!drive_exists(ROLE_DIALOG, "Connect"));
}
END_TEST

START_TEST(menu_fits_every_window)
{
    drive_joined(CARRIED_BY_PERSON, 4);
    static const int sizes[][2] = {{1100, 720}, {760, 480}, {360, 480}, {360, 200}};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        face_set_size(face, sizes[i][0], sizes[i][1], 1.0);
        face_run(face, "back", NULL);
        face_run(face, "place-menu", NULL);
        face_draw(face);
        const Node *menu = drive_find(ROLE_DIALOG, "Places");
        ck_assert_int_le(menu->rect.x + menu->rect.w, sizes[i][0]);
        ck_assert_int_le(menu->rect.y + menu->rect.h, sizes[i][1]);
        drive_find(ROLE_ITEM, "Connect to another place…");
        face_run(face, "close", NULL);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("place");
    TCase *tests = tcase_create("face");
    tcase_add_checked_fixture(tests, NULL, drive_close);
    tcase_add_test(tests, says_who_carries_the_room);
    tcase_add_test(tests, moves_and_leaves_are_one_row);
    tcase_add_test(tests, a_fork_is_a_warning);
    tcase_add_test(tests, menu_by_keyboard);
    tcase_add_test(tests, menu_keeps_the_focus_and_goes);
    tcase_add_test(tests, menu_leads_to_the_dialog);
    tcase_add_test(tests, what_is_chosen_and_gone_is_not_joined);
    tcase_add_test(tests, no_network_is_said_after_a_moment);
    tcase_add_test(tests, menu_fits_every_window);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
