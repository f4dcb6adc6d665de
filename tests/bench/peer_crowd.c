/* One epoll descriptor; what is read goes through memory that all connections share. A writer's
 * next message leaves when the one before it has come to everybody, so that what a server piles up
 * is bounded and the same for all. */
#include "tests/bench/peer_crowd.h"

#include "tests/bench/peer_wire.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#define EVENTS 256
#define SETTLE_S 20
#define SAMPLE 16 /* without a rate, one member in so many looks at the time */

typedef struct {
    PeerCrowd *crowd;
    unsigned number;
    PeerWire *wire;
    GByteArray *partial; /* the beginning of a piece */
    bool greeted, joined;
    uint32_t *seen; /* by writer: the last number that came */
} Peer;

typedef struct {
    uint32_t sent, through;
    unsigned missing[PEER_WINDOW_MAX]; /* by number modulo: members that it has not come to */
} Writer;

struct PeerCrowd {
    PeerConfig config;
    PeerCounts counts;
    PeerTls *tls;
    int epoll;
    Peer *peers;
    Writer *writers;
    unsigned started;
    bool on;
    unsigned turn;   /* the next writer, when there is a rate */
    int64_t next_us; /* … and when it writes */
    int64_t now_us;
    GByteArray *answer;
    char text[PEER_TEXT_MAX + 1];
};

/* A text: '~', writer, number, time, all in hex of fixed length, padded. */
#define WRITER_AT 1
#define NUMBER_AT 5
#define TIME_AT 13
#define TIME_END 29

static uint64_t read_hex(const uint8_t *digits, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 4 | (unsigned)((digits[i] & 0xf) + (digits[i] >= 'a' ? 9 : 0));
    return value;
}

static void publish(PeerCrowd *crowd, unsigned number)
{
    Writer *writer = &crowd->writers[number];
    bool echoes = crowd->config.protocol->echoes;
    writer->sent++;
    writer->missing[writer->sent % crowd->config.window] = crowd->config.members - (echoes ? 0 : 1);
    char head[TIME_END + 1];
    g_snprintf(head, sizeof head, "~%04x%08x%016" G_GINT64_MODIFIER "x", number, writer->sent,
               (uint64_t)g_get_monotonic_time());
    memcpy(crowd->text, head, TIME_END);
    g_byte_array_set_size(crowd->answer, 0);
    crowd->config.protocol->publish(crowd->answer, crowd->text, crowd->config.text);
    peer_wire_write(crowd->peers[number].wire, crowd->answer);
    crowd->counts.sent++;
}

static void take_message(Peer *peer, const uint8_t *text)
{
    PeerCrowd *crowd = peer->crowd;
    if (text[0] != '~')
        g_error("a message came that nobody wrote");
    uint64_t number = read_hex(text + WRITER_AT, NUMBER_AT - WRITER_AT);
    uint32_t sequence = (uint32_t)read_hex(text + NUMBER_AT, TIME_AT - NUMBER_AT);
    if (number >= crowd->config.writers)
        g_error("a message came that nobody wrote");
    crowd->counts.deliveries++;
    crowd->counts.wrong += sequence != peer->seen[number] + 1;
    peer->seen[number] = sequence;
    Writer *writer = &crowd->writers[number];
    if (--writer->missing[sequence % crowd->config.window] == 0)
        writer->through++;
    if (crowd->config.rate > 0 || peer->number % SAMPLE == 0) {
        int64_t sent_us = (int64_t)read_hex(text + TIME_AT, TIME_END - TIME_AT);
        histogram_add(&crowd->counts.latency, (uint64_t)MAX(crowd->now_us - sent_us, 0));
    }
}

static void connect_more(PeerCrowd *crowd);

static void take_event(Peer *peer, PeerEvent event, const uint8_t *text)
{
    PeerCrowd *crowd = peer->crowd;
    switch (event) {
    case PEER_MESSAGE:
        take_message(peer, text);
        break;
    case PEER_JOINED:
        crowd->counts.joined += !peer->joined;
        peer->joined = true;
        connect_more(crowd);
        break;
    case PEER_SECURE:
        if (peer->greeted)
            break;
        peer->greeted = true;
        if (crowd->tls != NULL)
            peer_wire_secure(peer->wire, crowd->tls);
        crowd->config.protocol->greet(crowd->answer, peer->number);
        break;
    case PEER_NOTHING:
        break;
    }
}

/* How much of it was whole pieces. */
static size_t cut(Peer *peer, const uint8_t *bytes, size_t size)
{
    PeerCrowd *crowd = peer->crowd;
    size_t done = 0, piece;
    do {
        PeerEvent event;
        const uint8_t *text = NULL;
        piece = crowd->config.protocol->take(bytes + done, size - done, crowd->config.text, &event,
                                             &text, crowd->answer);
        if (piece > 0)
            take_event(peer, event, text);
        done += piece;
    } while (piece > 0 && done < size);
    return done;
}

static void take_bytes(const uint8_t *bytes, size_t size, void *user)
{
    Peer *peer = user;
    GByteArray *partial = peer->partial;
    if (partial->len > 0) {
        g_byte_array_append(partial, bytes, (unsigned)size);
        size_t done = cut(peer, partial->data, partial->len);
        g_byte_array_remove_range(partial, 0, (unsigned)done);
        return;
    }
    size_t done = cut(peer, bytes, size);
    g_byte_array_append(partial, bytes + done, (unsigned)(size - done));
}

static void serve(Peer *peer, uint32_t events)
{
    GByteArray *answer = peer->crowd->answer;
    if ((events & EPOLLOUT) != 0)
        peer_wire_flush(peer->wire);
    if ((events & ~(uint32_t)EPOLLOUT) == 0)
        return;
    peer->crowd->now_us = g_get_monotonic_time();
    g_byte_array_set_size(answer, 0);
    if (!peer_wire_read(peer->wire, take_bytes, peer))
        g_error("member %u was cut off", peer->number);
    if (answer->len > 0)
        peer_wire_write(peer->wire, answer);
}

static void connect_peer(Peer *peer)
{
    PeerCrowd *crowd = peer->crowd;
    peer->wire = peer_wire_new(crowd->epoll, crowd->config.port, peer);
    peer->greeted = !crowd->config.protocol->late_tls;
    if (!peer->greeted)
        return;
    if (crowd->tls != NULL)
        peer_wire_secure(peer->wire, crowd->tls);
    g_autoptr(GByteArray) greeting = g_byte_array_new();
    crowd->config.protocol->greet(greeting, peer->number);
    peer_wire_write(peer->wire, greeting);
}

static void connect_more(PeerCrowd *crowd)
{
    while (crowd->started < crowd->config.members &&
           crowd->started - crowd->counts.joined < crowd->config.at_once)
        connect_peer(&crowd->peers[crowd->started++]);
}

PeerCrowd *peer_crowd_new(const PeerConfig *config)
{
    g_assert(config->text >= PEER_TEXT_MIN && config->text <= PEER_TEXT_MAX &&
             config->window >= 1 && config->window <= PEER_WINDOW_MAX);
    PeerCrowd *crowd = g_new0(PeerCrowd, 1);
    crowd->config = *config;
    crowd->tls = config->tls ? peer_tls_new() : NULL;
    crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
    crowd->peers = g_new0(Peer, config->members);
    crowd->writers = g_new0(Writer, config->writers);
    crowd->answer = g_byte_array_new();
    memset(crowd->text, 'x', sizeof crowd->text - 1);
    for (unsigned i = 0; i < config->members; i++) {
        crowd->peers[i].crowd = crowd;
        crowd->peers[i].number = i;
        crowd->peers[i].partial = g_byte_array_new();
        crowd->peers[i].seen = g_new0(uint32_t, config->writers);
    }
    return crowd;
}

void peer_crowd_free(PeerCrowd *crowd)
{
    if (crowd == NULL)
        return;
    for (unsigned i = 0; i < crowd->config.members; i++) {
        peer_wire_free(crowd->peers[i].wire);
        g_byte_array_unref(crowd->peers[i].partial);
        g_free(crowd->peers[i].seen);
    }
    peer_tls_free(crowd->tls);
    g_byte_array_unref(crowd->answer);
    g_free(crowd->peers);
    g_free(crowd->writers);
    g_free(crowd);
}

PeerCounts *peer_crowd_counts(PeerCrowd *crowd)
{
    return &crowd->counts;
}

/* As fast as the window lets, or in turn at the rate. */
static void write_due(PeerCrowd *crowd)
{
    if (crowd->config.rate > 0) {
        int64_t now_us = g_get_monotonic_time();
        for (; crowd->next_us <= now_us; crowd->turn = (crowd->turn + 1) % crowd->config.writers) {
            publish(crowd, crowd->turn);
            crowd->next_us += (int64_t)(G_USEC_PER_SEC / crowd->config.rate);
        }
        return;
    }
    for (unsigned i = 0; i < crowd->config.writers; i++) {
        while (crowd->writers[i].sent - crowd->writers[i].through < crowd->config.window)
            publish(crowd, i);
    }
}

static void go_on(PeerCrowd *crowd)
{
    struct epoll_event events[EVENTS];
    int64_t wait_us = crowd->on && crowd->config.rate > 0
                          ? MAX(crowd->next_us - g_get_monotonic_time(), 0)
                          : 20 * 1000;
    const struct timespec wait = {.tv_nsec = 1000 * MIN(wait_us, 20 * 1000)};
    int count = epoll_pwait2(crowd->epoll, events, EVENTS, &wait, NULL);
    for (int i = 0; i < count; i++)
        serve(events[i].data.ptr, events[i].events);
    if (crowd->on)
        write_due(crowd);
}

double peer_crowd_join(PeerCrowd *crowd)
{
    int64_t start_us = g_get_monotonic_time();
    connect_more(crowd);
    while (crowd->counts.joined < crowd->config.members)
        go_on(crowd);
    return (double)(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
}

void peer_crowd_write(PeerCrowd *crowd, bool on)
{
    crowd->on = on;
    crowd->next_us = g_get_monotonic_time();
    if (on)
        write_due(crowd);
}

void peer_crowd_run(PeerCrowd *crowd, double seconds)
{
    int64_t end_us = g_get_monotonic_time() + (int64_t)(seconds * G_USEC_PER_SEC);
    while (g_get_monotonic_time() < end_us)
        go_on(crowd);
}

unsigned peer_crowd_lacking(const PeerCrowd *crowd)
{
    unsigned lacking = 0;
    for (unsigned i = 0; i < crowd->config.members; i++) {
        bool lacks = false;
        for (unsigned w = 0; w < crowd->config.writers; w++)
            lacks |= (crowd->config.protocol->echoes || w != i) &&
                     crowd->peers[i].seen[w] != crowd->writers[w].sent;
        lacking += lacks;
    }
    return lacking;
}

void peer_crowd_settle(PeerCrowd *crowd)
{
    for (int tenths = 0; tenths < SETTLE_S * 10 && peer_crowd_lacking(crowd) > 0; tenths++)
        peer_crowd_run(crowd, 0.1);
}
