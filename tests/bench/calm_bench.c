/* What files do to chat: how long a message takes from sending to each delivery while nothing else
 * goes on, while some large transfers run between processes of this machine, and while they run
 * through the relay; in turn, several rounds of it, as a machine is never the same twice.
 *
 *   calm_bench [--rounds N] [--seconds S] [--receivers N] [--into DIR] [--ways idle,direct,relay]
 *   calm_bench --many N [--from FILE]     one offer, N receivers at once, until all have it
 *
 * JSON lines, and a summary for people on stderr. Real relay, real TLS members, real workers. */
#include "relay/urgency.h"
#include "tests/bench/crowd.h"
#include "tests/bench/mover_group.h"
#include "tests/bench/relay_process.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS_MAX 64
#define SETTLE_S 1.0

typedef struct {
    char *relay, *into, *from, *ways;
    int members, writers, rounds, receivers, many, megabytes;
    double rate, seconds;
} BenchOptions;

typedef enum {
    PHASE_IDLE,
    PHASE_DIRECT,
    PHASE_RELAY,
    PHASE_COUNT
} Phase;
static const char *const phase_names[PHASE_COUNT] = {"idle", "direct", "relay"};

typedef struct {
    uint64_t p50_us[ROUNDS_MAX], p99_us[ROUNDS_MAX], mb_per_s[ROUNDS_MAX];
    unsigned rounds;
    Histogram all;
} PhaseFigures;

static void parse_options(int argc, char **argv, BenchOptions *options)
{
    const GOptionEntry entries[] = {
        {"relay", 0, 0, G_OPTION_ARG_FILENAME, &options->relay, "Program", "PATH"},
        {"members", 0, 0, G_OPTION_ARG_INT, &options->members, "Members", "N"},
        {"writers", 0, 0, G_OPTION_ARG_INT, &options->writers, "Those who write", "N"},
        {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &options->rate, "Messages a second each", "R"},
        {"rounds", 0, 0, G_OPTION_ARG_INT, &options->rounds, "Of all phases", "N"},
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options->seconds, "Of one phase", "S"},
        {"receivers", 0, 0, G_OPTION_ARG_INT, &options->receivers, "Transfers", "N"},
        {"megabytes", 0, 0, G_OPTION_ARG_INT, &options->megabytes, "The file's size", "N"},
        {"into", 0, 0, G_OPTION_ARG_FILENAME, &options->into, "Where files land", "DIR"},
        {"from", 0, 0, G_OPTION_ARG_FILENAME, &options->from, "What is offered", "FILE"},
        {"ways", 0, 0, G_OPTION_ARG_STRING, &options->ways, "Phases", "idle,direct,relay"},
        {"many", 0, 0, G_OPTION_ARG_INT, &options->many, "Receivers of one offer", "N"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "calm_bench: %s\n", error->message);
        exit(64);
    }
    options->members = CLAMP(options->members, 1, 1000);
    options->writers = CLAMP(options->writers, 1, options->members);
    options->rounds = CLAMP(options->rounds, 1, ROUNDS_MAX);
    options->receivers = CLAMP(options->receivers, 1, MIN(options->members - 1, MOVERS_MAX));
    options->many = CLAMP(options->many, 0, MOVERS_MAX);
    options->megabytes = CLAMP(options->megabytes, 1, 65536);
}

/* --- chat --- */

static Histogram measure(Crowd *crowd, double seconds)
{
    memset(&crowd_counts(crowd)->latency, 0, sizeof(Histogram));
    crowd_run(crowd, seconds);
    return crowd_counts(crowd)->latency;
}

static void add_histogram(Histogram *sum, const Histogram *part)
{
    sum->count += part->count;
    for (int i = 0; i < HISTOGRAM_OCTAVES; i++) {
        for (int j = 0; j < HISTOGRAM_STEPS; j++)
            sum->buckets[i][j] += part->buckets[i][j];
    }
}

/* Which part of all processors was at rest since the numbers kept from the last call. */
static double read_rest(uint64_t last[2])
{
    g_autofree char *text = NULL;
    uint64_t total = 0, rest = 0;
    if (!g_file_get_contents("/proc/stat", &text, NULL, NULL))
        return 0;
    char *at = text + strlen("cpu");
    for (int i = 0; i < 8; i++) { /* proc(5): user … idle and iowait are the 4th and 5th … steal */
        uint64_t ticks = g_ascii_strtoull(at, &at, 10);
        total += ticks;
        rest += i == 3 || i == 4 ? ticks : 0;
    }
    double part = total > last[0] ? (double)(rest - last[1]) / (double)(total - last[0]) : 0;
    last[0] = total;
    last[1] = rest;
    return part;
}

/* --- phases --- */

static void run_phase(Crowd *crowd, Phase phase, uint16_t relay_port, const BenchOptions *options,
                      PhaseFigures *figures)
{
    MoverGroup *movers = NULL;
    if (phase != PHASE_IDLE) {
        MoverGroupConfig config = {.receivers = (unsigned)options->receivers,
                                   .relay_port = phase == PHASE_RELAY ? relay_port : 0,
                                   .file = options->from,
                                   .into = options->into};
        movers = mover_group_start(&config);
    }
    crowd_run(crowd, SETTLE_S);
    uint64_t ticks[2] = {0};
    read_rest(ticks);
    uint64_t bytes = movers != NULL ? mover_group_bytes(movers) : 0;
    int64_t start_us = g_get_monotonic_time();
    Histogram latency = measure(crowd, options->seconds);
    double seconds = (double)(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
    bytes = movers != NULL ? mover_group_bytes(movers) - bytes : 0;
    double rest = read_rest(ticks);
    mover_group_stop(movers);
    unsigned round = figures->rounds++;
    figures->p50_us[round] = histogram_quantile(&latency, 0.5);
    figures->p99_us[round] = histogram_quantile(&latency, 0.99);
    figures->mb_per_s[round] = (uint64_t)((double)bytes / seconds / 1e6);
    add_histogram(&figures->all, &latency);
    printf("{\"bench\":\"calm\",\"phase\":\"%s\",\"round\":%u,\"deliveries\":%" G_GUINT64_FORMAT
           ",\"p50_us\":%" G_GUINT64_FORMAT ",\"p99_us\":%" G_GUINT64_FORMAT
           ",\"mb_per_s\":%" G_GUINT64_FORMAT ",\"cpu_at_rest\":%.2f}\n",
           phase_names[phase], round, latency.count, figures->p50_us[round], figures->p99_us[round],
           figures->mb_per_s[round], rest);
    fflush(stdout);
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t median(const uint64_t *numbers, unsigned count)
{
    uint64_t sorted[ROUNDS_MAX];
    memcpy(sorted, numbers, count * sizeof *numbers);
    qsort(sorted, count, sizeof *sorted, compare_numbers);
    return count > 0 ? sorted[count / 2] : 0;
}

static void summarize(const PhaseFigures *figures)
{
    uint64_t idle = median(figures[PHASE_IDLE].p99_us, figures[PHASE_IDLE].rounds);
    for (int i = 0; i < PHASE_COUNT; i++) {
        const PhaseFigures *phase = &figures[i];
        if (phase->rounds == 0)
            continue;
        uint64_t p50 = median(phase->p50_us, phase->rounds);
        uint64_t p99 = median(phase->p99_us, phase->rounds);
        double times = idle > 0 ? (double)p99 / (double)idle : 0;
        printf("{\"bench\":\"calm-summary\",\"phase\":\"%s\",\"rounds\":%u,"
               "\"p50_us\":%" G_GUINT64_FORMAT ",\"p99_us\":%" G_GUINT64_FORMAT
               ",\"p99_all_us\":%" G_GUINT64_FORMAT ",\"p99_times_idle\":%.2f,"
               "\"mb_per_s\":%" G_GUINT64_FORMAT "}\n",
               phase_names[i], phase->rounds, p50, p99, histogram_quantile(&phase->all, 0.99),
               times, median(phase->mb_per_s, phase->rounds));
        fprintf(stderr, "%-7s p50 %6.2f ms   p99 %6.2f ms   %5.2f x idle   %5u MB/s\n",
                phase_names[i], (double)p50 / 1000, (double)p99 / 1000, times,
                (unsigned)median(phase->mb_per_s, phase->rounds));
    }
}

static void bench_phases(Crowd *crowd, const RelayProcess *relay, const BenchOptions *options)
{
    static PhaseFigures figures[PHASE_COUNT];
    for (int round = 0; round < options->rounds; round++) {
        for (int phase = 0; phase < PHASE_COUNT; phase++) {
            if (strstr(options->ways, phase_names[phase]) != NULL)
                run_phase(crowd, (Phase)phase, relay->port, options, &figures[phase]);
        }
    }
    summarize(figures);
}

/* --- many receivers of one offer --- */

static void drop_from_memory(const char *file)
{
    int fd = g_open(file, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0 || fsync(fd) != 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
        g_error("cannot drop %s from memory", file);
    close(fd);
}

static void bench_many(Crowd *crowd, const BenchOptions *options)
{
    Histogram idle = measure(crowd, options->seconds);
    drop_from_memory(options->from);
    MoverGroupConfig config = {.receivers = (unsigned)options->many,
                               .file = options->from,
                               .into = options->into,
                               .once = true};
    MoverGroup *movers = mover_group_start(&config);
    memset(&crowd_counts(crowd)->latency, 0, sizeof(Histogram));
    while (mover_group_running(movers) > 0)
        crowd_run(crowd, 0.02);
    Histogram busy = crowd_counts(crowd)->latency;
    double fastest = 0, slowest = 0;
    mover_group_seconds(movers, &fastest, &slowest);
    uint64_t read = mover_group_disk_read(movers);
    mover_group_stop(movers);
    GStatBuf status;
    if (g_stat(options->from, &status) != 0)
        g_error("%s is gone", options->from);
    double all = (double)status.st_size * options->many;
    uint64_t idle_us = histogram_quantile(&idle, 0.99), busy_us = histogram_quantile(&busy, 0.99);
    printf("{\"bench\":\"many\",\"receivers\":%d,\"bytes\":%.0f,\"disk_read\":%" G_GUINT64_FORMAT
           ",\"disk_read_times\":%.3f,\"fastest_s\":%.2f,\"slowest_s\":%.2f,"
           "\"slowest_by_fastest\":%.3f,\"mb_per_s\":%.0f,\"idle_p99_us\":%" G_GUINT64_FORMAT
           ",\"p50_us\":%" G_GUINT64_FORMAT ",\"p99_us\":%" G_GUINT64_FORMAT "}\n",
           options->many, (double)status.st_size, read, (double)read / (double)status.st_size,
           fastest, slowest, slowest / fastest, all / slowest / 1e6, idle_us,
           histogram_quantile(&busy, 0.5), busy_us);
    fprintf(stderr,
            "%d receivers: %.0f MB/s together, read %.2f times, slowest %.2f x fastest, p99 %.2f "
            "ms (%.2f x idle)\n",
            options->many, all / slowest / 1e6, (double)read / (double)status.st_size,
            slowest / fastest, (double)busy_us / 1000, (double)busy_us / (double)idle_us);
}

static char *make_file(const BenchOptions *options)
{
    char *path = g_build_filename(options->into, "calm-bench-source", NULL);
    g_autofree uint32_t *bytes = g_malloc(1024 * 1024);
    FILE *file = g_fopen(path, "w");
    for (int i = 0; file != NULL && i < options->megabytes; i++) {
        for (size_t j = 0; j < 1024 * 1024 / sizeof *bytes; j++)
            bytes[j] = g_random_int();
        if (fwrite(bytes, 1024 * 1024, 1, file) != 1)
            break;
    }
    if (file == NULL || ferror(file) || fclose(file) != 0)
        g_error("cannot write %s", path);
    return path;
}

static bool run(BenchOptions *options)
{
    RelayProcess relay = relay_process_start(options->relay);
    urgency_raise(); /* as every app's thread for the network does */
    CrowdConfig config = {.port = relay.port,
                          .members = (unsigned)options->members,
                          .at_once = 20,
                          .writers = (unsigned)options->writers,
                          .rate = options->rate,
                          .window = 8,
                          .text = 64};
    Crowd *crowd = crowd_new(&config);
    crowd_join(crowd);
    crowd_write(crowd, true);
    crowd_run(crowd, SETTLE_S);
    if (options->many > 0)
        bench_many(crowd, options);
    else
        bench_phases(crowd, &relay, options);
    crowd_write(crowd, false);
    crowd_settle(crowd);
    bool good = crowd_counts(crowd)->lost == 0 && crowd_differing(crowd) == 0;
    crowd_free(crowd);
    return relay_process_stop(&relay) && good;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc > 1 && strcmp(argv[1], MOVER_ARGUMENT) == 0)
        return mover_group_be_mover(argc, argv);
    BenchOptions options = {.members = 30,
                            .writers = 10,
                            .rate = 5,
                            .rounds = 5,
                            .seconds = 4,
                            .receivers = 3,
                            .megabytes = 512};
    parse_options(argc, argv, &options);
    if (options.into == NULL)
        options.into = g_strdup(g_get_tmp_dir());
    if (options.ways == NULL)
        options.ways = g_strdup("idle,direct,relay");
    bool own = options.from == NULL;
    if (own)
        options.from = make_file(&options);
    bool good = run(&options);
    if (own)
        g_unlink(options.from);
    g_free(options.relay);
    g_free(options.into);
    g_free(options.from);
    g_free(options.ways);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
