/* A session and relays that ask for a passphrase, or say that they do. */
/* lint: file-length one member and its relays, and each thing that may go wrong between them */
#include "app/session.h"
#include "relay/cpace.h"
#include "relay/frame.h"

#include <check.h>
#include <string.h>

#define MINUTE_US (60 * INT64_C(1000000))

static const uint8_t home[PLACE_SIZE] = "home", away[PLACE_SIZE] = "elsewhere";
static uint8_t right[SECRET_SIZE] = "right", wrong[SECRET_SIZE] = "wrong";
static uint8_t connection[EXPORTER_SIZE] = "a connection";
static Identity *own, *relays[2]; /* owned; two relay programs */
static unsigned now_relay;        /* the one that answers */
static Keyring *keyring;
static Store *store;
static Session *session;
static int64_t now_us;
static uint64_t dialled;
static bool linked;
static uint8_t share[SHARE_SIZE], proof[PROOF_SIZE]; /* of the last Unlock */
static bool unlocked;                                /* there was one */
static GString *told;                                /* events that matter here, a line each */
static bool serves;
static bool says_locked, is_app; /* what is announced */

static void out_dial(uint64_t candidate, void *user)
{
    dialled = candidate;
}

static void out_hang_up(void *user)
{
    linked = false;
}

static bool out_send(GBytes *bytes, void *user)
{
    size_t length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    g_autoptr(Arena) arena = arena_new(FRAME_ARENA_SIZE);
    const Wire__Frame *frame = frame_parse(arena, data + 4, length - 4, NULL);
    ck_assert_ptr_nonnull(frame);
    if (frame->body_case == WIRE__FRAME__BODY_UNLOCK) {
        memcpy(share, frame->unlock->share.data, SHARE_SIZE);
        memcpy(proof, frame->unlock->proof.data, PROOF_SIZE);
        unlocked = true;
    }
    return true;
}

static Log *out_open_log(const uint8_t *place, GError **error, void *user)
{
    return log_open(NULL, place, error);
}

static void out_event(const SessionEvent *event, void *user)
{
    if (event->type == SESSION_EVENT_PASSPHRASE)
        g_string_append_printf(told, "passphrase of %s? %s\n", session_locked_name(session),
                               event->text);
    else if (event->type == SESSION_EVENT_NOTICE)
        g_string_append_printf(told, "notice %s\n", event->code);
    else if (event->type == SESSION_EVENT_JOINED)
        g_string_append(told, "joined\n");
}

static int64_t out_wall_ms(void *user)
{
    return TIME_FIRST_MS + now_us / 1000;
}

static void out_random(void *bytes, size_t length, void *user)
{
    static uint8_t next = 100;
    memset(bytes, ++next ? next : ++next, length);
}

static void out_exporter(uint8_t *out, void *user)
{
    memcpy(out, connection, EXPORTER_SIZE);
}

static bool out_serve(void *user)
{
    serves = true;
    return true;
}

static void out_retire(const uint8_t *key, char *const *addresses, void *user)
{
    serves = false;
}

static void begin_session(void)
{
    static const SessionOutput output = {.dial = out_dial,
                                         .hang_up = out_hang_up,
                                         .serve = out_serve,
                                         .retire = out_retire,
                                         .send = out_send,
                                         .open_log = out_open_log,
                                         .event = out_event,
                                         .wall_ms = out_wall_ms,
                                         .random = out_random,
                                         .exporter = out_exporter};
    session = session_new(own, keyring, store, &output, NULL, now_us, NULL);
    ck_assert_ptr_nonnull(session);
    dialled = 0;
    linked = false;
}

static void set_up(void)
{
    uint8_t seed[32] = {1};
    now_us = G_USEC_PER_SEC;
    own = identity_from_seed(seed);
    for (uint8_t i = 0; i < 2; i++) {
        seed[0] = (uint8_t)(2 + i);
        relays[i] = identity_from_seed(seed);
    }
    now_relay = 0;
    keyring = keyring_open(NULL, out_wall_ms(NULL), NULL);
    store = store_open(NULL, NULL);
    store_set_setting(store, SETTING_NAME, "Me", NULL);
    told = g_string_new(NULL);
    unlocked = serves = is_app = false;
    says_locked = true;
    begin_session();
}

static void tear_down(void)
{
    g_clear_pointer(&session, session_free);
    g_clear_pointer(&store, store_close);
    g_clear_pointer(&keyring, keyring_free);
    g_clear_pointer(&own, identity_free);
    g_clear_pointer(&relays[0], identity_free);
    g_clear_pointer(&relays[1], identity_free);
    g_string_free(told, TRUE);
}

static void pass(int64_t us)
{
    int64_t end_us = now_us + us;
    for (int64_t due_us; (due_us = session_deadline(session)) <= end_us;) {
        now_us = MAX(now_us + 1, due_us);
        session_tick(session, now_us);
    }
    now_us = end_us;
    session_flush(session, now_us);
}

/* The relay programs 1 … `count` are announced for the place. */
static void announce(unsigned count)
{
    SessionCandidate all[2] = {{.id = 1}, {.id = 2}};
    for (unsigned i = 0; i < count; i++) {
        all[i].has_place = all[i].has_key = true;
        all[i].relay = !is_app;
        all[i].locked = says_locked;
        memcpy(all[i].place, home, PLACE_SIZE);
        memcpy(all[i].key_prefix, identity_key(relays[i]), sizeof all[i].key_prefix);
    }
    session_candidates(session, all, count, true, now_us);
    pass(300000);
}

/* The relay that is being dialled answers; false: none is. */
static bool pick_up(void)
{
    if (dialled == 0 || dialled > 2)
        return false;
    uint64_t id = dialled;
    dialled = 0;
    now_relay = (unsigned)id - 1;
    linked = true;
    unlocked = false;
    session_dialled(session, id, identity_key(relays[now_relay]), now_us);
    return true;
}

static void say(const Wire__Frame *frame)
{
    g_autoptr(GBytes) bytes = frame_build(frame);
    size_t length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    session_frame(session, data + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE, now_us);
    session_flush(session, now_us);
}

/* The relay has this secret. Freed by the caller. */
static Cpace *say_lock_of(const uint8_t *secret, const uint8_t *place)
{
    static const uint8_t random[CPACE_RANDOM_SIZE] = {42};
    uint8_t relay_share[SHARE_SIZE];
    CpaceBinding binding;
    memcpy(binding.exporter, connection, EXPORTER_SIZE);
    memcpy(binding.place, place, PLACE_SIZE);
    memcpy(binding.relay, identity_key(relays[now_relay]), KEY_SIZE);
    memcpy(binding.member, identity_key(own), KEY_SIZE);
    Cpace *cpace = cpace_begin(secret, &binding, random, relay_share);
    Wire__Lock lock = WIRE__LOCK__INIT;
    lock.share = (ProtobufCBinaryData){SHARE_SIZE, relay_share};
    lock.place = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)place};
    lock.place_name = (char *)"Home";
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_LOCK;
    frame.lock = &lock;
    say(&frame);
    return cpace;
}

static void say_lock(const uint8_t *secret, const uint8_t *place)
{
    cpace_free(say_lock_of(secret, place));
}

/* `confirmation` NULL: none. */
static void say_welcome(const uint8_t *place, uint8_t *confirmation)
{
    uint8_t log_id[PLACE_SIZE] = "a log";
    Wire__Limits limits = WIRE__LIMITS__INIT;
    limits.page = PAGE_MAX;
    limits.submit_rate = limits.submit_burst = 10;
    Wire__Welcome welcome = WIRE__WELCOME__INIT;
    welcome.version = PROTOCOL_VERSION;
    welcome.place = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)place};
    welcome.log = (ProtobufCBinaryData){PLACE_SIZE, log_id};
    welcome.room_time_ms = out_wall_ms(NULL);
    welcome.limits = &limits;
    welcome.relay_program = true;
    if (confirmation)
        welcome.proof = (ProtobufCBinaryData){PROOF_SIZE, confirmation};
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_WELCOME;
    frame.welcome = &welcome;
    say(&frame);
    if (!linked)
        return;
    Wire__Roster roster = WIRE__ROSTER__INIT;
    frame.body_case = WIRE__FRAME__BODY_ROSTER;
    frame.roster = &roster;
    say(&frame);
    Wire__Page page = WIRE__PAGE__INIT;
    frame.body_case = WIRE__FRAME__BODY_PAGE;
    frame.page = &page;
    say(&frame);
}

static void say_goodbye(Wire__Parting why, uint32_t retry_ms)
{
    Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    goodbye.why = why;
    goodbye.retry_ms = retry_ms;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_GOODBYE;
    frame.goodbye = &goodbye;
    say(&frame);
}

/* A true relay with this secret, from the dial on; true: the member is in. */
static bool try_to_join(const uint8_t *secret)
{
    uint8_t confirmation[PROOF_SIZE];
    if (!pick_up())
        return false;
    g_autoptr(Cpace) cpace = say_lock_of(secret, home);
    if (!unlocked)
        return false;
    if (cpace_finish(cpace, share, proof, confirmation))
        say_welcome(home, confirmation);
    else
        say_goodbye(WIRE__PARTING__LOCKED, 0);
    return linked && session_state(session) == SESSION_JOINED;
}

static bool is_stored(const uint8_t *secret)
{
    StoredSecret stored = {0};
    bool known = false;
    ck_assert(store_secret(store, home, &known, &stored, NULL));
    return known && memcmp(stored.secret, secret, SECRET_SIZE) == 0;
}

static void check_told(const char *expected)
{
    ck_assert_str_eq(told->str, expected);
    g_string_truncate(told, 0);
}

/* Joined with the right secret, by the person. */
static void join(void)
{
    announce(1);
    ck_assert(!try_to_join(right));
    session_set_secret(session, home, right, now_us);
    ck_assert(try_to_join(right));
    g_string_truncate(told, 0);
}

static void lose(void)
{
    linked = false;
    session_link_closed(session, "cut", now_us);
    pass(400000);
}

START_TEST(a_person_is_asked_and_what_is_right_is_kept)
{
    announce(1);
    ck_assert(!try_to_join(right));
    check_told("passphrase of Home? \n");
    ck_assert(!linked && !unlocked);
    ck_assert_mem_eq(session_locked_place(session), home, PLACE_SIZE);
    pass(MINUTE_US);
    ck_assert_uint_eq(dialled, 0); /* it waits for the person, */
    ck_assert(!serves);            /* and does not carry the place meanwhile */
    session_set_secret(session, home, right, now_us);
    ck_assert(!is_stored(right));
    ck_assert(try_to_join(right));
    check_told("joined\n");
    ck_assert(is_stored(right));
    ck_assert_ptr_null(session_locked_place(session));
    ck_assert_mem_eq(session_secret(session), right, SECRET_SIZE);
}
END_TEST

START_TEST(next_time_nobody_is_asked)
{
    join();
    session_free(session);
    begin_session();
    announce(1);
    ck_assert(try_to_join(right));
    check_told("joined\n");
}
END_TEST

START_TEST(a_wrong_one_is_not_kept_and_asked_for_again)
{
    announce(1);
    ck_assert(!try_to_join(right));
    session_set_secret(session, home, wrong, now_us);
    ck_assert(!try_to_join(right));
    check_told("passphrase of Home? \n"
               "passphrase of Home? That is not the passphrase of this place.\n");
    ck_assert(!is_stored(wrong));
    session_set_secret(session, home, right, now_us);
    ck_assert(try_to_join(right));
}
END_TEST

START_TEST(a_changed_one_is_asked_for_and_replaces_the_old_one)
{
    uint8_t changed[SECRET_SIZE] = "changed";
    join();
    lose();
    ck_assert(!try_to_join(changed));
    check_told("passphrase of Home? The passphrase of this place was changed.\n");
    ck_assert(is_stored(right)); /* until another one is right */
    ck_assert(!serves);
    session_set_secret(session, home, changed, now_us);
    ck_assert(try_to_join(changed));
    ck_assert(is_stored(changed));
}
END_TEST

/* It was remembered, and is announced again while the person thinks: no try is spent on that. */
START_TEST(what_was_refused_is_not_tried_again)
{
    uint8_t changed[SECRET_SIZE] = "changed";
    join();
    lose();
    ck_assert(!try_to_join(changed));
    ck_assert(unlocked);
    session_try_now(session, now_us);
    ck_assert(!try_to_join(changed));
    ck_assert(!unlocked);
    session_set_secret(session, home, changed, now_us);
    ck_assert(try_to_join(changed));
}
END_TEST

START_TEST(what_is_given_during_a_try_is_tried_next)
{
    uint8_t changed[SECRET_SIZE] = "changed";
    join();
    lose();
    ck_assert(pick_up());
    say_lock(changed, home);
    session_set_secret(session, home, changed, now_us);
    say_goodbye(WIRE__PARTING__LOCKED, 0);
    ck_assert(try_to_join(changed));
    check_told("joined\n");
}
END_TEST

/* --- who poses as the relay --- */

START_TEST(who_cannot_prove_it_is_not_joined)
{
    uint8_t confirmation[PROOF_SIZE] = {7};
    announce(1);
    ck_assert(!try_to_join(right));
    session_set_secret(session, home, right, now_us);
    ck_assert(pick_up());
    say_lock(wrong, home);
    ck_assert(unlocked);
    say_welcome(home, _i == 0 ? NULL : _i == 1 ? confirmation : proof);
    ck_assert(!linked);
    ck_assert(!is_stored(right));
    check_told("passphrase of Home? \nnotice impostor\n");
}
END_TEST

START_TEST(a_known_place_is_never_joined_without_a_proof)
{
    join();
    lose();
    dialled = 0;
    announce(2); /* the second one is an impostor, the first one is gone */
    for (int i = 0; i < 40 && dialled != 2; i++) {
        if (dialled == 1)
            session_dial_failed(session, 1, "gone", now_us);
        pass(500000);
    }
    ck_assert(pick_up());
    ck_assert_uint_eq(now_relay, 1);
    say_welcome(home, NULL);
    ck_assert(!linked);
    check_told("notice impostor\n");
    ck_assert(is_stored(right));
}
END_TEST

START_TEST(the_relay_that_knew_it_may_ask_for_none)
{
    join();
    lose();
    ck_assert(pick_up());
    say_welcome(home, NULL);
    ck_assert(linked);
    check_told("notice unlocked\njoined\n");
    ck_assert(!is_stored(right));
    ck_assert_ptr_null(session_secret(session));
}
END_TEST

START_TEST(a_proof_for_another_place_is_none)
{
    uint8_t confirmation[PROOF_SIZE];
    announce(1);
    ck_assert(!try_to_join(right));
    session_set_secret(session, home, right, now_us);
    ck_assert(pick_up());
    g_autoptr(Cpace) cpace = say_lock_of(right, home);
    ck_assert(cpace_finish(cpace, share, proof, confirmation));
    say_welcome(away, confirmation);
    ck_assert(!linked);
    ck_assert_ptr_null(session_place(session));
}
END_TEST

START_TEST(a_lock_of_another_place_than_announced_is_not_answered)
{
    join();
    lose();
    ck_assert(pick_up());
    say_lock(right, away);
    ck_assert(!linked && !unlocked);
    check_told("");
}
END_TEST

START_TEST(a_second_lock_is_not_answered)
{
    announce(1);
    ck_assert(!try_to_join(right));
    session_set_secret(session, home, right, now_us);
    ck_assert(pick_up());
    say_lock(right, home);
    ck_assert(unlocked);
    unlocked = false;
    say_lock(right, home);
    ck_assert(!linked && !unlocked);
}
END_TEST

/* Each Unlock is a guess for the other side, whoever that is. */
START_TEST(five_guesses_a_minute_for_whoever_asks)
{
    join();
    unsigned guesses = 0;
    int64_t begin_us = now_us;
    lose();
    while (now_us < begin_us + MINUTE_US - G_USEC_PER_SEC) {
        if (pick_up()) {
            say_lock(wrong, home);
            guesses += unlocked;
            if (linked)
                lose();
        }
        pass(100000);
    }
    ck_assert_uint_eq(guesses, UNLOCKS_A_MINUTE);
    ck_assert(!serves); /* something is there */
    ck_assert_ptr_nonnull(strstr(told->str, "notice locked-wait\n"));
}
END_TEST

START_TEST(too_many_tries_are_waited_for)
{
    announce(1);
    ck_assert(!try_to_join(right));
    session_set_secret(session, home, right, now_us);
    ck_assert(pick_up());
    say_goodbye(WIRE__PARTING__LOCKED, 40000);
    check_told("passphrase of Home? \nnotice locked-wait\n");
    pass(39 * G_USEC_PER_SEC);
    ck_assert_uint_eq(dialled, 0);
    pass(2 * G_USEC_PER_SEC);
    ck_assert(try_to_join(right)); /* what the person gave was not forgotten */
}
END_TEST

START_TEST(points_that_are_none_are_not_answered)
{
    announce(1);
    ck_assert(!try_to_join(right));
    session_set_secret(session, home, right, now_us);
    ck_assert(pick_up());
    uint8_t nothing[SHARE_SIZE] = {0};
    Wire__Lock lock = WIRE__LOCK__INIT;
    lock.share = (ProtobufCBinaryData){SHARE_SIZE, nothing};
    lock.place = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)home};
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_LOCK;
    frame.lock = &lock;
    say(&frame);
    ck_assert(!linked && !unlocked);
}
END_TEST

/* --- elsewhere --- */

/* The place is carried here. */
static void carry(void)
{
    SessionNetwork network = {.up = true, .known = true};
    char *addresses[] = {(char *)"192.0.2.1:7669", NULL};
    memcpy(network.place, home, PLACE_SIZE);
    session_set_addresses(session, addresses, now_us);
    session_network(session, &network, now_us);
    session_candidates(session, NULL, 0, true, now_us);
    for (int i = 0; i < 100 && !serves; i++) {
        uint64_t id = dialled;
        dialled = 0;
        if (id != 0 && id != SESSION_SELF)
            session_dial_failed(session, id, "gone", now_us);
        pass(200000);
    }
    ck_assert(serves);
    linked = true;
    session_dialled(session, SESSION_SELF, identity_key(own), now_us);
    say_welcome(home, NULL);
    ck_assert_int_eq(session_state(session), SESSION_JOINED);
    dialled = 0;
}

START_TEST(who_carries_a_locked_place_locks_it)
{
    join();
    linked = false;
    session_link_closed(session, "cut", now_us);
    carry(); /* its own hub is not asked for a proof: that is this very device */
    ck_assert_mem_eq(session_secret(session), right, SECRET_SIZE);
}
END_TEST

/* Half a second; the own hub answers. Who was dialled. */
static uint64_t look_around(void)
{
    uint64_t id = dialled;
    Wire__Pong pong = WIRE__PONG__INIT;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_PONG;
    frame.pong = &pong;
    say(&frame);
    dialled = 0;
    if (id != 0)
        session_dial_failed(session, id, "gone", now_us);
    pass(500000);
    return id;
}

START_TEST(a_locked_place_is_not_given_to_an_open_relay)
{
    join();
    linked = false;
    session_link_closed(session, "cut", now_us);
    carry();
    says_locked = false;
    announce(2); /* the first one knew the passphrase, and may ask for none */
    bool looked = false;
    for (int i = 0; i < 20; i++) {
        uint64_t id = look_around();
        ck_assert_uint_ne(id, 2);
        looked |= id == 1;
    }
    ck_assert(looked);
    says_locked = true;
    announce(2);
    for (int i = 0; i < 20 && dialled != 2; i++)
        look_around();
    ck_assert_uint_eq(dialled, 2);
}
END_TEST

/* Whoever ranks first: else those who know the passphrase and those who do not never meet. */
START_TEST(an_open_place_goes_to_where_it_is_locked)
{
    unsigned later = memcmp(identity_key(relays[0]), identity_key(own), KEY_SIZE) > 0 ? 0 : 1;
    ck_assert(memcmp(identity_key(relays[later]), identity_key(own), KEY_SIZE) > 0);
    is_app = true;
    carry();
    says_locked = false;
    announce(2);
    for (int i = 0; i < 10; i++)
        ck_assert_uint_ne(look_around(), later + 1);
    says_locked = true;
    announce(2);
    for (int i = 0; i < 20 && dialled != later + 1; i++)
        look_around();
    ck_assert_uint_eq(dialled, later + 1);
    ck_assert(!try_to_join(right));
    ck_assert(!serves);
    check_told("joined\npassphrase of Home? \n");
}
END_TEST

START_TEST(who_goes_elsewhere_is_asked_no_more)
{
    announce(2);
    ck_assert(!try_to_join(right));
    ck_assert_ptr_nonnull(session_locked_place(session));
    session_choose(session, 2, now_us);
    ck_assert_ptr_null(session_locked_place(session));
    ck_assert_uint_eq(dialled, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("session_lock");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_person_is_asked_and_what_is_right_is_kept);
    tcase_add_test(all, next_time_nobody_is_asked);
    tcase_add_test(all, a_wrong_one_is_not_kept_and_asked_for_again);
    tcase_add_test(all, a_changed_one_is_asked_for_and_replaces_the_old_one);
    tcase_add_test(all, what_was_refused_is_not_tried_again);
    tcase_add_test(all, what_is_given_during_a_try_is_tried_next);
    tcase_add_loop_test(all, who_cannot_prove_it_is_not_joined, 0, 3);
    tcase_add_test(all, a_known_place_is_never_joined_without_a_proof);
    tcase_add_test(all, the_relay_that_knew_it_may_ask_for_none);
    tcase_add_test(all, a_proof_for_another_place_is_none);
    tcase_add_test(all, a_lock_of_another_place_than_announced_is_not_answered);
    tcase_add_test(all, a_second_lock_is_not_answered);
    tcase_add_test(all, five_guesses_a_minute_for_whoever_asks);
    tcase_add_test(all, too_many_tries_are_waited_for);
    tcase_add_test(all, points_that_are_none_are_not_answered);
    tcase_add_test(all, who_carries_a_locked_place_locks_it);
    tcase_add_test(all, a_locked_place_is_not_given_to_an_open_relay);
    tcase_add_test(all, an_open_place_goes_to_where_it_is_locked);
    tcase_add_test(all, who_goes_elsewhere_is_asked_no_more);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
