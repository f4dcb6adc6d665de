/* Manifests by others: what their labels become on the disk. */

#include "tests/unit/app/files_stage.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

typedef struct {
    const char *path;
    uint32_t item;
    bool folder;
    uint64_t size;
    int64_t mtime_ns;
} Row;

static Manifest *manifest;

static void make_manifest(const Row *rows, size_t count)
{
    g_autoptr(GError) error = NULL;
    ManifestWriter *writer = manifest_writer_new();
    for (size_t i = 0; i < count; i++) {
        ManifestEntry entry = {.path = rows[i].path,
                               .item = rows[i].item,
                               .folder = rows[i].folder,
                               .size = rows[i].size,
                               .mtime_ns = rows[i].mtime_ns};
        manifest_writer_add(writer, &entry);
    }
    g_autoptr(GBytes) bytes = manifest_writer_end(writer);
    manifest = manifest_read(bytes, &error);
    ck_assert_msg(manifest != NULL, "%s", error != NULL ? error->message : "");
}

static void teardown(void)
{
    g_clear_pointer(&manifest, manifest_unref);
    stage_teardown();
}

static Landing *open_landing(GError **error)
{
    g_autofree char *into = stage_path("into"), *state = stage_path("state");
    LandingConfig config = {
        .state_dir = state, .into = into, .transfer = stage_transfer, .manifest = manifest};
    return landing_open(&config, error);
}

/* Sends the next chunk: each file is full of its index. */
static bool send_next(Landing *landing, GError **error)
{
    static uint8_t bytes[CHUNK_SIZE];
    XXH128_canonical_t sum;
    LandingPoint point = landing_next(landing);
    if (point.file == manifest_count(manifest))
        return false;
    size_t length = manifest_chunk_length(manifest_entry(manifest, point.file), point.chunk);
    memset(bytes, '0' + (int)(point.file % 64), length);
    XXH128_canonicalFromHash(&sum, XXH3_128bits(bytes, length));
    return landing_write(landing, point, bytes, length, (const uint8_t *)&sum, error) == LANDING_OK;
}

static void receive_all(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Landing) landing = open_landing(&error);
    while (landing != NULL && send_next(landing, &error))
        ;
    bool good = landing != NULL && error == NULL && landing_finish(landing, &error);
    ck_assert_msg(good, "%s", error != NULL ? error->message : "");
}

static void expect(const char *command, const char *answer)
{
    g_autofree char *got = stage_ask(command);
    ck_assert_str_eq(got, answer);
}

static const struct {
    const char *label, *name;
} hostile[] = {
    {".bashrc", "bashrc"},
    {"...", "unnamed"},
    {"..\\..\\evil.bat", "_.._evil.bat"},
    {"in\xE2\x80\xAEgpj.exe", "ingpj.exe"},
    {"trailing . . ", "trailing"},
    {" \xE2\x80\x8B", "unnamed"},
    {"CON", "CON"},
    {"-rf", "-rf"},
    {"$(reboot)", "$(reboot)"},
    {"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
     "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB"},
    {".x.a1b2c3d4.part", "x.a1b2c3d4.part"},
};

/* As an item, and as a file within a folder. */
START_TEST(test_hostile_labels)
{
    g_autofree char *inner = g_strconcat("d/", hostile[_i].label, NULL);
    const Row rows[] = {
        {hostile[_i].label, 0, false, 3, 0}, {"d", 1, true, 0, 0}, {inner, 1, false, 3, 0}};
    make_manifest(rows, G_N_ELEMENTS(rows));
    receive_all();
    g_autofree char *item = g_strconcat("into/", hostile[_i].name, NULL);
    g_autofree char *within = g_strconcat("into/d/", hostile[_i].name, NULL);
    g_autofree char *item_path = stage_path(item), *within_path = stage_path(within);
    ck_assert(g_file_test(item_path, G_FILE_TEST_IS_REGULAR));
    ck_assert(g_file_test(within_path, G_FILE_TEST_IS_REGULAR));
    expect("find . -type f ! -path './state/*' | wc -l", "2");
}
END_TEST

START_TEST(test_labels_that_become_one)
{
    const Row rows[] = {{"d", 0, true, 0, 0},        {"d/x", 0, false, 1, 0},
                        {"d/.x", 0, false, 2, 0},    {"d/..x", 0, false, 3, 0},
                        {"d/x (2)", 0, false, 4, 0}, {"d/ x", 0, true, 0, 0},
                        {"d/ x/y", 0, false, 5, 0},  {".d", 1, true, 0, 0},
                        {"x", 2, false, 1, 0},       {".x", 3, false, 2, 0}};
    make_manifest(rows, G_N_ELEMENTS(rows));
    receive_all();
    expect("cd into; find . -type f -printf '%p %s\\n' | LC_ALL=C sort",
           "./d/x (2) (2) 4\n./d/x (2) 2\n./d/x (3) 3\n./d/x (4)/y 5\n./d/x 1\n./x (2) 2\n./x 1");
    expect("cd into; find . -mindepth 1 -type d | LC_ALL=C sort", "./d\n./d (2)\n./d/x (4)");
}
END_TEST

START_TEST(test_long_labels)
{
    g_autofree char *long_name = g_strnfill(FILE_NAME_MAX - 4, 'n');
    g_autofree char *label = g_strconcat(long_name, ".txt", NULL);
    g_autofree char *inner = g_strconcat("d/", label, NULL);
    const Row rows[] = {{label, 0, false, 1, 0},
                        {label, 1, false, 2, 0},
                        {"d", 2, true, 0, 0},
                        {inner, 2, false, 3, 0}};
    make_manifest(rows, G_N_ELEMENTS(rows));
    receive_all();
    expect("cd into; find . -name 'n*n.txt' -size 1c | wc -c; find . -name 'n*n (2).txt' | wc -c;"
           "find d -name 'n*n.txt' | wc -c",
           "258\n258\n258");
}
END_TEST

START_TEST(test_times_and_modes)
{
    const Row rows[] = {{"a", 0, false, 1, -1500000000},
                        {"b", 1, true, 0, INT64_C(1000000000000000001)},
                        {"b/c", 1, false, 0, 0},
                        {"d", 2, false, 1, INT64_MAX},
                        {"e", 3, false, 1, INT64_MIN}};
    make_manifest(rows, G_N_ELEMENTS(rows));
    mode_t mask = umask(027);
    receive_all();
    umask(mask);
    expect("cd into; stat -c '%n %a %.9Y' a b b/c",
           "a 640 -1.500000000\nb 750 1000000000.000000001\nb/c 640 0.000000000");
}
END_TEST

/* More than any disk holds is refused before anything is made. */
START_TEST(test_sizes_that_lie)
{
    const Row rows[] = {{"a", 0, false, (UINT64_C(1) << 56) - 5, 0}, {"b", 1, false, 5, 0}};
    g_autoptr(GError) error = NULL;
    make_manifest(rows, G_N_ELEMENTS(rows));
    ck_assert_ptr_null(open_landing(&error));
    ck_assert_msg(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE), "%s", error->message);
    expect("ls -A into", "");
    g_clear_error(&error);
    ck_assert_ptr_null(open_landing(&error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE));
}
END_TEST

/* The file system takes two names for one (as those do that do not tell upper from lower case): the
 * later one gets a number, and keeps it when the transfer goes on after a crash. */
START_TEST(test_name_taken_within_the_part)
{
    const Row rows[] = {{"d", 0, true, 0, 0},
                        {"d/a", 0, false, 1, 0},
                        {"d/b.txt", 0, false, CHUNK_SIZE + 5, 0},
                        {"d/c", 0, false, 1, 0}};
    make_manifest(rows, G_N_ELEMENTS(rows));
    pid_t child = fork();
    if (child == 0) {
        Landing *landing = open_landing(NULL);
        if (landing == NULL || !send_next(landing, NULL))
            _exit(1);
        stage_run("touch into/.d.a1b2c3d4.part/b.txt");
        if (!send_next(landing, NULL))
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    expect("cd into/.d.a1b2c3d4.part; ls -s --block-size=1 | wc -l; stat -c '%n %s' b*",
           "4\nb (2).txt 1048576\nb.txt 0");
    g_autoptr(Landing) landing = open_landing(NULL);
    ck_assert_uint_ge(landing_bytes(landing), CHUNK_SIZE);
    g_clear_pointer(&landing, landing_close);
    receive_all();
    expect("cd into/d; stat -c '%n %s' *", "a 1\nb (2).txt 1048581\nb.txt 0\nc 1");
}
END_TEST

/* Somebody has put something where the part would be. */
START_TEST(test_part_name_taken)
{
    const Row rows[] = {{"d", 0, true, 0, 0}, {"d/a", 0, false, 1, 0}, {"e", 1, false, 1, 0}};
    make_manifest(rows, G_N_ELEMENTS(rows));
    g_autoptr(GError) error = NULL;
    stage_folder("away");
    stage_file("victim", 3, 1);
    g_autoptr(Landing) landing = open_landing(&error);
    stage_run("ln -s ../away into/.d.a1b2c3d4.part; ln victim into/.e.a1b2c3d4-1.part");
    while (send_next(landing, &error))
        ;
    ck_assert_ptr_null(error);
    ck_assert(landing_finish(landing, &error));
    expect("ls away; stat -c %s victim into/d/a into/e", "3\n1\n1");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("landing_names");
    TCase *names = tcase_create("names");
    tcase_add_checked_fixture(names, stage_setup, teardown);
    tcase_set_timeout(names, 60);
    tcase_add_loop_test(names, test_hostile_labels, 0, (int)G_N_ELEMENTS(hostile));
    tcase_add_test(names, test_labels_that_become_one);
    tcase_add_test(names, test_long_labels);
    tcase_add_test(names, test_times_and_modes);
    tcase_add_test(names, test_sizes_that_lie);
    tcase_add_test(names, test_name_taken_within_the_part);
    tcase_add_test(names, test_part_name_taken);
    suite_add_tcase(suite, names);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
