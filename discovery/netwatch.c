#include "discovery/netwatch.h"

#include "discovery/network.h"

#include <errno.h>
#include <glib-unix.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SETTLE_MS 200 /* a cable that is plugged in makes a dozen changes */

struct Netwatch {
    GMainContext *context; /* owned */
    void (*changed)(void *user);
    void *user;
    int netlink;       /* -1: none */
    int clock;         /* -1: none */
    GSource *reading;  /* owned */
    GSource *waking;   /* owned */
    GSource *settling; /* owned; NULL: no change is waiting to be told */
    bool wants_neighbours;
    bool woke;
    char *seen; /* owned; describe() at the last look */
};

static void describe_interface(GString *text, const struct ifaddrs *interface)
{
    char host[NI_MAXHOST] = "";
    int family = interface->ifa_addr ? interface->ifa_addr->sa_family : AF_UNSPEC;
    socklen_t size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (family == AF_INET || family == AF_INET6) {
        getnameinfo(interface->ifa_addr, size, host, sizeof host, NULL, 0, NI_NUMERICHOST);
    }
    g_string_append_printf(text, "%s %x %s\n", interface->ifa_name,
                           interface->ifa_flags & (IFF_UP | IFF_RUNNING), host);
}

/* What must differ for a change to count: routers refresh addresses and routes all day long. */
static char *describe(void)
{
    GString *text = g_string_new(NULL);
    struct ifaddrs *all = NULL;
    Network network = network_current();
    if (getifaddrs(&all) != 0) {
        all = NULL;
    }
    for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
        describe_interface(text, i);
    }
    if (all) {
        freeifaddrs(all);
    }
    for (size_t i = 0; i < sizeof network.id; i++) {
        g_string_append_printf(text, "%02x", network.id[i]);
    }
    return g_string_free(text, FALSE);
}

static void clear_source(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
}

static gboolean settled(void *user)
{
    Netwatch *netwatch = user;
    clear_source(&netwatch->settling);
    g_autofree char *now = describe();
    if (netwatch->woke || strcmp(now, netwatch->seen) != 0) {
        netwatch->woke = false;
        g_free(netwatch->seen);
        netwatch->seen = g_steal_pointer(&now);
        netwatch->changed(netwatch->user);
    }
    return G_SOURCE_REMOVE;
}

static void tell_soon(Netwatch *netwatch)
{
    if (!netwatch->settling) {
        netwatch->settling = g_timeout_source_new(SETTLE_MS);
        g_source_set_callback(netwatch->settling, settled, netwatch, NULL);
        g_source_attach(netwatch->settling, netwatch->context);
    }
}

/* What changed is not read from the messages: describe() looks at all of it. ENOBUFS means that
 * changes were lost, which is a change too. */
static gboolean netlink_readable(int fd, GIOCondition condition, void *user)
{
    Netwatch *netwatch = user;
    char buffer[16384];
    ssize_t size;
    do {
        size = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    } while (size > 0 || (size < 0 && (errno == EINTR || errno == ENOBUFS)));
    tell_soon(netwatch);
    return G_SOURCE_CONTINUE;
}

static void arm_clock(int fd)
{
    struct itimerspec never = {.it_value = {.tv_sec = G_MAXINT32}};
    timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static gboolean clock_jumped(int fd, GIOCondition condition, void *user)
{
    uint64_t count;
    ssize_t size = read(fd, &count, sizeof count);
    if (size < 0 && errno == ECANCELED) {
        Netwatch *netwatch = user;
        arm_clock(fd);
        netwatch->woke = true;
        tell_soon(netwatch);
    }
    return G_SOURCE_CONTINUE;
}

static GSource *watch(Netwatch *netwatch, int fd, GUnixFDSourceFunc readable)
{
    GSource *source = g_unix_fd_source_new(fd, G_IO_IN);
    g_source_set_callback(source, G_SOURCE_FUNC(readable), netwatch, NULL);
    g_source_attach(source, netwatch->context);
    return source;
}

static int open_netlink(void)
{
    struct sockaddr_nl address = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                     RTMGRP_IPV6_ROUTE,
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

Netwatch *netwatch_new(GMainContext *context, void (*changed)(void *user), void *user)
{
    Netwatch *netwatch = g_new0(Netwatch, 1);
    netwatch->context = context ? g_main_context_ref(context) : NULL;
    netwatch->changed = changed;
    netwatch->user = user;
    netwatch->netlink = open_netlink(); /* before the first look, so that nothing is missed */
    netwatch->seen = describe();
    if (netwatch->netlink >= 0) {
        netwatch->reading = watch(netwatch, netwatch->netlink, netlink_readable);
    }
    netwatch->clock = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (netwatch->clock >= 0) {
        arm_clock(netwatch->clock);
        netwatch->waking = watch(netwatch, netwatch->clock, clock_jumped);
    }
    return netwatch;
}

void netwatch_free(Netwatch *netwatch)
{
    if (!netwatch) {
        return;
    }
    clear_source(&netwatch->settling);
    clear_source(&netwatch->waking);
    clear_source(&netwatch->reading);
    if (netwatch->clock >= 0) {
        close(netwatch->clock);
    }
    if (netwatch->netlink >= 0) {
        close(netwatch->netlink);
    }
    g_clear_pointer(&netwatch->context, g_main_context_unref);
    g_free(netwatch->seen);
    g_free(netwatch);
}

void netwatch_want_neighbours(Netwatch *netwatch, bool want)
{
    int group = RTNLGRP_NEIGH;
    if (netwatch->netlink < 0 || want == netwatch->wants_neighbours) {
        return;
    }
    netwatch->wants_neighbours = want;
    setsockopt(netwatch->netlink, SOL_NETLINK,
               want ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP, &group, sizeof group);
}
