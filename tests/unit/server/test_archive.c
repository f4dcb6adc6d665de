/* Backups and restoring, whole, damaged, and killed at each operation. */
#include "discovery/txt.h"
#include "relay/content.h"
#include "relay/identity.h"
#include "relay/server/archive.h"
#include "tests/unit/killing.h"

#include <glib/gstdio.h>
#include <string.h>

static const uint8_t place[PLACE_SIZE] = {7, 7, 7};
static char *root, *data, *copy, *target, *other;

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_unlink(child) != 0)
            remove_tree(child);
    }
    g_rmdir(path);
}

static char *below(const char *directory, const char *name)
{
    return g_build_filename(directory, name, NULL);
}

static bool exists(const char *directory, const char *name)
{
    g_autofree char *path = below(directory, name);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void expect_ok(const GError *error)
{
    if (error != NULL)
        ck_abort_msg("%s", error->message);
}

static void say(Log *log, const Identity *identity, unsigned count)
{
    static const uint8_t room[PLACE_SIZE];
    LogHead head = log_feed_head(log, identity_key(identity), 1, LANE_PUBLIC);
    uint8_t prev[HASH_SIZE];
    memcpy(prev, head.hash, HASH_SIZE);
    for (uint64_t seq = head.seq + 1; seq <= head.seq + count; seq++) {
        g_autoptr(GBytes) content = content_message("something that was said", false, NULL);
        uint8_t token[TOKEN_SIZE] = {(uint8_t)seq, (uint8_t)(seq >> 8)};
        EventDraft draft = {.incarnation = 1,
                            .seq = seq,
                            .prev = seq > 1 ? prev : NULL,
                            .place = place,
                            .time_ms = (int64_t)seq * 1000,
                            .token = token,
                            .kind = EVENT_MESSAGE,
                            .room = room,
                            .content = content};
        g_autoptr(Event) event = event_sign(identity, &draft);
        uint64_t position;
        ck_assert_int_eq(log_append(log, event, LOG_RULE_STRICT, 0, NULL, 0, NULL, &position, NULL),
                         LOG_APPENDED);
        memcpy(prev, event_hash(event), HASH_SIZE);
    }
    ck_assert(log_commit(log, NULL));
}

/* A data directory with so many events of its own key. */
static void make_data(const char *directory, unsigned events, const char *name)
{
    g_autoptr(GError) error = NULL;
    ck_assert_int_eq(g_mkdir_with_parents(directory, 0700), 0);
    g_autofree char *key = below(directory, "identity.key");
    g_autofree char *ini = below(directory, "place.ini");
    g_autofree char *hex = txt_hex(place, PLACE_SIZE);
    g_autofree char *text = g_strdup_printf("[place]\nid=%s\nname=%s\n", hex, name);
    ck_assert(g_file_set_contents(ini, text, -1, NULL));
    g_autoptr(Identity) identity = identity_open(key, &error);
    expect_ok(error);
    g_autoptr(Log) log = log_open(directory, place, &error);
    expect_ok(error);
    say(log, identity, events);
}

static void copy_log(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Log) log = log_open(data, NULL, &error);
    expect_ok(error);
    g_unlink(copy);
    g_autoptr(LogBackup) backup = log_backup_begin(log, copy, &error);
    expect_ok(error);
    ck_assert_int_eq(log_backup_step(backup, -1, &error), LOG_BACKUP_DONE);
}

static void back_up(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(ArchiveFacts) facts = {0};
    copy_log();
    archive_write(data, copy, target, "Home", &facts, &error);
    expect_ok(error);
    ck_assert_uint_eq(facts.log.events, 20);
}

static void setup(void)
{
    root = g_dir_make_tmp("backfence-archive-XXXXXX", NULL);
    data = below(root, "data");
    copy = below(root, "copy.db");
    target = below(root, "backup");
    other = below(root, "other");
    make_data(data, 20, "Home");
}

static void teardown(void)
{
    remove_tree(root);
    g_free(root);
    g_free(data);
    g_free(copy);
    g_free(target);
    g_free(other);
}

static uint64_t events_in(const char *directory)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Log) log = log_open(directory, NULL, &error);
    expect_ok(error);
    ck_assert_ptr_null(log_damaged(log));
    return log_head(log);
}

static char *key_in(const char *directory)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = below(directory, "identity.key");
    ck_assert(g_file_test(path, G_FILE_TEST_EXISTS));
    g_autoptr(Identity) identity = identity_open(path, &error);
    expect_ok(error);
    return txt_hex(identity_key(identity), KEY_SIZE);
}

static gboolean restore(bool move_aside, char **aside, GError **error)
{
    g_auto(ArchiveFacts) facts = {0};
    gboolean done = archive_restore(target, other, move_aside, &facts, aside, error);
    if (done) {
        ck_assert_str_eq(facts.name, "Home");
        ck_assert_uint_eq(facts.log.head, 20);
    }
    return done;
}

START_TEST(backup_is_restored)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *aside = NULL;
    GStatBuf info;
    back_up();
    ck_assert(!g_file_test(copy, G_FILE_TEST_EXISTS));
    ck_assert_int_eq(g_stat(target, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0700);
    ck_assert(restore(false, &aside, &error));
    ck_assert_ptr_null(aside);
    g_autofree char *before = key_in(data);
    g_autofree char *after = key_in(other);
    ck_assert_str_eq(before, after);
    ck_assert_uint_eq(events_in(other), 20);
    ck_assert(exists(other, "place.ini"));
    ck_assert(!exists(other, "banned-addresses"));
}
END_TEST

START_TEST(nothing_is_overwritten)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *aside = NULL;
    g_auto(ArchiveFacts) facts = {0};
    back_up();
    copy_log();
    ck_assert(!archive_write(data, copy, target, "Home", &facts, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_EXISTS));
    g_clear_error(&error);
    make_data(other, 5, "Other");
    g_autofree char *keys = below(other, "keys.txt"); /* of the configuration */
    ck_assert(g_file_set_contents(keys, "x", 1, NULL));
    ck_assert(!restore(false, &aside, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_EXISTS));
    g_clear_error(&error);
    ck_assert_uint_eq(events_in(other), 5);
    ck_assert(restore(true, &aside, &error));
    ck_assert_uint_eq(events_in(other), 20);
    ck_assert_uint_eq(events_in(aside), 5);
    ck_assert(exists(other, "keys.txt"));
    g_autofree char *again = NULL;
    ck_assert(restore(true, &again, &error));
    ck_assert_str_ne(aside, again);
    ck_assert_uint_eq(events_in(aside), 5);
    ck_assert_uint_eq(events_in(again), 20);
}
END_TEST

START_TEST(running_relay_is_left_alone)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *aside = NULL;
    back_up();
    make_data(other, 5, "Other");
    g_autoptr(Log) log = log_open(other, NULL, &error);
    expect_ok(error);
    ck_assert_uint_eq(log_head(log), 5);
    ck_assert(!restore(true, &aside, &error));
    ck_assert(g_error_matches(error, LOG_ERROR, LOG_ERROR_LOCKED));
    ck_assert(!exists(other, "restore.part"));
}
END_TEST

static void spoil(const char *name, const char *from, const char *to)
{
    g_autofree char *path = below(target, name);
    g_autofree char *text = NULL;
    gsize length = 0;
    ck_assert(g_file_get_contents(path, &text, &length, NULL));
    char *at = memmem(text, length, from, strlen(from));
    ck_assert_ptr_nonnull(at);
    memcpy(at, to, strlen(to));
    ck_assert(g_file_set_contents(path, text, (gssize)length, NULL));
}

static void expect_refused(const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *aside = NULL;
    ck_assert(!restore(true, &aside, &error));
    ck_assert_msg(strstr(error->message, words) != NULL, "%s", error->message);
    ck_assert_uint_eq(events_in(other), 5);
    ck_assert(!exists(other, "restore.part") && !exists(other, "restore.ready"));
}

START_TEST(damaged_backup_is_refused)
{
    make_data(other, 5, "Other");
    back_up();
    spoil("place.ini", "Home", "Hole");
    expect_refused("not as it was");
    spoil("place.ini", "Hole", "Home");
    spoil("log.db", "something that was said", "nothing! ");
    expect_refused("not as it was");
    spoil("log.db", "nothing! ", "something");
    spoil("identity.key", "bf-key1", "bf-key2");
    expect_refused("not as it was");
    spoil("identity.key", "bf-key2", "bf-key1");
    spoil("MANIFEST", "form=1", "form=2");
    expect_refused("newer version");
    spoil("MANIFEST", "form=2", "form=1");
    spoil("MANIFEST", "place=07", "place=08");
    expect_refused("another place");
    spoil("MANIFEST", "place=08", "place=07");
    spoil("MANIFEST", "[backup]", "[nackup]");
    expect_refused("no backup");
    spoil("MANIFEST", "[nackup]", "[backup]");
    g_autofree char *key = below(target, "identity.key");
    ck_assert_int_eq(g_unlink(key), 0);
    expect_refused("identity.key");
}
END_TEST

/* --- killed --- */

static void work_back_up(void)
{
    g_auto(ArchiveFacts) facts = {0};
    copy_log();
    if (!archive_write(data, copy, target, "Home", &facts, NULL))
        _exit(1);
}

START_TEST(killed_backup_is_whole_or_not_there)
{
    g_autoptr(GError) error = NULL;
    unsigned kills = 0;
    for (bool killed = true; killed; kills++) {
        g_autofree char *aside = NULL;
        remove_tree(target);
        remove_tree(other);
        killed = killing_child(kills + 1, work_back_up);
        if (g_file_test(target, G_FILE_TEST_EXISTS)) {
            ck_assert(restore(false, &aside, &error));
            ck_assert_uint_eq(events_in(other), 20);
        }
        ck_assert_uint_eq(events_in(data), 20);
    }
    ck_assert_uint_gt(kills, 30);
    ck_assert(g_file_test(target, G_FILE_TEST_EXISTS));
    ck_assert(!exists(root, "backup.part"));
}
END_TEST

static void work_restore(void)
{
    g_autofree char *aside = NULL;
    g_auto(ArchiveFacts) facts = {0};
    if (!archive_restore(target, other, true, &facts, &aside, NULL))
        _exit(1);
}

static void work_finish(void)
{
    g_autofree char *aside = NULL;
    bool finished;
    if (!archive_finish(other, &finished, &aside, NULL))
        _exit(1);
}

static unsigned count_aside(void)
{
    g_autoptr(GDir) dir = g_dir_open(other, 0, NULL);
    unsigned count = 0;
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = below(other, name);
        if (!g_str_has_prefix(name, "before-"))
            continue;
        ck_assert_uint_eq(events_in(path), 5);
        g_autofree char *key = key_in(path);
        ck_assert_ptr_nonnull(key);
        count++;
    }
    return count;
}

/* The next start is killed, too, at its `second` operation, and the one after it is not. */
static bool restore_killed(unsigned first, unsigned second)
{
    remove_tree(other);
    make_data(other, 5, "Other");
    bool killed = killing_child(first, work_restore);
    bool decided = exists(other, "restore.ready") || exists(other, "restore.moving");
    if (decided && second > 0)
        killing_child(second, work_finish);
    work_finish();
    uint64_t events = events_in(other);
    ck_assert(events == 5 || events == 20);
    ck_assert(!decided || events == 20);
    ck_assert(killed || events == 20);
    ck_assert_uint_eq(count_aside(), events == 20 ? 1 : 0);
    ck_assert(!exists(other, "restore.ready") && !exists(other, "restore.moving"));
    ck_assert(exists(other, "place.ini"));
    return killed;
}

START_TEST(killed_restore_leaves_the_old_or_the_new)
{
    unsigned kills = 0;
    back_up();
    while (restore_killed(kills + 1, kills % 8))
        kills++;
    ck_assert_uint_gt(kills, 20);
    ck_assert(!exists(other, "restore.part"));
}
END_TEST

START_TEST(names_are_for_people)
{
    g_autofree char *said = archive_target("/nowhere/b", "Home");
    g_autofree char *first = archive_target(root, "Büro & Küche!");
    ck_assert_str_eq(said, "/nowhere/b");
    g_autofree char *name = g_path_get_basename(first);
    ck_assert_msg(g_str_has_prefix(name, "backfence-Buro-Kuche-2"), "%s", name);
    ck_assert_int_eq(g_mkdir(first, 0700), 0);
    g_autofree char *second = archive_target(root, "Büro & Küche!");
    ck_assert(g_str_has_suffix(second, "-2"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("archive");
    TCase *tests = tcase_create("archive");
    SRunner *runner = srunner_create(suite);
    tcase_set_timeout(tests, 100);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, backup_is_restored);
    tcase_add_test(tests, nothing_is_overwritten);
    tcase_add_test(tests, running_relay_is_left_alone);
    tcase_add_test(tests, damaged_backup_is_refused);
    tcase_add_test(tests, killed_backup_is_whole_or_not_there);
    tcase_add_test(tests, killed_restore_leaves_the_old_or_the_new);
    tcase_add_test(tests, names_are_for_people);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
