/* What a log holds of roles and moderation, and of the keeper. */
#include "tests/unit/relay/log_stage.h"
#include "tests/unit/relay/moderation_stage.h"

#include <string.h>

static char *directory;
static Log *the_log;

static Log *open_log(void)
{
    g_autoptr(GError) error = NULL;
    Log *log = log_open(directory, acts_place(), &error);
    expect_ok(error);
    return log;
}

static void setup(void)
{
    acts_begin();
    directory = scratch_new();
    the_log = open_log();
}

static void teardown(void)
{
    g_clear_pointer(&the_log, log_close);
    scratch_free(directory);
    acts_end();
}

static void reopen(void)
{
    log_close(the_log);
    the_log = open_log();
}

static void hold(Event *event)
{
    ck_assert_int_eq(try_put(the_log, event, LOG_RULE_SET, NULL), LOG_APPENDED);
    event_unref(event);
}

static void expect_keeper(int who)
{
    const uint8_t *keeper = log_keeper(the_log);
    ck_assert_int_eq(keeper != NULL, who >= 0);
    if (keeper != NULL)
        ck_assert_mem_eq(keeper, acts_key((unsigned)who), KEY_SIZE);
}

START_TEST(the_keeper_is_kept)
{
    g_autoptr(GError) error = NULL;
    expect_keeper(-1);
    ck_assert(log_set_keeper(the_log, acts_key(1), &error));
    expect_keeper(1);
    reopen(); /* not committed */
    expect_keeper(-1);
    ck_assert(log_set_keeper(the_log, acts_key(1), &error));
    ck_assert(log_changed(the_log));
    commit(the_log);
    reopen();
    expect_keeper(1);
    ck_assert(log_set_keeper(the_log, acts_key(1), &error));
    ck_assert(!log_changed(the_log));
    ck_assert(log_set_keeper(the_log, acts_key(2), &error));
    commit(the_log);
    expect_keeper(2);
    expect_ok(error);
}
END_TEST

/* A lost transaction takes the keeper along. */
START_TEST(a_keeper_may_be_lost)
{
    g_autoptr(GError) error = NULL;
    ck_assert(log_set_keeper(the_log, acts_key(1), &error));
    commit(the_log);
    log_set_size_limit(the_log, 1);
    ck_assert(log_set_keeper(the_log, acts_key(2), &error));
    g_autofree char *long_text = g_strnfill(TEXT_MAX, 'x');
    LogAppend result = LOG_APPENDED;
    for (unsigned i = 0; i < 200 && result == LOG_APPENDED; i++) {
        g_autoptr(GBytes) text = content_message(long_text, false, NULL);
        gsize length = 0;
        const uint8_t *bytes = g_bytes_get_data(text, &length);
        g_autoptr(Event) event = acts_raw(1, 10, EVENT_MESSAGE, bytes, length);
        result = try_put(the_log, event, LOG_RULE_SET, NULL);
        if (result == LOG_APPENDED && !log_commit(the_log, NULL))
            result = LOG_FAILED;
    }
    ck_assert_int_eq(result, LOG_FAILED);
    expect_keeper(1);
}
END_TEST

START_TEST(acts_are_read_in_their_order)
{
    g_autoptr(GError) error = NULL;
    hold(acts_sign(0, 30, ACT_MOTD, 0, ROLE_MEMBER, 0, "Later"));
    hold(acts_speech(0, 15, EVENT_MESSAGE));
    hold(acts_sign(0, 10, ACT_GRANT, 1, ROLE_ADMIN, 0, NULL));
    hold(acts_topic(1, 20, 3, "Topic"));
    commit(the_log);
    hold(acts_sign(0, 40, ACT_MOTD, 0, ROLE_MEMBER, 0, "Not committed"));
    g_autoptr(GPtrArray) events = log_moderation(the_log, &error);
    expect_ok(error);
    ck_assert_uint_eq(events->len, 3);
    for (guint i = 0; i < events->len; i++)
        ck_assert_int_eq(event_time_ms(events->pdata[i]), 10 * (int64_t)(i + 1));
    g_autoptr(Moderation) moderation = moderation_new();
    ck_assert(log_set_keeper(the_log, acts_key(0), &error));
    ck_assert(log_fill_moderation(the_log, moderation));
    ck_assert_str_eq(moderation_motd(moderation), "Later");
    ck_assert_str_eq(moderation_topic(moderation, acts_room(3)), "Topic");
    ck_assert(log_fill_moderation(the_log, moderation)); /* once more is the same */
    ck_assert_str_eq(moderation_topic(moderation, acts_room(3)), "Topic");
}
END_TEST

START_TEST(who_made_somebody_something_stays)
{
    g_autoptr(GError) error = NULL;
    ck_assert(log_adopt_keeper(the_log, acts_key(1), &error));
    expect_keeper(1);
    hold(acts_sign(1, 10, ACT_MOTD, 0, ROLE_MEMBER, 0, "Mine"));
    hold(acts_sign(2, 10, ACT_GRANT, 3, ROLE_ADMIN, 0, NULL)); /* counts for nothing */
    commit(the_log);
    ck_assert(log_adopt_keeper(the_log, acts_key(0), &error));
    expect_keeper(0);
    hold(acts_sign(0, 20, ACT_GRANT, 3, ROLE_ADMIN, 0, NULL));
    commit(the_log);
    ck_assert(log_adopt_keeper(the_log, acts_key(1), &error));
    expect_keeper(0);
    expect_ok(error);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log moderation");
    TCase *tests = tcase_create("log moderation");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, the_keeper_is_kept);
    tcase_add_test(tests, a_keeper_may_be_lost);
    tcase_add_test(tests, acts_are_read_in_their_order);
    tcase_add_test(tests, who_made_somebody_something_stays);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
