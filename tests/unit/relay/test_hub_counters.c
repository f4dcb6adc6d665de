#include "relay/log.h"
#include "tests/unit/relay/hub_stage.h"

#include <check.h>
#include <stdlib.h>

START_TEST(everything_is_counted)
{
    g_autoptr(Stage) stage = stage_new();
    stage_hello(stage, 'a', 0);
    stage_hello(stage, 'b', 0);
    stage_hello(stage, 'c', 0);
    stage_flush(stage);
    HubCounters before = hub_counters(stage_hub(stage));
    ck_assert_uint_eq(before.linked, 3);

    stage_say(stage, 'a', '\0', "to all", 0);
    stage_flush(stage);
    HubCounters said = hub_counters(stage_hub(stage));
    ck_assert_uint_eq(said.stored - before.stored, 1);
    ck_assert_uint_eq(said.deliveries - before.deliveries, 3);
    ck_assert_uint_gt(said.bytes_in, before.bytes_in);
    ck_assert_uint_gt(said.bytes_out, before.bytes_out);

    stage_again(stage, 'a'); /* known: a receipt, and nothing else */
    stage_say(stage, 'a', 'b', "to one", 0);
    stage_flush(stage);
    HubCounters again = hub_counters(stage_hub(stage));
    ck_assert_uint_eq(again.stored - said.stored, 1);
    ck_assert_uint_eq(again.deliveries - said.deliveries, 2); /* the author and the reader */
}
END_TEST

START_TEST(refusals_are_counted_by_their_word)
{
    g_autoptr(Stage) stage = stage_new();
    stage_hello(stage, 'a', 0);
    stage_hello(stage, 'b', 0);
    stage_say(stage, 'a', '\0', "after a gap", 3);
    stage_say(stage, 'b', '\0', "of b", 0);
    stage_steal(stage, 'a', 'b');
    stage_flush(stage);
    HubCounters counters = hub_counters(stage_hub(stage));
    unsigned gaps = 0, stolen = 0, others = 0;
    for (unsigned i = 1; i < HUB_REFUSALS; i++) {
        unsigned count = (unsigned)counters.refused[i];
        const char *word = hub_refusal_word(i);
        ck_assert(count == 0 || word != NULL);
        if (g_strcmp0(word, "gap") == 0)
            gaps = count;
        else if (g_strcmp0(word, "not-allowed") == 0)
            stolen = count;
        else
            others += count;
    }
    ck_assert_uint_eq(gaps, 1);
    ck_assert_uint_eq(stolen, 1);
    ck_assert_uint_eq(others, 0);
    ck_assert_ptr_null(hub_refusal_word(0));
    ck_assert_ptr_null(hub_refusal_word(HUB_REFUSALS));
}
END_TEST

START_TEST(the_slowest_queue_and_a_full_disk_show)
{
    g_autoptr(Stage) stage = stage_new();
    stage_hello(stage, 'a', 0);
    stage_hello(stage, 'b', 0);
    stage_flush(stage);
    stage_set_queued(stage, 'b', 12345);
    ck_assert_uint_eq(hub_counters(stage_hub(stage)).slowest, 12345);
    stage_set_queued(stage, 'b', 0);

    ck_assert(!hub_counters(stage_hub(stage)).disk_failed);
    log_set_size_limit(stage_log(stage), 1);
    for (int i = 0; i < 200 && !hub_counters(stage_hub(stage)).disk_failed; i++) {
        stage_pass(stage, 1000);
        stage_say(stage, 'a', '\0', "fills the disk", 0);
        stage_flush(stage);
    }
    ck_assert(hub_counters(stage_hub(stage)).disk_failed);
    log_set_size_limit(stage_log(stage), UINT64_C(1) << 30);
    stage_pass(stage, 1000);
    stage_again(stage, 'a');
    stage_flush(stage);
    ck_assert(!hub_counters(stage_hub(stage)).disk_failed);
}
END_TEST

START_TEST(commits_are_timed)
{
    g_autoptr(Stage) stage = stage_new();
    uint64_t before = log_commits(stage_log(stage))->count;
    stage_hello(stage, 'a', 0);
    stage_say(stage, 'a', '\0', "committed", 0);
    stage_flush(stage);
    const LogCommits *commits = log_commits(stage_log(stage));
    ck_assert_uint_gt(commits->count, before);
    ck_assert_int_ge(commits->total_us, 0);
    for (unsigned i = 1; i < LOG_COMMIT_BOUNDS; i++) {
        ck_assert_int_gt(log_commit_bounds_us[i], log_commit_bounds_us[i - 1]);
        ck_assert_uint_ge(commits->within[i], commits->within[i - 1]);
    }
    ck_assert_uint_le(commits->within[LOG_COMMIT_BOUNDS - 1], commits->count);
    ck_assert_uint_eq(log_damaged_events(stage_log(stage)), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hub_counters");
    TCase *tests = tcase_create("hub_counters");
    tcase_add_test(tests, everything_is_counted);
    tcase_add_test(tests, refusals_are_counted_by_their_word);
    tcase_add_test(tests, the_slowest_queue_and_a_full_disk_show);
    tcase_add_test(tests, commits_are_timed);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
