/* A crowd in one room of a server of another kind, which runs already (peers.py starts it):
 *
 *   peers_bench --protocol irc|mqtt|nats|least --port N --pid N [--tls] [--members N] [--writers N]
 *               [--window N] [--rate R] [--text N] [--seconds S]
 *   peers_bench --serve --port N [--certificate FILE --key FILE]      be the least server
 *
 * One JSON line: joining, deliveries/s, the server's CPU for each, latency, memory, and whether
 * everybody got everything once and in order. */
#include "tests/bench/least_server.h"
#include "tests/bench/peer_crowd.h"
#include "tests/bench/process_use.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *name, *protocol, *certificate, *key;
    int port, pid, members, writers, window, text, at_once;
    double rate, seconds;
    gboolean tls, serve;
} PeersOptions;

static void parse_options(int argc, char **argv, PeersOptions *options)
{
    const GOptionEntry entries[] = {
        {"serve", 0, 0, G_OPTION_ARG_NONE, &options->serve, "Be the least server", NULL},
        {"certificate", 0, 0, G_OPTION_ARG_FILENAME, &options->certificate, "Its own", "FILE"},
        {"key", 0, 0, G_OPTION_ARG_FILENAME, &options->key, "Its own", "FILE"},
        {"name", 0, 0, G_OPTION_ARG_STRING, &options->name, "The server's", "NAME"},
        {"protocol", 0, 0, G_OPTION_ARG_STRING, &options->protocol, "It speaks this", "NAME"},
        {"port", 0, 0, G_OPTION_ARG_INT, &options->port, "It listens here", "N"},
        {"pid", 0, 0, G_OPTION_ARG_INT, &options->pid, "The server's", "N"},
        {"tls", 0, 0, G_OPTION_ARG_NONE, &options->tls, "With TLS 1.3", NULL},
        {"members", 0, 0, G_OPTION_ARG_INT, &options->members, "Members", "N"},
        {"writers", 0, 0, G_OPTION_ARG_INT, &options->writers, "Those who write", "N"},
        {"window", 0, 0, G_OPTION_ARG_INT, &options->window, "On their way, each", "N"},
        {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &options->rate, "Messages/s in all", "R"},
        {"text", 0, 0, G_OPTION_ARG_INT, &options->text, "Bytes of a message", "N"},
        {"at-once", 0, 0, G_OPTION_ARG_INT, &options->at_once, "Joining at once", "N"},
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options->seconds, "Time of writing", "S"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("— a crowd on another server");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "peers_bench: %s\n", error->message);
        exit(64);
    }
    options->members = CLAMP(options->members, 2, 12000);
    options->writers = CLAMP(options->writers, 1, options->members);
    options->window = CLAMP(options->window, 1, PEER_WINDOW_MAX);
    options->text = CLAMP(options->text, PEER_TEXT_MIN, PEER_TEXT_MAX);
    options->seconds = CLAMP(options->seconds, 0.1, 120);
}

typedef struct {
    double join_s, seconds, cpu;
    double member_kib;
    uint64_t deliveries, rss_kib;
    Histogram latency;
    unsigned lacking;
} Figures;

static void measure(PeerCrowd *crowd, const PeersOptions *options, Figures *figures)
{
    PeerCounts *counts = peer_crowd_counts(crowd);
    uint64_t empty_kib = process_use_rss(options->pid);
    figures->join_s = peer_crowd_join(crowd);
    peer_crowd_run(crowd, 2);
    figures->member_kib =
        ((double)process_use_rss(options->pid) - (double)empty_kib) / options->members;
    peer_crowd_write(crowd, true);
    peer_crowd_run(crowd, 1);
    counts->deliveries = 0;
    memset(&counts->latency, 0, sizeof counts->latency);
    double cpu = process_use_cpu(options->pid);
    int64_t start_us = g_get_monotonic_time();
    peer_crowd_run(crowd, options->seconds);
    figures->cpu = process_use_cpu(options->pid) - cpu;
    figures->seconds = (double)(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
    figures->deliveries = counts->deliveries;
    figures->latency = counts->latency;
    figures->rss_kib = process_use_rss(options->pid);
    peer_crowd_write(crowd, false);
    peer_crowd_settle(crowd);
    figures->lacking = peer_crowd_lacking(crowd);
}

static void print_figures(const PeersOptions *options, const PeerCounts *counts,
                          const Figures *figures)
{
    printf("{\"bench\":\"%s\",\"tls\":%s,\"members\":%d,\"writers\":%d,\"window\":%d,"
           "\"rate\":%.1f,\"text\":%d,\"seconds\":%.1f,\"connects_per_s\":%.0f,"
           "\"member_kib\":%.1f,\"deliveries_per_s\":%.0f,\"cpu\":%.2f,"
           "\"cpu_us_per_delivery\":%.3f,\"p50_us\":%" G_GUINT64_FORMAT
           ",\"p99_us\":%" G_GUINT64_FORMAT ",\"sent\":%" G_GUINT64_FORMAT
           ",\"rss_kib\":%" G_GUINT64_FORMAT ",\"wrong\":%" G_GUINT64_FORMAT ",\"lacking\":%u}\n",
           options->name != NULL ? options->name : options->protocol,
           options->tls ? "true" : "false", options->members, options->writers, options->window,
           options->rate, options->text, figures->seconds, options->members / figures->join_s,
           figures->member_kib, (double)figures->deliveries / figures->seconds,
           figures->cpu / figures->seconds,
           figures->cpu * G_USEC_PER_SEC / (double)MAX(figures->deliveries, 1),
           histogram_quantile(&figures->latency, 0.5), histogram_quantile(&figures->latency, 0.99),
           counts->sent, figures->rss_kib, counts->wrong, figures->lacking);
}

static int bench(const PeersOptions *options)
{
    const PeerProtocol *protocol =
        options->protocol != NULL ? peer_protocol_find(options->protocol) : NULL;
    if (protocol == NULL || options->port <= 0 || options->pid <= 0) {
        fprintf(stderr, "peers_bench: --protocol, --port and --pid of the server are needed\n");
        return 64;
    }
    const PeerConfig config = {.protocol = protocol,
                               .port = (uint16_t)options->port,
                               .tls = options->tls,
                               .members = (unsigned)options->members,
                               .at_once = (unsigned)MAX(options->at_once, 1),
                               .writers = (unsigned)options->writers,
                               .window = (unsigned)options->window,
                               .rate = options->rate,
                               .text = (unsigned)options->text};
    PeerCrowd *crowd = peer_crowd_new(&config);
    g_autofree Figures *figures = g_new0(Figures, 1);
    measure(crowd, options, figures);
    const PeerCounts *counts = peer_crowd_counts(crowd);
    print_figures(options, counts, figures);
    bool good = counts->wrong == 0 && figures->lacking == 0;
    peer_crowd_free(crowd);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    PeersOptions options = {
        .members = 1000, .writers = 64, .window = 1, .text = 100, .at_once = 50, .seconds = 5};
    parse_options(argc, argv, &options);
    process_raise_descriptors();
    signal(SIGPIPE, SIG_IGN);
    int result = options.serve
                     ? least_server_run((uint16_t)options.port, options.certificate, options.key)
                     : bench(&options);
    g_free(options.name);
    g_free(options.protocol);
    g_free(options.certificate);
    g_free(options.key);
    return result;
}
