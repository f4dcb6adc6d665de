#pragma once
/* What the files of the timeline share; nobody else includes it. */

#include "app/model_build.h"
#include "app/talk.h"
#include "app/timeline.h"

struct Timeline {
    Session *session; /* borrowed */
    Store *store;     /* borrowed */
    bool changed;
    uint64_t version;
    GPtrArray *talks;    /* Talk, owned; the first is #general */
    GHashTable *persons; /* key → Person, owned reference; built when asked for */
    Model *last;         /* owned; its people are shared while nobody changed */
    bool people_changed;
    bool lines_changed; /* somebody is called otherwise than moderation lines may say */
    SessionState link;
    int64_t link_since_us;
    int64_t no_network_since_us; /* INT64_MAX: there is one */
    char *passphrase_why;        /* "" at first */
    CarriedBy carried_by;        /* told last; kept while the room moves */
    uint8_t carrier[KEY_SIZE];
    int64_t now_us; /* of the call under way */
    bool wants_connect, wants_quit;
    GArray *choices; /* Choice with owned strings */
    char *finding_line;
    GPtrArray *transfers;  /* Transfer, owned, newest first; snapshots hold it too */
    bool transfers_shared; /* by a snapshot: copied before the next change */
    bool progressed;       /* only bytes moved: no hurry */
    GPtrArray *accepted;   /* GBytes, owned; never changed, only replaced */
    char *folder;
};

/* timeline_snapshot.c */
/* Roles, bans and mutes are others than those that the persons were made with. */
void timeline_rules_changed(Timeline *timeline);

/* timeline_transfers.c */
void timeline_transfers_init(Timeline *timeline);
void timeline_transfers_clear(Timeline *timeline);
void timeline_transfers_build(Timeline *timeline, ModelBuilder *builder);
