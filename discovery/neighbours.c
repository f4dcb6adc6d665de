#include "discovery/neighbours.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    GInetAddress *address;
    int interface;
    uint8_t *found;
    size_t size; /* of what was found; 0 until then */
} Search;

static bool request_dump(int fd, unsigned char family)
{
    struct {
        struct nlmsghdr header;
        struct ndmsg body;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_GETNEIGH,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .body = {.ndm_family = family},
    };
    return send(fd, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static void look_at(Search *search, const struct nlmsghdr *header)
{
    const struct ndmsg *body = NLMSG_DATA(header);
    const uint8_t *wanted = g_inet_address_to_bytes(search->address);
    size_t wanted_size = g_inet_address_get_native_size(search->address);
    const uint8_t *hardware = NULL;
    size_t hardware_size = 0;
    bool matches = false;
    if (header->nlmsg_len < NLMSG_LENGTH(sizeof *body) || body->ndm_ifindex != search->interface ||
        (body->ndm_state & (NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP))) {
        return;
    }
    int left = (int)(header->nlmsg_len - NLMSG_LENGTH(sizeof *body));
    const struct rtattr *attribute =
        (const struct rtattr *)((const char *)body + NLMSG_ALIGN(sizeof *body));
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        size_t size = RTA_PAYLOAD(attribute);
        if (attribute->rta_type == NDA_DST) {
            matches = size == wanted_size && memcmp(RTA_DATA(attribute), wanted, size) == 0;
        } else if (attribute->rta_type == NDA_LLADDR) {
            hardware = RTA_DATA(attribute);
            hardware_size = size;
        }
    }
    if (matches && hardware && hardware_size <= NEIGHBOURS_ADDRESS_MAX &&
        !is_zero(hardware, hardware_size)) {
        memcpy(search->found, hardware, hardware_size);
        search->size = hardware_size;
    }
}

/* Reads the whole answer, since a second request on this socket would find its rest. */
static void read_dump(int fd, Search *search)
{
    union {
        struct nlmsghdr align;
        char bytes[32768];
    } buffer;
    for (;;) {
        ssize_t size = recv(fd, &buffer, sizeof buffer, 0);
        if (size <= 0) {
            return;
        }
        unsigned left = (unsigned)size;
        const struct nlmsghdr *header = &buffer.align;
        for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
            if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) {
                return;
            }
            if (header->nlmsg_type == RTM_NEWNEIGH) {
                look_at(search, header);
            }
        }
    }
}

size_t neighbours_find(GInetAddress *address, const char *interface, uint8_t *found)
{
    bool v6 = g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6;
    Search search = {
        .address = address, .interface = (int)if_nametoindex(interface), .found = found};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) {
        return 0;
    }
    struct timeval patience = {.tv_sec = 1};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (search.interface > 0 && request_dump(fd, v6 ? AF_INET6 : AF_INET)) {
        read_dump(fd, &search);
    }
    close(fd);
    return search.size;
}
