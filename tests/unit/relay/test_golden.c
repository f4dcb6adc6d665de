/* What every other implementation must write and read, byte by byte. BACKFENCE_GOLDEN_WRITE=1
 * writes the files anew: only for what was never released. */

#include "relay/content.h"
#include "relay/frame.h"
#include "relay/seal.h"
#include "tests/unit/relay/golden.h"

#include <check.h>
#include <string.h>

START_TEST(frames_are_written)
{
    Wire__Frame frame = WIRE__FRAME__INIT;
    golden_frames[_i].fill(&frame);
    g_autoptr(GBytes) built = frame_build(&frame);
    g_autoptr(GBytes) golden = golden_read(golden_frames[_i].name, built);
    ck_assert_msg(g_bytes_equal(built, golden), "%s differs", golden_frames[_i].name);
}
END_TEST

START_TEST(frames_are_read)
{
    g_autoptr(GBytes) golden = golden_read(golden_frames[_i].name, NULL);
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(golden, &length);
    size_t size = 0;
    ck_assert_int_eq(frame_cut(bytes, length, FRAME_MAX, &size), FRAME_OK);
    ck_assert_uint_eq(size, length);
    g_autoptr(Arena) arena = arena_new(FRAME_ARENA_SIZE);
    const char *why = "";
    const Wire__Frame *frame =
        frame_parse(arena, bytes + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE, &why);
    ck_assert_msg(frame != NULL, "%s: %s", golden_frames[_i].name, why);
    g_autoptr(GBytes) again = frame_build(frame);
    ck_assert(g_bytes_equal(again, golden));
}
END_TEST

START_TEST(every_message_has_golden_bytes)
{
    bool seen[32] = {false};
    for (unsigned i = 0; i < golden_frame_count; i++) {
        Wire__Frame frame = WIRE__FRAME__INIT;
        golden_frames[i].fill(&frame);
        seen[frame.body_case] = true;
    }
    for (unsigned i = 0; i < wire__frame__descriptor.n_fields; i++)
        ck_assert_msg(seen[wire__frame__descriptor.fields[i].id], "none of %s",
                      wire__frame__descriptor.fields[i].name);
}
END_TEST

static const uint8_t general[PLACE_SIZE];

static GBytes *as_frame_entry(const Event *event)
{
    Wire__SignedEvent entry = WIRE__SIGNED_EVENT__INIT;
    entry.body.data = (uint8_t *)g_bytes_get_data(event_body(event), &entry.body.len);
    entry.signature.data =
        (uint8_t *)g_bytes_get_data(event_signature(event), &entry.signature.len);
    size_t length = wire__signed_event__get_packed_size(&entry);
    uint8_t *bytes = g_malloc(length);
    wire__signed_event__pack(&entry, bytes);
    return g_bytes_new_take(bytes, length);
}

static Event *open_entry(GBytes *golden)
{
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(golden, &length);
    Wire__SignedEvent *entry = wire__signed_event__unpack(NULL, length, bytes);
    ck_assert_ptr_nonnull(entry);
    const char *why = "";
    Event *event = event_open(entry->body.data, entry->body.len, entry->signature.data,
                              entry->signature.len, golden_place, &why);
    ck_assert_msg(event != NULL, "%s", why);
    wire__signed_event__free_unpacked(entry, NULL);
    return event;
}

static void assert_golden_hash(const char *name, const Event *event)
{
    g_autoptr(GBytes) hash = g_bytes_new(event_hash(event), HASH_SIZE);
    g_autoptr(GBytes) golden = golden_read(name, hash);
    ck_assert(g_bytes_equal(hash, golden));
}

START_TEST(a_profile_is_signed)
{
    g_autoptr(GBytes) content = content_profile("Mira", golden_sealing_keys[0]);
    uint8_t token[TOKEN_SIZE];
    memset(token, 0xa1, sizeof token);
    EventDraft draft = {.incarnation = 42,
                        .seq = 1,
                        .place = golden_place,
                        .time_ms = INT64_C(1700000000000),
                        .token = token,
                        .kind = EVENT_PROFILE,
                        .room = general,
                        .content = content};
    g_autoptr(Event) event = event_sign(golden_mira, &draft);
    g_autoptr(GBytes) entry = as_frame_entry(event);
    g_autoptr(GBytes) golden = golden_read("event_profile", entry);
    ck_assert(g_bytes_equal(entry, golden));
    assert_golden_hash("event_profile_hash", event);
}
END_TEST

START_TEST(a_message_is_signed_behind_it)
{
    g_autoptr(GBytes) profile_entry = golden_read("event_profile", NULL);
    g_autoptr(Event) profile = open_entry(profile_entry);
    g_autoptr(GBytes) content = content_message("Hello, world 👋", true, event_hash(profile));
    uint8_t token[TOKEN_SIZE];
    memset(token, 0xa2, sizeof token);
    EventDraft draft = {.incarnation = 42,
                        .seq = 2,
                        .prev = event_hash(profile),
                        .place = golden_place,
                        .time_ms = INT64_C(1700000001234),
                        .token = token,
                        .kind = EVENT_MESSAGE,
                        .room = general,
                        .content = content};
    g_autoptr(Event) event = event_sign(golden_mira, &draft);
    g_autoptr(GBytes) entry = as_frame_entry(event);
    g_autoptr(GBytes) golden = golden_read("event_message", entry);
    ck_assert(g_bytes_equal(entry, golden));
    assert_golden_hash("event_message_hash", event);
    g_autoptr(Event) read = open_entry(golden);
    size_t length = 0;
    const uint8_t *bytes = event_content(read, &length);
    MessageContent message;
    ck_assert(content_read_message(bytes, length, &message));
    ck_assert_str_eq(message.text, "Hello, world 👋");
    ck_assert(message.action && message.has_answers);
    ck_assert_mem_eq(message.answers, event_hash(profile), HASH_SIZE);
    message_content_clear(&message);
}
END_TEST

/* Sealing draws a key and a nonce, so the golden bytes are read, not made again. */
static GBytes *seal_anew(void)
{
    const uint8_t *recipients[] = {identity_key(golden_jonas),
                                   identity_key(golden_mira)}; /* 81…, 8a… */
    const uint8_t *to[] = {golden_sealing_keys[1], golden_sealing_keys[0]};
    uint8_t token[TOKEN_SIZE];
    memset(token, 0xa3, sizeof token);
    EventDraft draft = {.incarnation = 42,
                        .lane = LANE_PRIVATE,
                        .seq = 1,
                        .place = golden_place,
                        .time_ms = INT64_C(1700000002000),
                        .token = token,
                        .kind = EVENT_SEALED,
                        .recipients = recipients,
                        .recipient_count = 2};
    g_autoptr(GBytes) content = content_message("Just between us", false, NULL);
    g_autoptr(GBytes) sealed =
        seal_content(&draft, identity_key(golden_mira), to, EVENT_MESSAGE, content);
    draft.content = sealed;
    g_autoptr(Event) event = event_sign(golden_mira, &draft);
    ck_assert_ptr_nonnull(event);
    return as_frame_entry(event);
}

START_TEST(a_sealed_event_is_opened)
{
    g_autoptr(GBytes) anew = seal_anew();
    g_autoptr(GBytes) golden = golden_read("event_sealed", anew);
    g_autoptr(Event) event = open_entry(golden);
    const Identity *readers[] = {golden_mira, golden_jonas};
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(Keyring) keyring = golden_keyring((int)(3 + i));
        ck_assert_mem_eq(keyring_public(keyring), golden_sealing_keys[i], SEALING_KEY_SIZE);
        uint32_t kind = 0;
        g_autoptr(GBytes) content = NULL;
        ck_assert_int_eq(seal_open(keyring, event, identity_key(readers[i]), &kind, &content),
                         SEAL_OPENED);
        g_autoptr(GBytes) expected = content_message("Just between us", false, NULL);
        ck_assert_uint_eq(kind, EVENT_MESSAGE);
        ck_assert(g_bytes_equal(content, expected));
    }
    assert_golden_hash("event_sealed_hash", event);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, golden_set_up, golden_tear_down);
    tcase_add_loop_test(all, frames_are_written, 0, (int)golden_frame_count);
    tcase_add_loop_test(all, frames_are_read, 0, (int)golden_frame_count);
    tcase_add_test(all, every_message_has_golden_bytes);
    tcase_add_test(all, a_profile_is_signed);
    tcase_add_test(all, a_message_is_signed_behind_it);
    tcase_add_test(all, a_sealed_event_is_opened);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
