#include "ui/raster.h"

#include <SDL2/SDL.h>
#include <check.h>
#include <stdlib.h>

enum {
    WIDTH = 300,
    HEIGHT = 200
};

typedef struct {
    SDL_Surface *surface;
    Raster *raster;
    DrawList *list;
} Bench;

static Bench bench_new(void)
{
    Bench bench = {SDL_CreateRGBSurfaceWithFormat(0, WIDTH, HEIGHT, 32, SDL_PIXELFORMAT_ARGB8888),
                   raster_new(), draw_list_new()};
    draw_rect(bench.list, (Rect){0, 0, WIDTH, HEIGHT}, 0, 0xff000000);
    return bench;
}

static void bench_clear(Bench *bench)
{
    SDL_FreeSurface(bench->surface);
    raster_free(bench->raster);
    draw_list_free(bench->list);
}

static const GArray *show(Bench *bench)
{
    return raster_draw(bench->raster, bench->list, bench->surface);
}

static void restart(Bench *bench)
{
    draw_list_clear(bench->list);
    draw_rect(bench->list, (Rect){0, 0, WIDTH, HEIGHT}, 0, 0xff000000);
}

static uint32_t pixel(const Bench *bench, int x, int y)
{
    return ((uint32_t *)bench->surface->pixels)[y * bench->surface->pitch / 4 + x];
}

static int red(const Bench *bench, int x, int y)
{
    return (int)(pixel(bench, x, y) >> 16 & 0xff);
}

START_TEST(the_same_list_changes_nothing)
{
    Bench bench = bench_new();
    ck_assert_uint_eq(show(&bench)->len, 1); /* all tiles, joined */
    restart(&bench);
    ck_assert_uint_eq(show(&bench)->len, 0);
    raster_forget(bench.raster);
    const GArray *all = show(&bench);
    ck_assert_uint_eq(all->len, 1);
    Rect rect = g_array_index(all, Rect, 0);
    ck_assert(rect.x == 0 && rect.y == 0 && rect.w == WIDTH && rect.h == HEIGHT);
    bench_clear(&bench);
}
END_TEST

START_TEST(a_change_touches_its_tiles_alone)
{
    Bench bench = bench_new();
    show(&bench);
    restart(&bench);
    draw_rect(bench.list, (Rect){70, 70, 10, 10}, 0, 0xffffffff);
    const GArray *changed = show(&bench);
    ck_assert_uint_eq(changed->len, 1);
    Rect rect = g_array_index(changed, Rect, 0);
    ck_assert(rect.x == 64 && rect.y == 64 && rect.w == 64 && rect.h == 64);
    /* Moving it draws where it was and where it is. */
    restart(&bench);
    draw_rect(bench.list, (Rect){200, 70, 10, 10}, 0, 0xffffffff);
    ck_assert_uint_eq(show(&bench)->len, 2);
    ck_assert_int_eq(red(&bench, 75, 75), 0);
    ck_assert_int_eq(red(&bench, 205, 75), 255);
    bench_clear(&bench);
}
END_TEST

START_TEST(another_surface_is_drawn_whole)
{
    Bench bench = bench_new();
    show(&bench);
    SDL_FreeSurface(bench.surface);
    bench.surface =
        SDL_CreateRGBSurfaceWithFormat(0, WIDTH - 3, HEIGHT, 32, SDL_PIXELFORMAT_ARGB8888);
    ck_assert_uint_eq(show(&bench)->len, 1);
    bench_clear(&bench);
}
END_TEST

START_TEST(colours_blend_exactly)
{
    Bench bench = bench_new();
    draw_rect(bench.list, (Rect){0, 0, 10, 10}, 0, 0x80ff0000);
    draw_push_opacity(bench.list, 128);
    draw_rect(bench.list, (Rect){20, 0, 10, 10}, 0, 0xffff0000);
    draw_push_opacity(bench.list, 0);
    draw_rect(bench.list, (Rect){40, 0, 10, 10}, 0, 0xffff0000);
    draw_pop_opacity(bench.list);
    draw_pop_opacity(bench.list);
    draw_rect(bench.list, (Rect){60, 0, 10, 10}, 0, 0xffff0000);
    show(&bench);
    ck_assert_uint_eq(pixel(&bench, 5, 5), 0xff800000);
    ck_assert_uint_eq(pixel(&bench, 25, 5), 0xff800000);
    ck_assert_uint_eq(pixel(&bench, 45, 5), 0xff000000);
    ck_assert_uint_eq(pixel(&bench, 65, 5), 0xffff0000);
    bench_clear(&bench);
}
END_TEST

START_TEST(clips_nest)
{
    Bench bench = bench_new();
    draw_push_clip(bench.list, (Rect){10, 10, 50, 50});
    draw_push_clip(bench.list, (Rect){40, 40, 100, 100});
    draw_rect(bench.list, (Rect){0, 0, WIDTH, HEIGHT}, 0, 0xffffffff);
    draw_pop_clip(bench.list);
    draw_pop_clip(bench.list);
    show(&bench);
    ck_assert_int_eq(red(&bench, 39, 45), 0);
    ck_assert_int_eq(red(&bench, 40, 40), 255);
    ck_assert_int_eq(red(&bench, 59, 59), 255);
    ck_assert_int_eq(red(&bench, 60, 59), 0);
    bench_clear(&bench);
}
END_TEST

/* Whatever is drawn into a square lies symmetric in it, and covers about `area` pixels. */
static void check_symmetric(const Bench *bench, Rect box, double area)
{
    double covered = 0;
    for (int y = 0; y < box.h; y++) {
        for (int x = 0; x < box.w; x++) {
            int here = red(bench, box.x + x, box.y + y);
            ck_assert_int_eq(here, red(bench, box.x + box.w - 1 - x, box.y + y));
            ck_assert_int_eq(here, red(bench, box.x + x, box.y + box.h - 1 - y));
            covered += here / 255.0;
        }
    }
    ck_assert_double_eq_tol(covered, area, area * 0.02 + 0.5);
}

START_TEST(corners_are_round)
{
    const double pi = 3.14159265358979;
    Bench bench = bench_new();
    for (int size = 7; size <= 48; size++) {
        for (int half = 0; half < 2; half++) {
            Rect box = {20 + half, 30, size, size};
            restart(&bench);
            draw_rect(bench.list, box, (size + 1) / 2, 0xffffffff);
            show(&bench);
            check_symmetric(&bench, box, pi * size * size / 4);
        }
    }
    Rect card = {50, 50, 100, 60};
    restart(&bench);
    draw_rect(bench.list, card, 14, 0xffffffff);
    show(&bench);
    check_symmetric(&bench, card, 6000 - (4 - pi) * 14 * 14);
    ck_assert_int_eq(red(&bench, 50, 50), 0);
    ck_assert_int_eq(red(&bench, 64, 50), 255);
    bench_clear(&bench);
}
END_TEST

START_TEST(borders_are_hollow_and_even)
{
    const double pi = 3.14159265358979;
    Bench bench = bench_new();
    Rect card = {50, 50, 101, 60};
    draw_border(bench.list, card, 12, 2, 0xffffffff);
    show(&bench);
    double outer = 101 * 60 - (4 - pi) * 144, inner = 97 * 56 - (4 - pi) * 100;
    check_symmetric(&bench, card, outer - inner);
    ck_assert_int_eq(red(&bench, 100, 50), 255);
    ck_assert_int_eq(red(&bench, 100, 52), 0);
    /* A ring of a presence dot, of odd and even size. */
    for (int size = 8; size <= 21; size++) {
        Rect ring = {10, 100, size, size};
        restart(&bench);
        draw_border(bench.list, ring, size, 2, 0xffffffff);
        show(&bench);
        check_symmetric(&bench, ring, pi * (size * size - (size - 4) * (size - 4)) / 4);
    }
    bench_clear(&bench);
}
END_TEST

START_TEST(shadows_fade)
{
    Bench bench = bench_new();
    draw_shadow(bench.list, (Rect){100, 60, 100, 80}, 10, 20, 0xffffffff);
    show(&bench);
    int last = 256;
    for (int x = 150; x >= 80; x -= 5) {
        int here = red(&bench, x, 100);
        ck_assert_int_le(here, last);
        last = here;
    }
    ck_assert_int_ge(red(&bench, 150, 100), 250);
    ck_assert_int_le(red(&bench, 80, 100), 3);
    ck_assert_int_eq(red(&bench, 79, 100), 0);
    ck_assert_int_eq(red(&bench, 85, 100), red(&bench, 214, 100));
    bench_clear(&bench);
}
END_TEST

static int any(GRand *random, int below)
{
    return (int)g_rand_int_range(random, 0, below);
}

static void scribble(GRand *random, DrawList *list)
{
    Rect rect = {any(random, WIDTH + 60) - 30, any(random, HEIGHT + 60) - 30, any(random, 120),
                 any(random, 120)};
    Color color = g_rand_int(random);
    switch (any(random, 6)) {
    case 0:
        draw_border(list, rect, any(random, 30), 1 + any(random, 5), color);
        break;
    case 1:
        draw_shadow(list, rect, any(random, 30), any(random, 30), color);
        break;
    case 2:
        draw_crescent(list, rect, color);
        break;
    default:
        draw_rect(list, rect, any(random, 40), color);
        break;
    }
}

/* Drawing only what changed gives the same pixels as drawing everything. */
START_TEST(damage_is_complete)
{
    Bench bench = bench_new(), whole = bench_new();
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    for (int frame = 0; frame < 60; frame++) {
        uint32_t seeds[20];
        for (int i = 0; i < 20; i++)
            seeds[i] = frame == 0 || any(random, 8) == 0 ? g_rand_int(random) : (uint32_t)i;
        restart(&bench);
        restart(&whole);
        for (int i = 0; i < 20; i++) {
            g_autoptr(GRand) one = g_rand_new_with_seed(seeds[i]);
            g_autoptr(GRand) other = g_rand_new_with_seed(seeds[i]);
            draw_push_clip(bench.list, (Rect){5, 5, 200 + i, 150});
            draw_push_clip(whole.list, (Rect){5, 5, 200 + i, 150});
            scribble(one, bench.list);
            scribble(other, whole.list);
            draw_pop_clip(bench.list);
            draw_pop_clip(whole.list);
        }
        show(&bench);
        raster_forget(whole.raster);
        show(&whole);
        ck_assert_mem_eq(bench.surface->pixels, whole.surface->pixels,
                         (size_t)bench.surface->pitch * HEIGHT);
    }
    bench_clear(&bench);
    bench_clear(&whole);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("raster");
    TCase *cases = tcase_create("raster");
    tcase_add_test(cases, the_same_list_changes_nothing);
    tcase_add_test(cases, a_change_touches_its_tiles_alone);
    tcase_add_test(cases, another_surface_is_drawn_whole);
    tcase_add_test(cases, colours_blend_exactly);
    tcase_add_test(cases, clips_nest);
    tcase_add_test(cases, corners_are_round);
    tcase_add_test(cases, borders_are_hollow_and_even);
    tcase_add_test(cases, shadows_fade);
    tcase_add_test(cases, damage_is_complete);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
