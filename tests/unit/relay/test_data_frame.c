/* Frames of data channels: the rules of each message, and how much may be in one. */

#include "relay/data_frame.h"
#include "relay/limits.h"

#include <check.h>
#include <string.h>

static Arena *arena;

static void set_up(void)
{
    arena = arena_new(DATA_ARENA_SIZE);
}

static void tear_down(void)
{
    g_clear_pointer(&arena, arena_free);
}

static const Wire__DataFrame *parse(const void *bytes, size_t length)
{
    const char *why = NULL;
    arena_reset(arena);
    const Wire__DataFrame *frame = data_frame_parse(arena, bytes, length, &why);
    ck_assert_int_eq(frame == NULL, why != NULL);
    return frame;
}

static const Wire__DataFrame *again(const Wire__DataFrame *frame)
{
    g_autoptr(GBytes) bytes = data_frame_build(frame);
    gsize length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    return parse(data + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE);
}

static ProtobufCBinaryData of_size(size_t size)
{
    static uint8_t bytes[FILES_MAX / 8 + 1] = {1};
    return (ProtobufCBinaryData){.data = bytes, .len = size};
}

#define FRAME_OF(name, upper)                                                                      \
    {                                                                                              \
        .base = PROTOBUF_C_MESSAGE_INIT(&wire__data_frame__descriptor),                            \
        .body_case = WIRE__DATA_FRAME__BODY_##upper, .name = &body                                 \
    }

/* Sets one value after the other; each must change whether the frame passes as told. */
#define EXPECT(change, expected)                                                                   \
    do {                                                                                           \
        change;                                                                                    \
        ck_assert_msg((again(&frame) != NULL) == (expected), "%s", #change);                       \
    } while (0)

START_TEST(beginnings_have_rules)
{
    Wire__Present body = WIRE__PRESENT__INIT;
    Wire__DataFrame frame = FRAME_OF(present, PRESENT);
    EXPECT(body.transfer = of_size(TRANSFER_SIZE), false);
    EXPECT(body.ticket = of_size(TRANSFER_SIZE), true);
    EXPECT(body.ticket = of_size(TRANSFER_SIZE + 1), false);
}
END_TEST

START_TEST(meetings_have_rules)
{
    Wire__Meet body = WIRE__MEET__INIT;
    Wire__DataFrame frame = FRAME_OF(meet, MEET);
    EXPECT(body.meeting = of_size(TRANSFER_SIZE), false);
    EXPECT(body.other = of_size(KEY_SIZE), true);
    EXPECT(body.other = of_size(KEY_SIZE - 1), false);
    Wire__Met met = WIRE__MET__INIT;
    g_autofree char *text = g_strnfill(WHY_MAX + 1, 'x');
    frame.body_case = WIRE__DATA_FRAME__BODY_MET;
    frame.met = &met;
    EXPECT(met.refused = true, true);
    EXPECT(met.text = text, false);
    EXPECT(text[WHY_MAX] = '\0', true);
}
END_TEST

START_TEST(begin_has_rules)
{
    Wire__Begin body = WIRE__BEGIN__INIT;
    Wire__Again hole = WIRE__AGAIN__INIT;
    Wire__Again *holes[AGAIN_MAX + 1];
    for (unsigned i = 0; i < G_N_ELEMENTS(holes); i++)
        holes[i] = &hole;
    Wire__DataFrame frame = FRAME_OF(begin, BEGIN);
    body.again = holes;
    EXPECT(body.offer = of_size(TOKEN_SIZE), false);
    EXPECT(body.transfer = of_size(TRANSFER_SIZE), true);
    EXPECT(body.left_out = of_size(FILES_MAX / 8 + 1), false);
    EXPECT(body.left_out = of_size(FILES_MAX / 8), true);
    EXPECT(body.n_again = 1, false); /* not before the point */
    EXPECT(body.chunk = 1, true);
    EXPECT(hole.chunk = 1, false);
    EXPECT(body.file = 1, true);
    EXPECT(hole.chunk = UINT64_MAX, false);
    EXPECT(hole.chunk = 0, true);
    EXPECT(hole.file = 2, false);
    EXPECT(body.file = FILES_MAX, true);
    EXPECT(body.file = FILES_MAX + 1, false);
    EXPECT((body.file = FILES_MAX, body.n_again = AGAIN_MAX), true);
    EXPECT(body.n_again = AGAIN_MAX + 1, false);
}
END_TEST

START_TEST(manifests_have_rules)
{
    Wire__Manifest body = WIRE__MANIFEST__INIT;
    Wire__ManifestEntry entry = WIRE__MANIFEST_ENTRY__INIT;
    Wire__ManifestEntry *entries[] = {&entry};
    Wire__DataFrame frame = FRAME_OF(manifest, MANIFEST);
    g_autofree char *long_name = g_strnfill(FILE_NAME_MAX + 1, 'x');
    body.entries = entries;
    EXPECT(body.last = true, true);
    EXPECT(body.last = false, false);
    EXPECT(body.n_entries = 1, false);
    EXPECT(entry.path = (char *)"photos/a.png", true);
    EXPECT(entry.path = (char *)"../a.png", false);
    EXPECT(entry.path = (char *)"/etc/passwd", false);
    EXPECT(entry.path = (char *)"a/\xff", false);
    EXPECT(entry.path = (char *)"a/b\x1b[2J", false);
    EXPECT(entry.path = long_name, false);
    EXPECT(entry.path = (char *)"a", true);
    EXPECT(entry.item = FILES_MAX, false);
    EXPECT(entry.item = FILES_MAX - 1, true);
    EXPECT(entry.size = (uint64_t)FILE_SIZE_MAX, true);
    EXPECT(entry.folder = true, false);
    EXPECT(entry.size = 0, true);
    EXPECT((entry.folder = false, entry.size = (uint64_t)FILE_SIZE_MAX + 1), false);
    EXPECT((entry.size = 1, entry.mtime_ns = INT64_MIN), true);
}
END_TEST

START_TEST(chunks_have_rules)
{
    Wire__Chunk body = WIRE__CHUNK__INIT;
    Wire__DataFrame frame = FRAME_OF(chunk, CHUNK);
    EXPECT(body.length = CHUNK_SIZE, false);
    EXPECT(body.sum = of_size(CHUNK_SUM_SIZE), true);
    EXPECT(body.length = CHUNK_SIZE + 1, false);
    EXPECT(body.length = 0, true);
    EXPECT(body.chunk = 1, false);
    EXPECT(body.length = 1, true);
    EXPECT(body.file = FILES_MAX, false);
    EXPECT(body.file = FILES_MAX - 1, true);
    EXPECT(body.chunk = (uint64_t)FILE_SIZE_MAX / CHUNK_SIZE, false);
    EXPECT(body.chunk = (uint64_t)FILE_SIZE_MAX / CHUNK_SIZE - 1, true);
    EXPECT(body.sum = of_size(CHUNK_SUM_SIZE - 1), false);
    Wire__Again wanted = WIRE__AGAIN__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_AGAIN;
    frame.again = &wanted;
    EXPECT(wanted.file = FILES_MAX - 1, true);
    EXPECT(wanted.chunk = UINT64_MAX, false);
    Wire__Progress progress = WIRE__PROGRESS__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_PROGRESS;
    frame.progress = &progress;
    EXPECT(progress.bytes = (uint64_t)FILE_SIZE_MAX, true);
    EXPECT(progress.bytes = UINT64_MAX, false);
}
END_TEST

START_TEST(endings_have_rules)
{
    Wire__Stop body = WIRE__STOP__INIT;
    Wire__DataFrame frame = FRAME_OF(stop, STOP);
    g_autofree char *text = g_strnfill(WHY_MAX + 1, 'x');
    EXPECT(body.why = WIRE__WHY__PAUSED, true);
    EXPECT(body.text = text, false);
    EXPECT(text[WHY_MAX] = '\0', true);
    EXPECT(body.text = (char *)"\xff", false);
    EXPECT(body.text = (char *)"", true);
    body.why = (Wire__Why)99;
    ck_assert_int_eq(again(&frame)->stop->why, WIRE__WHY__FAULT);
    Wire__Missing missing = WIRE__MISSING__INIT;
    missing.why = (Wire__Why)-1;
    frame.body_case = WIRE__DATA_FRAME__BODY_MISSING;
    frame.missing = &missing;
    ck_assert_int_eq(again(&frame)->missing->why, WIRE__WHY__FAULT);
    EXPECT(missing.file = FILES_MAX, false);
}
END_TEST

START_TEST(bytes_that_are_no_frame)
{
    static const struct {
        const char *bytes;
        size_t length;
        bool good;
    } cases[] = {
#define CASE(bytes, good) {bytes, sizeof(bytes) - 1, good}
        CASE("\x12\x00", true),                     /* Admitted */
        CASE("", false),                            /* no body */
        CASE("\x12\x00\x12\x00", false),            /* two */
        CASE("\x10\x01", false),                    /* a number */
        CASE("\x12\x01", false),                    /* cut off */
        CASE("\x9a\x06\x01x", true),                /* unknown: 99 */
        CASE("\x32\x06\x0a\x04\x0a\x02z\0", false), /* a path with a NUL inside */
        CASE("\x32\x04\x0a\x02\x0a\x00", false),    /* an empty one */
        CASE("\x32\x04\x08\x01\x10\x01", false),    /* an entry that is a number */
        CASE("\x6a\x04\x12\x02z\0", false),         /* a text with a NUL inside */
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
        ck_assert_msg((parse(cases[i].bytes, cases[i].length) != NULL) == cases[i].good, "case %u",
                      i);
    const Wire__DataFrame *unknown = parse("\x9a\x06\x01x", 4);
    ck_assert_int_eq(unknown->body_case, WIRE__DATA_FRAME__BODY__NOT_SET);
    ck_assert_str_eq(data_frame_name(unknown), "unknown");
}
END_TEST

/* As many entries as one frame may have, with paths as long as fit, go into the arena; more do
 * not. */
START_TEST(the_largest_manifest_passes)
{
    Wire__Manifest body = WIRE__MANIFEST__INIT;
    Wire__DataFrame frame = FRAME_OF(manifest, MANIFEST);
    Wire__ManifestEntry entry = WIRE__MANIFEST_ENTRY__INIT;
    Wire__ManifestEntry *entries[MANIFEST_ENTRIES_MAX + 1];
    for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++)
        entries[i] = &entry;
    entry.path = (char *)"photos/of the last summer/in the woods.png";
    entry.mtime_ns = 1;
    body.entries = entries;
    body.n_entries = MANIFEST_ENTRIES_MAX;
    ck_assert_uint_le(wire__data_frame__get_packed_size(&frame), DATA_FRAME_MAX);
    ck_assert_ptr_nonnull(again(&frame));
    entry.path = (char *)"a";
    body.n_entries++;
    ck_assert_ptr_null(again(&frame));
}
END_TEST

START_TEST(many_empty_parts_are_refused)
{
    g_autofree char *bytes = g_malloc(DATA_FRAME_MAX);
    memcpy(bytes, "\x32\xfc\xff\x03", 4); /* Manifest, of the whole rest */
    for (size_t i = 4; i + 1 < DATA_FRAME_MAX; i += 2)
        memcpy(bytes + i, "\x0a\x00", 2);
    ck_assert_ptr_null(parse(bytes, DATA_FRAME_MAX));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data frame");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, beginnings_have_rules);
    tcase_add_test(all, meetings_have_rules);
    tcase_add_test(all, begin_has_rules);
    tcase_add_test(all, manifests_have_rules);
    tcase_add_test(all, chunks_have_rules);
    tcase_add_test(all, endings_have_rules);
    tcase_add_test(all, bytes_that_are_no_frame);
    tcase_add_test(all, the_largest_manifest_passes);
    tcase_add_test(all, many_empty_parts_are_refused);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
