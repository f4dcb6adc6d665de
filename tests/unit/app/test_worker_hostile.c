/* One side is real, the other is played by the test and breaks every rule. */
#include "tests/unit/app/worker_speech.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE SPEECH_FIRST_SIZE /* file 0, three chunks */
#define SECOND_SIZE 10               /* file 1 */
#define THIRD_SIZE 20                /* file 2, left out by the receiver */

static WorkerStage *stage;
static Channel *channel; /* the test's end */

static void set_up(void)
{
    stage = speech_stage = worker_stage_new();
    worker_stage_file(stage, "first", FIRST_SIZE, 1);
    worker_stage_file(stage, "second", SECOND_SIZE, 2);
    worker_stage_file(stage, "third", THIRD_SIZE, 3);
    worker_stage_folder(stage, "fourth/empty");
    worker_stage_offer(stage, (const char *const[]){"first", "second", "third", "fourth", NULL});
}

static void tear_down(void)
{
    g_clear_pointer(&channel, channel_free);
    g_clear_pointer(&stage, worker_stage_free);
}

/* --- a sender that is not to be trusted --- */

static const Wire__DataFrame *hear(Wire__DataFrame__BodyCase kind)
{
    const Wire__DataFrame *frame;
    do
        frame = channel_receive(channel, NULL);
    while (frame != NULL && frame->body_case == WIRE__DATA_FRAME__BODY_PROGRESS);
    ck_assert_ptr_nonnull(frame);
    ck_assert_int_eq(frame->body_case, kind);
    return frame;
}

static void meet_receiver(void)
{
    g_autoptr(GBytes) left_out = g_bytes_new_static("\x04", 1);
    channel = speech_channel = worker_stage_start_one(stage, RECEIVER, left_out);
    Wire__Admitted admitted = WIRE__ADMITTED__INIT;
    say(WIRE__DATA_FRAME__BODY_ADMITTED, &admitted);
    const Wire__DataFrame *frame = hear(WIRE__DATA_FRAME__BODY_BEGIN);
    ck_assert(frame->begin->wants_manifest);
}

static void expect_refused(int who, const char *code)
{
    worker_stage_await(stage, who);
    ck_assert_msg(stage->end[who].end == WORKER_FAILED, "%d %s", stage->end[who].end,
                  stage->end[who].text);
    ck_assert_str_eq(stage->end[who].code, code);
    ck_assert_str_ne(stage->end[who].text, "");
}

static void no_manifest(void)
{
    say_chunk(0, 0, CHUNK_SIZE, false);
}

static void chunk_of_no_file(void)
{
    say_manifest();
    say_chunk(77, 0, 5, false);
}

static void chunk_of_a_folder(void)
{
    say_manifest();
    say_first();
    say_chunk(1, 0, SECOND_SIZE, false);
    say_chunk(3, 0, 5, false);
}

static void chunk_left_out(void)
{
    say_manifest();
    say_first();
    say_chunk(1, 0, SECOND_SIZE, false);
    say_chunk(2, 0, THIRD_SIZE, false);
}

static void chunk_too_early(void)
{
    say_manifest();
    say_chunk(0, 1, CHUNK_SIZE, false);
}

static void chunk_twice(void)
{
    say_manifest();
    say_chunk(0, 0, CHUNK_SIZE, false);
    say_chunk(0, 0, CHUNK_SIZE, false);
}

static void chunk_too_short(void)
{
    say_manifest();
    say_chunk(0, 0, CHUNK_SIZE - 1, false);
}

static void chunk_too_long(void)
{
    say_manifest();
    say_first();
    say_chunk(1, 0, SECOND_SIZE + 1, false);
}

static void data_without_end(void)
{
    say_manifest();
    say_first();
    say_chunk(0, 3, CHUNK_SIZE, false);
}

static void finished_too_early(void)
{
    say_manifest();
    say_first();
    say_finished();
}

static void missing_not_asked_for(void)
{
    say_manifest();
    say_first();
    say_missing(0);
}

static void missing_left_out(void)
{
    say_manifest();
    say_missing(2);
}

static void two_manifests(void)
{
    say_manifest();
    say_manifest();
}

static void begins_itself(void)
{
    say_manifest();
    say_begin(0, 0);
}

static void is_complete_itself(void)
{
    Wire__Complete complete = WIRE__COMPLETE__INIT;
    say_manifest();
    say(WIRE__DATA_FRAME__BODY_COMPLETE, &complete);
}

static void no_frame(void)
{
    say_manifest();
    ck_assert(channel_write(channel, "\xff\xff\xff\xff", 4, NULL));
    ck_assert(channel_flush(channel, NULL));
}

static void (*const bad_senders[])(void) = {
    no_manifest,      say_other_manifest, chunk_of_no_file,   chunk_of_a_folder,
    chunk_left_out,   chunk_too_early,    chunk_twice,        chunk_too_short,
    chunk_too_long,   data_without_end,   finished_too_early, missing_not_asked_for,
    missing_left_out, two_manifests,      begins_itself,      is_complete_itself,
    no_frame,
};

START_TEST(a_bad_sender_gets_nowhere)
{
    meet_receiver();
    bad_senders[_i]();
    expect_refused(RECEIVER, "protocol");
    g_autofree char *third = g_build_filename(stage->into, "third", NULL);
    ck_assert(!g_file_test(third, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(what_is_spoilt_is_asked_for_again)
{
    meet_receiver();
    say_manifest();
    say_chunk(0, 0, CHUNK_SIZE, false);
    say_chunk(0, 1, CHUNK_SIZE, true);
    say_chunk(0, 2, FIRST_SIZE - 2 * CHUNK_SIZE, false);
    say_chunk(1, 0, SECOND_SIZE, true);
    say_finished();
    for (int i = 0; i < 2; i++) {
        const Wire__DataFrame *frame = hear(WIRE__DATA_FRAME__BODY_AGAIN);
        uint32_t file = frame->again->file;
        say_chunk(file, frame->again->chunk, file == 0 ? CHUNK_SIZE : SECOND_SIZE, false);
    }
    say_finished();
    (void)hear(WIRE__DATA_FRAME__BODY_COMPLETE);
    worker_stage_await(stage, RECEIVER);
    ck_assert_int_eq(stage->end[RECEIVER].end, WORKER_DONE);
    g_autofree char *from = g_build_filename(stage->from, "first", NULL);
    g_autofree char *into = g_build_filename(stage->into, "first", NULL);
    ck_assert(worker_stage_same(from, into));
}
END_TEST

START_TEST(what_stays_spoilt_is_an_end)
{
    meet_receiver();
    say_manifest();
    say_chunk(0, 0, CHUNK_SIZE, true);
    for (int i = 0; i < 2; i++) {
        const Wire__DataFrame *frame = hear(WIRE__DATA_FRAME__BODY_AGAIN);
        ck_assert_uint_eq(frame->again->chunk, 0);
        say_chunk(0, 0, CHUNK_SIZE, true);
    }
    expect_refused(RECEIVER, "spoilt");
}
END_TEST

START_TEST(ending_again_and_again_is_an_end)
{
    meet_receiver();
    say_manifest();
    say_chunk(0, 0, CHUNK_SIZE, true);
    say_chunk(0, 1, CHUNK_SIZE, false);
    say_chunk(0, 2, FIRST_SIZE - 2 * CHUNK_SIZE, false);
    say_chunk(1, 0, SECOND_SIZE, false);
    for (int i = 0; i < 3; i++)
        say_finished();
    expect_refused(RECEIVER, "protocol");
}
END_TEST

START_TEST(half_a_chunk_is_a_lost_connection)
{
    meet_receiver();
    say_manifest();
    say_chunk(0, 0, CHUNK_SIZE, false);
    Wire__Chunk chunk = WIRE__CHUNK__INIT;
    chunk.chunk = 1;
    chunk.length = CHUNK_SIZE;
    uint8_t sum[CHUNK_SUM_SIZE] = {0};
    chunk.sum = (ProtobufCBinaryData){sizeof sum, sum};
    say(WIRE__DATA_FRAME__BODY_CHUNK, &chunk);
    g_clear_pointer(&channel, channel_free);
    worker_stage_await(stage, RECEIVER);
    ck_assert_int_eq(stage->end[RECEIVER].end, WORKER_LOST);
    ck_assert(stage->end[RECEIVER].opened);
}
END_TEST

START_TEST(who_does_not_admit_is_lost)
{
    channel = speech_channel = worker_stage_start_one(stage, RECEIVER, NULL);
    say_begin(0, 0);
    worker_stage_await(stage, RECEIVER);
    ck_assert_int_eq(stage->end[RECEIVER].end, WORKER_LOST);
    ck_assert(!stage->end[RECEIVER].opened);
}
END_TEST

/* --- a receiver that is not to be trusted --- */

static void wants_another_offer(void)
{
    stage->token[3] ^= 1;
    say_begin(0, 0);
}

static void wants_another_transfer(void)
{
    stage->transfer[3] ^= 1;
    say_begin(0, 0);
}

static void begins_behind_the_end(void)
{
    say_begin(6, 0);
}

static void begins_inside_nothing(void)
{
    say_begin(5, 1);
}

static void begins_behind_a_file(void)
{
    say_begin(0, 3);
}

static void begins_inside_a_folder(void)
{
    say_begin(3, 1);
}

static void begin_asks(uint32_t file, uint64_t number, bool left_out)
{
    Wire__Again again = WIRE__AGAIN__INIT;
    again.file = file;
    again.chunk = number;
    Wire__Again *list[] = {&again};
    Wire__Begin begin = make_begin();
    begin.file = 5;
    begin.again = list;
    begin.n_again = 1;
    if (left_out)
        begin.left_out = (ProtobufCBinaryData){1, (uint8_t *)"\x01"};
    say(WIRE__DATA_FRAME__BODY_BEGIN, &begin);
}

static void asks_for_a_folder(void)
{
    begin_asks(3, 0, false);
}

static void asks_behind_a_file(void)
{
    begin_asks(1, 1, false);
}

static void asks_for_what_it_left_out(void)
{
    begin_asks(0, 0, true);
}

static void asks_before_it_begins(void)
{
    say_again(0, 0);
}

static void (*const bad_beginnings[])(void) = {
    wants_another_offer,       wants_another_transfer, begins_behind_the_end, begins_inside_nothing,
    begins_behind_a_file,      begins_inside_a_folder, asks_for_a_folder,     asks_behind_a_file,
    asks_for_what_it_left_out, asks_before_it_begins,  say_finished,
};

START_TEST(a_bad_beginning_is_given_nothing)
{
    channel = speech_channel = worker_stage_start_one(stage, SENDER, NULL);
    bad_beginnings[_i]();
    const Wire__DataFrame *frame;
    while ((frame = channel_receive(channel, NULL)) != NULL) {
        ck_assert_int_ne(frame->body_case, WIRE__DATA_FRAME__BODY_CHUNK);
        ck_assert_int_ne(frame->body_case, WIRE__DATA_FRAME__BODY_MANIFEST);
    }
    expect_refused(SENDER, "protocol");
}
END_TEST

static void asks_for_another_file(void)
{
    say_again(9, 0);
}

static void asks_out_of_range(void)
{
    say_again(1, 7);
}

static void asks_without_end(void)
{
    for (unsigned i = 0; i <= 4 * AGAIN_MAX; i++)
        say_again(1, 0);
}

static void begins_twice(void)
{
    say_begin(0, 0);
}

static void (*const bad_goings_on[])(void) = {
    asks_for_another_file, asks_out_of_range, asks_without_end, begins_twice, say_manifest,
};

static gpointer drain(gpointer user)
{
    g_autofree uint8_t *bytes = g_malloc(CHUNK_SIZE);
    size_t got = 1;
    while (got > 0) {
        if (!channel_read(channel, bytes, CHUNK_SIZE, INT64_MAX, &got, NULL))
            break;
    }
    return NULL;
}

START_TEST(a_receiver_that_goes_bad_is_left)
{
    channel = speech_channel = worker_stage_start_one(stage, SENDER, NULL);
    say_begin(0, 0);
    bad_goings_on[_i]();
    (void)drain(NULL);
    expect_refused(SENDER, "protocol");
}
END_TEST

START_TEST(completing_too_early_is_a_fault)
{
    worker_stage_file(stage, "large", 64 * CHUNK_SIZE, 1);
    g_clear_pointer(&stage->listing, listing_unref);
    g_clear_pointer(&stage->offer, offer_unref);
    worker_stage_offer(stage, (const char *const[]){"large", NULL});
    channel = speech_channel = worker_stage_start_one(stage, SENDER, NULL);
    say_begin(0, 0);
    Wire__Complete complete = WIRE__COMPLETE__INIT;
    say(WIRE__DATA_FRAME__BODY_COMPLETE, &complete);
    (void)drain(NULL);
    expect_refused(SENDER, "protocol");
}
END_TEST

/* Both in one record: the sender reads the second while it serves the first. */
START_TEST(the_end_may_come_together_with_progress)
{
    channel = speech_channel = worker_stage_start_one(stage, SENDER, NULL);
    say_begin(5, 0);
    (void)hear(WIRE__DATA_FRAME__BODY_FINISHED);
    Wire__Progress progress = WIRE__PROGRESS__INIT;
    Wire__Complete complete = WIRE__COMPLETE__INIT;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_PROGRESS;
    frame.progress = &progress;
    ck_assert(channel_send(channel, &frame, NULL));
    frame.body_case = WIRE__DATA_FRAME__BODY_COMPLETE;
    frame.complete = &complete;
    ck_assert(channel_send(channel, &frame, NULL));
    ck_assert(channel_flush(channel, NULL));
    worker_stage_await(stage, SENDER);
    ck_assert_int_eq(stage->end[SENDER].end, WORKER_DONE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("app/files/worker, hostile");
    TCase *cases = tcase_create("hostile");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, a_bad_sender_gets_nowhere, 0, G_N_ELEMENTS(bad_senders));
    tcase_add_test(cases, what_is_spoilt_is_asked_for_again);
    tcase_add_test(cases, what_stays_spoilt_is_an_end);
    tcase_add_test(cases, ending_again_and_again_is_an_end);
    tcase_add_test(cases, half_a_chunk_is_a_lost_connection);
    tcase_add_test(cases, who_does_not_admit_is_lost);
    tcase_add_loop_test(cases, a_bad_beginning_is_given_nothing, 0, G_N_ELEMENTS(bad_beginnings));
    tcase_add_loop_test(cases, a_receiver_that_goes_bad_is_left, 0, G_N_ELEMENTS(bad_goings_on));
    tcase_add_test(cases, completing_too_early_is_a_fault);
    tcase_add_test(cases, the_end_may_come_together_with_progress);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
