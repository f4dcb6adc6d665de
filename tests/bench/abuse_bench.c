/* Does a relay under attack serve others as before? Members write and their latency is measured:
 * first alone, then while another process sends mutated frames and holds silent connections.
 *
 *   abuse_bench [--relay PROGRAM] [--frames N] [--per-second N] [--silent N]
 *
 * One JSON line: latency before and under attack, the relay's memory before and at most. */
#include "tests/bench/attackers.h"
#include "tests/bench/crowd.h"
#include "tests/bench/relay_process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    char *relay;
    gint64 frames;
    int per_second, silent, members, seed;
} AbuseOptions;

static void parse_options(int argc, char **argv, AbuseOptions *options)
{
    const GOptionEntry entries[] = {
        {"relay", 0, 0, G_OPTION_ARG_FILENAME, &options->relay, "Program", "PATH"},
        {"frames", 0, 0, G_OPTION_ARG_INT64, &options->frames, "Mutated frames", "N"},
        {"per-second", 0, 0, G_OPTION_ARG_INT, &options->per_second, "Frames a second", "N"},
        {"silent", 0, 0, G_OPTION_ARG_INT, &options->silent, "Silent connections", "N"},
        {"members", 0, 0, G_OPTION_ARG_INT, &options->members, "Honest members", "N"},
        {"seed", 0, 0, G_OPTION_ARG_INT, &options->seed, "Of the mutations", "N"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "abuse_bench: %s\n", error->message);
        exit(64);
    }
    options->frames = CLAMP(options->frames, 1, 10000000);
    options->per_second = CLAMP(options->per_second, 100, 100000);
    options->silent = CLAMP(options->silent, 0, 200);
    options->members = CLAMP(options->members, 2, 1000);
}

/* In a process of its own, forked before this one has any thread; the port comes through `in`, the
 * counts go out through `out`. */
static int run_attack(const AbuseOptions *options, int in, int out)
{
    uint16_t port;
    if (read(in, &port, sizeof port) != sizeof port)
        return EXIT_FAILURE;
    AttackConfig config = {.port = port,
                           .members = 32,
                           .frames = (uint64_t)options->frames,
                           .per_second = (unsigned)options->per_second,
                           .silent = (unsigned)options->silent,
                           .seed = (uint32_t)options->seed};
    AttackCounts counts = attack(&config);
    return write(out, &counts, sizeof counts) == sizeof counts ? EXIT_SUCCESS : EXIT_FAILURE;
}

static Histogram measure(Crowd *crowd, double seconds)
{
    memset(&crowd_counts(crowd)->latency, 0, sizeof(Histogram));
    crowd_run(crowd, seconds);
    return crowd_counts(crowd)->latency;
}

static void print_latency(const char *name, const Histogram *latency)
{
    printf("\"%s\":{\"p50_us\":%" G_GUINT64_FORMAT ",\"p99_us\":%" G_GUINT64_FORMAT
           ",\"p999_us\":%" G_GUINT64_FORMAT "},",
           name, histogram_quantile(latency, 0.5), histogram_quantile(latency, 0.99),
           histogram_quantile(latency, 0.999));
}

static bool run(const AbuseOptions *options, pid_t attacker, int to_attacker, int from_attacker)
{
    RelayProcess relay = relay_process_start(options->relay);
    CrowdConfig config = {.port = relay.port,
                          .members = (unsigned)options->members,
                          .at_once = 50,
                          .writers = (unsigned)MIN(options->members, 10),
                          .rate = 5,
                          .window = 50,
                          .text = 64};
    Crowd *crowd = crowd_new(&config);
    crowd_join(crowd);
    crowd_write(crowd, true);
    crowd_run(crowd, 1);
    Histogram before = measure(crowd, 5);
    uint64_t rss = relay_process_rss(&relay);
    g_assert(write(to_attacker, &relay.port, sizeof relay.port) == sizeof relay.port);
    int status = -1;
    memset(&crowd_counts(crowd)->latency, 0, sizeof(Histogram));
    uint64_t rss_most = rss;
    double cpu = relay_process_cpu(&relay);
    int64_t start_us = g_get_monotonic_time();
    while (waitpid(attacker, &status, WNOHANG) == 0) {
        crowd_run(crowd, 0.25);
        rss_most = MAX(rss_most, relay_process_rss(&relay));
    }
    Histogram during = crowd_counts(crowd)->latency;
    double seconds = (double)(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
    cpu = relay_process_cpu(&relay) - cpu;
    AttackCounts counts = {0};
    bool good = read(from_attacker, &counts, sizeof counts) == sizeof counts && status == 0;
    crowd_write(crowd, false);
    crowd_settle(crowd);
    CrowdCounts *crowd_now = crowd_counts(crowd);
    printf("{\"bench\":\"abuse\",\"frames\":%" G_GUINT64_FORMAT ",\"malformed\":%" G_GUINT64_FORMAT
           ",\"reconnects\":%" G_GUINT64_FORMAT ",\"silent\":%d,\"silent_cut\":%" G_GUINT64_FORMAT
           ",",
           counts.frames, counts.malformed, counts.reconnects, options->silent, counts.cut);
    print_latency("before", &before);
    print_latency("during", &during);
    printf("\"rss_before_kib\":%" G_GUINT64_FORMAT ",\"rss_most_kib\":%" G_GUINT64_FORMAT
           ",\"seconds\":%.1f,\"relay_cpu\":%.2f,\"lost_members\":%u,\"refused\":%" G_GUINT64_FORMAT
           "}\n",
           rss, rss_most, seconds, cpu / seconds, crowd_now->lost, crowd_now->refused);
    good = good && crowd_now->lost == 0;
    crowd_free(crowd);
    return relay_process_stop(&relay) && good;
}

int main(int argc, char **argv)
{
    AbuseOptions options = {
        .frames = 100000, .per_second = 5000, .silent = 100, .members = 100, .seed = 1};
    parse_options(argc, argv, &options);
    signal(SIGPIPE, SIG_IGN);
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0)
        g_error("no pipe");
    pid_t attacker = fork();
    if (attacker == 0)
        _exit(run_attack(&options, in[0], out[1]));
    close(in[0]);
    close(out[1]); /* so that reading ends when the attacker does */
    bool good = run(&options, attacker, in[1], out[0]);
    g_free(options.relay);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
