#pragma once
/* For tests of what runs on real sockets: a poller with TLS for two nodes, connected sockets, and
 * waiting for a condition. */

#include "relay/link.h"

typedef struct {
    Poller *poller;
    Identity *identity[2];
    Tls *tls[2];
} Loopback;

/* Two nodes with the seeds 111… and 222…. */
Loopback loopback_new(void);
void loopback_clear(Loopback *loopback);
/* Two connected non-blocking TCP sockets on 127.0.0.1; [0] connected, [1] accepted. */
void loopback_sockets(int fds[2]);
/* A non-blocking TCP socket connecting to this port of 127.0.0.1. */
int loopback_dial(uint16_t port);
/* Iterates the default context until `*condition` is at least `enough`; aborts after 20 s. */
void loopback_await(const volatile unsigned *condition, unsigned enough);
