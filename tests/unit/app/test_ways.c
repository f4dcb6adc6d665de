/* The ways that a data channel takes, with all the parts that take it: dialler, door, links given
 * away, the relay's meetings, workers at both ends. */
#include "app/addresses.h"
#include "app/files/door.h"
#include "app/files/worker.h"
#include "relay/carrier.h"
#include "relay/dialer.h"
#include "tests/unit/app/files_stage.h"

#include <check.h>
#include <signal.h>
#include <string.h>

enum {
    RELAY,
    SENDER,
    RECEIVER
};

static const uint8_t ticket[TRANSFER_SIZE] = "once";
static const uint8_t offer_id[TOKEN_SIZE] = "offer";

typedef struct {
    int role;
    Dialer *dialer;
    Link *chat;
    unsigned welcomes;
    Worker *worker;
    unsigned ended;
    WorkerEnd end;
    char *text;
    OpeningKind kind; /* what to do with the connection dialled */
} Member;

static Identity *identities[3];
static Tls *tls[3];
static Poller *poller;
static Member members[3];
static Door *door;
static Log *history;
static Carrier *carrier;
static Arena *arena;
static Listing *listing;
static Offer *offer;
static uint64_t forwarded; /* by the relay */

static void worker_over(const WorkerResult *result, void *user)
{
    Member *member = user;
    member->end = result->end;
    member->text = g_strdup(result->text);
    member->ended++;
    g_clear_pointer(&member->worker, worker_free);
}

static void begin(Member *member, OpeningKind kind, int fd, SSL *ssl)
{
    Opening opening = {.kind = kind, .fd = fd, .ssl = ssl};
    memcpy(opening.ticket, ticket, TRANSFER_SIZE);
    if (kind == OPENING_MEET) {
        memcpy(opening.peer, identity_key(identities[member->role == SENDER ? RECEIVER : SENDER]),
               KEY_SIZE);
        opening.inner = member->role == SENDER ? tls_accept(tls[SENDER])
                                               : tls_connect(tls[RECEIVER], TLS_ALPN_DATA);
    }
    WorkerConfig config = {.ended = worker_over, .user = member};
    memcpy(config.offer, offer_id, TOKEN_SIZE);
    memcpy(config.transfer, stage_transfer, TRANSFER_SIZE);
    if (member->role == SENDER) {
        member->worker = worker_send(&config, &opening, listing);
        return;
    }
    g_autofree char *into = stage_path("into"), *state = stage_path("state");
    const WorkerTarget target = {.state_dir = state, .into = into, .offer = offer};
    member->worker = worker_receive(&config, &opening, &target);
}

static void dialled(Link *link, const uint8_t *key, GSocketAddress *address, void *user)
{
    Member *member = user;
    SSL *ssl = NULL;
    int fd = link_steal(link, &ssl);
    ck_assert_int_ge(fd, 0);
    link_free(link);
    begin(member, member->kind, fd, ssl);
}

static void not_dialled(const char *why, void *user)
{
    ck_abort_msg("%s", why);
}

static void dial(Member *member, const GPtrArray *addresses, OpeningKind kind)
{
    static const DialerEvents events = {.opened = dialled, .failed = not_dialled};
    member->kind = kind;
    member->dialer = dialer_new(NULL, poller, tls[member->role], TLS_ALPN_DATA, addresses, NULL, 0,
                                &events, member);
}

static bool is_expected(const uint8_t *transfer, const uint8_t *shown, const uint8_t *key,
                        void *user)
{
    return memcmp(transfer, stage_transfer, TRANSFER_SIZE) == 0 &&
           memcmp(shown, ticket, TRANSFER_SIZE) == 0;
}

static void let_in(const uint8_t *transfer, int fd, SSL *ssl, void *user)
{
    begin(user, OPENING_ADMIT, fd, ssl);
}

static gboolean out_of_time(void *user)
{
    ck_abort_msg("nothing more happened within 30 s");
    return G_SOURCE_REMOVE;
}

static void await(const volatile unsigned *condition)
{
    unsigned timer = g_timeout_add_seconds(30, out_of_time, NULL);
    while (*condition == 0)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
}

static void expect_done(void)
{
    await(&members[SENDER].ended);
    await(&members[RECEIVER].ended);
    for (int i = SENDER; i <= RECEIVER; i++)
        ck_assert_msg(members[i].end == WORKER_DONE, "%d: %s", members[i].end, members[i].text);
    g_autofree char *differences = stage_ask("diff -r from into 2>&1; find into -name '.*.part'");
    ck_assert_str_eq(differences, "");
}

static void set_up(void)
{
    signal(SIGPIPE, SIG_IGN);
    stage_setup();
    poller = poller_new(NULL);
    arena = arena_new(FRAME_ARENA_SIZE);
    for (int i = 0; i < 3; i++) {
        uint8_t seed[32];
        memset(seed, i + 1, sizeof seed);
        identities[i] = identity_from_seed(seed);
        tls[i] = tls_new(identities[i], NULL);
        members[i] = (Member){.role = i};
    }
    stage_file("from/tree/big", 5 * CHUNK_SIZE + 17, 1);
    stage_file("from/tree/small", 3, 2);
    stage_folder("from/tree/empty");
    const char *const paths[] = {"from/tree", NULL};
    listing = stage_list(paths, &offer);
}

static void tear_down(void)
{
    for (int i = 0; i < 3; i++) {
        worker_free(members[i].worker);
        dialer_free(members[i].dialer);
        link_free(members[i].chat);
        g_free(members[i].text);
    }
    g_clear_pointer(&door, door_free);
    g_clear_pointer(&carrier, carrier_free);
    g_clear_pointer(&history, log_close);
    poller_free(poller);
    arena_free(arena);
    for (int i = 0; i < 3; i++) {
        tls_free(tls[i]);
        identity_free(identities[i]);
    }
    listing_unref(listing);
    offer_unref(offer);
    stage_teardown();
}

/* `caller` dials the addresses that `opener` says. */
static void pass_through_the_door(Member *opener, Member *caller)
{
    static const DoorEvents events = {.expects = is_expected, .admitted = let_in};
    door = door_new(poller, tls[opener->role], &events, opener, NULL);
    g_auto(GStrv) texts = addresses_own(door_port(door));
    g_autoptr(GPtrArray) addresses = addresses_read(texts, g_strv_length(texts));
    dial(caller, addresses, OPENING_PRESENT);
    expect_done();
}

START_TEST(the_receiver_dials_the_sender)
{
    pass_through_the_door(&members[SENDER], &members[RECEIVER]);
}
END_TEST

START_TEST(the_sender_dials_the_receiver)
{
    pass_through_the_door(&members[RECEIVER], &members[SENDER]);
}
END_TEST

static void chat_opened(const uint8_t *key, void *user)
{
}

static void chat_message(const uint8_t *message, size_t length, void *user)
{
    arena_reset(arena);
    const Wire__Frame *frame = frame_parse(arena, message, length, NULL);
    ((Member *)user)->welcomes += frame->body_case == WIRE__FRAME__BODY_WELCOME;
}

static void chat_closed(const char *why, void *user)
{
    g_clear_pointer(&((Member *)user)->chat, link_free);
}

static size_t chat_message_max(void *user)
{
    return FRAME_MAX;
}

static const LinkEvents chat_events = {.opened = chat_opened,
                                       .message = chat_message,
                                       .closed = chat_closed,
                                       .message_max = chat_message_max};

static void chat_dialled(Link *link, const uint8_t *key, GSocketAddress *address, void *user)
{
    Member *member = user;
    member->chat = link;
    link_set_events(link, &chat_events, member);
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.version = PROTOCOL_VERSION;
    hello.software = (char *)"test";
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HELLO;
    frame.hello = &hello;
    g_autoptr(GBytes) bytes = frame_build(&frame);
    ck_assert(link_send(link, bytes));
}

static void join(Member *member, const GPtrArray *addresses)
{
    static const DialerEvents events = {.opened = chat_dialled, .failed = not_dialled};
    member->dialer = dialer_new(NULL, poller, tls[member->role], TLS_ALPN_LINK, addresses, NULL, 0,
                                &events, member);
    await(&member->welcomes);
    g_clear_pointer(&member->dialer, dialer_free);
}

static void take_report(const char *event, const char *detail, void *user)
{
    if (strcmp(event, "meeting-over") == 0)
        forwarded = g_ascii_strtoull(detail + strlen("bytes="), NULL, 10);
}

START_TEST(both_meet_at_the_relay)
{
    static const uint8_t place[PLACE_SIZE] = {1};
    const CarrierConfig config = {.place_name = "Test",
                                  .relay_program = true,
                                  .meetings = MEETING_LIMITS_DEFAULT,
                                  .report = take_report};
    history = log_open(NULL, place, NULL);
    carrier = carrier_new(NULL, &config, identities[RELAY], history, NULL);
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_object_unref);
    g_ptr_array_add(addresses,
                    g_inet_socket_address_new_from_string("127.0.0.1", carrier_port(carrier)));
    for (int i = SENDER; i <= RECEIVER; i++)
        join(&members[i], addresses);
    for (int i = SENDER; i <= RECEIVER; i++)
        dial(&members[i], addresses, OPENING_MEET);
    expect_done();
    while (forwarded == 0)
        g_main_context_iteration(NULL, TRUE);
    ck_assert_uint_gt(forwarded, 5 * CHUNK_SIZE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ways");
    TCase *test = tcase_create("ways");
    tcase_set_timeout(test, 60);
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, the_receiver_dials_the_sender);
    tcase_add_test(test, the_sender_dials_the_receiver);
    tcase_add_test(test, both_meet_at_the_relay);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
