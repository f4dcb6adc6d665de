#pragma once
/* The command line of backfence-relay. */

#include "relay/meeting.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *data_dir; /* owned */
    char *name;     /* owned; a valid name, or NULL: not said */
    bool new_place; /* a separate one, called `name` */
    uint16_t port;
    bool port_is_wish; /* not asked for */
    bool mdns;
    bool allow_public;
    MeetingLimits meetings;
} Options;

typedef enum {
    OPTIONS_SERVE,
    OPTIONS_DONE,  /* the version was asked for and printed; help exits by itself */
    OPTIONS_WRONG, /* and said so on stderr */
} OptionsResult;

/* `options` is filled, to be cleared, when the result is OPTIONS_SERVE. */
OptionsResult options_parse(int argc, char **argv, Options *options);
void options_clear(Options *options);
