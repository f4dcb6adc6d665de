/* Until the parts that these belong to are there. */
#include "relay/carrier.h"

#include <unistd.h>
#define WEAK __attribute__((weak))
WEAK void carrier_accept(Carrier *c, int fd, const struct sockaddr_storage *f)
{
    close(fd);
}
WEAK void carrier_hand_over(Carrier *c, void (*done)(void *), void *user)
{
    done(user);
}
