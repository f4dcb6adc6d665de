#pragma once
/* Who belongs to a place, as its relay knows it: everybody who has a profile in the log, and those
 * who are linked now. Remembers who changed, so that members are told changes only. One thread. */

#include "relay/event.h"

#include <stdbool.h>

typedef enum {
    ROSTER_ONLINE,
    ROSTER_AWAY,
    ROSTER_OFFLINE
} RosterPresence;

typedef struct {
    uint8_t key[KEY_SIZE];
    RosterPresence presence;
    int64_t since_ms; /* room time of the last change of presence */
    Event *profile;   /* owned; NULL while there is none */
    bool app;         /* can serve a place: roster_set_app() */
    /* private to roster.c */
    unsigned index;
    bool changed;
} RosterMember;

typedef struct Roster Roster;

Roster *roster_new(void);
void roster_free(Roster *roster);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Roster, roster_free)

/* The member, made if need be; NULL when MEMBERS_MAX are known already. */
RosterMember *roster_add(Roster *roster, const uint8_t *key);
RosterMember *roster_find(Roster *roster, const uint8_t *key);
void roster_set_presence(Roster *roster, RosterMember *member, RosterPresence presence,
                         int64_t now_ms);
void roster_set_profile(Roster *roster, RosterMember *member, Event *profile);
/* Nobody but newcomers is told. */
void roster_set_app(Roster *roster, RosterMember *member, bool app);
unsigned roster_size(const Roster *roster);
/* Below roster_size(); in no order. */
const RosterMember *roster_at(const Roster *roster, unsigned index);

/* Changes that roster_take_changes() would give. */
bool roster_has_changes(const Roster *roster);
/* Frames with all members whose state changed since roster_take_changes(); GPtrArray of GBytes,
 * transfer full. */
GPtrArray *roster_take_changes(Roster *roster);
/* The same for who has only a part of the first roster, which these frames do not end; takes
 * nothing. */
GPtrArray *roster_early_changes(Roster *roster);
/* A frame with members from `*cursor` (0 at first) on, which it advances; `*done` when it was the
 * last. Transfer full. */
GBytes *roster_page(Roster *roster, unsigned *cursor, bool *done);
