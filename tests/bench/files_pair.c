#include "tests/bench/files_pair.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static Tls *make_tls(uint8_t number)
{
    uint8_t seed[32] = {number};
    g_autoptr(Identity) identity = identity_from_seed(seed);
    g_autoptr(GError) error = NULL;
    Tls *tls = tls_new(identity, &error);
    if (tls == NULL)
        g_error("%s", error->message);
    return tls;
}

static void shake_hands(SSL *ssl, int fd)
{
    if (SSL_set_fd(ssl, fd) != 1 || SSL_do_handshake(ssl) != 1)
        g_error("handshake: %s", tls_why());
}

G_GNUC_NORETURN static void be_sender(int listener, void (*send)(int fd, SSL *ssl))
{
    g_autoptr(Tls) tls = make_tls(1);
    int fd = accept(listener, NULL, NULL);
    if (fd < 0)
        g_error("accept");
    SSL *ssl = tls_accept(tls);
    shake_hands(ssl, fd);
    send(fd, ssl);
    _exit(EXIT_SUCCESS);
}

static double cpu(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

FilesPair files_pair_new(void (*send)(int fd, SSL *ssl))
{
    FilesPair pair = {.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(pair.listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(pair.listener, 1) != 0)
        g_error("listen");
    pair.sender = fork();
    if (pair.sender < 0)
        g_error("fork");
    if (pair.sender == 0)
        be_sender(pair.listener, send);
    return pair;
}

void files_pair_connect(FilesPair *pair)
{
    pair->own_cpu = cpu(RUSAGE_SELF);
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    pair->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (getsockname(pair->listener, (struct sockaddr *)&address, &size) != 0 ||
        connect(pair->fd, (struct sockaddr *)&address, size) != 0)
        g_error("connect");
    g_autoptr(Tls) tls = make_tls(2);
    pair->ssl = tls_connect(tls, TLS_ALPN_DATA);
    shake_hands(pair->ssl, pair->fd);
    g_strlcpy(pair->cipher, SSL_get_cipher(pair->ssl), sizeof pair->cipher);
}

void files_pair_end(FilesPair *pair)
{
    pair->own_cpu = cpu(RUSAGE_SELF) - pair->own_cpu;
    int status = 0;
    if (waitpid(pair->sender, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        g_error("the sender failed");
    pair->sender_cpu = cpu(RUSAGE_CHILDREN);
    close(pair->listener);
}

double files_pair_sender_cpu(const FilesPair *pair)
{
    return pair->sender_cpu;
}

double files_pair_own_cpu(const FilesPair *pair)
{
    return pair->own_cpu;
}

void files_pair_skip_present(SSL *ssl)
{
    uint8_t bytes[256];
    size_t length = 0;
    if (SSL_read_ex(ssl, bytes, sizeof bytes, &length) != 1)
        g_error("nobody presented itself");
}
