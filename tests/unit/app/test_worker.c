#include "app/files/disk.h"
#include "tests/unit/app/worker_stage.h"

#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (1024 * 1024)

static WorkerStage *stage;

static void set_up(void)
{
    stage = worker_stage_new();
}

static void tear_down(void)
{
    g_clear_pointer(&stage, worker_stage_free);
}

static void await_both(void)
{
    worker_stage_await(stage, RECEIVER);
    worker_stage_await(stage, SENDER);
}

static void expect_done(void)
{
    ck_assert_msg(stage->end[RECEIVER].end == WORKER_DONE, "%d %s", stage->end[RECEIVER].end,
                  stage->end[RECEIVER].text);
    ck_assert_msg(stage->end[SENDER].end == WORKER_DONE, "%d %s", stage->end[SENDER].end,
                  stage->end[SENDER].text);
}

static void expect_landed(const char *name)
{
    g_autofree char *from = g_build_filename(stage->from, name, NULL);
    g_autofree char *into = g_build_filename(stage->into, name, NULL);
    ck_assert(worker_stage_same(from, into));
    ck_assert(!worker_stage_has_parts(stage));
}

static void offer_one(const char *name)
{
    worker_stage_offer(stage, (const char *const[]){name, NULL});
}

START_TEST(files_arrive)
{
    static const size_t sizes[] = {0, 1, 4096, MIB - 1, MIB, MIB + 1, 5 * MIB + 12345};
    worker_stage_file(stage, "a file.bin", sizes[_i], 7);
    offer_one("a file.bin");
    worker_stage_start(stage, NULL);
    await_both();
    expect_done();
    expect_landed("a file.bin");
    ck_assert_str_ne(stage->end[RECEIVER].path, "");
}
END_TEST

/* What is not in memory is read from the disk itself, where that is possible. */
START_TEST(a_large_file_arrives)
{
    worker_stage_file(stage, "film", 64 * MIB + 12345, 3);
    g_autofree char *path = g_build_filename(stage->from, "film", NULL);
    int file = open(path, O_RDONLY);
    ck_assert_int_eq(fsync(file), 0);
    if (_i == 1)
        (void)posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    offer_one("film");
    worker_stage_start(stage, NULL);
    await_both();
    expect_done();
    if (_i == 1 && disk_is_direct(file))
        ck_assert(!disk_is_in_memory(file, MIB, 8 * MIB));
    close(file);
    expect_landed("film");
}
END_TEST

static void make_many(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("many/%u/%u.txt", i % 10, i);
        worker_stage_file(stage, name, i % 300, i);
    }
    worker_stage_file(stage, "many/large", 3 * MIB + 1, 1);
    worker_stage_folder(stage, "many/empty/emptier");
}

START_TEST(a_folder_with_thousands_of_files_arrives)
{
    make_many(3000);
    offer_one("many");
    worker_stage_start(stage, NULL);
    await_both();
    expect_done();
    expect_landed("many");
}
END_TEST

START_TEST(what_is_left_out_is_not_sent)
{
    worker_stage_file(stage, "one", 10, 1);
    worker_stage_file(stage, "two", 2 * MIB, 2);
    worker_stage_file(stage, "three", 10, 3);
    worker_stage_offer(stage, (const char *const[]){"one", "two", "three", NULL});
    g_autoptr(GBytes) left_out = g_bytes_new_static("\x02", 1);
    worker_stage_start(stage, left_out);
    await_both();
    expect_done();
    expect_landed("one");
    expect_landed("three");
    g_autofree char *two = g_build_filename(stage->into, "two", NULL);
    ck_assert(!g_file_test(two, G_FILE_TEST_EXISTS));
}
END_TEST

/* Broken off again and again, each time at another point: what was on the disk is there at the next
 * attempt, and nothing is left over at the end. */
static void break_often(const char *name, uint64_t total)
{
    uint64_t best = 0;
    for (unsigned i = 1; i <= 8; i++) {
        worker_stage_start(stage, NULL);
        worker_stage_await_bytes(stage, RECEIVER, total * i / 10);
        int first = i % 2 == 0 ? SENDER : RECEIVER;
        uint64_t reached =
            stage->worker[RECEIVER] != NULL ? worker_bytes(stage->worker[RECEIVER]) : best;
        best = MAX(best, reached);
        g_clear_pointer(&stage->worker[first], worker_free);
        g_clear_pointer(&stage->worker[1 - first], worker_free);
        g_autoptr(Manifest) manifest = landing_manifest(stage->state, NULL);
        ck_assert(best == 0 || manifest != NULL);
    }
    worker_stage_start(stage, NULL);
    worker_stage_await_bytes(stage, RECEIVER, best);
    ck_assert(stage->worker[RECEIVER] == NULL || worker_bytes(stage->worker[RECEIVER]) >= best);
    await_both();
    expect_done();
    expect_landed(name);
}

START_TEST(a_broken_file_goes_on)
{
    worker_stage_file(stage, "large", 40 * MIB + 3, 9);
    offer_one("large");
    break_often("large", 40 * MIB);
}
END_TEST

START_TEST(a_broken_folder_goes_on)
{
    make_many(2000);
    offer_one("many");
    break_often("many", 3 * MIB);
}
END_TEST

/* Not from zero: the second sender is asked for the rest alone. */
START_TEST(the_rest_is_asked_for)
{
    worker_stage_file(stage, "large", 30 * MIB, 9);
    offer_one("large");
    worker_stage_start(stage, NULL);
    worker_stage_await_bytes(stage, RECEIVER, 10 * MIB);
    g_clear_pointer(&stage->worker[SENDER], worker_free);
    worker_stage_await(stage, RECEIVER);
    ck_assert_int_eq(stage->end[RECEIVER].end, WORKER_LOST);
    g_autoptr(Channel) channel = worker_stage_start_one(stage, RECEIVER, NULL);
    Wire__Admitted admitted = WIRE__ADMITTED__INIT;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_ADMITTED;
    frame.admitted = &admitted;
    ck_assert(channel_send(channel, &frame, NULL) && channel_flush(channel, NULL));
    const Wire__DataFrame *begin = channel_receive(channel, NULL);
    ck_assert_ptr_nonnull(begin);
    ck_assert_int_eq(begin->body_case, WIRE__DATA_FRAME__BODY_BEGIN);
    ck_assert_uint_ge(begin->begin->chunk, 10);
    ck_assert(!begin->begin->wants_manifest);
}
END_TEST

/* Before the receiver tells of its progress. */
START_TEST(a_sender_knows_what_is_there_already)
{
    worker_stage_file(stage, "first", 3, 1);
    worker_stage_file(stage, "large", 40 * MIB, 9);
    worker_stage_offer(stage, (const char *const[]){"first", "large", NULL});
    g_autoptr(Channel) channel = worker_stage_start_one(stage, SENDER, NULL);
    ck_assert_ptr_nonnull(channel_receive(channel, NULL));
    Wire__Again hole = WIRE__AGAIN__INIT;
    Wire__Begin begin = WIRE__BEGIN__INIT;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    hole.file = 1;
    hole.chunk = 4;
    begin.offer = (ProtobufCBinaryData){TOKEN_SIZE, stage->token};
    begin.transfer = (ProtobufCBinaryData){TRANSFER_SIZE, stage->transfer};
    begin.file = 1;
    begin.chunk = 10;
    begin.again = (Wire__Again *[]){&hole};
    begin.n_again = 1;
    frame.body_case = WIRE__DATA_FRAME__BODY_BEGIN;
    frame.begin = &begin;
    ck_assert(channel_send(channel, &frame, NULL) && channel_flush(channel, NULL));
    worker_stage_await_bytes(stage, SENDER, 1);
    ck_assert_uint_eq(worker_bytes(stage->worker[SENDER]), 9 * MIB + 3);
}
END_TEST

static void spoil_source(const char *name, bool vanish)
{
    g_autofree char *path = g_build_filename(stage->from, name, NULL);
    if (vanish) {
        ck_assert_int_eq(g_unlink(path), 0);
        return;
    }
    ck_assert(g_file_set_contents(path, "another", 7, NULL));
}

START_TEST(a_source_that_changed_is_said)
{
    worker_stage_file(stage, "only", 2 * MIB, 1);
    offer_one("only");
    spoil_source("only", _i == 1);
    worker_stage_start(stage, NULL);
    await_both();
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(stage->end[i].end, WORKER_FAILED);
        ck_assert_str_eq(stage->end[i].code, _i == 1 ? "vanished" : "changed");
    }
}
END_TEST

START_TEST(the_others_go_on_when_one_is_gone)
{
    make_many(50);
    offer_one("many");
    spoil_source("many/3/13.txt", true);
    spoil_source("many/large", false);
    worker_stage_start(stage, NULL);
    await_both();
    expect_done();
    ck_assert_uint_eq(stage->end[RECEIVER].missing, 2);
    ck_assert_uint_eq(stage->end[SENDER].missing, 2);
    ck_assert(!worker_stage_has_parts(stage));
}
END_TEST

START_TEST(either_side_stops)
{
    worker_stage_file(stage, "large", 200 * MIB, 9);
    offer_one("large");
    worker_stage_start(stage, NULL);
    worker_stage_await_bytes(stage, RECEIVER, 5 * MIB);
    worker_stop(stage->worker[_i], WIRE__WHY__PAUSED);
    await_both();
    ck_assert_int_eq(stage->end[_i].end, WORKER_STOPPED);
    ck_assert_int_eq(stage->end[1 - _i].end, WORKER_HALTED);
    ck_assert_int_eq(stage->end[1 - _i].why, WIRE__WHY__PAUSED);
}
END_TEST

START_TEST(a_folder_that_is_gone_is_said)
{
    worker_stage_file(stage, "file", MIB, 9);
    offer_one("file");
    ck_assert_int_eq(g_rmdir(stage->into), 0);
    worker_stage_start(stage, NULL);
    await_both();
    ck_assert_int_eq(stage->end[RECEIVER].end, WORKER_FAILED);
    ck_assert_str_eq(stage->end[RECEIVER].code, "folder-gone");
    ck_assert_int_eq(stage->end[SENDER].end, WORKER_HALTED);
    ck_assert_int_eq(stage->end[SENDER].why, WIRE__WHY__FAULT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("app/files/worker");
    TCase *cases = tcase_create("worker");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, files_arrive, 0, 7);
    tcase_add_loop_test(cases, a_large_file_arrives, 0, 2);
    tcase_add_test(cases, a_folder_with_thousands_of_files_arrives);
    tcase_add_test(cases, what_is_left_out_is_not_sent);
    tcase_add_test(cases, a_broken_file_goes_on);
    tcase_add_test(cases, a_broken_folder_goes_on);
    tcase_add_test(cases, the_rest_is_asked_for);
    tcase_add_test(cases, a_sender_knows_what_is_there_already);
    tcase_add_loop_test(cases, a_source_that_changed_is_said, 0, 2);
    tcase_add_test(cases, the_others_go_on_when_one_is_gone);
    tcase_add_loop_test(cases, either_side_stops, 0, 2);
    tcase_add_test(cases, a_folder_that_is_gone_is_said);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
