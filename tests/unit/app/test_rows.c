#include "app/rows.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define MANY 5000

static Row row_of(unsigned number, int64_t time_ms, bool waiting)
{
    Row row = {.has_author = true, .waiting = waiting};
    memcpy(row.message.id, &number, sizeof number);
    row.message.time_ms = time_ms;
    row.message.text = "text";
    row.message.length = 4;
    memcpy(row.hash, &number, sizeof number);
    return row;
}

static bool collect(const Row *row, void *user)
{
    g_array_append_val((GArray *)user, row->message.time_ms);
    return true;
}

static const Person *nobody(const uint8_t *key, void *user)
{
    return NULL;
}

START_TEST(keeps_order_whatever_comes_when)
{
    g_autoptr(Rows) rows = rows_new();
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (unsigned i = 0; i < MANY; i++) {
        Row row = row_of(i, (int64_t)(i * UINT64_C(7919) % MANY), false);
        ck_assert(rows_put(rows, &row));
    }
    Row waiting = row_of(MANY, 0, true);
    rows_put(rows, &waiting);
    rows_backwards(rows, collect, times);
    ck_assert_uint_eq(times->len, MANY + 1);
    ck_assert_int_eq(g_array_index(times, int64_t, 0), 0); /* waits: the last */
    for (guint i = 1; i < times->len; i++)
        ck_assert_int_eq(g_array_index(times, int64_t, i), (int64_t)(MANY - i));
    ck_assert_int_eq(rows_oldest(rows)->message.time_ms, 0);
    ck_assert_int_eq(rows_newest(rows)->message.time_ms, MANY - 1);
}
END_TEST

START_TEST(has_each_message_once)
{
    g_autoptr(Rows) rows = rows_new();
    Row row = row_of(1, 5, true);
    ck_assert(rows_put(rows, &row));
    row = row_of(1, 9, false);
    ck_assert(!rows_put(rows, &row));
    ck_assert_uint_eq(rows_count(rows), 1);
    ck_assert_int_eq(rows_find(rows, row.author, row.message.id)->message.time_ms, 9);
    row.author[0] = 1;
    ck_assert(rows_put(rows, &row));
    ck_assert_uint_eq(rows_count(rows), 2);
}
END_TEST

START_TEST(builds_blocks_once)
{
    g_autoptr(Rows) rows = rows_new();
    for (unsigned i = 0; i < 1000; i++) {
        Row row = row_of(i, i, false);
        rows_put(rows, &row);
    }
    Model *models[2];
    for (int i = 0; i < 2; i++) {
        ModelBuilder *builder = model_builder_new(1);
        model_builder_conversation(builder, &(Conversation){.id = "#general"});
        rows_build(rows, builder, nobody, NULL);
        models[i] = model_builder_finish(builder);
        Row row = row_of(2000, 2000, false);
        rows_put(rows, &row);
    }
    const Conversation *first = model_find_conversation(models[0], "#general");
    const Conversation *second = model_find_conversation(models[1], "#general");
    ck_assert_uint_eq(first->message_count + 1, second->message_count);
    for (size_t i = 0; i < 800; i++) {
        ck_assert_int_eq(model_message(models[0], first, i)->time_ms, (int64_t)i);
        ck_assert_ptr_eq(model_message(models[0], first, i), model_message(models[1], second, i));
    }
    model_unref(models[0]);
    model_unref(models[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rows");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, keeps_order_whatever_comes_when);
    tcase_add_test(tests, has_each_message_once);
    tcase_add_test(tests, builds_blocks_once);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
