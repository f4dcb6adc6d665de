/* Durations as people type and read them. */
#include "relay/duration.h"

#include <check.h>
#include <glib.h>
#include <stdlib.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const struct {
    const char *text;
    DurationResult result;
    int64_t ms;
    const char *rest;
} taken[] = {
    {"30s", DURATION_TAKEN, 30000, ""},
    {"10m too loud", DURATION_TAKEN, 10 * MINUTE, "too loud"},
    {"2h  x", DURATION_TAKEN, 2 * HOUR, "x"},
    {"1d", DURATION_TAKEN, DAY, ""},
    {"2w spam", DURATION_TAKEN, 14 * DAY, "spam"},
    {"1h30m spam", DURATION_TAKEN, 90 * MINUTE, "spam"},
    {"10 minutes spam", DURATION_TAKEN, 10 * MINUTE, "spam"},
    {"1 D", DURATION_TAKEN, DAY, ""},
    {"3650d", DURATION_TAKEN, DURATION_MAX_MS, ""},
    {"", DURATION_NONE, 0, ""},
    {"spam 10m", DURATION_NONE, 0, "spam 10m"},
    {"2nd warning", DURATION_NONE, 0, "2nd warning"},
    {"10m!", DURATION_NONE, 0, "10m!"},
    {"-5m", DURATION_NONE, 0, "-5m"},
    {"10", DURATION_WRONG, 0, "10"},
    {"10 times", DURATION_WRONG, 0, "10 times"},
    {"10x", DURATION_WRONG, 0, "10x"},
    {"0m", DURATION_WRONG, 0, "0m"},
    {"3651d", DURATION_WRONG, 0, "3651d"},
    {"99999999999999999999999999w", DURATION_WRONG, 0, "99999999999999999999999999w"},
    {"1h5", DURATION_WRONG, 0, "1h5"},
};

START_TEST(test_taken)
{
    const char *rest = taken[_i].text;
    int64_t ms = 0;
    ck_assert_msg(duration_take(&rest, &ms) == taken[_i].result, "%s", taken[_i].text);
    ck_assert_str_eq(rest, taken[_i].rest);
    ck_assert_int_eq(ms, taken[_i].ms);
}
END_TEST

START_TEST(test_words)
{
    int64_t ms = 0;
    ck_assert(duration_parse("5m", &ms));
    ck_assert_int_eq(ms, 5 * MINUTE);
    ck_assert(!duration_parse("5m x", &ms));
    ck_assert(!duration_parse("five", &ms));
    ck_assert_int_eq(ms, 5 * MINUTE);
}
END_TEST

static const struct {
    int64_t ms;
    const char *said;
} said[] = {
    {0, "1 second"},
    {1499, "1 second"},
    {30000, "30 seconds"},
    {90000, "1 minute 30 seconds"},
    {10 * MINUTE - 20, "10 minutes"},
    {HOUR, "1 hour"},
    {90 * MINUTE, "1 hour 30 minutes"},
    {HOUR - 100, "1 hour"},
    {DAY, "1 day"},
    {DAY + 3 * HOUR + 20 * MINUTE, "1 day 3 hours"},
    {7 * DAY, "1 week"},
    {14 * DAY, "2 weeks"},
    {10 * DAY, "10 days"},
    {INT64_MAX, "3650 days"},
    {INT64_MIN, "1 second"},
};

START_TEST(test_said)
{
    g_autofree char *words = duration_say(said[_i].ms);
    ck_assert_str_eq(words, said[_i].said);
}
END_TEST

START_TEST(test_points)
{
    const int64_t now = INT64_C(1795284000000); /* 2026-11-21 18:00 UTC */
    static const struct {
        int64_t later;
        const char *said;
    } cases[] = {
        {10 * MINUTE, "18:10"},
        {DAY, "tomorrow 18:00"},
        {6 * HOUR, "tomorrow 00:00"},
        {14 * DAY, "5 December 18:00"},
        {60 * DAY, "20 January 2027 18:00"},
        {-DAY, "20 November 18:00"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *words = duration_point(now + cases[i].later, now);
        ck_assert_str_eq(words, cases[i].said);
    }
    g_autofree char *never = duration_point(INT64_MAX, now);
    ck_assert_str_eq(never, "a time that no calendar has");
}
END_TEST

int main(void)
{
    g_setenv("TZ", "UTC", TRUE);
    Suite *suite = suite_create("duration");
    TCase *test_case = tcase_create("duration");
    tcase_add_loop_test(test_case, test_taken, 0, G_N_ELEMENTS(taken));
    tcase_add_test(test_case, test_words);
    tcase_add_loop_test(test_case, test_said, 0, G_N_ELEMENTS(said));
    tcase_add_test(test_case, test_points);
    suite_add_tcase(suite, test_case);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
