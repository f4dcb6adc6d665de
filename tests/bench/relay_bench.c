/* Fan-out and latency of a real backfence-relay on loopback, with real TLS members:
 *
 *   relay_bench [--relay PROGRAM] [--members N] [--writers N] [--rate PER_WRITER] [--seconds S]
 *
 * One JSON line a phase: joining (connects/s, memory of an idle member), writing (deliveries/s, by
 * relay CPU second, latency from submitting to each delivery, commit included). */
#include "relay/limits.h"
#include "tests/bench/crowd.h"
#include "tests/bench/process_use.h"
#include "tests/bench/relay_process.h"

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REST_S 10 /* for processor time at rest */

typedef struct {
    char *relay;
    int members, writers, window, text, at_once, check_one_in, relay_core;
    double rate, seconds;
    gboolean idle_only;
} BenchOptions;

static void parse_options(int argc, char **argv, BenchOptions *options)
{
    const GOptionEntry entries[] = {
        {"relay", 0, 0, G_OPTION_ARG_FILENAME, &options->relay, "Program", "PATH"},
        {"members", 0, 0, G_OPTION_ARG_INT, &options->members, "Members", "N"},
        {"writers", 0, 0, G_OPTION_ARG_INT, &options->writers, "Those who write", "N"},
        {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &options->rate, "Messages a second each", "R"},
        {"window", 0, 0, G_OPTION_ARG_INT, &options->window, "On their way at once", "N"},
        {"text", 0, 0, G_OPTION_ARG_INT, &options->text, "Bytes of a message", "N"},
        {"at-once", 0, 0, G_OPTION_ARG_INT, &options->at_once, "Joining at once", "N"},
        {"check-one-in", 0, 0, G_OPTION_ARG_INT, &options->check_one_in, "Look at all events", "N"},
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options->seconds, "Time of writing", "S"},
        {"relay-core", 0, 0, G_OPTION_ARG_INT, &options->relay_core, "It runs there alone", "N"},
        {"idle-only", 0, 0, G_OPTION_ARG_NONE, &options->idle_only, "Only join", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "relay_bench: %s\n", error->message);
        exit(64);
    }
    options->members = CLAMP(options->members, 1, 12000);
    options->writers = CLAMP(options->writers, 1, options->members);
    options->rate = CLAMP(options->rate, 0.01, 100000);
    options->seconds = CLAMP(options->seconds, 0.1, 120);
}

static void bench_joining(Crowd *crowd, const RelayProcess *relay, const BenchOptions *options)
{
    uint64_t before = relay_process_rss(relay);
    double cpu = relay_process_cpu(relay);
    double seconds = crowd_join(crowd);
    cpu = relay_process_cpu(relay) - cpu;
    crowd_run(crowd, 3);
    uint64_t after = relay_process_rss(relay);
    /* By then each has heard how often a place of this size wants to be pinged. */
    crowd_run(crowd, options->members * PING_AFTER_A_MEMBER_US / (double)G_USEC_PER_SEC);
    double rest = relay_process_cpu(relay);
    crowd_run(crowd, REST_S);
    rest = relay_process_cpu(relay) - rest;
    printf("{\"bench\":\"join\",\"members\":%d,\"joined\":%u,\"lost\":%u,\"connects_per_s\":%.0f,"
           "\"relay_cpu_s\":%.2f,\"rss_empty_kib\":%" G_GUINT64_FORMAT
           ",\"rss_full_kib\":%" G_GUINT64_FORMAT
           ",\"idle_member_kib\":%.1f,\"rest_cpu_percent\":%.2f}\n",
           options->members, crowd_counts(crowd)->joined, crowd_counts(crowd)->lost,
           options->members / seconds, cpu, before, after,
           (double)(after - before) / options->members, 100 * rest / REST_S);
    fflush(stdout);
}

static void bench_writing(Crowd *crowd, const RelayProcess *relay, const BenchOptions *options)
{
    CrowdCounts *counts = crowd_counts(crowd);
    crowd_write(crowd, true);
    crowd_run(crowd, 1);
    counts->deliveries = 0;
    memset(&counts->latency, 0, sizeof counts->latency);
    double cpu = relay_process_cpu(relay);
    int64_t start_us = g_get_monotonic_time();
    crowd_run(crowd, options->seconds);
    double seconds = (double)(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
    uint64_t deliveries = counts->deliveries;
    cpu = relay_process_cpu(relay) - cpu;
    Histogram latency = counts->latency;
    crowd_write(crowd, false);
    crowd_settle(crowd);
    printf("{\"bench\":\"fan-out\",\"members\":%d,\"writers\":%d,\"rate\":%.1f,\"seconds\":%.1f,"
           "\"text\":%d,\"deliveries_per_s\":%.0f,\"deliveries_per_relay_cpu_s\":%.0f,"
           "\"relay_cpu\":%.2f,\"p50_us\":%" G_GUINT64_FORMAT ",\"p99_us\":%" G_GUINT64_FORMAT
           ",\"p999_us\":%" G_GUINT64_FORMAT ",\"sent\":%" G_GUINT64_FORMAT
           ",\"refused\":%" G_GUINT64_FORMAT ",\"lost_members\":%u,\"differing\":%u,"
           "\"rss_kib\":%" G_GUINT64_FORMAT "}\n",
           options->members, options->writers, options->rate, seconds, options->text,
           (double)deliveries / seconds, cpu > 0 ? (double)deliveries / cpu : 0, cpu / seconds,
           histogram_quantile(&latency, 0.5), histogram_quantile(&latency, 0.99),
           histogram_quantile(&latency, 0.999), counts->sent, counts->refused, counts->lost,
           crowd_differing(crowd), relay_process_rss(relay));
}

int main(int argc, char **argv)
{
    BenchOptions options = {.members = 1000,
                            .writers = 64,
                            .window = 8,
                            .text = 64,
                            .at_once = 100,
                            .relay_core = -1,
                            .check_one_in = 8,
                            .rate = 45,
                            .seconds = 10};
    parse_options(argc, argv, &options);
    process_raise_descriptors();
    signal(SIGPIPE, SIG_IGN);
    relay_process_pin(options.relay_core);
    if (options.rate > 49)
        relay_process_set_rate(1000000);
    RelayProcess relay = relay_process_start(options.relay);
    CrowdConfig config = {.port = relay.port,
                          .members = (unsigned)options.members,
                          .at_once = (unsigned)options.at_once,
                          .check_one_in = (unsigned)MAX(options.check_one_in, 1),
                          .writers = (unsigned)options.writers,
                          .rate = options.rate,
                          .window = (unsigned)options.window,
                          .text = (unsigned)options.text,
                          .lockstep = true};
    Crowd *crowd = crowd_new(&config);
    bench_joining(crowd, &relay, &options);
    bool good = crowd_counts(crowd)->lost == 0;
    if (good && !options.idle_only)
        bench_writing(crowd, &relay, &options);
    good = good && crowd_counts(crowd)->lost == 0 && crowd_differing(crowd) == 0;
    crowd_free(crowd);
    good = relay_process_stop(&relay) && good;
    g_free(options.relay);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
