/* What a person decides about offers, what others may make us hold, and who gets nothing. */
#include "tests/unit/app/dock_play.h"

#include <check.h>
#include <string.h>

START_TEST(old_offers_can_be_accepted_later)
{
    dock_stop(dock, SAM, false);
    dock_offer(dock, ANN, -1, "old.txt");
    dock_start(dock, SAM);
    dock_tell(dock, ANN, SAM, false);
    dock_tell(dock, ANN, SAM, false);
    g_autoptr(Transfer) old = dock_newest(dock, SAM);

    ck_assert(!old->prompt && old->in_room);
    ck_assert_ptr_null(transfers_find(dock->members[SAM].transfers, "", NULL));
    dock_accept(dock, SAM);
    dock_pass(dock, SECOND);
    dock_play_expect(ANN, SAM, TRANSFER_RUNNING);
}
END_TEST

START_TEST(a_prompt_survives_a_restart)
{
    dock_play_offered();
    dock_restart(dock, SAM);
    dock_tell(dock, ANN, SAM, false);
    g_autoptr(Transfer) asked = transfers_find(dock->members[SAM].transfers, "", NULL);
    g_autoptr(GPtrArray) list = transfers_list(dock->members[SAM].transfers);

    ck_assert_ptr_nonnull(asked);
    ck_assert(asked->prompt);
    ck_assert_uint_eq(list->len, 1);
}
END_TEST

START_TEST(accepted_people_are_not_asked_about)
{
    g_autoptr(GError) error = NULL;
    Transfers *transfers = dock->members[SAM].transfers;

    ck_assert(transfers_accept_from(transfers, _i ? NULL : dock->members[ANN].key, dock->directory,
                                    dock->now_us, &error));
    dock_play_offered();
    dock_pass(dock, SECOND);
    dock_play_expect(SAM, ANN, TRANSFER_RUNNING);
    dock_finish(dock, dock_worker(dock, SAM));
    g_autoptr(Transfer) got = dock_with(dock, SAM, ANN);

    ck_assert_str_eq(got->into, dock->directory);
    if (_i)
        return;
    g_autoptr(GPtrArray) people = transfers_accepted_people(transfers);

    ck_assert_uint_eq(people->len, 1);
    ck_assert(transfers_accept_no_more(transfers, dock->members[ANN].key, &error));
    dock_offer(dock, ANN, SAM, "second");
    g_autoptr(Transfer) asked = dock_newest(dock, SAM);

    ck_assert(asked->prompt);
}
END_TEST

START_TEST(choices_of_the_person)
{
    g_autoptr(GError) error = NULL;
    static const uint8_t all = 1;
    g_autoptr(GBytes) nothing_left = g_bytes_new_static(&all, 1);
    Transfers *transfers = dock->members[SAM].transfers;

    dock_play_offered();
    g_autoptr(Transfer) asked = transfers_find(transfers, "", &error);

    ck_assert_ptr_nonnull(asked);
    ck_assert(!transfers_accept(transfers, asked->id, dock->directory, nothing_left, dock->now_us,
                                &error));
    g_clear_error(&error);
    ck_assert(
        !transfers_accept(transfers, asked->id, "/nowhere/at/all", NULL, dock->now_us, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
    g_clear_error(&error);
    ck_assert(transfers_set_folder(transfers, dock->directory, &error));
    ck_assert(transfers_accept(transfers, asked->id, NULL, NULL, dock->now_us, &error));
    ck_assert(!transfers_accept(transfers, asked->id, NULL, NULL, dock->now_us, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_EXISTS));
    g_autoptr(Transfer) got = dock_with(dock, SAM, ANN);
    g_autofree char *number = g_strdup_printf("%u", got->number);
    g_autoptr(Transfer) again = transfers_find(transfers, number, NULL);

    ck_assert_str_eq(got->into, dock->directory);
    ck_assert_mem_eq(again->id, got->id, TRANSFER_SIZE);
    ck_assert(!transfers_cancel(transfers, (const uint8_t[TRANSFER_SIZE]){9}, 0, NULL));
}
END_TEST

START_TEST(progress_is_told_and_rated)
{
    dock_play_running();
    DockWorker *worker = dock_worker(dock, SAM);

    worker->total = ((DockWorker *)worker->other)->total = 10000;
    for (unsigned i = 0; i < 20; i++) {
        dock_move(worker, 250);
        dock_pass(dock, SECOND / 4);
    }
    g_autoptr(Transfer) here = dock_with(dock, ANN, SAM);
    g_autoptr(Transfer) there = dock_with(dock, SAM, ANN);
    unsigned changes = dock->members[SAM].changes;

    ck_assert_uint_ge(there->rate, 900);
    ck_assert_uint_le(there->rate, 1100);
    ck_assert_int_ge(there->left_ms, 4000);
    ck_assert_int_le(there->left_ms, 6000);
    ck_assert_uint_ge(here->rate, 900);
    dock_pass(dock, 4 * SECOND);
    unsigned still = dock->members[SAM].changes;

    dock_pass(dock, 4 * SECOND); /* nothing moves: nothing is told */
    ck_assert_uint_le(still - changes, 16);
    ck_assert_uint_eq(dock->members[SAM].changes, still);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("offers");
    TCase *tests = tcase_create("offers");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, dock_play_setup, dock_play_teardown);
    tcase_add_test(tests, old_offers_can_be_accepted_later);
    tcase_add_test(tests, a_prompt_survives_a_restart);
    tcase_add_loop_test(tests, accepted_people_are_not_asked_about, 0, 2);
    tcase_add_test(tests, choices_of_the_person);
    tcase_add_test(tests, progress_is_told_and_rated);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
