/* The sentences of moderation. */
#include "relay/moderation_line.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1795284000000) /* 2026-11-21 18:00 UTC */
#define MINUTE INT64_C(60000)
#define DAY (INT64_C(24) * 60 * MINUTE)

static const struct {
    ModerationAct act;
    Role role;
    int64_t lasts_ms;
    const char *text, *author, *member, *line;
} lines[] = {
    {ACT_MUTE, 0, 10 * MINUTE, "too loud", "Mira", "Sam",
     "Mira muted Sam for 10 minutes: too loud"},
    {ACT_MUTE, 0, 0, "", "Mira", "you", "Mira muted you"},
    {ACT_UNMUTE, 0, 0, "", "You", "Sam", "You unmuted Sam"},
    {ACT_GRANT, ROLE_ADMIN, 0, "", "Mira", "Jonas", "Mira made Jonas an admin"},
    {ACT_GRANT, ROLE_MEMBER, 0, "", "Mira", "Jonas", "Mira took the admin role from Jonas"},
    {ACT_GRANT, ROLE_KEEPER, 0, "", "Mira", NULL, "Mira made the relay keeper of this place"},
    {ACT_KICK, 0, 0, "calm down", NULL, "Sam", "The relay removed Sam: calm down"},
    {ACT_BAN, 0, DAY, "spam", NULL, "Sam", "The relay banned Sam until tomorrow 18:00: spam"},
    {ACT_BAN, 0, 0, "", "Mira", "Sam", "Mira banned Sam"},
    {ACT_UNBAN, 0, 0, "sorry", "Mira", "Sam", "Mira lifted the ban on Sam: sorry"},
    {ACT_RENAME, 0, 0, "Home", "Mira", NULL, "Mira renamed the place to Home"},
    {ACT_MOTD, 0, 0, "Be kind", "Mira", NULL, "Mira changed the message of the day: Be kind"},
    {ACT_MOTD, 0, 0, "", "Mira", NULL, "Mira removed the message of the day"},
    {ACT_ANNOUNCE, 0, 0, "Tea!", NULL, NULL, "The relay announced: Tea!"},
};

START_TEST(test_lines)
{
    ModerationContent content = {.act = lines[_i].act,
                                 .role = lines[_i].role,
                                 .until_ms = lines[_i].lasts_ms ? NOW + lines[_i].lasts_ms : 0,
                                 .text = (char *)lines[_i].text};
    ModerationNames names = {lines[_i].author, lines[_i].member};
    g_autofree char *line = moderation_line(&content, NOW, &names);
    ck_assert_str_eq(line, lines[_i].line);
}
END_TEST

START_TEST(test_topics)
{
    g_autofree char *changed = moderation_line_topic("Tea at five", "Mira", NULL);
    ck_assert_str_eq(changed, "Mira changed the topic: Tea at five");
    g_autofree char *removed = moderation_line_topic("", NULL, "#general");
    ck_assert_str_eq(removed, "The relay removed the topic of #general");
}
END_TEST

START_TEST(test_verdicts)
{
    const int64_t offset = 3600 * INT64_C(1000); /* room time is an hour ahead of the clock */
    Verdict verdict = {.until_ms = NOW + 5 * MINUTE, .why = "too loud"};
    g_autofree char *muted = moderation_say_muted(&verdict, NOW, offset);
    ck_assert_str_eq(muted, "You are muted until 17:05: too loud.");
    Verdict open = {.why = ""};
    g_autofree char *for_good = moderation_say_muted(&open, NOW, 0);
    ck_assert_str_eq(for_good, "You are muted until an admin takes that back.");
    g_autofree char *banned = moderation_say_banned(&open, "Mira", NOW, 0);
    ck_assert_str_eq(banned, "You were banned by Mira.");
    verdict.why = "Enough.";
    g_autofree char *until = moderation_say_banned(&verdict, NULL, NOW, 0);
    ck_assert_str_eq(until, "You were banned until 18:05: Enough.");
}
END_TEST

int main(void)
{
    g_setenv("TZ", "UTC", TRUE);
    Suite *suite = suite_create("moderation_line");
    TCase *test_case = tcase_create("moderation_line");
    tcase_add_loop_test(test_case, test_lines, 0, G_N_ELEMENTS(lines));
    tcase_add_test(test_case, test_topics);
    tcase_add_test(test_case, test_verdicts);
    suite_add_tcase(suite, test_case);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
