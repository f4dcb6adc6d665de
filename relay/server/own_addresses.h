#pragma once
/* Where this machine may be reached, as people type it. */

#include <stdint.h>

/* "192.0.2.1:7667", "[fe80::1%eth0]:7667", what is easiest to type first; those of networks of
 * containers and virtual machines, and the loopback, only when there are no others. Transfer full
 * (g_strfreev). */
char **own_addresses(uint16_t port);
