/* A relay whose members come, go and write for hours: does it grow?
 *
 *   soak_bench [--relay PROGRAM] [--hours H] [--members N] [--stay S] [--away S] [--rate MESSAGES]
 *              [--warmup MINUTES] [--every SECONDS]
 *
 * A member stays for --stay seconds, more or less, is away for --away, and reads what it missed;
 * every third one vanishes as if it had crashed. A JSON line each minute, and at the end the slopes
 * of memory and descriptors after the warm-up, by least squares, and whether everybody was told
 * everything. */
#include "tests/bench/crowd.h"
#include "tests/bench/process_use.h"
#include "tests/bench/relay_process.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    char *relay;
    int members;
    double hours, stay, away, rate, warmup, every;
} SoakOptions;

typedef struct {
    double hours;
    double rss_kib, descriptors, log_kib, wal_kib;
} Sample;

static double kib_of(const RelayProcess *relay, const char *suffix)
{
    g_autoptr(GDir) directory = g_dir_open(relay->directory, 0, NULL);
    const char *name;
    double sum = 0;
    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *path = g_build_filename(relay->directory, name, NULL);
        GStatBuf status;
        if (g_str_has_suffix(name, suffix) && g_stat(path, &status) == 0)
            sum += (double)status.st_size / 1024;
    }
    return sum;
}

static double count_descriptors(const RelayProcess *relay)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", (int)relay->pid);
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    double count = 0;
    while (directory != NULL && g_dir_read_name(directory) != NULL)
        count++;
    return count;
}

static Sample take_sample(const RelayProcess *relay, Crowd *crowd, double hours)
{
    const CrowdCounts *counts = crowd_counts(crowd);
    Sample sample = {.hours = hours,
                     .rss_kib = (double)relay_process_rss(relay),
                     .descriptors = count_descriptors(relay),
                     .log_kib = kib_of(relay, ".db"),
                     .wal_kib = kib_of(relay, "-wal")};
    printf("{\"bench\":\"soak\",\"hours\":%.3f,\"rss_kib\":%.0f,\"descriptors\":%.0f,"
           "\"log_kib\":%.0f,\"wal_kib\":%.0f,\"relay_cpu_s\":%.2f,\"here\":%u,\"away\":%u,"
           "\"returned\":%u,\"sent\":%" G_GUINT64_FORMAT ",\"deliveries\":%" G_GUINT64_FORMAT
           ",\"fetched\":%" G_GUINT64_FORMAT ",\"refused\":%" G_GUINT64_FORMAT ",\"lost\":%u}\n",
           hours, sample.rss_kib, sample.descriptors, sample.log_kib, sample.wal_kib,
           relay_process_cpu(relay), counts->joined - counts->away, counts->away, counts->returned,
           counts->sent, counts->deliveries, counts->fetched, counts->refused, counts->lost);
    fflush(stdout);
    return sample;
}

/* How much a number of the samples grows in an hour, by least squares. */
static double slope(const GArray *samples, size_t offset, double from_hours)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (unsigned i = 0; i < samples->len; i++) {
        const Sample *sample = &g_array_index(samples, Sample, i);
        double value = *(const double *)(const void *)((const char *)sample + offset);
        if (sample->hours < from_hours)
            continue;
        n++;
        x += sample->hours;
        y += value;
        xx += sample->hours * sample->hours;
        xy += sample->hours * value;
    }
    double spread = n * xx - x * x;
    return spread > 0 ? (n * xy - x * y) / spread : 0;
}

static double about(double seconds)
{
    return seconds * g_random_double_range(0.5, 1.5);
}

/* Second by second, those whose time has come leave. */
static void let_go(Crowd *crowd, const SoakOptions *options, double *leave_at, double now)
{
    for (int i = 0; i < options->members; i++) {
        if (now < leave_at[i])
            continue;
        double away = about(options->away);
        crowd_part(crowd, (unsigned)i, i % 3 == 0, away);
        leave_at[i] = now + away + about(options->stay);
    }
}

static void soak(Crowd *crowd, const RelayProcess *relay, const SoakOptions *options,
                 GArray *samples)
{
    g_autofree double *leave_at = g_new(double, options->members);
    for (int i = 0; i < options->members; i++)
        leave_at[i] = options->stay * g_random_double();
    double next = 0;
    int64_t start_us = g_get_monotonic_time();
    crowd_write(crowd, true);
    for (double now = 0; now < options->hours * 3600;
         now = (double)(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC) {
        if (now >= next) {
            Sample sample = take_sample(relay, crowd, now / 3600);
            g_array_append_val(samples, sample);
            next += options->every;
        }
        let_go(crowd, options, leave_at, now);
        crowd_run(crowd, 1);
    }
    crowd_write(crowd, false);
    crowd_call_back(crowd);
    for (int i = 0; i < 60 && !crowd_is_level(crowd); i++)
        crowd_run(crowd, 1);
}

static bool bench(const SoakOptions *options)
{
    RelayProcess relay = relay_process_start(options->relay);
    CrowdConfig config = {.port = relay.port,
                          .members = (unsigned)options->members,
                          .at_once = 20,
                          .check_one_in = 1,
                          .writers = (unsigned)options->members,
                          .rate = options->rate / options->members,
                          .window = 8,
                          .text = 100,
                          .returns = true};
    Crowd *crowd = crowd_new(&config);
    crowd_join(crowd);
    g_autoptr(GArray) samples = g_array_new(FALSE, FALSE, sizeof(Sample));
    soak(crowd, &relay, options, samples);
    const CrowdCounts *counts = crowd_counts(crowd);
    double from = options->warmup / 60;
    bool good = crowd_is_level(crowd) && crowd_differing(crowd) == 0 && counts->lost == 0;
    printf("{\"bench\":\"soak\",\"over\":true,\"members\":%d,\"hours\":%.2f,\"warmup_hours\":%.2f,"
           "\"sent\":%" G_GUINT64_FORMAT ",\"returned\":%u,\"rss_kib_an_hour\":%.1f,"
           "\"descriptors_an_hour\":%.2f,\"wal_kib_an_hour\":%.1f,\"log_kib_an_hour\":%.1f,"
           "\"lost\":%u,\"differing\":%u,\"level\":%s}\n",
           options->members, options->hours, from, counts->sent, counts->returned,
           slope(samples, offsetof(Sample, rss_kib), from),
           slope(samples, offsetof(Sample, descriptors), from),
           slope(samples, offsetof(Sample, wal_kib), from),
           slope(samples, offsetof(Sample, log_kib), from), counts->lost, crowd_differing(crowd),
           crowd_is_level(crowd) ? "true" : "false");
    crowd_free(crowd);
    return relay_process_stop(&relay) && good;
}

int main(int argc, char **argv)
{
    SoakOptions options = {
        .members = 200, .hours = 8, .stay = 600, .away = 120, .rate = 5, .warmup = 60, .every = 60};
    const GOptionEntry entries[] = {
        {"relay", 0, 0, G_OPTION_ARG_FILENAME, &options.relay, "Program", "PATH"},
        {"hours", 0, 0, G_OPTION_ARG_DOUBLE, &options.hours, "How long", "H"},
        {"members", 0, 0, G_OPTION_ARG_INT, &options.members, "Members", "N"},
        {"stay", 0, 0, G_OPTION_ARG_DOUBLE, &options.stay, "Seconds that one stays", "S"},
        {"away", 0, 0, G_OPTION_ARG_DOUBLE, &options.away, "Seconds that one is away", "S"},
        {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &options.rate, "Messages/s in all", "R"},
        {"warmup", 0, 0, G_OPTION_ARG_DOUBLE, &options.warmup, "Not counted: minutes", "M"},
        {"every", 0, 0, G_OPTION_ARG_DOUBLE, &options.every, "Seconds from line to line", "S"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("— a relay for hours");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "soak_bench: %s\n", error->message);
        return 64;
    }
    options.members = CLAMP(options.members, 1, 5000);
    options.rate = MAX(options.rate, 0.01);
    options.every = MAX(options.every, 1);
    signal(SIGPIPE, SIG_IGN);
    process_raise_descriptors();
    bool good = bench(&options);
    g_free(options.relay);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
