#pragma once
/* The kernel's table of neighbours (ARP and NDP), read by rtnetlink(7) RTM_GETNEIGH. */

#include <gio/gio.h>
#include <stdint.h>

#define NEIGHBOURS_ADDRESS_MAX 32 /* bytes: MAX_ADDR_LEN of the kernel */

/* Size of the hardware address of `address` on `interface`, or 0 when the kernel does not know it;
 * `found` has NEIGHBOURS_ADDRESS_MAX bytes. Sends nothing to the network. */
size_t neighbours_find(GInetAddress *address, const char *interface, uint8_t *found);
