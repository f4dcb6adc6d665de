#include "discovery/address.h"
#include "discovery/memory.h"

#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *folder;
static char *path;

static const Network home = {true, {1}};
static const Network cafe = {true, {2}};
static const Network nowhere = {false, {0}};

static void setup(void)
{
    folder = g_dir_make_tmp("memory-XXXXXX", NULL);
    path = g_build_filename(folder, "places", NULL);
}

static void teardown(void)
{
    g_unlink(path);
    g_rmdir(folder);
    g_clear_pointer(&path, g_free);
    g_clear_pointer(&folder, g_free);
}

static Candidate *node(uint8_t key, const char *name, const char *text)
{
    uint8_t place[CANDIDATE_PLACE_SIZE] = {key};
    uint8_t bytes[CANDIDATE_KEY_SIZE] = {key};
    g_auto(Address) address = {0};
    g_autoptr(GPtrArray) addresses = g_ptr_array_new();
    ck_assert(address_parse(text, 7667, &address, NULL));
    g_ptr_array_add(addresses, address.literal);
    CandidateFields fields = {.role = CANDIDATE_ROLE_RELAY,
                              .name = name,
                              .place = place,
                              .key = bytes,
                              .locked = true,
                              .addresses = addresses};
    return candidate_new(&fields);
}

static void keep(Memory *memory, const Network *network, uint8_t key, const char *text,
                 int64_t when)
{
    g_autoptr(Candidate) candidate = node(key, "Home\n[x]=;", text);
    memory_keep(memory, network, candidate, when);
}

START_TEST(kept_for_its_network_only)
{
    g_autoptr(Memory) memory = memory_new(path);
    keep(memory, &home, 1, "192.0.2.1", 100);
    keep(memory, &home, 2, "[fe80::1%lo]:99", 200);
    keep(memory, &nowhere, 3, "192.0.2.3", 300);

    g_autoptr(Memory) again = memory_new(path);
    g_autoptr(GPtrArray) at_home = memory_candidates(again, &home);
    g_autoptr(GPtrArray) at_cafe = memory_candidates(again, &cafe);
    g_autoptr(GPtrArray) at_none = memory_candidates(again, &nowhere);
    ck_assert_uint_eq(at_home->len, 2);
    ck_assert_uint_eq(at_cafe->len, 0);
    ck_assert_uint_eq(at_none->len, 0);
    const Candidate *latest = at_home->pdata[0];
    ck_assert_uint_eq(candidate_key(latest)[0], 2);
    ck_assert_uint_eq(candidate_place(latest)[0], 2);
    ck_assert_str_eq(candidate_name(latest), "Home[x]=;");
    ck_assert_int_eq(candidate_role(latest), CANDIDATE_ROLE_RELAY);
    ck_assert_uint_eq(candidate_sources(latest), CANDIDATE_REMEMBERED);
    ck_assert(candidate_locked(latest));
    g_autofree char *address = address_format(candidate_addresses(latest)->pdata[0]);
    ck_assert_str_eq(address, "[fe80::1%lo]:99");
}
END_TEST

START_TEST(readable_by_its_owner_only)
{
    g_autoptr(Memory) memory = memory_new(path);
    struct stat status;
    keep(memory, &home, 1, "192.0.2.1", 100);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
}
END_TEST

START_TEST(the_oldest_are_forgotten)
{
    g_autoptr(Memory) memory = memory_new(NULL);
    for (int i = 0; i < MEMORY_PER_NETWORK_MAX + 5; i++) {
        keep(memory, &home, (uint8_t)(i + 1), "192.0.2.1", i);
    }
    g_autoptr(GPtrArray) kept = memory_candidates(memory, &home);
    ck_assert_uint_eq(kept->len, MEMORY_PER_NETWORK_MAX);
    ck_assert_uint_eq(candidate_key(kept->pdata[0])[0], MEMORY_PER_NETWORK_MAX + 5);
}
END_TEST

START_TEST(loopback_is_not_kept)
{
    g_autoptr(Memory) memory = memory_new(NULL);
    keep(memory, &home, 1, "127.0.0.1", 1);
    g_autoptr(GPtrArray) kept = memory_candidates(memory, &home);
    ck_assert_uint_eq(kept->len, 0);
}
END_TEST

static const char *const broken[] = {
    "",
    "no group\n",
    "[]\n",
    "[01000000000000000000000000000000 ]\nwhen=1\n",
    "[01000000000000000000000000000000 0100000000000000]\nwhen=x\n",
    "[01000000000000000000000000000000 0100000000000000]\n"
    "place=00\naddresses=192.0.2.1:1;\n",
    "[01000000000000000000000000000000 0100000000000000]\n"
    "place=00000000000000000000000000000000\naddresses=;x;0.0.0.0:1;[fe80::1%gone]:1;host:1;\n",
    "[01000000000000000000000000000000 zz]\n"
    "place=00000000000000000000000000000000\naddresses=192.0.2.1:1;\n",
    "\xff\xfe\x00",
};

START_TEST(a_broken_file_counts_as_empty)
{
    ck_assert(g_file_set_contents(path, broken[_i], -1, NULL));
    g_autoptr(Memory) memory = memory_new(path);
    g_autoptr(GPtrArray) none = memory_candidates(memory, &home);
    ck_assert_uint_eq(none->len, 0);
    keep(memory, &home, 9, "192.0.2.1", 100);
    g_autoptr(Memory) again = memory_new(path);
    g_autoptr(GPtrArray) kept = memory_candidates(again, &home);
    ck_assert_uint_eq(kept->len, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *tests = tcase_create("memory");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, kept_for_its_network_only);
    tcase_add_test(tests, readable_by_its_owner_only);
    tcase_add_test(tests, the_oldest_are_forgotten);
    tcase_add_test(tests, loopback_is_not_kept);
    tcase_add_loop_test(tests, a_broken_file_counts_as_empty, 0, G_N_ELEMENTS(broken));
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
