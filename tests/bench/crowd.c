#include "tests/bench/crowd.h"

#include "relay/content.h"
#include "relay/event.h"
#include "relay/fields.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    Crowd *crowd;
    unsigned number;
    Identity *identity;
    Tls *tls;
    Link *link;
    bool joined;
    uint64_t through; /* told up to here */
    uint64_t holes;
    bool thorough; /* looks at every event; others count positions, to leave the processor free */
    uint64_t checksum; /* over positions and tokens, in order */
    /* Writers only. */
    uint64_t seq;
    uint64_t own; /* events of one's own that were delivered */
    uint8_t prev[HASH_SIZE];
    int64_t next_us;
} Member;

struct Crowd {
    CrowdConfig config;
    CrowdCounts counts;
    Poller *poller;
    Member *members;
    unsigned started;
    PollerWatch *writing; /* deadline: the next message is due */
    PollerWatch *pinging;
    bool on;
    uint8_t place[PLACE_SIZE];
    int64_t room_offset_ms;
    Arena *arena;
    char *text;
};

static void connect_more(Crowd *crowd);

static void send_frame(Member *member, const Wire__Frame *frame)
{
    g_autoptr(GBytes) bytes = frame_build(frame);
    link_send(member->link, bytes);
}

static void say_hello(Member *member)
{
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.version = PROTOCOL_VERSION;
    hello.software = (char *)"bench";
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HELLO;
    frame.hello = &hello;
    send_frame(member, &frame);
}

static void ping_all(uint32_t events, void *user)
{
    Crowd *crowd = user;
    poller_set_deadline(crowd->pinging, g_get_monotonic_time() + PING_AFTER_US);
    Wire__Ping ping = WIRE__PING__INIT;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_PING;
    frame.ping = &ping;
    g_autoptr(GBytes) bytes = frame_build(&frame);
    for (unsigned i = 0; i < crowd->config.members; i++) {
        if (crowd->members[i].joined)
            link_send(crowd->members[i].link, bytes);
    }
}

/* The token begins with the time of sending and the writer's number. */
typedef struct {
    int64_t sent_us;
    uint32_t writer;
    uint32_t nothing;
} Token;
G_STATIC_ASSERT(sizeof(Token) == TOKEN_SIZE);

static void write_message(Member *member)
{
    Crowd *crowd = member->crowd;
    Token token = {.sent_us = g_get_monotonic_time(), .writer = member->number};
    static const uint8_t general[PLACE_SIZE];
    g_autoptr(GBytes) content = content_message(crowd->text, false, NULL);
    EventDraft draft = {.incarnation = 1,
                        .lane = LANE_PUBLIC,
                        .seq = ++member->seq,
                        .prev = member->seq > 1 ? member->prev : NULL,
                        .place = crowd->place,
                        .time_ms = token.sent_us / 1000 + crowd->room_offset_ms,
                        .token = (const uint8_t *)&token,
                        .kind = EVENT_MESSAGE,
                        .room = general,
                        .content = content};
    g_autoptr(Event) event = event_sign(member->identity, &draft);
    g_assert(event != NULL);
    memcpy(member->prev, event_hash(event), HASH_SIZE);
    Wire__SignedEvent signed_event = WIRE__SIGNED_EVENT__INIT;
    size_t size;
    signed_event.body.data = (uint8_t *)g_bytes_get_data(event_body(event), &size);
    signed_event.body.len = size;
    signed_event.signature.data = (uint8_t *)g_bytes_get_data(event_signature(event), &size);
    signed_event.signature.len = size;
    Wire__Submit submit = WIRE__SUBMIT__INIT;
    submit.event = &signed_event;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_SUBMIT;
    frame.submit = &submit;
    send_frame(member, &frame);
    crowd->counts.sent++;
}

/* Sends what is due; a writer whose window is full sends later what it missed. */
static void write_due(uint32_t events, void *user)
{
    Crowd *crowd = user;
    int64_t now_us = g_get_monotonic_time();
    int64_t pause_us = (int64_t)(G_USEC_PER_SEC / crowd->config.rate);
    int64_t next_us = now_us + pause_us;
    for (unsigned i = 0; crowd->on && i < crowd->config.writers; i++) {
        Member *member = &crowd->members[i];
        if (!member->joined)
            continue;
        if (member->next_us <= now_us && member->seq - member->own < crowd->config.window) {
            write_message(member);
            member->next_us = MAX(member->next_us + pause_us, now_us - 10 * pause_us);
        }
        if (member->seq - member->own < crowd->config.window)
            next_us = MIN(next_us, member->next_us);
    }
    poller_set_deadline(crowd->writing, crowd->on ? MAX(next_us, now_us + 200) : 0);
}

static const uint8_t *find_token(const Field *signed_event)
{
    FieldReader outer = field_reader(signed_event->bytes, signed_event->length);
    Field body, field;
    while (field_next(&outer, &body)) {
        if (body.number != 1)
            continue;
        FieldReader inner = field_reader(body.bytes, body.length);
        while (field_next(&inner, &field)) {
            if (field.number == 8 && field.length == TOKEN_SIZE)
                return field.bytes;
        }
    }
    return NULL;
}

static void take_entry(Member *member, const Field *entry, int64_t now_us)
{
    FieldReader reader = field_reader(entry->bytes, entry->length);
    Field field;
    Token token = {0};
    while (field_next(&reader, &field)) {
        if (field.number == 1) {
            member->checksum = (member->checksum ^ field.value) * UINT64_C(0x100000001b3);
        } else if (field.number == 2) {
            const uint8_t *bytes = find_token(&field);
            g_assert(bytes != NULL);
            memcpy(&token, bytes, sizeof token);
            member->checksum = (member->checksum ^ (uint64_t)token.sent_us ^ token.writer) *
                               UINT64_C(0x100000001b3);
        }
    }
    member->crowd->counts.deliveries++;
    if (token.writer - member->crowd->config.first >= member->crowd->config.members)
        return; /* somebody else's */
    histogram_add(&member->crowd->counts.latency, (uint64_t)MAX(now_us - token.sent_us, 0));
    if (token.writer == member->number)
        member->own++;
}

static void take_deliver(Member *member, const Field *deliver)
{
    FieldReader reader = field_reader(deliver->bytes, deliver->length);
    Field field;
    uint64_t after = 0, through = 0;
    int64_t now_us = g_get_monotonic_time();
    while (field_next(&reader, &field)) {
        if (field.number == 1)
            after = field.value;
        else if (field.number == 2)
            through = field.value;
        else if (!member->thorough)
            break;
        else if (field.number == 3)
            take_entry(member, &field, now_us);
    }
    if (!member->thorough) /* nothing but public events is ever written here */
        member->crowd->counts.deliveries += through - after;
    member->holes += member->through != after;
    member->through = through;
}

static void take_welcome(Member *member, const Wire__Welcome *welcome)
{
    Crowd *crowd = member->crowd;
    memcpy(crowd->place, welcome->place.data, PLACE_SIZE);
    crowd->room_offset_ms = welcome->room_time_ms - g_get_monotonic_time() / 1000;
    member->through = welcome->head;
    member->joined = true;
    crowd->counts.joined++;
    connect_more(crowd);
}

static void on_message(const uint8_t *message, size_t length, void *user)
{
    Member *member = user;
    FieldReader reader = field_reader(message, length);
    Field body;
    if (!field_next(&reader, &body))
        return;
    if (body.number == WIRE__FRAME__BODY_DELIVER) {
        take_deliver(member, &body);
        return;
    }
    if (body.number != WIRE__FRAME__BODY_WELCOME && body.number != WIRE__FRAME__BODY_RECEIPT)
        return;
    arena_reset(member->crowd->arena);
    const Wire__Frame *frame = frame_parse(member->crowd->arena, message, length, NULL);
    g_assert(frame != NULL);
    if (frame->body_case == WIRE__FRAME__BODY_WELCOME)
        take_welcome(member, frame->welcome);
    else if (frame->receipt->refusal != WIRE__REFUSAL__NONE)
        member->crowd->counts.refused++;
}

static void on_opened(const uint8_t *key, void *user)
{
    say_hello(user);
}

static void on_closed(const char *why, void *user)
{
    Member *member = user;
    if (g_getenv("BENCH_LOG") != NULL)
        g_printerr("member %u: %s\n", member->number, why);
    g_clear_pointer(&member->link, link_free);
    member->joined = false;
    member->crowd->counts.lost++;
}

static size_t on_message_max(void *user)
{
    return FRAME_MAX;
}

static void connect_member(Member *member)
{
    static const LinkEvents events = {.opened = on_opened,
                                      .message = on_message,
                                      .closed = on_closed,
                                      .message_max = on_message_max};
    uint8_t seed[crypto_sign_SEEDBYTES] = {0xbe};
    memcpy(seed + 1, &member->number, sizeof member->number);
    member->identity = identity_from_seed(seed);
    g_autoptr(GError) error = NULL;
    member->tls = tls_new(member->identity, &error);
    if (member->tls == NULL)
        g_error("%s", error->message);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(member->crowd->config.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS))
        g_error("cannot connect: %s", g_strerror(errno));
    member->link = link_new(member->crowd->poller, fd, tls_connect(member->tls, TLS_ALPN_LINK), 0,
                            &events, member);
    g_clear_pointer(&member->tls, tls_free);
}

static void connect_more(Crowd *crowd)
{
    while (crowd->started < crowd->config.members &&
           crowd->started - crowd->counts.joined < crowd->config.at_once)
        connect_member(&crowd->members[crowd->started++]);
}

Crowd *crowd_new(const CrowdConfig *config)
{
    Crowd *crowd = g_new0(Crowd, 1);
    crowd->config = *config;
    crowd->poller = poller_new(NULL);
    crowd->arena = arena_new(FRAME_ARENA_SIZE);
    crowd->text = g_strnfill(MAX(config->text, 1u), 'x');
    crowd->members = g_new0(Member, config->members);
    crowd->writing = poller_watch(crowd->poller, -1, 0, write_due, crowd);
    crowd->pinging = poller_watch(crowd->poller, -1, 0, ping_all, crowd);
    poller_set_deadline(crowd->pinging, g_get_monotonic_time() + PING_AFTER_US);
    for (unsigned i = 0; i < config->members; i++) {
        crowd->members[i].crowd = crowd;
        crowd->members[i].number = config->first + i;
        crowd->members[i].thorough = i < config->writers || i % MAX(config->check_one_in, 1u) == 0;
    }
    return crowd;
}

void crowd_free(Crowd *crowd)
{
    if (crowd == NULL)
        return;
    for (unsigned i = 0; i < crowd->config.members; i++) {
        link_free(crowd->members[i].link);
        identity_free(crowd->members[i].identity);
    }
    poller_unwatch(crowd->writing);
    poller_unwatch(crowd->pinging);
    poller_free(crowd->poller);
    arena_free(crowd->arena);
    g_free(crowd->text);
    g_free(crowd->members);
    g_free(crowd);
}

CrowdCounts *crowd_counts(Crowd *crowd)
{
    return &crowd->counts;
}

double crowd_join(Crowd *crowd)
{
    int64_t start_us = g_get_monotonic_time();
    connect_more(crowd);
    while (crowd->counts.joined < crowd->config.members && crowd->counts.lost == 0)
        g_main_context_iteration(NULL, TRUE);
    return (double)(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
}

void crowd_write(Crowd *crowd, bool on)
{
    crowd->on = on;
    int64_t now_us = g_get_monotonic_time();
    int64_t pause_us = (int64_t)(G_USEC_PER_SEC / crowd->config.rate);
    for (unsigned i = 0; i < crowd->config.writers; i++)
        crowd->members[i].next_us = now_us + pause_us * i / crowd->config.writers;
    poller_set_deadline(crowd->writing, on ? now_us : 0);
}

static gboolean time_is_over(void *user)
{
    *(bool *)user = true;
    return G_SOURCE_REMOVE;
}

void crowd_run(Crowd *crowd, double seconds)
{
    bool over = false;
    g_timeout_add((unsigned)(seconds * 1000), time_is_over, &over);
    while (!over)
        g_main_context_iteration(NULL, TRUE);
}

static bool all_told(const Crowd *crowd)
{
    uint64_t through = 0;
    for (unsigned i = 0; i < crowd->config.writers; i++) {
        if (crowd->members[i].joined && crowd->members[i].own < crowd->members[i].seq)
            return false;
    }
    for (unsigned i = 0; i < crowd->config.members; i++)
        through = MAX(through, crowd->members[i].through);
    for (unsigned i = 0; i < crowd->config.members; i++) {
        if (crowd->members[i].joined && crowd->members[i].through != through)
            return false;
    }
    return true;
}

void crowd_settle(Crowd *crowd)
{
    for (int tenths = 0; tenths < 200 && !all_told(crowd); tenths++)
        crowd_run(crowd, 0.1);
}

unsigned crowd_differing(const Crowd *crowd)
{
    unsigned differing = 0;
    for (unsigned i = 0; i < crowd->config.members; i++) {
        const Member *member = &crowd->members[i];
        differing += member->holes > 0 ||
                     (member->thorough && member->checksum != crowd->members[0].checksum);
    }
    return differing;
}
