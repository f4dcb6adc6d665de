#include "discovery/address.h"

#include <check.h>
#include <stdlib.h>

static const struct {
    const char *text;
    const char *host; /* NULL: refused */
    unsigned port;
    const char *formatted; /* NULL: a name to resolve */
} table[] = {
    {"192.0.2.1", "192.0.2.1", 7667, "192.0.2.1:7667"},
    {" 192.0.2.1:80 ", "192.0.2.1", 80, "192.0.2.1:80"},
    {"vm", "vm", 7667, NULL},
    {"vm.home.arpa:65535", "vm.home.arpa", 65535, NULL},
    {"my_vm-2.local.", "my_vm-2.local.", 7667, NULL},
    {"bücher.example", "bücher.example", 7667, NULL},
    {"2001:db8::1", "2001:db8::1", 7667, "[2001:db8::1]:7667"},
    {"[2001:db8::1]", "2001:db8::1", 7667, "[2001:db8::1]:7667"},
    {"[2001:db8::1]:1", "2001:db8::1", 1, "[2001:db8::1]:1"},
    {"::1", "::1", 7667, "[::1]:7667"},
    {"fe80::1%lo", "fe80::1", 7667, "[fe80::1%lo]:7667"},
    {"[fe80::1%1]:9", "fe80::1", 9, "[fe80::1%lo]:9"},
    {"", NULL, 0, NULL},
    {"  ", NULL, 0, NULL},
    {":80", NULL, 0, NULL},
    {"host:", NULL, 0, NULL},
    {"host:0", NULL, 0, NULL},
    {"host:65536", NULL, 0, NULL},
    {"host:80x", NULL, 0, NULL},
    {"host:-1", NULL, 0, NULL},
    {"[::1", NULL, 0, NULL},
    {"[::1]80", NULL, 0, NULL},
    {"[192.0.2.1]:80", NULL, 0, NULL},
    {"[vm]:80", NULL, 0, NULL},
    {"1.2.3", NULL, 0, NULL},
    {"256.1.1.1", NULL, 0, NULL},
    {"12", NULL, 0, NULL},
    {"0.0.0.0", NULL, 0, NULL},
    {"::", NULL, 0, NULL},
    {"224.0.0.251", NULL, 0, NULL},
    {"255.255.255.255", NULL, 0, NULL},
    {"ff02::fb", NULL, 0, NULL},
    {"::ffff:192.0.2.1", NULL, 0, NULL},
    {"fe80::1", NULL, 0, NULL},
    {"fe80::1%no-such-one", NULL, 0, NULL},
    {"vm%lo", NULL, 0, NULL},
    {"a b", NULL, 0, NULL},
    {"a/b", NULL, 0, NULL},
    {"a\x1b[31m", NULL, 0, NULL},
    {"\xff\xfe", NULL, 0, NULL},
    {"-oProxyCommand=x", NULL, 0, NULL},
    {"http://vm", NULL, 0, NULL},
};

START_TEST(table_of_texts)
{
    g_auto(Address) address = {0};
    g_autoptr(GError) error = NULL;
    gboolean parsed = address_parse(table[_i].text, 7667, &address, &error);
    ck_assert_msg(parsed == (table[_i].host != NULL), "%s", table[_i].text);
    if (!parsed) {
        ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT));
        ck_assert(g_utf8_validate(error->message, -1, NULL));
        return;
    }
    ck_assert_str_eq(address.host, table[_i].host);
    ck_assert_uint_eq(address.port, table[_i].port);
    ck_assert_int_eq(address.literal != NULL, table[_i].formatted != NULL);
    if (address.literal) {
        g_autofree char *text = address_format(address.literal);
        ck_assert_str_eq(text, table[_i].formatted);
    }
}
END_TEST

START_TEST(a_very_long_name_is_refused)
{
    g_autofree char *text = g_strnfill(300, 'a');
    g_auto(Address) address = {0};
    ck_assert(!address_parse(text, 7667, &address, NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("address");
    TCase *tests = tcase_create("address");
    tcase_add_loop_test(tests, table_of_texts, 0, G_N_ELEMENTS(table));
    tcase_add_test(tests, a_very_long_name_is_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
