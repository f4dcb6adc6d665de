#include "discovery/txt.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PLACE "place=000102030405060708090a0b0c0d0e0f"
#define KEY "key=0011223344556677"

static AvahiStringList *list_of(const char *const *strings)
{
    AvahiStringList *list = NULL;
    for (; *strings; strings++) {
        list = avahi_string_list_add(list, *strings);
    }
    return list;
}

static TxtResult parse(const char *const *strings, Txt *txt)
{
    AvahiStringList *list = list_of(strings);
    TxtResult result = txt_parse(list, txt);
    avahi_string_list_free(list);
    return result;
}

static const struct {
    const char *strings[10];
    TxtResult result;
    const char *name;
    CandidateRole role;
    bool locked;
    uint64_t epoch;
} table[] = {
    {{"v=1", PLACE, "name=Home", "role=relay", KEY, "locked=1", "epoch=7"},
     TXT_OK,
     "Home",
     CANDIDATE_ROLE_RELAY,
     true,
     7},
    {{"v=1", PLACE, "role=app", KEY}, TXT_OK, "", CANDIDATE_ROLE_APP, false, 0},
    {{"V=1", "PLACE=000102030405060708090A0B0C0D0E0F", "Role=app", "Key=0011223344556677", "new=x"},
     TXT_OK,
     "",
     CANDIDATE_ROLE_APP,
     false,
     0},
    {{"v=1", "v=2", PLACE, "name=first", "name=second", "role=relay", "role=app", KEY},
     TXT_OK,
     "first",
     CANDIDATE_ROLE_RELAY,
     false,
     0},
    {{"v=1", PLACE, "name=\xff\xfe", "role=relay", KEY},
     TXT_OK,
     "",
     CANDIDATE_ROLE_RELAY,
     false,
     0},
    {{"v=1", PLACE, "name=\xc3", "role=relay", KEY}, TXT_OK, "", CANDIDATE_ROLE_RELAY, false, 0},
    {{"v=1", PLACE, "name=a\x1b[31m\ab\u202ec\u2066d\xc2\x85\u200f\n", "role=relay", KEY},
     TXT_OK,
     "a[31mbcd",
     CANDIDATE_ROLE_RELAY,
     false,
     0},
    {{"v=1", PLACE, "role=relay", KEY, "locked=yes", "epoch=-1"},
     TXT_OK,
     "",
     CANDIDATE_ROLE_RELAY,
     false,
     0},
    {{"v=1", PLACE, "role=relay", KEY, "epoch=18446744073709551616"},
     TXT_OK,
     "",
     CANDIDATE_ROLE_RELAY,
     false,
     0},
    {{"v=1", PLACE, "role=relay", KEY, "epoch=18446744073709551615"},
     TXT_OK,
     "",
     CANDIDATE_ROLE_RELAY,
     false,
     G_MAXUINT64},
    {{NULL}, TXT_VERSION_UNKNOWN, "", 0, false, 0},
    {{"v=2", PLACE, "role=relay", KEY}, TXT_VERSION_UNKNOWN, "", 0, false, 0},
    {{"v", PLACE, "role=relay", KEY}, TXT_VERSION_UNKNOWN, "", 0, false, 0},
    {{"v=1", "role=relay", KEY}, TXT_MISSING, "", 0, false, 0},
    {{"v=1", PLACE, "role=relay"}, TXT_MISSING, "", 0, false, 0},
    {{"v=1", PLACE, KEY}, TXT_MISSING, "", 0, false, 0},
    {{"v=1", "place", "role=relay", KEY}, TXT_MISSING, "", 0, false, 0},
    {{"v=1", "place=", "role=relay", KEY}, TXT_MALFORMED, "", 0, false, 0},
    {{"v=1", "place=00010203", "role=relay", KEY}, TXT_MALFORMED, "", 0, false, 0},
    {{"v=1", PLACE "10", "role=relay", KEY}, TXT_MALFORMED, "", 0, false, 0},
    {{"v=1", PLACE, "role=relay", "key=001122334455667g"}, TXT_MALFORMED, "", 0, false, 0},
    {{"v=1", PLACE, "role=king", KEY}, TXT_MALFORMED, "", 0, false, 0},
    {{"v=1", PLACE, "role=", KEY}, TXT_MALFORMED, "", 0, false, 0},
};

START_TEST(table_of_records)
{
    Txt txt = {.epoch = 99};
    ck_assert_int_eq(parse(table[_i].strings, &txt), table[_i].result);
    if (table[_i].result != TXT_OK) {
        ck_assert_uint_eq(txt.epoch, 99);
        return;
    }
    ck_assert_str_eq(txt.name, table[_i].name);
    ck_assert_int_eq(txt.role, table[_i].role);
    ck_assert_int_eq(txt.locked, table[_i].locked);
    ck_assert_uint_eq(txt.epoch, table[_i].epoch);
    for (uint8_t i = 0; i < sizeof txt.place; i++) {
        ck_assert_uint_eq(txt.place[i], i);
    }
    ck_assert_uint_eq(txt.key[7], 0x77);
}
END_TEST

START_TEST(a_name_is_cut_at_a_character)
{
    g_autoptr(GString) name = g_string_new("name=");
    for (int i = 0; i < 50; i++) {
        g_string_append(name, "家");
    }
    const char *strings[] = {"v=1", PLACE, "role=relay", KEY, name->str, NULL};
    Txt txt;
    ck_assert_int_eq(parse(strings, &txt), TXT_OK);
    ck_assert_uint_eq(strlen(txt.name), CANDIDATE_NAME_MAX / 3 * 3);
    ck_assert(g_utf8_validate(txt.name, -1, NULL));
}
END_TEST

START_TEST(a_nul_makes_a_name_invalid)
{
    const char *strings[] = {"v=1", PLACE, "role=relay", KEY, NULL};
    AvahiStringList *list = list_of(strings);
    list = avahi_string_list_add_arbitrary(list, (const uint8_t *)"name=a\0b", 8);
    Txt txt;
    ck_assert_int_eq(txt_parse(list, &txt), TXT_OK);
    ck_assert_str_eq(txt.name, "");
    avahi_string_list_free(list);
}
END_TEST

START_TEST(a_huge_record_is_refused)
{
    const char *strings[] = {"v=1", PLACE, "role=relay", KEY, NULL};
    char filler[201];
    memset(filler, 'x', sizeof filler - 1);
    filler[200] = '\0';
    Txt txt;
    AvahiStringList *large = list_of(strings);
    AvahiStringList *many = list_of(strings);
    for (int i = 0; i < 7; i++) {
        large = avahi_string_list_add(large, filler);
    }
    for (int i = 0; i < 40; i++) {
        many = avahi_string_list_add(many, "");
    }
    ck_assert_int_eq(txt_parse(large, &txt), TXT_TOO_LARGE);
    ck_assert_int_eq(txt_parse(many, &txt), TXT_TOO_LARGE);
    avahi_string_list_free(large);
    avahi_string_list_free(many);
}
END_TEST

START_TEST(what_is_written_is_read)
{
    Txt txt = {.role = CANDIDATE_ROLE_RELAY, .locked = true, .epoch = 1234567890123};
    Txt read = {0};
    memset(txt.place, 0xab, sizeof txt.place);
    memset(txt.key, 0x0c, sizeof txt.key);
    memset(txt.name, 'n', CANDIDATE_NAME_MAX);
    AvahiStringList *list = txt_build(&txt);
    for (AvahiStringList *s = list; s; s = s->next) {
        ck_assert_uint_le(s->size, 255);
    }
    ck_assert_int_eq(txt_parse(list, &read), TXT_OK);
    ck_assert_mem_eq(&read.place, &txt.place, sizeof txt.place);
    ck_assert_mem_eq(&read.key, &txt.key, sizeof txt.key);
    ck_assert_str_eq(read.name, txt.name);
    ck_assert_uint_eq(read.epoch, txt.epoch);
    ck_assert(read.locked);
    avahi_string_list_free(list);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("txt");
    TCase *tests = tcase_create("txt");
    tcase_add_loop_test(tests, table_of_records, 0, G_N_ELEMENTS(table));
    tcase_add_test(tests, a_name_is_cut_at_a_character);
    tcase_add_test(tests, a_nul_makes_a_name_invalid);
    tcase_add_test(tests, a_huge_record_is_refused);
    tcase_add_test(tests, what_is_written_is_read);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
