#include "relay/carrier.h"
#include "tests/unit/relay/loopback.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* A member with nothing behind it: what came is counted. */
typedef struct {
    Link *link;
    unsigned opened, welcomes, goodbyes, closed;
    Wire__Parting parting;
    char *successor; /* its first address */
} Client;

static Loopback loopback;
static Log *history;
static Carrier *carrier;
static Arena *arena;
static unsigned refused, stopped;

static void client_opened(const uint8_t *key, void *user)
{
    ((Client *)user)->opened++;
}

static void client_message(const uint8_t *message, size_t length, void *user)
{
    Client *client = user;
    arena_reset(arena);
    const Wire__Frame *frame = frame_parse(arena, message, length, NULL);
    ck_assert_ptr_nonnull(frame);
    client->welcomes += frame->body_case == WIRE__FRAME__BODY_WELCOME;
    if (frame->body_case == WIRE__FRAME__BODY_GOODBYE) {
        client->goodbyes++;
        client->parting = frame->goodbye->why;
        g_free(client->successor);
        client->successor = NULL;
        if (frame->goodbye->n_addresses > 0)
            client->successor = g_strdup(frame->goodbye->addresses[0]);
    }
}

static void client_closed(const char *why, void *user)
{
    Client *client = user;
    client->closed++;
    g_clear_pointer(&client->link, link_free);
}

static size_t client_message_max(void *user)
{
    return FRAME_MAX;
}

static void dial(Client *client)
{
    static const LinkEvents events = {.opened = client_opened,
                                      .message = client_message,
                                      .closed = client_closed,
                                      .message_max = client_message_max};
    client->link = link_new(loopback.poller, loopback_dial(carrier_port(carrier)),
                            tls_connect(loopback.tls[1], TLS_ALPN_LINK), 0, &events, client);
}

static void say_hello_from(Client *client, const char *software, const char *address)
{
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.version = PROTOCOL_VERSION;
    hello.software = (char *)software;
    hello.app = address != NULL;
    hello.n_addresses = address != NULL;
    hello.addresses = (char **)&address;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HELLO;
    frame.hello = &hello;
    g_autoptr(GBytes) bytes = frame_build(&frame);
    ck_assert(link_send(client->link, bytes));
}

static void say_hello(Client *client, const char *software)
{
    say_hello_from(client, software, NULL);
}

static void join(Client *client)
{
    dial(client);
    say_hello(client, "test");
    loopback_await(&client->welcomes, 1);
}

static void take_report(const char *event, const char *detail, void *user)
{
    refused += strcmp(event, "refused") == 0;
}

static void note_stopped(void *user)
{
    stopped++;
}

static Carrier *start(uint16_t port, bool port_is_wish, GError **error)
{
    CarrierConfig config = {.port = port,
                            .port_is_wish = port_is_wish,
                            .place_name = "Test",
                            .relay_program = true,
                            .report = take_report};
    return carrier_new(NULL, &config, loopback.identity[0], history, error);
}

static void set_up(void)
{
    static const uint8_t place[PLACE_SIZE] = {1};
    loopback = loopback_new();
    history = log_open(NULL, place, NULL);
    ck_assert_ptr_nonnull(history);
    arena = arena_new(FRAME_ARENA_SIZE);
    refused = stopped = 0;
    carrier = start(0, false, NULL);
    ck_assert_ptr_nonnull(carrier);
}

static void tear_down(void)
{
    carrier_free(carrier);
    log_close(history);
    arena_free(arena);
    loopback_clear(&loopback);
}

static void client_clear(Client *client)
{
    g_clear_pointer(&client->successor, g_free);
    g_clear_pointer(&client->link, link_free);
}

START_TEST(a_member_joins_and_leaves)
{
    Client client = {0};
    join(&client);
    ck_assert_uint_eq(hub_joined(carrier_hub(carrier)), 1);
    client_clear(&client);
    while (hub_joined(carrier_hub(carrier)) > 0)
        g_main_context_iteration(NULL, TRUE);
}
END_TEST

START_TEST(shutting_down_says_goodbye)
{
    Client clients[3] = {0};
    for (int i = 0; i < 3; i++) {
        dial(&clients[i]);
        loopback_await(&clients[i].opened, 1);
    }
    say_hello(&clients[0], "test");
    loopback_await(&clients[0].welcomes, 1);
    carrier_shut_down(carrier, NULL, note_stopped, NULL);
    loopback_await(&stopped, 1);
    loopback_await(&clients[0].closed, 1);
    ck_assert_uint_eq(clients[0].goodbyes, 1);
    ck_assert_int_eq(clients[0].parting, WIRE__PARTING__SHUTTING_DOWN);
    for (int i = 1; i < 3; i++)
        client_clear(&clients[i]);
}
END_TEST

START_TEST(shutting_down_without_links_ends_at_once)
{
    carrier_shut_down(carrier, NULL, note_stopped, NULL);
    loopback_await(&stopped, 1);
}
END_TEST

START_TEST(moving_names_who_takes_over)
{
    static const uint8_t key[KEY_SIZE] = {7};
    static const char *const addresses[] = {"10.0.0.7:7669", NULL};
    HubSuccessor successor = {key, addresses};
    Client client = {0};
    join(&client);
    carrier_shut_down(carrier, &successor, note_stopped, NULL);
    loopback_await(&stopped, 1);
    loopback_await(&client.closed, 1);
    ck_assert_int_eq(client.parting, WIRE__PARTING__MOVED);
    ck_assert_str_eq(client.successor, "10.0.0.7:7669");
    client_clear(&client);
}
END_TEST

static void leave(void *user)
{
    carrier_shut_down(carrier, NULL, note_stopped, NULL);
}

/* A clean end: from inside the end of a round, or at once. */
START_TEST(what_was_handed_over_is_named_in_the_goodbye)
{
    Client client = {0};
    dial(&client);
    say_hello_from(&client, "test", "10.0.0.7:7669");
    loopback_await(&client.welcomes, 1);
    carrier_hand_over(carrier, leave, NULL);
    loopback_await(&stopped, 1);
    loopback_await(&client.closed, 1);
    ck_assert_int_eq(client.parting, WIRE__PARTING__SHUTTING_DOWN);
    ck_assert_str_eq(client.successor, "10.0.0.7:7669");
    client_clear(&client);
}
END_TEST

/* As an app does, whose port is open before the place is served. */
START_TEST(connections_may_be_accepted_elsewhere)
{
    carrier_free(carrier);
    CarrierConfig config = {
        .no_listener = true, .place_name = "Test", .room_time_ms = INT64_C(1500000000000)};
    carrier = carrier_new(NULL, &config, loopback.identity[0], history, NULL);
    ck_assert_ptr_nonnull(carrier);
    ck_assert_uint_eq(carrier_port(carrier), 0);
    ck_assert_int_lt(hub_room_time_ms(carrier_hub(carrier)), INT64_C(1500000100000));
    static const LinkEvents events = {.opened = client_opened,
                                      .message = client_message,
                                      .closed = client_closed,
                                      .message_max = client_message_max};
    int fds[2];
    loopback_sockets(fds);
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof from;
    ck_assert_int_eq(getpeername(fds[1], (struct sockaddr *)&from, &size), 0);
    carrier_accept(carrier, fds[1], &from);
    Client own = {0}; /* the session of the app that serves */
    own.link = link_new(loopback.poller, fds[0], tls_connect(loopback.tls[0], TLS_ALPN_LINK), 0,
                        &events, &own);
    say_hello(&own, "test");
    loopback_await(&own.welcomes, 1);
    carrier_shut_down(carrier, NULL, note_stopped, NULL);
    loopback_sockets(fds);
    carrier_accept(carrier, fds[1], &from); /* too late: closed */
    close(fds[0]);
    loopback_await(&stopped, 1);
    loopback_await(&own.closed, 1);
    client_clear(&own);
}
END_TEST

START_TEST(a_large_frame_before_admission_is_answered)
{
    Client client = {0};
    g_autofree char *software = g_strnfill(FRAME_MAX_BEFORE_ADMISSION, 's');
    dial(&client);
    say_hello(&client, software);
    loopback_await(&client.closed, 1);
    ck_assert_uint_eq(client.goodbyes, 1);
    ck_assert_int_eq(client.parting, WIRE__PARTING__BAD_FRAME);
}
END_TEST

START_TEST(a_taken_port_is_an_error_or_another_is_found)
{
    g_autoptr(GError) error = NULL;
    uint16_t port = carrier_port(carrier);
    ck_assert_ptr_null(start(port, false, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE));
    g_autoptr(Carrier) other = start(port, true, NULL);
    ck_assert_ptr_nonnull(other);
    ck_assert_uint_ne(carrier_port(other), port);
}
END_TEST

START_TEST(ipv6_is_served_on_the_same_port)
{
    g_autoptr(GSocketAddress) address =
        g_inet_socket_address_new_from_string("::1", carrier_port(carrier));
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocketConnection) connection =
        g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, &error);
    if (connection == NULL)
        ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE) ||
                  g_error_matches(error, G_IO_ERROR, G_IO_ERROR_FAILED));
}
END_TEST

/* More than may wait: the oldest give way, so a member still gets in. */
START_TEST(silent_connections_do_not_keep_a_member_out)
{
    int silent[LINKS_BEFORE_ADMISSION + 50];
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++)
        silent[i] = loopback_dial(carrier_port(carrier));
    Client client = {0};
    join(&client);
    ck_assert_uint_ge(refused, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++)
        close(silent[i]);
    client_clear(&client);
}
END_TEST

static bool is_cut(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

START_TEST(who_says_nothing_is_cut_off_after_five_seconds)
{
    int64_t start_us = g_get_monotonic_time();
    int fd = loopback_dial(carrier_port(carrier));
    Client client = {0}; /* TLS, but no Hello */
    dial(&client);
    loopback_await(&client.closed, 1);
    while (!is_cut(fd))
        g_main_context_iteration(NULL, TRUE);
    int64_t took_us = g_get_monotonic_time() - start_us;
    ck_assert_int_ge(took_us, HANDSHAKE_US - 100000);
    ck_assert_int_le(took_us, 2 * HANDSHAKE_US);
    close(fd);
}
END_TEST

START_TEST(out_of_descriptors_some_are_turned_away_and_others_served)
{
    Client member = {0};
    join(&member);
    int dialled[40];
    for (size_t i = 0; i < G_N_ELEMENTS(dialled); i++)
        dialled[i] = loopback_dial(carrier_port(carrier));
    /* Room for ten more. */
    int highest = fcntl(0, F_DUPFD, 0);
    close(highest);
    struct rlimit all, few;
    getrlimit(RLIMIT_NOFILE, &all);
    few = all;
    few.rlim_cur = (rlim_t)highest + 10;
    setrlimit(RLIMIT_NOFILE, &few);
    while (!is_cut(dialled[G_N_ELEMENTS(dialled) - 1]))
        g_main_context_iteration(NULL, TRUE);
    setrlimit(RLIMIT_NOFILE, &all);
    for (size_t i = 0; i < G_N_ELEMENTS(dialled); i++)
        close(dialled[i]);
    ck_assert(link_is_open(member.link));
    Client later = {0};
    join(&later);
    client_clear(&later);
    client_clear(&member);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("carrier");
    TCase *test = tcase_create("carrier");
    tcase_set_timeout(test, 40);
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, a_member_joins_and_leaves);
    tcase_add_test(test, shutting_down_says_goodbye);
    tcase_add_test(test, shutting_down_without_links_ends_at_once);
    tcase_add_test(test, moving_names_who_takes_over);
    tcase_add_test(test, what_was_handed_over_is_named_in_the_goodbye);
    tcase_add_test(test, connections_may_be_accepted_elsewhere);
    tcase_add_test(test, a_large_frame_before_admission_is_answered);
    tcase_add_test(test, a_taken_port_is_an_error_or_another_is_found);
    tcase_add_test(test, ipv6_is_served_on_the_same_port);
    tcase_add_test(test, silent_connections_do_not_keep_a_member_out);
    tcase_add_test(test, who_says_nothing_is_cut_off_after_five_seconds);
    tcase_add_test(test, out_of_descriptors_some_are_turned_away_and_others_served);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
