#include "discovery/interfaces.h"
#include "discovery/neighbours.h"
#include "discovery/network.h"

#include <check.h>
#include <stdlib.h>

static const char route4[] =
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "wlan0\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
    "eth0\t00000000\tFE01A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
    "tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0\n"
    "tun0\t00000000\t0100080A\t0003\t0\t0\t0\t00000080\t0\t0\t0\n"
    "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
    "garbage\n";

static const char route6[] =
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "fe80000000000000000000000000abcd 00000400 00000001 00000000 00450003 eth0\n"
    "fe800000000000000000000000000000 40 00000000000000000000000000000000 00 "
    "00000000000000000000000000000000 00000100 00000001 00000000 00000001 eth0\n"
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200 lo\n"
    "0000 00 zz\n";

static void assert_route(const GPtrArray *routes, guint i, const char *gateway,
                         const char *interface, unsigned metric)
{
    const NetworkRoute *route = routes->pdata[i];
    g_autofree char *text = g_inet_address_to_string(route->gateway);
    ck_assert_str_eq(text, gateway);
    ck_assert_str_eq(route->interface, interface);
    ck_assert_uint_eq(route->metric, metric);
}

START_TEST(default_routes_by_metric)
{
    g_autoptr(GPtrArray) routes = network_parse_routes(route4, route6);
    ck_assert_uint_eq(routes->len, 3);
    assert_route(routes, 0, "192.168.1.254", "eth0", 100);
    assert_route(routes, 1, "192.168.0.1", "wlan0", 600);
    assert_route(routes, 2, "fe80::abcd", "eth0", 0x400);
}
END_TEST

START_TEST(no_routes)
{
    g_autoptr(GPtrArray) none = network_parse_routes(NULL, NULL);
    g_autoptr(GPtrArray) empty = network_parse_routes("", "\n\n");
    ck_assert_uint_eq(none->len, 0);
    ck_assert_uint_eq(empty->len, 0);
}
END_TEST

START_TEST(an_id_for_each_gateway)
{
    const uint8_t home[6] = {2, 0, 0, 0, 0, 1};
    const uint8_t cafe[6] = {2, 0, 0, 0, 0, 2};
    Network a = network_from_hardware_address(home, sizeof home);
    Network b = network_from_hardware_address(home, sizeof home);
    Network c = network_from_hardware_address(cafe, sizeof cafe);
    ck_assert(a.has_gateway);
    ck_assert(network_equal(&a, &b));
    ck_assert(!network_equal(&a, &c));
    /* As relay/PROTOCOL.md says it. */
    const uint8_t told[NETWORK_ID_SIZE] = {0x4c, 0x59, 0xe0, 0x4c, 0xd0, 0x20, 0x42, 0xac,
                                           0x8a, 0x96, 0xa6, 0xbc, 0xda, 0xf0, 0x77, 0xfe};
    ck_assert_mem_eq(a.id, told, sizeof told);
}
END_TEST

START_TEST(unknown_neighbours)
{
    uint8_t found[NEIGHBOURS_ADDRESS_MAX];
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string("192.0.2.77");
    ck_assert_uint_eq(neighbours_find(address, "lo", found), 0);
    ck_assert_uint_eq(neighbours_find(address, "no-such-one", found), 0);
}
END_TEST

START_TEST(interfaces_of_machines_inside_this_one)
{
    static const char *const inside[] = {"virbr0",  "vnet3",       "vmnet8", "vboxnet0",
                                         "docker0", "br-0a1b2c3d", "veth12"};
    static const char *const outside[] = {"eth0", "wlan0",  "br0",    "tun0",
                                          "wg0",  "enp3s0", "bridge0"};
    for (size_t i = 0; i < G_N_ELEMENTS(inside); i++) {
        ck_assert(interfaces_is_virtual(inside[i]));
        ck_assert(!interfaces_is_virtual(outside[i]));
    }
}
END_TEST

/* The loopback stands for a real interface: it is the only one that every machine has. */
START_TEST(where_to_announce)
{
    static const char *const real_and_virtual[] = {"docker0", "lo", NULL};
    static const char *const only_real[] = {"lo", NULL};
    static const char *const only_virtual[] = {"veth0", "docker0", NULL};
    static const char *const other[] = {"eth9", NULL};
    g_autoptr(GArray) some = interfaces_choose(real_and_virtual, NULL);
    ck_assert_uint_eq(some->len, 1);
    g_autoptr(GArray) all = interfaces_choose(only_real, NULL);
    ck_assert_uint_eq(all->len, 0);
    g_autoptr(GArray) virtual = interfaces_choose(only_virtual, NULL);
    ck_assert_uint_eq(virtual->len, 0);
    g_autoptr(GArray) chosen = interfaces_choose(real_and_virtual, only_real);
    ck_assert_uint_eq(chosen->len, 1);
    ck_assert_ptr_null(interfaces_choose(real_and_virtual, other));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("network");
    TCase *tests = tcase_create("network");
    tcase_add_test(tests, default_routes_by_metric);
    tcase_add_test(tests, no_routes);
    tcase_add_test(tests, an_id_for_each_gateway);
    tcase_add_test(tests, unknown_neighbours);
    tcase_add_test(tests, interfaces_of_machines_inside_this_one);
    tcase_add_test(tests, where_to_announce);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
