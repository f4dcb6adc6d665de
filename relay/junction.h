#pragma once
/* Two TCP sockets joined: what comes on one leaves on the other, both ways, through pipes by
 * splice(2), so that no byte is copied into this process. An end of stream goes through as such; a
 * connection that breaks ends both. One thread, that of the poller. SIGPIPE must be ignored. */

#include "relay/throttle.h"

#include <gio/gio.h>

typedef struct {
    uint64_t bytes_max; /* both ways together; 0: no bound */
    int64_t silence_us; /* without a byte, after which it is over */
} JunctionLimits;

typedef struct Junction Junction;

/* Takes both sockets (non-blocking) over, also when it fails, which it does for want of descriptors
 * only. over() comes once, unless it is freed before; free it in there. `why` is static, in plain
 * words. */
Junction *junction_new(Poller *poller, Throttle *throttle, const int fds[2],
                       const JunctionLimits *limits, void (*over)(const char *why, void *user),
                       void *user, GError **error);
/* Cuts both connections. */
void junction_free(Junction *junction);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Junction, junction_free)

uint64_t junction_bytes(const Junction *junction); /* that went through, both ways */
