#include "ui/heights.h"

#include <check.h>
#include <stdlib.h>

START_TEST(estimates_until_measured)
{
    g_autoptr(Heights) heights = heights_new(40);
    heights_insert(heights, 0, 5);
    ck_assert_int_eq(heights_before(heights, 5), 200);
    heights_set(heights, 2, 100);
    ck_assert(heights_measured(heights, 2));
    ck_assert(!heights_measured(heights, 1));
    ck_assert_int_eq(heights_before(heights, 2), 80);
    ck_assert_int_eq(heights_before(heights, 3), 180);
    ck_assert_uint_eq(heights_at(heights, 179), 2);
    ck_assert_uint_eq(heights_at(heights, 180), 3);
    ck_assert_uint_eq(heights_at(heights, 9999), 4);
    ck_assert_uint_eq(heights_at(heights, -1), 0);
}
END_TEST

START_TEST(empty_is_allowed)
{
    g_autoptr(Heights) heights = heights_new(40);
    ck_assert_int_eq(heights_before(heights, 0), 0);
    ck_assert_uint_eq(heights_at(heights, 10), 0);
    heights_forget(heights, 10);
    ck_assert_uint_eq(heights_count(heights), 0);
}
END_TEST

START_TEST(rows_of_no_height_are_passed_over)
{
    g_autoptr(Heights) heights = heights_new(10);
    heights_insert(heights, 0, 4);
    heights_set(heights, 1, 0);
    heights_set(heights, 2, 0);
    ck_assert_uint_eq(heights_at(heights, 9), 0);
    ck_assert_uint_eq(heights_at(heights, 10), 3);
}
END_TEST

/* Against a plain array, through every kind of change. */
START_TEST(agrees_with_a_plain_array)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    g_autoptr(Heights) heights = heights_new(30);
    g_autoptr(GArray) plain = g_array_new(FALSE, FALSE, sizeof(int));
    for (int round = 0; round < 3000; round++) {
        guint count = plain->len;
        guint at = (guint)g_rand_int_range(random, 0, (gint)count + 1);
        int choice = g_rand_int_range(random, 0, 10);
        if (choice < 3) {
            guint where = choice == 0 ? at : count;
            int estimate = 30;
            heights_insert(heights, where, 1);
            g_array_insert_val(plain, where, estimate);
        } else if (choice == 3 && at < count) {
            heights_remove(heights, at, 1);
            g_array_remove_index(plain, at);
        } else if (at < count) {
            int height = g_rand_int_range(random, 1, 200);
            heights_set(heights, at, height);
            g_array_index(plain, int, at) = height;
        }
        int64_t sum = 0;
        for (guint i = 0; i < plain->len; i++) {
            if (i % 7 == (guint)round % 7) {
                ck_assert_int_eq(heights_before(heights, i), sum);
                ck_assert_uint_eq(heights_at(heights, sum), i);
            }
            sum += g_array_index(plain, int, i);
        }
        ck_assert_int_eq(heights_before(heights, plain->len), sum);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("heights");
    TCase *tcase = tcase_create("rows");
    tcase_add_test(tcase, estimates_until_measured);
    tcase_add_test(tcase, empty_is_allowed);
    tcase_add_test(tcase, rows_of_no_height_are_passed_over);
    tcase_add_test(tcase, agrees_with_a_plain_array);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
