/* Notes: only from their sender, only for us, only in this place. */

#include "relay/frame.h"
#include "relay/limits.h"
#include "relay/message.h"
#include "relay/note.h"

#include <check.h>
#include <sodium.h>
#include <string.h>

#define NOW_MS INT64_C(1700000000000)

static const NoteScene here = {(const uint8_t *)"here............", NOW_MS};
static const NoteScene elsewhere = {(const uint8_t *)"elsewhere.......", NOW_MS};
static Identity *mira, *jonas, *eve;
static Keyring *keyring;
static Arena *arena;
static Wire__Ready ready;
static Wire__Note note;
static uint8_t id[KEY_SIZE] = "id";

static Identity *identity_of(int byte)
{
    uint8_t seed[32];
    memset(seed, byte, sizeof seed);
    return identity_from_seed(seed);
}

static void set_up(void)
{
    mira = identity_of(1);
    jonas = identity_of(2);
    eve = identity_of(3);
    keyring = keyring_open(NULL, INT64_C(1700000000000), NULL);
    arena = arena_new(FRAME_ARENA_SIZE);
    wire__ready__init(&ready);
    ready.transfer = ready.ticket = (ProtobufCBinaryData){TRANSFER_SIZE, id};
    ready.attempt = 1;
    wire__note__init(&note);
    note.body_case = WIRE__NOTE__BODY_READY;
    note.ready = &ready;
}

static void tear_down(void)
{
    g_clear_pointer(&mira, identity_free);
    g_clear_pointer(&jonas, identity_free);
    g_clear_pointer(&eve, identity_free);
    g_clear_pointer(&keyring, keyring_free);
    g_clear_pointer(&arena, arena_free);
}

static GBytes *seal(void)
{
    return note_seal(&note, mira, &here, identity_key(jonas), keyring_public(keyring));
}

/* Jonas opens what the relay says is Mira's. */
static const Wire__Note *open_sealed(GBytes *sealed)
{
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(sealed, &length);
    const char *why = NULL;
    arena_reset(arena);
    const Wire__Note *read = note_open(bytes, length, keyring, identity_key(mira), &here,
                                       identity_key(jonas), arena, &why);
    ck_assert_int_eq(read == NULL, why != NULL);
    return read;
}

static const Wire__Note *pass(void)
{
    g_autoptr(GBytes) sealed = seal();
    ck_assert_ptr_nonnull(sealed);
    return open_sealed(sealed);
}

START_TEST(what_was_sealed_is_opened)
{
    const Wire__Note *read = pass();
    ck_assert_ptr_nonnull(read);
    ck_assert_int_eq(read->body_case, WIRE__NOTE__BODY_READY);
    ck_assert_mem_eq(read->ready->ticket.data, id, TRANSFER_SIZE);
}
END_TEST

START_TEST(nobody_writes_for_another)
{
    g_autoptr(GBytes) forged =
        note_seal(&note, eve, &here, identity_key(jonas), keyring_public(keyring));
    ck_assert_ptr_null(open_sealed(forged));
}
END_TEST

/* Eve, who got a note of Mira, seals it for Jonas. */
START_TEST(a_note_for_another_is_not_passed_on)
{
    g_autoptr(GBytes) passed_on =
        note_seal(&note, mira, &here, identity_key(eve), keyring_public(keyring));
    ck_assert_ptr_null(open_sealed(passed_on));
}
END_TEST

START_TEST(a_note_of_another_place_is_not_replayed)
{
    g_autoptr(GBytes) replayed =
        note_seal(&note, mira, &elsewhere, identity_key(jonas), keyring_public(keyring));
    ck_assert_ptr_null(open_sealed(replayed));
}
END_TEST

/* A relay that kept a note, such as that of a pause, delivers it when it pleases. */
START_TEST(a_note_of_another_time_is_not_replayed)
{
    const struct {
        int64_t time_ms;
        bool good;
    } cases[] = {{NOW_MS - NOTE_AGE_MAX_MS, true},
                 {NOW_MS - NOTE_AGE_MAX_MS - 1, false},
                 {NOW_MS + NOTE_AGE_MAX_MS, true},
                 {NOW_MS + NOTE_AGE_MAX_MS + 1, false},
                 {0, false},
                 {INT64_MAX, false},
                 {INT64_MIN, false},
                 {-1, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        NoteScene then = {here.place, cases[i].time_ms};
        g_autoptr(GBytes) sealed =
            note_seal(&note, mira, &then, identity_key(jonas), keyring_public(keyring));
        ck_assert_msg((open_sealed(sealed) != NULL) == cases[i].good, "case %zu", i);
    }
}
END_TEST

START_TEST(a_key_that_is_gone_opens_nothing)
{
    g_autoptr(Keyring) other = keyring_open(NULL, INT64_C(1700000000000), NULL);
    g_autoptr(GBytes) sealed =
        note_seal(&note, mira, &here, identity_key(jonas), keyring_public(other));
    ck_assert_ptr_null(open_sealed(sealed));
    static const uint8_t small_order[SEALING_KEY_SIZE];
    ck_assert_ptr_null(note_seal(&note, mira, &here, identity_key(jonas), small_order));
}
END_TEST

START_TEST(every_bit_counts)
{
    g_autoptr(GBytes) sealed = seal();
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(sealed, &length);
    for (gsize i = 0; i < length; i++) {
        g_autofree uint8_t *copy = g_memdup2(bytes, length);
        copy[i] ^= 1;
        g_autoptr(GBytes) changed = g_bytes_new(copy, length);
        ck_assert_msg(open_sealed(changed) == NULL, "byte %u", (unsigned)i);
        g_autoptr(GBytes) cut = g_bytes_new(bytes, i);
        ck_assert_msg(open_sealed(cut) == NULL, "%u bytes", (unsigned)i);
    }
}
END_TEST

#define EXPECT(change, expected)                                                                   \
    do {                                                                                           \
        change;                                                                                    \
        ck_assert_msg((pass() != NULL) == (expected), "%s", #change);                              \
    } while (0)

START_TEST(ready_has_rules)
{
    char *addresses[ADDRESSES_MAX + 1];
    g_autofree char *long_address = g_strnfill(ADDRESS_MAX + 1, '1');
    for (unsigned i = 0; i < G_N_ELEMENTS(addresses); i++)
        addresses[i] = (char *)"192.0.2.1:7667";
    ready.addresses = addresses;
    EXPECT(ready.n_addresses = ADDRESSES_MAX, true);
    EXPECT(ready.n_addresses = ADDRESSES_MAX + 1, false);
    EXPECT((ready.n_addresses = 1, addresses[0] = long_address), false);
    EXPECT(long_address[ADDRESS_MAX] = '\0', true);
    EXPECT(addresses[0] = (char *)"\xff", false);
    EXPECT(ready.n_addresses = 0, true);
    EXPECT(ready.attempt = 0, false);
    EXPECT((ready.attempt = 1, ready.ticket.len--), false);
    EXPECT((ready.ticket.len++, ready.transfer.len = 0), false);
}
END_TEST

START_TEST(accept_and_turn_have_rules)
{
    Wire__Accept accept = WIRE__ACCEPT__INIT;
    note.body_case = WIRE__NOTE__BODY_ACCEPT;
    note.accept = &accept;
    accept.transfer = accept.ticket = (ProtobufCBinaryData){TRANSFER_SIZE, id};
    EXPECT(accept.attempt = 1, false);
    EXPECT(accept.offer = ((ProtobufCBinaryData){TOKEN_SIZE, id}), true);
    EXPECT(accept.ticket.len = 0, false);
    Wire__Turn turn = WIRE__TURN__INIT;
    note.body_case = WIRE__NOTE__BODY_TURN;
    note.turn = &turn;
    turn.transfer = (ProtobufCBinaryData){TRANSFER_SIZE, id};
    EXPECT(turn.attempt = 1, true);
    EXPECT(turn.way = WIRE__WAY__MEETING, false);
    EXPECT(turn.meeting = ((ProtobufCBinaryData){TRANSFER_SIZE, id}), true);
    EXPECT(turn.way = WIRE__WAY__REVERSE, false);
    EXPECT(turn.meeting.len = 0, true);
    EXPECT(turn.attempt = 0, false);
    turn.way = (Wire__Way)77;
    ck_assert_int_eq(pass()->body_case, WIRE__NOTE__BODY__NOT_SET);
}
END_TEST

START_TEST(halt_has_rules)
{
    Wire__Halt halt = WIRE__HALT__INIT;
    g_autofree char *text = g_strnfill(WHY_MAX + 1, 'x');
    note.body_case = WIRE__NOTE__BODY_HALT;
    note.halt = &halt;
    EXPECT(halt.why = WIRE__WHY__DECLINED, false);
    EXPECT(halt.offer = ((ProtobufCBinaryData){TOKEN_SIZE, id}), true);
    EXPECT(halt.transfer = ((ProtobufCBinaryData){TRANSFER_SIZE - 1, id}), false);
    EXPECT(halt.transfer.len++, true);
    EXPECT(halt.text = text, false);
    EXPECT(text[WHY_MAX] = '\0', true);
    halt.why = (Wire__Why)99;
    ck_assert_int_eq(pass()->halt->why, WIRE__WHY__FAULT);
}
END_TEST

START_TEST(a_note_has_a_bound)
{
    g_autofree char *address = g_strnfill(ADDRESS_MAX, '1');
    char *addresses[ADDRESSES_MAX] = {address, address, address, address,
                                      address, address, address, address};
    ready.addresses = addresses;
    ready.n_addresses = ADDRESSES_MAX;
    ck_assert_ptr_null(seal());
}
END_TEST

/* What is signed and sealed well, but makes no sense. */
START_TEST(nonsense_is_refused)
{
    static const struct {
        const char *bytes;
        size_t length;
        bool good;
    } cases[] = {{"", 0, false},
                 {"\xff", 1, false},
                 {"\x1a\x00\x1a\x00", 4, false},
                 {"\x9a\x06\x01x", 4, true},
                 {"\x22\x04\x22\x02z\0", 6, false}};
    const uint64_t time_ms = GUINT64_TO_BE(NOW_MS);
    const size_t head = sizeof "backfence/note/1" + PLACE_SIZE + KEY_SIZE + sizeof time_ms;
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t text[256] = "backfence/note/1", signature[SIGNATURE_SIZE];
        memcpy(text + sizeof "backfence/note/1", here.place, PLACE_SIZE);
        memcpy(text + head - sizeof time_ms - KEY_SIZE, identity_key(jonas), KEY_SIZE);
        memcpy(text + head - sizeof time_ms, &time_ms, sizeof time_ms);
        memcpy(text + head, cases[i].bytes, cases[i].length);
        identity_sign(mira, text, head + cases[i].length, signature);
        Wire__SignedNote out = WIRE__SIGNED_NOTE__INIT;
        out.note = (ProtobufCBinaryData){cases[i].length, text + head};
        out.signature = (ProtobufCBinaryData){SIGNATURE_SIZE, signature};
        out.time_ms = NOW_MS;
        g_autoptr(GBytes) packed = message_pack(&out.base);
        uint8_t sealed[512];
        gsize length = 0;
        const uint8_t *bytes = g_bytes_get_data(packed, &length);
        memcpy(sealed, keyring_public(keyring), SEALING_HINT_SIZE);
        crypto_box_seal(sealed + SEALING_HINT_SIZE, bytes, length, keyring_public(keyring));
        g_autoptr(GBytes) whole =
            g_bytes_new(sealed, SEALING_HINT_SIZE + crypto_box_SEALBYTES + length);
        ck_assert_msg((open_sealed(whole) != NULL) == cases[i].good, "case %u", i);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("note");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, what_was_sealed_is_opened);
    tcase_add_test(all, nobody_writes_for_another);
    tcase_add_test(all, a_note_for_another_is_not_passed_on);
    tcase_add_test(all, a_note_of_another_place_is_not_replayed);
    tcase_add_test(all, a_note_of_another_time_is_not_replayed);
    tcase_add_test(all, a_key_that_is_gone_opens_nothing);
    tcase_add_test(all, every_bit_counts);
    tcase_add_test(all, ready_has_rules);
    tcase_add_test(all, accept_and_turn_have_rules);
    tcase_add_test(all, halt_has_rules);
    tcase_add_test(all, a_note_has_a_bound);
    tcase_add_test(all, nonsense_is_refused);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
