#include "app/files/disk.h"
#include "tests/unit/app/files_stage.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int folder;

static void setup(void)
{
    stage_setup();
    folder = open(stage_dir, O_RDONLY | O_DIRECTORY);
    ck_assert_int_ge(folder, 0);
}

static void teardown(void)
{
    close(folder);
    stage_teardown();
}

typedef bool (*Place)(int folder, const char *from, const char *to);
static const Place places[] = {disk_place, disk_place_otherwise};

static void expect(const char *command, const char *answer)
{
    g_autofree char *got = stage_ask(command);
    ck_assert_str_eq(got, answer);
}

START_TEST(test_place_file)
{
    Place place = places[_i];
    stage_file("part", 5, 1);
    ck_assert(place(folder, "part", "final"));
    expect("ls -A | xargs; stat -c '%s %h' final", "final into\n5 1");
    stage_file("part", 7, 1);
    ck_assert(!place(folder, "part", "final"));
    ck_assert_int_eq(errno, EEXIST);
    stage_run("ln -s nowhere link; mkdir dir");
    ck_assert(!place(folder, "part", "link"));
    ck_assert_int_eq(errno, EEXIST);
    ck_assert(!place(folder, "part", "dir"));
    ck_assert_int_eq(errno, EEXIST);
    ck_assert(!place(folder, "nothing", "new"));
    ck_assert_int_eq(errno, ENOENT);
    expect("ls -A | xargs; stat -c %s final part", "dir final into link part\n5\n7");
}
END_TEST

START_TEST(test_place_folder)
{
    Place place = places[_i];
    stage_file("part/inner", 5, 1);
    ck_assert(place(folder, "part", "final"));
    expect("ls -A | xargs; ls final", "final into\ninner");
    stage_folder("part");
    stage_file("file", 1, 1);
    ck_assert(!place(folder, "part", "final"));
    ck_assert_int_eq(errno, EEXIST);
    ck_assert(!place(folder, "part", "file"));
    ck_assert_int_eq(errno, EEXIST);
    stage_folder("empty");
    ck_assert(!place(folder, "part", "empty"));
    ck_assert_int_eq(errno, EEXIST);
    expect("ls -A | xargs", "empty file final into part");
}
END_TEST

START_TEST(test_stays_beneath)
{
    static const char *const wrong[] = {"../x",          "/etc/passwd", "link",
                                        "inner/link",    "dir-link/f",  "inner/../../x",
                                        "proc/self/fd/0"};
    stage_file("place/inner/f", 1, 1);
    stage_run("cd place; ln -s /etc/passwd link; ln -s f inner/link; ln -s inner dir-link;"
              "ln -s /proc proc; touch ../x");
    g_auto(Descriptor) place = disk_open_beneath(folder, "place", O_PATH | O_DIRECTORY, 0);
    ck_assert_int_ge(place, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        ck_assert_int_lt(disk_open_beneath(place, wrong[i], O_RDONLY, 0), 0);
    g_auto(Descriptor) good = disk_open_beneath(place, "inner/f", O_RDONLY, 0);
    ck_assert_int_ge(good, 0);
    g_autofree char *linked = stage_path("place/dir-link/f"), *real = stage_path("place/inner/f");
    ck_assert_int_lt(disk_open_real(linked, O_RDONLY), 0);
    g_auto(Descriptor) opened = disk_open_real(real, O_RDONLY);
    ck_assert_int_ge(opened, 0);
}
END_TEST

START_TEST(test_remove)
{
    stage_file("keep/f", 1, 1);
    stage_file("gone/a/b/c/f", 1, 1);
    stage_run("ln -s ../keep gone/link; ln -s /etc gone/a/etc; mkfifo gone/pipe;"
              "ln -s keep link; touch file");
    disk_remove(folder, "gone");
    disk_remove(folder, "link");
    disk_remove(folder, "file");
    disk_remove(folder, "nothing");
    expect("ls -A | xargs; ls keep", "into keep\nf");
}
END_TEST

START_TEST(test_replace_and_load)
{
    ck_assert(disk_replace(folder, "kept", "first", 5));
    ck_assert(disk_replace(folder, "kept", "second one", 10));
    g_autoptr(GBytes) bytes = disk_load(folder, "kept", 10);
    ck_assert_uint_eq(g_bytes_get_size(bytes), 10);
    ck_assert_ptr_null(disk_load(folder, "kept", 9));
    ck_assert_int_eq(errno, EFBIG);
    ck_assert_ptr_null(disk_load(folder, "nothing", 9));
    ck_assert_int_eq(errno, ENOENT);
    expect("ls -A | xargs; stat -c %a kept", "into kept\n600");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("disk");
    TCase *steps = tcase_create("steps");
    tcase_add_checked_fixture(steps, setup, teardown);
    tcase_add_loop_test(steps, test_place_file, 0, (int)G_N_ELEMENTS(places));
    tcase_add_loop_test(steps, test_place_folder, 0, (int)G_N_ELEMENTS(places));
    tcase_add_test(steps, test_stays_beneath);
    tcase_add_test(steps, test_remove);
    tcase_add_test(steps, test_replace_and_load);
    suite_add_tcase(suite, steps);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
