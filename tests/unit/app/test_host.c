/* A place that an app serves: its port before, meanwhile and after. Real sockets on loopback. */
#include "app/addresses.h"
#include "app/host.h"
#include "relay/dialer.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_S 20

/* Somebody who comes. */
typedef struct {
    Dialer *dialer;
    Link *link;
    unsigned opened, failed, welcomes, goodbyes, closed;
    Wire__Parting parting;
    uint8_t successor[KEY_SIZE];
    char *address; /* of the successor */
    char *place_name;
} Visitor;

static Identity *own, *other;
static Tls *tls;
static Poller *poller;
static Arena *arena;
static Log *history;
static Host *host;
static Visitor visitor;
static unsigned done_count;

static size_t message_max(void *user)
{
    return FRAME_MAX;
}

static void took(const uint8_t *message, size_t length, void *user)
{
    Visitor *who = user;
    arena_reset(arena);
    const Wire__Frame *frame = frame_parse(arena, message, length, NULL);
    ck_assert_ptr_nonnull(frame);
    if (frame->body_case == WIRE__FRAME__BODY_WELCOME) {
        who->welcomes++;
        who->place_name = g_strdup(frame->welcome->place_name);
    }
    if (frame->body_case != WIRE__FRAME__BODY_GOODBYE)
        return;
    const Wire__Goodbye *goodbye = frame->goodbye;
    who->goodbyes++;
    who->parting = goodbye->why;
    if (goodbye->successor.len == KEY_SIZE)
        memcpy(who->successor, goodbye->successor.data, KEY_SIZE);
    if (goodbye->n_addresses > 0)
        who->address = g_strdup(goodbye->addresses[0]);
}

static void closed(const char *why, void *user)
{
    Visitor *who = user;
    who->closed++;
    g_clear_pointer(&who->link, link_free);
}

static void opened(Link *link, const uint8_t *key, GSocketAddress *address, void *user)
{
    static const LinkEvents events = {
        .message = took, .closed = closed, .message_max = message_max};
    Visitor *who = user;
    ck_assert_mem_eq(key, identity_key(own), KEY_SIZE);
    who->link = link;
    who->opened++;
    link_set_events(link, &events, who);
    g_clear_pointer(&who->dialer, dialer_free);
}

static void failed(const char *why, void *user)
{
    Visitor *who = user;
    who->failed++;
    g_clear_pointer(&who->dialer, dialer_free);
}

static void come(void)
{
    static const DialerEvents events = {.opened = opened, .failed = failed};
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_object_unref);
    g_ptr_array_add(addresses, host_loopback(host));
    visitor.dialer =
        dialer_new(NULL, poller, tls, TLS_ALPN_LINK, addresses, NULL, 0, &events, &visitor);
}

static gboolean too_late(gpointer user)
{
    ck_abort_msg("waited too long");
    return G_SOURCE_REMOVE;
}

static void await(const unsigned *count, unsigned enough)
{
    guint alarm = g_timeout_add_seconds(PATIENCE_S, too_late, NULL);
    while (*count < enough)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(alarm);
}

static void done(void *user)
{
    ++*(unsigned *)user;
}

static void set_up(void)
{
    static const uint8_t place[PLACE_SIZE] = "test of the host";
    uint8_t seeds[2][32] = {{1}, {2}};
    own = identity_from_seed(seeds[0]);
    other = identity_from_seed(seeds[1]);
    tls = tls_new(other, NULL);
    poller = poller_new(NULL);
    arena = arena_new(FRAME_ARENA_SIZE);
    history = log_open(NULL, place, NULL);
    host = host_new(NULL, own, false);
    visitor = (Visitor){0};
    done_count = 0;
}

static void tear_down(void)
{
    host_free(host);
    log_close(history);
    dialer_free(visitor.dialer);
    link_free(visitor.link);
    g_free(visitor.address);
    g_free(visitor.place_name);
    arena_free(arena);
    poller_free(poller);
    tls_free(tls);
    identity_free(own);
    identity_free(other);
}

static void serve(void)
{
    ck_assert(host_serve(host, history, "Home", 0, NULL, NULL));
    ck_assert(host_serving(host));
}

static void join(void)
{
    come();
    await(&visitor.opened, 1);
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.version = PROTOCOL_VERSION;
    hello.software = (char *)"test";
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HELLO;
    frame.hello = &hello;
    g_autoptr(GBytes) bytes = frame_build(&frame);
    ck_assert(link_send(visitor.link, bytes));
    await(&visitor.welcomes, 1);
}

START_TEST(turns_away_whoever_comes_before)
{
    ck_assert(!host_serving(host));
    come();
    await(&visitor.failed, 1);
    ck_assert_uint_eq(visitor.opened, 0);
}
END_TEST

START_TEST(addresses_lead_to_the_port)
{
    g_auto(GStrv) texts = host_addresses(host);
    g_autoptr(GSocketAddress) loopback = host_loopback(host);
    uint16_t port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(loopback));
    g_autoptr(GPtrArray) read = addresses_read(texts, g_strv_length(texts));
    ck_assert_uint_gt(read->len, 0);
    for (guint i = 0; i < read->len; i++)
        ck_assert_uint_eq(g_inet_socket_address_get_port(read->pdata[i]), port);
}
END_TEST

START_TEST(serves_with_the_place_s_name)
{
    serve();
    join();
    ck_assert_str_eq(visitor.place_name, "Home");
}
END_TEST

START_TEST(retires_to_another_without_touching_the_log)
{
    const char *const addresses[] = {"192.0.2.7:7667", NULL};
    HubSuccessor successor = {.key = identity_key(other), .addresses = addresses};
    serve();
    join();
    host_retire(host, &successor);
    ck_assert(!host_serving(host));
    g_clear_pointer(&history, log_close);
    await(&visitor.goodbyes, 1);
    ck_assert_int_eq(visitor.parting, WIRE__PARTING__MOVED);
    ck_assert_mem_eq(visitor.successor, identity_key(other), KEY_SIZE);
    ck_assert_str_eq(visitor.address, "192.0.2.7:7667");
    await(&visitor.closed, 1);
    come();
    await(&visitor.failed, 1);
}
END_TEST

START_TEST(serves_again)
{
    serve();
    host_retire(host, NULL);
    serve();
    join();
}
END_TEST

START_TEST(hands_over_and_gets_quiet)
{
    host_hand_over(host, done, &done_count);
    ck_assert_uint_eq(done_count, 0);
    await(&done_count, 1);
    serve();
    join();
    host_hand_over(host, done, &done_count);
    await(&done_count, 2);
    host_retire(host, NULL);
    host_await_quiet(host, done, &done_count);
    await(&done_count, 3);
    ck_assert_uint_eq(visitor.goodbyes, 1);
    ck_assert_int_eq(visitor.parting, WIRE__PARTING__SHUTTING_DOWN);
    ck_assert_uint_eq(visitor.closed, 1);
}
END_TEST

START_TEST(is_quiet_when_it_never_served)
{
    host_await_quiet(host, done, &done_count);
    await(&done_count, 1);
}
END_TEST

START_TEST(addresses_are_told_without_loopback_and_scope)
{
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_object_unref);
    const char *const hosts[] = {"127.0.0.1", "192.0.2.1", "fe80::1%lo", "192.0.2.1"};
    for (guint i = 0; i < G_N_ELEMENTS(hosts); i++)
        g_ptr_array_add(addresses, g_inet_socket_address_new_from_string(hosts[i], 7667));
    g_auto(GStrv) texts = addresses_write(addresses);
    g_autofree char *all = g_strjoinv(" ", texts);
    ck_assert_str_eq(all, "192.0.2.1:7667 [fe80::1]:7667");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("host");
    TCase *tests = tcase_create("host");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, turns_away_whoever_comes_before);
    tcase_add_test(tests, addresses_lead_to_the_port);
    tcase_add_test(tests, serves_with_the_place_s_name);
    tcase_add_test(tests, retires_to_another_without_touching_the_log);
    tcase_add_test(tests, serves_again);
    tcase_add_test(tests, hands_over_and_gets_quiet);
    tcase_add_test(tests, is_quiet_when_it_never_served);
    tcase_add_test(tests, addresses_are_told_without_loopback_and_scope);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
