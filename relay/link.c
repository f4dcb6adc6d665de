/* A link goes HANDSHAKE → OPEN → FINISHING → DRAINING → GONE, and may fall to GONE from each of
 * these. Everything happens in serve(), which the poller calls; what a caller asks for in between
 * only marks and pokes. serve() holds a reference, so that a callback may free the link under it;
 * it ends with settle(), the one place that tells the owner that the link is gone. */
#include "relay/link.h"

#include "relay/limits.h"
#include "relay/socket_bio.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* When so much left at once, the owner may be waiting to go on with a long answer. */
#define LONG_QUEUE (64 * 1024)

#define ACCEPTED_IN_SIZE (20 * 1024) /* read of a link that was accepted, in one round */

#define UNSENT_TIMEOUT_MS 10000 /* of TCP_USER_TIMEOUT */
#define KEEPALIVE_AFTER_S 30

typedef enum {
    LINK_HANDSHAKE,
    LINK_OPEN,
    LINK_FINISHING, /* writing out what is queued; what comes is thrown away */
    LINK_DRAINING,  /* waiting for the other's end */
    LINK_GONE,
} LinkState;

struct Link {
    unsigned references;
    LinkState state;
    Poller *poller;
    PollerWatch *watch; /* NULL: freed or gone */
    SSL *ssl;
    SocketBio pipe;
    LinkEvents events;
    void *user;
    const char *why; /* for closed() */
    bool freed;      /* by its owner: no more callbacks */
    bool blocked;    /* the socket takes nothing now */
    bool muted;      /* the socket takes nothing any more; what is there may still be read */
    GQueue queue;    /* of GBytes, owned */
    size_t queued;
    size_t written;      /* bytes of the queue's head that have left */
    GByteArray *partial; /* the beginning of a message whose rest is to come, or NULL */
    size_t behind;       /* in message(): decrypted bytes that follow the one that is told */
    bool in_message;
};

static void link_unref(Link *link)
{
    if (--link->references > 0)
        return;
    poller_unwatch(link->watch);
    SSL_free(link->ssl);
    if (link->pipe.fd >= 0)
        close(link->pipe.fd);
    g_queue_clear_full(&link->queue, (GDestroyNotify)g_bytes_unref);
    g_clear_pointer(&link->partial, g_byte_array_unref);
    g_free(link);
}

static void fail(Link *link, const char *why)
{
    if (link->state == LINK_GONE)
        return;
    if (link->state == LINK_HANDSHAKE || link->state == LINK_OPEN)
        link->why = why;
    link->state = LINK_GONE;
}

/* Tells the owner, at the end of serve(). */
static void settle(Link *link)
{
    if (link->freed || link->state != LINK_GONE || link->watch == NULL)
        return;
    g_clear_pointer(&link->watch, poller_unwatch);
    close(link->pipe.fd);
    link->pipe.fd = -1;
    link->events.closed(link->why, link->user);
}

static void update_interest(Link *link)
{
    if (link->watch != NULL && link->state != LINK_GONE)
        poller_change(link->watch, EPOLLIN | (link->blocked ? EPOLLOUT : 0u));
}

/* The next bytes to be written: at most one record. Small frames are put together. After a write
 * that could not be finished OpenSSL wants the same bytes again, or more: as the queue only grows
 * at its end, that is what comes. */
static const uint8_t *next_record(Link *link, size_t *length)
{
    size_t size;
    const GList *head = link->queue.head;
    const uint8_t *bytes = g_bytes_get_data(head->data, &size);
    if (size - link->written >= POLLER_RECORD_SIZE || head->next == NULL) {
        *length = MIN(size - link->written, POLLER_RECORD_SIZE);
        return bytes + link->written;
    }
    uint8_t *out = poller_scratch(link->poller)->out;
    size_t skip = link->written;
    *length = 0;
    for (; head != NULL && *length < POLLER_RECORD_SIZE; head = head->next) {
        bytes = g_bytes_get_data(head->data, &size);
        size_t part = MIN(size - skip, POLLER_RECORD_SIZE - *length);
        memcpy(out + *length, bytes + skip, part);
        *length += part;
        skip = 0;
    }
    return out;
}

static void consume(Link *link, size_t written)
{
    link->queued -= written;
    written += link->written;
    while (written > 0) {
        size_t size = g_bytes_get_size(g_queue_peek_head(&link->queue));
        if (size > written)
            break;
        written -= size;
        g_bytes_unref(g_queue_pop_head(&link->queue));
    }
    link->written = written;
}

/* Writing is over for good; a last word of the other may lie in the socket, so reading comes
 * before the end. */
static void mute(Link *link)
{
    link->muted = true;
    link->blocked = false;
    poller_poke(link->watch);
}

static void write_records(Link *link)
{
    while (link->queued > 0) {
        size_t length, written = 0;
        const uint8_t *record = next_record(link, &length);
        ERR_clear_error();
        if (SSL_write_ex(link->ssl, record, length, &written) == 1) {
            consume(link, written);
            continue;
        }
        if (SSL_get_error(link->ssl, 0) == SSL_ERROR_WANT_WRITE)
            link->blocked = true;
        else
            mute(link);
        return;
    }
}

static void push(Link *link)
{
    if ((link->state != LINK_OPEN && link->state != LINK_FINISHING) || link->muted)
        return;
    size_t before = link->queued;
    link->blocked = false;
    write_records(link);
    if (before >= LONG_QUEUE && link->queued < before)
        poller_wake(link->poller);
    if (link->state == LINK_FINISHING && link->queued == 0 && !link->muted) {
        ERR_clear_error();
        SSL_shutdown(link->ssl);
        shutdown(link->pipe.fd, SHUT_WR);
        link->state = LINK_DRAINING;
    }
    update_interest(link);
}

static void begin_finish(Link *link)
{
    link->state = LINK_FINISHING;
    poller_set_deadline(link->watch, g_get_monotonic_time() + LINK_FINISH_US);
    poller_poke(link->watch);
}

/* Hands over the whole messages at the beginning of `bytes`; the length of what remains. */
static size_t cut_messages(Link *link, const uint8_t *bytes, size_t length)
{
    while (length > 0 && link->state == LINK_OPEN && !link->freed) {
        size_t size = 0;
        FrameResult result = frame_cut(bytes, length, link->events.message_max(link->user), &size);
        if (result == FRAME_PARTIAL)
            break;
        if (result != FRAME_OK) {
            link->why =
                result == FRAME_TOO_LARGE ? "a message was too large" : "what came was no message";
            if (link->events.broken != NULL)
                link->events.broken(link->why, link->user);
            if (!link->freed && link->state == LINK_OPEN)
                begin_finish(link);
            return 0;
        }
        length -= size;
        link->behind = length;
        link->in_message = true;
        link->events.message(bytes + FRAME_HEADER_SIZE, size - FRAME_HEADER_SIZE, link->user);
        link->in_message = false;
        bytes += size;
    }
    return length;
}

/* How much to set aside for a message that has begun: what its header says, but not much on the
 * mere word of the other. */
static unsigned room_for(const uint8_t *bytes, size_t length)
{
    uint32_t header = 0;
    if (length >= sizeof header)
        memcpy(&header, bytes, sizeof header);
    return (unsigned)CLAMP(FRAME_HEADER_SIZE + (size_t)GUINT32_FROM_BE(header), length,
                           4 * POLLER_RECORD_SIZE);
}

static void take_plain(Link *link, const uint8_t *bytes, size_t length)
{
    if (link->partial == NULL) {
        size_t rest = cut_messages(link, bytes, length);
        if (rest > 0) {
            link->partial = g_byte_array_sized_new(room_for(bytes + length - rest, rest));
            g_byte_array_append(link->partial, bytes + length - rest, (unsigned)rest);
        }
        return;
    }
    g_byte_array_append(link->partial, bytes, (unsigned)length);
    size_t rest = cut_messages(link, link->partial->data, link->partial->len);
    if (rest == 0)
        g_clear_pointer(&link->partial, g_byte_array_unref);
    else if (rest < link->partial->len)
        g_byte_array_remove_range(link->partial, 0, link->partial->len - (unsigned)rest);
}

static void read_records(Link *link)
{
    uint8_t *plain = poller_scratch(link->poller)->plain;
    while (link->state == LINK_OPEN && !link->freed) {
        size_t length = 0;
        ERR_clear_error();
        if (SSL_read_ex(link->ssl, plain, POLLER_RECORD_SIZE, &length) == 1) {
            take_plain(link, plain, length);
            continue;
        }
        int error = SSL_get_error(link->ssl, 0);
        if (error == SSL_ERROR_ZERO_RETURN)
            fail(link, "the other side closed the connection");
        else if (error != SSL_ERROR_WANT_READ)
            fail(link, tls_why());
        return;
    }
}

static void shake_hands(Link *link)
{
    ERR_clear_error();
    int result = SSL_do_handshake(link->ssl);
    int error = SSL_get_error(link->ssl, result);
    link->blocked = result != 1 && error == SSL_ERROR_WANT_WRITE;
    if (result != 1) {
        if (link->pipe.write_error != 0)
            fail(link, g_strerror(link->pipe.write_error));
        else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
            fail(link, tls_why());
        return;
    }
    uint8_t key[KEY_SIZE];
    if (!tls_peer_key(link->ssl, key)) {
        fail(link, "the other side showed no usable key");
        return;
    }
    link->state = LINK_OPEN;
    poller_set_deadline(link->watch, 0);
    link->events.opened(key, link->user);
    if (!link->freed && link->queued > 0)
        poller_poke(link->watch);
}

/* One system call a round, so that a flood on one link leaves the others their turn. Who accepted
 * has many links, and takes little more than a record of each. */
static void receive(Link *link)
{
    uint8_t *in = poller_scratch(link->poller)->in;
    size_t most = SSL_is_server(link->ssl) != 0 ? ACCEPTED_IN_SIZE : POLLER_IN_SIZE;
    ssize_t length = recv(link->pipe.fd, in, most, 0);
    if (length < 0) {
        if (errno != EAGAIN && errno != EINTR)
            fail(link, g_strerror(errno));
        return;
    }
    if (length == 0) {
        fail(link, "the connection was cut");
        return;
    }
    link->pipe.in = in;
    link->pipe.in_length = (size_t)length;
    if (link->state == LINK_HANDSHAKE)
        shake_hands(link);
    read_records(link);
    if (link->state == LINK_OPEN && !link->freed && link->pipe.in_length > 0)
        fail(link, "TLS stopped in the middle");
    link->pipe.in = NULL;
    link->pipe.in_length = 0;
}

static void expire(Link *link)
{
    fail(link, link->state == LINK_HANDSHAKE ? "no TLS handshake in time" : "too slow");
}

static void serve(uint32_t events, void *user)
{
    Link *link = user;
    link->references++;
    bool last = link->muted;
    if (events == POLLER_DEADLINE) {
        expire(link);
    } else {
        bool to_read = (events & ~(EPOLLOUT | POLLER_POKED)) != 0 || last;
        if (link->state == LINK_HANDSHAKE && !to_read)
            shake_hands(link);
        if (to_read && link->state != LINK_GONE)
            receive(link);
        if (!link->freed && (events & (EPOLLOUT | POLLER_POKED)) != 0)
            push(link);
        if (last)
            fail(link, g_strerror(link->pipe.write_error != 0 ? link->pipe.write_error : EPIPE));
        if (!link->freed)
            update_interest(link);
    }
    settle(link);
    link_unref(link);
}

static void set_option(int fd, int level, int option, int value)
{
    /* Not all kinds of sockets know all of these, and none is needed. */
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

Link *link_new(Poller *poller, int fd, SSL *ssl, int64_t deadline_us, const LinkEvents *events,
               void *user)
{
    Link *link = g_new0(Link, 1);
    link->references = 1;
    link->poller = poller;
    link->ssl = ssl;
    link->pipe.fd = fd;
    link->events = *events;
    link->user = user;
    g_queue_init(&link->queue);
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNSENT_TIMEOUT_MS);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_AFTER_S);
    BIO *bio = socket_bio_new(&link->pipe);
    SSL_set_bio(ssl, bio, bio);
    /* Whoever connects speaks first, when the socket is connected. */
    link->blocked = SSL_is_server(ssl) == 0;
    link->watch = poller_watch(poller, fd, EPOLLIN | (link->blocked ? EPOLLOUT : 0u), serve, link);
    poller_set_deadline(link->watch, deadline_us);
    return link;
}

void link_free(Link *link)
{
    if (link == NULL)
        return;
    link->freed = true;
    g_clear_pointer(&link->watch, poller_unwatch);
    link_unref(link);
}

void link_set_events(Link *link, const LinkEvents *events, void *user)
{
    link->events = *events;
    link->user = user;
}

void link_set_deadline(Link *link, int64_t deadline_us)
{
    if (link->state == LINK_HANDSHAKE || link->state == LINK_OPEN)
        poller_set_deadline(link->watch, deadline_us);
}

bool link_send(Link *link, GBytes *frame)
{
    size_t size = g_bytes_get_size(frame);
    if ((link->state != LINK_OPEN && link->state != LINK_HANDSHAKE) ||
        link->queued + size > QUEUE_MAX)
        return false;
    g_queue_push_tail(&link->queue, g_bytes_ref(frame));
    link->queued += size;
    if (link->state == LINK_OPEN && !link->blocked)
        poller_poke(link->watch);
    return true;
}

void link_flush(Link *link)
{
    if (link->state == LINK_OPEN && !link->blocked)
        push(link);
}

void link_finish(Link *link)
{
    link->why = NULL;
    if (link->state == LINK_OPEN) {
        begin_finish(link);
    } else if (link->state == LINK_HANDSHAKE) {
        link->state = LINK_GONE;
        poller_poke(link->watch);
    }
}

size_t link_queued(const Link *link)
{
    return link->queued;
}

bool link_is_open(const Link *link)
{
    return link->state == LINK_OPEN;
}

void link_export(const Link *link, const char *label, uint8_t *out)
{
    tls_export(link->ssl, label, out, EXPORTER_SIZE);
}

const char *link_alpn(const Link *link)
{
    return tls_alpn(link->ssl);
}

/* Does anything lie where the taker would not find it? What is in the socket it finds by itself. */
static bool holds_bytes(const Link *link)
{
    size_t plain = link->in_message ? link->behind : link->partial != NULL ? link->partial->len : 0;
    return link->queued > 0 || plain > 0 || link->pipe.in_length > 0 ||
           SSL_has_pending(link->ssl) != 0;
}

int link_steal(Link *link, SSL **ssl)
{
    if (link->state != LINK_OPEN || link->muted || link->freed || holds_bytes(link))
        return -1;
    /* BIO_NOCLOSE: the descriptor stays apart from the SSL object. */
    if (SSL_set_fd(link->ssl, link->pipe.fd) != 1) {
        ERR_clear_error();
        return -1;
    }
    g_clear_pointer(&link->watch, poller_unwatch);
    /* A receiver whose disk is slow may let its window stay shut for longer than a link may. */
    set_option(link->pipe.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 0);
    *ssl = g_steal_pointer(&link->ssl);
    link->state = LINK_GONE;
    int fd = link->pipe.fd;
    link->pipe.fd = -1;
    return fd;
}
