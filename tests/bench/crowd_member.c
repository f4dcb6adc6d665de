/* The links of the crowd's members: they join, and may come back when they were cut off. */
#include "relay/event.h"
#include "tests/bench/crowd_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>

#define RETURN_US (50 * INT64_C(1000)) /* from being cut off to the next try */

void crowd_member_send(CrowdMember *member, const Wire__Frame *frame)
{
    g_autoptr(GBytes) bytes = frame_build(frame);
    link_send(member->link, bytes);
}

static void say_hello(CrowdMember *member)
{
    Crowd *crowd = member->crowd;
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.version = PROTOCOL_VERSION;
    hello.software = (char *)"bench";
    if (member->gone) {
        hello.log = (ProtobufCBinaryData){PLACE_SIZE, crowd->log};
        hello.position = member->through;
        hello.page = PAGE_MAX;
    }
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HELLO;
    frame.hello = &hello;
    crowd_member_send(member, &frame);
}

/* Of what was on its way when the member was cut off, the relay says what it got. */
static void go_on_from(CrowdMember *member, const Wire__Welcome *welcome)
{
    member->seq = 0;
    for (size_t i = 0; i < welcome->n_own_heads; i++) {
        const Wire__Head *head = welcome->own_heads[i];
        if (head->lane != LANE_PUBLIC || head->seq == 0)
            continue;
        member->seq = head->seq;
        memcpy(member->prev, head->hash.data, HASH_SIZE);
    }
    member->own = member->seq;
}

static void take_welcome(CrowdMember *member, const Wire__Welcome *welcome)
{
    Crowd *crowd = member->crowd;
    memcpy(crowd->place, welcome->place.data, PLACE_SIZE);
    memcpy(crowd->log, welcome->log.data, PLACE_SIZE);
    crowd->room_offset_ms = welcome->room_time_ms - g_get_monotonic_time() / 1000;
    member->joined = true;
    member->ping_after_us = PING_AFTER_US;
    member->ping_us = g_get_monotonic_time() + PING_AFTER_US;
    if (member->gone) { /* Page 0 says what was missed */
        crowd->counts.away--;
        crowd->counts.returned++;
        member->above = member->top = member->through;
        go_on_from(member, welcome);
        return;
    }
    member->through = member->above = member->top = welcome->head;
    crowd->counts.joined++;
    crowd_connect_more(crowd);
}

static void on_message(const uint8_t *message, size_t length, void *user)
{
    CrowdMember *member = user;
    FieldReader reader = field_reader(message, length);
    Field body;
    if (!field_next(&reader, &body))
        return;
    if (body.number == WIRE__FRAME__BODY_DELIVER) {
        crowd_member_take_deliver(member, &body);
        return;
    }
    if (body.number == WIRE__FRAME__BODY_PAGE) {
        crowd_member_take_page(member, &body);
        return;
    }
    if (body.number != WIRE__FRAME__BODY_WELCOME && body.number != WIRE__FRAME__BODY_RECEIPT &&
        body.number != WIRE__FRAME__BODY_PONG)
        return;
    arena_reset(member->crowd->arena);
    const Wire__Frame *frame = frame_parse(member->crowd->arena, message, length, NULL);
    g_assert(frame != NULL);
    if (frame->body_case == WIRE__FRAME__BODY_WELCOME)
        take_welcome(member, frame->welcome);
    else if (frame->body_case == WIRE__FRAME__BODY_PONG)
        member->ping_after_us = MAX(PING_AFTER_US, frame->pong->ping_after_ms * INT64_C(1000));
    else if (frame->receipt->refusal != WIRE__REFUSAL__NONE)
        member->crowd->counts.refused++;
}

static void on_opened(const uint8_t *key, void *user)
{
    say_hello(user);
}

/* Lost, or not even reached. */
static void on_closed(const char *why, void *user)
{
    CrowdMember *member = user;
    Crowd *crowd = member->crowd;
    if (g_getenv("BENCH_LOG") != NULL)
        g_printerr("member %u: %s\n", member->number, why != NULL ? why : "left");
    g_clear_pointer(&member->link, link_free);
    if (!crowd->config.returns || !(member->joined || member->gone)) {
        member->joined = false;
        crowd->counts.lost++;
        return;
    }
    crowd->counts.lost += member->joined && !member->parting;
    crowd->counts.away += member->joined;
    member->joined = false;
    member->gone = true;
    int64_t pause_us = member->parting ? member->parting_us : RETURN_US;
    member->parting = false;
    poller_set_deadline(member->back, g_get_monotonic_time() + pause_us);
}

static void come_back(uint32_t events, void *user)
{
    crowd_member_connect(user);
}

void crowd_part(Crowd *crowd, unsigned index, bool abruptly, double seconds)
{
    CrowdMember *member = &crowd->members[index];
    if (!member->joined || member->parting)
        return;
    member->parting = true;
    member->parting_us = (int64_t)(seconds * G_USEC_PER_SEC);
    if (abruptly)
        on_closed(NULL, member);
    else
        link_finish(member->link);
}

void crowd_call_back(Crowd *crowd)
{
    int64_t now_us = g_get_monotonic_time();
    for (unsigned i = 0; i < crowd->config.members; i++) {
        CrowdMember *member = &crowd->members[i];
        if (member->gone && !member->joined && member->link == NULL)
            poller_set_deadline(member->back, now_us);
    }
}

static size_t on_message_max(void *user)
{
    return FRAME_MAX;
}

static void make_identity(CrowdMember *member)
{
    uint8_t seed[crypto_sign_SEEDBYTES] = {0xbe};
    memcpy(seed + 1, &member->number, sizeof member->number);
    member->identity = identity_from_seed(seed);
    g_autoptr(GError) error = NULL;
    member->tls = tls_new(member->identity, &error);
    if (member->tls == NULL)
        g_error("%s", error->message);
    if (member->crowd->config.returns)
        member->back = poller_watch(member->crowd->poller, -1, 0, come_back, member);
}

void crowd_member_connect(CrowdMember *member)
{
    static const LinkEvents events = {.opened = on_opened,
                                      .message = on_message,
                                      .closed = on_closed,
                                      .message_max = on_message_max};
    if (member->identity == NULL)
        make_identity(member);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(member->crowd->config.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS))
        g_error("cannot connect: %s", g_strerror(errno));
    member->link = link_new(member->crowd->poller, fd, tls_connect(member->tls, TLS_ALPN_LINK), 0,
                            &events, member);
    if (!member->crowd->config.returns)
        g_clear_pointer(&member->tls, tls_free);
}

void crowd_connect_more(Crowd *crowd)
{
    while (crowd->started < crowd->config.members &&
           crowd->started - crowd->counts.joined < crowd->config.at_once)
        crowd_member_connect(&crowd->members[crowd->started++]);
}
