#pragma once
/* Two relay programs of one place: the one with the lower key serves, the other is in reserve. This
 * decides which of the two this one is: it looks for one that ranks before it, gives the place over
 * when that one admits it, follows it (relay/follower.h), and says when to serve again. Apps have
 * no part in it: they never win over a relay program. Default GMainContext. */

#include "relay/hub.h"
#include "relay/identity.h"
#include "relay/log.h"

#include <gio/gio.h>
#include <stdbool.h>

typedef struct Standby Standby;

typedef struct {
    /* Another one serves from now on: everybody is to be told so, and nothing here touches the log
     * any more when this returns. `addresses` (NULL-terminated) are where `key` (KEY_SIZE) is. */
    void (*retire)(const uint8_t *key, char *const *addresses, void *user);
    /* It is gone, and this one is next: serve. Room time goes on from `room_time_ms` (0: not
     * known). */
    void (*serve)(int64_t room_time_ms, void *user);
    /* One fact for the log of the program (relay/server/report.h). */
    void (*report)(const char *event, const char *detail, void *user);
} StandbyOutput;

typedef struct {
    const Identity *identity;
    Log *log;
    uint16_t port;         /* where this one serves */
    bool mdns;             /* else only the one followed last is looked for */
    const char *directory; /* of the data */
    /* What the place is locked with, looked at whenever another one is joined. */
    const HubAdmission *admission;
} StandbyConfig;

/* This one serves at first. What `config` names must outlive it. */
Standby *standby_new(const StandbyConfig *config, const StandbyOutput *output, void *user,
                     GError **error);
/* Says Goodbye if it follows. Not from inside its callbacks. */
void standby_free(Standby *standby);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Standby, standby_free)
