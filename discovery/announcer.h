#pragma once
/* Announces a place on the local network by mDNS, type _backfence._tcp, and keeps it announced
 * through every state that avahi-daemon goes through: absent, starting, restarted, name collisions.
 *
 * Lives on the thread of the GMainContext that it was made with; callbacks fire there, never from
 * inside an announcer_* call. */

#include "discovery/candidate.h"

#define ANNOUNCER_SERVICE_TYPE "_backfence._tcp"
#define ANNOUNCER_DEFAULT_PORT 7667

typedef struct {
    uint8_t place[CANDIDATE_PLACE_SIZE];
    uint8_t key[CANDIDATE_KEY_SIZE];
    CandidateRole role; /* relay or app */
    const char *name;   /* the place's name, cut to CANDIDATE_NAME_MAX bytes at a character */
    bool locked;
    uint16_t port;
    /* Announce on these only, NULL-terminated names; NULL: on all but those of containers and
     * virtual machines, unless there are no others. */
    const char *const *interfaces;
} Announcement;

typedef enum {
    ANNOUNCER_WAITING,
    ANNOUNCER_ANNOUNCED,
    ANNOUNCER_UNAVAILABLE
} AnnouncerState;

/* The state changed; `line` says why in one plain sentence when it is ANNOUNCER_UNAVAILABLE. */
typedef void (*AnnouncerEvent)(AnnouncerState state, const char *line, void *user);

typedef struct Announcer Announcer;

/* Copies `announcement`. Starts by itself. */
Announcer *announcer_new(GMainContext *context, const Announcement *announcement,
                         AnnouncerEvent event, void *user);
/* Withdraws the announcement. */
void announcer_free(Announcer *announcer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Announcer, announcer_free)

/* Changes what is announced (place's name, locked, role): TXT only, the service stays. */
void announcer_update(Announcer *announcer, const Announcement *announcement);
