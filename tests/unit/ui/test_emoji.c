#include "ui/emoji.h"

#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

START_TEST(found_by_exact_name)
{
    ck_assert_str_eq(emoji_find("tada", 4)->emoji, "🎉");
    ck_assert_str_eq(emoji_find("+1", 2)->emoji, "👍");
    ck_assert_str_eq(emoji_find("heart", 5)->emoji, "❤️");
    ck_assert_str_eq(emoji_find("flag_de", 7)->emoji, "🇩🇪");
    ck_assert_ptr_null(emoji_find("tad", 3));
    ck_assert_ptr_null(emoji_find("tadaa", 5));
    ck_assert_ptr_null(emoji_find("", 0));
}
END_TEST

START_TEST(matches_are_ranked)
{
    const Emoji *out[6];
    ck_assert_uint_eq(emoji_match("heart", 5, out, 6), 6);
    ck_assert_str_eq(out[0]->name, "heart");
    ck_assert_uint_eq(emoji_match("tad", 3, out, 6), 1);
    ck_assert_str_eq(out[0]->name, "tada");
    ck_assert_uint_eq(emoji_match("zzzzz", 5, out, 6), 0);
    ck_assert_uint_eq(emoji_match("", 0, out, 6), 6);
    for (int i = 0; i < 6; i++)
        ck_assert_ptr_nonnull(out[i]);
}
END_TEST

START_TEST(every_name_finds_itself)
{
    const Emoji *out[1];
    for (char a = 'a'; a <= 'z'; a++) {
        for (char b = 'a'; b <= 'z'; b++) {
            char prefix[] = {a, b, '\0'};
            if (!emoji_match(prefix, 2, out, 1))
                continue;
            const Emoji *found = emoji_find(out[0]->name, strlen(out[0]->name));
            ck_assert_ptr_eq(found, out[0]);
            ck_assert(g_utf8_validate(found->emoji, -1, NULL));
            ck_assert_uint_lt(strlen(found->name), EMOJI_NAME_MAX);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("emoji");
    TCase *tcase = tcase_create("names");
    tcase_add_test(tcase, found_by_exact_name);
    tcase_add_test(tcase, matches_are_ranked);
    tcase_add_test(tcase, every_name_finds_itself);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
