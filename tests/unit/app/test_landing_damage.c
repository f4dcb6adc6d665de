/* What happens to a landing when it is killed, and when others touch its parts. */

#include "tests/unit/app/landing_stage.h"
#include "tests/unit/child.h"

#include <check.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- kills --- */

static void receive_until_killed(void)
{
    child_say_nothing();
    Landing *landing = stage_open(landing_stage_listing, NULL);
    if (landing == NULL || stage_send(landing_stage_listing, landing, G_MAXUINT, NULL) < 0 ||
        !landing_finish(landing, NULL))
        _exit(1);
    _exit(0);
}

/* Killed at many moments, from before the first step to the very end; the second time everything
 * is written past the memory. */
START_TEST(test_killed_at_any_moment)
{
    stage_large = (uint64_t)_i;
    stage_file("from/one.bin", CHUNK_SIZE / 2, 9);
    stage_run("cp -r from/tree from/tree2");
    const char *const paths[] = {"from/tree", "from/one.bin", "from/tree2", NULL};
    g_autoptr(Offer) offer = NULL;
    listing_unref(landing_stage_listing);
    landing_stage_listing = stage_list(paths, &offer);
    unsigned kills = 0;
    for (unsigned delay = 50;; delay += delay / 6) {
        pid_t child = fork();
        if (child == 0)
            receive_until_killed();
        g_usleep(delay);
        kill(child, SIGKILL);
        int status = 0;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        kills += WIFSIGNALED(status);
        if (WIFEXITED(status)) {
            ck_assert_int_eq(WEXITSTATUS(status), 0);
            break;
        }
    }
    ck_assert_uint_gt(kills, 5);
    stage_expect_nothing("diff -r from into 2>&1");
    stage_expect_nothing("find into -name '.*.part'");
    stage_expect_nothing("ls -A into | grep -vx -e tree -e one.bin -e tree2");
}
END_TEST

/* After being killed it goes on where it was, but for the chunks whose notes were gathered. */
START_TEST(test_kill_loses_little)
{
    landing_stage_die_after(4);
    ck_assert_uint_ge(landing_stage_bytes_kept(), 3 * CHUNK_SIZE);
    stage_transfer_all(landing_stage_listing);
    landing_stage_expect_whole();
}
END_TEST

/* --- the state --- */

START_TEST(test_torn_journal)
{
    static const char *const damages[] = {
        "truncate -s -3 state/journal",
        "truncate -s +100 state/journal",
        "printf 'xxxxxxxxxxx' >> state/journal",
        "printf 'x' | dd of=state/journal bs=1 seek=200 conv=notrunc status=none",
        "truncate -s 5 state/journal",
        ": > state/journal",
        "rm state/journal",
        "head -c 4096 /dev/urandom > state/journal",
        "rm state/manifest",
        ("cat state/journal >> state/journal.2; cat state/journal.2 >> state/journal;"
         "rm state/journal.2"),
    };
    landing_stage_die_after(5);
    stage_run(damages[_i]);
    stage_transfer_all(landing_stage_listing);
    landing_stage_expect_whole();
}
END_TEST

START_TEST(test_journal_of_another_manifest)
{
    landing_stage_die_after(5);
    stage_file("from/tree/new", 5, 8);
    listing_unref(landing_stage_listing);
    landing_stage_listing = stage_list_one("from/tree");
    g_autoptr(GError) error = NULL;
    g_autoptr(Landing) landing = stage_open(landing_stage_listing, &error);
    stage_expect_ok(error);
    ck_assert_uint_eq(landing_bytes(landing), 0);
    stage_expect_nothing("find into -name '.*.part'");
    g_clear_pointer(&landing, landing_close);
    stage_transfer_all(landing_stage_listing);
    landing_stage_expect_whole();
}
END_TEST

START_TEST(test_manifest_is_kept)
{
    g_autofree char *state = stage_path("state");
    ck_assert_ptr_null(landing_manifest(state, NULL));
    landing_stage_die_after(1);
    g_autoptr(GError) error = NULL;
    g_autoptr(Manifest) manifest = landing_manifest(state, &error);
    stage_expect_ok(error);
    ck_assert(g_bytes_equal(manifest_bytes(manifest),
                            manifest_bytes(listing_manifest(landing_stage_listing))));
    stage_run("printf x | dd of=state/manifest bs=1 seek=20 conv=notrunc status=none");
    g_autoptr(Manifest) damaged = landing_manifest(state, &error);
    stage_expect_ok(error);
    (void)damaged;
    landing_forget(state);
    ck_assert_ptr_null(landing_manifest(state, &error));
    stage_expect_ok(error);
    stage_expect_nothing("ls -d state 2>/dev/null");
}
END_TEST

/* --- parts that others touched --- */

START_TEST(test_part_altered)
{
    static const struct {
        const char *damage;
        uint64_t at_most;
    } cases[] = {
        {"printf x | dd of=into/.tree.a1b2c3d4.part/big bs=1 seek=5 conv=notrunc status=none",
         2 * CHUNK_SIZE + 100},
        {"truncate -s 2000000 into/.tree.a1b2c3d4.part/big", CHUNK_SIZE + 100},
        {"truncate -s +2000000 into/.tree.a1b2c3d4.part/big", UINT64_MAX},
        {"rm into/.tree.a1b2c3d4.part/big", 100},
        {"rm -r into/.tree.a1b2c3d4.part", 0},
        {"mv into/.tree.a1b2c3d4.part into/x; ln -s x into/.tree.a1b2c3d4.part", 0},
        {"cd into/.tree.a1b2c3d4.part; mv big ../x; ln -s ../x big", 100},
        {"cd into/.tree.a1b2c3d4.part; mv big ../x; ln ../x big", 100},
        {"cd into/.tree.a1b2c3d4.part; rm big; mkdir big", 100},
        {"cd into/.tree.a1b2c3d4.part; rm big; mkfifo big", 100},
        {"cd into/.tree.a1b2c3d4.part; rm -r sub; ln -s /tmp sub", UINT64_MAX},
        {"rm -r into/.tree.a1b2c3d4.part; touch into/.tree.a1b2c3d4.part", 0},
    };
    bool clean = _i % 2 != 0;
    if (clean) {
        g_autoptr(Landing) landing = stage_open(landing_stage_listing, NULL);
        ck_assert_int_eq(stage_send(landing_stage_listing, landing, 4, NULL), 4);
    } else {
        landing_stage_die_after(4);
    }
    stage_run(cases[_i / 2].damage);
    ck_assert_uint_le(landing_stage_bytes_kept(), cases[_i / 2].at_most);
    ck_assert_uint_le(landing_stage_bytes_kept(), cases[_i / 2].at_most);
    stage_transfer_all(landing_stage_listing);
    /* What others put in the way stays, and was not written to. */
    stage_expect_nothing("same() { test -e \"$2\" && test ! -p \"$2\" && test ! -L \"$2\" &&"
                         " diff -r \"$1\" \"$2\" >/dev/null 2>&1; };"
                         "for name in a.txt big sub; do same from/tree/$name into/tree/$name ||"
                         " same from/tree/$name \"into/tree/$name (2)\" ||"
                         " same from/tree/$name \"into/tree (2)/$name\" || echo $name; done");
    stage_expect_nothing("test -e into/x || test ! -e x || echo gone");
}
END_TEST

START_TEST(test_closed_in_order_is_believed)
{
    {
        g_autoptr(Landing) landing = stage_open(landing_stage_listing, NULL);
        ck_assert_int_eq(stage_send(landing_stage_listing, landing, 5, NULL), 5);
    }
    ck_assert_uint_ge(landing_stage_bytes_kept(), 3 * CHUNK_SIZE);
    stage_transfer_all(landing_stage_listing);
    landing_stage_expect_whole();
}
END_TEST

/* A bad chunk that was found stays bad, however the landing is closed after that. */
START_TEST(test_spoilt_stays_spoilt)
{
    landing_stage_die_after(4);
    stage_run("printf x | dd of=into/.tree.a1b2c3d4.part/big bs=1 seek=5 conv=notrunc status=none");
    uint64_t first = landing_stage_bytes_kept();
    ck_assert_uint_eq(landing_stage_bytes_kept(), first);
    ck_assert_uint_eq(landing_stage_bytes_kept(), first);
    stage_transfer_all(landing_stage_listing);
    landing_stage_expect_whole();
}
END_TEST

START_TEST(test_swapped_while_receiving)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Landing) landing = stage_open(landing_stage_listing, &error);
    ck_assert_int_eq(stage_send(landing_stage_listing, landing, 5, NULL), 5);
    stage_run("mkdir away; cd into/.tree.a1b2c3d4.part; mv sub ../old; ln -s ../../away sub");
    (void)stage_send(landing_stage_listing, landing, G_MAXUINT, &error);
    stage_expect_nothing("ls away");
    g_clear_pointer(&landing, landing_close);
}
END_TEST

/* A crash between renaming and saying so: the item is found, not received again. */
START_TEST(test_placed_but_not_noted)
{
    g_autoptr(GError) error = NULL;
    stage_file("from/file", 100, 1);
    const char *const paths[] = {"from/tree", "from/file", NULL};
    g_autoptr(Offer) offer = NULL;
    listing_unref(landing_stage_listing);
    landing_stage_listing = stage_list(paths, &offer);
    stage_transfer_all(landing_stage_listing);
    /* Forget the last two notes (placed), and with them that it was closed in order. */
    stage_run("truncate -s -109 state/journal");
    g_autoptr(Landing) landing = stage_open(landing_stage_listing, &error);
    stage_expect_ok(error);
    ck_assert_int_ge(stage_send(landing_stage_listing, landing, G_MAXUINT, &error), 0);
    ck_assert(landing_finish(landing, &error));
    stage_expect_nothing("ls -A into | grep -vx -e tree -e file");
}
END_TEST

/* --- the end --- */

START_TEST(test_discard)
{
    g_autofree char *into = stage_path("into"), *state = stage_path("state");
    stage_file("into/mine.a1b2c3d4.part", 5, 1);
    stage_file("into/.other.a1b2c3d5.part", 5, 1);
    stage_file("into/.a1b2c3d4.part", 5, 1);
    stage_file("outside/keep", 5, 1);
    landing_stage_die_after(5);
    stage_run("ln -s ../../outside into/.tree.a1b2c3d4.part/link;"
              "ln -s ../outside into/.evil.a1b2c3d4-3.part; mkdir into/.x.a1b2c3d4-1-2.part;"
              "rm state/manifest; printf junk > state/journal");
    landing_discard(state, into, stage_transfer);
    g_autofree char *left = stage_ask("ls -A into outside state 2>/dev/null | sort | xargs");
    ck_assert_str_eq(left, ".a1b2c3d4.part .other.a1b2c3d5.part into: keep "
                           "mine.a1b2c3d4.part outside:");
    landing_discard(state, into, stage_transfer);
    landing_discard("/nonexistent/state", "/nonexistent/into", stage_transfer);
}
END_TEST

START_TEST(test_discard_keeps_what_is_finished)
{
    stage_transfer_all(landing_stage_listing);
    g_autofree char *into = stage_path("into"), *state = stage_path("state");
    landing_discard(state, into, stage_transfer);
    landing_stage_expect_whole();
    stage_expect_nothing("ls -d state 2>/dev/null");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("landing_damage");
    TCase *damage = tcase_create("damage");
    tcase_add_checked_fixture(damage, landing_stage_setup, landing_stage_teardown);
    tcase_set_timeout(damage, 60);
    tcase_add_loop_test(damage, test_killed_at_any_moment, 0, 2);
    tcase_add_test(damage, test_kill_loses_little);
    tcase_add_loop_test(damage, test_torn_journal, 0, 10);
    tcase_add_test(damage, test_journal_of_another_manifest);
    tcase_add_test(damage, test_manifest_is_kept);
    tcase_add_loop_test(damage, test_part_altered, 0, 24);
    tcase_add_test(damage, test_closed_in_order_is_believed);
    tcase_add_test(damage, test_spoilt_stays_spoilt);
    tcase_add_test(damage, test_swapped_while_receiving);
    tcase_add_test(damage, test_placed_but_not_noted);
    tcase_add_test(damage, test_discard);
    tcase_add_test(damage, test_discard_keeps_what_is_finished);
    suite_add_tcase(suite, damage);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
