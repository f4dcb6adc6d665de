#include "relay/source_address.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static SourceAddress address(const char *text)
{
    struct sockaddr_storage native = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&native;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&native;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        native.ss_family = AF_INET;
    } else {
        native.ss_family = AF_INET6;
        ck_assert_int_eq(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
    }
    return source_address_of(&native);
}

static const struct {
    const char *text;
    bool is_private;
    bool is_loopback;
} cases[] = {
    {"127.0.0.1", true, true},
    {"127.9.9.9", true, true},
    {"::1", true, true},
    {"::ffff:127.0.0.1", true, true},
    {"10.0.0.1", true, false},
    {"10.255.255.255", true, false},
    {"11.0.0.1", false, false},
    {"172.16.0.1", true, false},
    {"172.31.255.1", true, false},
    {"172.15.0.1", false, false},
    {"172.32.0.1", false, false},
    {"192.168.1.1", true, false},
    {"192.169.1.1", false, false},
    {"169.254.3.4", true, false},
    {"100.64.0.1", true, false},
    {"100.127.255.255", true, false},
    {"100.128.0.1", false, false},
    {"8.8.8.8", false, false},
    {"::ffff:8.8.8.8", false, false},
    {"fe80::1", true, false},
    {"febf::1", true, false},
    {"fec0::1", false, false},
    {"fd12:3456::1", true, false},
    {"fc00::1", true, false},
    {"2001:db8::1", false, false},
    {"::", false, false},
    {"::2", false, false},
    {"0.0.0.0", false, false},
};

START_TEST(kinds_of_addresses)
{
    SourceAddress source = address(cases[_i].text);
    ck_assert_msg(source_address_is_private(&source) == cases[_i].is_private, "%s", cases[_i].text);
    ck_assert_msg(source_address_is_loopback(&source) == cases[_i].is_loopback, "%s",
                  cases[_i].text);
    if (cases[_i].is_private)
        ck_assert(source_address_is_near(&source));
}
END_TEST

START_TEST(far_addresses_are_not_near)
{
    SourceAddress google4 = address("8.8.8.8"), google6 = address("2001:4860:4860::8888");
    ck_assert(!source_address_is_near(&google4));
    ck_assert(!source_address_is_near(&google6));
}
END_TEST

START_TEST(mapped_addresses_are_the_same)
{
    SourceAddress a = address("192.0.2.7"), b = address("::ffff:192.0.2.7"),
                  c = address("192.0.2.8");
    ck_assert(source_address_equal(&a, &b));
    ck_assert(!source_address_equal(&a, &c));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("source_address");
    TCase *test = tcase_create("source_address");
    tcase_add_loop_test(test, kinds_of_addresses, 0, sizeof cases / sizeof cases[0]);
    tcase_add_test(test, far_addresses_are_not_near);
    tcase_add_test(test, mapped_addresses_are_the_same);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
