#include "ui/window.h"

#include <check.h>
#include <stdlib.h>

static Window *window;

static void set_up(void)
{
    g_setenv("SDL_VIDEODRIVER", "dummy", TRUE);
    g_autoptr(GError) error = NULL;
    window = window_new("Test", 400, 500, 1.0, &error);
    ck_assert_msg(window != NULL, "%s", error ? error->message : "");
}

static void tear_down(void)
{
    window_free(window);
    SDL_Quit();
}

static void drain(void)
{
    SDL_Event event;
    while (window_wait(window, &event, 0))
        ;
}

static gpointer wake_often(gpointer data)
{
    for (int i = 0; i < 1000; i++)
        window_wake(window);
    return NULL;
}

/* The test's own g_thread_new makes it one of the tests for ThreadSanitizer. */
START_TEST(many_wakes_are_one_event)
{
    drain();
    GThread *threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = g_thread_new("wake", wake_often, NULL);
    for (int i = 0; i < 4; i++)
        g_thread_join(threads[i]);
    SDL_Event event;
    ck_assert(window_wait(window, &event, G_MAXINT64));
    ck_assert_uint_eq(event.type, window_wake_event());
    ck_assert(!window_wait(window, &event, 0));
    window_wake(window);
    ck_assert(window_wait(window, &event, G_MAXINT64));
}
END_TEST

START_TEST(waiting_ends_at_the_deadline)
{
    drain();
    SDL_Event event;
    int64_t deadline = g_get_monotonic_time() + 30000;
    ck_assert(!window_wait(window, &event, deadline));
    ck_assert_int_ge(g_get_monotonic_time(), deadline - 1000);
    ck_assert(!window_wait(window, &event, deadline));
}
END_TEST

START_TEST(pixels_reach_the_surface)
{
    g_autoptr(Raster) raster = raster_new();
    g_autoptr(DrawList) list = draw_list_new();
    int width = 0, height = 0;
    window_size(window, &width, &height);
    ck_assert(width == 400 && height == 500);
    ck_assert_double_eq(window_scale(window), 1.0);
    draw_rect(list, (Rect){0, 0, width, height}, 0, 0xff123456);
    window_present(window, raster, list);
    window_present(window, raster, list);
    ck_assert(window_visible(window));
}
END_TEST

START_TEST(zoom_is_part_of_the_scale)
{
    window_set_zoom(window, 1.5);
    ck_assert_double_eq(window_scale(window), 1.5);
    window_set_zoom(window, 99);
    ck_assert_double_eq(window_scale(window), 2.0);
}
END_TEST

START_TEST(the_clipboard_gives_clean_text)
{
    window_set_clipboard("one\r\ntwo\rthree \xff");
    g_autofree char *text = window_clipboard();
    ck_assert_str_eq(text, "one\ntwo\nthree \xef\xbf\xbd");
    window_set_clipboard("");
    ck_assert_ptr_null(window_clipboard());
}
END_TEST

START_TEST(cursors_and_text_input_come_and_go)
{
    for (CursorShape shape = CURSOR_ARROW; shape < CURSOR_SHAPES; shape++)
        window_set_cursor(window, shape);
    window_set_cursor(window, CURSOR_ARROW);
    window_text_input(window, true);
    window_text_rect(window, (Rect){10, 20, 0, 20});
    window_text_input(window, false);
    window_attention(window);
    window_set_title(window, "Other");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("window");
    TCase *cases = tcase_create("window");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, many_wakes_are_one_event);
    tcase_add_test(cases, waiting_ends_at_the_deadline);
    tcase_add_test(cases, pixels_reach_the_surface);
    tcase_add_test(cases, zoom_is_part_of_the_scale);
    tcase_add_test(cases, the_clipboard_gives_clean_text);
    tcase_add_test(cases, cursors_and_text_input_come_and_go);
    tcase_set_timeout(cases, 30);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
