#include "ui/decoder.h"
#include "ui/offering.h"
#include "ui/picture_header.h"
#include "ui/preview.h"
#include "ui/thumbnail.h"

#include <SDL2/SDL.h>
#include <SDL2/SDL_image.h>
#include <check.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG_US (60 * G_USEC_PER_SEC)

static char *folder;

static void make_folder(void)
{
    folder = g_dir_make_tmp("decoder-XXXXXX", NULL);
}

static void remove_folder(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
}

/* Left half red, right half blue; the top row is green. */
static SDL_Surface *sample(int width, int height)
{
    SDL_Surface *surface =
        SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_ARGB8888);
    SDL_FillRect(surface, NULL, 0xffff0000);
    SDL_FillRect(surface, &(SDL_Rect){width / 2, 0, width - width / 2, height}, 0xff0000ff);
    SDL_FillRect(surface, &(SDL_Rect){0, 0, width, 1}, 0xff00ff00);
    return surface;
}

static char *write_sample(const char *name, int width, int height)
{
    char *path = g_build_filename(folder, name, NULL);
    SDL_Surface *surface = sample(width, height);
    if (g_str_has_suffix(name, ".jpg"))
        ck_assert_int_eq(IMG_SaveJPG(surface, path, 95), 0);
    else
        ck_assert_int_eq(IMG_SavePNG(surface, path), 0);
    SDL_FreeSurface(surface);
    return path;
}

static char *write_bytes(const char *name, const void *bytes, gsize length)
{
    char *path = g_build_filename(folder, name, NULL);
    ck_assert(g_file_set_contents(path, bytes, (gssize)length, NULL));
    return path;
}

START_TEST(pictures_come_back_scaled)
{
    g_autofree char *path = write_sample("a.png", 800, 400);
    g_autoptr(GError) error = NULL;
    g_autoptr(Decoded) decoded = decoder_file(path, 360, 240, LONG_US, &error);
    ck_assert_msg(decoded != NULL, "%s", error ? error->message : "");
    ck_assert_int_eq(decoded->width, 360);
    ck_assert_int_eq(decoded->height, 180);
    ck_assert_uint_eq(decoded->source_width, 800);
    ck_assert_uint_eq(decoded->source_height, 400);
    ck_assert_uint_eq(decoded->pixels[90 * 360 + 20], 0xffff0000);
    ck_assert_uint_eq(decoded->pixels[90 * 360 + 340], 0xff0000ff);
    /* Small ones are not blown up. */
    g_autofree char *small = write_sample("b.png", 7, 3);
    g_autoptr(Decoded) same = decoder_file(small, 360, 240, LONG_US, NULL);
    ck_assert_int_eq(same->width, 7);
    ck_assert_int_eq(same->height, 3);
    ck_assert_uint_eq(same->pixels[0], 0xff00ff00);
}
END_TEST

/* The sample as a JPEG with an Exif orientation in front. */
static GBytes *turned(int turn)
{
    static const uint8_t exif[] = {0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0,    'M', 'M',
                                   0,    42,   0, 0,  0,   8,   0,   1,   1, 0x12, 0,   3,
                                   0,    0,    0, 1,  0,   0,   0,   0,   0, 0,    0,   0};
    g_autofree char *path = write_sample("turned.jpg", 64, 32);
    g_autofree char *jpeg = NULL;
    gsize length;
    ck_assert(g_file_get_contents(path, &jpeg, &length, NULL));
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)jpeg, 2);
    g_byte_array_append(bytes, exif, sizeof exif);
    bytes->data[2 + 29] = (uint8_t)turn;
    g_byte_array_append(bytes, (const guint8 *)jpeg + 2, (guint)length - 2);
    return g_byte_array_free_to_bytes(bytes);
}

static bool is_red(uint32_t pixel)
{
    return (pixel >> 16 & 0xff) > 200 && (pixel & 0xff) < 60;
}

START_TEST(photographs_stand_upright)
{
    /* Where red is seen for each orientation: left, right, top or bottom. */
    static const char red[] = {0, 'l', 'r', 'r', 'l', 't', 't', 'b', 'b'};
    for (int turn = 1; turn <= 8; turn++) {
        g_autoptr(GBytes) bytes = turned(turn);
        g_autoptr(Decoded) decoded = decoder_bytes(bytes, 360, 240, LONG_US, NULL);
        ck_assert_ptr_nonnull(decoded);
        int width = decoded->width;
        int height = decoded->height;
        ck_assert_int_eq(width, turn >= 5 ? 32 : 64);
        ck_assert_int_eq(height, turn >= 5 ? 64 : 32);
        const uint32_t *pixels = decoded->pixels;
        char seen = is_red(pixels[height / 2 * width + 4]) && is_red(pixels[4 * width + 4]) &&
                            !is_red(pixels[4 * width + width - 4])
                        ? 'l'
                    : is_red(pixels[4 * width + width - 4]) && !is_red(pixels[4 * width + 4]) ? 'r'
                    : is_red(pixels[4 * width + 4])                                           ? 't'
                                                                                              : 'b';
        ck_assert_msg(seen == red[turn], "orientation %d: red at %c", turn, seen);
    }
}
END_TEST

static void refused(const char *path, int code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Decoded) decoded = decoder_file(path, 360, 240, LONG_US, &error);
    ck_assert_msg(!decoded, "%s was decoded", path);
    ck_assert_msg(g_error_matches(error, G_IO_ERROR, code), "%s: %s", path, error->message);
}

START_TEST(what_is_no_picture_is_refused)
{
    g_autofree char *text = write_bytes("text.png", "hello", 5);
    refused(text, G_IO_ERROR_NOT_SUPPORTED);
    g_autofree char *empty = write_bytes("empty.png", "", 0);
    refused(empty, G_IO_ERROR_NOT_SUPPORTED);
    /* The library would read these, and they are not asked for. */
    g_autofree char *svg =
        write_bytes("a.svg", "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", 62);
    refused(svg, G_IO_ERROR_NOT_SUPPORTED);
    g_autofree char *pnm = write_bytes("a.pnm", "P6 1 1 255\nabc", 14);
    refused(pnm, G_IO_ERROR_NOT_SUPPORTED);
    refused("/nonexistent/picture.png", G_IO_ERROR_NOT_FOUND);
    refused("/dev/zero", G_IO_ERROR_NOT_SUPPORTED);
    refused(folder, G_IO_ERROR_NOT_SUPPORTED);
}
END_TEST

START_TEST(torn_pictures_do_no_harm)
{
    const char *const names[] = {"whole.png", "whole.jpg"};
    for (size_t n = 0; n < G_N_ELEMENTS(names); n++) {
        g_autofree char *path = write_sample(names[n], 300, 200);
        g_autofree char *whole = NULL;
        gsize length;
        ck_assert(g_file_get_contents(path, &whole, &length, NULL));
        const gsize cuts[] = {1, 7, 20, 33, length / 4, length / 2, length - 1};
        for (size_t i = 0; i < G_N_ELEMENTS(cuts); i++) {
            g_autoptr(GBytes) bytes = g_bytes_new(whole, MIN(cuts[i], length));
            g_autoptr(GError) error = NULL;
            g_autoptr(Decoded) decoded = decoder_bytes(bytes, 100, 100, LONG_US, &error);
            /* A JPEG that ends early is shown as far as it goes. */
            ck_assert(decoded || error);
        }
    }
}
END_TEST

/* A PNG that says it has so many pixels. */
static GBytes *boast(uint32_t width, uint32_t height)
{
    SDL_Surface *surface = sample(16, 16);
    uint8_t png[4096];
    SDL_RWops *out = SDL_RWFromMem(png, sizeof png);
    ck_assert_int_eq(IMG_SavePNG_RW(surface, out, 0), 0);
    gsize length = (gsize)SDL_RWtell(out);
    SDL_RWclose(out);
    SDL_FreeSurface(surface);
    uint32_t size[2] = {GUINT32_TO_BE(width), GUINT32_TO_BE(height)};
    memcpy(png + 16, size, sizeof size);
    return g_bytes_new(png, length);
}

START_TEST(bombs_do_not_go_off)
{
    const uint32_t sizes[][2] = {{30000, 30000},           {40001, 2},  {0, 5}, {5, 0},
                                 {0xffffffff, 0xffffffff}, {6400, 6400}};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GBytes) bytes = boast(sizes[i][0], sizes[i][1]);
        g_autoptr(GError) error = NULL;
        g_autoptr(Decoded) decoded = decoder_bytes(bytes, 360, 240, LONG_US, &error);
        ck_assert(!decoded && error);
    }
    /* A real one, just below the cap: 40 million pixels in some kilobytes. */
    g_autofree char *path = write_sample("large.png", 8000, 4999);
    GStatBuf status;
    ck_assert_int_eq(g_stat(path, &status), 0);
    ck_assert_int_lt((int)status.st_size, 1000000);
    g_autoptr(GError) error = NULL;
    g_autoptr(Decoded) decoded = decoder_file(path, 360, 240, LONG_US, &error);
    ck_assert_msg(decoded != NULL, "%s", error ? error->message : "");
}
END_TEST

START_TEST(waiting_has_an_end)
{
    g_autofree char *path = write_sample("slow.png", 4000, 4000);
    g_autoptr(GError) error = NULL;
    g_autoptr(Decoded) decoded = decoder_file(path, 360, 240, 1000, &error);
    ck_assert_ptr_null(decoded);
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
}
END_TEST

START_TEST(thumbnails_are_small)
{
    g_autofree char *path = write_sample("photo.jpg", 1600, 1200);
    uint32_t width = 0;
    uint32_t height = 0;
    g_autoptr(GBytes) thumbnail = thumbnail_make(path, LONG_US, &width, &height);
    ck_assert_ptr_nonnull(thumbnail);
    ck_assert_uint_eq(width, 1600);
    ck_assert_uint_eq(height, 1200);
    ck_assert_uint_le(g_bytes_get_size(thumbnail), 12 * 1024);
    PictureHeader header;
    gsize length;
    const uint8_t *data = g_bytes_get_data(thumbnail, &length);
    ck_assert(picture_header_read(data, length, &header));
    ck_assert_uint_eq(header.width, 160);
    ck_assert_uint_eq(header.height, 120);
    /* Noise does not compress, and fits all the same. */
    SDL_Surface *noise = SDL_CreateRGBSurfaceWithFormat(0, 400, 400, 32, SDL_PIXELFORMAT_ARGB8888);
    for (int i = 0; i < 400 * 400; i++)
        ((uint32_t *)noise->pixels)[i] = g_random_int();
    g_autofree char *loud = g_build_filename(folder, "noise.png", NULL);
    ck_assert_int_eq(IMG_SavePNG(noise, loud), 0);
    SDL_FreeSurface(noise);
    g_autoptr(GBytes) hard = thumbnail_make(loud, LONG_US, &width, &height);
    ck_assert(hard && g_bytes_get_size(hard) <= 12 * 1024);
    g_autofree char *text = write_bytes("text", "hello", 5);
    ck_assert_ptr_null(thumbnail_make(text, LONG_US, &width, &height));
}
END_TEST

typedef struct {
    char *paths, *complaint; /* owned */
    bool thumbnail;
    int done; /* atomic */
} Offered;

static void ready(const char *conversation, const char *const *paths, GBytes *thumbnail,
                  uint32_t width, uint32_t height, const char *complaint, void *user)
{
    Offered *offered = user;
    offered->paths = paths ? g_strjoinv(" ", (char **)paths) : NULL;
    offered->complaint = g_strdup(complaint);
    offered->thumbnail = thumbnail != NULL;
    g_atomic_int_set(&offered->done, 1);
    g_main_context_wakeup(NULL);
}

static void offer(Offered *offered, const char *const *paths)
{
    g_clear_pointer(&offered->paths, g_free);
    g_clear_pointer(&offered->complaint, g_free);
    g_atomic_int_set(&offered->done, 0);
    g_autoptr(Offerings) offerings = offerings_new(ready, offered);
    offerings_add(offerings, "#general", paths, false);
    while (!g_atomic_int_get(&offered->done))
        g_main_context_iteration(NULL, TRUE);
}

START_TEST(what_cannot_be_read_is_left_out_and_said)
{
    g_autofree char *path = write_sample("offered.png", 300, 200);
    Offered offered = {0};
    offer(&offered, (const char *const[]){path, folder, NULL});
    g_autofree char *both = g_strdup_printf("%s %s", path, folder);
    ck_assert_pstr_eq(offered.paths, both);
    ck_assert_ptr_null(offered.complaint);
    ck_assert(!offered.thumbnail);
    offer(&offered, (const char *const[]){"/nonexistent/a", path, NULL});
    ck_assert_pstr_eq(offered.paths, path);
    ck_assert_pstr_eq(offered.complaint, "a cannot be read, so it was not offered.");
    /* The room's relay could read it. */
    ck_assert(!offered.thumbnail);
    offer(&offered, (const char *const[]){"/nonexistent/a", "/nonexistent/b", NULL});
    ck_assert_ptr_null(offered.paths);
    ck_assert_pstr_eq(offered.complaint, "a and 1 more cannot be read, so they were not offered.");
    g_free(offered.complaint);
}
END_TEST

static void count(void *user)
{
    g_atomic_int_inc((int *)user);
    g_main_context_wakeup(NULL);
}

START_TEST(previews_come_later_and_stay)
{
    g_autofree char *path = write_sample("preview.png", 720, 480);
    g_autofree char *text = write_bytes("text", "hello", 5);
    int wakes = 0;
    g_autoptr(Previews) previews = previews_new(count, &wakes);
    ck_assert_ptr_null(previews_file(previews, path, 360, 240));
    ck_assert_ptr_null(previews_file(previews, path, 360, 240));
    ck_assert_ptr_null(previews_file(previews, text, 360, 240));
    while (g_atomic_int_get(&wakes) < 2)
        g_main_context_iteration(NULL, TRUE);
    ck_assert(previews_dispatch(previews));
    Picture *picture = previews_file(previews, path, 360, 240);
    ck_assert_ptr_nonnull(picture);
    ck_assert_int_eq(picture_width(picture), 360);
    ck_assert_ptr_eq(previews_file(previews, path, 360, 240), picture);
    ck_assert_ptr_null(previews_file(previews, text, 360, 240));
    ck_assert(!previews_dispatch(previews));
    ck_assert_int_eq(g_atomic_int_get(&wakes), 2);
    uint32_t source_width = 0, source_height = 0;
    ck_assert(previews_size(previews, path, &source_width, &source_height));
    ck_assert(source_width == 720 && source_height == 480);
    ck_assert(!previews_size(previews, text, &source_width, &source_height));
    ck_assert(!previews_size(previews, "/nowhere/x.png", &source_width, &source_height));
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], DECODER_OPTION) == 0)
        return decoder_main(argc - 2, argv + 2);
    Suite *suite = suite_create("decoder");
    TCase *tcase = tcase_create("pictures");
    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    tcase_set_timeout(tcase, 100);
    tcase_add_test(tcase, pictures_come_back_scaled);
    tcase_add_test(tcase, photographs_stand_upright);
    tcase_add_test(tcase, what_is_no_picture_is_refused);
    tcase_add_test(tcase, torn_pictures_do_no_harm);
    tcase_add_test(tcase, bombs_do_not_go_off);
    tcase_add_test(tcase, waiting_has_an_end);
    tcase_add_test(tcase, thumbnails_are_small);
    tcase_add_test(tcase, what_cannot_be_read_is_left_out_and_said);
    tcase_add_test(tcase, previews_come_later_and_stay);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
