#include "ui/picture.h"
#include "ui/raster.h"

#include <SDL2/SDL.h>
#include <check.h>
#include <stdlib.h>

enum {
    SIDE = 64
};

static SDL_Surface *surface;
static Raster *raster;
static DrawList *list;

static void set_up(void)
{
    surface = SDL_CreateRGBSurfaceWithFormat(0, SIDE, SIDE, 32, SDL_PIXELFORMAT_ARGB8888);
    raster = raster_new();
    list = draw_list_new();
    draw_rect(list, (Rect){0, 0, SIDE, SIDE}, 0, 0xff000000);
}

static void tear_down(void)
{
    draw_list_free(list);
    raster_free(raster);
    SDL_FreeSurface(surface);
}

static uint32_t pixel(int x, int y)
{
    return ((uint32_t *)surface->pixels)[y * surface->pitch / 4 + x];
}

START_TEST(pixels_come_out_as_they_went_in)
{
    const uint32_t colors[] = {0xffff0000, 0x8000ff00, 0x00ffffff, 0xff0000ff};
    g_autoptr(Picture) picture = picture_new(colors, 2, 2, 2);
    draw_picture(list, (Rect){10, 10, 2, 2}, picture, 0, 0);
    raster_draw(raster, list, surface);
    ck_assert_uint_eq(pixel(10, 10), 0xffff0000);
    ck_assert_uint_eq(pixel(11, 10), 0xff008000);
    ck_assert_uint_eq(pixel(10, 11), 0xff000000);
    ck_assert_uint_eq(pixel(11, 11), 0xff0000ff);
}
END_TEST

START_TEST(scaling_keeps_the_mean)
{
    uint32_t board[16 * 16];
    for (int i = 0; i < 16 * 16; i++)
        board[i] = (i + i / 16) % 2 ? 0xffffffff : 0xff000000;
    g_autoptr(Picture) picture = picture_new(board, 16, 16, 16);
    draw_picture(list, (Rect){0, 0, 4, 4}, picture, 0, 0);
    draw_picture(list, (Rect){20, 0, 32, 32}, picture, 0, 0);
    raster_draw(raster, list, surface);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            ck_assert_int_le(abs((int)(pixel(x, y) & 0xff) - 128), 1);
}
END_TEST

START_TEST(a_tint_keeps_only_the_shape)
{
    const uint32_t colors[] = {0xff123456, 0x00123456};
    g_autoptr(Picture) picture = picture_new(colors, 2, 1, 2);
    draw_picture(list, (Rect){0, 0, 2, 1}, picture, 0, 0xff00ff00);
    draw_push_opacity(list, 128);
    draw_picture(list, (Rect){4, 0, 2, 1}, picture, 0, 0xff00ff00);
    draw_pop_opacity(list);
    raster_draw(raster, list, surface);
    ck_assert_uint_eq(pixel(0, 0), 0xff00ff00);
    ck_assert_uint_eq(pixel(1, 0), 0xff000000);
    ck_assert_uint_eq(pixel(4, 0), 0xff008000);
}
END_TEST

START_TEST(corners_are_cut_off)
{
    uint32_t white[32 * 32];
    for (int i = 0; i < 32 * 32; i++)
        white[i] = 0xffffffff;
    g_autoptr(Picture) picture = picture_new(white, 32, 32, 32);
    draw_picture(list, (Rect){0, 0, 32, 32}, picture, 16, 0);
    raster_draw(raster, list, surface);
    ck_assert_uint_eq(pixel(0, 0), 0xff000000);
    ck_assert_uint_eq(pixel(31, 31), 0xff000000);
    ck_assert_uint_eq(pixel(16, 0), 0xffffffff);
    ck_assert_uint_eq(pixel(16, 16), 0xffffffff);
}
END_TEST

START_TEST(sizes_are_bounded)
{
    const uint32_t one = 0xffffffff;
    ck_assert_ptr_null(picture_new(&one, 0, 1, 1));
    ck_assert_ptr_null(picture_new(&one, 1, -1, 1));
    ck_assert_ptr_null(picture_new(&one, 16385, 1, 16385));
    g_autoptr(Picture) a = picture_new(&one, 1, 1, 1);
    g_autoptr(Picture) b = picture_new(&one, 1, 1, 1);
    ck_assert(picture_hash(a) != picture_hash(b));
    draw_picture(list, (Rect){0, 0, 0, 5}, a, 0, 0);
    draw_picture(list, (Rect){0, 0, 5, 5}, NULL, 0, 0);
    raster_draw(raster, list, surface);
}
END_TEST

START_TEST(icons_have_the_size_that_was_asked_for)
{
    for (int size = 12; size <= 48; size += 9) {
        Picture *icon = picture_icon("search", size);
        ck_assert_ptr_nonnull(icon);
        ck_assert_int_eq(picture_width(icon), size);
        ck_assert_int_eq(picture_height(icon), size);
        ck_assert_ptr_eq(icon, picture_icon("search", size));
    }
    ck_assert_ptr_null(picture_icon("no-such-icon", 20));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("picture");
    TCase *cases = tcase_create("picture");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, pixels_come_out_as_they_went_in);
    tcase_add_test(cases, scaling_keeps_the_mean);
    tcase_add_test(cases, a_tint_keeps_only_the_shape);
    tcase_add_test(cases, corners_are_cut_off);
    tcase_add_test(cases, sizes_are_bounded);
    tcase_add_test(cases, icons_have_the_size_that_was_asked_for);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
