/* Two logs of one place that never met catch up with each other, while others chat:
 *
 *   catch_bench [--events N] [--same N] [--authors N] [--holder joins|serves] [--rate R]
 *
 * One app carries the room, another joins it; the holder has all events, the other one the `same`
 * oldest of them. Simple members say something meanwhile. One JSON line: time until both hold
 * everything and until the newest page was seen, bytes on the wire besides chat, how long a message
 * took before and meanwhile. */
#include "tests/bench/crowd.h"
#include "tests/bench/history.h"
#include "tests/bench/node.h"
#include "tests/bench/node_process.h"
#include "tests/bench/own_network.h"
#include "tests/bench/process_use.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SKIPPED 77
#define PORT 7669 /* HOST_PORT: nobody else is here */
#define ADDRESS OWN_NETWORK_ADDRESS ":7669"
#define PATIENCE_S 600
#define STEP_S 0.05
#define BEFORE_S 2.0
#define QUIET_S 2.0         /* as long as this … */
#define QUIET_BYTES 16384.0 /* … no more than this besides chat: all is over */

typedef struct {
    char *holder;
    int events, same, authors;
    double rate;
} BenchOptions;

typedef struct {
    NodeProcess *nodes[2]; /* the one that carries the room, the one that joins */
    Crowd *crowd;
    double chat_bytes; /* by second, before anything else moves */
    Histogram before, meanwhile;
    uint64_t bytes; /* at the beginning */
    double cpu[2];
} Meeting;

static void parse_options(int argc, char **argv, BenchOptions *options)
{
    const GOptionEntry entries[] = {
        {"events", 0, 0, G_OPTION_ARG_INT, &options->events, "Held by one", "N"},
        {"same", 0, 0, G_OPTION_ARG_INT, &options->same, "Held by the other", "N"},
        {"authors", 0, 0, G_OPTION_ARG_INT, &options->authors, "Of the events", "N"},
        {"holder", 0, 0, G_OPTION_ARG_STRING, &options->holder, "Who has them", "joins|serves"},
        {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &options->rate, "Messages a second", "R"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "catch_bench: %s\n", error->message);
        exit(64);
    }
    options->events = CLAMP(options->events, 1, 10000000);
    options->same = CLAMP(options->same, 0, options->events);
    options->authors = CLAMP(options->authors, 1, 10000);
    options->rate = CLAMP(options->rate, 0.1, 40);
}

static bool holder_serves(const BenchOptions *options)
{
    return g_strcmp0(options->holder, "serves") == 0;
}

static bool has_joined(void *user)
{
    return ((NodeProcess *)user)->joined_us != 0;
}

static void await_joined(NodeProcess *node)
{
    if (!node_await(has_joined, node, PATIENCE_S))
        g_error("node %u did not join", node->number);
}

static void set_up(Meeting *meeting, const char *directory, const BenchOptions *options)
{
    for (unsigned i = 0; i < 2; i++) {
        bool holds = holder_serves(options) == (i == 0);
        meeting->nodes[i] = node_process_new(directory, i);
        history_fill(meeting->nodes[i]->directory,
                     (unsigned)(holds ? options->events : options->same),
                     (unsigned)options->authors);
    }
    node_process_start(meeting->nodes[0], NULL, (uint64_t)options->events);
    await_joined(meeting->nodes[0]);
    CrowdConfig config = {.port = PORT,
                          .members = 3,
                          .at_once = 3,
                          .writers = 1,
                          .rate = options->rate,
                          .window = 8,
                          .text = 64};
    meeting->crowd = crowd_new(&config);
    crowd_join(meeting->crowd);
    crowd_write(meeting->crowd, true);
    crowd_run(meeting->crowd, BEFORE_S);
}

static void begin(Meeting *meeting, const BenchOptions *options)
{
    uint64_t bytes = own_network_bytes();
    CrowdCounts *counts = crowd_counts(meeting->crowd);
    memset(&counts->latency, 0, sizeof counts->latency);
    crowd_run(meeting->crowd, BEFORE_S);
    meeting->before = counts->latency;
    memset(&counts->latency, 0, sizeof counts->latency);
    meeting->bytes = own_network_bytes();
    meeting->chat_bytes = (double)(meeting->bytes - bytes) / BEFORE_S;
    meeting->cpu[0] = process_use_cpu(meeting->nodes[0]->pid);
    node_process_start(meeting->nodes[1], ADDRESS, (uint64_t)options->events);
    await_joined(meeting->nodes[1]);
}

/* Seconds since the link until both hold everything. */
static double await_level(Meeting *meeting, const BenchOptions *options)
{
    int64_t since_us = meeting->nodes[1]->joining_us;
    int64_t end_us = since_us + PATIENCE_S * G_USEC_PER_SEC;
    uint64_t all = (uint64_t)options->events;
    while (meeting->nodes[0]->held < all || meeting->nodes[1]->held < all) {
        if (g_get_monotonic_time() > end_us)
            g_error("they hold %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT,
                    meeting->nodes[0]->held, meeting->nodes[1]->held);
        node_process_tell(meeting->nodes[0], "held");
        node_process_tell(meeting->nodes[1], "held");
        crowd_run(meeting->crowd, STEP_S);
    }
    meeting->meanwhile = crowd_counts(meeting->crowd)->latency;
    return (double)(g_get_monotonic_time() - since_us) / G_USEC_PER_SEC;
}

/* Bytes besides chat, and besides this program's own members, until nothing more moves. */
static double await_quiet(Meeting *meeting, int64_t since_us)
{
    double moved, last = (double)own_network_bytes();
    do {
        crowd_run(meeting->crowd, QUIET_S);
        double now = (double)own_network_bytes();
        moved = now - last - meeting->chat_bytes * QUIET_S;
        last = now;
    } while (moved > QUIET_BYTES + meeting->chat_bytes * QUIET_S);
    double seconds = (double)(g_get_monotonic_time() - since_us) / G_USEC_PER_SEC;
    return last - (double)meeting->bytes - meeting->chat_bytes * seconds;
}

static double ms(const Histogram *latency, double fraction)
{
    return (double)histogram_quantile(latency, fraction) / 1000;
}

static void measure(Meeting *meeting, const BenchOptions *options)
{
    int64_t since_us = g_get_monotonic_time();
    begin(meeting, options);
    double seconds = await_level(meeting, options);
    double cpu[2] = {process_use_cpu(meeting->nodes[0]->pid) - meeting->cpu[0],
                     process_use_cpu(meeting->nodes[1]->pid)};
    double bytes = await_quiet(meeting, since_us + (int64_t)(BEFORE_S * G_USEC_PER_SEC));
    const NodeProcess *receiver = meeting->nodes[holder_serves(options)];
    int64_t newest_us =
        receiver->newest_us != 0 ? receiver->newest_us - meeting->nodes[1]->joining_us : 0;
    int moved = options->events - options->same;
    double load = 0;
    getloadavg(&load, 1);
    printf("{\"bench\":\"catch\",\"holder\":\"%s\",\"events\":%d,\"same\":%d,\"authors\":%d,"
           "\"level_s\":%.2f,\"events_per_s\":%.0f,\"newest_page_ms\":%.1f,\"wire_bytes\":%.0f,"
           "\"bytes_per_event\":%.0f,\"carrier_cpu_s\":%.2f,\"joiner_cpu_s\":%.2f,"
           "\"chat\":%" G_GUINT64_FORMAT ",\"before_p50_ms\":%.2f,\"before_p99_ms\":%.2f,"
           "\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"carrier_rss_kib\":%" G_GUINT64_FORMAT
           ",\"load\":%.1f}\n",
           holder_serves(options) ? "serves" : "joins", options->events, options->same,
           options->authors, seconds, moved / seconds, (double)newest_us / 1000, bytes,
           moved > 0 ? bytes / moved : 0, cpu[0], cpu[1], meeting->meanwhile.count,
           ms(&meeting->before, 0.5), ms(&meeting->before, 0.99), ms(&meeting->meanwhile, 0.5),
           ms(&meeting->meanwhile, 0.99), process_use_rss(meeting->nodes[0]->pid), load);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc > 1 && strcmp(argv[1], NODE_ARGUMENT) == 0)
        return node_run(argc, argv);
    BenchOptions options = {.events = 100000, .authors = 30, .rate = 20};
    parse_options(argc, argv, &options);
    if (!own_network_enter()) {
        fputs("SKIP: no network of its own can be made here\n", stderr);
        return SKIPPED;
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *directory = g_dir_make_tmp("backfence-bench-XXXXXX", &error);
    if (directory == NULL)
        g_error("%s", error->message);
    Meeting meeting = {0};
    set_up(&meeting, directory, &options);
    measure(&meeting, &options);
    bool good = crowd_counts(meeting.crowd)->lost == 0;
    crowd_free(meeting.crowd);
    node_process_free(meeting.nodes[0]);
    node_process_free(meeting.nodes[1]);
    node_remove_directory(directory);
    g_free(options.holder);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
