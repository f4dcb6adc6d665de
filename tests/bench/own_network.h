#pragma once
/* A network of this program's own, with one interface: nobody else is on it, every port is free,
 * and what moves can be counted. */

#include <stdbool.h>
#include <stdint.h>

#define OWN_NETWORK_ADDRESS "10.77.0.1"

/* Before any thread; for this process and those that it starts. False: not allowed here. */
bool own_network_enter(void);
/* Bytes that have moved on it, headers included. */
uint64_t own_network_bytes(void);
