/* How fast files move over loopback, from one process to another, with real TLS:
 *
 *   files_bench pump [--bytes N]
 *       memory to nowhere through OpenSSL, as simply as it can be used
 *   files_bench channel [--bytes N]
 *       the same through a Channel: what is left when there is no disk
 *   files_bench move --from PATH --into DIR [--state DIR]
 *       an offer of PATH: worker to worker
 *
 * One JSON line. "seconds" is from connecting until the receiver has everything, synced to its
 * disk. files.py runs this side by side with scp and rsync. */
#include "app/files/worker.h"
#include "tests/bench/files_pair.h"

#include <glib/gstdio.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE (64 * 1024)

typedef struct {
    char *from, *into, *state;
    gint64 bytes;
} BenchOptions;

static const BenchOptions *options;

static double seconds_since(int64_t start_us)
{
    return (double)(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
}

static void report(const char *what, double bytes, double seconds, const FilesPair *pair)
{
    printf("{\"bench\":\"%s\",\"bytes\":%.0f,\"seconds\":%.3f,\"mb_per_s\":%.0f,"
           "\"sender_cpu_s\":%.2f,\"receiver_cpu_s\":%.2f",
           what, bytes, seconds, bytes / seconds / 1e6, files_pair_sender_cpu(pair),
           files_pair_own_cpu(pair));
}

/* --- memory to nowhere --- */

static void pump_out(int fd, SSL *ssl)
{
    g_autofree uint8_t *bytes = g_malloc0(PIECE);
    for (int64_t left = options->bytes; left > 0;) {
        size_t gone = 0;
        if (SSL_write_ex(ssl, bytes, PIECE, &gone) != 1)
            g_error("SSL_write: %s", tls_why());
        left -= (int64_t)gone;
    }
}

static void pump_in(int fd, SSL *ssl)
{
    g_autofree uint8_t *bytes = g_malloc(PIECE);
    for (int64_t left = options->bytes; left > 0;) {
        size_t got = 0;
        if (SSL_read_ex(ssl, bytes, PIECE, &got) != 1)
            g_error("SSL_read: %s", tls_why());
        left -= (int64_t)got;
    }
}

static void channel_out(int fd, SSL *ssl)
{
    g_autofree uint8_t *bytes = g_malloc0(CHUNK_SIZE);
    g_autoptr(Channel) channel = channel_new(fd);
    channel_adopt(channel, ssl);
    channel_widen(channel);
    for (int64_t left = options->bytes; left > 0; left -= CHUNK_SIZE) {
        if (!channel_write(channel, bytes, CHUNK_SIZE, NULL))
            g_error("channel_write");
    }
    if (!channel_flush(channel, NULL))
        g_error("channel_flush");
    channel_close(channel);
}

static void channel_in(int fd, SSL *ssl)
{
    g_autofree uint8_t *bytes = g_malloc(CHUNK_SIZE);
    g_autoptr(Channel) channel = channel_new(fd);
    channel_adopt(channel, ssl);
    channel_widen(channel);
    for (int64_t left = options->bytes; left > 0;) {
        size_t got = 0;
        if (!channel_read(channel, bytes, CHUNK_SIZE, INT64_MAX, &got, NULL))
            g_error("channel_read");
        left -= (int64_t)got;
    }
}

static void bench_pump(const char *name)
{
    bool simple = strcmp(name, "pump") == 0;
    FilesPair pair = files_pair_new(simple ? pump_out : channel_out);
    int64_t start_us = g_get_monotonic_time();
    files_pair_connect(&pair);
    (simple ? pump_in : channel_in)(pair.fd, pair.ssl);
    double seconds = seconds_since(start_us);
    files_pair_end(&pair);
    report(name, (double)options->bytes, seconds, &pair);
    printf(",\"cipher\":\"%s\"}\n", pair.cipher);
}

/* --- worker to worker --- */

typedef struct {
    bool over;
    WorkerEnd end;
    char text[256];
} MoveEnd;

static void ended(const WorkerResult *result, void *user)
{
    MoveEnd *end = user;
    end->over = true;
    end->end = result->end;
    g_strlcpy(end->text, result->text, sizeof end->text);
}

static void run(Worker *worker, MoveEnd *end)
{
    while (!end->over)
        g_main_context_iteration(NULL, TRUE);
    worker_free(worker);
    if (end->end != WORKER_DONE)
        g_error("ended with %d: %s", (int)end->end, end->text);
}

static Listing *listing;
static Offer *offer;

static void move_out(int fd, SSL *ssl)
{
    files_pair_skip_present(ssl);
    MoveEnd end = {0};
    WorkerConfig config = {.ended = ended, .user = &end};
    Opening opening = {.kind = OPENING_ADMIT, .fd = fd, .ssl = ssl};
    run(worker_send(&config, &opening, listing), &end);
}

static void bench_move(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *own = g_dir_make_tmp("backfence-bench-XXXXXX", NULL);
    g_autofree char *list = g_build_filename(own, "listing", NULL);
    g_autofree char *state =
        g_build_filename(options->state != NULL ? options->state : own, "state", NULL);
    int64_t start_us = g_get_monotonic_time();
    listing = listing_make((const char *const[]){options->from, NULL}, list, NULL, &offer, &error);
    if (listing == NULL)
        g_error("%s", error->message);
    double listed = seconds_since(start_us);
    FilesPair pair = files_pair_new(move_out);
    start_us = g_get_monotonic_time();
    files_pair_connect(&pair);
    MoveEnd end = {0};
    WorkerConfig config = {.ended = ended, .user = &end};
    Opening opening = {.kind = OPENING_PRESENT, .fd = pair.fd, .ssl = pair.ssl};
    WorkerTarget target = {.state_dir = state, .into = options->into, .offer = offer};
    run(worker_receive(&config, &opening, &target), &end);
    double seconds = seconds_since(start_us);
    files_pair_end(&pair);
    report("backfence", (double)offer->bytes, seconds, &pair);
    printf(",\"files\":%" G_GUINT64_FORMAT ",\"listed_s\":%.3f}\n", offer->files, listed);
    landing_forget(state);
    listing_forget(list);
    (void)g_rmdir(own);
    offer_unref(offer);
    listing_unref(listing);
}

int main(int argc, char **argv)
{
    BenchOptions given = {.bytes = INT64_C(1) << 30};
    const GOptionEntry entries[] = {
        {"bytes", 0, 0, G_OPTION_ARG_INT64, &given.bytes, "How much to pump", "N"},
        {"from", 0, 0, G_OPTION_ARG_FILENAME, &given.from, "What is offered", "PATH"},
        {"into", 0, 0, G_OPTION_ARG_FILENAME, &given.into, "Where it lands", "DIR"},
        {"state", 0, 0, G_OPTION_ARG_FILENAME, &given.state, "Where the journal is", "DIR"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("pump|channel|move");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    bool fine = g_option_context_parse(context, &argc, &argv, &error) && argc == 2;
    options = &given;
    if (fine && (strcmp(argv[1], "pump") == 0 || strcmp(argv[1], "channel") == 0)) {
        bench_pump(argv[1]);
    } else if (fine && strcmp(argv[1], "move") == 0 && given.from != NULL && given.into != NULL) {
        bench_move();
    } else {
        fprintf(stderr, "files_bench: %s\n", error != NULL ? error->message : "see --help");
        return 64;
    }
    return EXIT_SUCCESS;
}
