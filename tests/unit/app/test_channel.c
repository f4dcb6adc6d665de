#include "app/files/channel_internal.h"
#include "tests/unit/app/worker_stage.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define LONG (3 * CHUNK_SIZE + 17)

static WorkerStage *stage;
static Channel *channel[2];

static void set_up(void)
{
    stage = worker_stage_new();
    worker_stage_channels(stage, channel);
}

static void tear_down(void)
{
    for (int i = 0; i < 2; i++)
        channel_free(channel[i]);
    worker_stage_free(stage);
}

static void send_progress(Channel *from, uint64_t bytes)
{
    Wire__Progress progress = WIRE__PROGRESS__INIT;
    progress.bytes = bytes;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_PROGRESS;
    frame.progress = &progress;
    ck_assert(channel_send(from, &frame, NULL));
}

static void expect_progress(Channel *at, uint64_t bytes)
{
    const Wire__DataFrame *frame = channel_receive(at, NULL);
    ck_assert_ptr_nonnull(frame);
    ck_assert_int_eq(frame->body_case, WIRE__DATA_FRAME__BODY_PROGRESS);
    ck_assert_uint_eq(frame->progress->bytes, bytes);
}

static uint8_t *long_bytes(void)
{
    uint8_t *bytes = g_malloc(LONG);
    for (size_t i = 0; i < LONG; i++)
        bytes[i] = (uint8_t)(i * 7);
    return bytes;
}

static gpointer send_long(gpointer user)
{
    g_autofree uint8_t *bytes = long_bytes();
    for (unsigned i = 0; i < 4; i++) {
        send_progress(user, i);
        ck_assert(channel_write(user, bytes, LONG, NULL));
    }
    send_progress(user, 99);
    ck_assert(channel_flush(user, NULL));
    return NULL;
}

static void read_long(Channel *at, size_t piece)
{
    g_autofree uint8_t *bytes = g_malloc(LONG);
    for (size_t have = 0; have < LONG;) {
        size_t got = 0;
        ck_assert(channel_read(at, bytes + have, MIN(piece, LONG - have), INT64_MAX, &got, NULL));
        ck_assert_uint_gt(got, 0);
        have += got;
    }
    g_autofree uint8_t *expected = long_bytes();
    ck_assert_mem_eq(bytes, expected, LONG);
}

START_TEST(frames_and_bytes_alternate)
{
    GThread *thread = g_thread_new("send", send_long, channel[SENDER]);
    for (unsigned i = 0; i < 4; i++) {
        expect_progress(channel[RECEIVER], i);
        read_long(channel[RECEIVER], (size_t[]){LONG, 1000, 16384, 70001}[i]);
    }
    expect_progress(channel[RECEIVER], 99);
    g_thread_join(thread);
}
END_TEST

/* Neither reads before it has written more than the sockets hold. */
START_TEST(both_may_write_at_once)
{
    GThread *thread = g_thread_new("send", send_long, channel[SENDER]);
    for (unsigned i = 0; i < 1000; i++)
        send_progress(channel[RECEIVER], i);
    ck_assert(channel_flush(channel[RECEIVER], NULL));
    for (unsigned i = 0; i < 4; i++) {
        expect_progress(channel[RECEIVER], i);
        read_long(channel[RECEIVER], LONG);
    }
    g_thread_join(thread);
    for (unsigned i = 0; i < 1000; i++)
        expect_progress(channel[SENDER], i);
}
END_TEST

START_TEST(nothing_there_is_no_error)
{
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(channel_receive_until(channel[RECEIVER], 0, &error));
    ck_assert_ptr_null(channel_receive_until(channel[RECEIVER], 1, &error));
    uint8_t byte;
    size_t got = 1;
    ck_assert(channel_read(channel[RECEIVER], &byte, 1, 1, &got, &error));
    ck_assert_uint_eq(got, 0);
    ck_assert_ptr_null(error);
}
END_TEST

static gpointer receive(gpointer user)
{
    GError *error = NULL;
    ck_assert_ptr_null(channel_receive(user, &error));
    return error;
}

START_TEST(a_wait_is_aborted)
{
    GThread *thread = g_thread_new("receive", receive, channel[RECEIVER]);
    channel_abort(channel[RECEIVER]);
    g_autoptr(GError) error = g_thread_join(thread);
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}
END_TEST

START_TEST(a_wait_is_hurried_and_words_may_follow)
{
    GThread *thread = g_thread_new("receive", receive, channel[RECEIVER]);
    channel_hurry(channel[RECEIVER]);
    g_autoptr(GError) error = g_thread_join(thread);
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    send_progress(channel[RECEIVER], 5);
    ck_assert(channel_flush(channel[RECEIVER], NULL));
    expect_progress(channel[SENDER], 5);
}
END_TEST

START_TEST(the_other_closes)
{
    send_progress(channel[SENDER], 1);
    ck_assert(channel_flush(channel[SENDER], NULL));
    GThread *thread = g_thread_new("receive", receive, channel[SENDER]);
    expect_progress(channel[RECEIVER], 1);
    channel_close(channel[RECEIVER]);
    g_autoptr(GError) error = g_thread_join(thread);
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED));
}
END_TEST

START_TEST(what_is_no_frame_is_refused)
{
    static const uint8_t words[][8] = {
        {0, 0, 0, 0, 1},             /* empty */
        {0xff, 0xff, 0xff, 0xff, 1}, /* endless */
        {0, 0, 0, 2, 0xff, 0xff},    /* no message */
        {0, 0, 0, 3, 0x3a, 1, 0x08}, /* half a chunk */
    };
    const uint8_t *word = words[_i];
    ck_assert(channel_write(channel[SENDER], word, sizeof words[0], NULL));
    ck_assert(channel_flush(channel[SENDER], NULL));
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(channel_receive(channel[RECEIVER], &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
}
END_TEST

/* What a meeting does: TLS with one, then on the same socket TLS with another. */
typedef struct {
    Channel *channel;
    SSL *ssl;
    const uint8_t *key;
    GError *error;
} Inner;

static gpointer shake_hands(gpointer user)
{
    Inner *inner = user;
    (void)channel_handshake(inner->channel, inner->ssl, inner->key, &inner->error);
    return NULL;
}

static void change_tls(Inner inner[2])
{
    for (int i = 0; i < 2; i++) {
        channel_free(channel[i]);
        channel[i] = NULL;
    }
    int fd[2];
    SSL *ssl[2];
    worker_stage_connect(stage, fd, ssl);
    for (int i = 0; i < 2; i++) {
        channel[i] = channel_new(fd[i]);
        channel_adopt(channel[i], ssl[i]);
    }
    send_progress(channel[SENDER], 1);
    ck_assert(channel_flush(channel[SENDER], NULL));
    expect_progress(channel[RECEIVER], 1);
    for (int i = 0; i < 2; i++) {
        channel_drop_tls(channel[i]);
        inner[i].channel = channel[i];
    }
    /* The other way round than outside. */
    inner[0].ssl = tls_accept(stage->tls[0]);
    inner[1].ssl = tls_connect(stage->tls[1], TLS_ALPN_DATA);
    GThread *thread = g_thread_new("handshake", shake_hands, &inner[0]);
    shake_hands(&inner[1]);
    g_thread_join(thread);
}

START_TEST(tls_follows_tls)
{
    Inner inner[2] = {{.key = stage->key[1]}, {.key = stage->key[0]}};
    change_tls(inner);
    ck_assert_ptr_null(inner[0].error);
    ck_assert_ptr_null(inner[1].error);
    send_progress(channel[RECEIVER], 2);
    ck_assert(channel_flush(channel[RECEIVER], NULL));
    expect_progress(channel[SENDER], 2);
}
END_TEST

START_TEST(another_key_is_refused)
{
    Inner inner[2] = {{.key = stage->key[0]}, {.key = stage->key[0]}};
    change_tls(inner);
    ck_assert(g_error_matches(inner[0].error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED));
    g_clear_error(&inner[0].error);
    g_clear_error(&inner[1].error);
}
END_TEST

/* What goes into the socket says nothing about who should read it. */
START_TEST(silence_is_noticed_by_one_who_writes)
{
    g_autoptr(GError) error = NULL;
    channel[SENDER]->heard_us -= DATA_SILENCE_US;
    send_progress(channel[SENDER], 1);
    ck_assert(channel_flush(channel[SENDER], NULL));
    int64_t until_us = g_get_monotonic_time() + 1000;
    ck_assert_ptr_null(channel_receive_until(channel[SENDER], until_us, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("app/files/channel");
    TCase *cases = tcase_create("channel");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, frames_and_bytes_alternate);
    tcase_add_test(cases, both_may_write_at_once);
    tcase_add_test(cases, nothing_there_is_no_error);
    tcase_add_test(cases, a_wait_is_aborted);
    tcase_add_test(cases, a_wait_is_hurried_and_words_may_follow);
    tcase_add_test(cases, the_other_closes);
    tcase_add_loop_test(cases, what_is_no_frame_is_refused, 0, 4);
    tcase_add_test(cases, tls_follows_tls);
    tcase_add_test(cases, another_key_is_refused);
    tcase_add_test(cases, silence_is_noticed_by_one_who_writes);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
