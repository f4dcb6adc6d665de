#include "tests/unit/relay/loopback.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

Loopback loopback_new(void)
{
    Loopback loopback = {.poller = poller_new(NULL)};
    for (int i = 0; i < 2; i++) {
        uint8_t seed[32];
        memset(seed, i + 1, sizeof seed);
        loopback.identity[i] = identity_from_seed(seed);
        loopback.tls[i] = tls_new(loopback.identity[i], NULL);
        ck_assert_ptr_nonnull(loopback.tls[i]);
    }
    return loopback;
}

void loopback_clear(Loopback *loopback)
{
    poller_free(loopback->poller);
    for (int i = 0; i < 2; i++) {
        tls_free(loopback->tls[i]);
        identity_free(loopback->identity[i]);
    }
}

int loopback_dial(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int result = connect(fd, (struct sockaddr *)&address, sizeof address);
    ck_assert(result == 0 || errno == EINPROGRESS);
    return fd;
}

void loopback_sockets(int fds[2])
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    fds[0] = loopback_dial(ntohs(address.sin_port));
    fds[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ck_assert_int_ge(fds[1], 0);
    close(listener);
}

static gboolean out_of_time(void *user)
{
    ck_abort_msg("nothing more happened within 20 s");
    return G_SOURCE_REMOVE;
}

void loopback_await(const volatile unsigned *condition, unsigned enough)
{
    unsigned timer = g_timeout_add_seconds(20, out_of_time, NULL);
    while (*condition < enough)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
}
