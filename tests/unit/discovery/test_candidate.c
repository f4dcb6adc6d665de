#include "discovery/address.h"
#include "discovery/candidate.h"
#include "discovery/sighting.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static GSocketAddress *address_of(const char *text)
{
    g_auto(Address) address = {0};
    ck_assert(address_parse(text, 7667, &address, NULL));
    return g_steal_pointer(&address.literal);
}

static void add(GPtrArray *sightings, uint8_t key, const char *name, const char *address,
                bool virtual_interface)
{
    Txt txt = {.role = CANDIDATE_ROLE_RELAY, .epoch = sightings->len + 1};
    memset(txt.key, key, sizeof txt.key);
    g_strlcpy(txt.name, name, sizeof txt.name);
    g_autoptr(GSocketAddress) socket_address = address_of(address);
    g_ptr_array_add(sightings, sighting_new(&txt, socket_address, virtual_interface));
}

static void assert_address(const Candidate *candidate, guint i, const char *text)
{
    const GPtrArray *addresses = candidate_addresses(candidate);
    ck_assert_uint_lt(i, addresses->len);
    g_autofree char *its = address_format(addresses->pdata[i]);
    ck_assert_str_eq(its, text);
}

static GPtrArray *new_sightings(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)sighting_free);
}

START_TEST(one_candidate_for_each_key)
{
    g_autoptr(GPtrArray) sightings = new_sightings();
    add(sightings, 2, "b", "192.0.2.2", false);
    add(sightings, 1, "old name", "fe80::1%lo", false);
    add(sightings, 1, "old name", "172.17.0.1", true);
    add(sightings, 1, "old name", "192.0.2.1", false);
    add(sightings, 1, "old name", "192.0.2.1", false);
    add(sightings, 1, "new name", "2001:db8::1", false);
    g_autoptr(GPtrArray) merged = sighting_merge(sightings);
    ck_assert_uint_eq(merged->len, 2);
    const Candidate *first = merged->pdata[0];
    ck_assert_str_eq(candidate_name(first), "new name");
    ck_assert_uint_eq(candidate_epoch(first), 6);
    ck_assert_uint_eq(candidate_sources(first), CANDIDATE_SEEN);
    ck_assert_uint_eq(candidate_addresses(first)->len, 4);
    assert_address(first, 0, "[2001:db8::1]:7667");
    assert_address(first, 1, "192.0.2.1:7667");
    assert_address(first, 2, "[fe80::1%lo]:7667");
    assert_address(first, 3, "172.17.0.1:7667");
    ck_assert_str_eq(candidate_name(merged->pdata[1]), "b");
}
END_TEST

START_TEST(addresses_are_capped)
{
    g_autoptr(GPtrArray) sightings = new_sightings();
    for (int i = 0; i < 40; i++) {
        g_autofree char *address = g_strdup_printf("192.0.2.%d", i);
        add(sightings, 1, "many", address, false);
    }
    g_autoptr(GPtrArray) merged = sighting_merge(sightings);
    ck_assert_uint_eq(merged->len, 1);
    ck_assert_uint_eq(candidate_addresses(merged->pdata[0])->len, CANDIDATE_ADDRESSES_MAX);
}
END_TEST

START_TEST(nothing_makes_nothing)
{
    g_autoptr(GPtrArray) sightings = new_sightings();
    g_autoptr(GPtrArray) merged = sighting_merge(sightings);
    ck_assert_uint_eq(merged->len, 0);
}
END_TEST

START_TEST(same_and_equal)
{
    const uint8_t key[CANDIDATE_KEY_SIZE] = {1};
    const uint8_t place[CANDIDATE_PLACE_SIZE] = {2};
    CandidateFields fields = {.key = key, .place = place, .name = "a"};
    g_autoptr(Candidate) a = candidate_new(&fields);
    g_autoptr(Candidate) same = candidate_new(&fields);
    fields.name = "b";
    g_autoptr(Candidate) renamed = candidate_new(&fields);
    CandidateFields typed_fields = {.typed = "vm", .sources = CANDIDATE_TYPED};
    g_autoptr(Candidate) typed = candidate_new(&typed_fields);
    typed_fields.typed = "vm2";
    g_autoptr(Candidate) other = candidate_new(&typed_fields);
    ck_assert(candidate_same(a, same) && candidate_equal(a, same));
    ck_assert(candidate_same(a, renamed) && !candidate_equal(a, renamed));
    ck_assert(!candidate_same(a, typed) && !candidate_same(typed, other));
    ck_assert(candidate_same(typed, typed));
    ck_assert_ptr_null(candidate_key(typed));
    ck_assert_ptr_null(candidate_place(typed));
    ck_assert_str_eq(candidate_name(typed), "");
    ck_assert_uint_eq(candidate_addresses(typed)->len, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("candidate");
    TCase *tests = tcase_create("candidate");
    tcase_add_test(tests, one_candidate_for_each_key);
    tcase_add_test(tests, addresses_are_capped);
    tcase_add_test(tests, nothing_makes_nothing);
    tcase_add_test(tests, same_and_equal);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
