/* Scrolls through a long room and prints what a frame costs, as one line of JSON: scroll [MESSAGES]
 * [SCALE]. No test: it judges nothing. */

#include "tests/unit/ui/sample.h"
#include "ui/raster.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define FRAMES 1500

static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double measure(Face *face, Raster *raster, SDL_Surface *surface)
{
    double begin = cpu_ms();
    raster_draw(raster, face_draw(face), surface);
    return cpu_ms() - begin;
}

/* The wheel, mostly; now and then a page, the top, the end, and a new message. */
static void move(Face *face, int frame, Sample *sample)
{
    SDL_Event event = {.type = SDL_MOUSEWHEEL};
    event.wheel.y = frame / 300 % 2 ? -1 : 1;
    if (frame % 250 == 249)
        face_run(face, frame % 500 == 249 ? "oldest" : "latest", NULL);
    else if (frame % 40 == 39)
        face_run(face, frame / 300 % 2 ? "page-down" : "page-up", NULL);
    else
        face_event(face, &event);
    face_set_time(face, SAMPLE_NOW_US + frame * 16000, SAMPLE_NOW_MS);
}

int main(int argc, char **argv)
{
    unsigned messages = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
    double scale = argc > 2 ? strtod(argv[2], NULL) : 1.0;
    Sample sample = {.link = LINK_JOINED, .history = messages};
    g_autoptr(GError) error = NULL;
    g_autoptr(Recorder) recorder = recorder_new();
    Typesetter *typesetter = typesetter_new(scale, &error);
    if (!typesetter)
        g_error("%s", error->message);
    Preferences preferences = preferences_default();
    g_autoptr(Face) face = face_new(&recorder_host, recorder, typesetter, &preferences);
    g_autoptr(Raster) raster = raster_new();
    int width = (int)(1100 * scale);
    int height = (int)(720 * scale);
    SDL_Surface *surface =
        SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_ARGB8888);
    face_set_time(face, SAMPLE_NOW_US, SAMPLE_NOW_MS);
    face_set_size(face, width, height, scale);
    face_set_focused(face, true);
    double begin = cpu_ms();
    face_set_model(face, sample_model(&sample));
    double model = cpu_ms() - begin;
    double first = measure(face, raster, surface);
    static double frames[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        move(face, i, &sample);
        frames[i] = measure(face, raster, surface);
    }
    sample.extra = 1;
    Model *next = sample_model(&sample);
    begin = cpu_ms();
    face_set_model(face, next);
    double sync = cpu_ms() - begin;
    double arrival = measure(face, raster, surface);
    qsort(frames, FRAMES, sizeof frames[0], compare);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"bench\":\"scroll\",\"messages\":%u,\"scale\":%.1f,\"model_ms\":%.1f,"
           "\"first_frame_ms\":%.1f,\"frame_p50_ms\":%.2f,\"frame_p99_ms\":%.2f,"
           "\"frame_max_ms\":%.2f,\"arrival_sync_ms\":%.3f,\"arrival_frame_ms\":%.2f,"
           "\"max_rss_kib\":%ld}\n",
           messages, scale, model, first, frames[FRAMES / 2], frames[FRAMES * 99 / 100],
           frames[FRAMES - 1], sync, arrival, usage.ru_maxrss);
    SDL_FreeSurface(surface);
    return EXIT_SUCCESS;
}
