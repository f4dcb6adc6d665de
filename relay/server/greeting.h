#pragma once
/* What a person reads who starts the relay on a terminal: everything that is needed at the first
 * start, two lines at later ones. */

#include "relay/server/firewall.h"
#include "relay/server/place.h"

#include <stdbool.h>

typedef struct {
    bool first;
    const char *name;
    PlaceOrigin origin;
    const char *data;
    bool default_data;            /* commands need no --data */
    const char *const *addresses; /* host:port, the one to type first; NULL-terminated */
    uint16_t port;
    bool found;            /* it is announced */
    const char *why;       /* else: a sentence, or NULL */
    const char *admission; /* a sentence about who is let in; NULL: everybody on this network */
    Firewall firewall;
    bool no_admin;    /* there is none yet */
    const char *code; /* at the first start: for /claim */
} Greeting;

/* Clean for terminals. Transfer full. */
char *greeting_text(const Greeting *greeting);
