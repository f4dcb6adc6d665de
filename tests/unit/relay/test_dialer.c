#include "relay/carrier.h"
#include "relay/dialer.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static Identity *identities[2]; /* the relay's and the member's */
static Log *history;
static Carrier *carrier;
static Poller *poller;
static Tls *tls;
static int silent; /* a listening socket that nobody serves */
static GPtrArray *addresses;

static Link *link_won;
static uint8_t key_won[KEY_SIZE];
static uint16_t port_won;
static char *failure;
static bool accept_keys;
static unsigned link_ends;

static void on_message(const uint8_t *message, size_t length, void *user)
{
}

static void on_closed(const char *why, void *user)
{
    link_ends++;
}

static size_t on_message_max(void *user)
{
    return FRAME_MAX;
}

static bool is_acceptable(const uint8_t *key, void *user)
{
    return accept_keys;
}

static void on_opened(Link *link, const uint8_t *key, GSocketAddress *address, void *user)
{
    static const LinkEvents events = {
        .message = on_message, .closed = on_closed, .message_max = on_message_max};
    link_set_events(link, &events, NULL);
    link_won = link;
    memcpy(key_won, key, KEY_SIZE);
    port_won = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
}

static void on_failed(const char *why, void *user)
{
    ck_assert_ptr_null(failure);
    failure = g_strdup(why);
}

static void add_address(const char *host, uint16_t port)
{
    g_ptr_array_add(addresses, g_inet_socket_address_new_from_string(host, port));
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in own = {0};
    socklen_t size = sizeof own;
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&own, &size), 0);
    return ntohs(own.sin_port);
}

static int listen_silently(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    ck_assert_int_eq(listen(fd, 16), 0);
    return fd;
}

static void set_up(void)
{
    static const uint8_t place[PLACE_SIZE] = {1};
    for (int i = 0; i < 2; i++) {
        uint8_t seed[32];
        memset(seed, i + 1, sizeof seed);
        identities[i] = identity_from_seed(seed);
    }
    history = log_open(NULL, place, NULL);
    CarrierConfig config = {.place_name = "Test", .relay_program = true};
    carrier = carrier_new(NULL, &config, identities[0], history, NULL);
    ck_assert_ptr_nonnull(carrier);
    poller = poller_new(NULL);
    tls = tls_new(identities[1], NULL);
    silent = listen_silently();
    addresses = g_ptr_array_new_with_free_func(g_object_unref);
    accept_keys = true;
    link_won = NULL;
    failure = NULL;
    link_ends = 0;
}

static void tear_down(void)
{
    link_free(link_won);
    g_free(failure);
    g_ptr_array_unref(addresses);
    close(silent);
    poller_free(poller);
    tls_free(tls);
    carrier_free(carrier);
    log_close(history);
    for (int i = 0; i < 2; i++)
        identity_free(identities[i]);
}

static Dialer *dial(const char *host)
{
    static const DialerEvents events = {
        .acceptable = is_acceptable, .opened = on_opened, .failed = on_failed};
    return dialer_new(NULL, poller, tls, TLS_ALPN_LINK, addresses, host, carrier_port(carrier),
                      &events, NULL);
}

static void await_end(void)
{
    while (link_won == NULL && failure == NULL)
        g_main_context_iteration(NULL, TRUE);
}

START_TEST(the_only_address_wins)
{
    add_address("127.0.0.1", carrier_port(carrier));
    G_GNUC_UNUSED g_autoptr(Dialer) dialer = dial(NULL);
    ck_assert_ptr_null(link_won);
    await_end();
    ck_assert_ptr_null(failure);
    ck_assert_mem_eq(key_won, identity_key(identities[0]), KEY_SIZE);
    ck_assert(link_is_open(link_won));
}
END_TEST

START_TEST(dead_and_silent_addresses_do_not_hold_it_up)
{
    int closed = listen_silently();
    uint16_t nobody = port_of(closed);
    close(closed);
    add_address("127.0.0.1", nobody);
    add_address("127.0.0.1", port_of(silent));
    add_address("127.0.0.1", nobody);
    add_address("127.0.0.1", carrier_port(carrier));
    G_GNUC_UNUSED g_autoptr(Dialer) dialer = dial(NULL);
    await_end();
    ck_assert_ptr_null(failure);
    ck_assert_uint_eq(port_won, carrier_port(carrier));
}
END_TEST

START_TEST(a_host_name_joins_the_race)
{
    G_GNUC_UNUSED g_autoptr(Dialer) dialer = dial("localhost");
    await_end();
    ck_assert_ptr_null(failure);
    ck_assert_uint_eq(port_won, carrier_port(carrier));
}
END_TEST

START_TEST(refused_everywhere_fails_with_the_reason)
{
    int closed = listen_silently();
    add_address("127.0.0.1", port_of(closed));
    close(closed);
    G_GNUC_UNUSED g_autoptr(Dialer) dialer = dial(NULL);
    await_end();
    ck_assert_str_eq(failure, "127.0.0.1: Connection refused");
}
END_TEST

START_TEST(no_addresses_fail)
{
    G_GNUC_UNUSED g_autoptr(Dialer) dialer = dial(NULL);
    ck_assert_ptr_null(failure);
    await_end();
    ck_assert_str_eq(failure, "no address to try");
}
END_TEST

START_TEST(a_wrong_key_does_not_win)
{
    accept_keys = false;
    add_address("127.0.0.1", carrier_port(carrier));
    G_GNUC_UNUSED g_autoptr(Dialer) dialer = dial(NULL);
    await_end();
    ck_assert_str_eq(failure, "127.0.0.1: another device answered");
}
END_TEST

START_TEST(it_can_be_cancelled_at_any_moment)
{
    add_address("127.0.0.1", port_of(silent));
    for (int rounds = 0; rounds < 6; rounds++) {
        Dialer *dialer = dial("localhost");
        for (int i = 0; i < rounds && link_won == NULL; i++)
            g_main_context_iteration(NULL, FALSE);
        dialer_free(dialer);
        g_clear_pointer(&link_won, link_free);
    }
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    ck_assert_ptr_null(link_won);
    ck_assert_ptr_null(failure);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dialer");
    TCase *test = tcase_create("dialer");
    tcase_set_timeout(test, 30);
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, the_only_address_wins);
    tcase_add_test(test, dead_and_silent_addresses_do_not_hold_it_up);
    tcase_add_test(test, a_host_name_joins_the_race);
    tcase_add_test(test, refused_everywhere_fails_with_the_reason);
    tcase_add_test(test, no_addresses_fail);
    tcase_add_test(test, a_wrong_key_does_not_win);
    tcase_add_test(test, it_can_be_cancelled_at_any_moment);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
