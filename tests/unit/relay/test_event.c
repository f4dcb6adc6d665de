#include "relay/content.h"
#include "relay/event.h"
#include "relay/offer.h"
#include "wire.pb-c.h"

#include <check.h>
#include <sodium.h>
#include <string.h>

static Identity *mira, *jonas; /* owned, made for each test */
static uint8_t place[PLACE_SIZE] = "the place", room[PLACE_SIZE], token[TOKEN_SIZE] = "a token";
static const uint8_t *both[2]; /* keys of the two, ascending */
static GBytes *hello;          /* owned: content of a message */

static void set_up(void)
{
    uint8_t seed[32] = {1};
    mira = identity_from_seed(seed);
    seed[0] = 2;
    jonas = identity_from_seed(seed);
    bool rising = memcmp(identity_key(mira), identity_key(jonas), KEY_SIZE) < 0;
    both[0] = identity_key(rising ? mira : jonas);
    both[1] = identity_key(rising ? jonas : mira);
    hello = content_message("hello", false, NULL);
}

static void tear_down(void)
{
    g_clear_pointer(&mira, identity_free);
    g_clear_pointer(&jonas, identity_free);
    g_clear_pointer(&hello, g_bytes_unref);
}

static EventDraft draft_of(uint32_t kind, GBytes *content)
{
    return (EventDraft){.incarnation = 7,
                        .lane = LANE_PUBLIC,
                        .seq = 1,
                        .place = place,
                        .time_ms = 1000,
                        .token = token,
                        .kind = kind,
                        .room = room,
                        .content = content};
}

static Event *reopen(const Event *event, const char **why)
{
    size_t body_length = 0, signature_length = 0;
    const uint8_t *body = g_bytes_get_data(event_body(event), &body_length);
    const uint8_t *signature = g_bytes_get_data(event_signature(event), &signature_length);
    return event_open(body, body_length, signature, signature_length, place, why);
}

START_TEST(comes_back_as_it_was_written)
{
    uint8_t prev[HASH_SIZE] = "before";
    EventDraft draft = draft_of(EVENT_MESSAGE, hello);
    draft.seq = 2;
    draft.prev = prev;
    g_autoptr(Event) written = event_sign(mira, &draft);
    g_autoptr(Event) event = reopen(written, NULL);
    ck_assert_ptr_nonnull(event);
    ck_assert_mem_eq(event_author(event), identity_key(mira), KEY_SIZE);
    ck_assert_uint_eq(event_incarnation(event), 7);
    ck_assert_int_eq(event_lane(event), LANE_PUBLIC);
    ck_assert_uint_eq(event_seq(event), 2);
    ck_assert_mem_eq(event_prev(event), prev, HASH_SIZE);
    ck_assert_mem_eq(event_place(event), place, PLACE_SIZE);
    ck_assert_int_eq(event_time_ms(event), 1000);
    ck_assert_mem_eq(event_token(event), token, TOKEN_SIZE);
    ck_assert_uint_eq(event_kind(event), EVENT_MESSAGE);
    ck_assert_mem_eq(event_room(event), room, PLACE_SIZE);
    ck_assert_uint_eq(event_recipient_count(event), 0);
    ck_assert_mem_eq(event_hash(event), event_hash(written), HASH_SIZE);
    ck_assert(event_concerns(event, identity_key(jonas)));
    size_t length = 0;
    const uint8_t *content = event_content(event, &length);
    MessageContent message;
    ck_assert(content_read_message(content, length, &message));
    ck_assert_str_eq(message.text, "hello");
    message_content_clear(&message);
}
END_TEST

START_TEST(private_ones_concern_their_recipients)
{
    EventDraft draft = draft_of(77, hello);
    draft.lane = LANE_PRIVATE;
    draft.room = NULL;
    draft.recipients = both;
    draft.recipient_count = 2;
    g_autoptr(Event) event = event_sign(mira, &draft);
    uint8_t stranger[KEY_SIZE] = {9};
    ck_assert_ptr_nonnull(event);
    ck_assert_ptr_null(event_room(event));
    ck_assert_uint_eq(event_recipient_count(event), 2);
    ck_assert_mem_eq(event_recipient(event, 1), both[1], KEY_SIZE);
    ck_assert(event_concerns(event, identity_key(jonas)));
    ck_assert(!event_concerns(event, stranger));
}
END_TEST

/* lint: function-length one line or two for each thing that can be wrong */
static void spoil(EventDraft *draft, int how)
{
    static const uint8_t *twice[2], *alone[1], *falling[2];
    switch (how) {
    case 0:
        draft->seq = 0;
        break;
    case 1:
        draft->seq = 2; /* without prev */
        break;
    case 2:
        draft->time_ms = -1;
        break;
    case 3:
        draft->time_ms = TIME_MAX_MS + 1;
        break;
    case 4:
        draft->kind = 0;
        break;
    case 5:
        draft->room = NULL;
        break;
    case 6:
        draft->recipients = both; /* in the public lane */
        draft->recipient_count = 2;
        break;
    case 7:
        draft->lane = LANE_PRIVATE; /* with a room, for nobody */
        break;
    case 8:
        draft->lane = LANE_PRIVATE;
        draft->room = NULL;
        twice[0] = twice[1] = identity_key(mira);
        draft->recipients = twice;
        draft->recipient_count = 2;
        break;
    case 9:
        draft->lane = LANE_PRIVATE;
        draft->room = NULL;
        alone[0] = identity_key(jonas); /* without the author */
        draft->recipients = alone;
        draft->recipient_count = 1;
        break;
    case 10:
        draft->lane = LANE_PRIVATE;
        draft->room = NULL;
        falling[0] = both[1];
        falling[1] = both[0];
        draft->recipients = falling;
        draft->recipient_count = 2;
        break;
    case 11:
        draft->lane = (Lane)2;
        break;
    case 12:
        draft->prev = identity_key(jonas); /* at seq 1 */
        break;
    case 13:
        draft->kind = EVENT_PROFILE; /* with the content of a message */
        break;
    case 14:
        draft->kind = EVENT_SEALED;
        break;
    case 15:
        draft->seq = (uint64_t)POSITION_MAX + 1;
        draft->prev = identity_key(mira);
        break;
    case 16:
        draft->kind = EVENT_OFFER; /* with the content of a message */
        break;
    default:
        ck_abort();
    }
}

START_TEST(nothing_wrong_is_signed)
{
    EventDraft draft = draft_of(EVENT_MESSAGE, hello);
    if (_i >= 7 && _i <= 11)
        draft.kind = 77;
    spoil(&draft, _i);
    ck_assert_ptr_null(event_sign(mira, &draft));
}
END_TEST

START_TEST(an_offer_to_somebody_is_sealed)
{
    OfferItem item = {.name = (char *)"a.txt", .files = 1, .bytes = 3};
    Offer offer = {.items = &item, .item_count = 1, .files = 1, .bytes = 3};
    g_autoptr(GBytes) content = offer_build(&offer);
    EventDraft draft = draft_of(EVENT_OFFER, content);
    g_autoptr(Event) event = event_sign(mira, &draft);
    g_autoptr(Event) again = reopen(event, NULL);
    ck_assert_ptr_nonnull(again);
    draft.lane = LANE_PRIVATE;
    draft.room = NULL;
    draft.recipients = both;
    draft.recipient_count = 2;
    ck_assert_ptr_null(event_sign(mira, &draft));
}
END_TEST

START_TEST(too_long_is_not_signed)
{
    g_autofree char *bytes = g_malloc0(EVENT_MAX);
    g_autoptr(GBytes) content = g_bytes_new_static(bytes, EVENT_MAX);
    EventDraft draft = draft_of(77, content);
    ck_assert_ptr_null(event_sign(mira, &draft));
    g_autoptr(GBytes) shorter = g_bytes_new_static(bytes, EVENT_MAX - 200);
    draft.content = shorter;
    g_autoptr(Event) event = event_sign(mira, &draft);
    g_autoptr(Event) again = reopen(event, NULL);
    ck_assert_ptr_nonnull(again);
}
END_TEST

/* Rosters carry the profiles of many: unknown fields must not blow them up. */
START_TEST(a_profile_is_small)
{
    uint8_t secret[32] = {5}, key[SEALING_KEY_SIZE];
    crypto_scalarmult_base(key, secret);
    g_autoptr(GBytes) content = content_profile("Mira", key);
    g_autoptr(GByteArray) padded = g_byte_array_new();
    g_byte_array_append(padded, g_bytes_get_data(content, NULL), (guint)g_bytes_get_size(content));
    static const uint8_t unknown[3] = {0x52, 0x80, 0x08}; /* field 10, 1024 bytes */
    g_byte_array_append(padded, unknown, sizeof unknown);
    g_byte_array_set_size(padded, padded->len + 1024);
    g_autoptr(GBytes) large = g_bytes_new(padded->data, padded->len);
    EventDraft draft = draft_of(EVENT_PROFILE, content);
    g_autoptr(Event) event = event_sign(mira, &draft);
    ck_assert_ptr_nonnull(event);
    draft.content = large;
    ck_assert_ptr_null(event_sign(mira, &draft));
}
END_TEST

START_TEST(any_changed_byte_is_found)
{
    EventDraft draft = draft_of(EVENT_MESSAGE, hello);
    g_autoptr(Event) event = event_sign(mira, &draft);
    size_t length = 0;
    const uint8_t *body = g_bytes_get_data(event_body(event), &length);
    const uint8_t *signature = g_bytes_get_data(event_signature(event), NULL);
    g_autofree uint8_t *changed = g_memdup2(body, length);
    for (size_t i = 0; i < length; i++) {
        changed[i] ^= 1;
        ck_assert_ptr_null(event_open(changed, length, signature, SIGNATURE_SIZE, NULL, NULL));
        changed[i] ^= 1;
    }
    ck_assert_ptr_null(event_open(body, length - 1, signature, SIGNATURE_SIZE, NULL, NULL));
    ck_assert_ptr_null(event_open(body, length, signature, SIGNATURE_SIZE - 1, NULL, NULL));
    ck_assert_ptr_null(event_open(NULL, 0, signature, SIGNATURE_SIZE, NULL, NULL));
}
END_TEST

START_TEST(another_place_is_refused)
{
    EventDraft draft = draft_of(EVENT_MESSAGE, hello);
    draft.place = token;
    g_autoptr(Event) event = event_sign(mira, &draft);
    const char *why = NULL;
    ck_assert_ptr_null(reopen(event, &why));
    ck_assert_str_eq(why, "of another place");
}
END_TEST

/* Signs a body that event_sign() would not make. */
static Event *open_raw(const uint8_t *body, size_t length, const char **why)
{
    g_autoptr(GByteArray) message = g_byte_array_new();
    g_byte_array_append(message, (const uint8_t *)"backfence/event/1", 18);
    g_byte_array_append(message, body, (guint)length);
    uint8_t signature[SIGNATURE_SIZE];
    identity_sign(mira, message->data, message->len, signature);
    return event_open(body, length, signature, SIGNATURE_SIZE, place, why);
}

START_TEST(bytes_stay_as_they_came)
{
    EventDraft draft = draft_of(EVENT_MESSAGE, hello);
    g_autoptr(Event) event = event_sign(mira, &draft);
    size_t length = 0;
    const uint8_t *body = g_bytes_get_data(event_body(event), &length);

    /* An unknown field, and lane 0 written out in two bytes. */
    static const uint8_t more[] = {0xF8, 0x07, 0x05, 0x18, 0x80, 0x00};
    g_autoptr(GByteArray) raw = g_byte_array_new();
    g_byte_array_append(raw, more, sizeof more);
    g_byte_array_append(raw, body, (guint)length);
    g_autoptr(Event) odd = open_raw(raw->data, raw->len, NULL);
    ck_assert_ptr_nonnull(odd);
    ck_assert_uint_eq(g_bytes_get_size(event_body(odd)), raw->len);
    ck_assert_mem_eq(g_bytes_get_data(event_body(odd), NULL), raw->data, raw->len);
    ck_assert_mem_ne(event_hash(odd), event_hash(event), HASH_SIZE);
}
END_TEST

START_TEST(a_field_that_occurs_twice_is_refused)
{
    EventDraft draft = draft_of(EVENT_MESSAGE, hello);
    g_autoptr(Event) event = event_sign(mira, &draft);
    g_autoptr(GByteArray) raw = g_byte_array_new();
    static const uint8_t seq_again[] = {0x20, 0x01};
    g_byte_array_append(raw, g_bytes_get_data(event_body(event), NULL),
                        (guint)g_bytes_get_size(event_body(event)));
    g_byte_array_append(raw, seq_again, sizeof seq_again);
    const char *why = NULL;
    ck_assert_ptr_null(open_raw(raw->data, raw->len, &why));
    ck_assert_str_eq(why, "a field occurs twice");
}
END_TEST

START_TEST(a_key_of_small_order_is_refused)
{
    /* With the neutral point as key and as R, S = 0 fits any message for a lax verifier. */
    EventDraft draft = draft_of(EVENT_MESSAGE, hello);
    g_autoptr(Event) event = event_sign(mira, &draft);
    size_t length = 0;
    const uint8_t *body = g_bytes_get_data(event_body(event), &length);
    g_autofree uint8_t *changed = g_memdup2(body, length);
    uint8_t signature[SIGNATURE_SIZE] = {1};
    memset(changed + 2, 0, KEY_SIZE);
    changed[2] = 1;
    ck_assert_ptr_null(event_open(changed, length, signature, SIGNATURE_SIZE, place, NULL));
}
END_TEST

START_TEST(the_log_gets_it_back)
{
    EventDraft draft = draft_of(EVENT_MESSAGE, hello);
    g_autoptr(Event) event = event_sign(mira, &draft);
    g_autoptr(Event) same = event_from_log(event_body(event), event_signature(event));
    ck_assert_mem_eq(event_hash(same), event_hash(event), HASH_SIZE);
    g_autoptr(GBytes) damaged = g_bytes_new_from_bytes(event_body(event), 0, 20);
    ck_assert_ptr_null(event_from_log(damaged, event_signature(event)));
    uint8_t hash[HASH_SIZE];
    event_hash_of(g_bytes_get_data(event_body(event), NULL), g_bytes_get_size(event_body(event)),
                  hash);
    ck_assert_mem_eq(hash, event_hash(event), HASH_SIZE);
}
END_TEST

START_TEST(unknown_kinds_are_kept)
{
    EventDraft draft = draft_of(4000000000u, hello);
    g_autoptr(Event) event = event_sign(mira, &draft);
    g_autoptr(Event) again = reopen(event, NULL);
    ck_assert_uint_eq(event_kind(again), 4000000000u);
    draft.content = NULL;
    g_autoptr(Event) empty = event_sign(mira, &draft);
    size_t length = 1;
    event_content(empty, &length);
    ck_assert_uint_eq(length, 0);
}
END_TEST

static bool reads_message(const char *bytes, size_t length)
{
    MessageContent message;
    if (!content_read_message((const uint8_t *)bytes, length, &message))
        return false;
    message_content_clear(&message);
    return true;
}

START_TEST(messages_are_judged)
{
    ck_assert(reads_message("\x0a\x02hi", 4));
    ck_assert(reads_message("\x0a\x02hi\x10\x01", 6));
    ck_assert(reads_message("\x0a\x02hi\x50\x01", 6)); /* an unknown field */
    ck_assert(!reads_message("", 0));                  /* no text */
    ck_assert(!reads_message("\x0a\x00", 2));          /* an empty one */
    ck_assert(!reads_message("\x0a\x02h\0", 4));       /* NUL */
    ck_assert(!reads_message("\x0a\x02h\xff", 4));     /* not UTF-8 */
    ck_assert(!reads_message("\x0a\x03"
                             "a\xcc\x81",
                             5));                         /* not NFC */
    ck_assert(!reads_message("\x0a\x02hi\x0a\x02ho", 8)); /* twice */
    ck_assert(!reads_message("\x0a\x02hi\x12\x01x", 7));  /* action is a string */
    ck_assert(!reads_message("\x0a\x02hi\x1a\x02xx", 8)); /* answers is short */
    ck_assert(!reads_message("\x0a\x05hi", 4));           /* cut off */
    ck_assert_ptr_null(content_message("", false, NULL));
}
END_TEST

START_TEST(profiles_are_judged)
{
    uint8_t secret[32] = {5}, key[SEALING_KEY_SIZE], zero[SEALING_KEY_SIZE] = {0};
    crypto_scalarmult_base(key, secret);
    g_autoptr(GBytes) content = content_profile("Mira", key);
    ProfileContent profile;
    ck_assert(
        content_read_profile(g_bytes_get_data(content, NULL), g_bytes_get_size(content), &profile));
    ck_assert_str_eq(profile.name, "Mira");
    ck_assert_mem_eq(profile.sealing_key, key, SEALING_KEY_SIZE);
    profile_content_clear(&profile);
    ck_assert_ptr_null(content_profile("Mira", zero));
    ck_assert_ptr_null(content_profile(" Mira", key));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, comes_back_as_it_was_written);
    tcase_add_test(all, private_ones_concern_their_recipients);
    tcase_add_loop_test(all, nothing_wrong_is_signed, 0, 17);
    tcase_add_test(all, an_offer_to_somebody_is_sealed);
    tcase_add_test(all, too_long_is_not_signed);
    tcase_add_test(all, a_profile_is_small);
    tcase_add_test(all, any_changed_byte_is_found);
    tcase_add_test(all, another_place_is_refused);
    tcase_add_test(all, bytes_stay_as_they_came);
    tcase_add_test(all, a_field_that_occurs_twice_is_refused);
    tcase_add_test(all, a_key_of_small_order_is_refused);
    tcase_add_test(all, the_log_gets_it_back);
    tcase_add_test(all, unknown_kinds_are_kept);
    tcase_add_test(all, messages_are_judged);
    tcase_add_test(all, profiles_are_judged);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
