/* A hub that asks for a passphrase, and who comes. */
#include "relay/arena.h"
#include "relay/cpace.h"
#include "relay/frame.h"
#include "relay/hub.h"

#include <check.h>
#include <string.h>

#define MINUTE_US (60 * INT64_C(1000000))

/* One who comes; `address` is where from. */
typedef struct {
    Identity *identity; /* owned */
    HubLink *link;
    const char *address;
    char *heard; /* owned: names of the frames that came, with a space before each */
    uint8_t share[SHARE_SIZE], proof[PROOF_SIZE];
    Wire__Parting why;
    uint32_t retry_ms;
} Visitor;

static const uint8_t place[PLACE_SIZE] = "a locked place";
static const uint8_t own_key[KEY_SIZE] = {1};
static uint8_t right[SECRET_SIZE] = "right", wrong[SECRET_SIZE] = "wrong";
static Log *room;
static Hub *hub;
static int64_t now_us;
static GString *reports;
static GPtrArray *visitors; /* owned */

static void take(Visitor *visitor, const Wire__Frame *frame)
{
    g_autofree char *before = visitor->heard;
    visitor->heard = g_strdup_printf("%s %s", before, frame_name(frame));
    if (frame->body_case == WIRE__FRAME__BODY_LOCK) {
        memcpy(visitor->share, frame->lock->share.data, SHARE_SIZE);
        ck_assert_mem_eq(frame->lock->place.data, place, PLACE_SIZE);
        ck_assert_str_eq(frame->lock->place_name, "Home");
    } else if (frame->body_case == WIRE__FRAME__BODY_WELCOME) {
        memset(visitor->proof, 0, PROOF_SIZE);
        if (frame->welcome->proof.len > 0)
            memcpy(visitor->proof, frame->welcome->proof.data, PROOF_SIZE);
    } else if (frame->body_case == WIRE__FRAME__BODY_GOODBYE) {
        visitor->why = frame->goodbye->why;
        visitor->retry_ms = frame->goodbye->retry_ms;
    }
}

static bool out_send(void *link, GBytes *bytes, void *user)
{
    gsize length;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    g_autoptr(Arena) arena = arena_new(FRAME_ARENA_SIZE);
    const Wire__Frame *frame =
        frame_parse(arena, data + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE, NULL);
    ck_assert_ptr_nonnull(frame);
    take(link, frame);
    return true;
}

static size_t out_queued(void *link, void *user)
{
    return 0;
}

static void out_close(void *link, void *user)
{
    ((Visitor *)link)->link = NULL;
}

static int64_t out_wall(void *user)
{
    return TIME_FIRST_MS + now_us / 1000;
}

static void out_report(const char *event, const char *detail, void *user)
{
    g_string_append_printf(reports, "%s %s\n", event, detail);
}

/* Every connection has another one. */
static void connection_of(const Visitor *visitor, uint8_t *exporter)
{
    memset(exporter, 0, EXPORTER_SIZE);
    memcpy(exporter, &visitor->link, sizeof visitor->link);
    memcpy(exporter + 8, identity_key(visitor->identity), 16);
}

static void out_exporter(void *link, uint8_t *out, void *user)
{
    connection_of(link, out);
}

static const char *out_address(void *link, void *user)
{
    return ((Visitor *)link)->address;
}

static void out_random(void *bytes, size_t length, void *user)
{
    static uint8_t next;
    memset(bytes, ++next ? next : ++next, length);
}

static void set_lock(const uint8_t *secret)
{
    HubAdmission admission = {.door = HUB_LOCKED};
    memcpy(admission.secret, secret, SECRET_SIZE);
    hub_set_admission(hub, &admission, now_us);
}

static void visitor_free(gpointer data)
{
    Visitor *visitor = data;
    identity_free(visitor->identity);
    g_free(visitor->heard);
    g_free(visitor);
}

static void set_up(void)
{
    static const HubOutput output = {.send = out_send,
                                     .queued = out_queued,
                                     .close = out_close,
                                     .wall_ms = out_wall,
                                     .report = out_report,
                                     .exporter = out_exporter,
                                     .address = out_address,
                                     .random = out_random};
    now_us = G_USEC_PER_SEC;
    reports = g_string_new(NULL);
    visitors = g_ptr_array_new_with_free_func(visitor_free);
    room = log_open(NULL, place, NULL);
    HubConfig config = {.place_name = "Home", .self = own_key, .relay_program = true};
    hub = hub_new(&config, room, &output, NULL, now_us);
    set_lock(right);
}

static void tear_down(void)
{
    g_clear_pointer(&hub, hub_free);
    g_clear_pointer(&room, log_close);
    g_clear_pointer(&visitors, g_ptr_array_unref);
    g_string_free(reports, TRUE);
}

static Visitor *visitor_new(unsigned number, const char *address)
{
    Visitor *visitor = g_new0(Visitor, 1);
    uint8_t seed[32] = {7, (uint8_t)number, (uint8_t)(number >> 8)};
    visitor->identity = identity_from_seed(seed);
    visitor->address = address;
    visitor->heard = g_strdup("");
    g_ptr_array_add(visitors, visitor);
    return visitor;
}

static void put(Visitor *visitor, const Wire__Frame *frame)
{
    g_autoptr(GBytes) bytes = frame_build(frame);
    gsize length;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    ck_assert_ptr_nonnull(visitor->link);
    hub_frame(hub, visitor->link, data + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE, now_us);
}

static void knock(Visitor *visitor)
{
    visitor->link = hub_link_opened(hub, visitor, identity_key(visitor->identity), now_us);
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.version = PROTOCOL_VERSION;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HELLO;
    frame.hello = &hello;
    put(visitor, &frame);
}

static CpaceBinding binding_of(const Visitor *visitor)
{
    CpaceBinding binding;
    connection_of(visitor, binding.exporter);
    memcpy(binding.place, place, PLACE_SIZE);
    memcpy(binding.relay, own_key, KEY_SIZE);
    memcpy(binding.member, identity_key(visitor->identity), KEY_SIZE);
    return binding;
}

static void send_unlock(Visitor *visitor, uint8_t *share, uint8_t *proof)
{
    Wire__Unlock unlock = WIRE__UNLOCK__INIT;
    unlock.share = (ProtobufCBinaryData){SHARE_SIZE, share};
    unlock.proof = (ProtobufCBinaryData){PROOF_SIZE, proof};
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_UNLOCK;
    frame.unlock = &unlock;
    put(visitor, &frame);
}

/* True: the relay's proof was right, too. */
static bool answer(Visitor *visitor, const uint8_t *secret)
{
    CpaceBinding binding = binding_of(visitor);
    uint8_t random[CPACE_RANDOM_SIZE] = {3}, share[SHARE_SIZE];
    uint8_t proof[PROOF_SIZE], expected[PROOF_SIZE];
    ck_assert(cpace_answer(secret, &binding, random, visitor->share, share, proof, expected));
    send_unlock(visitor, share, proof);
    return cpace_confirm(expected, visitor->proof);
}

static bool is_in(const Visitor *visitor)
{
    return hub_is_joined(hub, identity_key(visitor->identity));
}

/* One whole try from the door on; false: it was not even asked. */
static bool try_once(Visitor *visitor, const uint8_t *secret)
{
    knock(visitor);
    if (!visitor->link)
        return false;
    answer(visitor, secret);
    return true;
}

static void leave(Visitor *visitor)
{
    hub_link_closed(hub, visitor->link, now_us);
    visitor->link = NULL;
}

START_TEST(the_right_passphrase_lets_in)
{
    Visitor *mira = visitor_new(1, "192.0.2.1");
    knock(mira);
    ck_assert_str_eq(mira->heard, " lock");
    ck_assert(!is_in(mira));
    ck_assert_uint_eq(hub_frame_max(mira->link), FRAME_MAX_BEFORE_ADMISSION);
    ck_assert(answer(mira, right));
    ck_assert(is_in(mira));
    ck_assert_uint_eq(hub_frame_max(mira->link), FRAME_MAX);
    ck_assert(g_str_has_prefix(mira->heard, " lock welcome roster"));
}
END_TEST

START_TEST(a_wrong_one_does_not)
{
    Visitor *mallory = visitor_new(1, "192.0.2.1");
    ck_assert(try_once(mallory, wrong));
    ck_assert_str_eq(mallory->heard, " lock goodbye");
    ck_assert_int_eq(mallory->why, WIRE__PARTING__LOCKED);
    ck_assert_uint_eq(mallory->retry_ms, 0);
    ck_assert_ptr_null(mallory->link);
    ck_assert(!is_in(mallory));
    ck_assert_ptr_nonnull(strstr(reports->str, "why=wrong-passphrase address=192.0.2.1"));
}
END_TEST

/* Wrong answers of one key are counted whatever address it comes from, and the other way round. */
START_TEST(five_a_minute)
{
    bool same_key = _i == 0;
    Visitor *tries[UNLOCKS_A_MINUTE + 1];
    for (unsigned i = 0; i <= UNLOCKS_A_MINUTE; i++) {
        static const char *const from[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3",
                                           "192.0.2.4", "192.0.2.5", "192.0.2.6"};
        tries[i] = visitor_new(same_key ? 0 : i, same_key ? from[i] : "192.0.2.1");
        now_us += G_USEC_PER_SEC;
        ck_assert_int_eq(try_once(tries[i], wrong), i < UNLOCKS_A_MINUTE);
    }
    Visitor *last = tries[UNLOCKS_A_MINUTE];
    ck_assert_str_eq(last->heard, " goodbye");
    ck_assert_int_eq(last->why, WIRE__PARTING__LOCKED);
    ck_assert_uint_eq(last->retry_ms, 55000); /* the first of the five was five seconds ago */

    /* Not even the right one, and trying makes it no longer. */
    ck_assert(!try_once(last, right));
    now_us += 54 * G_USEC_PER_SEC;
    ck_assert(!try_once(last, right));
    ck_assert_uint_eq(last->retry_ms, 1000);
    now_us += G_USEC_PER_SEC;
    ck_assert(try_once(last, wrong));
    ck_assert(!try_once(last, right)); /* the second of the five is 59 s old */
    now_us += G_USEC_PER_SEC;
    ck_assert(try_once(last, right));
    ck_assert(is_in(last));
}
END_TEST

/* Who collects Locks first guesses no oftener. */
START_TEST(many_at_once_have_five_tries_together)
{
    unsigned tried = 0;
    for (unsigned i = 0; i < 2 * UNLOCKS_A_MINUTE; i++)
        knock(visitor_new(i, "192.0.2.1"));
    for (unsigned i = 0; i < 2 * UNLOCKS_A_MINUTE; i++) {
        Visitor *visitor = visitors->pdata[i];
        answer(visitor, i == 2 * UNLOCKS_A_MINUTE - 1 ? right : wrong);
        tried += visitor->retry_ms == 0;
        ck_assert(!is_in(visitor));
    }
    ck_assert_uint_eq(tried, UNLOCKS_A_MINUTE);
}
END_TEST

START_TEST(right_ones_cost_nothing)
{
    for (unsigned i = 0; i < 4 * UNLOCKS_A_MINUTE; i++) {
        Visitor *visitor = visitor_new(i % 2, "192.0.2.1");
        ck_assert(try_once(visitor, right));
        ck_assert(is_in(visitor));
        leave(visitor);
    }
}
END_TEST

/* Keys and addresses without end; who was here before may come nevertheless. */
START_TEST(strangers_have_a_budget_together)
{
    Visitor *mira = visitor_new(5000, "192.0.2.1");
    ck_assert(try_once(mira, right));
    leave(mira);
    unsigned tried = 0;
    for (unsigned i = 0; i < 200; i++) {
        g_autofree char *address = g_strdup_printf("2001:db8::%x", i);
        Visitor *stranger = visitor_new(i, address);
        tried += try_once(stranger, wrong);
        stranger->address = NULL;
    }
    ck_assert_uint_eq(tried, 60);
    ck_assert(!try_once(visitor_new(6000, "192.0.2.9"), right));
    ck_assert(try_once(mira, right));
    ck_assert(is_in(mira));
}
END_TEST

START_TEST(without_an_address_the_key_counts)
{
    Visitor *mallory = visitor_new(1, NULL);
    for (unsigned i = 0; i < UNLOCKS_A_MINUTE; i++)
        ck_assert(try_once(mallory, wrong));
    ck_assert(!try_once(mallory, wrong));
    ck_assert(try_once(visitor_new(2, NULL), right));
}
END_TEST

START_TEST(who_says_nothing_is_closed)
{
    Visitor *mallory = visitor_new(1, "192.0.2.1");
    knock(mallory);
    now_us += HANDSHAKE_US - G_USEC_PER_SEC;
    hub_tick(hub, now_us);
    ck_assert_ptr_nonnull(mallory->link);
    now_us += 2 * G_USEC_PER_SEC;
    hub_tick(hub, now_us);
    ck_assert_ptr_null(mallory->link);
    ck_assert_int_eq(mallory->why, WIRE__PARTING__SILENT);
}
END_TEST

START_TEST(nothing_else_is_taken_before_it)
{
    Wire__Ping ping = WIRE__PING__INIT;
    Wire__Hello hello = WIRE__HELLO__INIT;
    Wire__Fetch fetch = WIRE__FETCH__INIT;
    hello.version = PROTOCOL_VERSION;
    fetch.request = fetch.limit = 1;
    Wire__Frame frames[3] = {WIRE__FRAME__INIT, WIRE__FRAME__INIT, WIRE__FRAME__INIT};
    frames[0].body_case = WIRE__FRAME__BODY_PING;
    frames[0].ping = &ping;
    frames[1].body_case = WIRE__FRAME__BODY_HELLO;
    frames[1].hello = &hello;
    frames[2].body_case = WIRE__FRAME__BODY_FETCH;
    frames[2].fetch = &fetch;
    for (unsigned i = 0; i < G_N_ELEMENTS(frames); i++) {
        Visitor *mallory = visitor_new(i, "192.0.2.1");
        knock(mallory);
        put(mallory, &frames[i]);
        ck_assert_str_eq(mallory->heard, " lock goodbye");
        ck_assert_int_eq(mallory->why, WIRE__PARTING__BAD_FRAME);
    }
}
END_TEST

START_TEST(unlocking_before_hello_or_where_nothing_is_locked)
{
    uint8_t share[SHARE_SIZE] = {2}, proof[PROOF_SIZE] = {3};
    Visitor *mallory = visitor_new(1, "192.0.2.1"), *mira = visitor_new(2, "192.0.2.2");
    mallory->link = hub_link_opened(hub, mallory, identity_key(mallory->identity), now_us);
    send_unlock(mallory, share, proof);
    ck_assert_int_eq(mallory->why, WIRE__PARTING__BAD_FRAME);
    hub_set_admission(hub, NULL, now_us);
    knock(mira);
    ck_assert(is_in(mira));
    send_unlock(mira, share, proof);
    ck_assert_int_eq(mira->why, WIRE__PARTING__BAD_FRAME);
}
END_TEST

START_TEST(what_is_no_point_is_a_wrong_answer)
{
    Visitor *mallory = visitor_new(1, "192.0.2.1");
    uint8_t identity[SHARE_SIZE] = {0}, high[SHARE_SIZE], proof[PROOF_SIZE] = {0};
    memset(high, 0xff, sizeof high);
    for (unsigned i = 0; i < UNLOCKS_A_MINUTE; i++) {
        knock(mallory);
        send_unlock(mallory, i == 0 ? identity : i == 1 ? high : mallory->share, proof);
        ck_assert_int_eq(mallory->why, WIRE__PARTING__LOCKED);
        ck_assert_ptr_null(mallory->link);
    }
    knock(mallory);
    ck_assert_uint_gt(mallory->retry_ms, 0);
}
END_TEST

START_TEST(a_changed_passphrase_counts_for_those_who_come)
{
    Visitor *mira = visitor_new(1, "192.0.2.1"), *jonas = visitor_new(2, "192.0.2.2");
    ck_assert(try_once(mira, right));
    knock(jonas);
    set_lock(wrong);
    ck_assert(is_in(mira));
    ck_assert_ptr_null(jonas->link); /* the old one would have been asked for */
    ck_assert_int_eq(jonas->why, WIRE__PARTING__LOCKED);
    ck_assert_uint_eq(jonas->retry_ms, 1);
    ck_assert(try_once(jonas, right));
    ck_assert(!is_in(jonas));
    ck_assert(try_once(jonas, wrong));
    ck_assert(is_in(jonas));
    hub_set_admission(hub, NULL, now_us);
    ck_assert(is_in(mira));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hub_lock");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, the_right_passphrase_lets_in);
    tcase_add_test(all, a_wrong_one_does_not);
    tcase_add_loop_test(all, five_a_minute, 0, 2);
    tcase_add_test(all, many_at_once_have_five_tries_together);
    tcase_add_test(all, right_ones_cost_nothing);
    tcase_add_test(all, strangers_have_a_budget_together);
    tcase_add_test(all, without_an_address_the_key_counts);
    tcase_add_test(all, who_says_nothing_is_closed);
    tcase_add_test(all, nothing_else_is_taken_before_it);
    tcase_add_test(all, unlocking_before_hello_or_where_nothing_is_locked);
    tcase_add_test(all, what_is_no_point_is_a_wrong_answer);
    tcase_add_test(all, a_changed_passphrase_counts_for_those_who_come);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
