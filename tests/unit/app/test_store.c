#include "app/store.h"
#include "relay/content.h"
#include "tests/unit/child.h"

#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *directory;
static Store *store;
static GBytes *room, *content;
static const uint8_t home[PLACE_SIZE] = {1}, office[PLACE_SIZE] = {2};

static void expect_ok(const GError *error)
{
    if (error)
        ck_abort_msg("%s", error->message);
}

static void open_store(void)
{
    g_autoptr(GError) error = NULL;

    store = store_open(directory, &error);
    expect_ok(error);
}

static void reopen(void)
{
    store_close(store);
    open_store();
}

static void setup(void)
{
    static const uint8_t general[PLACE_SIZE] = {0};

    ck_assert_int_ge(sodium_init(), 0);
    directory = g_dir_make_tmp("backfence-store-XXXXXX", NULL);
    room = g_bytes_new_static(general, PLACE_SIZE);
    content = g_bytes_new_static("content", 7);
    open_store();
}

static void teardown(void)
{
    store_close(store);
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);

    for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir)) {
        g_autofree char *path = g_build_filename(directory, name, NULL);

        g_unlink(path);
    }
    g_rmdir(directory);
    g_free(directory);
    g_bytes_unref(room);
    g_bytes_unref(content);
}

static int64_t queue(const uint8_t *place, uint8_t number)
{
    g_autoptr(GError) error = NULL;
    uint8_t token[TOKEN_SIZE] = {number};
    int64_t id = 0;

    store_outbox_add(store, place, token, room, EVENT_MESSAGE, content, 1000 + number, &id, &error);
    expect_ok(error);
    return id;
}

static GArray *list(const uint8_t *place)
{
    g_autoptr(GError) error = NULL;
    GArray *rows = store_outbox_list(store, place, &error);

    expect_ok(error);
    return rows;
}

static const OutboxRow *row_at(const GArray *rows, guint index)
{
    ck_assert_uint_lt(index, rows->len);
    return &g_array_index(rows, OutboxRow, index);
}

START_TEST(outbox_keeps_order_and_content)
{
    int64_t first = queue(home, 1), second = queue(home, 2);

    queue(office, 3);
    ck_assert_int_lt(first, second);
    reopen();
    g_autoptr(GArray) rows = list(home);
    g_autoptr(GArray) all = list(NULL);

    ck_assert_uint_eq(rows->len, 2);
    ck_assert_uint_eq(all->len, 3);
    const OutboxRow *row = row_at(rows, 0);

    ck_assert_int_eq(row->id, first);
    ck_assert_uint_eq(row->token[0], 1);
    ck_assert(row->bound);
    ck_assert_mem_eq(row->place, home, PLACE_SIZE);
    ck_assert(g_bytes_equal(row->conversation, room));
    ck_assert(g_bytes_equal(row->content, content));
    ck_assert_uint_eq(row->kind, EVENT_MESSAGE);
    ck_assert_int_eq(row->queued_ms, 1001);
    ck_assert_int_eq(row->state, OUTBOX_QUEUED);
    ck_assert_ptr_null(row->why);
    ck_assert_ptr_null(row->body);
    ck_assert_uint_eq(row_at(rows, 1)->token[0], 2);
}
END_TEST

START_TEST(unbound_rows_take_the_first_place_joined)
{
    g_autoptr(GError) error = NULL;

    queue(NULL, 1);
    queue(office, 2);
    g_autoptr(GArray) before = list(home);

    ck_assert_uint_eq(before->len, 0);
    g_autoptr(GArray) all = list(NULL);

    ck_assert(!row_at(all, 0)->bound);
    ck_assert(store_outbox_bind(store, home, &error));
    g_autoptr(GArray) after = list(home);

    ck_assert_uint_eq(after->len, 1);
    ck_assert(row_at(after, 0)->bound);
}
END_TEST

static Event *sign(const Identity *identity, Lane lane)
{
    uint8_t token[TOKEN_SIZE] = {5};
    g_autoptr(GBytes) text = content_message("text", false, NULL);
    EventDraft draft = {.incarnation = UINT64_MAX,
                        .lane = lane,
                        .seq = 1,
                        .place = home,
                        .time_ms = 1,
                        .token = token,
                        .kind = EVENT_MESSAGE,
                        .room = g_bytes_get_data(room, NULL),
                        .content = text};

    return event_sign(identity, &draft);
}

START_TEST(signed_bytes_are_kept_until_removed)
{
    g_autoptr(GError) error = NULL;
    uint8_t seed[32] = {1};
    g_autoptr(Identity) identity = identity_from_seed(seed);
    g_autoptr(Event) event = sign(identity, LANE_PUBLIC);
    int64_t id = queue(home, 5);

    ck_assert(store_outbox_sign(store, id, event, &error));
    reopen();
    {
        g_autoptr(GArray) rows = list(home);
        const OutboxRow *row = row_at(rows, 0);

        ck_assert(g_bytes_equal(row->body, event_body(event)));
        ck_assert(g_bytes_equal(row->signature, event_signature(event)));
        ck_assert_uint_eq(row->incarnation, UINT64_MAX);
        ck_assert_uint_eq(row->seq, 1);
        ck_assert_int_eq(row->lane, LANE_PUBLIC);
        ck_assert_mem_eq(row->hash, event_hash(event), HASH_SIZE);
    }
    ck_assert(store_outbox_unsign(store, id, &error));
    {
        g_autoptr(GArray) rows = list(home);

        ck_assert_ptr_null(row_at(rows, 0)->body);
        ck_assert_uint_eq(row_at(rows, 0)->seq, 0);
    }
    ck_assert(store_outbox_remove(store, id, &error));
    ck_assert(store_outbox_remove(store, id, &error));
    reopen();
    g_autoptr(GArray) rows = list(NULL);

    ck_assert_uint_eq(rows->len, 0);
    ck_assert_int_gt(queue(home, 6), id);
}
END_TEST

START_TEST(refused_rows_say_why_until_retried)
{
    g_autoptr(GError) error = NULL;
    int64_t id = queue(home, 1);

    queue(home, 2);
    ck_assert(store_outbox_refuse(store, id, "You are muted here.", &error));
    reopen();
    {
        g_autoptr(GArray) rows = list(home);

        ck_assert_int_eq(row_at(rows, 0)->state, OUTBOX_REFUSED);
        ck_assert_str_eq(row_at(rows, 0)->why, "You are muted here.");
        ck_assert_int_eq(row_at(rows, 1)->state, OUTBOX_QUEUED);
    }
    ck_assert(store_outbox_retry(store, id, &error));
    g_autoptr(GArray) rows = list(home);

    ck_assert_int_eq(row_at(rows, 0)->id, id);
    ck_assert_int_eq(row_at(rows, 0)->state, OUTBOX_QUEUED);
    ck_assert_ptr_null(row_at(rows, 0)->why);
}
END_TEST

START_TEST(token_is_used_once)
{
    g_autoptr(GError) error = NULL;
    uint8_t token[TOKEN_SIZE] = {1};

    queue(home, 1);
    ck_assert(!store_outbox_add(store, home, token, room, 1, content, 0, NULL, &error));
    ck_assert_ptr_nonnull(error);
    queue(home, 2);
}
END_TEST

START_TEST(gathered_changes_are_one)
{
    g_autoptr(GError) error = NULL;
    uint8_t token[TOKEN_SIZE] = {1};

    ck_assert(store_begin(store, &error));
    queue(home, 1);
    queue(home, 2);
    ck_assert(store_commit(store, &error));
    ck_assert(store_begin(store, &error));
    queue(home, 3);
    ck_assert(!store_outbox_add(store, home, token, room, 1, content, 0, NULL, NULL));
    ck_assert(!store_commit(store, &error));
    ck_assert(store_begin(store, NULL));
    queue(home, 4);
    store_rollback(store);
    store_rollback(store);
    g_autoptr(GArray) rows = list(home);

    ck_assert_uint_eq(rows->len, 2);
}
END_TEST

START_TEST(queued_text_survives_a_kill)
{
    int ends[2];
    uint8_t number = 0;

    store_close(store);
    store = NULL;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();

    if (child == 0) {
        child_say_nothing();
        open_store();
        for (number = 1; number < 255; number++) {
            queue(NULL, number);
            if (write(ends[1], &number, 1) != 1)
                _exit(1);
        }
        pause();
    }
    close(ends[1]);
    while (number < 20)
        ck_assert_int_eq(read(ends[0], &number, 1), 1);
    kill(child, SIGKILL);
    while (read(ends[0], &number, 1) == 1)
        continue;
    close(ends[0]);
    waitpid(child, NULL, 0);
    open_store();
    g_autoptr(GArray) rows = list(NULL);

    ck_assert_uint_ge(rows->len, number);
}
END_TEST

START_TEST(incarnation_is_by_place)
{
    g_autoptr(GError) error = NULL;
    bool known = true;
    uint64_t incarnation = 0;

    ck_assert(store_incarnation(store, home, &known, &incarnation, &error));
    ck_assert(!known);
    ck_assert(store_set_incarnation(store, home, UINT64_MAX - 1, &error));
    ck_assert(store_set_incarnation(store, office, 3, &error));
    reopen();
    ck_assert(store_incarnation(store, home, &known, &incarnation, &error));
    ck_assert(known);
    ck_assert_uint_eq(incarnation, UINT64_MAX - 1);
}
END_TEST

START_TEST(faces_find_what_they_left)
{
    g_autoptr(GError) error = NULL;
    ReadMark mark = {.point = {.time_ms = 7}, .token = {8}}, found;
    bool known = true;
    const uint8_t ben[KEY_SIZE] = {2}, cid[KEY_SIZE] = {3};

    ck_assert(store_set_draft(store, NULL, room, "before any place", &error));
    ck_assert(store_set_draft(store, home, room, "half a thou", &error));
    ck_assert(store_set_draft(store, home, room, "half a thought", &error));
    ck_assert(store_read_mark(store, home, room, &known, &found, &error));
    ck_assert(!known);
    ck_assert(store_set_read_mark(store, home, room, &mark, &error));
    ck_assert(store_add_direct(store, home, cid, &error));
    ck_assert(store_add_direct(store, home, ben, &error));
    ck_assert(store_add_direct(store, home, cid, &error));
    ck_assert(store_set_setting(store, SETTING_NAME, "Ann", &error));
    ck_assert(store_set_setting(store, SETTING_AWAY, "1", &error));
    ck_assert(store_set_setting(store, SETTING_AWAY, NULL, &error));
    reopen();
    g_autofree char *draft = store_draft(store, home, room, &error);
    g_autofree char *placeless = store_draft(store, NULL, room, &error);
    g_autofree char *name = store_setting(store, SETTING_NAME, &error);
    g_autoptr(GPtrArray) directs = store_directs(store, home, &error);
    g_autoptr(GPtrArray) elsewhere = store_directs(store, office, &error);

    ck_assert_str_eq(draft, "half a thought");
    ck_assert_str_eq(placeless, "before any place");
    ck_assert_str_eq(name, "Ann");
    ck_assert_ptr_null(store_setting(store, SETTING_AWAY, &error));
    ck_assert_uint_eq(directs->len, 2);
    ck_assert_mem_eq(g_bytes_get_data(directs->pdata[0], NULL), cid, KEY_SIZE);
    ck_assert_uint_eq(elsewhere->len, 0);
    ck_assert(store_read_mark(store, home, room, &known, &found, &error));
    ck_assert(known);
    ck_assert_mem_eq(&found, &mark, sizeof mark);
    ck_assert(store_set_draft(store, home, room, "", &error));
    ck_assert_ptr_null(store_draft(store, home, room, &error));
    expect_ok(error);
}
END_TEST

START_TEST(second_app_is_told_so)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(store_open(directory, &error));
    ck_assert(g_error_matches(error, DATABASE_ERROR, DATABASE_ERROR_LOCKED));
    ck_assert(g_str_has_prefix(error->message, "Backfence already runs with this data"));
}
END_TEST

START_TEST(damaged_store_is_set_aside)
{
    g_autofree char *path = g_build_filename(directory, "member.db", NULL);

    queue(home, 1);
    store_close(store);
    int fd = open(path, O_WRONLY);

    ck_assert_int_eq(write(fd, "this is no database at all", 26), 26);
    close(fd);
    open_store();
    ck_assert_ptr_nonnull(store_damaged(store));
    g_autoptr(GArray) rows = list(NULL);

    ck_assert_uint_eq(rows->len, 0);
}
END_TEST

START_TEST(a_log_may_live_in_the_same_directory)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Log) log = log_open(directory, home, &error);

    expect_ok(error);
    ck_assert_ptr_nonnull(log);
    queue(home, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *tests = tcase_create("store");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, outbox_keeps_order_and_content);
    tcase_add_test(tests, unbound_rows_take_the_first_place_joined);
    tcase_add_test(tests, signed_bytes_are_kept_until_removed);
    tcase_add_test(tests, refused_rows_say_why_until_retried);
    tcase_add_test(tests, token_is_used_once);
    tcase_add_test(tests, gathered_changes_are_one);
    tcase_add_test(tests, queued_text_survives_a_kill);
    tcase_add_test(tests, incarnation_is_by_place);
    tcase_add_test(tests, faces_find_what_they_left);
    tcase_add_test(tests, second_app_is_told_so);
    tcase_add_test(tests, damaged_store_is_set_aside);
    tcase_add_test(tests, a_log_may_live_in_the_same_directory);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
