/* Draws every screen in every state and compares it with the picture in tests/ui/golden/. A channel
 * may differ by 2; on a mismatch the actual picture and one of the differences are written beside
 * the test. `golden --update` writes the pictures anew. */

#include "tests/unit/ui/sample.h"
#include "ui/raster.h"

#include <SDL2/SDL_image.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 2

typedef struct {
    const char *name;
    Sample sample;
    int width, height;
    double scale;
    Looks looks;
    bool contrast;
    const char *actions[6]; /* "name" or "name argument", or "text:…" typed, "key:…" pressed … */
    int64_t lost_us;        /* how long the link has been lost */
} Shot;

#include "tests/ui/shots.inc"

static void type_text(Face *face, const char *text)
{
    SDL_Event event = {.type = SDL_TEXTINPUT};
    g_strlcpy(event.text.text, text, sizeof event.text.text);
    face_event(face, &event);
}

static void press_key(Face *face, const char *name)
{
    SDL_Event event = {.type = SDL_KEYDOWN};
    event.key.keysym.sym = SDL_GetKeyFromName(name);
    face_event(face, &event);
}

static void hover(Face *face, const char *id)
{
    Node *node = node_find(face_nodes(face), id);
    if (!node)
        g_error("no node %s", id);
    SDL_Event event = {.type = SDL_MOUSEMOTION};
    event.motion.x = node->rect.x + node->rect.w / 2;
    event.motion.y = node->rect.y + node->rect.h / 2;
    face_event(face, &event);
}

static void act(Face *face, const char *action)
{
    face_draw(face);
    if (g_str_has_prefix(action, "text:")) {
        type_text(face, action + 5);
    } else if (g_str_has_prefix(action, "key:")) {
        press_key(face, action + 4);
    } else if (g_str_has_prefix(action, "hover:")) {
        hover(face, action + 6);
    } else if (strcmp(action, "drag") == 0) {
        face_set_dragging(face, true);
    } else if (g_str_has_prefix(action, "pasted:")) {
        face_pasted(face, action + 7, NULL);
    } else if (g_str_has_prefix(action, "told:")) {
        face_tell(face, action + 5);
    } else {
        g_auto(GStrv) words = g_strsplit(action, " ", 2);
        if (!face_run(face, words[0], words[1]))
            g_error("no action %s", words[0]);
    }
}

static SDL_Surface *draw(const Shot *shot)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Recorder) recorder = recorder_new();
    recorder->picture = sample_picture;
    Typesetter *typesetter = typesetter_new(shot->scale, &error);
    if (!typesetter)
        g_error("%s", error->message);
    Preferences preferences = preferences_default();
    preferences.looks = shot->looks;
    preferences.high_contrast = shot->contrast;
    g_autoptr(Face) face = face_new(&recorder_host, recorder, typesetter, &preferences);
    Sample sample = shot->sample;
    if (shot->lost_us)
        sample.link_since_us = SAMPLE_NOW_US - shot->lost_us;
    face_set_time(face, SAMPLE_NOW_US - G_USEC_PER_SEC, SAMPLE_NOW_MS);
    int width = (int)(shot->width * shot->scale);
    int height = (int)(shot->height * shot->scale);
    face_set_size(face, width, height, shot->scale);
    face_set_focused(face, true);
    face_set_model(face, sample_model(&sample));
    for (size_t i = 0; i < G_N_ELEMENTS(shot->actions) && shot->actions[i]; i++)
        act(face, shot->actions[i]);
    /* The caret is in its visible half, overlays are there. */
    face_set_time(face, SAMPLE_NOW_US - G_USEC_PER_SEC + 200000, SAMPLE_NOW_MS);
    face_draw(face);
    SDL_Surface *surface =
        SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_ARGB8888);
    g_autoptr(Raster) raster = raster_new();
    raster_draw(raster, face_draw(face), surface);
    return surface;
}

static unsigned difference(uint32_t a, uint32_t b)
{
    unsigned most = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
        int d = (int)(a >> shift & 0xFF) - (int)(b >> shift & 0xFF);
        most = MAX(most, (unsigned)abs(d));
    }
    return most;
}

/* How many pixels differ; paints them into `out`. */
static size_t compare(const SDL_Surface *actual, const SDL_Surface *wanted, SDL_Surface *out)
{
    size_t count = 0;
    for (int y = 0; y < actual->h; y++) {
        const uint32_t *a = (const void *)((const char *)actual->pixels + y * actual->pitch);
        const uint32_t *w = (const void *)((const char *)wanted->pixels + y * wanted->pitch);
        uint32_t *o = (void *)((char *)out->pixels + y * out->pitch);
        for (int x = 0; x < actual->w; x++) {
            bool differs = difference(a[x], w[x]) > TOLERANCE;
            o[x] = differs ? 0xFFFF00FF : (a[x] >> 2 & 0x3F3F3F) | 0xFF000000;
            count += differs;
        }
    }
    return count;
}

static SDL_Surface *load(const char *path)
{
    SDL_Surface *raw = IMG_Load(path);
    if (!raw)
        return NULL;
    SDL_Surface *out = SDL_ConvertSurfaceFormat(raw, SDL_PIXELFORMAT_ARGB8888, 0);
    SDL_FreeSurface(raw);
    return out;
}

static bool check(const Shot *shot, SDL_Surface *actual, const char *folder, const char *results)
{
    g_autofree char *path = g_strdup_printf("%s/%s.png", folder, shot->name);
    g_autofree char *actual_path = g_strdup_printf("%s/%s.actual.png", results, shot->name);
    g_autofree char *diff_path = g_strdup_printf("%s/%s.diff.png", results, shot->name);
    SDL_Surface *wanted = load(path);
    if (!wanted || wanted->w != actual->w || wanted->h != actual->h) {
        IMG_SavePNG(actual, actual_path);
        printf("FAIL %s: %s; actual: %s\n", shot->name,
               wanted ? "another size" : "there is no picture yet", actual_path);
        SDL_FreeSurface(wanted);
        return false;
    }
    SDL_Surface *diff =
        SDL_CreateRGBSurfaceWithFormat(0, actual->w, actual->h, 32, SDL_PIXELFORMAT_ARGB8888);
    size_t count = compare(actual, wanted, diff);
    if (count) {
        IMG_SavePNG(actual, actual_path);
        IMG_SavePNG(diff, diff_path);
        printf("FAIL %s: %zu pixels differ; wanted: %s, actual: %s, difference: %s\n", shot->name,
               count, path, actual_path, diff_path);
    }
    SDL_FreeSurface(diff);
    SDL_FreeSurface(wanted);
    return count == 0;
}

int main(int argc, char **argv)
{
    const char *folder = g_getenv("BACKFENCE_GOLDEN_DIR");
    bool update = argc > 1 && strcmp(argv[1], "--update") == 0;
    const char *only = argc > 1 + update ? argv[1 + update] : NULL;
    g_setenv("TZ", "UTC", TRUE);
    g_setenv("LC_ALL", "C.UTF-8", TRUE);
    SDL_SetHint(SDL_HINT_VIDEODRIVER, "dummy");
    if (SDL_Init(SDL_INIT_VIDEO) != 0 || !folder) {
        fprintf(stderr, "cannot begin: %s\n", folder ? SDL_GetError() : "BACKFENCE_GOLDEN_DIR");
        return EXIT_FAILURE;
    }
    int failed = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(shots); i++) {
        if (only && !strstr(shots[i].name, only))
            continue;
        SDL_Surface *surface = draw(&shots[i]);
        g_autofree char *path = g_strdup_printf("%s/%s.png", folder, shots[i].name);
        if (update)
            IMG_SavePNG(surface, path);
        else if (!check(&shots[i], surface, folder, "."))
            failed++;
        SDL_FreeSurface(surface);
    }
    SDL_Quit();
    if (failed)
        printf("%d pictures differ. When the new ones are right: ui_golden --update\n", failed);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
