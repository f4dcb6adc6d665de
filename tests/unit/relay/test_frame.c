/* lint: file-length a test for the rules of each message */

#include "relay/frame.h"
#include "relay/limits.h"

#include <check.h>
#include <string.h>

static Arena *arena; /* owned, made for each test */

static void set_up(void)
{
    arena = arena_new(FRAME_ARENA_SIZE);
}

static void tear_down(void)
{
    g_clear_pointer(&arena, arena_free);
}

static const struct {
    const char *bytes;
    size_t length;
    FrameResult result;
    size_t size;
} streams[] = {
    {"", 0, FRAME_PARTIAL, 0},
    {"\0\0\0", 3, FRAME_PARTIAL, 0},
    {"\0\0\0\2", 4, FRAME_PARTIAL, 0},
    {"\0\0\0\2x", 5, FRAME_PARTIAL, 0},
    {"\0\0\0\2xy", 6, FRAME_OK, 6},
    {"\0\0\0\2xyz", 7, FRAME_OK, 6},
    {"\0\0\0\0", 4, FRAME_BAD, 0},
    {"\0\0\x10\0", 4, FRAME_PARTIAL, 0},
    {"\0\0\x10\1", 4, FRAME_TOO_LARGE, 0},
    {"\xff\xff\xff\xff", 4, FRAME_TOO_LARGE, 0},
};

START_TEST(streams_are_cut)
{
    size_t size = 0;
    ck_assert_int_eq(frame_cut((const uint8_t *)streams[_i].bytes, streams[_i].length,
                               FRAME_MAX_BEFORE_ADMISSION, &size),
                     streams[_i].result);
    ck_assert_uint_eq(size, streams[_i].size);
}
END_TEST

static const Wire__Frame *parse(const char *bytes, size_t length)
{
    arena_reset(arena);
    return frame_parse(arena, (const uint8_t *)bytes, length, NULL);
}

#define PARSE(literal) parse(literal, sizeof(literal) - 1)

START_TEST(malformed_ones_are_refused)
{
    ck_assert_ptr_nonnull(PARSE("\x62\x02\x08\x05"));      /* a ping */
    ck_assert_ptr_nonnull(PARSE("\x62\x00"));              /* one of nothing but zeros */
    ck_assert_ptr_null(PARSE("\x62"));                     /* no length */
    ck_assert_ptr_null(PARSE("\x62\x03\x08\x05"));         /* longer than the frame */
    ck_assert_ptr_null(PARSE("\x62\x02\x08\x85"));         /* an unfinished number */
    ck_assert_ptr_null(PARSE("\x62\x02\x08\x05\x6a\x00")); /* two bodies */
    ck_assert_ptr_null(PARSE("\x62\x00\x62\x00"));         /* the same one twice */
    ck_assert_ptr_null(PARSE("\x60\x05"));                 /* a number as body */
    ck_assert_ptr_null(PARSE("\x02\x00"));                 /* field number 0 */
    ck_assert_ptr_null(PARSE("\x63\x64"));                 /* a group */
    ck_assert_ptr_null(parse("", 0));
}
END_TEST

START_TEST(messages_of_newer_versions_are_skipped)
{
    const Wire__Frame *frame = PARSE("\xa2\x06\x03xyz"); /* body 100 */
    ck_assert_ptr_nonnull(frame);
    ck_assert_int_eq(frame->body_case, WIRE__FRAME__BODY__NOT_SET);
    ck_assert_str_eq(frame_name(frame), "unknown");
    frame = PARSE("\x62\x05\x08\x05\x98\x06\x07"); /* a ping with a field 99 */
    ck_assert_ptr_nonnull(frame);
    ck_assert_uint_eq(frame->ping->nonce, 5);
    ck_assert_str_eq(frame_name(frame), "ping");
}
END_TEST

START_TEST(values_of_newer_versions_become_known_ones)
{
    const Wire__Frame *frame = PARSE("\x72\x02\x08\x63");
    ck_assert_int_eq(frame->goodbye->why, WIRE__PARTING__LEAVING);
    frame = PARSE("\x72\x02\x08\x0e");
    ck_assert_int_eq(frame->goodbye->why, WIRE__PARTING__LOCKED);
    frame = PARSE("\x22\x24\x0a\x20"
                  "0123456789abcdef0123456789abcdef"
                  "\x10\x63");
    ck_assert_int_eq(frame->receipt->refusal, WIRE__REFUSAL__NOT_ALLOWED);
    frame = PARSE("\x4a\x26\x0a\x24\x0a\x20"
                  "0123456789abcdef0123456789abcdef"
                  "\x10\x63");
    ck_assert_int_eq(frame->roster->entries[0]->presence, WIRE__PRESENCE__ONLINE);
    frame = PARSE("\x52\x02\x08\x63");
    ck_assert_int_eq(frame->body_case, WIRE__FRAME__BODY__NOT_SET);
}
END_TEST

START_TEST(strings_are_text)
{
    ck_assert_ptr_nonnull(PARSE("\x0a\x06\x08\x01\x12\x02hi"));
    ck_assert_ptr_null(PARSE("\x0a\x06\x08\x01\x12\x02h\0"));
    ck_assert_ptr_null(PARSE("\x0a\x06\x08\x01\x12\x02h\xff"));
    ck_assert_ptr_null(PARSE("\x72\x04\x22\x02h\0"));
}
END_TEST

static ProtobufCBinaryData of_size(size_t size)
{
    static uint8_t bytes[SIGNAL_MAX + 1] = {1};
    return (ProtobufCBinaryData){.data = bytes, .len = size};
}

static bool passes(const Wire__Frame *frame)
{
    g_autoptr(GBytes) bytes = frame_build(frame);
    gsize length = 0;
    const char *data = g_bytes_get_data(bytes, &length);
    return parse(data + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE) != NULL;
}

/* Sets one value after the other; each must change whether the frame passes as told. */
#define EXPECT(frame, change, expected)                                                            \
    do {                                                                                           \
        change;                                                                                    \
        ck_assert_msg(passes(frame) == (expected), "%s", #change);                                 \
    } while (0)

/* One more than any list may have. */
static char **addresses(void)
{
    static char *all[ADDRESSES_MAX + 1];
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
        all[i] = (char *)"192.0.2.1:7667";
    return all;
}

START_TEST(hello_has_rules)
{
    Wire__Hello hello = WIRE__HELLO__INIT;
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_HELLO,
                         .hello = &hello};
    g_autofree char *longest = g_strnfill(SOFTWARE_MAX, 'x');
    g_autofree char *too_long = g_strnfill(SOFTWARE_MAX + 1, 'x');
    EXPECT(&frame, hello.version = 1, true);
    EXPECT(&frame, hello.software = longest, true);
    EXPECT(&frame, hello.software = too_long, false);
    EXPECT(&frame, hello.software = longest, true);
    EXPECT(&frame, hello.place = of_size(PLACE_SIZE - 1), false);
    EXPECT(&frame, hello.place = of_size(PLACE_SIZE), true);
    EXPECT(&frame, hello.log = of_size(PLACE_SIZE + 1), false);
    EXPECT(&frame, hello.log = of_size(PLACE_SIZE), true);
    EXPECT(&frame, hello.position = UINT64_MAX, false);
    EXPECT(&frame, hello.position = POSITION_MAX, true);
    EXPECT(&frame, hello.mark_position = 1, false);
    EXPECT(&frame, hello.mark = of_size(HASH_SIZE), true);
    EXPECT(&frame, hello.mark_position = 0, false);
    EXPECT(&frame, hello.mark_position = POSITION_MAX, true);
    hello.addresses = addresses();
    EXPECT(&frame, hello.n_addresses = ADDRESSES_MAX, true);
    EXPECT(&frame, hello.n_addresses = ADDRESSES_MAX + 1, false);
    g_autofree char *long_address = g_strnfill(ADDRESS_MAX + 1, 'x');
    EXPECT(&frame, hello.n_addresses = 1, true);
    EXPECT(&frame, hello.addresses[0] = long_address, false);
}
END_TEST

START_TEST(welcome_has_rules)
{
    Wire__Welcome welcome = WIRE__WELCOME__INIT;
    Wire__Limits limits = WIRE__LIMITS__INIT;
    Wire__Head head = WIRE__HEAD__INIT;
    Wire__Head *heads[] = {&head};
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_WELCOME,
                         .welcome = &welcome};
    EXPECT(&frame, welcome.place = of_size(PLACE_SIZE), false);
    EXPECT(&frame, welcome.log = of_size(PLACE_SIZE), false);
    EXPECT(&frame, welcome.limits = &limits, true);
    EXPECT(&frame, welcome.room_time_ms = -1, false);
    EXPECT(&frame, welcome.room_time_ms = TIME_MAX_MS, true);
    EXPECT(&frame, (welcome.own_heads = heads, welcome.n_own_heads = 1), true);
    EXPECT(&frame, head.seq = 1, false);
    EXPECT(&frame, head.hash = of_size(HASH_SIZE), true);
    EXPECT(&frame, head.lane = 2, false);
    EXPECT(&frame, head.lane = 1, true);
    EXPECT(&frame, welcome.keeper = of_size(KEY_SIZE - 1), false);
    EXPECT(&frame, welcome.keeper = of_size(KEY_SIZE), true);
    EXPECT(&frame, welcome.proof = of_size(PROOF_SIZE + 1), false);
    EXPECT(&frame, welcome.proof = of_size(PROOF_SIZE), true);
}
END_TEST

START_TEST(lock_and_unlock_have_rules)
{
    Wire__Lock lock = WIRE__LOCK__INIT;
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_LOCK,
                         .lock = &lock};
    g_autofree char *longest = g_strnfill(NAME_MAX_BYTES, 'x');
    g_autofree char *too_long = g_strnfill(NAME_MAX_BYTES + 1, 'x');
    lock.place = of_size(PLACE_SIZE);
    EXPECT(&frame, lock.share = of_size(SHARE_SIZE - 1), false);
    EXPECT(&frame, lock.share = of_size(SHARE_SIZE), true);
    EXPECT(&frame, lock.place_name = longest, true);
    EXPECT(&frame, lock.place_name = too_long, false);
    EXPECT(&frame, lock.place_name = longest, true);
    EXPECT(&frame, lock.place = of_size(0), false);
    Wire__Unlock unlock = WIRE__UNLOCK__INIT;
    frame.body_case = WIRE__FRAME__BODY_UNLOCK;
    frame.unlock = &unlock;
    EXPECT(&frame, unlock.share = of_size(SHARE_SIZE), false);
    EXPECT(&frame, unlock.proof = of_size(PROOF_SIZE), true);
    EXPECT(&frame, unlock.proof = of_size(PROOF_SIZE - 1), false);
    EXPECT(&frame, unlock.proof = of_size(PROOF_SIZE), true);
    EXPECT(&frame, unlock.share = of_size(SHARE_SIZE + 1), false);
}
END_TEST

START_TEST(claim_and_advice_have_rules)
{
    Wire__Claim claim = WIRE__CLAIM__INIT;
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_CLAIM,
                         .claim = &claim};
    g_autofree char *text = g_strnfill(NOTE_MAX + 1, 'x');
    EXPECT(&frame, claim.code = (char *)"", false);
    EXPECT(&frame, claim.code = text + NOTE_MAX + 1 - CLAIM_MAX, true);
    EXPECT(&frame, claim.code = text + NOTE_MAX - CLAIM_MAX, false);
    Wire__Advice advice = WIRE__ADVICE__INIT;
    frame.body_case = WIRE__FRAME__BODY_ADVICE;
    frame.advice = &advice;
    EXPECT(&frame, advice.code = text + NOTE_MAX + 1 - ADVICE_CODE_MAX, true);
    EXPECT(&frame, advice.code = text + NOTE_MAX - ADVICE_CODE_MAX, false);
    EXPECT(&frame, advice.code = (char *)"", true);
    EXPECT(&frame, advice.text = text + 1, true);
    EXPECT(&frame, advice.text = text, false);
}
END_TEST

START_TEST(receipt_has_rules)
{
    Wire__Receipt receipt = WIRE__RECEIPT__INIT;
    Wire__Head head = WIRE__HEAD__INIT;
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_RECEIPT,
                         .receipt = &receipt};
    EXPECT(&frame, receipt.position = 1, false);
    EXPECT(&frame, receipt.hash = of_size(HASH_SIZE), true);
    EXPECT(&frame, receipt.position = 0, false);
    EXPECT(&frame, receipt.refusal = WIRE__REFUSAL__RATE, true);
    EXPECT(&frame, receipt.refusal = WIRE__REFUSAL__GAP, false);
    EXPECT(&frame, receipt.head = &head, true);
}
END_TEST

START_TEST(positions_rise_within_their_range)
{
    Wire__SignedEvent event = WIRE__SIGNED_EVENT__INIT;
    Wire__Entry one = WIRE__ENTRY__INIT, two = WIRE__ENTRY__INIT;
    Wire__Entry *entries[] = {&one, &two};
    Wire__Deliver deliver = WIRE__DELIVER__INIT;
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_DELIVER,
                         .deliver = &deliver};
    event.body = of_size(10);
    one.event = two.event = &event;
    deliver.entries = entries;
    deliver.n_entries = 2;
    deliver.after = 10;
    deliver.through = 12;
    one.position = 11;
    EXPECT(&frame, two.position = 12, true);
    EXPECT(&frame, two.position = 11, false);
    EXPECT(&frame, two.position = 13, false);
    EXPECT(&frame, deliver.through = 13, true);
    EXPECT(&frame, one.position = 10, false);
    EXPECT(&frame, deliver.n_entries = 0, true);
    EXPECT(&frame, deliver.through = 9, false);
    EXPECT(&frame, (deliver.n_entries = 2, one.position = 11, deliver.through = 13), true);
    EXPECT(&frame, two.event = NULL, false);
}
END_TEST

START_TEST(fetch_and_page_have_rules)
{
    Wire__Fetch fetch = WIRE__FETCH__INIT;
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_FETCH,
                         .fetch = &fetch};
    EXPECT(&frame, fetch.limit = 1, false);
    EXPECT(&frame, fetch.request = 1, true);
    EXPECT(&frame, fetch.after = 5, true);
    EXPECT(&frame, fetch.before = 5, false);
    EXPECT(&frame, fetch.before = 6, true);
    EXPECT(&frame, fetch.limit = 0, false);
    Wire__Page page = WIRE__PAGE__INIT;
    frame.body_case = WIRE__FRAME__BODY_PAGE;
    frame.page = &page;
    EXPECT(&frame, page.through = 0, true);
    EXPECT(&frame, page.retry_ms = 100, true);
    EXPECT(&frame, page.after = 1, false);
}
END_TEST

START_TEST(heads_have_rules)
{
    Wire__Heads heads = WIRE__HEADS__INIT;
    Wire__Head head = WIRE__HEAD__INIT;
    Wire__Head *pointers[] = {&head};
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_HEADS,
                         .heads = &heads};
    EXPECT(&frame, heads.position = 7, true);
    EXPECT(&frame, heads.more = true, false);
    EXPECT(&frame, (heads.more = false, heads.position = UINT64_MAX), false);
    EXPECT(&frame, heads.position = POSITION_MAX, true);
    heads.heads = pointers;
    head.author = of_size(KEY_SIZE);
    head.hash = of_size(HASH_SIZE);
    head.sum = of_size(SUM_SIZE);
    head.seq = 3;
    head.count = 4;
    EXPECT(&frame, heads.n_heads = 1, true);
    EXPECT(&frame, head.count = 0, false);
    EXPECT(&frame, head.count = UINT64_MAX, false);
    EXPECT(&frame, head.count = POSITION_MAX, true);
    EXPECT(&frame, head.sum = of_size(0), false);
    EXPECT(&frame, head.sum = of_size(SUM_SIZE), true);
    EXPECT(&frame, head.first = 4, false);
    EXPECT(&frame, head.first = 3, true);
    EXPECT(&frame, (head.first = 0, head.seq = 0), false);
    EXPECT(&frame, head.hash = of_size(0), false);
    EXPECT(&frame, (head.seq = 1, head.hash = of_size(HASH_SIZE)), true);
    EXPECT(&frame, head.author = of_size(0), false);
}
END_TEST

START_TEST(want_give_and_settled_have_rules)
{
    Wire__Want want = WIRE__WANT__INIT;
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_WANT,
                         .want = &want};
    want.author = of_size(KEY_SIZE);
    want.first = want.last = 1;
    EXPECT(&frame, want.request = 0, false);
    EXPECT(&frame, want.request = 1, true);
    EXPECT(&frame, want.lane = 2, false);
    EXPECT(&frame, want.lane = 1, true);
    EXPECT(&frame, want.first = 0, false);
    EXPECT(&frame, want.first = 2, false);
    EXPECT(&frame, want.last = UINT64_MAX, false);
    EXPECT(&frame, want.last = POSITION_MAX, true);
    Wire__SignedEvent event = WIRE__SIGNED_EVENT__INIT, *events[] = {&event};
    Wire__Give give = WIRE__GIVE__INIT;
    frame.body_case = WIRE__FRAME__BODY_GIVE;
    frame.give = &give;
    give.events = events;
    give.first = 1;
    EXPECT(&frame, give.request = 0, false);
    EXPECT(&frame, give.request = 1, true);
    EXPECT(&frame, give.n_events = 1, false);
    EXPECT(&frame, event.body = of_size(10), true);
    EXPECT(&frame, give.first = 0, false);
    EXPECT(&frame, give.first = UINT64_MAX, false);
    Wire__Settled settled = WIRE__SETTLED__INIT;
    frame.body_case = WIRE__FRAME__BODY_SETTLED;
    frame.settled = &settled;
    EXPECT(&frame, settled.position = POSITION_MAX, true);
    EXPECT(&frame, settled.position = UINT64_MAX, false);
}
END_TEST

START_TEST(successors_have_rules)
{
    Wire__Successors successors = WIRE__SUCCESSORS__INIT;
    Wire__Successor one = WIRE__SUCCESSOR__INIT;
    Wire__Successor *pointers[SUCCESSORS_MAX + 1];
    for (unsigned i = 0; i < G_N_ELEMENTS(pointers); i++)
        pointers[i] = &one;
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_SUCCESSORS,
                         .successors = &successors};
    one.key = of_size(KEY_SIZE);
    one.addresses = addresses();
    successors.successors = pointers;
    EXPECT(&frame, successors.n_successors = SUCCESSORS_MAX, true);
    EXPECT(&frame, successors.n_successors = SUCCESSORS_MAX + 1, false);
    EXPECT(&frame, successors.n_successors = 1, true);
    EXPECT(&frame, one.n_addresses = ADDRESSES_MAX, true);
    EXPECT(&frame, one.n_addresses = ADDRESSES_MAX + 1, false);
    EXPECT(&frame, one.n_addresses = 0, true);
    EXPECT(&frame, one.key = of_size(KEY_SIZE + 1), false);
}
END_TEST

START_TEST(people_have_rules)
{
    Wire__Status status = WIRE__STATUS__INIT;
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_STATUS,
                         .status = &status};
    EXPECT(&frame, status.what = WIRE__STATUS__WHAT__AWAY_NOW, true);
    EXPECT(&frame, status.what = WIRE__STATUS__WHAT__TYPING, false);
    EXPECT(&frame, status.room = of_size(PLACE_SIZE), true);
    EXPECT(&frame, status.to = of_size(KEY_SIZE), false);
    EXPECT(&frame, status.room = of_size(0), true);
    EXPECT(&frame, status.from = of_size(1), false);
    Wire__Signal note = WIRE__SIGNAL__INIT;
    frame.body_case = WIRE__FRAME__BODY_SIGNAL;
    frame.signal = &note;
    EXPECT(&frame, note.to = of_size(KEY_SIZE), false);
    EXPECT(&frame, note.sealed = of_size(SIGNAL_MAX), true);
    EXPECT(&frame, note.sealed = of_size(SIGNAL_MAX + 1), false);
    EXPECT(&frame, note.sealed = of_size(0), false);
    EXPECT(&frame, note.returned = true, true);
    EXPECT(&frame, note.retry_ms = 100, true);
    EXPECT(&frame, note.sealed = of_size(1), false);
    Wire__Pong pong = WIRE__PONG__INIT;
    frame.body_case = WIRE__FRAME__BODY_PONG;
    frame.pong = &pong;
    EXPECT(&frame, pong.room_time_ms = TIME_MAX_MS + 1, false);
}
END_TEST

START_TEST(goodbye_has_rules)
{
    Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_GOODBYE,
                         .goodbye = &goodbye};
    g_autofree char *too_long = g_strnfill(NOTE_MAX + 1, 'x');
    goodbye.addresses = addresses();
    EXPECT(&frame, goodbye.n_addresses = ADDRESSES_MAX, true);
    EXPECT(&frame, goodbye.n_addresses = ADDRESSES_MAX + 1, false);
    EXPECT(&frame, goodbye.n_addresses = 1, true);
    EXPECT(&frame, goodbye.addresses[0] = too_long, false);
    EXPECT(&frame, goodbye.n_addresses = 0, true);
    EXPECT(&frame, goodbye.text = too_long, false);
    EXPECT(&frame, goodbye.text = too_long + 1, true);
    EXPECT(&frame, goodbye.until_ms = TIME_MAX_MS + 1, false);
    EXPECT(&frame, goodbye.until_ms = -1, false);
    EXPECT(&frame, goodbye.until_ms = TIME_MAX_MS, true);
}
END_TEST

/* The most parts that valid frames can have fit into the arena … */
START_TEST(the_largest_frames_pass)
{
    const size_t count = FRAME_MAX / 98; /* each takes 96 bytes */
    Wire__Head head = WIRE__HEAD__INIT;
    head.author = of_size(KEY_SIZE);
    head.incarnation = 1;
    head.seq = 1;
    head.hash = of_size(HASH_SIZE);
    head.count = 1;
    head.sum = of_size(SUM_SIZE);
    g_autofree Wire__Head **heads = g_new(Wire__Head *, count);
    for (size_t i = 0; i < count; i++)
        heads[i] = &head;
    Wire__Heads message = WIRE__HEADS__INIT;
    message.heads = heads;
    message.n_heads = count;
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_HEADS,
                         .heads = &message};
    ck_assert(passes(&frame));
}
END_TEST

START_TEST(the_largest_roster_passes)
{
    const size_t count = FRAME_MAX / 37; /* each takes 36 bytes */
    Wire__RosterEntry entry = WIRE__ROSTER_ENTRY__INIT;
    entry.key = of_size(KEY_SIZE);
    g_autofree Wire__RosterEntry **entries = g_new(Wire__RosterEntry *, count);
    for (size_t i = 0; i < count; i++)
        entries[i] = &entry;
    Wire__Roster roster = WIRE__ROSTER__INIT;
    roster.entries = entries;
    roster.n_entries = count;
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_ROSTER,
                         .roster = &roster};
    ck_assert(passes(&frame));
}
END_TEST

/* … and one that would grow without bound is refused, not obeyed. */
START_TEST(many_empty_parts_are_refused)
{
    g_autofree char *bytes = g_malloc(FRAME_MAX);
    const size_t body = FRAME_MAX - 4;
    memcpy(bytes, "\x42\xfc\xff\x0f", 4); /* heads, of the whole rest */
    for (size_t i = 4; i + 1 < FRAME_MAX; i += 2)
        memcpy(bytes + i, "\x0a\x00", 2);
    ck_assert_uint_eq(body, 0x3fffc);
    ck_assert_ptr_null(parse(bytes, FRAME_MAX));
}
END_TEST

START_TEST(frames_begin_with_their_length)
{
    Wire__Ping ping = WIRE__PING__INIT;
    ping.nonce = 5;
    Wire__Frame frame = {.base = PROTOBUF_C_MESSAGE_INIT(&wire__frame__descriptor),
                         .body_case = WIRE__FRAME__BODY_PING,
                         .ping = &ping};
    g_autoptr(GBytes) bytes = frame_build(&frame);
    ck_assert_uint_eq(g_bytes_get_size(bytes), 8);
    ck_assert_mem_eq(g_bytes_get_data(bytes, NULL), "\0\0\0\4\x62\x02\x08\x05", 8);
}
END_TEST

static Suite *frame_suite(void)
{
    Suite *suite = suite_create("frame");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_loop_test(all, streams_are_cut, 0, G_N_ELEMENTS(streams));
    tcase_add_test(all, malformed_ones_are_refused);
    tcase_add_test(all, messages_of_newer_versions_are_skipped);
    tcase_add_test(all, values_of_newer_versions_become_known_ones);
    tcase_add_test(all, strings_are_text);
    tcase_add_test(all, hello_has_rules);
    tcase_add_test(all, welcome_has_rules);
    tcase_add_test(all, lock_and_unlock_have_rules);
    tcase_add_test(all, claim_and_advice_have_rules);
    tcase_add_test(all, receipt_has_rules);
    tcase_add_test(all, positions_rise_within_their_range);
    tcase_add_test(all, fetch_and_page_have_rules);
    tcase_add_test(all, heads_have_rules);
    tcase_add_test(all, want_give_and_settled_have_rules);
    tcase_add_test(all, successors_have_rules);
    tcase_add_test(all, people_have_rules);
    tcase_add_test(all, goodbye_has_rules);
    tcase_add_test(all, the_largest_frames_pass);
    tcase_add_test(all, the_largest_roster_passes);
    tcase_add_test(all, many_empty_parts_are_refused);
    tcase_add_test(all, frames_begin_with_their_length);
    suite_add_tcase(suite, all);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(frame_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
