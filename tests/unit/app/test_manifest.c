#include "app/files/manifest.h"
#include "relay/data_frame.h"

#include <check.h>
#include <gio/gio.h>
#include <string.h>

typedef struct {
    const char *path;
    uint32_t item;
    bool folder;
    uint64_t size;
} Row;

static GBytes *write_rows(const Row *rows, size_t count)
{
    g_autoptr(ManifestWriter) writer = manifest_writer_new();
    for (size_t i = 0; i < count; i++) {
        ManifestEntry entry = {.path = rows[i].path,
                               .item = rows[i].item,
                               .folder = rows[i].folder,
                               .size = rows[i].size,
                               .mtime_ns = -5};
        manifest_writer_add(writer, &entry);
    }
    return manifest_writer_end(g_steal_pointer(&writer));
}

static Manifest *read_rows(const Row *rows, size_t count)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = write_rows(rows, count);
    Manifest *manifest = manifest_read(bytes, &error);
    ck_assert((manifest == NULL) == g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
    return manifest;
}

static const Row good[] = {
    {"a.txt", 0, false, 5},          {"dir", 1, true, 0},    {"dir/b", 1, false, CHUNK_SIZE + 1},
    {"dir/sub", 1, true, 0},         {"dir/c", 1, false, 0}, {"dir/sub/b", 1, false, 7},
    {"a.txt", 2, false, CHUNK_SIZE}, {"dir", 3, true, 0},    {"dir/b", 3, false, 1},
};

START_TEST(test_reads_what_was_written)
{
    g_autoptr(Manifest) manifest = read_rows(good, G_N_ELEMENTS(good));
    ck_assert_ptr_nonnull(manifest);
    ck_assert_uint_eq(manifest_count(manifest), G_N_ELEMENTS(good));
    ck_assert_uint_eq(manifest_items(manifest), 4);
    ck_assert_uint_eq(manifest_item_start(manifest, 1), 1);
    ck_assert_uint_eq(manifest_item_start(manifest, 4), G_N_ELEMENTS(good));
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        const ManifestEntry *entry = manifest_entry(manifest, i);
        ck_assert_str_eq(entry->path, good[i].path);
        ck_assert_uint_eq(entry->item, good[i].item);
        ck_assert_uint_eq(entry->size, good[i].size);
        ck_assert_int_eq(entry->mtime_ns, -5);
        ck_assert(entry->folder == good[i].folder);
    }
    ck_assert_uint_eq(manifest_entry(manifest, 5)->parent, 3);
    ck_assert_str_eq(manifest_entry(manifest, 5)->label, "b");
    ck_assert_uint_eq(manifest_entry(manifest, 8)->parent, 7);
    ck_assert_uint_eq(manifest_entry(manifest, 6)->parent, MANIFEST_TOP);
}
END_TEST

START_TEST(test_chunks)
{
    g_autoptr(Manifest) manifest = read_rows(good, G_N_ELEMENTS(good));
    static const uint64_t chunks[] = {1, 0, 2, 0, 1, 1, 1, 0, 1};
    for (size_t i = 0; i < G_N_ELEMENTS(chunks); i++)
        ck_assert_uint_eq(manifest_chunks(manifest_entry(manifest, i)), chunks[i]);
    ck_assert_uint_eq(manifest_chunk_length(manifest_entry(manifest, 2), 0), CHUNK_SIZE);
    ck_assert_uint_eq(manifest_chunk_length(manifest_entry(manifest, 2), 1), 1);
    ck_assert_uint_eq(manifest_chunk_length(manifest_entry(manifest, 4), 0), 0);
    ck_assert_uint_eq(manifest_chunk_length(manifest_entry(manifest, 6), 0), CHUNK_SIZE);
}
END_TEST

START_TEST(test_left_out)
{
    g_autoptr(Manifest) manifest = read_rows(good, G_N_ELEMENTS(good));
    static const uint8_t bits[] = {2};
    g_autoptr(GBytes) left_out = g_bytes_new_static(bits, 1);
    ck_assert_uint_eq(manifest_wanted_files(manifest, NULL), 6);
    ck_assert_uint_eq(manifest_wanted_bytes(manifest, NULL), 5 + 2 * CHUNK_SIZE + 1 + 7 + 1);
    ck_assert_uint_eq(manifest_wanted_files(manifest, left_out), 3);
    ck_assert_uint_eq(manifest_wanted_bytes(manifest, left_out), 5 + CHUNK_SIZE + 1);
    ck_assert(manifest_left_out(left_out, 1));
    ck_assert(!manifest_left_out(left_out, 0) && !manifest_left_out(left_out, 900));
}
END_TEST

static char *deep_path(unsigned depth)
{
    GString *path = g_string_new("d");
    for (unsigned i = 1; i < depth; i++)
        g_string_append(path, "/d");
    return g_string_free(path, FALSE);
}

START_TEST(test_depth)
{
    Row rows[FILE_DEPTH_MAX + 1];
    for (unsigned i = 0; i <= FILE_DEPTH_MAX; i++)
        rows[i] = (Row){.path = deep_path(i + 1), .folder = true};
    g_autoptr(Manifest) deepest = read_rows(rows, FILE_DEPTH_MAX);
    ck_assert_ptr_nonnull(deepest);
    ck_assert_ptr_null(read_rows(rows, FILE_DEPTH_MAX + 1));
    for (unsigned i = 0; i <= FILE_DEPTH_MAX; i++)
        g_free((char *)rows[i].path);
}
END_TEST

static const struct {
    Row rows[3];
    size_t count;
} bad[] = {
    {{{"a", 1, false, 0}}, 1},                       /* begins with item 1 */
    {{{"a", 0, false, 0}, {"b", 2, false, 0}}, 2},   /* leaves one out */
    {{{"a", 0, false, 0}, {"b", 0, false, 0}}, 2},   /* two for one item */
    {{{"d/a", 0, false, 0}}, 1},                     /* in no folder */
    {{{"d", 0, false, 0}, {"d/a", 0, false, 0}}, 2}, /* in a file */
    {{{"d", 0, true, 0}, {"d/a", 0, false, 0}, {"d/a", 0, false, 0}}, 3},
    {{{"d", 0, true, 0}, {"d/a", 0, true, 0}, {"d/a", 0, false, 0}}, 3},
    {{{"d", 0, true, 0}, {"d/a", 1, false, 0}}, 2}, /* of another item */
    {{{"d", 0, true, 0}, {"e", 1, true, 0}, {"d/a", 1, false, 0}}, 3},
    {{{"d", 0, true, 0}, {"e", 1, true, 0}, {"d/a", 0, false, 0}}, 3},
    {{{"..", 0, true, 0}}, 1},
    {{{".", 0, true, 0}}, 1},
    {{{"", 0, false, 0}}, 1},
    {{{"/a", 0, false, 0}}, 1},
    {{{"d", 0, true, 0}, {"d/", 0, false, 0}}, 2},
    {{{"d", 0, true, 0}, {"d/../a", 0, false, 0}}, 2},
    {{{"d", 0, true, 0}, {"d//a", 0, false, 0}}, 2},
    {{{"a\nb", 0, false, 0}}, 1},
    {{{"e\xCC\x81", 0, false, 0}}, 1}, /* not NFC */
    {{{"\xFF", 0, false, 0}}, 1},
    {{{"d", 0, true, 1}}, 1}, /* a folder has no size */
    {{{"a", 0, false, (UINT64_C(1) << 56) + 1}}, 1},
    {{{"a", 0, false, UINT64_C(1) << 56}, {"b", 1, false, 1}}, 2},
};

START_TEST(test_refuses)
{
    ck_assert_ptr_null(read_rows(bad[_i].rows, bad[_i].count));
}
END_TEST

START_TEST(test_refuses_bytes)
{
    g_autoptr(GBytes) bytes = write_rows(good, G_N_ELEMENTS(good));
    gsize length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    for (gsize cut = 0; cut < length; cut++) {
        g_autoptr(GBytes) part = g_bytes_new(data, cut);
        g_autoptr(Manifest) manifest = manifest_read(part, NULL);
        ck_assert_ptr_null(manifest);
    }
    g_autoptr(GByteArray) twice = g_byte_array_new();
    g_byte_array_append(twice, data, (guint)length);
    g_byte_array_append(twice, data, (guint)length);
    g_autoptr(GBytes) behind = g_byte_array_free_to_bytes(g_steal_pointer(&twice));
    g_autoptr(Manifest) both = manifest_read(behind, NULL);
    ck_assert_ptr_null(both);
    ck_assert_ptr_null(read_rows(good, 0));
}
END_TEST

/* Many entries, long paths: several frames, none too long; quick, and no more than FILES_MAX. */
START_TEST(test_many)
{
    g_autoptr(ManifestWriter) writer = manifest_writer_new();
    g_autofree char *filler = g_strnfill(200, 'x');
    ManifestEntry root = {.path = "d", .folder = true};
    manifest_writer_add(writer, &root);
    for (unsigned i = 1; i < FILES_MAX; i++) {
        g_autofree char *path = g_strdup_printf("d/%s%06u", filler, i);
        ManifestEntry entry = {.path = path, .size = 1};
        manifest_writer_add(writer, &entry);
    }
    size_t size = manifest_writer_size(writer);
    g_autoptr(GBytes) bytes = manifest_writer_end(g_steal_pointer(&writer));
    ck_assert_uint_ge(size, g_bytes_get_size(bytes));
    gsize length = 0;
    const uint8_t *at = g_bytes_get_data(bytes, &length);
    for (size_t whole = 0; length > 0; at += whole, length -= whole)
        ck_assert_int_eq(frame_cut(at, length, DATA_FRAME_MAX, &whole), FRAME_OK);
    g_autoptr(GError) error = NULL;
    g_autoptr(Manifest) manifest = manifest_read(bytes, &error);
    ck_assert_msg(manifest != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(manifest_count(manifest), FILES_MAX);
    ck_assert_uint_eq(manifest_wanted_bytes(manifest, NULL), FILES_MAX - 1);
}
END_TEST

START_TEST(test_fits)
{
    g_autoptr(Manifest) manifest = read_rows(good, G_N_ELEMENTS(good));
    char a_txt[] = "a.txt", dir[] = "dir", b_txt[] = "b.txt";
    OfferItem items[] = {{a_txt, false, 1, 5},
                         {dir, true, 3, CHUNK_SIZE + 8},
                         {a_txt, false, 1, CHUNK_SIZE},
                         {dir, true, 1, 1}};
    Offer offer = {.items = items, .item_count = 4, .files = 6, .bytes = 2 * CHUNK_SIZE + 14};
    manifest_hash(manifest_bytes(manifest), offer.manifest);
    ck_assert(manifest_fits(manifest, &offer));
    offer.item_count = 2;
    offer.unlisted = 2;
    ck_assert(manifest_fits(manifest, &offer));
    offer.unlisted = 1;
    ck_assert(!manifest_fits(manifest, &offer));
    offer.unlisted = 2;
    items[1].bytes++;
    ck_assert(!manifest_fits(manifest, &offer));
    items[1].bytes--;
    items[0].name = b_txt;
    ck_assert(!manifest_fits(manifest, &offer));
    items[0].name = a_txt;
    items[0].folder = true;
    ck_assert(!manifest_fits(manifest, &offer));
    items[0].folder = false;
    offer.files++;
    ck_assert(!manifest_fits(manifest, &offer));
    offer.files--;
    offer.manifest[0] ^= 1;
    ck_assert(!manifest_fits(manifest, &offer));
    offer.manifest[0] ^= 1;
    offer.item_count = 4;
    offer.unlisted = UINT32_MAX;
    ck_assert(!manifest_fits(manifest, &offer));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("manifest");
    TCase *reads = tcase_create("reads");
    tcase_set_timeout(reads, 60);
    tcase_add_test(reads, test_reads_what_was_written);
    tcase_add_test(reads, test_chunks);
    tcase_add_test(reads, test_left_out);
    tcase_add_test(reads, test_depth);
    tcase_add_loop_test(reads, test_refuses, 0, (int)G_N_ELEMENTS(bad));
    tcase_add_test(reads, test_refuses_bytes);
    tcase_add_test(reads, test_many);
    tcase_add_test(reads, test_fits);
    suite_add_tcase(suite, reads);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
