/* Offers, notes and data channels, byte by byte. BACKFENCE_GOLDEN_WRITE=1 writes the files anew:
 * only for what was never released. */

#include "relay/data_frame.h"
#include "relay/event.h"
#include "relay/message.h"
#include "relay/note.h"
#include "relay/offer.h"
#include "tests/unit/relay/golden.h"

#include <check.h>
#include <string.h>

START_TEST(data_frames_are_written_and_read)
{
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    golden_data_frames[_i].fill(&frame);
    g_autoptr(GBytes) built = data_frame_build(&frame);
    g_autoptr(GBytes) golden = golden_read(golden_data_frames[_i].name, built);
    ck_assert_msg(g_bytes_equal(built, golden), "%s differs", golden_data_frames[_i].name);

    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(golden, &length);
    size_t size = 0;
    ck_assert_int_eq(frame_cut(bytes, length, DATA_FRAME_MAX, &size), FRAME_OK);
    ck_assert_uint_eq(size, length);
    g_autoptr(Arena) arena = arena_new(DATA_ARENA_SIZE);
    const char *why = "";
    const Wire__DataFrame *read =
        data_frame_parse(arena, bytes + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE, &why);
    ck_assert_msg(read != NULL, "%s: %s", golden_data_frames[_i].name, why);
    ck_assert_str_eq(data_frame_name(read), data_frame_name(&frame));
    g_autoptr(GBytes) again = data_frame_build(read);
    ck_assert(g_bytes_equal(again, golden));
}
END_TEST

START_TEST(every_data_frame_has_golden_bytes)
{
    bool seen[32] = {false};
    for (unsigned i = 0; i < golden_data_frame_count; i++) {
        Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
        golden_data_frames[i].fill(&frame);
        seen[frame.body_case] = true;
    }
    for (unsigned i = 0; i < wire__data_frame__descriptor.n_fields; i++)
        ck_assert_msg(seen[wire__data_frame__descriptor.fields[i].id], "none of %s",
                      wire__data_frame__descriptor.fields[i].name);
    ck_assert_uint_eq(golden_note_count, wire__note__descriptor.n_fields);
}
END_TEST

START_TEST(notes_are_written)
{
    Wire__Note note = WIRE__NOTE__INIT;
    golden_notes[_i].fill(&note);
    g_autoptr(GBytes) built = message_pack(&note.base);
    g_autoptr(GBytes) golden = golden_read(golden_notes[_i].name, built);
    ck_assert_msg(g_bytes_equal(built, golden), "%s differs", golden_notes[_i].name);
}
END_TEST

/* Sealing draws a key, so the golden bytes are read, not made again. */
START_TEST(a_sealed_note_is_opened)
{
    const NoteScene scene = {golden_place, INT64_C(1700000001234)};
    Wire__Note note = WIRE__NOTE__INIT;
    golden_notes[0].fill(&note);
    g_autoptr(GBytes) anew =
        note_seal(&note, golden_mira, &scene, identity_key(golden_jonas), golden_sealing_keys[1]);
    g_autoptr(GBytes) golden = golden_read("note_sealed", anew);
    ck_assert_uint_eq(g_bytes_get_size(anew), g_bytes_get_size(golden));
    g_autoptr(Keyring) keyring = golden_keyring(4);
    g_autoptr(Arena) arena = arena_new(DATA_ARENA_SIZE);
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(golden, &length);
    const char *why = "";
    const Wire__Note *read = note_open(bytes, length, keyring, identity_key(golden_mira), &scene,
                                       identity_key(golden_jonas), arena, &why);
    ck_assert_msg(read != NULL, "%s", why);
    g_autoptr(GBytes) packed = message_pack(&read->base);
    g_autoptr(GBytes) expected = golden_read("note_accept", NULL);
    ck_assert(g_bytes_equal(packed, expected));
}
END_TEST

static GBytes *golden_offer(void)
{
    OfferItem items[] = {{.name = (char *)"mockup.fig", .files = 1, .bytes = 29360128},
                         {.name = (char *)"Grüße", .folder = true, .files = 3, .bytes = 4096},
                         {.name = (char *)"empty", .folder = true}};
    Offer offer = {.items = items,
                   .item_count = G_N_ELEMENTS(items),
                   .files = 4,
                   .bytes = 29364224,
                   .manifest = "manifest"};
    return offer_build(&offer);
}

START_TEST(an_offer_is_written)
{
    g_autoptr(GBytes) built = golden_offer();
    g_autoptr(GBytes) golden = golden_read("offer", built);
    ck_assert(g_bytes_equal(built, golden));
}
END_TEST

START_TEST(an_offer_with_a_picture_is_written)
{
    g_autoptr(GBytes) picture = g_bytes_new_static("picture", 7);
    OfferItem item = {.name = (char *)"a.png", .files = 1, .bytes = 70000};
    Offer offer = {.items = &item,
                   .item_count = 1,
                   .files = 1,
                   .bytes = 70000,
                   .manifest = "manifest",
                   .thumbnail = picture,
                   .width = 1920,
                   .height = 1080};
    g_autoptr(GBytes) built = offer_build(&offer);
    g_autoptr(GBytes) golden = golden_read("offer_picture", built);
    ck_assert(g_bytes_equal(built, golden));
}
END_TEST

START_TEST(an_offer_is_an_event)
{
    static const uint8_t general[PLACE_SIZE];
    uint8_t token[TOKEN_SIZE];
    memset(token, 0xa4, sizeof token);
    g_autoptr(GBytes) content = golden_offer();
    EventDraft draft = {.incarnation = 43,
                        .seq = 1,
                        .place = golden_place,
                        .time_ms = INT64_C(1700000003000),
                        .token = token,
                        .kind = EVENT_OFFER,
                        .room = general,
                        .content = content};
    g_autoptr(Event) event = event_sign(golden_mira, &draft);
    ck_assert_ptr_nonnull(event);
    g_autoptr(GBytes) golden = golden_read("event_offer_body", event_body(event));
    ck_assert(g_bytes_equal(event_body(event), golden));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden files");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, golden_set_up, golden_tear_down);
    tcase_add_loop_test(all, data_frames_are_written_and_read, 0, (int)golden_data_frame_count);
    tcase_add_test(all, every_data_frame_has_golden_bytes);
    tcase_add_loop_test(all, notes_are_written, 0, (int)golden_note_count);
    tcase_add_test(all, a_sealed_note_is_opened);
    tcase_add_test(all, an_offer_is_written);
    tcase_add_test(all, an_offer_with_a_picture_is_written);
    tcase_add_test(all, an_offer_is_an_event);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
