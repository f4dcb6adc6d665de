/* What members that stop reading cost the others, and whether they catch up by themselves:
 *
 *   stall_bench [--relay PROGRAM] [--members N] [--stalled N] [--rate MESSAGES] [--seconds S]
 *
 * The stalled ones live in a process of their own, which is stopped for a while and goes on. JSON
 * lines: latency before, meanwhile and afterwards; then how long catching up took. */
#include "tests/bench/crowd.h"
#include "tests/bench/relay_process.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STALLED "stalled"
#define CATCH_UP_S 60

typedef struct {
    char *relay;
    int members, stalled, relay_core;
    double rate, seconds;
} StallOptions;

/* The process of those who will stall: `stalled PORT FIRST COUNT`. Says "joined", reads how many
 * events there are to have, and says how many it lacks when it has them, or after a while. */
static int be_stalled(char **arguments)
{
    CrowdConfig config = {.port = (uint16_t)strtoul(arguments[0], NULL, 10),
                          .first = (unsigned)strtoul(arguments[1], NULL, 10),
                          .members = (unsigned)strtoul(arguments[2], NULL, 10),
                          .at_once = 20,
                          .check_one_in = 1,
                          .rate = 1,
                          .window = 1,
                          .text = 1,
                          .returns = true};
    Crowd *crowd = crowd_new(&config);
    crowd_join(crowd);
    printf("joined\n");
    fflush(stdout);
    char line[64] = "";
    g_unix_set_fd_nonblocking(STDIN_FILENO, TRUE, NULL);
    while (read(STDIN_FILENO, line, sizeof line - 1) < 0 && errno == EAGAIN)
        crowd_run(crowd, 0.01);
    uint64_t head = g_ascii_strtoull(line, NULL, 10);
    for (int i = 0; i < CATCH_UP_S * 100 && crowd_behind(crowd, head) > 0; i++)
        crowd_run(crowd, 0.01);
    printf("%u %u %" G_GUINT64_FORMAT "\n", crowd_behind(crowd, head),
           crowd_counts(crowd)->returned, crowd_counts(crowd)->fetched);
    fflush(stdout);
    crowd_free(crowd);
    return EXIT_SUCCESS;
}

typedef struct {
    GPid pid;
    int in;
    FILE *out;
} Stalled;

static Stalled start_stalled(const RelayProcess *relay, const StallOptions *options)
{
    Stalled stalled = {0};
    int out = -1;
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *port = g_strdup_printf("%u", relay->port);
    g_autofree char *first = g_strdup_printf("%d", options->members);
    g_autofree char *count = g_strdup_printf("%d", options->stalled);
    char *arguments[] = {self, (char *)STALLED, port, first, count, NULL};
    g_autoptr(GError) error = NULL;
    if (!g_spawn_async_with_pipes(NULL, arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                  &stalled.pid, &stalled.in, &out, NULL, &error))
        g_error("%s", error->message);
    stalled.out = fdopen(out, "r");
    char line[64];
    if (fgets(line, sizeof line, stalled.out) == NULL)
        g_error("those who are to stall did not join");
    return stalled;
}

/* 99 of 100 deliveries came within so many µs. */
static uint64_t measure(Crowd *crowd, const char *phase, double seconds)
{
    CrowdCounts *counts = crowd_counts(crowd);
    memset(&counts->latency, 0, sizeof counts->latency);
    crowd_run(crowd, seconds);
    uint64_t p99_us = histogram_quantile(&counts->latency, 0.99);
    printf(
        "{\"bench\":\"stall\",\"phase\":\"%s\",\"seconds\":%.1f,\"deliveries\":%" G_GUINT64_FORMAT
        ",\"p50_us\":%" G_GUINT64_FORMAT ",\"p99_us\":%" G_GUINT64_FORMAT "}\n",
        phase, seconds, counts->latency.count, histogram_quantile(&counts->latency, 0.5), p99_us);
    fflush(stdout);
    return p99_us;
}

static bool catch_up(Crowd *crowd, Stalled *stalled, const StallOptions *options)
{
    uint64_t head = crowd_through(crowd);
    dprintf(stalled->in, "%" G_GUINT64_FORMAT "\n", head);
    int64_t start_us = g_get_monotonic_time();
    kill(stalled->pid, SIGCONT);
    /* The others go on meanwhile. */
    char line[64] = "";
    int fd = fileno(stalled->out);
    g_unix_set_fd_nonblocking(fd, TRUE, NULL);
    while (read(fd, line, sizeof line - 1) < 0 && errno == EAGAIN)
        crowd_run(crowd, 0.01);
    unsigned behind = 1, returned = 0;
    uint64_t fetched = 0;
    sscanf(line, "%u %u %" G_GUINT64_FORMAT, &behind, &returned, &fetched);
    printf(
        "{\"bench\":\"stall\",\"phase\":\"catch up\",\"stalled\":%d,\"behind\":%u,\"returned\":%u,"
        "\"fetched\":%" G_GUINT64_FORMAT ",\"seconds\":%.2f}\n",
        options->stalled, behind, returned, fetched,
        (double)(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC);
    return behind == 0;
}

static bool bench(const StallOptions *options)
{
    relay_process_pin(options->relay_core);
    RelayProcess relay = relay_process_start(options->relay);
    CrowdConfig config = {.port = relay.port,
                          .members = (unsigned)options->members,
                          .at_once = 20,
                          .check_one_in = 1,
                          .writers = (unsigned)options->members,
                          .rate = options->rate / options->members,
                          .window = 8,
                          .text = 100};
    Crowd *crowd = crowd_new(&config);
    crowd_join(crowd);
    Stalled stalled = start_stalled(&relay, options);
    crowd_write(crowd, true);
    crowd_run(crowd, 1);
    uint64_t before_us = measure(crowd, "all read", options->seconds);
    uint64_t before_kib = relay_process_rss(&relay);
    kill(stalled.pid, SIGSTOP);
    uint64_t meanwhile_us = measure(crowd, "some do not read", options->seconds);
    uint64_t meanwhile_kib = relay_process_rss(&relay);
    bool good = catch_up(crowd, &stalled, options);
    measure(crowd, "all read again", options->seconds);
    crowd_write(crowd, false);
    crowd_settle(crowd);
    good = good && crowd_counts(crowd)->lost == 0 && crowd_differing(crowd) == 0;
    printf("{\"bench\":\"stall\",\"p99_times\":%.2f,\"rss_before_kib\":%" G_GUINT64_FORMAT
           ",\"rss_meanwhile_kib\":%" G_GUINT64_FORMAT ",\"lost\":%u,\"differing\":%u}\n",
           (double)meanwhile_us / (double)MAX(before_us, 1), before_kib, meanwhile_kib,
           crowd_counts(crowd)->lost, crowd_differing(crowd));
    close(stalled.in);
    fclose(stalled.out);
    waitpid(stalled.pid, NULL, 0);
    crowd_free(crowd);
    return relay_process_stop(&relay) && good;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 5 && strcmp(argv[1], STALLED) == 0)
        return be_stalled(argv + 2);
    StallOptions options = {
        .members = 100, .stalled = 100, .relay_core = -1, .rate = 50, .seconds = 10};
    const GOptionEntry entries[] = {
        {"relay", 0, 0, G_OPTION_ARG_FILENAME, &options.relay, "Program", "PATH"},
        {"relay-core", 0, 0, G_OPTION_ARG_INT, &options.relay_core, "It runs there alone", "N"},
        {"members", 0, 0, G_OPTION_ARG_INT, &options.members, "That read and write", "N"},
        {"stalled", 0, 0, G_OPTION_ARG_INT, &options.stalled, "That stop reading", "N"},
        {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &options.rate, "Messages/s in all", "R"},
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options.seconds, "Of each phase", "S"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("— members that stop reading");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "stall_bench: %s\n", error->message);
        return 64;
    }
    options.members = CLAMP(options.members, 1, 5000);
    options.stalled = CLAMP(options.stalled, 1, 5000);
    options.seconds = CLAMP(options.seconds, 0.1, 600);
    bool good = bench(&options);
    g_free(options.relay);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
