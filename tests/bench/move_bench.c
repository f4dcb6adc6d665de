/* How long a room without a relay stands still when the one that carries it goes:
 *
 *   move_bench [--ways killed,left,relay,rest] [--nodes N] [--turns N] [--relay PROGRAM]
 *
 * Real apps without faces, each a process, on a network of this program's own; the first one is
 * found by its address, the others by what it tells. One JSON line a way:
 *   killed, left: the one that carries the room is killed, or leaves; from then until a message
 *                 that somebody says at once is with all others.
 *   relay:        the same with a relay program, killed; and from its return until all are there.
 *   rest:         what carrying, and being a member, costs when nothing happens. */
#include "tests/bench/histogram.h"
#include "tests/bench/node.h"
#include "tests/bench/node_process.h"
#include "tests/bench/own_network.h"
#include "tests/bench/process_use.h"
#include "tests/bench/relay_process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SKIPPED 77
#define FIRST_ADDRESS OWN_NETWORK_ADDRESS ":7669"
#define PATIENCE_S 30.0

typedef struct {
    char *ways, *relay;
    int nodes, turns;
    double seconds, settle;
} BenchOptions;

typedef struct {
    char *directory;
    NodeProcess **nodes;
    unsigned count, turn;
} Party;

static void parse_options(int argc, char **argv, BenchOptions *options)
{
    const GOptionEntry entries[] = {
        {"ways", 0, 0, G_OPTION_ARG_STRING, &options->ways, "What is measured", "WAY,…"},
        {"relay", 0, 0, G_OPTION_ARG_FILENAME, &options->relay, "Program", "PATH"},
        {"nodes", 0, 0, G_OPTION_ARG_INT, &options->nodes, "Apps", "N"},
        {"turns", 0, 0, G_OPTION_ARG_INT, &options->turns, "Of each way", "N"},
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options->seconds, "Of rest", "S"},
        {"settle", 0, 0, G_OPTION_ARG_DOUBLE, &options->settle, "Before the rest", "S"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "move_bench: %s\n", error->message);
        exit(64);
    }
    options->nodes = CLAMP(options->nodes, 2, 200);
    options->turns = CLAMP(options->turns, 1, 10000);
}

/* --- the party --- */

static bool all_joined(void *user)
{
    const Party *party = user;
    for (unsigned i = 0; i < party->count; i++) {
        if (party->nodes[i]->pid != 0 && party->nodes[i]->joined_us == 0)
            return false;
    }
    return true;
}

static void await_joined(Party *party)
{
    if (!node_await(all_joined, party, PATIENCE_S))
        g_error("not everybody joined");
}

/* `connect` NULL: the first one begins the room by itself. */
static Party *party_new(unsigned count, const char *connect)
{
    g_autoptr(GError) error = NULL;
    Party *party = g_new0(Party, 1);
    party->count = count;
    party->nodes = g_new0(NodeProcess *, count);
    party->directory = g_dir_make_tmp("backfence-bench-XXXXXX", &error);
    if (party->directory == NULL)
        g_error("%s", error->message);
    for (unsigned i = 0; i < count; i++) {
        party->nodes[i] = node_process_new(party->directory, i);
        if (i > 0 && connect == NULL)
            node_process_start(party->nodes[i], FIRST_ADDRESS, 0);
        else
            node_process_start(party->nodes[i], connect, 0);
        if (i == 0)
            while (party->nodes[0]->joined_us == 0)
                g_main_context_iteration(NULL, TRUE);
    }
    await_joined(party);
    return party;
}

static void party_free(Party *party)
{
    for (unsigned i = 0; i < party->count; i++)
        node_process_free(party->nodes[i]);
    g_free(party->nodes);
    node_remove_directory(party->directory);
    g_free(party->directory);
    g_free(party);
}

static NodeProcess *running(const Party *party, unsigned number)
{
    for (unsigned i = 0;; i++) {
        NodeProcess *node = party->nodes[(number + i) % party->count];
        if (node_process_stays(node))
            return node;
    }
}

static bool all_heard(void *user)
{
    const Party *party = user;
    g_autofree char *text = g_strdup_printf("turn %u", party->turn);
    for (unsigned i = 0; i < party->count; i++) {
        const NodeProcess *node = party->nodes[i];
        if (node_process_stays(node) && node != running(party, party->turn) &&
            g_strcmp0(node->heard, text) != 0)
            return false;
    }
    return true;
}

/* Somebody says something now; when it is with all others: µs since `since_us`. */
static uint64_t measure(Party *party, int64_t since_us)
{
    int64_t last_us = since_us;
    NodeProcess *speaker = running(party, ++party->turn);
    node_process_tell(speaker, "say turn %u", party->turn);
    if (!node_await(all_heard, party, PATIENCE_S))
        g_error("turn %u: a message was not delivered", party->turn);
    for (unsigned i = 0; i < party->count; i++) {
        if (node_process_stays(party->nodes[i]) && party->nodes[i] != speaker)
            last_us = MAX(last_us, party->nodes[i]->heard_us);
    }
    return (uint64_t)(last_us - since_us);
}

/* --- ways --- */

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double quantile_ms(GArray *values, double fraction)
{
    g_array_sort(values, compare_numbers);
    guint index = (guint)((double)(values->len - 1) * fraction + 0.5);
    return (double)g_array_index(values, uint64_t, index) / 1000;
}

static void report(const char *way, unsigned nodes, GArray *values)
{
    double load = 0;
    getloadavg(&load, 1);
    printf("{\"bench\":\"move\",\"way\":\"%s\",\"nodes\":%u,\"turns\":%u,\"p50_ms\":%.1f,"
           "\"p95_ms\":%.1f,\"max_ms\":%.1f,\"load\":%.1f}\n",
           way, nodes, values->len, quantile_ms(values, 0.5), quantile_ms(values, 0.95),
           quantile_ms(values, 1), load);
    fflush(stdout);
}

/* Back with the others, who tell where they are. */
static void come_back(Party *party, NodeProcess *node)
{
    NodeProcess *carrier = node_await_agreement(party->nodes, party->count, PATIENCE_S);
    const char *address = NULL;
    for (unsigned i = 0; i < party->count && address == NULL; i++) {
        if (party->nodes[i]->pid != 0 && party->nodes[i] != carrier)
            address = party->nodes[i]->address;
    }
    node_process_start(node, address, 0);
    await_joined(party);
}

static void bench_apps(const BenchOptions *options, bool killed)
{
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    Party *party = party_new((unsigned)options->nodes, NULL);
    for (int i = 0; i < options->turns; i++) {
        NodeProcess *carrier = node_await_agreement(party->nodes, party->count, PATIENCE_S);
        measure(party, 0);
        int64_t since_us = g_get_monotonic_time();
        if (killed)
            node_process_kill(carrier);
        else
            node_process_leave(carrier);
        uint64_t us = measure(party, since_us);
        if (!killed)
            node_process_await_end(carrier);
        g_array_append_val(values, us);
        come_back(party, carrier);
    }
    report(killed ? "killed" : "left", party->count, values);
    party_free(party);
}

static void bench_relay(const BenchOptions *options)
{
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_autoptr(GArray) back = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    RelayProcess relay = relay_process_start(options->relay);
    g_autofree char *address = g_strdup_printf(OWN_NETWORK_ADDRESS ":%u", relay.port);
    Party *party = party_new((unsigned)options->nodes, address);
    for (int i = 0; i < options->turns; i++) {
        measure(party, 0);
        int64_t since_us = g_get_monotonic_time();
        relay_process_kill(&relay);
        uint64_t us = measure(party, since_us);
        g_array_append_val(gone, us);
        node_await_agreement(party->nodes, party->count, PATIENCE_S);
        relay_process_restart(&relay, options->relay);
        since_us = g_get_monotonic_time();
        while (node_await_agreement(party->nodes, party->count, PATIENCE_S) != NULL)
            continue;
        us = (uint64_t)(g_get_monotonic_time() - since_us);
        g_array_append_val(back, us);
    }
    report("relay-killed", party->count, gone);
    report("relay-back", party->count, back);
    party_free(party);
    relay_process_stop(&relay);
}

static gboolean time_is_over(void *user)
{
    *(bool *)user = true;
    return G_SOURCE_REMOVE;
}

static void wait_for(double seconds)
{
    bool over = false;
    g_timeout_add((unsigned)(seconds * 1000), time_is_over, &over);
    while (!over)
        g_main_context_iteration(NULL, TRUE);
}

static void bench_rest(const BenchOptions *options)
{
    Party *party = party_new((unsigned)options->nodes + 1, NULL);
    const NodeProcess *carrier = node_await_agreement(party->nodes, party->count, PATIENCE_S);
    const NodeProcess *member = running(party, carrier->number + 1);
    wait_for(options->settle);
    double carrier_cpu = process_use_cpu(carrier->pid), member_cpu = process_use_cpu(member->pid);
    uint64_t carrier_wakeups = process_use_wakeups(carrier->pid);
    uint64_t member_wakeups = process_use_wakeups(member->pid);
    int64_t since_us = g_get_monotonic_time();
    wait_for(options->seconds);
    double seconds = (double)(g_get_monotonic_time() - since_us) / G_USEC_PER_SEC;
    carrier_cpu = process_use_cpu(carrier->pid) - carrier_cpu;
    member_cpu = process_use_cpu(member->pid) - member_cpu;
    carrier_wakeups = process_use_wakeups(carrier->pid) - carrier_wakeups;
    member_wakeups = process_use_wakeups(member->pid) - member_wakeups;
    double load = 0;
    getloadavg(&load, 1);
    printf("{\"bench\":\"rest\",\"members\":%d,\"seconds\":%.1f,\"carrier_cpu_percent\":%.2f,"
           "\"carrier_rss_kib\":%" G_GUINT64_FORMAT ",\"carrier_wakeups_per_s\":%.2f,"
           "\"member_cpu_percent\":%.2f,\"member_rss_kib\":%" G_GUINT64_FORMAT
           ",\"member_wakeups_per_s\":%.2f,\"load\":%.1f}\n",
           options->nodes, seconds, carrier_cpu / seconds * 100, process_use_rss(carrier->pid),
           (double)carrier_wakeups / seconds, member_cpu / seconds * 100,
           process_use_rss(member->pid), (double)member_wakeups / seconds, load);
    fflush(stdout);
    party_free(party);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc > 1 && strcmp(argv[1], NODE_ARGUMENT) == 0)
        return node_run(argc, argv);
    BenchOptions options = {.nodes = 5, .turns = 50, .seconds = 60, .settle = 15};
    parse_options(argc, argv, &options);
    const char *ways = options.ways != NULL ? options.ways : "killed,left,relay";
    if (!own_network_enter()) {
        fputs("SKIP: no network of its own can be made here\n", stderr);
        return SKIPPED;
    }
    if (strstr(ways, "killed") != NULL)
        bench_apps(&options, true);
    if (strstr(ways, "left") != NULL)
        bench_apps(&options, false);
    if (strstr(ways, "relay") != NULL)
        bench_relay(&options);
    if (strstr(ways, "rest") != NULL)
        bench_rest(&options);
    g_free(options.ways);
    g_free(options.relay);
    return EXIT_SUCCESS;
}
