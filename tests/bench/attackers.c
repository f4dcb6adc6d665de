#include "tests/bench/attackers.h"

#include "relay/content.h"
#include "relay/event.h"
#include "relay/link.h"

#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 10
#define HARD_ONE_IN 250 /* mutations that cost the link are sent rarely: each costs a handshake */
#define BASES 8

typedef struct Attack Attack;

typedef struct {
    Attack *attack;
    Identity *identity;
    Tls *tls;
    Link *link;
    bool joined;
} Attacker;

/* How far a silent connection goes. */
typedef enum {
    SILENT_TCP,
    SILENT_HALF_HELLO, /* the beginning of a TLS record */
    SILENT_TLS,        /* a handshake, but no Hello */
    SILENT_KINDS,
} SilentKind;

typedef struct {
    Attack *attack;
    SilentKind kind;
    int fd; /* -1 when `link` has it */
    Link *link;
} Silent;

struct Attack {
    AttackConfig config;
    AttackCounts counts;
    Poller *poller;
    Arena *arena;
    GRand *random;
    GBytes *bases[BASES];
    Attacker *attackers;
    Silent *silent;
    double owed; /* frames due by now */
    uint8_t place[PLACE_SIZE];
};

static int dial(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS))
        g_error("cannot connect: %s", g_strerror(errno));
    return fd;
}

static size_t any_size(void *user)
{
    return FRAME_MAX;
}

static GBytes *hello_frame(void)
{
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.version = PROTOCOL_VERSION;
    hello.software = (char *)"attacker";
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HELLO;
    frame.hello = &hello;
    return frame_build(&frame);
}

/* Members. */

static void attacker_connect(Attacker *attacker);

static void attacker_opened(const uint8_t *key, void *user)
{
    g_autoptr(GBytes) hello = hello_frame();
    link_send(((Attacker *)user)->link, hello);
}

static void attacker_message(const uint8_t *message, size_t length, void *user)
{
    Attacker *attacker = user;
    if (attacker->joined)
        return;
    arena_reset(attacker->attack->arena);
    const Wire__Frame *frame = frame_parse(attacker->attack->arena, message, length, NULL);
    if (frame != NULL && frame->body_case == WIRE__FRAME__BODY_WELCOME) {
        attacker->joined = true;
        memcpy(attacker->attack->place, frame->welcome->place.data, PLACE_SIZE);
    }
}

static void attacker_closed(const char *why, void *user)
{
    Attacker *attacker = user;
    g_clear_pointer(&attacker->link, link_free);
    attacker->joined = false;
    attacker->attack->counts.reconnects++;
    attacker_connect(attacker);
}

static void attacker_connect(Attacker *attacker)
{
    static const LinkEvents events = {.opened = attacker_opened,
                                      .message = attacker_message,
                                      .closed = attacker_closed,
                                      .message_max = any_size};
    attacker->link = link_new(attacker->attack->poller, dial(attacker->attack->config.port),
                              tls_connect(attacker->tls, TLS_ALPN_LINK), 0, &events, attacker);
}

static GBytes *submit_frame(const Identity *identity)
{
    static const uint8_t nothing[PLACE_SIZE];
    g_autoptr(GBytes) content = content_message("mutate me", false, NULL);
    EventDraft draft = {.incarnation = 1,
                        .seq = 1,
                        .place = nothing,
                        .time_ms = g_get_real_time() / 1000,
                        .token = nothing,
                        .kind = EVENT_MESSAGE,
                        .room = nothing,
                        .content = content};
    g_autoptr(Event) event = event_sign(identity, &draft);
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
    return frame_build(&frame);
}

static void make_bases(Attack *attack)
{
    static uint8_t bytes[64];
    Wire__Fetch fetch = WIRE__FETCH__INIT;
    fetch.request = 1, fetch.before = 1000, fetch.limit = 10;
    Wire__Head head = WIRE__HEAD__INIT;
    head.author = (ProtobufCBinaryData){KEY_SIZE, bytes};
    head.hash = (ProtobufCBinaryData){HASH_SIZE, bytes};
    head.seq = 1;
    Wire__Head *heads_list[] = {&head, &head};
    Wire__Heads heads = WIRE__HEADS__INIT;
    heads.n_heads = G_N_ELEMENTS(heads_list), heads.heads = heads_list, heads.ask = true;
    Wire__Status status = WIRE__STATUS__INIT;
    status.what = WIRE__STATUS__WHAT__TYPING;
    status.room = (ProtobufCBinaryData){PLACE_SIZE, bytes};
    Wire__Signal signal = WIRE__SIGNAL__INIT;
    signal.to = (ProtobufCBinaryData){KEY_SIZE, bytes};
    signal.sealed = (ProtobufCBinaryData){sizeof bytes, bytes};
    Wire__Ping ping = WIRE__PING__INIT;
    ping.nonce = 12345, ping.position = 1;
    Wire__Pong pong = WIRE__PONG__INIT;
    pong.nonce = 12345, pong.room_time_ms = 1;
    Wire__Frame frames[BASES - 2];
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
        wire__frame__init(&frames[i]);
    frames[0].body_case = WIRE__FRAME__BODY_FETCH, frames[0].fetch = &fetch;
    frames[1].body_case = WIRE__FRAME__BODY_HEADS, frames[1].heads = &heads;
    frames[2].body_case = WIRE__FRAME__BODY_STATUS, frames[2].status = &status;
    frames[3].body_case = WIRE__FRAME__BODY_SIGNAL, frames[3].signal = &signal;
    frames[4].body_case = WIRE__FRAME__BODY_PING, frames[4].ping = &ping;
    frames[5].body_case = WIRE__FRAME__BODY_PONG, frames[5].pong = &pong;
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
        attack->bases[i] = frame_build(&frames[i]);
    attack->bases[BASES - 2] = hello_frame();
    attack->bases[BASES - 1] = submit_frame(attack->attackers[0].identity);
}

/* Would the relay keep the link after this? */
static bool is_soft(Attack *attack, const uint8_t *frame, size_t size)
{
    size_t cut = 0;
    if (frame_cut(frame, size, FRAME_MAX, &cut) != FRAME_OK || cut != size)
        return false;
    arena_reset(attack->arena);
    const Wire__Frame *parsed =
        frame_parse(attack->arena, frame + FRAME_HEADER_SIZE, size - FRAME_HEADER_SIZE, NULL);
    if (parsed == NULL)
        return false;
    switch (parsed->body_case) {
    case WIRE__FRAME__BODY_SUBMIT:
    case WIRE__FRAME__BODY_FETCH:
    case WIRE__FRAME__BODY_HEADS:
    case WIRE__FRAME__BODY_STATUS:
    case WIRE__FRAME__BODY_SIGNAL:
    case WIRE__FRAME__BODY_PING:
    case WIRE__FRAME__BODY_PONG:
    case WIRE__FRAME__BODY__NOT_SET:
        return true;
    default:
        return false;
    }
}

/* A base with some bits and bytes changed, often inserted or left out; transfer full. */
static GBytes *mutated(Attack *attack)
{
    GBytes *base = attack->bases[g_rand_int_range(attack->random, 0, BASES)];
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_byte_array_append(bytes, g_bytes_get_data(base, NULL), (unsigned)g_bytes_get_size(base));
    for (int changes = g_rand_int_range(attack->random, 1, 5); changes > 0; changes--) {
        unsigned at = (unsigned)g_rand_int_range(attack->random, 0, (int)bytes->len);
        switch (g_rand_int_range(attack->random, 0, 8)) {
        case 0:
            bytes->data[at] = (uint8_t)g_rand_int(attack->random);
            break;
        case 1:
            if (bytes->len > 8)
                g_byte_array_remove_index(bytes, at);
            break;
        case 2: {
            unsigned size = MIN(at, 64u);
            g_autofree uint8_t *copy = g_memdup2(bytes->data, size);
            g_byte_array_append(bytes, copy, size);
            break;
        }
        default:
            bytes->data[at] ^= (uint8_t)(1u << g_rand_int_range(attack->random, 0, 8));
        }
    }
    if (g_rand_int_range(attack->random, 0, HARD_ONE_IN) != 0) { /* the length is right, mostly */
        uint32_t header = GUINT32_TO_BE(bytes->len - FRAME_HEADER_SIZE);
        memcpy(bytes->data, &header, sizeof header);
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

static void send_one(Attacker *attacker)
{
    Attack *attack = attacker->attack;
    for (;;) {
        g_autoptr(GBytes) frame = mutated(attack);
        size_t size;
        const uint8_t *bytes = g_bytes_get_data(frame, &size);
        bool soft = is_soft(attack, bytes, size);
        if (!soft && g_rand_int_range(attack->random, 0, HARD_ONE_IN) != 0)
            continue;
        if (!link_send(attacker->link, frame))
            return;
        attack->counts.frames++;
        attack->counts.malformed += !soft;
        attacker->joined = soft; /* after a hard one nothing more is looked at */
        return;
    }
}

/* Silent connections. */

static void silent_start(Silent *silent);

static void silent_opened(const uint8_t *key, void *user)
{
}

static void silent_message(const uint8_t *message, size_t length, void *user)
{
}

static void silent_closed(const char *why, void *user)
{
    Silent *silent = user;
    g_clear_pointer(&silent->link, link_free);
    silent->attack->counts.cut++;
    silent_start(silent);
}

static void silent_start(Silent *silent)
{
    static const LinkEvents events = {.opened = silent_opened,
                                      .message = silent_message,
                                      .closed = silent_closed,
                                      .message_max = any_size};
    int fd = dial(silent->attack->config.port);
    silent->fd = silent->kind == SILENT_TLS ? -1 : fd;
    if (silent->kind == SILENT_TLS)
        silent->link = link_new(silent->attack->poller, fd,
                                tls_connect(silent->attack->attackers[0].tls, TLS_ALPN_LINK), 0,
                                &events, silent);
}

static void silent_look(Silent *silent)
{
    static const uint8_t half_hello[] = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc};
    if (silent->fd < 0)
        return;
    uint8_t byte;
    ssize_t result = recv(silent->fd, &byte, 1, MSG_DONTWAIT);
    if (result < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (silent->kind == SILENT_HALF_HELLO)
            (void)send(silent->fd, half_hello, sizeof half_hello, MSG_NOSIGNAL);
        silent->kind = silent->kind == SILENT_HALF_HELLO ? SILENT_TCP : silent->kind;
        return;
    }
    close(silent->fd);
    silent->attack->counts.cut++;
    silent_start(silent);
}

static gboolean tick(void *user)
{
    Attack *attack = user;
    attack->owed += attack->config.per_second * TICK_MS / 1000.0;
    attack->owed = MIN(attack->owed, attack->config.per_second / 10.0);
    for (unsigned i = 0; i < attack->config.members * 100 && attack->owed >= 1; i++) {
        Attacker *attacker = &attack->attackers[i % attack->config.members];
        if (!attacker->joined)
            continue;
        send_one(attacker);
        attack->owed--;
    }
    for (unsigned i = 0; i < attack->config.silent; i++)
        silent_look(&attack->silent[i]);
    return G_SOURCE_CONTINUE;
}

static void attack_begin(Attack *attack)
{
    attack->attackers = g_new0(Attacker, attack->config.members);
    attack->silent = g_new0(Silent, attack->config.silent);
    for (unsigned i = 0; i < attack->config.members; i++) {
        Attacker *attacker = &attack->attackers[i];
        uint8_t seed[crypto_sign_SEEDBYTES] = {0xa7, (uint8_t)i, (uint8_t)(i >> 8)};
        attacker->attack = attack;
        attacker->identity = identity_from_seed(seed);
        attacker->tls = tls_new(attacker->identity, NULL);
        attacker_connect(attacker);
    }
    make_bases(attack);
    for (unsigned i = 0; i < attack->config.silent; i++) {
        attack->silent[i].attack = attack;
        attack->silent[i].kind = (SilentKind)(i % SILENT_KINDS);
        silent_start(&attack->silent[i]);
    }
}

static void attack_end(Attack *attack)
{
    for (unsigned i = 0; i < attack->config.members; i++) {
        link_free(attack->attackers[i].link);
        tls_free(attack->attackers[i].tls);
        identity_free(attack->attackers[i].identity);
    }
    for (unsigned i = 0; i < attack->config.silent; i++) {
        link_free(attack->silent[i].link);
        if (attack->silent[i].fd >= 0)
            close(attack->silent[i].fd);
    }
    for (size_t i = 0; i < BASES; i++)
        g_bytes_unref(attack->bases[i]);
    poller_free(attack->poller);
    arena_free(attack->arena);
    g_rand_free(attack->random);
    g_free(attack->attackers);
    g_free(attack->silent);
}

AttackCounts attack(const AttackConfig *config)
{
    Attack state = {.config = *config,
                    .poller = poller_new(NULL),
                    .arena = arena_new(FRAME_ARENA_SIZE),
                    .random = g_rand_new_with_seed(config->seed)};
    attack_begin(&state);
    unsigned timer = g_timeout_add(TICK_MS, tick, &state);
    while (state.counts.frames < config->frames)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
    attack_end(&state);
    return state.counts;
}
