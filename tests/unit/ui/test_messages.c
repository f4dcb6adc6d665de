/* The message list: scrolling, unread, selection, links. */

#include "tests/unit/ui/driver.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(scrolling_keeps_its_place)
{
    Sample sample = {.link = LINK_JOINED, .history = 300};
    drive_open(&sample, 1100, 720);
    ck_assert(!drive_exists(ROLE_BUTTON, "Jump to latest"));
    drive_wheel(500, 300, 8);
    ck_assert(drive_exists(ROLE_BUTTON, "Jump to latest"));
    g_autofree char *top = g_strdup(drive_first_row()->id);
    /* New messages below and older ones above move nothing. */
    sample.extra = 4;
    sample.unread = 4;
    drive_model(&sample);
    ck_assert_str_eq(drive_first_row()->id, top);
    ck_assert(drive_exists(ROLE_BUTTON, "Jump to latest, 4 new"));
    drive_click(ROLE_BUTTON, "Jump to latest, 4 new");
    ck_assert_ptr_null(node_find(face_nodes(face), "jump"));
    ck_told("read #general");
}
END_TEST

START_TEST(older_messages_are_asked_for)
{
    Sample sample = {.link = LINK_JOINED, .history = 60, .more_before = true};
    drive_open(&sample, 1100, 720);
    ck_assert(!drive_told("older #general"));
    for (int i = 0; i < 40; i++)
        drive_wheel(500, 300, 3);
    ck_told("older #general");
    g_string_truncate(recorder->log, 0);
    drive_wheel(500, 300, 1);
    ck_assert(!drive_told("older #general"));
}
END_TEST

START_TEST(unread_line_stays_for_the_visit)
{
    Sample sample = {.link = LINK_JOINED, .unread = 2};
    drive_open(&sample, 1100, 720);
    ck_assert_ptr_nonnull(node_find(face_nodes(face), "unread-line"));
    sample.unread = 0;
    drive_model(&sample);
    ck_assert_ptr_nonnull(node_find(face_nodes(face), "unread-line"));
    drive_key(SDLK_DOWN, KMOD_LALT);
    drive_key(SDLK_UP, KMOD_LALT);
    ck_assert_ptr_null(node_find(face_nodes(face), "unread-line"));
    /* What comes while one looks at the end gets no line; what comes while one is away does. */
    sample.extra = 1;
    drive_model(&sample);
    ck_assert_ptr_null(node_find(face_nodes(face), "unread-line"));
    face_set_focused(face, false);
    sample.extra = 2;
    sample.unread = 1;
    drive_model(&sample);
    ck_assert_ptr_nonnull(node_find(face_nodes(face), "unread-line"));
    /* Seen, and away once more: the line goes on to what is new now. */
    int y = node_find(face_nodes(face), "unread-line")->rect.y;
    face_set_focused(face, true);
    drive_model(&sample);
    face_set_focused(face, false);
    sample.extra = 6;
    drive_model(&sample);
    ck_assert_int_gt(node_find(face_nodes(face), "unread-line")->rect.y, y - 4 * 23);
}
END_TEST

START_TEST(text_is_selected_and_copied)
{
    drive_lively();
    const Node *first =
        drive_find(ROLE_ITEM, "Alex Kim: Looks great. I'd only move the title a little.");
    int y = first->rect.y + first->rect.h - 8;
    drive_pointer(SDL_MOUSEBUTTONDOWN, 322, y, 1);
    drive_pointer(SDL_MOUSEMOTION, 800, y, 0);
    drive_pointer(SDL_MOUSEBUTTONUP, 800, y, 1);
    drive_key(SDLK_c, KMOD_LCTRL);
    ck_assert_str_eq(recorder->clipboard, "Looks great. I'd only move the title a little.");
    ck_assert_str_eq(recorder->primary, recorder->clipboard);
    /* A double click takes a word. */
    drive_pointer(SDL_MOUSEBUTTONDOWN, 335, y, 2);
    drive_pointer(SDL_MOUSEBUTTONUP, 335, y, 2);
    drive_key(SDLK_c, KMOD_LCTRL);
    ck_assert_str_eq(recorder->clipboard, "Looks");
    /* Over two messages the names stand before. */
    drive_pointer(SDL_MOUSEBUTTONDOWN, 322, y, 1);
    drive_pointer(SDL_MOUSEMOTION, 330, y + 62, 0);
    drive_pointer(SDL_MOUSEBUTTONUP, 330, y + 62, 1);
    drive_key(SDLK_c, KMOD_LCTRL);
    ck_assert_ptr_nonnull(strstr(recorder->clipboard, "Alex Kim: Looks great"));
    ck_assert_ptr_nonnull(strstr(recorder->clipboard, "\nJonas Weiß: "));
}
END_TEST

START_TEST(links_open_on_a_click)
{
    drive_lively();
    drive_click(ROLE_LINK, "https://example.lan/docs");
    ck_told("link https://example.lan/docs");
    ck_assert(drive_exists(ROLE_STATUS, "https://example.lan/docs"));
}
END_TEST

START_TEST(failed_messages_can_be_retried)
{
    drive_open(&(Sample){.link = LINK_JOINED, .deliveries = true}, 1100, 720);
    drive_click(ROLE_BUTTON, "Retry");
    ck_assert_ptr_nonnull(strstr(recorder->log->str, "retry #general "));
    ck_assert(drive_exists(ROLE_ITEM, "Sam Rivera and 2 others joined, Jonas Weiß left"));
    ck_assert(drive_exists(ROLE_ITEM, "Sam Rivera waves from the workshop"));
}
END_TEST

int main(void)
{
    g_setenv("TZ", "UTC", TRUE);
    Suite *suite = suite_create("messages");
    TCase *tcase = tcase_create("list");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, drive_close);
    tcase_add_test(tcase, scrolling_keeps_its_place);
    tcase_add_test(tcase, older_messages_are_asked_for);
    tcase_add_test(tcase, unread_line_stays_for_the_visit);
    tcase_add_test(tcase, text_is_selected_and_copied);
    tcase_add_test(tcase, links_open_on_a_click);
    tcase_add_test(tcase, failed_messages_can_be_retried);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
