#include "tests/bench/peer_wire.h"

#include "relay/socket_bio.h"
#include "relay/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define IN_SIZE (256 * 1024)
#define PLAIN_SIZE (16 * 1024)

struct PeerTls {
    SSL_CTX *context;
};

struct PeerWire {
    int epoll;
    void *user;
    SocketBio pipe;
    SSL *ssl;        /* NULL: plain */
    GByteArray *out; /* not written yet */
    bool waits;      /* for EPOLLOUT */
};

static uint8_t in[IN_SIZE], plain[PLAIN_SIZE];

PeerTls *peer_tls_new(void)
{
    PeerTls *tls = g_new0(PeerTls, 1);
    tls->context = SSL_CTX_new(TLS_client_method());
    if (tls->context == NULL || SSL_CTX_set_min_proto_version(tls->context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(tls->context, "TLS_AES_128_GCM_SHA256") != 1)
        g_error("TLS: %s", tls_why());
    SSL_CTX_set_mode(tls->context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
    return tls;
}

void peer_tls_free(PeerTls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    g_free(tls);
}

static void watch(PeerWire *wire, int operation)
{
    struct epoll_event event = {.events = EPOLLIN | (wire->waits ? EPOLLOUT : 0u),
                                .data.ptr = wire->user};
    if (epoll_ctl(wire->epoll, operation, wire->pipe.fd, &event) != 0)
        g_error("epoll_ctl: %s", g_strerror(errno));
}

PeerWire *peer_wire_new(int epoll, uint16_t port, void *user)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 &&
         errno != EINPROGRESS))
        g_error("cannot connect: %s", g_strerror(errno));
    PeerWire *wire = g_new0(PeerWire, 1);
    wire->epoll = epoll;
    wire->pipe.fd = fd;
    wire->user = user;
    wire->out = g_byte_array_new();
    wire->waits = true;
    watch(wire, EPOLL_CTL_ADD);
    return wire;
}

void peer_wire_free(PeerWire *wire)
{
    if (wire == NULL)
        return;
    SSL_free(wire->ssl);
    close(wire->pipe.fd);
    g_byte_array_unref(wire->out);
    g_free(wire);
}

void peer_wire_secure(PeerWire *wire, PeerTls *tls)
{
    wire->ssl = SSL_new(tls->context);
    if (wire->ssl == NULL)
        g_error("SSL_new: %s", tls_why());
    SSL_set_connect_state(wire->ssl);
    BIO *bio = socket_bio_new(&wire->pipe);
    SSL_set_bio(wire->ssl, bio, bio);
}

/* Bytes taken; 0: none now. */
static size_t write_some(PeerWire *wire, const uint8_t *bytes, size_t size)
{
    size_t written = 0;
    if (wire->ssl != NULL) {
        ERR_clear_error();
        if (SSL_write_ex(wire->ssl, bytes, size, &written) == 1)
            return written;
        int error = SSL_get_error(wire->ssl, 0);
        if (error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ)
            g_error("cannot write: %s", tls_why());
        return 0;
    }
    ssize_t sent = send(wire->pipe.fd, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != ENOTCONN)
        g_error("cannot write: %s", g_strerror(errno));
    return sent > 0 ? (size_t)sent : 0;
}

void peer_wire_flush(PeerWire *wire)
{
    size_t done = 0, part;
    while (done < wire->out->len &&
           (part = write_some(wire, wire->out->data + done, wire->out->len - done)) > 0)
        done += part;
    g_byte_array_remove_range(wire->out, 0, (unsigned)done);
    /* In the middle of a handshake it is the other's turn, and reading goes on with this. */
    bool waits = wire->out->len > 0 && (wire->ssl == NULL || SSL_want_write(wire->ssl));
    if (waits == wire->waits)
        return;
    wire->waits = waits;
    watch(wire, EPOLL_CTL_MOD);
}

void peer_wire_write(PeerWire *wire, const GByteArray *bytes)
{
    g_byte_array_append(wire->out, bytes->data, bytes->len);
    if (!wire->waits)
        peer_wire_flush(wire);
}

static bool read_records(PeerWire *wire,
                         void (*take)(const uint8_t *bytes, size_t size, void *user), void *user)
{
    for (;;) {
        size_t length = 0;
        ERR_clear_error();
        if (SSL_read_ex(wire->ssl, plain, sizeof plain, &length) == 1) {
            take(plain, length, user);
            continue;
        }
        int error = SSL_get_error(wire->ssl, 0);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
            return true;
        if (error != SSL_ERROR_ZERO_RETURN)
            g_printerr("TLS: %s\n", tls_why());
        return false;
    }
}

bool peer_wire_read(PeerWire *wire, void (*take)(const uint8_t *bytes, size_t size, void *user),
                    void *user)
{
    ssize_t length = recv(wire->pipe.fd, in, sizeof in, 0);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (length <= 0)
        return false;
    if (wire->ssl == NULL) {
        take(in, (size_t)length, user);
        return true;
    }
    wire->pipe.in = in;
    wire->pipe.in_length = (size_t)length;
    bool open = read_records(wire, take, user);
    wire->pipe.in_length = 0;
    if (wire->out->len > 0)
        peer_wire_flush(wire);
    return open;
}
