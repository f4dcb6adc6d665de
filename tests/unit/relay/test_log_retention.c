/* What is too old, or too much, loses its body and nothing else. */
#include "relay/log_internal.h"
#include "tests/unit/relay/exchange_stage.h"

#include <string.h>

#define ALL 10000

static Author *ann, *ben;

static void setup(void)
{
    ann = author_new(1);
    ben = author_new(2);
}

static void teardown(void)
{
    author_free(ann);
    author_free(ben);
}

static Log *log_new(void)
{
    g_autoptr(GError) error = NULL;
    Log *log = log_open(NULL, scratch_place, &error);

    expect_ok(error);
    return log;
}

static void say(Log *log, Author *author, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *text = g_strdup_printf("word%u said", (unsigned)author->seq[0] + 1);
        g_autoptr(Event) event = author_says(author, text);

        put(log, event);
    }
    commit(log);
}

static unsigned retain(Log *log, int64_t before_ms, uint64_t max_bytes)
{
    g_autoptr(GError) error = NULL;
    unsigned sum = 0, taken = 1;

    for (unsigned rounds = 0; taken > 0; rounds++) {
        ck_assert_uint_lt(rounds, 10000);
        ck_assert(log_retain(log, before_ms, max_bytes, 16, &taken, &error));
        sum += taken;
    }
    return sum;
}

/* Positions whose bodies are here, as "1 4 5". */
static char *bodies(Log *log)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) told = g_string_new(NULL);
    uint64_t covered;
    g_autoptr(GArray) all = log_page(log, NULL, 0, 0, ALL, SIZE_MAX, &covered, &error);

    expect_ok(error);
    for (guint i = 0; i < all->len; i++)
        g_string_append_printf(told, "%s%d", i ? " " : "", (int)entry_at(all, i)->position);
    return g_string_free(g_steal_pointer(&told), FALSE);
}

static guint found(Log *log, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) entries = log_search(log, words, 100, &error);

    expect_ok(error);
    return entries->len;
}

START_TEST(old_bodies_go_and_feeds_stay)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) damaged = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_autoptr(Log) log = log_new();
    uint64_t after = 0, position = 0;
    g_autoptr(Event) first = author_says(ann, "word1 said");

    put(log, first);
    say(log, ann, 9);
    ck_assert_uint_eq(found(log, "said"), 10); /* indexed */
    say(log, ben, 3);
    LogHead before = log_feed_head(log, author_key(ann), ann->incarnation, LANE_PUBLIC);

    ck_assert_uint_eq(retain(log, 0, 0), 0);
    ck_assert_uint_eq(retain(log, 6500, 0), 9); /* 1 to 6 of Ann's, all of Ben's */
    g_autofree char *left = bodies(log);

    ck_assert_str_eq(left, "7 8 9 10");
    LogHead now = log_feed_head(log, author_key(ann), ann->incarnation, LANE_PUBLIC);

    ck_assert_mem_eq(&before, &now, sizeof now);
    ck_assert_uint_eq(log_head(log), 13);
    ck_assert_uint_eq(found(log, "said"), 4);
    ck_assert_uint_eq(found(log, "word3"), 0);
    ck_assert_uint_eq(found(log, "word8"), 1);
    ck_assert_int_eq(try_put(log, first, LOG_RULE_SET, &position), LOG_KNOWN);
    commit(log);
    g_autofree char *still = bodies(log);

    ck_assert_str_eq(still, left);
    ck_assert(log_scrub(log, &after, ALL, damaged, &error));
    ck_assert_uint_eq(damaged->len, 0);
    ck_assert_uint_eq(retain(log, 6500, 0), 0);
    say(log, ann, 2); /* the feed goes on */
    ck_assert_uint_eq(log_head(log), 15);
    ck_assert(
        database_run(log->database, "INSERT INTO search(search) VALUES ('integrity-check')", NULL));
}
END_TEST

START_TEST(nothing_while_a_group_is_open)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Log) log = log_new();
    g_autoptr(Event) open = author_says(ben, "later");
    unsigned taken = 9;

    say(log, ann, 5);
    put(log, open);
    ck_assert(log_retain(log, INT64_MAX, 0, 100, &taken, &error));
    ck_assert_uint_eq(taken, 0);
    commit(log);
    ck_assert_uint_eq(log_head(log), 6);
}
END_TEST

START_TEST(names_acts_and_forks_stay)
{
    g_autoptr(Log) log = log_new();
    g_autoptr(Event) one = author_says(ben, "one");
    g_autoptr(Event) twin = author_forks(ben, "twin");
    g_autoptr(Event) older = author_profile(ann, "Anne");
    g_autoptr(Event) newer = author_profile(ann, "Ann");

    put(log, one);                                                        /* 1 */
    ck_assert_int_eq(try_put(log, twin, LOG_RULE_SET, NULL), LOG_FORKED); /* 2 */
    put(log, older);                                                      /* 3 */
    put(log, newer);                                                      /* 4 */
    say(log, ann, 2);                                                     /* 5, 6 */
    retain(log, 1000000, 0);
    g_autofree char *left = bodies(log);

    ck_assert_str_eq(left, "1 2 4");
    g_autoptr(Event) newest = author_profile(ann, "Anna");

    put(log, newest); /* 7 */
    say(log, ann, 1);
    retain(log, 1000000, 0);
    g_autofree char *then = bodies(log);

    ck_assert_str_eq(then, "1 2 7");
    g_autoptr(Event) profile = log_profile(log, author_key(ann));

    ck_assert_mem_eq(event_hash(profile), event_hash(newest), HASH_SIZE);
    g_autoptr(GArray) forks = log_forks(log, NULL);

    ck_assert_uint_eq(forks->len, 2);
}
END_TEST

START_TEST(size_is_kept)
{
    g_autoptr(Log) log = log_new();

    say(log, ann, 3000);
    say(log, ben, 3000);
    found(log, "said");
    uint64_t whole = log_bytes(log), wanted = whole * 2 / 3;

    ck_assert_uint_gt(retain(log, 0, wanted), 500);
    ck_assert_uint_le(log_bytes(log), wanted);
    uint64_t left = found(log, "word2999");

    ck_assert_uint_eq(left, 2); /* the newest of both */
    for (unsigned i = 0; i < 5; i++) {
        say(log, ann, 500);
        retain(log, 0, wanted);
        ck_assert_uint_le(log_bytes(log), wanted + 64 * 1024);
    }
    retain(log, 0, 1);
    g_autoptr(GError) error = NULL;
    uint64_t covered;
    g_autoptr(GArray) rest = log_page(log, NULL, 0, 0, ALL, SIZE_MAX, &covered, &error);

    ck_assert_uint_eq(rest->len, 200);
}
END_TEST

/* --- logs that meet --- */

static void retain_right(Pair *pair, int64_t before_ms)
{
    retain(pair->sides[1].log, before_ms, 0);
}

static void put_many(Pair *pair, Author *author, unsigned count, bool left)
{
    for (unsigned i = 0; i < count; i++) {
        g_autoptr(Event) event = author_says(author, "hello");

        put(pair->sides[1].log, event);
        if (left)
            put(pair->sides[0].log, event);
    }
    pair_commit(pair);
}

START_TEST(newcomer_gets_what_is_left_and_settles)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    put_many(pair, ann, 6000, false);
    put_many(pair, ben, 100, false);
    retain_right(pair, 5900 * 1000 + 500);
    exchange_ask(pair->sides[0].exchange, pair->now_us);
    ck_assert(pair_run(pair));
    ck_assert_uint_eq(pair->sides[0].given, 100); /* of Ann's; Ben's are all old */
    ck_assert_uint_eq(pair->sides[0].completed, 6100);
    ck_assert(!exchange_busy(pair->sides[0].exchange));
    unsigned wanted = pair->sides[0].wanted;

    ck_assert_uint_lt(wanted, 12);
    /* Again: no event is given twice. */
    exchange_ask(pair->sides[0].exchange, pair->now_us);
    ck_assert(pair_run(pair));
    ck_assert_uint_eq(pair->sides[0].given, 100);
    ck_assert_uint_lt(pair->sides[0].wanted, 2 * wanted + 4);
    ck_assert(!exchange_busy(pair->sides[0].exchange));
}
END_TEST

/* Something kept stands below thousands that are gone. */
START_TEST(what_stays_below_is_found)
{
    g_autoptr(Pair) pair = pair_new(NULL);
    g_autoptr(Event) profile = author_profile(ann, "Ann");

    put(pair->sides[1].log, profile);
    put_many(pair, ann, 9000, false);
    retain_right(pair, INT64_MAX - 1);
    exchange_ask(pair->sides[0].exchange, pair->now_us);
    ck_assert(pair_run(pair));
    ck_assert_uint_eq(pair->sides[0].given, 1);
    ck_assert_uint_eq(pair->sides[0].completed, 9001);
    ck_assert(log_find(pair->sides[0].log, profile) != 0);
}
END_TEST

START_TEST(who_has_it_all_is_asked_for_nothing)
{
    g_autoptr(Pair) pair = pair_new(NULL);

    put_many(pair, ann, 300, true);
    retain_right(pair, 250 * 1000);
    pair_offer(pair, 0, 0);
    exchange_ask(pair->sides[0].exchange, pair->now_us);
    ck_assert(pair_run(pair));
    ck_assert_uint_eq(pair->sides[0].wanted + pair->sides[1].wanted, 0);
    ck_assert_uint_eq(pair->sides[0].settled, 300);
    ck_assert_uint_eq(pair->sides[0].completed, 300);
    ck_assert(pair_agrees(pair));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log retention");
    TCase *tests = tcase_create("log retention");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, old_bodies_go_and_feeds_stay);
    tcase_add_test(tests, nothing_while_a_group_is_open);
    tcase_add_test(tests, names_acts_and_forks_stay);
    tcase_add_test(tests, size_is_kept);
    tcase_add_test(tests, newcomer_gets_what_is_left_and_settles);
    tcase_add_test(tests, what_stays_below_is_found);
    tcase_add_test(tests, who_has_it_all_is_asked_for_nothing);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
