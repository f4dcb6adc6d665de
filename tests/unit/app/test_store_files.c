/* What the store keeps about files, and how a store of before came to that. */
#include "app/store.h"

#include <check.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

static char *directory;

/* member.db as schema 1 made it, with something in each part that must stay. */
static const char schema_1[] =
    "PRAGMA application_id = 0x42466d31; PRAGMA user_version = 1;"
    "CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, token BLOB NOT NULL UNIQUE,"
    "  place BLOB NOT NULL, conversation BLOB NOT NULL, kind INTEGER NOT NULL,"
    "  content BLOB NOT NULL, queued_ms INTEGER NOT NULL, state INTEGER NOT NULL, why TEXT,"
    "  body BLOB, signature BLOB, incarnation INTEGER, lane INTEGER, seq INTEGER, hash BLOB"
    ") STRICT;"
    "CREATE TABLE incarnation (place BLOB PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
    "CREATE TABLE draft (place BLOB NOT NULL, conversation BLOB NOT NULL, text TEXT NOT NULL,"
    "  PRIMARY KEY (place, conversation)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE read_mark (place BLOB NOT NULL, conversation BLOB NOT NULL,"
    "  time_ms INTEGER NOT NULL, hash BLOB NOT NULL, token BLOB NOT NULL,"
    "  PRIMARY KEY (place, conversation)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE direct (id INTEGER PRIMARY KEY, place BLOB NOT NULL, key BLOB NOT NULL,"
    "  UNIQUE (place, key)) STRICT;"
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "INSERT INTO setting VALUES ('name', 'Ann');"
    "INSERT INTO outbox (token, place, conversation, kind, content, queued_ms, state) VALUES"
    "  (zeroblob(16), zeroblob(16), zeroblob(16), 1, x'00', 5, 0);";

static void setup(void)
{
    directory = g_dir_make_tmp("backfence-store-XXXXXX", NULL);
}

static void teardown(void)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);

    for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir)) {
        g_autofree char *path = g_build_filename(directory, name, NULL);

        g_unlink(path);
    }
    g_rmdir(directory);
    g_free(directory);
}

static Store *open_store(void)
{
    g_autoptr(GError) error = NULL;
    Store *store = store_open(directory, &error);

    if (error)
        ck_abort_msg("%s", error->message);
    return store;
}

START_TEST(a_store_of_before_learns_files)
{
    g_autofree char *path = g_build_filename(directory, "member.db", NULL);
    g_autofree char *copy = g_build_filename(directory, "member.db.before-3", NULL);
    sqlite3 *handle;

    ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(handle, schema_1, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
    g_autoptr(Store) store = open_store();
    g_autofree char *name = store_setting(store, SETTING_NAME, NULL);
    g_autoptr(GArray) outbox = store_outbox_list(store, NULL, NULL);
    g_autoptr(GArray) offers = store_offers(store, NULL);
    g_autoptr(GArray) transfers = store_transfers(store, NULL);

    ck_assert_ptr_null(store_damaged(store));
    ck_assert_str_eq(name, "Ann");
    ck_assert_uint_eq(outbox->len, 1);
    ck_assert_uint_eq(offers->len, 0);
    ck_assert_uint_eq(transfers->len, 0);
    ck_assert(g_file_test(copy, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(offers_and_transfers_are_kept)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) room = g_bytes_new("0123456789abcdef", 16), content = g_bytes_new("x", 1);
    StoredOffer offer = {.token = {1},
                         .place = {2},
                         .conversation = room,
                         .directory = (char *)"abc",
                         .content = content,
                         .made_ms = 7};
    StoredTransfer transfer = {.id = {1},
                               .wire = {2},
                               .offer = {3},
                               .place = {4},
                               .author = {5},
                               .peer = {6},
                               .conversation = room,
                               .content = content,
                               .flags = STORED_PROMPT,
                               .tell = -1,
                               .bytes = INT64_C(1) << 56};
    Store *store = open_store();

    ck_assert(store_put_offer(store, &offer, &error));
    offer.withdrawn = true;
    ck_assert(store_put_offer(store, &offer, &error));
    ck_assert(store_put_transfer(store, &transfer, &error));
    transfer.id[0] = 9;
    ck_assert(store_put_transfer(store, &transfer, &error));
    transfer.id[0] = 1;
    transfer.state = 5;
    transfer.why = (char *)"So it is.";
    ck_assert(store_put_transfer(store, &transfer, &error));
    store_close(store);
    store = open_store();
    g_autoptr(GArray) offers = store_offers(store, &error);
    g_autoptr(GArray) transfers = store_transfers(store, &error);
    const StoredTransfer *first = &g_array_index(transfers, StoredTransfer, 0);

    ck_assert_uint_eq(offers->len, 1);
    ck_assert(g_array_index(offers, StoredOffer, 0).withdrawn);
    ck_assert_str_eq(g_array_index(offers, StoredOffer, 0).directory, "abc");
    ck_assert_ptr_null(g_array_index(offers, StoredOffer, 0).path);
    ck_assert_uint_eq(transfers->len, 2);
    ck_assert_uint_eq(first->id[0], 1); /* stays at its place */
    ck_assert_int_eq(first->state, 5);
    ck_assert_int_eq(first->bytes, INT64_C(1) << 56);
    ck_assert_str_eq(first->why, "So it is.");
    ck_assert_ptr_null(first->left_out);
    ck_assert(store_remove_transfer(store, first->id, &error));
    ck_assert(store_remove_offer(store, offer.token, &error));
    g_autoptr(GArray) fewer = store_transfers(store, &error);

    ck_assert_uint_eq(fewer->len, 1);
    ck_assert_ptr_null(error);
    store_close(store);
}
END_TEST

START_TEST(accepted_people_can_be_taken_back)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Store) store = open_store();
    const uint8_t ann[KEY_SIZE] = {1}, sam[KEY_SIZE] = {2};
    g_autofree char *folder = NULL;
    bool accepted = false;

    ck_assert(store_accept_person(store, sam, NULL, &error));
    ck_assert(store_accept_person(store, ann, "/one", &error));
    ck_assert(store_accept_person(store, ann, "/two", &error));
    g_autoptr(GPtrArray) people = store_accepted_people(store, &error);

    ck_assert_uint_eq(people->len, 2);
    ck_assert_mem_eq(g_bytes_get_data(people->pdata[0], NULL), sam, KEY_SIZE);
    ck_assert(store_accepted_person(store, ann, &accepted, &folder, &error));
    ck_assert(accepted);
    ck_assert_str_eq(folder, "/two");
    ck_assert(store_accept_person_no_more(store, ann, &error));
    g_clear_pointer(&folder, g_free);
    ck_assert(store_accepted_person(store, ann, &accepted, &folder, &error));
    ck_assert(!accepted);
    ck_assert_ptr_null(error);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_files");
    TCase *tests = tcase_create("store_files");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_store_of_before_learns_files);
    tcase_add_test(tests, offers_and_transfers_are_kept);
    tcase_add_test(tests, accepted_people_can_be_taken_back);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
