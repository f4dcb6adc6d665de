#include "app/addresses.h"
#include "app/files/door.h"
#include "discovery/address.h"
#include "relay/data_frame.h"
#include "relay/limits.h"
#include "relay/link.h"

#include <check.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint8_t transfer_id[TRANSFER_SIZE] = "transfer 0123456";
static const uint8_t good_ticket[TRANSFER_SIZE] = "ticket 012345678";

static Identity *identities[2]; /* of the one who opens the door, of who knocks */
static Tls *tls[2];
static Poller *poller;
static Door *door;

static bool ready;
static unsigned asked, admitted;
static int admitted_fd;
static SSL *admitted_ssl;

typedef struct {
    Link *link;
    unsigned opened, closed;
} Caller;

static bool expects(const uint8_t *transfer, const uint8_t *ticket, const uint8_t *key, void *user)
{
    asked++;
    return ready && memcmp(transfer, transfer_id, TRANSFER_SIZE) == 0 &&
           memcmp(ticket, good_ticket, TRANSFER_SIZE) == 0 &&
           memcmp(key, identity_key(identities[1]), KEY_SIZE) == 0;
}

static void let_in(const uint8_t *transfer, int fd, SSL *ssl, void *user)
{
    ck_assert_mem_eq(transfer, transfer_id, TRANSFER_SIZE);
    admitted++;
    admitted_fd = fd;
    admitted_ssl = ssl;
}

static void caller_opened(const uint8_t *key, void *user)
{
    ck_assert_mem_eq(key, identity_key(identities[0]), KEY_SIZE);
    ((Caller *)user)->opened++;
}

static void caller_message(const uint8_t *message, size_t length, void *user)
{
    ck_abort_msg("the door says nothing");
}

static void caller_closed(const char *why, void *user)
{
    Caller *caller = user;
    caller->closed++;
    g_clear_pointer(&caller->link, link_free);
}

static size_t caller_message_max(void *user)
{
    return FRAME_MAX;
}

static gboolean out_of_time(void *user)
{
    ck_abort_msg("nothing more happened within 20 s");
    return G_SOURCE_REMOVE;
}

static void await(const volatile unsigned *condition)
{
    unsigned timer = g_timeout_add_seconds(20, out_of_time, NULL);
    while (*condition == 0)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
}

static int connect_to(GSocketAddress *address)
{
    struct sockaddr_storage native;
    ck_assert(g_socket_address_to_native(address, &native, sizeof native, NULL));
    int fd = socket(native.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int result = connect(fd, (struct sockaddr *)&native,
                         (socklen_t)g_socket_address_get_native_size(address));
    ck_assert(result == 0 || errno == EINPROGRESS);
    return fd;
}

static void knock_at(Caller *caller, GSocketAddress *address, const char *alpn)
{
    static const LinkEvents events = {.opened = caller_opened,
                                      .message = caller_message,
                                      .closed = caller_closed,
                                      .message_max = caller_message_max};
    caller->link =
        link_new(poller, connect_to(address), tls_connect(tls[1], alpn), 0, &events, caller);
}

static void knock(Caller *caller, const char *alpn)
{
    g_autoptr(GSocketAddress) address =
        g_inet_socket_address_new_from_string("127.0.0.1", door_port(door));
    knock_at(caller, address, alpn);
}

static void present(Caller *caller, const uint8_t *ticket, bool twice)
{
    Wire__Present body = WIRE__PRESENT__INIT;
    body.transfer = (ProtobufCBinaryData){TRANSFER_SIZE, (uint8_t *)transfer_id};
    body.ticket = (ProtobufCBinaryData){TRANSFER_SIZE, (uint8_t *)ticket};
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_PRESENT;
    frame.present = &body;
    g_autoptr(GBytes) bytes = data_frame_build(&frame);
    ck_assert(link_send(caller->link, bytes));
    if (twice)
        ck_assert(link_send(caller->link, bytes));
}

static void set_up(void)
{
    static const DoorEvents events = {.expects = expects, .admitted = let_in};
    signal(SIGPIPE, SIG_IGN);
    poller = poller_new(NULL);
    for (int i = 0; i < 2; i++) {
        uint8_t seed[32];
        memset(seed, i + 1, sizeof seed);
        identities[i] = identity_from_seed(seed);
        tls[i] = tls_new(identities[i], NULL);
    }
    ready = true;
    asked = admitted = 0;
    admitted_fd = -1;
    admitted_ssl = NULL;
    door = door_new(poller, tls[0], &events, NULL, NULL);
    ck_assert_ptr_nonnull(door);
}

static void tear_down(void)
{
    tls_ssl_free(admitted_ssl);
    if (admitted_fd >= 0)
        close(admitted_fd);
    door_free(door);
    poller_free(poller);
    for (int i = 0; i < 2; i++) {
        tls_free(tls[i]);
        identity_free(identities[i]);
    }
}

START_TEST(a_good_ticket_opens)
{
    Caller caller = {0};
    knock(&caller, TLS_ALPN_DATA);
    present(&caller, good_ticket, false);
    await(&admitted);
    ck_assert_int_ge(admitted_fd, 0);
    ck_assert_ptr_nonnull(admitted_ssl);
    ck_assert_uint_eq(caller.closed, 0);
    link_free(caller.link);
}
END_TEST

static void expect_closed(Caller *caller)
{
    await(&caller->closed);
    ck_assert_uint_eq(admitted, 0);
}

START_TEST(a_wrong_ticket_does_not)
{
    Caller caller = {0};
    knock(&caller, TLS_ALPN_DATA);
    present(&caller, transfer_id, false);
    expect_closed(&caller);
    ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(nobody_expected)
{
    Caller caller = {0};
    ready = false;
    knock(&caller, TLS_ALPN_DATA);
    present(&caller, good_ticket, false);
    expect_closed(&caller);
}
END_TEST

START_TEST(who_goes_on_talking_is_not_let_in)
{
    Caller caller = {0};
    knock(&caller, TLS_ALPN_DATA);
    present(&caller, good_ticket, true);
    expect_closed(&caller);
}
END_TEST

START_TEST(another_frame_is_no_ticket)
{
    Caller caller = {0};
    knock(&caller, TLS_ALPN_DATA);
    Wire__Admitted body = WIRE__ADMITTED__INIT;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_ADMITTED;
    frame.admitted = &body;
    g_autoptr(GBytes) bytes = data_frame_build(&frame);
    ck_assert(link_send(caller.link, bytes));
    expect_closed(&caller);
    ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(a_chat_link_is_not_served)
{
    Caller caller = {0};
    knock(&caller, TLS_ALPN_LINK);
    expect_closed(&caller);
}
END_TEST

START_TEST(who_says_nothing_gives_way)
{
    Caller *callers = g_new0(Caller, LINKS_BEFORE_ADMISSION + 1);
    for (int i = 0; i <= LINKS_BEFORE_ADMISSION; i++) {
        knock(&callers[i], TLS_ALPN_DATA);
        await(&callers[i].opened);
    }
    await(&callers[0].closed);
    ck_assert_uint_eq(callers[1].closed, 0);
    for (int i = 0; i <= LINKS_BEFORE_ADMISSION; i++)
        link_free(callers[i].link);
    g_free(callers);
}
END_TEST

START_TEST(two_doors_on_one_machine)
{
    static const DoorEvents events = {.expects = expects, .admitted = let_in};
    g_autoptr(Door) other = door_new(poller, tls[1], &events, NULL, NULL);
    ck_assert_ptr_nonnull(other);
    ck_assert_uint_ne(door_port(other), door_port(door));
    ck_assert_uint_ne(door_port(door), DEFAULT_PORT);
}
END_TEST

/* Two programs on this machine, whatever network it has: what one says, the other dials. */
START_TEST(own_addresses_lead_to_the_door)
{
    g_auto(GStrv) texts = addresses_own(door_port(door));
    size_t count = g_strv_length(texts);
    ck_assert_uint_ge(count, 1);
    ck_assert_uint_le(count, ADDRESSES_MAX);
    g_autoptr(GPtrArray) read = addresses_read(texts, count);
    ck_assert_uint_ge(read->len, 1);
    Caller caller = {0};
    knock_at(&caller, read->pdata[0], TLS_ALPN_DATA);
    present(&caller, good_ticket, false);
    await(&admitted);
    link_free(caller.link);
}
END_TEST

/* A network namespace of this process alone, with the loopback up. False where that is not allowed.
 */
static bool leave_the_network(void)
{
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    close(fd);
    return true;
}

static void check_loopback_alone(void)
{
    g_auto(GStrv) texts = addresses_own(door_port(door));
    ck_assert_uint_eq(g_strv_length(texts), 2);
    ck_assert(g_str_has_prefix(texts[0], "127.0.0.1:"));
    g_autoptr(GPtrArray) read = addresses_read(texts, 2);
    ck_assert_uint_eq(read->len, 2);
    Caller caller = {0};
    knock_at(&caller, read->pdata[0], TLS_ALPN_DATA);
    present(&caller, good_ticket, false);
    await(&admitted);
    link_free(caller.link);
}

START_TEST(without_a_network_the_loopback_will_do)
{
    if (!leave_the_network())
        return;
    tear_down();
    set_up();
    check_loopback_alone();
}
END_TEST

static GPtrArray *read_texts(const char *list)
{
    g_auto(GStrv) texts = g_strsplit(list, " ", 0);
    return addresses_read(texts, g_strv_length(texts));
}

START_TEST(addresses_of_elsewhere_are_left_out)
{
    g_autoptr(GPtrArray) none = read_texts("8.8.8.8:7668 example.org:7668 0.0.0.0:7668 10.1.2.3:0 "
                                           "[::ffff:10.0.0.1]:1 224.0.0.1:7668 [fe80::1% []");
    ck_assert_uint_eq(none->len, 0);
    g_autoptr(GPtrArray) empty = read_texts("");
    ck_assert_uint_eq(empty->len, 0);
    g_autoptr(GPtrArray) good = read_texts("192.168.3.4:7668 192.168.3.4:7668 10.0.0.2:1");
    ck_assert_uint_eq(good->len, 2);
}
END_TEST

START_TEST(link_local_is_tried_on_each_interface)
{
    g_autoptr(GPtrArray) read = read_texts("[fe80::1%wherever]:7668 [fe80::1]:7668");
    for (guint i = 0; i < read->len; i++) {
        GInetSocketAddress *address = G_INET_SOCKET_ADDRESS(read->pdata[i]);
        ck_assert_uint_gt(g_inet_socket_address_get_scope_id(address), 0);
        ck_assert_uint_eq(g_inet_socket_address_get_port(address), 7668);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("door");
    TCase *test = tcase_create("door");
    tcase_set_timeout(test, 30);
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, a_good_ticket_opens);
    tcase_add_test(test, a_wrong_ticket_does_not);
    tcase_add_test(test, nobody_expected);
    tcase_add_test(test, who_goes_on_talking_is_not_let_in);
    tcase_add_test(test, another_frame_is_no_ticket);
    tcase_add_test(test, a_chat_link_is_not_served);
    tcase_add_test(test, who_says_nothing_gives_way);
    tcase_add_test(test, two_doors_on_one_machine);
    tcase_add_test(test, own_addresses_lead_to_the_door);
    tcase_add_test(test, without_a_network_the_loopback_will_do);
    tcase_add_test(test, addresses_of_elsewhere_are_left_out);
    tcase_add_test(test, link_local_is_tried_on_each_interface);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
