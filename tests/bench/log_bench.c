/* Measures the log: log_bench [DIRECTORY [EVENTS]]. One JSON line a measure. Signing is done
 * beforehand and not measured; verifying is not either. */
#include "relay/content.h"
#include "relay/log.h"

#include <glib/gstdio.h>
#include <inttypes.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WRITERS 64
#define STRANGERS 1000 /* feeds of one event each */
#define SPAN 64        /* events that one log asks of another at once */
#define GATHERED 100000

static const uint8_t place[PLACE_SIZE] = {1};
static const uint8_t room[PLACE_SIZE] = {0};

typedef struct {
    Identity *identity;
    uint64_t seq;
    uint8_t hash[HASH_SIZE];
} Writer;

typedef struct {
    char *directory;
    Log *log;
    GBytes *room;
    Writer writers[WRITERS];
    uint64_t made;
} Bench;

static void must(const GError *error)
{
    if (error)
        g_error("%s", error->message);
}

static Event *make_event(Bench *bench)
{
    static const char *const words[] = {"network", "tomorrow", "coffee",  "backup", "window",
                                        "relay",   "question", "because", "bridge", "picture"};
    Writer *writer = &bench->writers[bench->made % WRITERS];
    g_autofree char *text =
        g_strdup_printf("%s %s %s number%u", words[bench->made % 10], words[bench->made / 10 % 10],
                        words[bench->made / 100 % 10], (unsigned)bench->made);
    g_autoptr(GBytes) content = content_message(text, false, NULL);
    uint8_t token[TOKEN_SIZE] = {0};

    memcpy(token, &bench->made, sizeof bench->made);
    EventDraft draft = {.incarnation = 1,
                        .lane = LANE_PUBLIC,
                        .seq = writer->seq + 1,
                        .prev = writer->seq ? writer->hash : NULL,
                        .place = place,
                        .time_ms = (int64_t)bench->made,
                        .token = token,
                        .kind = EVENT_MESSAGE,
                        .room = room,
                        .content = content};
    Event *event = event_sign(writer->identity, &draft);

    writer->seq++;
    memcpy(writer->hash, event_hash(event), HASH_SIZE);
    bench->made++;
    return event;
}

typedef struct {
    int64_t wall_us;
    int64_t cpu_us;
    GArray *groups; /* int64_t: how long each took; NULL: not wanted */
} Spent;

static int64_t cpu_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static Spent clock_start(void)
{
    return (Spent){.wall_us = g_get_monotonic_time(), .cpu_us = cpu_now()};
}

static void clock_stop(Spent *spent, Spent start)
{
    int64_t took = g_get_monotonic_time() - start.wall_us;

    spent->wall_us += took;
    spent->cpu_us += cpu_now() - start.cpu_us;
    if (spent->groups)
        g_array_append_val(spent->groups, took);
}

static int compare_times(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static int64_t percentile(GArray *times, unsigned permille)
{
    return g_array_index(times, int64_t, times->len * permille / 1000);
}

static void print_appends(const char *what, unsigned group, unsigned count, uint64_t held,
                          const Spent *spent)
{
    g_array_sort(spent->groups, compare_times);
    printf("{\"bench\":\"log\",\"measure\":\"%s\",\"group\":%u,\"events\":%u,\"held\":%" PRIu64
           ",\"per_second\":%.0f,\"cpu_us_each\":%.1f,\"group_p50_us\":%" PRId64
           ",\"group_p99_us\":%" PRId64 ",\"group_p999_us\":%" PRId64 "}\n",
           what, group, count, held, count / ((double)spent->wall_us / 1e6),
           (double)spent->cpu_us / count, percentile(spent->groups, 500),
           percentile(spent->groups, 990), percentile(spent->groups, 999));
    fflush(stdout);
}

static void append_group(Bench *bench, GPtrArray *events)
{
    GError *error = NULL;
    uint64_t position;

    for (guint i = 0; i < events->len; i++) {
        if (log_append(bench->log, events->pdata[i], LOG_RULE_STRICT, 0, bench->room, 0, NULL,
                       &position, &error) != LOG_APPENDED)
            g_error("not appended: %s", error ? error->message : "");
    }
    log_commit(bench->log, &error);
    must(error);
}

static void measure_appends(Bench *bench, unsigned count, unsigned group)
{
    uint64_t before = log_head(bench->log);
    g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(int64_t));
    Spent spent = {.groups = groups};

    for (unsigned done = 0; done < count; done += group) {
        g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func((GDestroyNotify)event_unref);

        for (unsigned i = 0; i < group; i++)
            g_ptr_array_add(events, make_event(bench));
        Spent start = clock_start();

        append_group(bench, events);
        clock_stop(&spent, start);
    }
    print_appends("append", group, count, before, &spent);
}

static void run_sql(sqlite3 *plain, const char *sql)
{
    if (sqlite3_exec(plain, sql, NULL, NULL, NULL) != SQLITE_OK)
        g_error("%s", sqlite3_errmsg(plain));
}

/* A table without indices, of rows as long as events. */
static void measure_floor(const Bench *bench, unsigned count, unsigned group)
{
    g_autofree char *path = g_build_filename(bench->directory, "floor.db", NULL);
    sqlite3 *plain;
    sqlite3_stmt *insert;
    g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(int64_t));
    Spent spent = {.groups = groups};

    g_unlink(path);
    sqlite3_open(path, &plain);
    run_sql(plain, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                   "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000;"
                   "CREATE TABLE t (i INTEGER PRIMARY KEY, b BLOB)");
    sqlite3_prepare_v2(plain, "INSERT INTO t (b) VALUES (zeroblob(280))", -1, &insert, NULL);
    for (unsigned done = 0; done < count; done += group) {
        Spent start = clock_start();

        run_sql(plain, "BEGIN");
        for (unsigned i = 0; i < group; i++) {
            sqlite3_step(insert);
            sqlite3_reset(insert);
        }
        run_sql(plain, "COMMIT");
        clock_stop(&spent, start);
    }
    sqlite3_finalize(insert);
    sqlite3_close(plain);
    g_unlink(path);
    print_appends("plain table", group, count, 0, &spent);
}

typedef unsigned (*Reader)(Bench *bench, unsigned round);

static void measure_reads(Bench *bench, const char *name, Reader read, unsigned rounds)
{
    g_autofree int64_t *times = g_new(int64_t, rounds);
    unsigned found = 0;

    for (unsigned i = 0; i < rounds; i++) {
        int64_t start = g_get_monotonic_time();

        found = read(bench, i);
        times[i] = g_get_monotonic_time() - start;
    }
    qsort(times, rounds, sizeof times[0], compare_times);
    printf("{\"bench\":\"log\",\"measure\":\"%s\",\"held\":%" PRIu64
           ",\"found\":%u,\"p50_us\":%" PRId64 ",\"p99_us\":%" PRId64 "}\n",
           name, log_head(bench->log), found, times[rounds / 2], times[rounds * 99 / 100]);
    fflush(stdout);
}

static unsigned read_page(Bench *bench, uint64_t before, const uint8_t *viewer)
{
    GError *error = NULL;
    uint64_t covered;
    g_autoptr(GArray) page =
        log_page(bench->log, viewer, 0, before, PAGE_MAX, FRAME_MAX, &covered, &error);

    must(error);
    return page->len;
}

static unsigned newest_page(Bench *bench, unsigned round)
{
    return read_page(bench, 0, identity_key(bench->writers[round % WRITERS].identity));
}

static unsigned any_page(Bench *bench, unsigned round)
{
    uint64_t before = (uint64_t)round * 7919 * 104729 % log_head(bench->log) + 1;

    return read_page(bench, before, NULL);
}

static unsigned any_history(Bench *bench, unsigned round)
{
    GError *error = NULL;
    LogPoint point = {.time_ms = (int64_t)((uint64_t)round * 7919 * 104729 % bench->made)};
    g_autoptr(GArray) page = log_history(bench->log, bench->room, &point, PAGE_MAX, &error);

    must(error);
    return page->len;
}

static unsigned search_with(Bench *bench, const char *query)
{
    GError *error = NULL;
    g_autoptr(GArray) found = log_search(bench->log, query, 50, &error);

    must(error);
    return found->len;
}

static unsigned search_rare(Bench *bench, unsigned round)
{
    g_autofree char *query =
        g_strdup_printf("number%u", (unsigned)((uint64_t)round * 7919 % bench->made));

    return search_with(bench, query);
}

static unsigned search_common(Bench *bench, unsigned round)
{
    return search_with(bench, round % 2 ? "coffee bridge" : "relay tomor");
}

static void put_strangers(Bench *bench)
{
    g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func((GDestroyNotify)event_unref);

    for (unsigned i = 0; i < STRANGERS; i++) {
        uint8_t seed[32] = {(uint8_t)i, (uint8_t)(i >> 8), 1};
        g_autoptr(GBytes) content = content_message("text", false, NULL);
        Identity *stranger = identity_from_seed(seed);
        EventDraft draft = {.incarnation = 1,
                            .seq = 1,
                            .place = place,
                            .token = seed,
                            .kind = EVENT_MESSAGE,
                            .room = room,
                            .content = content};

        g_ptr_array_add(events, event_sign(stranger, &draft));
        identity_free(stranger);
    }
    append_group(bench, events);
}

static unsigned heads_since_start(Bench *bench, unsigned round)
{
    g_autoptr(GArray) heads = log_heads_since(bench->log, 0, NULL);

    return heads->len;
}

static unsigned heads_since_lately(Bench *bench, unsigned round)
{
    g_autoptr(GArray) heads = log_heads_since(bench->log, log_head(bench->log) - 10, NULL);

    return heads->len;
}

static const uint8_t *writer_key(const Bench *bench, unsigned number)
{
    return identity_key(bench->writers[number % WRITERS].identity);
}

static unsigned missing_parts(Bench *bench, unsigned round)
{
    const uint8_t *key = writer_key(bench, round);
    uint64_t last = log_feed_head(bench->log, key, 1, LANE_PUBLIC).seq;
    g_autoptr(GArray) missing = log_missing(bench->log, key, 1, LANE_PUBLIC, 1, last, SPAN);

    return missing->len;
}

/* One span of a feed from one log to another; `last` falls. */
static unsigned copy_span(Bench *bench, Log *to, unsigned writer, uint64_t *last)
{
    GError *error = NULL;
    uint64_t covered = 0, position;
    g_autoptr(GArray) span = log_span(bench->log, writer_key(bench, writer), 1, LANE_PUBLIC, 1,
                                      *last, SPAN, FRAME_MAX, &covered, NULL, &error);

    must(error);
    for (guint i = 0; i < span->len; i++) {
        if (log_append(to, g_array_index(span, LogEntry, i).event, LOG_RULE_SET, 0, bench->room, 0,
                       NULL, &position, &error) != LOG_APPENDED)
            g_error("not gathered: %s", error ? error->message : "");
    }
    log_commit(to, &error);
    must(error);
    *last = covered - 1;
    return span->len;
}

/* An empty log takes what this one holds, newest first, feed after feed, in turns. */
static void measure_gathering(Bench *bench)
{
    GError *error = NULL;
    g_autofree char *directory = g_strconcat(bench->directory, "-gathered", NULL);
    g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(int64_t));
    Bench gathered = *bench;
    uint64_t last[WRITERS];
    unsigned count = 0;
    Spent spent = {.groups = groups};

    gathered.log = log_open(directory, place, &error);
    must(error);
    for (unsigned i = 0; i < WRITERS; i++)
        last[i] = bench->writers[i].seq;
    for (unsigned turn = 0; count < GATHERED && last[turn % WRITERS] > 0; turn++) {
        Spent start = clock_start();

        count += copy_span(bench, gathered.log, turn % WRITERS, &last[turn % WRITERS]);
        clock_stop(&spent, start);
    }
    print_appends("gather, newest first", SPAN, count, 0, &spent);
    measure_reads(&gathered, "missing parts of a feed with a gap", missing_parts, 500);
    log_close(gathered.log);
}

static void open_again(Bench *bench)
{
    GError *error = NULL;
    int64_t start = g_get_monotonic_time();

    log_close(bench->log);
    int64_t closed = g_get_monotonic_time();

    bench->log = log_open(bench->directory, place, &error);
    must(error);
    printf("{\"bench\":\"log\",\"measure\":\"reopen\",\"held\":%" PRIu64 ",\"close_us\":%" PRId64
           ",\"open_us\":%" PRId64 "}\n",
           log_head(bench->log), closed - start, g_get_monotonic_time() - closed);
    fflush(stdout);
}

static void scrub_all(Bench *bench)
{
    GError *error = NULL;
    g_autoptr(GArray) damaged = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    uint64_t after = 0;
    unsigned count = (unsigned)MIN(log_head(bench->log), 20000);
    int64_t start = g_get_monotonic_time();

    log_scrub(bench->log, &after, count, damaged, &error);
    must(error);
    printf("{\"bench\":\"log\",\"measure\":\"scrub\",\"per_second\":%.0f,\"damaged\":%u}\n",
           count / ((double)(g_get_monotonic_time() - start) / 1e6), damaged->len);
}

int main(int argc, char **argv)
{
    GError *error = NULL;
    Bench bench = {.room = g_bytes_new_static(room, PLACE_SIZE)};
    unsigned events = argc > 2 ? (unsigned)g_ascii_strtoull(argv[2], NULL, 10) : 1000000;

    bench.directory = g_build_filename(argc > 1 ? argv[1] : ".", "log-bench", NULL);
    if (sodium_init() < 0)
        g_error("libsodium cannot start");
    for (unsigned i = 0; i < WRITERS; i++) {
        uint8_t seed[32] = {(uint8_t)i};

        bench.writers[i].identity = identity_from_seed(seed);
    }
    bench.log = log_open(bench.directory, place, &error);
    must(error);
    if (log_head(bench.log) > 0)
        g_error("%s is not empty", bench.directory);
    measure_floor(&bench, 2000, 1);
    measure_appends(&bench, 2000, 1);
    measure_floor(&bench, 50000, 100);
    measure_appends(&bench, 50000, 100);
    measure_appends(&bench, MAX(events, 60000) / 100 * 100 - 52000, 100);
    measure_appends(&bench, 2000, 1);
    open_again(&bench);
    measure_reads(&bench, "newest page of 200", newest_page, 500);
    measure_reads(&bench, "any page of 200", any_page, 500);
    measure_reads(&bench, "history page of 200", any_history, 500);
    measure_reads(&bench, "search of a rare word", search_rare, 100);
    measure_reads(&bench, "search of common words", search_common, 20);
    scrub_all(&bench);
    measure_gathering(&bench);
    put_strangers(&bench);
    measure_reads(&bench, "heads since the start", heads_since_start, 100);
    measure_reads(&bench, "heads since lately", heads_since_lately, 100);
    log_close(bench.log);
    for (unsigned i = 0; i < WRITERS; i++)
        identity_free(bench.writers[i].identity);
    g_bytes_unref(bench.room);
    g_free(bench.directory);
    return 0;
}
