/* A relay dies and is started anew: how soon all its members are back, and have read what they
 * missed.
 *
 *   return_bench [--relay PROGRAM] [--members N] [--writers N] [--turns N] [--relay-core N]
 *
 * All but the writers leave; so there is something to read for them. The relay is killed, and they
 * all come at once. JSON lines, one a turn. Who finds nobody knocks again every 50 ms. */
#include "tests/bench/crowd.h"
#include "tests/bench/process_use.h"
#include "tests/bench/relay_process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    char *relay;
    int members, writers, turns, relay_core;
} ReturnOptions;

#define AWAY_S 3600 /* until they are called */
#define LONGEST_S 60

static void leave_and_write(Crowd *crowd, const ReturnOptions *options)
{
    for (int i = options->writers; i < options->members; i++)
        crowd_part(crowd, (unsigned)i, false, AWAY_S);
    while (crowd_counts(crowd)->away < (unsigned)(options->members - options->writers))
        g_main_context_iteration(NULL, TRUE);
    crowd_write(crowd, true);
    crowd_run(crowd, 1);
    crowd_write(crowd, false);
    crowd_settle(crowd);
}

static bool turn(RelayProcess *relay, Crowd *crowd, const ReturnOptions *options)
{
    CrowdCounts *counts = crowd_counts(crowd);
    uint64_t sent = counts->sent;
    leave_and_write(crowd, options);
    counts->returned = 0;
    counts->fetched = 0;
    int64_t killed_us = g_get_monotonic_time();
    relay_process_kill(relay);
    relay_process_restart(relay, options->relay);
    int64_t started_us = g_get_monotonic_time();
    crowd_call_back(crowd);
    while (counts->returned < (unsigned)options->members || !crowd_is_level(crowd)) {
        g_main_context_iteration(NULL, TRUE);
        if (g_get_monotonic_time() - started_us > LONGEST_S * G_USEC_PER_SEC)
            break;
    }
    double back_s = (double)(g_get_monotonic_time() - killed_us) / G_USEC_PER_SEC;
    bool good = counts->returned == (unsigned)options->members && crowd_is_level(crowd);
    printf("{\"bench\":\"return\",\"members\":%d,\"returned\":%u,\"level\":%s,"
           "\"missed\":%" G_GUINT64_FORMAT ",\"read\":%" G_GUINT64_FORMAT
           ",\"start_s\":%.3f,\"back_s\":%.3f,\"relay_cpu_s\":%.2f}\n",
           options->members, counts->returned, good ? "true" : "false", counts->sent - sent,
           counts->fetched, (double)(started_us - killed_us) / G_USEC_PER_SEC, back_s,
           relay_process_cpu(relay));
    fflush(stdout);
    return good;
}

static bool bench(const ReturnOptions *options)
{
    relay_process_pin(options->relay_core);
    RelayProcess relay = relay_process_start(options->relay);
    CrowdConfig config = {.port = relay.port,
                          .members = (unsigned)options->members,
                          .at_once = 100,
                          .check_one_in = 8,
                          .writers = (unsigned)options->writers,
                          .rate = 20,
                          .window = 4,
                          .text = 100,
                          .returns = true};
    Crowd *crowd = crowd_new(&config);
    crowd_join(crowd);
    bool good = true;
    for (int i = 0; i < options->turns && good; i++)
        good = turn(&relay, crowd, options);
    crowd_free(crowd);
    return relay_process_stop(&relay) && good;
}

int main(int argc, char **argv)
{
    ReturnOptions options = {.members = 1000, .writers = 10, .turns = 3, .relay_core = -1};
    const GOptionEntry entries[] = {
        {"relay", 0, 0, G_OPTION_ARG_FILENAME, &options.relay, "Program", "PATH"},
        {"relay-core", 0, 0, G_OPTION_ARG_INT, &options.relay_core, "It runs there alone", "N"},
        {"members", 0, 0, G_OPTION_ARG_INT, &options.members, "Members", "N"},
        {"writers", 0, 0, G_OPTION_ARG_INT, &options.writers, "Those who write", "N"},
        {"turns", 0, 0, G_OPTION_ARG_INT, &options.turns, "How often it dies", "N"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("— a relay that is killed");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "return_bench: %s\n", error->message);
        return 64;
    }
    options.members = CLAMP(options.members, 2, 12000);
    options.writers = CLAMP(options.writers, 1, options.members);
    signal(SIGPIPE, SIG_IGN);
    process_raise_descriptors();
    bool good = bench(&options);
    g_free(options.relay);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
