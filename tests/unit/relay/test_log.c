#include "tests/unit/relay/log_stage.h"

#include <string.h>

static Log *the_log;
static Author *ann, *ben, *cid;

static void setup(void)
{
    g_autoptr(GError) error = NULL;

    the_log = log_open(NULL, scratch_place, &error);
    expect_ok(error);
    ann = author_new(1);
    ben = author_new(2);
    cid = author_new(3);
}

static void teardown(void)
{
    log_close(the_log);
    author_free(ann);
    author_free(ben);
    author_free(cid);
}

START_TEST(positions_rise_and_count_after_the_commit)
{
    g_autoptr(Event) one = author_says(ann, "one");
    g_autoptr(Event) two = author_says(ben, "two");

    ck_assert_uint_eq(put(the_log, one), 1);
    ck_assert_uint_eq(put(the_log, two), 2);
    ck_assert_uint_eq(log_pending(the_log), 2);
    ck_assert_uint_eq(log_head(the_log), 0);
    ck_assert_int_eq(log_newest_time_ms(the_log), 0);
    commit(the_log);
    ck_assert_uint_eq(log_pending(the_log), 0);
    ck_assert_uint_eq(log_head(the_log), 2);
    ck_assert_int_eq(log_newest_time_ms(the_log), 1000);
    ck_assert(!log_changed(the_log));
}
END_TEST

START_TEST(known_event_answers_its_position)
{
    g_autoptr(Event) one = author_says(ann, "one");
    uint64_t position = 0;

    put(the_log, one);
    ck_assert_int_eq(try_put(the_log, one, LOG_RULE_STRICT, &position), LOG_KNOWN);
    ck_assert_uint_eq(position, 1);
    commit(the_log);
    ck_assert_int_eq(try_put(the_log, one, LOG_RULE_SET, &position), LOG_KNOWN);
    ck_assert_uint_eq(log_find(the_log, one), 1);
    ck_assert_uint_eq(log_pending(the_log), 0);
}
END_TEST

START_TEST(gap_is_refused_and_does_not_harm_the_group)
{
    g_autoptr(Event) one = author_says(ann, "one");
    g_autoptr(Event) two = author_says(ann, "two");
    g_autoptr(Event) three = author_says(ann, "three");

    put(the_log, one);
    ck_assert_int_eq(try_put(the_log, three, LOG_RULE_STRICT, NULL), LOG_GAP);
    put(the_log, two);
    put(the_log, three);
    commit(the_log);
    LogHead head = log_feed_head(the_log, author_key(ann), ann->incarnation, LANE_PUBLIC);

    ck_assert_uint_eq(head.seq, 3);
    ck_assert_uint_eq(head.held, 3);
    ck_assert_mem_eq(head.hash, event_hash(three), HASH_SIZE);
}
END_TEST

START_TEST(members_read_newest_first)
{
    g_autoptr(Event) one = author_says(ann, "one");
    g_autoptr(Event) two = author_says(ann, "two");
    g_autoptr(Event) three = author_says(ann, "three");

    ck_assert_int_eq(try_put(the_log, three, LOG_RULE_SET, NULL), LOG_APPENDED);
    LogHead head = log_feed_head(the_log, author_key(ann), ann->incarnation, LANE_PUBLIC);

    ck_assert_uint_eq(head.seq, 3);
    ck_assert_uint_eq(head.held, 1);
    ck_assert_int_eq(try_put(the_log, one, LOG_RULE_SET, NULL), LOG_APPENDED);
    ck_assert_int_eq(try_put(the_log, two, LOG_RULE_SET, NULL), LOG_APPENDED);
    commit(the_log);
    head = log_feed_head(the_log, author_key(ann), ann->incarnation, LANE_PUBLIC);
    ck_assert_uint_eq(head.held, 3);
    ck_assert_mem_eq(head.hash, event_hash(three), HASH_SIZE);
}
END_TEST

static void expect_one_fork(const Event *kept, const Event *proof, uint64_t position)
{
    g_autoptr(GError) error = NULL;

    commit(the_log);
    g_autoptr(GArray) forks = log_forks(the_log, &error);

    expect_ok(error);
    ck_assert_uint_eq(forks->len, 2);
    ck_assert_mem_eq(event_hash(entry_at(forks, 0)->event), event_hash(kept), HASH_SIZE);
    ck_assert_uint_gt(entry_at(forks, 0)->position, 0);
    ck_assert_mem_eq(event_hash(entry_at(forks, 1)->event), event_hash(proof), HASH_SIZE);
    ck_assert_uint_eq(entry_at(forks, 1)->position, position);
}

START_TEST(fork_at_the_same_place_is_kept_as_proof)
{
    g_autoptr(Event) one = author_says(ann, "one");
    g_autoptr(Event) other = author_forks(ann, "other");

    put(the_log, one);
    ck_assert_int_eq(try_put(the_log, other, LOG_RULE_STRICT, NULL), LOG_FORK);
    expect_one_fork(one, other, 0);
    ck_assert_uint_eq(log_head(the_log), 1);

    /* Held by another log it is an event like others, and the proof is in the log. */
    uint64_t position = 0;

    ck_assert_int_eq(try_put(the_log, other, LOG_RULE_SET, &position), LOG_FORKED);
    ck_assert_uint_eq(position, 2);
    expect_one_fork(one, other, 2);
    ck_assert_int_eq(try_put(the_log, other, LOG_RULE_SET, &position), LOG_KNOWN);
    ck_assert_uint_eq(position, 2);
}
END_TEST

START_TEST(fork_by_another_predecessor_is_kept_as_proof)
{
    g_autoptr(Event) one = author_says(ann, "one");
    g_autoptr(Author) twin = author_new(1);
    g_autoptr(Event) other = author_says(twin, "other");
    g_autoptr(Event) next = author_says(twin, "next");

    ck_assert_uint_eq(event_seq(other), 1);
    put(the_log, one);
    ck_assert_int_eq(try_put(the_log, next, LOG_RULE_STRICT, NULL), LOG_FORK);
    expect_one_fork(one, next, 0);
}
END_TEST

START_TEST(fork_is_seen_when_a_gap_is_filled)
{
    g_autoptr(Event) one = author_says(ann, "one");
    g_autoptr(Event) two = author_says(ann, "two");
    g_autoptr(Author) twin = author_new(1);
    g_autoptr(Event) other = author_says(twin, "other");

    ck_assert_int_eq(try_put(the_log, two, LOG_RULE_SET, NULL), LOG_APPENDED);
    ck_assert_int_eq(try_put(the_log, other, LOG_RULE_SET, NULL), LOG_FORKED);
    expect_one_fork(two, other, 2);
    ck_assert_int_eq(try_put(the_log, one, LOG_RULE_SET, NULL), LOG_FORKED);
}
END_TEST

START_TEST(proofs_of_one_author_are_bounded)
{
    g_autoptr(Event) one = author_says(ann, "one");
    g_autoptr(GError) error = NULL;

    put(the_log, one);
    for (unsigned i = 0; i < 40; i++) {
        g_autofree char *text = g_strdup_printf("other %u", i);
        g_autoptr(Event) other = author_forks(ann, text);

        ck_assert_int_eq(try_put(the_log, other, LOG_RULE_STRICT, NULL), LOG_FORK);
    }
    commit(the_log);
    g_autoptr(GArray) forks = log_forks(the_log, &error);

    ck_assert_uint_eq(forks->len, 2 * 16);
}
END_TEST

START_TEST(heads_count_what_is_not_committed)
{
    g_autoptr(Event) one = author_says(ann, "one");
    g_autoptr(Event) two = author_says(ben, "two");
    const Author *to[] = {ben};
    g_autoptr(Event) sealed = author_seals(ann, to, 1);

    put(the_log, one);
    put(the_log, two);
    put(the_log, sealed);
    g_autoptr(GArray) all = log_heads(the_log, NULL);
    g_autoptr(GArray) anns = log_heads(the_log, author_key(ann));

    ck_assert_uint_eq(all->len, 3);
    ck_assert_uint_eq(anns->len, 2);
    LogHead private = g_array_index(anns, LogHead, 1);

    ck_assert_int_eq(private.lane, LANE_PRIVATE);
    ck_assert_uint_eq(private.incarnation, ann->incarnation);
    ck_assert_mem_eq(private.hash, event_hash(sealed), HASH_SIZE);
    commit(the_log);
    ck_assert_uint_eq(log_head(the_log), 3);
}
END_TEST

START_TEST(feed_answers_a_gap)
{
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < 5; i++) {
        g_autoptr(Event) event = author_says(ann, "text");

        put(the_log, event);
    }
    commit(the_log);
    g_autoptr(GArray) feed =
        log_feed(the_log, author_key(ann), ann->incarnation, LANE_PUBLIC, 3, 2, &error);

    expect_ok(error);
    ck_assert_uint_eq(feed->len, 2);
    ck_assert_uint_eq(event_seq(entry_at(feed, 0)->event), 3);
    ck_assert_uint_eq(event_seq(entry_at(feed, 1)->event), 4);
}
END_TEST

START_TEST(newest_profile_counts)
{
    g_autoptr(Event) first = author_profile(ann, "Ann");
    g_autoptr(Event) text = author_says(ann, "now I am");
    g_autoptr(Event) second = author_profile(ann, "Anna");

    put(the_log, first);
    put(the_log, text);
    put(the_log, second);
    ck_assert_ptr_null(log_profile(the_log, author_key(ann)));
    commit(the_log);
    g_autoptr(Event) profile = log_profile(the_log, author_key(ann));

    ck_assert_mem_eq(event_hash(profile), event_hash(second), HASH_SIZE);
    ck_assert_ptr_null(log_profile(the_log, author_key(ben)));
}
END_TEST

START_TEST(history_is_in_the_order_shown)
{
    g_autoptr(GBytes) room = g_bytes_new_static(scratch_room, PLACE_SIZE);
    g_autoptr(GError) error = NULL;

    /* Ann's events arrive first, but Ben's are older. */
    ann->time_ms = 5000;
    for (unsigned i = 0; i < 6; i++) {
        g_autoptr(Event) event = author_says(i < 3 ? ann : ben, i < 3 ? "late" : "early");

        put(the_log, event);
    }
    g_autoptr(GArray) none = log_history(the_log, room, NULL, 10, &error);

    ck_assert_uint_eq(none->len, 0);
    commit(the_log);
    g_autoptr(GArray) newest = log_history(the_log, room, NULL, 4, &error);
    g_autofree char *oldest_text = entry_text(newest, 0);
    g_autofree char *newest_text = entry_text(newest, 3);

    expect_ok(error);
    ck_assert_uint_eq(newest->len, 4);
    ck_assert_str_eq(oldest_text, "early");
    ck_assert_str_eq(newest_text, "late");
    LogPoint point = {.time_ms = event_time_ms(entry_at(newest, 0)->event)};

    memcpy(point.hash, event_hash(entry_at(newest, 0)->event), HASH_SIZE);
    g_autoptr(GArray) older = log_history(the_log, room, &point, 10, &error);

    ck_assert_uint_eq(older->len, 2);
    ck_assert_int_lt(event_time_ms(entry_at(older, 1)->event), point.time_ms);
}
END_TEST

START_TEST(conversations_come_newest_first)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) direct = g_bytes_new(author_key(ben), KEY_SIZE);
    g_autoptr(GBytes) opened = content_message("hello Ben", false, NULL);
    const Author *to[] = {ben};
    g_autoptr(Event) text = author_says(ann, "all");
    g_autoptr(Event) sealed = author_seals(ann, to, 1);
    uint64_t position;

    put(the_log, text);
    ck_assert_int_eq(log_append(the_log, sealed, LOG_RULE_SET, 17, direct, EVENT_MESSAGE, opened,
                                &position, &error),
                     LOG_APPENDED);
    commit(the_log);
    g_autoptr(GPtrArray) names = log_conversations(the_log, &error);

    ck_assert_uint_eq(names->len, 2);
    ck_assert(g_bytes_equal(g_ptr_array_index(names, 0), direct));
    g_autoptr(GArray) history = log_history(the_log, direct, NULL, 10, &error);
    g_autofree char *shown = entry_text(history, 0);

    ck_assert_str_eq(shown, "hello Ben");
    ck_assert_uint_eq(entry_at(history, 0)->source_position, 17);
    ck_assert_uint_eq(entry_at(history, 0)->opened_kind, EVENT_MESSAGE);
    ck_assert(g_bytes_equal(entry_at(history, 0)->conversation, direct));
}
END_TEST

START_TEST(members_are_those_seen_or_heard)
{
    g_autoptr(GError) error = NULL;
    const Author *to[] = {cid};
    g_autoptr(Event) sealed = author_seals(ann, to, 1);

    put(the_log, sealed);
    ck_assert(log_member_seen(the_log, author_key(ben), 4242, &error));
    ck_assert(log_member_seen(the_log, author_key(ben), 4243, &error));
    commit(the_log);
    g_autoptr(GArray) members = log_members(the_log);

    ck_assert_uint_eq(members->len, 2);
    for (guint i = 0; i < members->len; i++) {
        const LogMember *member = &g_array_index(members, LogMember, i);
        bool is_ben = memcmp(member->key, author_key(ben), KEY_SIZE) == 0;

        ck_assert_int_eq(member->last_seen_ms, is_ben ? 4243 : 0);
    }
}
END_TEST

static guint bodies_held(void)
{
    uint64_t covered;
    g_autoptr(GArray) page = log_page(the_log, NULL, 0, 0, 100, SIZE_MAX, &covered, NULL);

    ck_assert_uint_eq(covered, 0);
    return page->len;
}

START_TEST(private_bodies_go_when_all_have_them)
{
    g_autoptr(GError) error = NULL;
    const Author *to_ben[] = {ben}, *to_both[] = {ben, cid};
    g_autoptr(Event) text = author_says(ann, "all");
    g_autoptr(Event) two = author_seals(ann, to_ben, 1);
    g_autoptr(Event) three = author_seals(ann, to_both, 2);
    uint64_t position = 0;

    put(the_log, text);
    put(the_log, two);
    put(the_log, three);
    commit(the_log);
    ck_assert(log_delivered(the_log, author_key(ann), 3, &error));
    ck_assert(log_delivered(the_log, author_key(ben), 2, &error));
    commit(the_log);
    ck_assert_uint_eq(bodies_held(), 2);
    ck_assert(log_delivered(the_log, author_key(ben), 99, &error));
    ck_assert(log_delivered(the_log, author_key(ben), 1, &error));
    commit(the_log);
    ck_assert_uint_eq(bodies_held(), 2);
    ck_assert(log_delivered(the_log, author_key(cid), 3, &error));
    commit(the_log);
    ck_assert_uint_eq(bodies_held(), 1);

    /* Hash and place in the feed stay. */
    ck_assert_int_eq(try_put(the_log, three, LOG_RULE_STRICT, &position), LOG_KNOWN);
    ck_assert_uint_eq(position, 3);
    g_autoptr(Event) four = author_seals(ann, to_ben, 1);

    ck_assert_uint_eq(put(the_log, four), 4);
}
END_TEST

typedef struct {
    uint64_t after, through;
    const char *then;
} CoverCase;

START_TEST(coverage_merges)
{
    static const CoverCase cases[] = {
        {10, 20, "10-20"},       {30, 40, "10-20 30-40"},
        {20, 25, "10-25 30-40"}, {5, 5, "10-25 30-40"},
        {12, 15, "10-25 30-40"}, {24, 31, "10-40"},
        {50, 60, "10-40 50-60"}, {70, 80, "10-40 50-60 70-80"},
        {45, 75, "10-40 45-80"}, {0, 10, "0-40 45-80"},
        {40, 45, "0-80"},
    };
    const uint8_t other[PLACE_SIZE] = {9}, another[PLACE_SIZE] = {8};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) told = g_string_new(NULL);

        ck_assert(log_cover(the_log, other, cases[i].after, cases[i].through, &error));
        commit(the_log);
        g_autoptr(GArray) ranges = log_covered(the_log, other);

        for (guint n = 0; n < ranges->len; n++) {
            LogRange range = g_array_index(ranges, LogRange, n);

            g_string_append_printf(told, "%s%d-%d", n ? " " : "", (int)range.after,
                                   (int)range.through);
        }
        ck_assert_str_eq(told->str, cases[i].then);
    }
    g_autoptr(GArray) none = log_covered(the_log, another);

    ck_assert_uint_eq(none->len, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tests = tcase_create("log");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, positions_rise_and_count_after_the_commit);
    tcase_add_test(tests, known_event_answers_its_position);
    tcase_add_test(tests, gap_is_refused_and_does_not_harm_the_group);
    tcase_add_test(tests, members_read_newest_first);
    tcase_add_test(tests, fork_at_the_same_place_is_kept_as_proof);
    tcase_add_test(tests, fork_by_another_predecessor_is_kept_as_proof);
    tcase_add_test(tests, fork_is_seen_when_a_gap_is_filled);
    tcase_add_test(tests, proofs_of_one_author_are_bounded);
    tcase_add_test(tests, heads_count_what_is_not_committed);
    tcase_add_test(tests, feed_answers_a_gap);
    tcase_add_test(tests, newest_profile_counts);
    tcase_add_test(tests, history_is_in_the_order_shown);
    tcase_add_test(tests, conversations_come_newest_first);
    tcase_add_test(tests, members_are_those_seen_or_heard);
    tcase_add_test(tests, private_bodies_go_when_all_have_them);
    tcase_add_test(tests, coverage_merges);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
