#include "tests/bench/least_server.h"

#include "relay/socket_bio.h"
#include "relay/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 256
#define RECORD 16384
#define BACKLOG 1024
#define TRIM (32 * 1024 * 1024) /* bytes of the buffer: then what everybody has is dropped */

typedef struct {
    SocketBio pipe;
    SSL *ssl;            /* NULL: plain */
    GByteArray *partial; /* of a line */
    bool joined, blocked;
    bool greeted; /* "joined" is written */
    size_t at;    /* in the buffer: what it has got */
} Client;

typedef struct {
    int epoll, listener;
    SSL_CTX *tls;
    GPtrArray *clients;
    GByteArray *room;
} LeastServer;

static uint8_t in[4 * RECORD], plain[RECORD];

static int make_listener(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, BACKLOG) != 0)
        g_error("cannot listen: %s", g_strerror(errno));
    return fd;
}

static SSL_CTX *make_tls(const char *certificate, const char *key)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
        g_error("TLS: %s", tls_why());
    SSL_CTX_set_num_tickets(tls, 0);
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return tls;
}

static void watch(LeastServer *server, Client *client, int operation)
{
    struct epoll_event event = {.events = EPOLLIN | (client->blocked ? EPOLLOUT : 0u),
                                .data.ptr = client};
    if (epoll_ctl(server->epoll, operation, client->pipe.fd, &event) != 0)
        g_error("epoll_ctl: %s", g_strerror(errno));
}

static void accept_some(LeastServer *server)
{
    int on = 1, fd;
    while ((fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        Client *client = g_new0(Client, 1);
        client->pipe.fd = fd;
        client->partial = g_byte_array_new();
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (server->tls != NULL) {
            client->ssl = SSL_new(server->tls);
            SSL_set_accept_state(client->ssl);
            BIO *bio = socket_bio_new(&client->pipe);
            SSL_set_bio(client->ssl, bio, bio);
        }
        g_ptr_array_add(server->clients, client);
        watch(server, client, EPOLL_CTL_ADD);
    }
}

/* Bytes taken; 0: none now. */
static size_t write_some(Client *client, const uint8_t *bytes, size_t size)
{
    size_t written = 0;
    if (client->ssl == NULL) {
        ssize_t sent = send(client->pipe.fd, bytes, size, MSG_NOSIGNAL);
        return sent > 0 ? (size_t)sent : 0;
    }
    ERR_clear_error();
    return SSL_write_ex(client->ssl, bytes, MIN(size, RECORD), &written) == 1 ? written : 0;
}

static void take_line(LeastServer *server, Client *client, const uint8_t *line, size_t size)
{
    if (client->joined) {
        g_byte_array_append(server->room, line, (unsigned)size);
        return;
    }
    client->joined = true;
    client->at = server->room->len;
}

static void take_bytes(LeastServer *server, Client *client, const uint8_t *bytes, size_t size)
{
    const uint8_t *end;
    g_byte_array_append(client->partial, bytes, (unsigned)size);
    while ((end = memchr(client->partial->data, '\n', client->partial->len)) != NULL) {
        unsigned length = (unsigned)(end - client->partial->data) + 1;
        take_line(server, client, client->partial->data, length);
        g_byte_array_remove_range(client->partial, 0, length);
    }
}

static void leave(LeastServer *server, Client *client)
{
    close(client->pipe.fd);
    SSL_free(client->ssl);
    g_byte_array_unref(client->partial);
    g_ptr_array_remove_fast(server->clients, client);
    g_free(client);
}

static void receive(LeastServer *server, Client *client)
{
    ssize_t length = recv(client->pipe.fd, in, sizeof in, 0);
    if (length < 0 && errno == EAGAIN)
        return;
    if (length <= 0) {
        leave(server, client);
        return;
    }
    if (client->ssl == NULL) {
        take_bytes(server, client, in, (size_t)length);
        return;
    }
    client->pipe.in = in;
    client->pipe.in_length = (size_t)length;
    size_t taken = 0;
    ERR_clear_error();
    while (SSL_read_ex(client->ssl, plain, sizeof plain, &taken) == 1)
        take_bytes(server, client, plain, taken);
}

static void tell(LeastServer *server, Client *client)
{
    if (!client->greeted && write_some(client, (const uint8_t *)"joined\n", 7) == 0)
        return;
    client->greeted = true;
    size_t taken = 1;
    while (client->at < server->room->len && taken > 0) {
        taken = write_some(client, server->room->data + client->at, server->room->len - client->at);
        client->at += taken;
    }
    bool blocked = taken == 0;
    if (blocked == client->blocked)
        return;
    client->blocked = blocked;
    watch(server, client, EPOLL_CTL_MOD);
}

static void trim(LeastServer *server)
{
    size_t everybody_has = server->room->len;
    for (unsigned i = 0; i < server->clients->len; i++) {
        const Client *client = server->clients->pdata[i];
        everybody_has = client->joined ? MIN(everybody_has, client->at) : everybody_has;
    }
    for (unsigned i = 0; i < server->clients->len; i++) {
        Client *client = server->clients->pdata[i];
        client->at -= client->joined ? everybody_has : 0;
    }
    g_byte_array_remove_range(server->room, 0, (unsigned)everybody_has);
}

static void serve_round(LeastServer *server)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(server->epoll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
        Client *client = events[i].data.ptr;
        if (client == NULL) {
            accept_some(server);
            continue;
        }
        if ((events[i].events & EPOLLOUT) != 0)
            tell(server, client);
        if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0)
            receive(server, client);
    }
    for (unsigned i = 0; i < server->clients->len; i++) {
        Client *client = server->clients->pdata[i];
        if (client->joined && !client->blocked &&
            (!client->greeted || client->at < server->room->len))
            tell(server, client);
    }
    if (server->room->len > TRIM)
        trim(server);
}

int least_server_run(uint16_t port, const char *certificate, const char *key)
{
    LeastServer server = {.epoll = epoll_create1(EPOLL_CLOEXEC),
                          .listener = make_listener(port),
                          .tls = certificate != NULL ? make_tls(certificate, key) : NULL,
                          .clients = g_ptr_array_new(),
                          .room = g_byte_array_new()};
    struct epoll_event event = {.events = EPOLLIN};
    if (epoll_ctl(server.epoll, EPOLL_CTL_ADD, server.listener, &event) != 0)
        g_error("epoll_ctl: %s", g_strerror(errno));
    for (;;)
        serve_round(&server);
}
