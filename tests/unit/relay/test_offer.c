/* Offers: what is taken, what is not, and how much of a long one is listed. */

#include "relay/message.h"
#include "relay/offer.h"
#include "relay/text.h"
#include "wire.pb-c.h"

#include <check.h>
#include <string.h>

static uint8_t manifest[HASH_SIZE + 1] = "manifest";
static uint8_t picture[THUMBNAIL_MAX + 1] = "picture";

static bool is_offer(const Wire__Offer *offer)
{
    g_autoptr(GBytes) bytes = message_pack(&offer->base);
    gsize length = 0;
    const uint8_t *content = g_bytes_get_data(bytes, &length);
    g_autoptr(Offer) read = offer_read(content, length);
    ck_assert_int_eq(read != NULL, content_is_offer(content, length));
    return read != NULL;
}

/* Sets one value after the other; each must change whether the offer passes as told. */
#define EXPECT(change, expected)                                                                   \
    do {                                                                                           \
        change;                                                                                    \
        ck_assert_msg(is_offer(&offer) == (expected), "%s", #change);                              \
    } while (0)

START_TEST(has_rules)
{
    Wire__OfferItem item = WIRE__OFFER_ITEM__INIT, folder = WIRE__OFFER_ITEM__INIT;
    Wire__OfferItem *items[] = {&item, &folder};
    Wire__Offer offer = WIRE__OFFER__INIT;
    offer.items = items;
    offer.n_items = 1;
    item.name = (char *)"a.txt";
    item.files = offer.files = 1;
    item.bytes = offer.bytes = 10;
    EXPECT(offer.manifest = ((ProtobufCBinaryData){HASH_SIZE, manifest}), true);
    EXPECT(offer.manifest.len = HASH_SIZE - 1, false);
    EXPECT(offer.manifest.len = HASH_SIZE + 1, false);
    EXPECT(offer.manifest.len = HASH_SIZE, true);
    EXPECT(offer.bytes = 9, false);
    EXPECT(offer.bytes = 11, false);
    EXPECT(offer.unlisted = 1, true);
    EXPECT(offer.files = 0, false);
    EXPECT(offer.files = FILES_MAX + 1, false);
    EXPECT(offer.files = 1, true);
    EXPECT(offer.unlisted = FILES_MAX, false);
    EXPECT(offer.unlisted = FILES_MAX - 1, true);
    EXPECT(offer.bytes = (uint64_t)FILE_SIZE_MAX + 1, false);
    EXPECT((offer.bytes = 10, offer.unlisted = 0), true);
    EXPECT(offer.n_items = 0, false);
    EXPECT((offer.n_items = 1, item.files = offer.files = 2), false);
    EXPECT(item.folder = true, true);
    EXPECT((item.files = offer.files = 0), false);
    EXPECT((item.bytes = offer.bytes = 0), true);
    folder.name = (char *)"b";
    folder.folder = true;
    EXPECT(offer.n_items = 2, true);
    EXPECT((folder.bytes = offer.bytes = (uint64_t)FILE_SIZE_MAX, folder.files = offer.files = 1),
           true);
    EXPECT((item.files = 1, item.bytes = UINT64_MAX, offer.files = 2), false);
    EXPECT((item.bytes = 1, offer.bytes++), false);
}
END_TEST

START_TEST(a_thumbnail_has_rules)
{
    Wire__OfferItem item = WIRE__OFFER_ITEM__INIT;
    Wire__OfferItem *items[] = {&item, &item};
    Wire__Thumbnail thumbnail = WIRE__THUMBNAIL__INIT;
    Wire__Offer offer = WIRE__OFFER__INIT;
    offer.items = items;
    offer.n_items = 1;
    offer.manifest = (ProtobufCBinaryData){HASH_SIZE, manifest};
    item.name = (char *)"a.png";
    item.files = offer.files = 1;
    EXPECT(offer.thumbnail = &thumbnail, false);
    EXPECT(thumbnail.image = ((ProtobufCBinaryData){THUMBNAIL_MAX, picture}), false);
    EXPECT(thumbnail.width = PICTURE_SIDE_MAX, false);
    EXPECT(thumbnail.height = 1, true);
    EXPECT(thumbnail.height = PICTURE_SIDE_MAX + 1, false);
    EXPECT(thumbnail.height = 2, true);
    EXPECT(thumbnail.image.len = THUMBNAIL_MAX + 1, false);
    EXPECT(thumbnail.image.len = 0, false);
    EXPECT(thumbnail.image.len = 1, true);
    EXPECT(offer.unlisted = 1, false);
    EXPECT((offer.unlisted = 0, item.folder = true), false);
    EXPECT((item.folder = false, offer.n_items = 2, offer.files = 2), false);
}
END_TEST

/* What is written twice could be read in two ways. */
START_TEST(nothing_stands_twice)
{
    static const struct {
        const char *bytes; /* in front of the manifest */
        size_t length;
        bool good;
    } cases[] = {
#define CASE(bytes, good) {bytes, sizeof(bytes) - 1, good}
        CASE("\x0a\x05\x0a\x01z\x18\x01\x18\x01", true),              /* one file */
        CASE("\x0a\x05\x0a\x01z\x18\x01\x18\x01\x18\x01", false),     /* files twice */
        CASE("\x0a\x08\x0a\x01z\x0a\x01y\x18\x01\x18\x01", false),    /* name twice */
        CASE("\x0a\x05\x0a\x01z\x18\x01\x1a\x01\x01", false),         /* files of another type */
        CASE("\x08\x01\x0a\x05\x0a\x01z\x18\x01\x18\x01", false),     /* an item that is a number */
        CASE("\x0a\x05\x0a\x01z\x18\x01\x18\x01\x78\x01", true),      /* an unknown field */
        CASE("\x0a\x05\x0a\x01z\x18\x01\x18\x01\x78\x01\x78", false), /* cut off */
        CASE("\x0a\x02\x18\x01\x18\x01", false),                      /* no name */
        CASE("\x0a\x05\x0a\x01\xff\x18\x01\x18\x01", false),          /* no UTF-8 */
        CASE("\x0a\x05\x0a\x01\x00\x18\x01\x18\x01", false),          /* NUL */
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) all = g_byte_array_new();
        g_byte_array_append(all, (const guint8 *)cases[i].bytes, (guint)cases[i].length);
        if (cases[i].bytes[cases[i].length - 1] != '\x78') {
            g_byte_array_append(all, (const guint8 *)"\x2a\x20", 2);
            g_byte_array_append(all, manifest, HASH_SIZE);
        }
        ck_assert_msg(content_is_offer(all->data, all->len) == cases[i].good, "case %u", i);
    }
    ck_assert(!content_is_offer(NULL, 0));
}
END_TEST

START_TEST(labels_are_names_of_one_thing)
{
    static const char *const good[] = {
        "a", ".bashrc", "...", "Grüße.txt", "日本語.txt", "a\u202Egpj.exe", " a ", "a\\b", "CON"};
    static const char *const bad[] = {"",     ".",        "..",       "a/b",      "/",
                                      "a\nb", "a\x1b[2J", "a\x7f",    "\xc2\x85", "a\xe2\x80\xa8",
                                      "\xff", "a\xcc",    "u\xcc\x88" /* not NFC */};
    for (unsigned i = 0; i < G_N_ELEMENTS(good); i++)
        ck_assert_msg(text_is_label(good[i], strlen(good[i])), "%s", good[i]);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
        ck_assert_msg(!text_is_label(bad[i], strlen(bad[i])), "%u", i);
    ck_assert(!text_is_label("a\0b", 3));
    g_autofree char *longest = g_strnfill(FILE_NAME_MAX + 1, 'x');
    ck_assert(text_is_label(longest, FILE_NAME_MAX));
    ck_assert(!text_is_label(longest, FILE_NAME_MAX + 1));
}
END_TEST

START_TEST(paths_are_labels)
{
    static const char *const good[] = {"a", "a/b", "a/.b/c d"};
    static const char *const bad[] = {"",     "/",    "/a",    "a/",   "a//b",
                                      "../a", "a/..", "a/./b", "a/\n", "a/../../etc/passwd"};
    for (unsigned i = 0; i < G_N_ELEMENTS(good); i++)
        ck_assert_msg(text_is_path(good[i], strlen(good[i])), "%s", good[i]);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
        ck_assert_msg(!text_is_path(bad[i], strlen(bad[i])), "%s", bad[i]);
    g_autoptr(GString) deep = g_string_new("a");
    for (unsigned i = 1; i < FILE_DEPTH_MAX; i++)
        g_string_append(deep, "/a");
    ck_assert(text_is_path(deep->str, deep->len));
    g_string_append(deep, "/a");
    ck_assert(!text_is_path(deep->str, deep->len));
    g_autofree char *label = g_strnfill(FILE_NAME_MAX, 'x');
    g_autoptr(GString) wide = g_string_new(label);
    while (wide->len <= FILE_PATH_MAX)
        g_string_append_printf(wide, "/%s", label);
    ck_assert(!text_is_path(wide->str, wide->len));
}
END_TEST

static Offer *many(size_t count, size_t name_length)
{
    Offer *offer = g_new0(Offer, 1);
    g_atomic_ref_count_init(&offer->references);
    offer->items = g_new0(OfferItem, count);
    offer->item_count = count;
    for (size_t i = 0; i < count; i++) {
        offer->items[i] =
            (OfferItem){.name = g_strnfill(name_length, 'n'), .files = 1, .bytes = UINT32_MAX};
        offer->files++;
        offer->bytes += UINT32_MAX;
    }
    return offer;
}

/* `listed`: 0 for as many as fit into OFFER_MAX. */
static void assert_listed(size_t count, size_t name_length, size_t listed)
{
    g_autoptr(Offer) offer = many(count, name_length);
    offer->unlisted = 3;
    g_autoptr(GBytes) bytes = offer_build(offer);
    ck_assert_ptr_nonnull(bytes);
    gsize length = 0;
    const uint8_t *content = g_bytes_get_data(bytes, &length);
    ck_assert_uint_le(length, OFFER_MAX);
    g_autoptr(Offer) read = offer_read(content, length);
    ck_assert_ptr_nonnull(read);
    ck_assert_uint_eq(read->item_count + read->unlisted, count + 3);
    ck_assert_uint_eq(read->files, count);
    if (listed > 0)
        ck_assert_uint_eq(read->item_count, listed);
    else
        ck_assert_uint_gt(length, OFFER_MAX - 2 * FILE_NAME_MAX);
}

START_TEST(what_does_not_fit_is_counted)
{
    assert_listed(1, FILE_NAME_MAX, 1);
    assert_listed(OFFER_ITEMS_MAX, 20, OFFER_ITEMS_MAX);
    assert_listed(OFFER_ITEMS_MAX + 1, 20, OFFER_ITEMS_MAX);
    assert_listed(5000, FILE_NAME_MAX, 0);
}
END_TEST

START_TEST(nothing_bad_is_built)
{
    g_autoptr(Offer) offer = many(2, 3);
    offer->bytes++;
    ck_assert_ptr_null(offer_build(offer));
    offer->bytes--;
    g_autoptr(GBytes) good = offer_build(offer);
    ck_assert_ptr_nonnull(good);
    offer->items[1].name[1] = '/';
    ck_assert_ptr_null(offer_build(offer));
    ck_assert_ptr_null(offer_build(&(Offer){0}));
}
END_TEST

START_TEST(what_was_built_is_read)
{
    g_autoptr(Offer) offer = many(1, 7);
    offer->thumbnail = g_bytes_new_static(picture, 20);
    offer->width = 640;
    offer->height = 480;
    memcpy(offer->manifest, manifest, HASH_SIZE);
    g_autoptr(GBytes) bytes = offer_build(offer);
    gsize length = 0;
    const uint8_t *content = g_bytes_get_data(bytes, &length);
    g_autoptr(Offer) read = offer_read(content, length);
    g_autoptr(Offer) also = offer_ref(read);
    ck_assert_str_eq(also->items[0].name, "nnnnnnn");
    ck_assert_uint_eq(read->items[0].bytes, UINT32_MAX);
    ck_assert(g_bytes_equal(read->thumbnail, offer->thumbnail));
    ck_assert_uint_eq(read->width, 640);
    ck_assert_uint_eq(read->height, 480);
    ck_assert_mem_eq(read->manifest, manifest, HASH_SIZE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("offer");
    TCase *all = tcase_create("all");
    tcase_add_test(all, has_rules);
    tcase_add_test(all, a_thumbnail_has_rules);
    tcase_add_test(all, nothing_stands_twice);
    tcase_add_test(all, labels_are_names_of_one_thing);
    tcase_add_test(all, paths_are_labels);
    tcase_add_test(all, what_does_not_fit_is_counted);
    tcase_add_test(all, nothing_bad_is_built);
    tcase_add_test(all, what_was_built_is_read);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
