#include "tests/unit/ui/sample.h"
#include "ui/format.h"
#include "ui/view.h"

#include <check.h>
#include <stdlib.h>

#define NOW SAMPLE_NOW_MS /* Monday 6 May 2024 12:04 */
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static void expect(char *got, const char *wanted)
{
    ck_assert_str_eq(got, wanted);
    g_free(got);
}

START_TEST(times_are_words)
{
    expect(format_clock(NOW), "12:04");
    expect(format_day(NOW, NOW), "Today");
    expect(format_day(NOW - DAY, NOW), "Yesterday");
    expect(format_day(NOW - 3 * DAY, NOW), "Friday");
    expect(format_day(NOW - 7 * DAY, NOW), "29 April");
    expect(format_day(NOW - 400 * DAY, NOW), "2 April 2023");
    /* A clock that is ahead makes no word of its own. */
    expect(format_day(NOW + 2 * DAY, NOW), "8 May");
    expect(format_short(NOW - HOUR, NOW), "11:04");
    expect(format_short(NOW - 3 * DAY, NOW), "Fri");
    expect(format_short(NOW - 30 * DAY, NOW), "6 Apr");
    expect(format_clock(INT64_MAX), "00:00");
}
END_TEST

START_TEST(days_end_at_midnight)
{
    int64_t midnight = NOW - NOW % DAY;
    ck_assert(format_other_day(midnight - 1, midnight));
    ck_assert(!format_other_day(midnight, midnight + DAY - 1));
    ck_assert(!format_other_day(NOW, NOW + MINUTE));
}
END_TEST

START_TEST(presence_is_a_phrase)
{
    Person person = {.presence = PRESENCE_ONLINE};
    expect(format_presence(&person, NOW), "");
    person.presence = PRESENCE_AWAY;
    expect(format_presence(&person, NOW), "away");
    person.since_ms = NOW - 12 * MINUTE;
    expect(format_presence(&person, NOW), "away 12 min");
    person.since_ms = NOW - 3 * HOUR;
    expect(format_presence(&person, NOW), "away 3 h");
    person.presence = PRESENCE_OFFLINE;
    expect(format_presence(&person, NOW), "last seen 09:04");
    person.since_ms = 0;
    expect(format_presence(&person, NOW), "offline");
}
END_TEST

START_TEST(typing_names_a_few)
{
    Person mira = {.shown = "Mira Okafor", .suffix = ""};
    Person sam = {.shown = "Sam", .suffix = ""};
    Person twin = {.shown = "Sam Rivera ·7f3a", .suffix = "7f3a"};
    g_autoptr(GPtrArray) who = g_ptr_array_new();
    expect(format_typing(NULL), "");
    expect(format_typing(who), "");
    g_ptr_array_add(who, &mira);
    expect(format_typing(who), "Mira is typing…");
    g_ptr_array_add(who, &sam);
    expect(format_typing(who), "Mira and Sam are typing…");
    g_ptr_array_add(who, &twin);
    expect(format_typing(who), "Mira, Sam and Sam Rivera ·7f3a are typing…");
    g_ptr_array_add(who, &sam);
    expect(format_typing(who), "Several people are typing…");
}
END_TEST

/* Marks around a name from right to left, so that the sentence keeps its direction. */
START_TEST(names_keep_sentences_in_their_direction)
{
    Person sara = {.shown = "سارا احمدی", .suffix = ""};
    Person mira = {.shown = "Mira Okafor", .suffix = ""};
    g_autoptr(GPtrArray) who = g_ptr_array_new();
    g_ptr_array_add(who, &sara);
    expect(format_typing(who), "\u200Eسارا\u200E is typing…");
    g_ptr_array_insert(who, 0, &mira);
    expect(format_typing(who), "Mira and \u200Eسارا\u200E are typing…");
    Message messages[] = {{.author = &sara, .kind = MESSAGE_JOINED},
                          {.author = &mira, .kind = MESSAGE_LEFT}};
    g_autoptr(GPtrArray) run = g_ptr_array_new();
    g_ptr_array_add(run, &messages[0]);
    g_ptr_array_add(run, &messages[1]);
    expect(format_comings(run), "\u200Eسارا احمدی\u200E joined, Mira Okafor left");
    expect(format_sentence("سارا went offline."), "\u200Eسارا went offline.");
    expect(format_sentence("Mira went offline."), "Mira went offline.");
}
END_TEST

START_TEST(comings_fold)
{
    Person mira = {.shown = "Mira"};
    Person sam = {.shown = "Sam"};
    Person li = {.shown = "Li"};
    Message messages[] = {
        {.author = &mira, .kind = MESSAGE_JOINED}, {.author = &sam, .kind = MESSAGE_JOINED},
        {.author = &li, .kind = MESSAGE_JOINED},   {.author = &sam, .kind = MESSAGE_LEFT},
        {.author = &sam, .kind = MESSAGE_JOINED},  {.author = &li, .kind = MESSAGE_LEFT},
    };
    static const char *const wanted[] = {
        "Mira joined",
        "Mira and Sam joined",
        "Mira and 2 others joined",
        "Mira and Li joined, Sam left",
        "Mira and 2 others joined",
        "Mira and Sam joined, Li left",
    };
    g_autoptr(GPtrArray) run = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
        g_ptr_array_add(run, &messages[i]);
        expect(format_comings(run), wanted[i]);
    }
    Message moves[] = {{.kind = MESSAGE_MOVED, .text = "The room moved to Sam's computer"},
                       {.kind = MESSAGE_MOVED, .text = "The room moved to the relay"}};
    g_ptr_array_insert(run, 1, &moves[0]);
    g_ptr_array_add(run, &moves[1]);
    expect(format_comings(run), "Mira and Sam joined, Li left · The room moved to the relay");
    g_ptr_array_set_size(run, 0);
    g_ptr_array_add(run, &moves[0]);
    expect(format_comings(run), "The room moved to Sam's computer");
}
END_TEST

START_TEST(initials_of_any_name)
{
    static const char *const cases[][2] = {
        {"Mira Okafor", "MO"},
        {"mira", "MI"},
        {"X", "X"},
        {"سارا احمدی", "س"},
        {"Jonas Weiß", "JW"},
        {"王小明", "王"},
        {"", "?"},
        {"   ", "?"},
        {"(bob) smith", "BS"},
        {"éa", "ÉA"},
        {"👩‍🚀 Ann", "👩‍🚀"},
        {"a b c", "AB"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect(view_initials(cases[i][0]), cases[i][1]);
}
END_TEST

START_TEST(people_are_counted)
{
    expect(format_people(1), "1 person");
    expect(format_people(6), "6 people");
}
END_TEST

int main(void)
{
    g_setenv("TZ", "UTC", TRUE);
    Suite *suite = suite_create("format");
    TCase *tcase = tcase_create("words");
    tcase_add_test(tcase, times_are_words);
    tcase_add_test(tcase, days_end_at_midnight);
    tcase_add_test(tcase, presence_is_a_phrase);
    tcase_add_test(tcase, typing_names_a_few);
    tcase_add_test(tcase, comings_fold);
    tcase_add_test(tcase, names_keep_sentences_in_their_direction);
    tcase_add_test(tcase, initials_of_any_name);
    tcase_add_test(tcase, people_are_counted);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
