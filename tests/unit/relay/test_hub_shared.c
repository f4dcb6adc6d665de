/* The hub over a log to which others append too: what another log held is gathered into it, and an
 * app's session commits it. */
#include "tests/unit/relay/hub_stage.h"

#include <check.h>
#include <stdlib.h>

static Stage *stage;

static void expect(char who, const char *wanted)
{
    const char *line = stage_next(stage, who);
    ck_assert_msg(g_str_equal(line, wanted), "%c reads “%s”, not “%s”", who, line, wanted);
}

static void drain(char who)
{
    while (*stage_next(stage, who) != '\0') {
    }
}

static void setup(void)
{
    stage = stage_new();
    stage_hello(stage, 'a', 0);
    stage_hello(stage, 'b', 0);
    stage_flush(stage);
    drain('a');
    drain('b');
}

static void teardown(void)
{
    g_clear_pointer(&stage, stage_free);
}

static void commit(void)
{
    ck_assert(log_commit(stage_log(stage), NULL));
}

START_TEST(what_was_gathered_is_delivered)
{
    stage_gather(stage, 'c', '\0', "one");
    stage_flush(stage); /* not committed: nobody's business */
    expect('a', "");
    commit();
    stage_flush(stage);
    expect('a', "deliver (0,1] 1:c:one");
    stage_say(stage, 'a', '\0', "two", 0);
    stage_gather(stage, 'c', '\0', "three");
    stage_flush(stage);
    expect('a', "receipt 2");
    expect('a', "deliver (1,3] 2:a:two 3:c:three");
    expect('b', "deliver (0,1] 1:c:one");
    expect('b', "deliver (1,3] 2:a:two 3:c:three");
    expect('b', "");
}
END_TEST

/* Else what is said after two halves met would be shown before what the other half said. */
START_TEST(who_comes_back_from_ahead_brings_the_time_along)
{
    int64_t before_ms = hub_room_time_ms(stage_hub(stage));
    stage_set_ahead(stage, 5000);
    stage_say(stage, 'a', '\0', "fast", 0);
    stage_flush(stage);
    ck_assert_int_lt(hub_room_time_ms(stage_hub(stage)), before_ms + 5000);
    stage_set_ahead(stage, 3600000);
    stage_gather(stage, 'c', '\0', "from another half");
    commit();
    stage_flush(stage);
    ck_assert_int_ge(hub_room_time_ms(stage_hub(stage)), before_ms + 3600000);
}
END_TEST

START_TEST(the_sessions_commit_counts)
{
    stage_say(stage, 'a', '\0', "one", 0);
    commit();
    expect('a', "");
    stage_flush(stage);
    expect('a', "receipt 1");
    expect('a', "deliver (0,1] 1:a:one");
    expect('b', "deliver (0,1] 1:a:one");
    stage_flush(stage);
    expect('b', "");
}
END_TEST

START_TEST(what_was_gathered_and_is_private_reaches_its_reader_alone)
{
    stage_gather(stage, 'c', 'b', "psst");
    commit();
    stage_flush(stage);
    expect('a', "");
    expect('b', "deliver (0,1] 1:c:*");
    stage_say(stage, 'a', '\0', "two", 0);
    stage_flush(stage);
    expect('a', "receipt 2");
    expect('a', "deliver (0,2] 2:a:two");
}
END_TEST

/* Live messages between what is gathered are delivered, and leave it out. */
START_TEST(of_much_that_was_gathered_members_get_a_hint)
{
    for (int i = 0; i < 600; i++)
        stage_gather(stage, 'c', '\0', "old");
    stage_say(stage, 'a', '\0', "new", 0);
    for (int i = 0; i < 10; i++)
        stage_gather(stage, 'c', '\0', "old");
    stage_say(stage, 'a', '\0', "newer", 0);
    stage_flush(stage);
    expect('b', "deliver (600,601] 601:a:new");
    expect('b', "deliver (611,612] 612:a:newer");
    expect('b', "");
    for (int i = 0; i < 5; i++) {
        stage_gather(stage, 'c', '\0', "old");
        commit();
        stage_flush(stage);
    }
    stage_say(stage, 'a', '\0', "newest", 0);
    stage_flush(stage);
    expect('b', "deliver (617,618] 618:a:newest");
    stage_pass(stage, 250);
    expect('b', "deliver (618,618]");
    stage_pass(stage, 250);
    expect('b', "");
}
END_TEST

/* The session fails to append something, and with it goes what was submitted. */
START_TEST(what_another_lost_is_refused_and_can_come_again)
{
    g_autofree char *long_text = g_strnfill(8000, 'x');
    stage_say(stage, 'a', '\0', "one", 0);
    log_set_size_limit(stage_log(stage), 1);
    bool lost = false;
    for (int i = 0; i < 2000 && !lost; i++)
        lost = !stage_gather(stage, 'c', '\0', long_text);
    ck_assert(lost);
    uint64_t before = log_head(stage_log(stage));
    log_set_size_limit(stage_log(stage), UINT64_MAX);
    stage_flush(stage);
    expect('a', "receipt DISK later");
    expect('a', "");
    stage_again(stage, 'a');
    stage_flush(stage);
    g_autofree char *receipt = g_strdup_printf("receipt %d", (int)before + 1);
    expect('a', receipt);
    ck_assert(g_str_has_prefix(stage_next(stage, 'b'), "deliver"));
    expect('b', "");
}
END_TEST

START_TEST(small_gatherings_are_delivered_again_later)
{
    for (int i = 0; i < 600; i++)
        stage_gather(stage, 'c', '\0', "old");
    commit();
    stage_flush(stage);
    expect('b', "");
    stage_pass(stage, 5000);
    expect('b', "deliver (600,600]");
    stage_bytes(stage, 'b', (const uint8_t *)"\x62\x00", 2); /* a Ping: still here */
    stage_bytes(stage, 'a', (const uint8_t *)"\x62\x00", 2);
    expect('b', "pong 0");
    stage_pass(stage, 5100);
    stage_gather(stage, 'c', '\0', "late");
    commit();
    stage_flush(stage);
    expect('b', "deliver (600,601] 601:c:late");
}
END_TEST

START_TEST(gathered_names_are_in_the_roster)
{
    stage_gather_profile(stage, 'c', "Cy");
    stage_gather_profile(stage, 'c', "Cyd");
    for (int i = 0; i < 600; i++)
        stage_gather(stage, 'c', '\0', "old");
    commit();
    stage_flush(stage);
    expect('b', "roster c=offline+");
    stage_hello(stage, 'd', 0);
    expect('d', "welcome head=602 members=4 own=0");
    expect('d', "roster a=online b=online c=offline+ d=online");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hub on a shared log");
    TCase *test = tcase_create("shared");
    tcase_add_checked_fixture(test, setup, teardown);
    tcase_add_test(test, what_was_gathered_is_delivered);
    tcase_add_test(test, who_comes_back_from_ahead_brings_the_time_along);
    tcase_add_test(test, the_sessions_commit_counts);
    tcase_add_test(test, what_was_gathered_and_is_private_reaches_its_reader_alone);
    tcase_add_test(test, of_much_that_was_gathered_members_get_a_hint);
    tcase_add_test(test, what_another_lost_is_refused_and_can_come_again);
    tcase_add_test(test, small_gatherings_are_delivered_again_later);
    tcase_add_test(test, gathered_names_are_in_the_roster);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
