#include "relay/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ACCEPTS_PER_ROUND 64
#define BACKLOG 1024
#define PAUSE_US INT64_C(100000)

struct Listener {
    int fd;
    int reserve; /* a descriptor to give up when there is none left; -1 when it is gone */
    PollerWatch *watch;
    ListenerAccepted accepted;
    void *user;
};

static gboolean fail(GError **error, int number, const char *what)
{
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(number), "cannot %s: %s", what,
                g_strerror(number));
    return FALSE;
}

static void open_reserve(Listener *listener)
{
    if (listener->reserve < 0)
        listener->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Out of descriptors: takes the next connection by the one in reserve and closes it. False when
 * even that is impossible. */
static bool turn_away(Listener *listener)
{
    if (listener->reserve < 0)
        return false;
    close(listener->reserve);
    int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    listener->reserve = -1;
    open_reserve(listener);
    return fd >= 0;
}

static void pause_accepting(Listener *listener)
{
    poller_change(listener->watch, 0);
    poller_set_deadline(listener->watch, g_get_monotonic_time() + PAUSE_US);
}

static void accept_some(Listener *listener)
{
    for (int i = 0; i < ACCEPTS_PER_ROUND; i++) {
        struct sockaddr_storage from = {0};
        socklen_t size = sizeof from;
        int fd =
            accept4(listener->fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            listener->accepted(fd, &from, listener->user);
            continue;
        }
        if (errno == EAGAIN)
            return;
        bool out_of_memory = errno == ENOBUFS || errno == ENOMEM;
        bool out_of_files = errno == EMFILE || errno == ENFILE;
        if (out_of_memory || (out_of_files && !turn_away(listener))) {
            pause_accepting(listener);
            return;
        }
        /* Others are the fate of one connection (accept(2)): on to the next one. */
    }
}

static void serve(uint32_t events, void *user)
{
    Listener *listener = user;
    open_reserve(listener);
    if ((events & POLLER_DEADLINE) != 0)
        poller_change(listener->watch, EPOLLIN);
    else
        accept_some(listener);
}

static int make_socket(int family, int *error)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int off = 0, on = 1;
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0))
        return fd;
    *error = errno;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* A descriptor, or -1 with `error` set to an errno. */
static int listen_on(int family, uint16_t port, int *error)
{
    int fd = make_socket(family, error);
    if (fd < 0)
        return -1;
    struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    int result = family == AF_INET6 ? bind(fd, (struct sockaddr *)&any6, sizeof any6)
                                    : bind(fd, (struct sockaddr *)&any4, sizeof any4);
    if (result == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    *error = errno;
    close(fd);
    return -1;
}

static int listen_dual(uint16_t port, int *error)
{
    int fd = listen_on(AF_INET6, port, error);
    /* IPv6 may be left out of the kernel, or switched off (then no address can be had). */
    if (fd < 0 && (*error == EAFNOSUPPORT || *error == EADDRNOTAVAIL || *error == ENOPROTOOPT))
        fd = listen_on(AF_INET, port, error);
    return fd;
}

Listener *listener_new(Poller *poller, uint16_t port, bool port_is_wish, ListenerAccepted accepted,
                       void *user, GError **error)
{
    int number = 0;
    int fd = listen_dual(port, &number);
    if (fd < 0 && port_is_wish && number == EADDRINUSE)
        fd = listen_dual(0, &number);
    if (fd < 0)
        return fail(error, number, "listen"), NULL;
    Listener *listener = g_new0(Listener, 1);
    listener->fd = fd;
    listener->reserve = -1;
    listener->accepted = accepted;
    listener->user = user;
    open_reserve(listener);
    listener->watch = poller_watch(poller, fd, EPOLLIN, serve, listener);
    return listener;
}

void listener_free(Listener *listener)
{
    if (listener == NULL)
        return;
    poller_unwatch(listener->watch);
    close(listener->fd);
    if (listener->reserve >= 0)
        close(listener->reserve);
    g_free(listener);
}

uint16_t listener_port(const Listener *listener)
{
    struct sockaddr_storage own = {0};
    socklen_t size = sizeof own;
    if (getsockname(listener->fd, (struct sockaddr *)&own, &size) != 0)
        return 0;
    return ntohs(own.ss_family == AF_INET ? ((struct sockaddr_in *)(void *)&own)->sin_port
                                          : ((struct sockaddr_in6 *)(void *)&own)->sin6_port);
}
