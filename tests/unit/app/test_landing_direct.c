/* Large files, written past the memory where the file system can do that, and otherwise where it
 * cannot. Everything counts as large here. */

#include "app/files/chunk_sum.h"
#include "app/files/disk.h"
#include "tests/unit/app/landing_stage.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* NULL: where the stage itself lies. */
static const char *const kinds[] = {NULL, "ext4", "tmpfs", "ramfs"};

static void setup(void)
{
    landing_stage_setup();
    stage_large = 1;
}

static void teardown(void)
{
    stage_unmount();
    landing_stage_teardown();
}

static void leave(void)
{
    teardown();
    exit(0);
}

/* Ends the test where that is not possible. */
static void need_place(const char *kind)
{
    if (kind != NULL && !stage_mount(kind))
        leave();
}

static int open_into(void)
{
    g_autofree char *into = stage_path("into");
    int folder = open(into, O_RDONLY | O_DIRECTORY);
    ck_assert_int_ge(folder, 0);
    return folder;
}

/* A place where it is really done. */
static void need_direct(void)
{
    if (stage_mount("ext4"))
        return;
    int folder = open_into();
    bool direct = disk_is_direct(folder);
    close(folder);
    if (!direct)
        leave();
}

static void offer(const char *path)
{
    listing_unref(landing_stage_listing);
    landing_stage_listing = stage_list_one(path);
}

/* Pages of a file that are in memory. */
static size_t pages_in_memory(const char *path)
{
    unsigned char there[1024];
    g_autofree char *whole = stage_path(path);
    int file = open(whole, O_RDONLY);
    off_t size = lseek(file, 0, SEEK_END);
    size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = ((size_t)size + page - 1) / page;
    void *mapped = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, file, 0);
    ck_assert_ptr_ne(mapped, MAP_FAILED);
    ck_assert_uint_le(pages, sizeof there);
    ck_assert_int_eq(mincore(mapped, (size_t)size, there), 0);
    munmap(mapped, (size_t)size);
    close(file);
    size_t count = 0;
    for (size_t i = 0; i < pages; i++)
        count += there[i] & 1u;
    return count;
}

START_TEST(test_sizes)
{
    static const size_t sizes[] = {0,
                                   1,
                                   511,
                                   512,
                                   513,
                                   4095,
                                   4096,
                                   4097,
                                   -4097 + CHUNK_SIZE,
                                   -4096 + CHUNK_SIZE,
                                   -1 + CHUNK_SIZE};
    need_place(kinds[_i]);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        for (size_t chunks = 0; chunks < 3; chunks++) {
            g_autofree char *path = g_strdup_printf("from/sizes/%zu-%zu", chunks, sizes[i]);
            stage_file(path, chunks * CHUNK_SIZE + sizes[i], (unsigned)i);
        }
    }
    offer("from/sizes");
    stage_transfer_all(landing_stage_listing);
    stage_expect_nothing("diff -r from/sizes into/sizes 2>&1");
    stage_expect_nothing("find into -name '.*.part'");
}
END_TEST

START_TEST(test_nothing_stays_in_memory)
{
    need_direct();
    stage_file("from/film", 3 * CHUNK_SIZE + 5000, 1);
    offer("from/film");
    stage_transfer_all(landing_stage_listing);
    /* Only its end, which is no whole chunk. */
    ck_assert_uint_le(pages_in_memory("into/film"), 2);
    stage_expect_nothing("cmp from/film into/film 2>&1");
    stage_large = 0;
    stage_file("from/photo", 3 * CHUNK_SIZE + 5000, 1);
    offer("from/photo");
    stage_run("rm -r state");
    stage_transfer_all(landing_stage_listing);
    ck_assert_uint_gt(pages_in_memory("into/photo"), 2);
}
END_TEST

/* Killed in the middle, a chunk spoilt, a part cut off: it goes on with what is good. */
START_TEST(test_goes_on)
{
    static const struct {
        const char *damage;
        uint64_t kept;
    } cases[] = {
        {"true", 3},
        {"printf x | dd of=into/.film.a1b2c3d4.part bs=1 seek=1048580 conv=notrunc status=none", 2},
        {"truncate -s 1500000 into/.film.a1b2c3d4.part", 1},
        {"truncate -s 9000000 into/.film.a1b2c3d4.part", 3},
    };
    need_direct();
    stage_file("from/film", 6 * CHUNK_SIZE + 4097, 1);
    offer("from/film");
    landing_stage_die_after(3);
    stage_run(cases[_i].damage);
    ck_assert_uint_eq(landing_stage_bytes_kept(), cases[_i].kept * CHUNK_SIZE);
    stage_transfer_all(landing_stage_listing);
    stage_expect_nothing("cmp from/film into/film 2>&1");
    stage_expect_nothing("find into -name '.*.part'");
}
END_TEST

START_TEST(test_room_runs_out)
{
    g_autoptr(GError) error = NULL;
    need_place("ext4");
    stage_file("from/film", 20 * CHUNK_SIZE + 7, 1);
    offer("from/film");
    g_autoptr(Landing) landing = stage_open(landing_stage_listing, &error);
    stage_expect_ok(error);
    ck_assert_int_eq(stage_send(landing_stage_listing, landing, 5, &error), 5);
    stage_run(
        "head -c 200M /dev/zero > into/other 2>/dev/null || true; truncate -s -3M into/other");
    ck_assert_int_eq(stage_send(landing_stage_listing, landing, G_MAXUINT, &error), -1);
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE));
    uint64_t before = landing_bytes(landing);
    ck_assert_uint_ge(before, 5 * CHUNK_SIZE);
    g_clear_pointer(&landing, landing_close);
    stage_run("rm into/other");
    ck_assert_uint_eq(landing_stage_bytes_kept(), before);
    stage_transfer_all(landing_stage_listing);
    stage_expect_nothing("cmp from/film into/film 2>&1");
}
END_TEST

/* --- several at once --- */

#define PIECES 6
static _Alignas(DISK_BLOCK) uint8_t memory[PIECES][CHUNK_SIZE + DISK_BLOCK];

/* Pieces of "from/film" in this order, `offset` bytes into their buffers. */
static void fill(LandingPiece *pieces, const uint64_t *chunks, unsigned count, size_t offset)
{
    static uint8_t sums[PIECES][CHUNK_SUM_SIZE];
    g_autofree char *path = stage_path("from/film");
    int file = open(path, O_RDONLY);
    for (unsigned i = 0; i < count; i++) {
        uint8_t *bytes = memory[i] + offset;
        ssize_t length = pread(file, bytes, CHUNK_SIZE, (off_t)(chunks[i] * CHUNK_SIZE));
        ck_assert_int_gt(length, 0);
        chunk_sum(bytes, (size_t)length, sums[i]);
        pieces[i] = (LandingPiece){.point = {.chunk = chunks[i]},
                                   .bytes = bytes,
                                   .length = (size_t)length,
                                   .sum = sums[i]};
    }
    close(file);
}

static void write_all(Landing *landing, const uint64_t *chunks, unsigned count, size_t offset,
                      int spoilt)
{
    LandingPiece pieces[PIECES];
    g_autoptr(GError) error = NULL;
    fill(pieces, chunks, count, offset);
    if (spoilt >= 0)
        memory[spoilt][offset] ^= 1;
    ck_assert(landing_write_all(landing, pieces, count, &error));
    for (unsigned i = 0; i < count; i++)
        ck_assert_int_eq(pieces[i].result, (int)i == spoilt ? LANDING_SPOILT : LANDING_OK);
}

START_TEST(test_several_at_once)
{
    g_autoptr(GError) error = NULL;
    need_place(kinds[_i / 2]);
    stage_file("from/film", 9 * CHUNK_SIZE + 100, 1);
    offer("from/film");
    g_autoptr(Landing) landing = stage_open(landing_stage_listing, &error);
    stage_expect_ok(error);
    size_t offset = _i % 2 != 0; /* not aligned: copied by the kernel */
    write_all(landing, (const uint64_t[]){0, 1, 2, 3}, 4, offset, 2);
    ck_assert_uint_eq(landing_bytes(landing), 3 * CHUNK_SIZE);
    ck_assert_uint_eq(landing_holes(landing)->len, 1);
    write_all(landing, (const uint64_t[]){2, 1, 1, 4, 5, 7}, 6, offset, -1);
    ck_assert_uint_eq(landing_bytes(landing), 7 * CHUNK_SIZE);
    ck_assert_uint_eq(landing_holes(landing)->len, 1);
    write_all(landing, (const uint64_t[]){6, 7, 8, 9}, 4, offset, -1);
    ck_assert_uint_eq(landing_bytes(landing), 9 * CHUNK_SIZE + 100);
    ck_assert_msg(landing_finish(landing, &error), "%s", error != NULL ? error->message : "");
    stage_expect_nothing("cmp from/film into/film 2>&1");
}
END_TEST

/* --- the step itself --- */

START_TEST(test_write_direct)
{
    need_place(kinds[_i]);
    int folder = open_into();
    int file = openat(folder, "file", O_RDWR | O_CREAT, 0644);
    for (size_t i = 0; i < PIECES; i++)
        memset(memory[i], 'a' + (int)i, CHUNK_SIZE);
    bool possible = true;
    struct iovec whole[] = {{memory[0], CHUNK_SIZE}, {memory[2], DISK_BLOCK}};
    ck_assert(disk_write_direct(file, whole, 2, DISK_BLOCK, &possible));
    if (disk_is_direct(folder))
        ck_assert(possible);
    if (_i > 0 && strcmp(kinds[_i], "ramfs") == 0)
        ck_assert(!possible);
    ck_assert_int_eq(fcntl(file, F_GETFL) & O_DIRECT, 0);
    possible = true;
    struct iovec odd[] = {{memory[3] + 1, 10}, {memory[4], DISK_BLOCK}};
    ck_assert(disk_write_direct(file, odd, 2, CHUNK_SIZE, &possible));
    ck_assert(!possible);
    close(file);
    g_autofree char *got = stage_ask("tr -d '\\0' < into/file | fold -w 1 | uniq -c | xargs");
    g_autofree char *expected = g_strdup_printf("%d a 10 d %d e %d c", CHUNK_SIZE - DISK_BLOCK,
                                                DISK_BLOCK, DISK_BLOCK - 10);
    ck_assert_str_eq(got, expected);
    possible = true;
    struct iovec none[] = {{memory[0], DISK_BLOCK}};
    ck_assert(!disk_write_direct(folder, none, 1, 0, &possible));
    ck_assert_int_eq(errno, EBADF);
    close(folder);
}
END_TEST

START_TEST(test_read_direct)
{
    need_place(kinds[_i]);
    stage_file("from/film", CHUNK_SIZE + 5, 1);
    stage_run("cp from/film into/film; sync into/film");
    int folder = open_into();
    int file = openat(folder, "film", O_RDONLY);
    (void)posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    bool direct = disk_is_direct(file), possible = true;
    ck_assert_int_eq(direct, disk_is_direct(folder));
    ck_assert_int_eq(disk_is_in_memory(file, CHUNK_SIZE, 0), !direct);
    ck_assert_int_eq(disk_read_direct(file, memory[0], CHUNK_SIZE, 0, &possible), CHUNK_SIZE);
    if (direct)
        ck_assert(possible && !disk_is_in_memory(file, CHUNK_SIZE, 0));
    ck_assert_int_eq(disk_read(file, memory[1], CHUNK_SIZE, 0), CHUNK_SIZE);
    ck_assert_mem_eq(memory[0], memory[1], CHUNK_SIZE);
    ck_assert(disk_is_in_memory(file, CHUNK_SIZE, 0));
    ck_assert_int_eq(fcntl(file, F_GETFL) & O_DIRECT, 0);
    /* Over the end, and from an odd place. */
    ck_assert_int_eq(disk_read_direct(file, memory[0], CHUNK_SIZE, CHUNK_SIZE, &possible), 5);
    ck_assert_int_eq(disk_read(file, memory[1], 5, CHUNK_SIZE), 5);
    ck_assert_mem_eq(memory[0], memory[1], 5);
    possible = true;
    ck_assert_int_eq(disk_read_direct(file, memory[0] + 1, 7, 3, &possible), 7);
    ck_assert(!possible);
    ck_assert_int_eq(disk_read(file, memory[1], 7, 3), 7);
    ck_assert_mem_eq(memory[0] + 1, memory[1], 7);
    close(file);
    close(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("landing_direct");
    TCase *direct = tcase_create("direct");
    tcase_add_checked_fixture(direct, setup, teardown);
    tcase_set_timeout(direct, 60);
    tcase_add_loop_test(direct, test_sizes, 0, (int)G_N_ELEMENTS(kinds));
    tcase_add_test(direct, test_nothing_stays_in_memory);
    tcase_add_loop_test(direct, test_goes_on, 0, 4);
    tcase_add_test(direct, test_room_runs_out);
    tcase_add_loop_test(direct, test_several_at_once, 0, 2 * (int)G_N_ELEMENTS(kinds));
    tcase_add_loop_test(direct, test_write_direct, 0, (int)G_N_ELEMENTS(kinds));
    tcase_add_loop_test(direct, test_read_direct, 0, (int)G_N_ELEMENTS(kinds));
    suite_add_tcase(suite, direct);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
