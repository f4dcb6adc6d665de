/* lint: file-length one stage with a part for each thing that may happen */
/* A relay program in reserve, and the one that serves played by the test: an Exchange over another
 * log, and whatever else is said. */
#include "relay/entries.h"
#include "relay/follower.h"
#include "tests/unit/relay/log_stage.h"

#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)

static const uint8_t their_key[KEY_SIZE] = {1};
static const uint8_t third_key[KEY_SIZE] = {2};
static char *const our_addresses[] = {(char *)"192.0.2.9:7667", (char *)"[2001:db8::9]:7667", NULL};

static struct {
    Log *ours, *theirs;
    Follower *follower;
    Exchange *exchange;    /* theirs */
    GQueue to_them, to_us; /* GBytes */
    int64_t now_us;
    bool stuck; /* the link's queue is full */
    unsigned admitted, over;
    FollowerEnd why;
    uint8_t successor[KEY_SIZE];
    char *addresses;
} stage;

static bool we_send(GBytes *frame, void *user)
{
    if (stage.stuck)
        return false;
    g_queue_push_tail(&stage.to_them, g_bytes_ref(frame));
    return true;
}

static bool they_send(GBytes *frame, void *user)
{
    g_queue_push_tail(&stage.to_us, g_bytes_ref(frame));
    return true;
}

/* The other knows the passphrase when its share begins with a 1. */
static bool we_unlock(const uint8_t *relay_share, uint8_t *share, uint8_t *proof, uint8_t *expected,
                      void *user)
{
    memset(share, 2, SHARE_SIZE);
    memset(proof, 3, PROOF_SIZE);
    memset(expected, 4, PROOF_SIZE);
    return relay_share[0] == 1;
}

static void on_admitted(void *user)
{
    ck_assert(!log_changed(stage.ours));
    stage.admitted++;
}

static void on_over(FollowerEnd why, const uint8_t *successor, char *const *addresses, void *user)
{
    stage.over++;
    stage.why = why;
    if (successor != NULL)
        memcpy(stage.successor, successor, KEY_SIZE);
    g_free(stage.addresses);
    stage.addresses = g_strjoinv(" ", (char **)addresses);
}

static void begin(bool locked)
{
    const FollowerOutput output = {.send = we_send,
                                   .admitted = on_admitted,
                                   .unlock = locked ? we_unlock : NULL,
                                   .over = on_over};
    memset(&stage, 0, sizeof stage);
    stage.now_us = 1000 * SECOND;
    stage.ours = log_open(NULL, scratch_place, NULL);
    stage.theirs = log_open(NULL, scratch_place, NULL);
    stage.follower =
        follower_new(stage.ours, their_key, our_addresses, &output, NULL, stage.now_us);
}

static void set_up(void)
{
    begin(false);
}

static void set_up_locked(void)
{
    begin(true);
}

static void clear_queue(GQueue *queue)
{
    g_queue_clear_full(queue, (GDestroyNotify)g_bytes_unref);
}

static void tear_down(void)
{
    follower_free(stage.follower);
    exchange_free(stage.exchange);
    clear_queue(&stage.to_them);
    clear_queue(&stage.to_us);
    log_close(stage.ours);
    log_close(stage.theirs);
    g_free(stage.addresses);
}

static void hear(GBytes *frame)
{
    gsize size;
    const uint8_t *bytes = g_bytes_get_data(frame, &size);
    follower_frame(stage.follower, bytes + FRAME_HEADER_SIZE, size - FRAME_HEADER_SIZE,
                   stage.now_us);
}

/* `message` is the body of this kind. */
static void say(Wire__Frame__BodyCase kind, void *message)
{
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = kind;
    frame.hello = message; /* all bodies are pointers in one union */
    g_autoptr(GBytes) bytes = frame_build(&frame);
    hear(bytes);
}

/* What we said next; NULL: nothing. Valid until the arena is freed. */
static const Wire__Frame *next_said(Arena *arena)
{
    g_autoptr(GBytes) frame = g_queue_pop_head(&stage.to_them);
    if (frame == NULL)
        return NULL;
    gsize size;
    const uint8_t *bytes = g_bytes_get_data(frame, &size);
    const Wire__Frame *parsed =
        frame_parse(arena, bytes + FRAME_HEADER_SIZE, size - FRAME_HEADER_SIZE, NULL);
    ck_assert_ptr_nonnull(parsed);
    return parsed;
}

static void take(const Wire__SignedEvent *wire, void *user)
{
    g_autoptr(Event) event = event_open(wire->body.data, wire->body.len, wire->signature.data,
                                        wire->signature.len, scratch_place, NULL);
    ck_assert_ptr_nonnull(event);
    uint64_t position;
    ck_assert_int_eq(try_put(stage.theirs, event, LOG_RULE_SET, &position), LOG_APPENDED);
}

static void they_pong(const Wire__Ping *ping)
{
    Wire__Pong pong = WIRE__PONG__INIT;
    pong.nonce = ping->nonce;
    pong.room_time_ms = INT64_C(1800000000000);
    say(WIRE__FRAME__BODY_PONG, &pong);
}

static void they_hear(const Wire__Frame *frame)
{
    bool sense = true;
    if (frame->body_case == WIRE__FRAME__BODY_PING) {
        ck_assert_uint_eq(frame->ping->position, 0);
        they_pong(frame->ping);
    }
    if (stage.exchange == NULL)
        return;
    if (frame->body_case == WIRE__FRAME__BODY_HEADS)
        sense = exchange_heads(stage.exchange, frame->heads, stage.now_us);
    else if (frame->body_case == WIRE__FRAME__BODY_WANT)
        sense = exchange_want(stage.exchange, frame->want, stage.now_us);
    else if (frame->body_case == WIRE__FRAME__BODY_GIVE)
        sense = exchange_give(stage.exchange, frame->give, take, stage.now_us);
    else if (frame->body_case == WIRE__FRAME__BODY_SETTLED)
        exchange_is_settled(stage.exchange, frame->settled);
    ck_assert(sense);
}

/* Until nobody says anything any more. */
static void play(void)
{
    do {
        for (GBytes *frame; (frame = g_queue_pop_head(&stage.to_us)) != NULL;) {
            hear(frame);
            g_bytes_unref(frame);
        }
        follower_flush(stage.follower, stage.now_us);
        g_autoptr(Arena) arena = arena_new(FRAME_ARENA_SIZE);
        for (const Wire__Frame *frame; (frame = next_said(arena)) != NULL; arena_reset(arena))
            they_hear(frame);
        commit(stage.theirs);
        if (stage.exchange != NULL)
            exchange_continue(stage.exchange, false, stage.now_us);
    } while (stage.to_us.length + stage.to_them.length > 0);
}

static const uint8_t *keeper; /* as Welcome says, or NULL */

static void welcome_by(bool relay_program, const uint8_t *place, uint32_t version)
{
    Wire__Limits limits = WIRE__LIMITS__INIT;
    Wire__Welcome welcome = WIRE__WELCOME__INIT;
    welcome.limits = &limits;
    welcome.version = version;
    welcome.software = (char *)"test";
    welcome.place = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)place};
    welcome.place_name = (char *)"Home";
    welcome.room_time_ms = INT64_C(1700000000000);
    welcome.log = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)log_id(stage.theirs)};
    welcome.head = log_head(stage.theirs);
    welcome.relay_program = relay_program;
    if (keeper != NULL)
        welcome.keeper = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)keeper};
    say(WIRE__FRAME__BODY_WELCOME, &welcome);
}

/* Admitted, by one that also compares. */
static void be_admitted(void)
{
    static const ExchangeOutput output = {.send = they_send};
    const ExchangeConfig config = {
        .other = third_key, .takes_private = true, .gives_private = true};
    stage.exchange = exchange_new(stage.theirs, &config, &output, NULL);
    welcome_by(true, scratch_place, PROTOCOL_VERSION);
    ck_assert_uint_eq(stage.admitted, 1);
    play();
}

/* `answered`: they do their part meanwhile. */
static void pass(int64_t us, bool answered)
{
    int64_t until_us = stage.now_us + us;
    while (stage.over == 0 && follower_deadline(stage.follower) <= until_us) {
        stage.now_us = MAX(stage.now_us, follower_deadline(stage.follower));
        follower_tick(stage.follower, stage.now_us);
        if (answered)
            play();
    }
    stage.now_us = until_us;
    follower_tick(stage.follower, stage.now_us);
    if (answered)
        play();
}

static void expect_equal_logs(uint64_t events)
{
    ck_assert_uint_eq(log_head(stage.ours), events);
    ck_assert_uint_eq(log_head(stage.theirs), events);
    g_autoptr(GArray) heads = log_heads(stage.ours, NULL);
    for (guint i = 0; i < heads->len; i++) {
        const LogHead *mine = &g_array_index(heads, LogHead, i);
        LogHead other = log_feed_head(stage.theirs, mine->author, mine->incarnation, mine->lane);
        ck_assert_uint_eq(mine->held, other.held);
        ck_assert_mem_eq(mine->sum, other.sum, SUM_SIZE);
    }
}

static void deliver(uint64_t after, uint64_t through, const Event *event)
{
    g_autoptr(Entries) entries = entries_new();
    if (event != NULL)
        entries_add(entries, through, event);
    g_autoptr(GBytes) frame = entries_deliver(entries, after, through);
    hear(frame);
}

/* An entry that is signed by nobody. */
static void deliver_junk(uint64_t after, uint64_t through)
{
    uint8_t zeros[SIGNATURE_SIZE] = {0};
    Wire__SignedEvent bytes = WIRE__SIGNED_EVENT__INIT;
    bytes.body = (ProtobufCBinaryData){4, zeros};
    bytes.signature = (ProtobufCBinaryData){SIGNATURE_SIZE, zeros};
    Wire__Entry entry = WIRE__ENTRY__INIT, *entries[] = {&entry};
    entry.position = through;
    entry.event = &bytes;
    Wire__Deliver deliver = WIRE__DELIVER__INIT;
    deliver.after = after;
    deliver.through = through;
    deliver.n_entries = 1;
    deliver.entries = entries;
    say(WIRE__FRAME__BODY_DELIVER, &deliver);
}

START_TEST(it_says_hello_as_a_relay_program_without_a_person)
{
    g_autoptr(Arena) arena = arena_new(FRAME_ARENA_SIZE);
    const Wire__Frame *frame = next_said(arena);
    ck_assert_int_eq(frame->body_case, WIRE__FRAME__BODY_HELLO);
    const Wire__Hello *hello = frame->hello;
    ck_assert_uint_eq(hello->version, PROTOCOL_VERSION);
    ck_assert(hello->app && hello->relay_program);
    ck_assert_uint_eq(hello->page, 0);
    ck_assert_uint_eq(hello->n_addresses, 2);
    ck_assert_str_eq(hello->addresses[1], our_addresses[1]);
    ck_assert_mem_eq(hello->place.data, scratch_place, PLACE_SIZE);
    ck_assert(!follower_is_admitted(stage.follower));
    ck_assert_int_eq(follower_room_time_ms(stage.follower, stage.now_us), 0);
}
END_TEST

START_TEST(it_follows_only_a_relay_program_of_its_place_and_version)
{
    static const uint8_t elsewhere[PLACE_SIZE] = "elsewhere";
    welcome_by(_i != 0, _i == 1 ? elsewhere : scratch_place,
               _i == 2 ? PROTOCOL_VERSION + 1 : PROTOCOL_VERSION);
    ck_assert_uint_eq(stage.admitted, 0);
    ck_assert_uint_eq(stage.over, 1);
    ck_assert_int_eq(stage.why, FOLLOWER_REFUSED);
}
END_TEST

START_TEST(what_comes_before_welcome_or_is_no_frame_ends_it)
{
    if (_i == 0)
        deliver(0, 1, NULL);
    else
        follower_frame(stage.follower, (const uint8_t *)"\xff\xff\xff", 3, stage.now_us);
    ck_assert_uint_eq(stage.over, 1);
    ck_assert_int_eq(stage.why, FOLLOWER_REFUSED);
}
END_TEST

START_TEST(both_logs_hold_everything_afterwards)
{
    g_autoptr(Author) ann = author_new(1);
    g_autoptr(Author) sam = author_new(2);
    uint64_t position;
    for (unsigned i = 0; i < 150; i++) {
        g_autoptr(Event) both = author_says(ann, "before they were two");
        try_put(stage.ours, both, LOG_RULE_SET, &position);
        try_put(stage.theirs, both, LOG_RULE_SET, &position);
    }
    for (unsigned i = 0; i < 150; i++) {
        g_autoptr(Event) one = author_says(ann, "said to them");
        g_autoptr(Event) other = author_says(sam, "said to us");
        try_put(stage.theirs, one, LOG_RULE_SET, &position);
        try_put(stage.ours, other, LOG_RULE_SET, &position);
    }
    const Author *const readers[] = {sam};
    g_autoptr(Event) sealed = author_seals(ann, readers, 1);
    try_put(stage.theirs, sealed, LOG_RULE_SET, &position);
    commit(stage.ours);
    commit(stage.theirs);
    be_admitted();
    expect_equal_logs(451);
    ck_assert(follower_is_level(stage.follower));
    ck_assert_uint_eq(stage.over, 0);
}
END_TEST

START_TEST(what_is_delivered_is_stored_and_what_is_no_event_of_the_place_is_not)
{
    be_admitted();
    g_autoptr(Author) ann = author_new(1);
    g_autoptr(Event) first = author_says(ann, "one");
    g_autoptr(Event) fork = author_forks(ann, "another one");
    deliver(0, 1, first);
    deliver(1, 2, first);
    deliver(2, 3, fork);
    deliver_junk(3, 4);
    follower_flush(stage.follower, stage.now_us);
    ck_assert_uint_eq(log_head(stage.ours), 2);
    ck_assert_uint_eq(stage.over, 0);
    ck_assert(follower_is_level(stage.follower));
}
END_TEST

START_TEST(what_was_left_out_is_asked_for)
{
    be_admitted();
    g_autoptr(Author) ann = author_new(1);
    g_autoptr(Event) missed = author_says(ann, "one of many");
    g_autoptr(Event) next = author_says(ann, "the next");
    put(stage.theirs, missed);
    put(stage.theirs, next);
    commit(stage.theirs);
    deliver(1, 2, next);
    ck_assert(!follower_is_level(stage.follower));
    pass(7 * SECOND, true);
    expect_equal_logs(2);
    ck_assert(follower_is_level(stage.follower));
}
END_TEST

START_TEST(a_full_disk_is_given_a_rest_and_nothing_is_lost)
{
    be_admitted();
    g_autoptr(Author) ann = author_new(1);
    log_set_size_limit(stage.ours, 1);
    g_autofree char *text = g_strnfill(TEXT_MAX - 1, 'x');
    for (unsigned i = 0; i < 20; i++) {
        g_autoptr(Event) event = author_says(ann, text);
        put(stage.theirs, event);
        deliver(i, i + 1, event);
    }
    commit(stage.theirs);
    play();
    ck_assert_uint_eq(stage.over, 0);
    ck_assert(!follower_is_level(stage.follower));
    log_set_size_limit(stage.ours, UINT64_C(1) << 40);
    pass(15 * SECOND, true);
    expect_equal_logs(20);
    ck_assert(follower_is_level(stage.follower));
}
END_TEST

START_TEST(it_pings_without_a_position_and_notices_silence)
{
    be_admitted();
    pass(20 * SECOND, true);
    ck_assert_uint_eq(stage.over, 0);
    int64_t room_ms = follower_room_time_ms(stage.follower, stage.now_us);
    ck_assert(room_ms >= INT64_C(1800000000000) && room_ms <= INT64_C(1800000002000));
    pass(4 * SECOND - 1, false);
    ck_assert_uint_eq(stage.over, 0);
    pass(3 * SECOND, false);
    ck_assert_uint_eq(stage.over, 1);
    ck_assert_int_eq(stage.why, FOLLOWER_SILENT);
}
END_TEST

static const struct {
    Wire__Parting why;
    bool names;
    FollowerEnd end;
} goodbyes[] = {
    {WIRE__PARTING__MOVED, true, FOLLOWER_MOVED},
    {WIRE__PARTING__SHUTTING_DOWN, true, FOLLOWER_LEFT},
    {WIRE__PARTING__SHUTTING_DOWN, false, FOLLOWER_LEFT},
    {WIRE__PARTING__SILENT, false, FOLLOWER_SILENT},
    {WIRE__PARTING__REPLACED, false, FOLLOWER_REFUSED},
    {WIRE__PARTING__WRONG_PLACE, false, FOLLOWER_REFUSED},
};

START_TEST(goodbye_says_why_and_who_is_next)
{
    char *addresses[] = {(char *)"192.0.2.2:7667", (char *)"192.0.2.3:7667"};
    Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    goodbye.why = goodbyes[_i].why;
    if (goodbyes[_i].names) {
        goodbye.successor = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)third_key};
        goodbye.n_addresses = 2;
        goodbye.addresses = addresses;
    }
    be_admitted();
    say(WIRE__FRAME__BODY_GOODBYE, &goodbye);
    say(WIRE__FRAME__BODY_GOODBYE, &goodbye);
    ck_assert_uint_eq(stage.over, 1);
    ck_assert_int_eq(stage.why, goodbyes[_i].end);
    ck_assert_str_eq(stage.addresses, goodbyes[_i].names ? "192.0.2.2:7667 192.0.2.3:7667" : "");
    ck_assert_uint_eq(stage.successor[0], goodbyes[_i].names ? third_key[0] : 0);
}
END_TEST

START_TEST(the_newest_list_of_successors_counts)
{
    be_admitted();
    for (size_t count = 2; count-- > 0;) {
        char *addresses[] = {(char *)"192.0.2.2:7667"};
        Wire__Successor one = WIRE__SUCCESSOR__INIT, *list[] = {&one};
        one.key = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)third_key};
        one.relay_program = true;
        one.n_addresses = 1;
        one.addresses = addresses;
        Wire__Successors successors = WIRE__SUCCESSORS__INIT;
        successors.n_successors = count;
        successors.successors = list;
        say(WIRE__FRAME__BODY_SUCCESSORS, &successors);
        const GPtrArray *known = follower_successors(stage.follower);
        ck_assert_uint_eq(known->len, count);
        if (count == 0)
            continue;
        const FollowerSuccessor *first = known->pdata[0];
        ck_assert_mem_eq(first->key, third_key, KEY_SIZE);
        ck_assert(first->relay_program);
        ck_assert_str_eq(first->addresses[0], addresses[0]);
    }
}
END_TEST

START_TEST(a_full_queue_ends_it)
{
    be_admitted();
    stage.stuck = true;
    pass(3 * SECOND, false);
    ck_assert_uint_eq(stage.over, 1);
}
END_TEST

START_TEST(it_says_goodbye)
{
    be_admitted();
    follower_leave(stage.follower);
    g_autoptr(Arena) arena = arena_new(FRAME_ARENA_SIZE);
    const Wire__Frame *frame = next_said(arena);
    ck_assert_int_eq(frame->body_case, WIRE__FRAME__BODY_GOODBYE);
    ck_assert_uint_eq(stage.over, 0);
    ck_assert_int_eq(follower_deadline(stage.follower), INT64_MAX);
}
END_TEST

/* Unless the one who is known made somebody something: tests/unit/relay/test_log_moderation.c. */
START_TEST(it_learns_who_the_keeper_is)
{
    keeper = third_key;
    be_admitted();
    keeper = NULL;
    follower_flush(stage.follower, stage.now_us);
    ck_assert(!log_changed(stage.ours));
    ck_assert_mem_eq(log_keeper(stage.ours), third_key, KEY_SIZE);
}
END_TEST

static void lock_with(uint8_t first)
{
    uint8_t share[SHARE_SIZE] = {first};
    Wire__Lock lock = WIRE__LOCK__INIT;
    lock.share = (ProtobufCBinaryData){SHARE_SIZE, share};
    lock.place = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)scratch_place};
    say(WIRE__FRAME__BODY_LOCK, &lock);
}

static void welcome_with(uint8_t proof_of, size_t length)
{
    uint8_t proof[PROOF_SIZE];
    memset(proof, proof_of, sizeof proof);
    Wire__Limits limits = WIRE__LIMITS__INIT;
    Wire__Welcome welcome = WIRE__WELCOME__INIT;
    welcome.limits = &limits;
    welcome.version = PROTOCOL_VERSION;
    welcome.place = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)scratch_place};
    welcome.log = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)log_id(stage.theirs)};
    welcome.relay_program = true;
    welcome.proof = (ProtobufCBinaryData){length, proof};
    say(WIRE__FRAME__BODY_WELCOME, &welcome);
}

static void check_refused(void)
{
    ck_assert_uint_eq(stage.admitted, 0);
    ck_assert_uint_eq(stage.over, 1);
    ck_assert_int_eq(stage.why, FOLLOWER_REFUSED);
}

START_TEST(it_unlocks_and_is_shown_a_proof)
{
    lock_with(1);
    g_autoptr(Arena) arena = arena_new(FRAME_ARENA_SIZE);
    ck_assert_int_eq(next_said(arena)->body_case, WIRE__FRAME__BODY_HELLO);
    ck_assert_int_eq(next_said(arena)->body_case, WIRE__FRAME__BODY_UNLOCK);
    welcome_with(4, PROOF_SIZE);
    ck_assert_uint_eq(stage.admitted, 1);
    ck_assert_uint_eq(stage.over, 0);
}
END_TEST

START_TEST(it_follows_nobody_who_does_not_prove_it)
{
    if (_i > 0)
        lock_with(_i == 1 ? 0 : 1);
    if (_i != 1)
        welcome_with(_i == 2 ? 5 : 4, _i == 3 ? 0 : PROOF_SIZE);
    check_refused();
}
END_TEST

START_TEST(who_keeps_an_open_place_follows_nobody_who_asks)
{
    lock_with(1);
    check_refused();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("follower");
    TCase *test = tcase_create("follower");
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, it_says_hello_as_a_relay_program_without_a_person);
    tcase_add_loop_test(test, it_follows_only_a_relay_program_of_its_place_and_version, 0, 3);
    tcase_add_loop_test(test, what_comes_before_welcome_or_is_no_frame_ends_it, 0, 2);
    tcase_add_test(test, both_logs_hold_everything_afterwards);
    tcase_add_test(test, it_learns_who_the_keeper_is);
    tcase_add_test(test, what_is_delivered_is_stored_and_what_is_no_event_of_the_place_is_not);
    tcase_add_test(test, what_was_left_out_is_asked_for);
    tcase_add_test(test, a_full_disk_is_given_a_rest_and_nothing_is_lost);
    tcase_add_test(test, it_pings_without_a_position_and_notices_silence);
    tcase_add_loop_test(test, goodbye_says_why_and_who_is_next, 0, G_N_ELEMENTS(goodbyes));
    tcase_add_test(test, the_newest_list_of_successors_counts);
    tcase_add_test(test, a_full_queue_ends_it);
    tcase_add_test(test, it_says_goodbye);
    tcase_add_test(test, who_keeps_an_open_place_follows_nobody_who_asks);
    suite_add_tcase(suite, test);
    TCase *locked = tcase_create("locked");
    tcase_add_checked_fixture(locked, set_up_locked, tear_down);
    tcase_add_test(locked, it_unlocks_and_is_shown_a_proof);
    tcase_add_loop_test(locked, it_follows_nobody_who_does_not_prove_it, 0, 4);
    suite_add_tcase(suite, locked);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
