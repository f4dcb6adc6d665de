#pragma once
/* Which firewall is active on this machine, and what a person types so that it lets members in. */

#include <stdint.h>

typedef enum {
    FIREWALL_UNKNOWN, /* none that is known; there may be another */
    FIREWALL_UFW,
    FIREWALL_FIREWALLD,
    FIREWALL_NFTABLES, /* rules of the machine's own, which nobody else can change */
} Firewall;

/* Looks at files below `root` ("" but in tests) and, for firewalld, asks the system bus (at most a
 * second); needs no rights. */
Firewall firewall_active(const char *root);
/* The command, or a sentence where there is none. Transfer full. */
char *firewall_advice(Firewall firewall, uint16_t port);
const char *firewall_name(Firewall firewall); /* "" for FIREWALL_UNKNOWN */
