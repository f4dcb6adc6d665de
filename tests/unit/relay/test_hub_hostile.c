/* Members who speak the protocol and mean harm: what they bring along from logs of their own, and
 * what they say of themselves. The hub is a real one; each member has a log and an Exchange. */
#include "relay/arena.h"
#include "relay/entries.h"
#include "relay/exchange.h"
#include "relay/frame.h"
#include "relay/hub.h"
#include "tests/unit/relay/log_stage.h"

#include <stdlib.h>

#define NOW_MS (TIME_FIRST_MS + INT64_C(1000))
#define YEAR_MS (INT64_C(365) * 24 * 3600 * 1000)

typedef struct {
    Log *log;
    Exchange *exchange;
    HubLink *link;
    GQueue frames; /* GBytes */
    Author *author;
    bool parted;
    unsigned lists; /* Successors that came */
} Peer;

static Log *room;
static Hub *hub;
static Arena *arena;
static int64_t now_us;
static Peer *mallory, *ben;

static bool out_send(void *link, GBytes *frame, void *user)
{
    Peer *peer = link;
    g_queue_push_tail(&peer->frames, g_bytes_ref(frame));
    return true;
}

static size_t out_queued(void *link, void *user)
{
    return 0;
}

static void out_close(void *link, void *user)
{
    ((Peer *)link)->link = NULL;
}

static int64_t out_wall(void *user)
{
    return NOW_MS + now_us / 1000;
}

static void put_to_hub(Peer *peer, const Wire__Frame *frame)
{
    g_autoptr(GBytes) bytes = frame_build(frame);
    size_t length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    if (peer->link)
        hub_frame(hub, peer->link, data + 4, length - 4, now_us);
}

static bool exchange_sends(GBytes *frame, void *user)
{
    Peer *peer = user;
    size_t length = 0;
    const uint8_t *data = g_bytes_get_data(frame, &length);
    if (peer->link)
        hub_frame(hub, peer->link, data + 4, length - 4, now_us);
    return true;
}

static Peer *peer_new(uint8_t number)
{
    static const ExchangeOutput output = {.send = exchange_sends};
    Peer *peer = g_new0(Peer, 1);
    peer->author = author_new(number);
    peer->author->time_ms = NOW_MS;
    peer->log = log_open(NULL, scratch_place, NULL);
    g_queue_init(&peer->frames);
    const ExchangeConfig config = {.owner = author_key(peer->author),
                                   .other = author_key(peer->author), /* no matter whom */
                                   .gives_private = true};
    peer->exchange = exchange_new(peer->log, &config, &output, peer);
    return peer;
}

static void peer_free(Peer *peer)
{
    g_queue_clear_full(&peer->frames, (GDestroyNotify)g_bytes_unref);
    exchange_free(peer->exchange);
    log_close(peer->log);
    author_free(peer->author);
    g_free(peer);
}

static void read_frame(Peer *peer, GBytes *bytes)
{
    size_t length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    arena_reset(arena);
    const Wire__Frame *frame = frame_parse(arena, data + 4, length - 4, NULL);
    ck_assert_ptr_nonnull(frame);
    switch (frame->body_case) {
    case WIRE__FRAME__BODY_WANT:
        exchange_want(peer->exchange, frame->want, now_us);
        break;
    case WIRE__FRAME__BODY_HEADS:
        exchange_heads(peer->exchange, frame->heads, now_us);
        break;
    case WIRE__FRAME__BODY_SUCCESSORS:
        peer->lists++;
        break;
    case WIRE__FRAME__BODY_GOODBYE:
        peer->parted = true;
        break;
    default:
        break;
    }
}

static void run(void)
{
    for (unsigned i = 0; i < 2000; i++) {
        Peer *const peers[] = {mallory, ben};
        bool any = false;
        hub_tick(hub, now_us);
        for (unsigned p = 0; p < G_N_ELEMENTS(peers); p++) {
            g_autoptr(GBytes) frame = g_queue_pop_head(&peers[p]->frames);
            if (!frame)
                continue;
            any = true;
            read_frame(peers[p], frame);
        }
        exchange_continue(mallory->exchange, true, now_us);
        if (!any)
            return;
    }
}

static void join(Peer *peer, bool relay_program, const char *address)
{
    char *addresses[] = {(char *)address, NULL};
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.version = PROTOCOL_VERSION;
    hello.page = 100;
    hello.app = address != NULL;
    hello.relay_program = relay_program;
    hello.addresses = addresses;
    hello.n_addresses = address ? 1 : 0;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HELLO;
    frame.hello = &hello;
    peer->link = hub_link_opened(hub, peer, author_key(peer->author), now_us);
    put_to_hub(peer, &frame);
}

/* Into the log of `peer`, which then offers it. */
static void hold(Peer *peer, Event *event)
{
    uint64_t position = 0;
    (void)try_put(peer->log, event, LOG_RULE_SET, &position);
    event_unref(event);
}

static void offer(Peer *peer)
{
    commit(peer->log);
    exchange_offer(peer->exchange, 0, now_us);
    run();
}

static void begin(bool relay_program, int64_t room_time_ms)
{
    static const HubOutput output = {
        .send = out_send, .queued = out_queued, .close = out_close, .wall_ms = out_wall};
    static const uint8_t self[KEY_SIZE] = {1};
    HubConfig config = {.place_name = "Place",
                        .self = self,
                        .relay_program = relay_program,
                        .room_time_ms = room_time_ms};
    hub_free(hub);
    hub = hub_new(&config, room, &output, NULL, now_us);
    mallory->link = ben->link = NULL;
}

static void set_up(void)
{
    now_us = 1000;
    arena = arena_new(FRAME_ARENA_SIZE);
    room = log_open(NULL, scratch_place, NULL);
    mallory = peer_new(7);
    ben = peer_new(8);
    begin(true, 0);
}

static void tear_down(void)
{
    g_clear_pointer(&hub, hub_free);
    peer_free(mallory);
    peer_free(ben);
    log_close(room);
    arena_free(arena);
}

/* --- time --- */

START_TEST(what_is_brought_along_may_be_as_late_as_clocks_are_wrong)
{
    join(mallory, false, NULL);
    mallory->author->time_ms = NOW_MS + 10 * YEAR_MS;
    hold(mallory, author_says(mallory->author, "from a wrong clock"));
    offer(mallory);
    ck_assert_uint_eq(log_head(room), 1);
    ck_assert_int_ge(hub_room_time_ms(hub), NOW_MS + 10 * YEAR_MS); /* new messages come after it */
}
END_TEST

START_TEST(nobody_drives_room_time_to_its_end)
{
    join(mallory, false, NULL);
    mallory->author->time_ms = NOW_MS;
    hold(mallory, author_says(mallory->author, "now"));
    mallory->author->time_ms = NOW_MS + 40 * YEAR_MS;
    hold(mallory, author_says(mallory->author, "in forty years"));
    mallory->author->time_ms = TIME_MAX_MS - 10;
    hold(mallory, author_says(mallory->author, "at the end of time"));
    offer(mallory);
    ck_assert_uint_eq(log_head(room), 1);
    ck_assert_int_lt(hub_room_time_ms(hub), NOW_MS + 1000);
    ck_assert(!mallory->parted); /* it may have been told it by others */
    begin(false, NOW_MS);
    ck_assert_int_lt(hub_room_time_ms(hub), NOW_MS + 1000);
}
END_TEST

/* Also where such events came in otherwise. */
START_TEST(room_time_begins_no_later_than_clocks_are_wrong)
{
    mallory->author->time_ms = TIME_MAX_MS - 10;
    g_autoptr(Event) event = author_says(mallory->author, "at the end of time");
    put(room, event);
    commit(room);
    begin(true, 0);
    ck_assert_int_le(hub_room_time_ms(hub), NOW_MS + 21 * YEAR_MS);
    begin(false, TIME_MAX_MS);
    ck_assert_int_le(hub_room_time_ms(hub), NOW_MS + 21 * YEAR_MS);
}
END_TEST

/* --- who it says it is --- */

static unsigned deliveries(Peer *peer)
{
    unsigned count = 0;
    for (GList *node = peer->frames.head; node; node = node->next) {
        size_t length = 0;
        const uint8_t *data = g_bytes_get_data(node->data, &length);
        arena_reset(arena);
        const Wire__Frame *frame = frame_parse(arena, data + 4, length - 4, NULL);
        count += frame->body_case == WIRE__FRAME__BODY_DELIVER ||
                 (frame->body_case == WIRE__FRAME__BODY_GIVE && frame->give->n_events > 0);
    }
    return count;
}

static void submit(Peer *peer, Event *event)
{
    Wire__SignedEvent wired;
    event_to_wire(event, &wired);
    Wire__Submit submit = WIRE__SUBMIT__INIT;
    submit.event = &wired;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_SUBMIT;
    frame.submit = &submit;
    put_to_hub(peer, &frame);
    event_unref(event);
}

static void want_private(Peer *peer, const Author *of)
{
    Wire__Want want = WIRE__WANT__INIT;
    want.request = 1;
    want.author = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)author_key(of)};
    want.lane = LANE_PRIVATE;
    want.incarnation = of->incarnation;
    want.first = 1;
    want.last = 10;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_WANT;
    frame.want = &want;
    put_to_hub(peer, &frame);
}

/* Gets another's private events neither as they come nor by asking. */
static void expect_no_secrets(bool claims)
{
    Author *anna = author_new(9);
    anna->time_ms = NOW_MS;
    const Author *to[] = {anna};
    join(mallory, claims, "192.0.2.7:7669");
    join(ben, false, NULL);
    run();
    submit(ben, author_seals(ben->author, to, 1));
    hub_flush(hub, now_us);
    want_private(mallory, ben->author);
    hub_flush(hub, now_us);
    ck_assert_uint_eq(log_head(room), 1);
    ck_assert_uint_eq(deliveries(mallory), 0);
    author_free(anna);
}

START_TEST(no_member_gets_what_is_for_others)
{
    expect_no_secrets(false);
}
END_TEST

START_TEST(where_an_app_serves_nobody_is_a_relay_program_in_reserve)
{
    begin(false, NOW_MS);
    expect_no_secrets(true);
}
END_TEST

/* --- how often --- */

START_TEST(who_comes_and_goes_all_the_time_is_told_of_rarely)
{
    join(ben, false, NULL);
    run();
    for (unsigned i = 0; i < 1000; i++) {
        join(mallory, false, "192.0.2.7:7669");
        hub_tick(hub, now_us);
        hub_link_closed(hub, g_steal_pointer(&mallory->link), now_us);
        hub_tick(hub, now_us);
        now_us += 1000;
    }
    run();
    ck_assert_uint_gt(ben->lists, 0);
    ck_assert_uint_lt(ben->lists, 140);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {what_is_brought_along_may_be_as_late_as_clocks_are_wrong,
                                  nobody_drives_room_time_to_its_end,
                                  room_time_begins_no_later_than_clocks_are_wrong,
                                  no_member_gets_what_is_for_others,
                                  where_an_app_serves_nobody_is_a_relay_program_in_reserve,
                                  who_comes_and_goes_all_the_time_is_told_of_rarely};
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("hub_hostile");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
