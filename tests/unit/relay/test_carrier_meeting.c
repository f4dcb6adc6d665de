#include "relay/carrier.h"
#include "relay/data_frame.h"
#include "tests/unit/relay/loopback.h"
#include "tests/unit/relay/stream.h"

#include <check.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MIB (1024 * 1024)
#define PINGS 200

/* The loopback's identity 0 is the relay's; members 0 and 1 are made here. */
typedef struct {
    Identity *identity;
    Tls *tls;
    Link *chat;
    unsigned welcomes, pongs;
    Link *data;
    unsigned opened, met, refused, closed;
    char why[128];
    uint32_t retry_ms;
    int fd; /* after Met */
} Member;

static Loopback loopback;
static Log *history;
static Carrier *carrier;
static Arena *arena;
static Member members[2];
static unsigned begun, ended, stopped;
static char ended_as[128];

static const uint8_t meeting_id[TRANSFER_SIZE] = "meeting";

static void chat_opened(const uint8_t *key, void *user)
{
}

static void chat_message(const uint8_t *message, size_t length, void *user)
{
    Member *member = user;
    arena_reset(arena);
    const Wire__Frame *frame = frame_parse(arena, message, length, NULL);
    ck_assert_ptr_nonnull(frame);
    member->welcomes += frame->body_case == WIRE__FRAME__BODY_WELCOME;
    member->pongs += frame->body_case == WIRE__FRAME__BODY_PONG;
}

static void chat_closed(const char *why, void *user)
{
    g_clear_pointer(&((Member *)user)->chat, link_free);
}

static void data_opened(const uint8_t *key, void *user)
{
    ck_assert_mem_eq(key, identity_key(loopback.identity[0]), KEY_SIZE);
    ((Member *)user)->opened++;
}

static void take_over(Member *member)
{
    SSL *ssl = NULL;
    member->fd = link_steal(member->data, &ssl);
    ck_assert_int_ge(member->fd, 0);
    tls_ssl_free(ssl);
    g_clear_pointer(&member->data, link_free);
    stream_set_blocking(member->fd);
}

static void data_message(const uint8_t *message, size_t length, void *user)
{
    Member *member = user;
    arena_reset(arena);
    const Wire__DataFrame *frame = data_frame_parse(arena, message, length, NULL);
    ck_assert_ptr_nonnull(frame);
    ck_assert_int_eq(frame->body_case, WIRE__DATA_FRAME__BODY_MET);
    if (frame->met->refused) {
        member->refused++;
        member->retry_ms = frame->met->retry_ms;
        g_strlcpy(member->why, frame->met->text, sizeof member->why);
        return;
    }
    take_over(member);
    member->met++;
}

static void data_closed(const char *why, void *user)
{
    Member *member = user;
    member->closed++;
    g_clear_pointer(&member->data, link_free);
}

static size_t message_max(void *user)
{
    return FRAME_MAX;
}

static void dial_chat(Member *member)
{
    static const LinkEvents events = {.opened = chat_opened,
                                      .message = chat_message,
                                      .closed = chat_closed,
                                      .message_max = message_max};
    member->chat = link_new(loopback.poller, loopback_dial(carrier_port(carrier)),
                            tls_connect(member->tls, TLS_ALPN_LINK), 0, &events, member);
}

static void send_frame(Member *member, const Wire__Frame *frame)
{
    g_autoptr(GBytes) bytes = frame_build(frame);
    ck_assert(link_send(member->chat, bytes));
}

static void join(Member *member)
{
    dial_chat(member);
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.version = PROTOCOL_VERSION;
    hello.software = (char *)"test";
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HELLO;
    frame.hello = &hello;
    send_frame(member, &frame);
    loopback_await(&member->welcomes, 1);
}

static void dial_data(Member *member)
{
    static const LinkEvents events = {.opened = data_opened,
                                      .message = data_message,
                                      .closed = data_closed,
                                      .message_max = message_max};
    member->data = link_new(loopback.poller, loopback_dial(carrier_port(carrier)),
                            tls_connect(member->tls, TLS_ALPN_DATA), 0, &events, member);
}

static void say_meet(Member *member, const Member *other)
{
    Wire__Meet meet = WIRE__MEET__INIT;
    meet.meeting = (ProtobufCBinaryData){TRANSFER_SIZE, (uint8_t *)meeting_id};
    meet.other = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)identity_key(other->identity)};
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_MEET;
    frame.meet = &meet;
    g_autoptr(GBytes) bytes = data_frame_build(&frame);
    ck_assert(link_send(member->data, bytes));
}

static void dial_and_meet(Member *member, const Member *other)
{
    dial_data(member);
    say_meet(member, other);
}

/* Both have joined the room. */
static void meet_each_other(void)
{
    dial_and_meet(&members[0], &members[1]);
    dial_and_meet(&members[1], &members[0]);
    loopback_await(&members[0].met, 1);
    loopback_await(&members[1].met, 1);
    ck_assert_uint_eq(begun, 1);
}

static void take_report(const char *event, const char *detail, void *user)
{
    begun += strcmp(event, "meeting-began") == 0;
    if (strcmp(event, "meeting-over") == 0) {
        ended++;
        g_strlcpy(ended_as, detail, sizeof ended_as);
    }
}

static void note_stopped(void *user)
{
    stopped++;
}

static void start(MeetingLimits limits)
{
    CarrierConfig config = {
        .place_name = "Test", .relay_program = true, .meetings = limits, .report = take_report};
    carrier = carrier_new(NULL, &config, loopback.identity[0], history, NULL);
    ck_assert_ptr_nonnull(carrier);
}

static void set_up(void)
{
    static const uint8_t place[PLACE_SIZE] = {1};
    signal(SIGPIPE, SIG_IGN);
    loopback = loopback_new();
    history = log_open(NULL, place, NULL);
    arena = arena_new(FRAME_ARENA_SIZE);
    begun = ended = stopped = 0;
    memset(members, 0, sizeof members);
    for (int i = 0; i < 2; i++) {
        uint8_t seed[32];
        memset(seed, 10 + i, sizeof seed);
        members[i].identity = identity_from_seed(seed);
        members[i].tls = tls_new(members[i].identity, NULL);
        members[i].fd = -1;
    }
}

static void tear_down(void)
{
    for (int i = 0; i < 2; i++) {
        link_free(members[i].chat);
        link_free(members[i].data);
        if (members[i].fd >= 0)
            close(members[i].fd);
        tls_free(members[i].tls);
        identity_free(members[i].identity);
    }
    carrier_free(carrier);
    log_close(history);
    arena_free(arena);
    loopback_clear(&loopback);
}

static void start_and_join(MeetingLimits limits)
{
    start(limits);
    join(&members[0]);
    join(&members[1]);
}

START_TEST(two_members_meet)
{
    start_and_join((MeetingLimits)MEETING_LIMITS_DEFAULT);
    meet_each_other();
    stream_both_ways(members[0].fd, members[1].fd, 5 * MIB, 3 * MIB);
    loopback_await(&ended, 1);
    ck_assert_str_eq(ended_as, "bytes=8388608 why=\"both have finished\"");
    ck_assert_uint_eq(members[0].closed + members[1].closed, 0);
}
END_TEST

/* What the relay forwards is a TLS of the two, in which each sees the other's key. */
typedef struct {
    SSL *ssl;
    int fd;
    uint8_t key[KEY_SIZE];
    int *done;
} Inner;

static void *shake_hands(void *user)
{
    Inner *inner = user;
    ck_assert_int_eq(SSL_set_fd(inner->ssl, inner->fd), 1);
    ck_assert_int_eq(SSL_do_handshake(inner->ssl), 1);
    ck_assert(tls_peer_key(inner->ssl, inner->key));
    stream_count(inner->done);
    return NULL;
}

START_TEST(the_two_see_each_others_key)
{
    start_and_join((MeetingLimits)MEETING_LIMITS_DEFAULT);
    meet_each_other();
    int done = 0;
    Inner inner[2] = {
        {.ssl = tls_accept(members[0].tls), .fd = members[0].fd, .done = &done},
        {.ssl = tls_connect(members[1].tls, TLS_ALPN_DATA), .fd = members[1].fd, .done = &done}};
    GThread *threads[2];
    for (int i = 0; i < 2; i++)
        threads[i] = g_thread_new("inner", shake_hands, &inner[i]);
    stream_await(&done, 2);
    for (int i = 0; i < 2; i++) {
        g_thread_join(threads[i]);
        ck_assert_mem_eq(inner[i].key, identity_key(members[1 - i].identity), KEY_SIZE);
        tls_ssl_free(inner[i].ssl);
    }
}
END_TEST

static void expect_refused(Member *member, const char *why)
{
    loopback_await(&member->closed, 1);
    ck_assert_uint_eq(member->met, 0);
    if (why != NULL)
        ck_assert_str_eq(member->why, why);
    else
        ck_assert_uint_eq(member->refused, 0);
}

START_TEST(who_has_not_joined_is_refused)
{
    start((MeetingLimits)MEETING_LIMITS_DEFAULT);
    join(&members[1]);
    dial_and_meet(&members[0], &members[1]);
    expect_refused(&members[0], "join the room first");
    ck_assert_uint_gt(members[0].retry_ms, 0);
}
END_TEST

START_TEST(who_has_left_is_refused)
{
    start_and_join((MeetingLimits)MEETING_LIMITS_DEFAULT);
    g_clear_pointer(&members[0].chat, link_free);
    while (hub_joined(carrier_hub(carrier)) > 1)
        g_main_context_iteration(NULL, TRUE);
    dial_and_meet(&members[0], &members[1]);
    expect_refused(&members[0], "join the room first");
}
END_TEST

START_TEST(nobody_comes)
{
    start_and_join((MeetingLimits){.meetings_max = 1, .wait_us = 30000});
    dial_and_meet(&members[0], &members[1]);
    expect_refused(&members[0], "the other one did not come");
}
END_TEST

START_TEST(the_one_who_waits_goes_away)
{
    start_and_join((MeetingLimits){.meetings_max = 1});
    dial_and_meet(&members[0], &members[1]);
    loopback_await(&members[0].opened, 1);
    link_finish(members[0].data);
    loopback_await(&members[0].closed, 1);
    /* Its place is free again. */
    dial_and_meet(&members[1], &members[0]);
    loopback_await(&members[1].opened, 1);
    dial_and_meet(&members[0], &members[1]);
    loopback_await(&members[1].met, 1);
}
END_TEST

START_TEST(a_relay_that_carries_no_files_says_so)
{
    start_and_join((MeetingLimits){0});
    dial_and_meet(&members[0], &members[1]);
    expect_refused(&members[0], "this relay carries no files");
    ck_assert_uint_eq(members[0].retry_ms, 0);
}
END_TEST

START_TEST(another_frame_ends_it)
{
    start_and_join((MeetingLimits)MEETING_LIMITS_DEFAULT);
    dial_data(&members[0]);
    Wire__Admitted body = WIRE__ADMITTED__INIT;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_ADMITTED;
    frame.admitted = &body;
    g_autoptr(GBytes) bytes = data_frame_build(&frame);
    ck_assert(link_send(members[0].data, bytes));
    expect_refused(&members[0], NULL);
}
END_TEST

START_TEST(who_speaks_before_met_is_cut_off)
{
    start_and_join((MeetingLimits)MEETING_LIMITS_DEFAULT);
    dial_and_meet(&members[0], &members[1]);
    say_meet(&members[0], &members[1]);
    expect_refused(&members[0], NULL);
    dial_and_meet(&members[1], &members[0]);
    loopback_await(&members[1].opened, 1);
    ck_assert_uint_eq(members[1].met, 0);
}
END_TEST

START_TEST(shutting_down_ends_meetings)
{
    start_and_join((MeetingLimits)MEETING_LIMITS_DEFAULT);
    meet_each_other();
    dial_data(&members[0]); /* one that says nothing */
    loopback_await(&members[0].opened, 2);
    carrier_shut_down(carrier, NULL, note_stopped, NULL);
    loopback_await(&stopped, 1);
    loopback_await(&members[0].closed, 1);
    uint8_t byte;
    ck_assert_int_eq(recv(members[1].fd, &byte, 1, 0), 0);
}
END_TEST

/* A thread that keeps a meeting full, until told to stop. */
typedef struct {
    int from, to;
    int stop;
} Load;

static void *load(void *user)
{
    Load *full = user;
    g_autofree uint8_t *bytes = g_malloc0(MIB);
    while (g_atomic_int_get(&full->stop) == 0) {
        (void)send(full->from, bytes, MIB, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)recv(full->to, bytes, MIB, MSG_DONTWAIT);
    }
    return NULL;
}

static void ping(Member *member)
{
    Wire__Ping body = WIRE__PING__INIT;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_PING;
    frame.ping = &body;
    send_frame(member, &frame);
    loopback_await(&member->pongs, member->pongs + 1);
}

START_TEST(chat_goes_on_beside_a_full_meeting)
{
    start_and_join((MeetingLimits){.meetings_max = 1});
    meet_each_other();
    Load full = {.from = members[0].fd, .to = members[1].fd};
    GThread *thread = g_thread_new("load", load, &full);
    int64_t longest_us = 0;
    for (int i = 0; i < PINGS; i++) {
        int64_t sent_us = g_get_monotonic_time();
        ping(&members[i % 2]);
        longest_us = MAX(longest_us, g_get_monotonic_time() - sent_us);
    }
    g_debug("the slowest of %d answers took %" G_GINT64_FORMAT " us", PINGS, longest_us);
    ck_assert_uint_eq(ended, 0);
    g_atomic_int_set(&full.stop, 1);
    g_thread_join(thread);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("carrier_meeting");
    TCase *test = tcase_create("carrier_meeting");
    tcase_set_timeout(test, 40);
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, two_members_meet);
    tcase_add_test(test, the_two_see_each_others_key);
    tcase_add_test(test, who_has_not_joined_is_refused);
    tcase_add_test(test, who_has_left_is_refused);
    tcase_add_test(test, nobody_comes);
    tcase_add_test(test, the_one_who_waits_goes_away);
    tcase_add_test(test, a_relay_that_carries_no_files_says_so);
    tcase_add_test(test, another_frame_ends_it);
    tcase_add_test(test, who_speaks_before_met_is_cut_off);
    tcase_add_test(test, shutting_down_ends_meetings);
    tcase_add_test(test, chat_goes_on_beside_a_full_meeting);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
