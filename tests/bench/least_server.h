#pragma once
/* The least that a server made of epoll and OpenSSL can do: what comes in lines goes into one
 * buffer, and once a round everybody gets what they lack of it, a record and a system call for all
 * that waits. It checks nothing, keeps nothing and knows nobody. */

#include <stdint.h>

/* Serves 127.0.0.1 until it is killed. The files, in PEM, are for TLS; NULL: plain. */
int least_server_run(uint16_t port, const char *certificate, const char *key);
