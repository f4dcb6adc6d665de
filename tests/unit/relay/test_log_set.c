/* Logs are sets that grow: whatever the order in which events come, forks included, two logs that
 * hold the same events tell the same of them. Prints the seed that failed. */
#include "tests/unit/relay/log_stage.h"

#include <string.h>

#define AUTHORS 3
#define BRANCHES 5 /* of one author, at most */
#define EVENTS 80

typedef struct {
    GRand *random;
    Author *authors[AUTHORS];
    Author branches[AUTHORS][BRANCHES]; /* share the identity */
    unsigned branch_count[AUTHORS];
    GPtrArray *events; /* owned: Event* */
} World;

/* One more event of some branch of some author; now and then a branch parts in two. */
static Event *write_event(World *world)
{
    unsigned who = (unsigned)g_rand_int_range(world->random, 0, AUTHORS);
    unsigned *count = &world->branch_count[who];
    Author *branch = &world->branches[who][g_rand_int_range(world->random, 0, (gint32)*count)];
    const Author *to[] = {world->authors[(who + 1) % AUTHORS]};

    if (*count < BRANCHES && who > 0 && g_rand_int_range(world->random, 0, 8) == 0) {
        world->branches[who][*count] = *branch;
        branch = &world->branches[who][*count];
        branch->tokens += 1000000 * (*count + 1);
        (*count)++;
    }
    return g_rand_int_range(world->random, 0, 3) == 0 ? author_seals(branch, to, 1)
                                                      : author_says(branch, "text");
}

static void world_start(World *world, uint32_t seed)
{
    world->random = g_rand_new_with_seed(seed);
    world->events = g_ptr_array_new_with_free_func((GDestroyNotify)event_unref);
    for (uint8_t i = 0; i < AUTHORS; i++) {
        world->authors[i] = author_new(i);
        world->branches[i][0] = *world->authors[i];
        world->branch_count[i] = 1;
    }
    for (unsigned i = 0; i < EVENTS; i++)
        g_ptr_array_add(world->events, write_event(world));
}

static void world_stop(World *world)
{
    for (unsigned i = 0; i < AUTHORS; i++)
        author_free(world->authors[i]);
    g_ptr_array_unref(world->events);
    g_rand_free(world->random);
}

static void shuffle(World *world)
{
    for (guint i = world->events->len; i > 1; i--) {
        guint j = (guint)g_rand_int_range(world->random, 0, (gint32)i);
        gpointer kept = world->events->pdata[i - 1];

        world->events->pdata[i - 1] = world->events->pdata[j];
        world->events->pdata[j] = kept;
    }
}

/* Appends every event in some order, many of them again and again; groups get lost on the way. */
static Log *fill_log(World *world)
{
    g_autoptr(GError) error = NULL;
    Log *log = log_open(NULL, scratch_place, &error);
    unsigned losses = 0;

    expect_ok(error);
    shuffle(world);
    for (guint i = 0; i < world->events->len; i++) {
        Event *event = world->events->pdata[i];
        uint64_t position = 0, known = log_find(log, event);
        LogAppend result = try_put(log, event, LOG_RULE_SET, &position);

        if (known > 0)
            ck_assert(result == LOG_KNOWN && position == known);
        else
            ck_assert(result == LOG_APPENDED || result == LOG_FORKED);
        ck_assert_uint_eq(log_find(log, event), position);
        if (g_rand_int_range(world->random, 0, 5) == 0)
            commit(log);
        if (g_rand_int_range(world->random, 0, 20) > 0)
            continue;
        log_set_size_limit(log, 4096);
        g_autofree char *text = g_strnfill(TEXT_MAX, 'x');
        g_autoptr(Author) stranger = author_new(200);

        do {
            g_autoptr(Event) large = author_says(stranger, text);

            result = try_put(log, large, LOG_RULE_SET, NULL);
        } while (result != LOG_FAILED);
        log_set_size_limit(log, 0);
        ck_assert_uint_eq(log_losses(log), ++losses);
        i = (guint)-1; /* from the start */
    }
    commit(log);
    ck_assert_uint_eq(log_head(log), world->events->len);
    return log;
}

static void add_to_sum(LogHead *head, const Event *event)
{
    unsigned carry = 0;

    for (int i = SUM_SIZE - 1; i >= 0; i--) {
        unsigned digit = (unsigned)head->sum[i] + event_hash(event)[i] + carry;

        head->sum[i] = (uint8_t)(digit & 0xff);
        carry = digit > 0xff;
    }
}

/* What must be told of the feed of `event`. */
static LogHead head_of_all(const World *world, const Event *event)
{
    LogHead head = {.incarnation = event_incarnation(event), .lane = event_lane(event)};

    memcpy(head.author, event_author(event), KEY_SIZE);
    for (guint i = 0; i < world->events->len; i++) {
        const Event *one = world->events->pdata[i];

        if (memcmp(event_author(one), head.author, KEY_SIZE) != 0 || event_lane(one) != head.lane)
            continue;
        head.held++;
        add_to_sum(&head, one);
        if (event_seq(one) < head.seq ||
            (event_seq(one) == head.seq && memcmp(event_hash(one), head.hash, HASH_SIZE) > 0))
            continue;
        head.seq = event_seq(one);
        memcpy(head.hash, event_hash(one), HASH_SIZE);
    }
    return head;
}

static void expect_head(const LogHead *head, const LogHead *expected)
{
    ck_assert_mem_eq(head->author, expected->author, KEY_SIZE);
    ck_assert_uint_eq(head->incarnation, expected->incarnation);
    ck_assert_int_eq(head->lane, expected->lane);
    ck_assert_uint_eq(head->seq, expected->seq);
    ck_assert_uint_eq(head->held, expected->held);
    ck_assert_mem_eq(head->hash, expected->hash, HASH_SIZE);
    ck_assert_mem_eq(head->sum, expected->sum, SUM_SIZE);
}

/* Read in small answers, a feed gives each of its events once. */
static void expect_spans(Log *log, const LogHead *head)
{
    uint64_t last = head->seq, read = 0;

    while (last > 0) {
        g_autoptr(GError) error = NULL;
        uint64_t covered = 0;
        g_autoptr(GArray) span = log_span(log, head->author, head->incarnation, head->lane, 1, last,
                                          BRANCHES + 1, SIZE_MAX, &covered, NULL, &error);

        expect_ok(error);
        ck_assert_uint_ge(covered, 1);
        ck_assert_uint_le(covered, last);
        for (guint i = 0; i < span->len; i++) {
            ck_assert_uint_ge(event_seq(entry_at(span, i)->event), covered);
            ck_assert_uint_le(event_seq(entry_at(span, i)->event), last);
        }
        read += span->len;
        last = covered - 1;
    }
    ck_assert_uint_eq(read, head->held);
}

static void expect_all(World *world, Log *log)
{
    g_autoptr(GArray) heads = log_heads(log, NULL);
    g_autoptr(GArray) since = log_heads_since(log, 0, NULL);

    ck_assert_uint_eq(heads->len, since->len);
    for (guint i = 0; i < world->events->len; i++) {
        const Event *event = world->events->pdata[i];
        LogHead expected = head_of_all(world, event);
        LogHead head =
            log_feed_head(log, event_author(event), event_incarnation(event), event_lane(event));

        expect_head(&head, &expected);
        ck_assert(log_holds(log, head.author, head.incarnation, head.lane, event_seq(event),
                            event_hash(event)));
        ck_assert(!log_holds(log, head.author, head.incarnation, head.lane, event_seq(event) + 1,
                             event_hash(event)));
    }
    for (guint i = 0; i < heads->len; i++) {
        const LogHead *head = &g_array_index(heads, LogHead, i);
        g_autoptr(GArray) missing =
            log_missing(log, head->author, head->incarnation, head->lane, 1, head->seq, UINT_MAX);

        ck_assert_uint_eq(missing->len, 0);
        expect_spans(log, head);
    }
}

START_TEST(logs_of_the_same_events_are_equal)
{
    World world = {0};
    g_autoptr(GError) error = NULL;

    world_start(&world, (uint32_t)_i);
    g_autoptr(Log) one = fill_log(&world);
    g_autoptr(Log) other = fill_log(&world);

    expect_all(&world, one);
    expect_all(&world, other);
    g_autoptr(GArray) ones = log_heads(one, NULL);
    g_autoptr(GArray) others = log_heads(other, NULL);

    ck_assert_uint_eq(ones->len, others->len);
    for (guint i = 0; i < ones->len; i++)
        expect_head(&g_array_index(ones, LogHead, i), &g_array_index(others, LogHead, i));
    bool forked = world.branch_count[1] > 1 || world.branch_count[2] > 1;
    g_autoptr(GArray) forks = log_forks(one, &error);

    expect_ok(error);
    ck_assert(forks->len == 0 || forked);
    for (guint i = 0; i < forks->len; i++) {
        ck_assert_uint_gt(entry_at(forks, i)->position, 0);
        ck_assert_mem_ne(event_author(entry_at(forks, i)->event), author_key(world.authors[0]),
                         KEY_SIZE);
    }
    world_stop(&world);
}
END_TEST

/* Of an author who signs contradictions without end only so many are taken at one place. */
START_TEST(forked_events_are_bounded)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Log) log = log_open(NULL, scratch_place, &error);
    g_autoptr(Author) ann = author_new(1);
    g_autoptr(Author) ben = author_new(2);

    expect_ok(error);
    for (unsigned i = 0; i < FORKED_MAX + 2; i++) {
        Author twin = *ann;
        g_autofree char *text = g_strdup_printf("text %u", i);
        g_autoptr(Event) event = author_says(&twin, text);

        ck_assert_int_eq(try_put(log, event, LOG_RULE_SET, NULL), i == 0           ? LOG_APPENDED
                                                                  : i < FORKED_MAX ? LOG_FORKED
                                                                                   : LOG_FORK);
    }
    g_autoptr(Event) bens = author_says(ben, "undisturbed");

    put(log, bens);
    commit(log);
    g_autoptr(GArray) forks = log_forks(log, &error);
    LogHead head = log_feed_head(log, author_key(ann), ann->incarnation, LANE_PUBLIC);
    uint64_t covered = 0;
    /* More at one place than an answer holds does not stop who asks. */
    g_autoptr(GArray) span = log_span(log, author_key(ann), ann->incarnation, LANE_PUBLIC, 1, 1, 20,
                                      SIZE_MAX, &covered, NULL, &error);

    expect_ok(error);
    ck_assert_uint_eq(forks->len, 2 * 16);
    ck_assert_uint_eq(head.held, FORKED_MAX);
    ck_assert_uint_eq(head.seq, 1);
    ck_assert_uint_eq(span->len, 20);
    ck_assert_uint_eq(covered, 1);
}
END_TEST

/* A copied home directory: both branches are taken, however long they are. */
START_TEST(long_branches_are_taken_whole)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Log) log = log_open(NULL, scratch_place, &error);
    g_autoptr(Author) ann = author_new(1);
    Author twin = *ann;
    const unsigned length = 20 * FORKED_MAX;

    expect_ok(error);
    twin.tokens = 1000000;
    for (unsigned i = 0; i < 2 * length; i++) {
        g_autoptr(Event) event = author_says(i < length ? ann : &twin, "text");

        ck_assert_int_eq(try_put(log, event, LOG_RULE_SET, NULL),
                         i < length ? LOG_APPENDED : LOG_FORKED);
    }
    commit(log);
    g_autoptr(GArray) forks = log_forks(log, &error);

    expect_ok(error);
    ck_assert_uint_eq(log_head(log), 2 * length);
    ck_assert_uint_eq(forks->len, 2 * 16);
}
END_TEST

/* A feed goes on after any of the events that stand before. */
START_TEST(forked_feed_goes_on)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Log) log = log_open(NULL, scratch_place, &error);
    g_autoptr(Author) ann = author_new(1);
    Author twin = *ann;

    expect_ok(error);
    twin.tokens = 1000;
    g_autoptr(Event) one = author_says(ann, "one");
    g_autoptr(Event) other = author_says(&twin, "other");
    g_autoptr(Event) after_one = author_says(ann, "after one");
    g_autoptr(Event) after_other = author_says(&twin, "after other");

    put(log, one);
    ck_assert_int_eq(try_put(log, other, LOG_RULE_SET, NULL), LOG_FORKED);
    put(log, after_one);
    ck_assert_int_eq(try_put(log, after_other, LOG_RULE_STRICT, NULL), LOG_FORK);
    ck_assert_int_eq(try_put(log, after_other, LOG_RULE_SET, NULL), LOG_FORKED);
    g_autoptr(Event) third = author_says(&twin, "third");

    put(log, third);
    commit(log);
    ck_assert_uint_eq(log_head(log), 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log set");
    TCase *tests = tcase_create("log set");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, logs_of_the_same_events_are_equal, 0, 12);
    tcase_add_test(tests, forked_events_are_bounded);
    tcase_add_test(tests, long_branches_are_taken_whole);
    tcase_add_test(tests, forked_feed_goes_on);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
