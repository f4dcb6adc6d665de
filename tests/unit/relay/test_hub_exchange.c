/* Members bring other logs along to a hub. */
#include "relay/exchange.h"
#include "relay/frame.h"
#include "relay/hub.h"
#include "tests/unit/relay/log_stage.h"

#include <string.h>

#define GUESTS 3

/* A member with a log of its own. */
typedef struct {
    Author *author;
    Log *log;
    Exchange *exchange;
    HubLink *link;
    GQueue inbox;       /* GBytes */
    unsigned given;     /* events that came */
    unsigned asked;     /* events that it was asked for, as far as it gave them */
    unsigned delivered; /* by Deliver */
    unsigned hints;     /* empty ones */
    uint64_t settled;
    int parting; /* -1: none */
} Guest;

static struct {
    Log *log;
    Hub *hub;
    Arena *arena;
    int64_t now_us;
    Guest guests[GUESTS];
} hall;

static bool hub_sends(void *link, GBytes *frame, void *user)
{
    g_queue_push_tail(&((Guest *)link)->inbox, g_bytes_ref(frame));
    return true;
}

static size_t hub_queued(void *link, void *user)
{
    return 0;
}

static void hub_closes(void *link, void *user)
{
    ((Guest *)link)->link = NULL;
}

static int64_t wall_ms(void *user)
{
    return INT64_C(1700000000000) + hall.now_us / 1000;
}

static void to_hub(Guest *guest, GBytes *frame)
{
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(frame, &length);
    if (guest->link)
        hub_frame(hall.hub, guest->link, bytes + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE,
                  hall.now_us);
}

static bool guest_sends(GBytes *frame, void *user)
{
    to_hub(user, frame);
    return true;
}

static void guest_settled(uint64_t position, void *user)
{
    ((Guest *)user)->settled = position;
}

static void set_up(void)
{
    static const HubOutput output = {
        .send = hub_sends, .queued = hub_queued, .close = hub_closes, .wall_ms = wall_ms};
    static const uint8_t self[KEY_SIZE] = {0xee};
    const HubConfig config = {
        .place_name = "Hall", .self = self, .relay_program = true, .software = "test"};
    hall.now_us = G_USEC_PER_SEC;
    hall.arena = arena_new(FRAME_ARENA_SIZE);
    hall.log = log_open(NULL, scratch_place, NULL);
    hall.hub = hub_new(&config, hall.log, &output, NULL, hall.now_us);
    for (unsigned i = 0; i < GUESTS; i++) {
        Guest *guest = &hall.guests[i];
        *guest = (Guest){.parting = -1, .settled = UINT64_MAX};
        guest->author = author_new((uint8_t)(1 + i));
        guest->log = log_open(NULL, scratch_place, NULL);
        g_queue_init(&guest->inbox);
    }
}

static void leave(Guest *guest)
{
    g_clear_pointer(&guest->exchange, exchange_free);
    if (guest->link)
        hub_link_closed(hall.hub, guest->link, hall.now_us);
    guest->link = NULL;
    g_queue_clear_full(&guest->inbox, (GDestroyNotify)g_bytes_unref);
}

static void tear_down(void)
{
    for (unsigned i = 0; i < GUESTS; i++) {
        leave(&hall.guests[i]);
        author_free(hall.guests[i].author);
        log_close(hall.guests[i].log);
    }
    hub_free(hall.hub);
    log_close(hall.log);
    arena_free(hall.arena);
}

static void send_frame(Guest *guest, const Wire__Frame *frame)
{
    g_autoptr(GBytes) bytes = frame_build(frame);
    to_hub(guest, bytes);
}

static void join(Guest *guest, bool relay_program)
{
    static const ExchangeOutput output = {.send = guest_sends, .settled = guest_settled};
    static const uint8_t hub_key[KEY_SIZE] = {0xee};
    ExchangeConfig config = {.owner = author_key(guest->author),
                             .other = hub_key,
                             .takes_private = relay_program,
                             .gives_private = true};
    guest->exchange = exchange_new(guest->log, &config, &output, guest);
    guest->link = hub_link_opened(hall.hub, guest, author_key(guest->author), hall.now_us);
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.version = PROTOCOL_VERSION;
    hello.relay_program = relay_program;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HELLO;
    frame.hello = &hello;
    send_frame(guest, &frame);
}

static void take(const Wire__SignedEvent *sent, void *user)
{
    Guest *guest = user;
    g_autoptr(Event) event = event_open(sent->body.data, sent->body.len, sent->signature.data,
                                        sent->signature.len, scratch_place, NULL);
    ck_assert_ptr_nonnull(event);
    guest->given++;
    try_put(guest->log, event, LOG_RULE_SET, NULL);
}

static void hear(Guest *guest, const Wire__Frame *frame)
{
    switch (frame->body_case) {
    case WIRE__FRAME__BODY_HEADS:
        exchange_heads(guest->exchange, frame->heads, hall.now_us);
        break;
    case WIRE__FRAME__BODY_WANT:
        guest->asked += (unsigned)(frame->want->last - frame->want->first + 1);
        exchange_want(guest->exchange, frame->want, hall.now_us);
        break;
    case WIRE__FRAME__BODY_GIVE:
        ck_assert(exchange_give(guest->exchange, frame->give, take, hall.now_us));
        break;
    case WIRE__FRAME__BODY_SETTLED:
        exchange_is_settled(guest->exchange, frame->settled);
        break;
    case WIRE__FRAME__BODY_DELIVER:
        guest->delivered += (unsigned)frame->deliver->n_entries;
        guest->hints += frame->deliver->n_entries == 0;
        break;
    case WIRE__FRAME__BODY_GOODBYE:
        guest->parting = (int)frame->goodbye->why;
        break;
    default:
        break;
    }
}

static bool listen(Guest *guest)
{
    bool any = guest->inbox.length > 0;
    for (guint n = guest->inbox.length; n > 0; n--) {
        g_autoptr(GBytes) bytes = g_queue_pop_head(&guest->inbox);
        gsize length = 0;
        const uint8_t *data = g_bytes_get_data(bytes, &length);
        arena_reset(hall.arena);
        const Wire__Frame *frame =
            frame_parse(hall.arena, data + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE, NULL);
        ck_assert_ptr_nonnull(frame);
        hear(guest, frame);
    }
    commit(guest->log);
    if (guest->exchange)
        exchange_continue(guest->exchange, false, hall.now_us);
    return any;
}

/* Until all is said, and for a second more. */
static void run(void)
{
    for (unsigned quiet = 0; quiet < 100;) {
        bool any = false;
        hub_tick(hall.hub, hall.now_us);
        for (unsigned i = 0; i < GUESTS; i++)
            any |= listen(&hall.guests[i]);
        quiet = any ? 0 : quiet + 1;
        hall.now_us += 10000;
    }
}

static void offer(Guest *guest)
{
    exchange_offer(guest->exchange, 0, hall.now_us);
}

/* Says it without anybody hearing: into the logs of these guests. */
static void said(Author *author, unsigned count, const char *guests)
{
    for (unsigned i = 0; i < count; i++) {
        g_autoptr(Event) event = author_says(author, "hello");
        for (const char *at = guests; *at != '\0'; at++)
            put(hall.guests[*at - 'a'].log, event);
    }
    for (unsigned i = 0; i < GUESTS; i++)
        commit(hall.guests[i].log);
}

START_TEST(what_a_member_brings_is_stored_and_delivered)
{
    g_autoptr(Author) absent = author_new(50);
    said(absent, 20, "a");
    said(hall.guests[0].author, 5, "a");
    join(&hall.guests[0], false);
    join(&hall.guests[1], false);
    offer(&hall.guests[0]);
    run();
    ck_assert_uint_eq(log_head(hall.log), 25);
    ck_assert_uint_eq(hall.guests[0].settled, 25);
    ck_assert_uint_eq(hall.guests[1].delivered, 25);
    ck_assert_uint_eq(hall.guests[1].hints, 0);
    ck_assert_uint_eq(hub_joined(hall.hub), 2);
}
END_TEST

START_TEST(of_much_there_is_a_hint)
{
    g_autoptr(Author) absent = author_new(50);
    said(absent, 2000, "a");
    join(&hall.guests[0], false);
    join(&hall.guests[1], false);
    offer(&hall.guests[0]);
    run();
    ck_assert_uint_eq(log_head(hall.log), 2000);
    ck_assert_uint_le(hall.guests[1].delivered, 640);
    ck_assert_uint_ge(hall.guests[1].hints, 1);
    exchange_ask(hall.guests[1].exchange, hall.now_us);
    run();
    ck_assert_uint_eq(hall.guests[1].given, 2000);
}
END_TEST

/* They were together without the hub, and return together. */
START_TEST(nobody_is_asked_for_what_another_gives)
{
    for (unsigned i = 0; i < 10; i++) {
        g_autoptr(Author) absent = author_new((uint8_t)(50 + i));
        said(absent, 150, "abc");
    }
    for (unsigned i = 0; i < GUESTS; i++)
        join(&hall.guests[i], false);
    for (unsigned i = 0; i < GUESTS; i++)
        offer(&hall.guests[i]);
    run();
    ck_assert_uint_eq(log_head(hall.log), 1500);
    unsigned asked = 0;
    for (unsigned i = 0; i < GUESTS; i++) {
        asked += hall.guests[i].asked;
        ck_assert_uint_eq(hall.guests[i].settled, 1500);
    }
    ck_assert_uint_eq(asked, 1500);
}
END_TEST

START_TEST(one_who_leaves_is_followed_by_another)
{
    g_autoptr(Author) absent = author_new(50);
    said(absent, 500, "ab");
    join(&hall.guests[0], false);
    join(&hall.guests[1], false);
    offer(&hall.guests[0]);
    offer(&hall.guests[1]);
    hub_tick(hall.hub, hall.now_us);
    listen(&hall.guests[0]);
    leave(&hall.guests[0]);
    run();
    ck_assert_uint_eq(log_head(hall.log), 500);
    ck_assert_uint_eq(hall.guests[1].settled, 500);
}
END_TEST

START_TEST(private_events_come_and_do_not_go)
{
    Author *a = hall.guests[0].author;
    g_autoptr(Author) absent = author_new(50);
    for (unsigned i = 0; i < 5; i++) {
        g_autoptr(Event) event = author_seals(absent, (const Author *const[]){a}, 1);
        put(hall.guests[1].log, event); /* in custody */
    }
    commit(hall.guests[1].log);
    join(&hall.guests[1], false);
    join(&hall.guests[2], false);
    offer(&hall.guests[1]);
    run();
    ck_assert_uint_eq(log_head(hall.log), 5);
    exchange_ask(hall.guests[2].exchange, hall.now_us);
    run();
    ck_assert_uint_eq(hall.guests[2].given, 0);
    join(&hall.guests[0], true); /* a relay program in reserve keeps them, too */
    exchange_ask(hall.guests[0].exchange, hall.now_us);
    run();
    ck_assert_uint_eq(hall.guests[0].given, 5);
}
END_TEST

START_TEST(gifts_end_the_link)
{
    join(&hall.guests[0], false);
    Wire__Give give = WIRE__GIVE__INIT;
    give.request = 1;
    give.first = 1;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_GIVE;
    frame.give = &give;
    send_frame(&hall.guests[0], &frame);
    run();
    ck_assert_int_eq(hall.guests[0].parting, WIRE__PARTING__BAD_FRAME);
    ck_assert_uint_eq(hub_joined(hall.hub), 0);
}
END_TEST

/* Events of another place, signed well: nothing that a log of this one could hold. */
START_TEST(forged_events_end_the_link)
{
    static const uint8_t elsewhere[PLACE_SIZE] = {9};
    Guest *guest = &hall.guests[0];
    for (unsigned i = 0; i < 200; i++) {
        g_autoptr(GBytes) content = content_message("hello", false, NULL);
        uint8_t token[TOKEN_SIZE] = {(uint8_t)i};
        uint8_t prev[HASH_SIZE] = {1};
        EventDraft draft = {.incarnation = 1,
                            .seq = i + 1,
                            .prev = i > 0 ? prev : NULL,
                            .place = elsewhere,
                            .time_ms = 1000,
                            .token = token,
                            .kind = EVENT_MESSAGE,
                            .room = scratch_room,
                            .content = content};
        g_autoptr(Event) event = event_sign(guest->author->identity, &draft);
        ck_assert_int_eq(try_put(guest->log, event, LOG_RULE_SET, NULL) == LOG_FAILED, false);
    }
    commit(guest->log);
    join(guest, false);
    offer(guest);
    run();
    ck_assert_uint_eq(log_head(hall.log), 0);
    ck_assert_int_eq(guest->parting, WIRE__PARTING__BAD_FRAME);
}
END_TEST

START_TEST(a_full_disk_is_waited_for)
{
    g_autoptr(Author) absent = author_new(50);
    g_autofree char *text = g_strnfill(10000, 'x');
    for (unsigned i = 0; i < 40; i++) {
        g_autoptr(Event) event = author_says(absent, text);
        put(hall.guests[0].log, event);
    }
    commit(hall.guests[0].log);
    join(&hall.guests[0], false);
    log_set_size_limit(hall.log, 1);
    offer(&hall.guests[0]);
    run();
    ck_assert_uint_lt(log_head(hall.log), 40);
    log_set_size_limit(hall.log, UINT64_C(1) << 40);
    hall.now_us += 20 * G_USEC_PER_SEC;
    hall.guests[0].link = hall.guests[0].parting < 0 ? hall.guests[0].link : NULL;
    leave(&hall.guests[0]);
    join(&hall.guests[0], false);
    offer(&hall.guests[0]);
    run();
    ck_assert_uint_eq(log_head(hall.log), 40);
}
END_TEST

static Suite *hub_exchange_suite(void)
{
    Suite *suite = suite_create("hub exchange");
    TCase *test = tcase_create("gathering");
    tcase_set_timeout(test, 60);
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, what_a_member_brings_is_stored_and_delivered);
    tcase_add_test(test, of_much_there_is_a_hint);
    tcase_add_test(test, nobody_is_asked_for_what_another_gives);
    tcase_add_test(test, one_who_leaves_is_followed_by_another);
    tcase_add_test(test, private_events_come_and_do_not_go);
    tcase_add_test(test, gifts_end_the_link);
    tcase_add_test(test, forged_events_end_the_link);
    tcase_add_test(test, a_full_disk_is_waited_for);
    suite_add_tcase(suite, test);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(hub_exchange_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
